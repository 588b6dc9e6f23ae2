//! Why nothing usable was fetched.

use std::time::Duration;

use crate::limits;

/// Why nothing usable was fetched. Names hosts, never whole addresses.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum FetchError {
    #[error("no connection to {host}")]
    Connect { host: String },
    #[error("the transfer brought nothing for too long")]
    Stalled,
    #[error("the transfer was not done within {seconds} seconds")]
    Timeout { seconds: u64 },
    #[error("the transfer ended before the body did")]
    Truncated,
    #[error("the body is larger than {limit} octets")]
    Oversized { limit: u64 },
    #[error("the server answered with status {status}")]
    Status {
        status: u16,
        /// How long the server asks not to be asked again (RFC 9110 section 10.2.3).
        retry_after: Option<Duration>,
    },
    #[error("the server continues another body than the one that was cut off")]
    RangeMismatch,
    #[error("the server says that nothing changed, though it was not asked")]
    UnexpectedNotModified,
    #[error("the server redirects to {host}, which redirect_hosts does not name")]
    RedirectRefused { host: String },
    #[error("the server redirects without saying where to")]
    RedirectWithoutTarget,
    #[error("the server redirects from https to http")]
    RedirectToPlaintext,
    #[error("more than {} redirects", limits::REDIRECTS)]
    TooManyRedirects,
    #[error("the exchange failed: {problem}")]
    Exchange { problem: String },
    #[error("whoever reads the body wants no more of it")]
    Unread,
    #[error("reading what came failed in a way it never should")]
    Panicked,
    #[error("the file cannot be read: {kind}")]
    Unreadable { kind: std::io::ErrorKind },
    #[error("the path leads to something that is not a plain file")]
    NotAFile,
    #[error("the file was changed while it was read")]
    FileChanged,
    #[error("the credentials cannot be used: {problem}")]
    Credentials { problem: String },
    #[error("the directory answered with result {code} (RFC 4511 appendix A)")]
    LdapResult { code: u32 },
    #[error("the directory refuses the user and password with result {code}")]
    BindRefused { code: u32 },
    #[error("the directory has no such entry")]
    NoSuchEntry,
    #[error("the entry has no value of the attribute, or none that we may read")]
    AttributeAbsent,
    #[error("the directory gave {count} values where a list is one")]
    SeveralValues { count: usize },
    #[error("the directory refers to another, which is not followed")]
    Referral,
    #[error("the directory gave up at a limit of its own, result {code}")]
    DirectoryLimit { code: u32 },
    #[error("the directory answered with something that is not LDAP")]
    NotLdap,
}

impl FetchError {
    /// The broken rule's name.
    pub(crate) const fn rule(&self) -> &'static str {
        match self {
            Self::Connect { .. } => "connect",
            Self::Stalled => "stalled",
            Self::Timeout { .. } => "timeout",
            Self::Truncated => "truncated",
            Self::Oversized { .. } => "oversized",
            Self::Status { .. } => "http_status",
            Self::RangeMismatch => "range_mismatch",
            Self::UnexpectedNotModified => "unexpected_not_modified",
            Self::RedirectRefused { .. }
            | Self::RedirectWithoutTarget
            | Self::RedirectToPlaintext
            | Self::TooManyRedirects => "redirect_refused",
            // Whoever reads it says what is wrong with it.
            Self::Exchange { .. } | Self::Unread => "exchange",
            Self::Panicked => "panicked",
            Self::Unreadable { .. } => "file_unreadable",
            Self::NotAFile => "not_a_file",
            Self::FileChanged => "file_changed",
            Self::Credentials { .. } => "credentials",
            Self::LdapResult { .. } => "ldap_result",
            Self::BindRefused { .. } => "bind_refused",
            Self::NoSuchEntry => "no_such_entry",
            Self::AttributeAbsent => "attribute_absent",
            Self::SeveralValues { .. } => "several_values",
            Self::Referral => "referral_refused",
            Self::DirectoryLimit { .. } => "directory_limit",
            Self::NotLdap => "not_ldap",
        }
    }

    /// Whether something arrived and was refused, rather than nothing usable having arrived.
    pub(crate) const fn is_refusal(&self) -> bool {
        match self {
            Self::Truncated
            | Self::Oversized { .. }
            | Self::RangeMismatch
            | Self::UnexpectedNotModified
            | Self::RedirectRefused { .. }
            | Self::RedirectWithoutTarget
            | Self::RedirectToPlaintext
            | Self::TooManyRedirects
            | Self::Panicked
            | Self::NotAFile
            | Self::SeveralValues { .. }
            | Self::Referral
            | Self::NotLdap => true,
            Self::Connect { .. }
            | Self::Stalled
            | Self::Timeout { .. }
            | Self::Status { .. }
            | Self::Exchange { .. }
            | Self::Unread
            | Self::Unreadable { .. }
            | Self::FileChanged
            | Self::Credentials { .. }
            | Self::LdapResult { .. }
            | Self::BindRefused { .. }
            | Self::NoSuchEntry
            | Self::AttributeAbsent
            | Self::DirectoryLimit { .. } => false,
        }
    }
}
