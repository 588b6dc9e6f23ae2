//! Why a list is refused.

use crate::certificate::{ExtensionError, FoundIdentifier};
use crate::limits::{MAX_CRL_ENTRY_BYTES, MAX_CRL_FRAME_BYTES};
use crate::{DerError, DistributionPointError, KeyIdentifier, NameError, SerialError, UnixTime};

/// Why a list is refused. Entries are named by their position, never by their serial.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CrlError {
    /// Larger than configured.
    #[error("the list has {octets} octets, {limit} are allowed")]
    TooLarge {
        /// Its size.
        octets: u64,
        /// The most that is read.
        limit: u64,
    },
    /// More entries than configured.
    #[error("the list has more than {limit} entries")]
    TooManyEntries {
        /// The most that are read.
        limit: u64,
    },
    /// Larger, without its entries, than anything but an attack.
    #[error("the list without its entries has more than {MAX_CRL_FRAME_BYTES} octets")]
    FrameTooLarge,
    /// An entry larger than anything but an attack.
    #[error("entry {position} has {octets} octets; {MAX_CRL_ENTRY_BYTES} are read")]
    EntryTooLarge {
        /// Its position in the list, from 1.
        position: u64,
        /// Its size.
        octets: usize,
    },
    /// A thread that hashed it panicked, so that its signature cannot be verified.
    #[error("hashing the list was interrupted")]
    HashingInterrupted,
    /// It is not DER, or holds more or fewer elements than a list.
    #[error("the list is not DER: {0}")]
    Der(#[from] DerError),
    /// Not version 2.
    #[error("the list has another version than 2 (RFC 5280 section 5.1.2.1)")]
    Version,
    /// Extensions in a list of version 1.
    #[error("the list has version 1 and extensions (RFC 5280 section 5.1.2.7)")]
    Version1Extensions,
    /// Entry extensions in a list of version 1.
    #[error("entry {position} has extensions in a list of version 1 (RFC 5280 section 5.3)")]
    Version1EntryExtensions {
        /// The entry's position in the list, from 1.
        position: u64,
    },
    /// The signed and the unsigned algorithm identifier differ.
    #[error("the two signature algorithms differ (RFC 5280 section 5.1.1.2)")]
    SignatureAlgorithmsDiffer,
    /// Signed with another algorithm than the profile's, or with other parameters.
    #[error(
        "the signature algorithm or its parameters are none of the profile's (RFC 5280 section 5.1.1.2)"
    )]
    SignatureAlgorithm,
    /// The issuer's name is malformed.
    #[error("the issuer is malformed: {0}")]
    IssuerMalformed(#[from] NameError),
    /// Without an issuer nobody vouches.
    #[error("the issuer is empty (RFC 5280 section 5.1.2.3)")]
    EmptyIssuer,
    /// Without nextUpdate nobody knows when a list is stale.
    #[error("the list has no nextUpdate (RFC 5280 section 5.1.2.5)")]
    NextUpdateMissing,
    /// nextUpdate is not after thisUpdate.
    #[error("nextUpdate {next_update} is not after thisUpdate {this_update}")]
    UpdateOrder {
        /// When it was issued.
        this_update: UnixTime,
        /// When the next one is due.
        next_update: UnixTime,
    },
    /// An empty list of entries must be left out.
    #[error("the list of entries is there and empty (RFC 5280 section 5.1.2.6)")]
    EmptyEntries,
    /// The extensions, or the value of one, are malformed.
    #[error(transparent)]
    Extension(#[from] ExtensionError),
    /// A critical extension that is not understood.
    #[error("extension {extension} is critical and unknown (RFC 5280 section 5.2)")]
    UnknownCriticalExtension {
        /// The extension.
        extension: FoundIdentifier,
    },
    /// The names in the authority key identifier are malformed.
    #[error("authorityKeyIdentifier is malformed: {0}")]
    AuthorityKeyMalformed(DistributionPointError),
    /// A list without a number cannot be told from an older one.
    #[error("the list has no cRLNumber (RFC 5280 section 5.2.3)")]
    NumberMissing,
    /// The number is negative or longer than 20 octets.
    #[error("cRLNumber is negative or has more than 20 octets (RFC 5280 section 5.2.3)")]
    Number,
    /// Only the changes since another list.
    #[error("the list is a delta list (RFC 5280 section 5.2.4)")]
    Delta,
    /// A complete list where changes are expected.
    #[error("the list is no delta list (RFC 5280 section 5.2.4)")]
    NotDelta,
    /// A delta list that others would take for a full one.
    #[error("deltaCRLIndicator is not critical (RFC 5280 section 5.2.4)")]
    BaseNumberNotCritical,
    /// The places of the delta lists are malformed.
    #[error("freshestCRL is malformed: {0}")]
    FreshestMalformed(DistributionPointError),
    /// A delta list that has delta lists.
    #[error("the list is a delta list and has freshestCRL (RFC 5280 section 5.2.6)")]
    FreshestInDelta,
    /// The scope is not marked critical, so others would overlook it.
    #[error("issuingDistributionPoint is not critical (RFC 5280 section 5.2.5)")]
    ScopeNotCritical,
    /// An issuing distribution point that says nothing.
    #[error("issuingDistributionPoint is empty (RFC 5280 section 5.2.5)")]
    EmptyScope,
    /// The scope's name is malformed.
    #[error("issuingDistributionPoint is malformed: {0}")]
    ScopeMalformed(DistributionPointError),
    /// The scope's name is not one directory name.
    #[error("issuingDistributionPoint is not one directory name, as JPKI's points are")]
    ScopeName,
    /// Only one type of certificates, and only another one.
    #[error(
        "the list covers only one type of certificates and only another (RFC 5280 section 5.2.5)"
    )]
    SeveralCertificateTypes,
    /// Only the reasons of an empty set.
    #[error("the list covers no reason at all (RFC 5280 section 5.2.5)")]
    NoReasons,
    /// Only one type of certificates.
    #[error("the list covers only certificates of one type (RFC 5280 section 5.2.5)")]
    OneCertificateType,
    /// Only some reasons.
    #[error("the list covers only some reasons (RFC 5280 section 5.2.5)")]
    SomeReasons,
    /// Entries of other issuers.
    #[error("the list is indirect (RFC 5280 section 5.2.5)")]
    Indirect,
    /// None of the authority's keys has this identifier.
    #[error("no trust anchor of this authority has the key identifier {key_id}")]
    UnknownSigner {
        /// The identifier in the list.
        key_id: KeyIdentifier,
    },
    /// The issuer's name is not the anchor's.
    #[error(
        "the issuer is not the trust anchor with its key identifier (RFC 5280 section 6.3.3 f)"
    )]
    Issuer,
    /// The anchor's key did not sign it.
    #[error("the trust anchor did not sign the list (RFC 5280 section 6.3.3 g)")]
    Signature,
    /// The two signature implementations disagree.
    #[error("the two signature implementations disagree about the list's signature")]
    CrossCheckDisagreement,
    /// An entry is not DER, or holds more or fewer elements than an entry.
    #[error("entry {position} is malformed: {error}")]
    Entry {
        /// Its position in the list, from 1.
        position: u64,
        /// What is wrong.
        error: DerError,
    },
    /// The serial of an entry is no serial number.
    #[error("entry {position}: {error}")]
    EntrySerial {
        /// Its position in the list, from 1.
        position: u64,
        /// What is wrong.
        error: SerialError,
    },
    /// An entry extension twice in one entry.
    #[error("entry {position} has an extension twice (RFC 5280 section 4.2)")]
    DuplicateEntryExtension {
        /// The entry's position in the list, from 1.
        position: u64,
    },
    /// A critical entry extension that is not understood.
    #[error(
        "extension {extension} of entry {position} is critical and unknown (RFC 5280 section 5.3)"
    )]
    UnknownCriticalEntryExtension {
        /// The entry's position in the list, from 1.
        position: u64,
        /// The extension.
        extension: FoundIdentifier,
    },
    /// An entry of another issuer in a list that is not indirect.
    #[error("entry {position} names another issuer (RFC 5280 section 5.3.3)")]
    EntryIssuer {
        /// The entry's position in the list, from 1.
        position: u64,
    },
    /// The names of an entry's issuer are malformed.
    #[error("the issuer of entry {position} is malformed: {error}")]
    EntryIssuerMalformed {
        /// The entry's position in the list, from 1.
        position: u64,
        /// What is wrong.
        error: DistributionPointError,
    },
    /// An entry's issuer without a distinguished name, or with two.
    #[error(
        "the issuer of entry {position} is not one distinguished name (RFC 5280 section 5.3.3)"
    )]
    EntryIssuerName {
        /// The entry's position in the list, from 1.
        position: u64,
    },
    /// A reason that the standard does not define.
    #[error(
        "entry {position} has the reason {code}, which does not exist (RFC 5280 section 5.3.1)"
    )]
    Reason {
        /// The entry's position in the list, from 1.
        position: u64,
        /// The number given.
        code: u8,
    },
    /// `removeFromCRL` in a full list.
    #[error(
        "entry {position} is removed from a list that is no delta list (RFC 5280 section 5.3.1)"
    )]
    RemovedFromFullList {
        /// The entry's position in the list, from 1.
        position: u64,
    },
    /// The same serial twice.
    #[error("{count} serials occur more than once")]
    DuplicateSerials {
        /// How many entries repeat an earlier serial.
        count: u64,
    },
    /// Issued in the future.
    #[error("the list is of {this_update}, which is more than five minutes after {now}")]
    NotYetCurrent {
        /// When it was issued.
        this_update: UnixTime,
        /// The moment asked about.
        now: UnixTime,
    },
    /// The next one is due.
    #[error("the list expired at {next_update}; it is {now} (RFC 5280 section 5.1.2.5)")]
    Expired {
        /// When the next one was due.
        next_update: UnixTime,
        /// The moment asked about.
        now: UnixTime,
    },
}

impl CrlError {
    /// The broken rule, in snake case.
    pub fn rule(&self) -> &'static str {
        match self {
            Self::TooLarge { .. } => "crl_too_large",
            Self::TooManyEntries { .. } => "too_many_entries",
            Self::FrameTooLarge => "frame_too_large",
            Self::EntryTooLarge { .. } => "entry_too_large",
            Self::HashingInterrupted => "hashing_interrupted",
            Self::Der(_) => "not_der",
            Self::Version => "crl_version",
            Self::Version1Extensions => "version_1_extensions",
            Self::Version1EntryExtensions { .. } => "version_1_entry_extensions",
            Self::SignatureAlgorithmsDiffer => "signature_algorithms_differ",
            Self::SignatureAlgorithm => "signature_algorithm",
            Self::IssuerMalformed(_) => "issuer_malformed",
            Self::EmptyIssuer => "empty_issuer",
            Self::NextUpdateMissing => "next_update_missing",
            Self::UpdateOrder { .. } => "update_order",
            Self::EmptyEntries => "empty_entries",
            Self::Extension(error) => error.rule(),
            Self::UnknownCriticalExtension { .. } => "unknown_critical_extension",
            Self::AuthorityKeyMalformed(_) => "authority_key_malformed",
            Self::NumberMissing => "number_missing",
            Self::Number => "number",
            Self::Delta => "delta",
            Self::NotDelta => "not_delta",
            Self::BaseNumberNotCritical => "base_number_not_critical",
            Self::FreshestMalformed(_) => "freshest_malformed",
            Self::FreshestInDelta => "freshest_in_delta",
            Self::ScopeNotCritical => "scope_not_critical",
            Self::EmptyScope => "empty_scope",
            Self::ScopeMalformed(_) => "scope_malformed",
            Self::ScopeName => "scope_name",
            Self::SeveralCertificateTypes => "several_certificate_types",
            Self::NoReasons => "no_reasons",
            Self::OneCertificateType => "one_certificate_type",
            Self::SomeReasons => "some_reasons",
            Self::Indirect => "indirect",
            Self::UnknownSigner { .. } => "unknown_signer",
            Self::Issuer => "issuer",
            Self::Signature => "signature",
            Self::CrossCheckDisagreement => "cross_check_disagreement",
            Self::Entry { .. } => "entry",
            Self::EntrySerial { .. } => "entry_serial",
            Self::DuplicateEntryExtension { .. } => "duplicate_entry_extension",
            Self::UnknownCriticalEntryExtension { .. } => "unknown_critical_entry_extension",
            Self::EntryIssuer { .. } => "entry_issuer",
            Self::EntryIssuerMalformed { .. } => "entry_issuer_malformed",
            Self::EntryIssuerName { .. } => "entry_issuer_name",
            Self::Reason { .. } => "reason",
            Self::RemovedFromFullList { .. } => "removed_from_full_list",
            Self::DuplicateSerials { .. } => "duplicate_serials",
            Self::NotYetCurrent { .. } => "not_yet_current",
            Self::Expired { .. } => "expired",
        }
    }
}
