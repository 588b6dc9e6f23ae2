//! One subtree of name constraints, form by form (RFC 5280 section 4.2.1.10).

use crate::general_name::GeneralName;
use crate::name::canonical_name;
use crate::path::PathError;
use crate::path::name_constraints::{Name, NameForm};

/// The base of a subtree, in the form in which names are compared with it.
#[derive(Debug)]
pub(super) enum Subtree<'a> {
    /// Canonical; names that begin with it are in the subtree.
    DirectoryName(Vec<u8>),
    /// Lower case. Names that are it, or end in it after a dot.
    DnsName(String),
    /// Address and mask, 4 or 16 octets each.
    IpAddress(&'a [u8], &'a [u8]),
    /// One mailbox: local part as it is, host in lower case.
    Mailbox(&'a str, String),
    /// All mailboxes of a host, or of all hosts of a domain.
    MailHost(Host),
    /// All resources of a host, or of all hosts of a domain.
    UriHost(Host),
    /// A form that is not compared: names of it are refused. The second part narrows other names
    /// to one kind of them.
    NotUnderstood(NameForm, Option<&'a [u8]>),
}

/// A host, or with a dot before it all hosts of a domain; lower case.
#[derive(Debug)]
pub(super) enum Host {
    Exactly(String),
    Below(String),
}

impl Host {
    fn new(text: &str, form: NameForm) -> Result<Self, PathError> {
        let lower = text.to_ascii_lowercase();
        let (name, host): (&str, fn(String) -> Self) = match lower.strip_prefix('.') {
            Some(domain) => (domain, |name| Self::Below(name)),
            None => (lower.as_str(), |name| Self::Exactly(name)),
        };
        if !is_host(name) {
            return Err(PathError::NameConstraintMalformed { form });
        }
        Ok(host(name.to_owned()))
    }

    /// Whether a host, in lower case, is it or in it.
    fn contains(&self, host: &str) -> bool {
        match self {
            Self::Exactly(name) => host == name,
            Self::Below(domain) => host
                .strip_suffix(domain.as_str())
                .is_some_and(|rest| rest.len() > 1 && rest.ends_with('.')),
        }
    }
}

impl<'a> Subtree<'a> {
    pub(super) fn new(base: GeneralName<'a>) -> Result<Self, PathError> {
        let form = NameForm::of(&base);
        let malformed = PathError::NameConstraintMalformed { form };
        match base {
            GeneralName::Directory(name) => canonical_name(name)
                .map(Self::DirectoryName)
                .map_err(|_| malformed),
            // The empty name is above all names.
            GeneralName::Dns(name) if name.is_empty() || is_host(name) => {
                Ok(Self::DnsName(name.to_ascii_lowercase()))
            }
            GeneralName::Ip(range) if matches!(range.len(), 8 | 32) => {
                let (address, mask) = range.split_at(range.len() / 2);
                if is_prefix_mask(mask) {
                    Ok(Self::IpAddress(address, mask))
                } else {
                    Err(malformed)
                }
            }
            GeneralName::Rfc822(text) => match text.rsplit_once('@') {
                Some((local, host)) if !local.is_empty() && is_host(host) => {
                    Ok(Self::Mailbox(local, host.to_ascii_lowercase()))
                }
                Some(_) => Err(malformed),
                None => Host::new(text, form).map(Self::MailHost),
            },
            GeneralName::Uri(text) => Host::new(text, form).map(Self::UriHost),
            GeneralName::Dns(_) | GeneralName::Ip(_) => Err(malformed),
            GeneralName::OtherName { type_id, .. } => Ok(Self::NotUnderstood(form, Some(type_id))),
            GeneralName::EdiParty(_) | GeneralName::RegisteredId(_) | GeneralName::X400(_) => {
                Ok(Self::NotUnderstood(form, None))
            }
        }
    }

    /// Whether the subtree permits the name; none if it is about another form.
    pub(super) fn permits(&self, name: &Name<'_>) -> Result<Option<bool>, PathError> {
        match (self, &name.general) {
            // A wildcard is a name like another here: all that it can stand for ends as it does.
            (Self::DnsName(base), GeneralName::Dns(name)) => {
                let name = dns_name(name)?;
                Ok(Some(is_dns_below(&name, base)))
            }
            _ => self.contains(name),
        }
    }

    /// Whether the subtree excludes the name, or something that the name can stand for.
    pub(super) fn excludes(&self, name: &Name<'_>) -> Result<bool, PathError> {
        if let (Self::DnsName(base), GeneralName::Dns(name)) = (self, &name.general) {
            let name = dns_name(name)?;
            let stands_for_base = name.strip_prefix('*').is_some_and(|suffix| {
                base.split_once('.')
                    .is_some_and(|(_, parent)| suffix.strip_prefix('.') == Some(parent))
            });
            return Ok(stands_for_base || is_dns_below(&name, base));
        }
        self.contains(name).map(|found| found == Some(true))
    }

    fn contains(&self, name: &Name<'_>) -> Result<Option<bool>, PathError> {
        let form = NameForm::of(&name.general);
        let malformed = PathError::NameMalformed { form };
        match (self, &name.general) {
            (Self::DirectoryName(base), GeneralName::Directory(_)) => {
                // Relative names are self-delimiting, so a prefix ends where one of them does.
                let canonical = name.canonical.as_ref().ok_or(malformed)?;
                Ok(Some(canonical.starts_with(base)))
            }
            (Self::IpAddress(base, mask), GeneralName::Ip(address)) => {
                if !matches!(address.len(), 4 | 16) {
                    return Err(malformed);
                }
                let same = address.len() == base.len()
                    && address
                        .iter()
                        .zip(base.iter().zip(*mask))
                        .all(|(octet, (base, mask))| (octet ^ base) & mask == 0);
                Ok(Some(same))
            }
            (Self::Mailbox(local, host), GeneralName::Rfc822(text)) => {
                let (found_local, found_host) = mailbox(text)?;
                Ok(Some(*local == found_local && *host == found_host))
            }
            (Self::MailHost(host), GeneralName::Rfc822(text)) => {
                Ok(Some(host.contains(&mailbox(text)?.1)))
            }
            (Self::UriHost(host), GeneralName::Uri(text)) => {
                let found = uri_host(text).ok_or(malformed)?;
                Ok(Some(host.contains(&found)))
            }
            (Self::NotUnderstood(own, kind), general) if *own == form => match (kind, general) {
                (Some(kind), GeneralName::OtherName { type_id, .. }) if kind != type_id => Ok(None),
                _ => Err(PathError::NameFormNotUnderstood { form }),
            },
            _ => Ok(None),
        }
    }
}

/// A name of labels, without a dot at either end. Underscores are common in practice.
fn is_host(name: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label
                .bytes()
                .all(|octet| octet.is_ascii_alphanumeric() || octet == b'-' || octet == b'_')
    };
    name.len() <= 253 && name.split('.').all(label)
}

/// A `dNSName` in lower case; the first label may be a wildcard. Anything else could mean one
/// name to us and another to whoever relies on the answer.
fn dns_name(name: &str) -> Result<String, PathError> {
    if is_host(name.strip_prefix("*.").unwrap_or(name)) {
        Ok(name.to_ascii_lowercase())
    } else {
        let form = NameForm::DnsName;
        Err(PathError::NameMalformed { form })
    }
}

fn is_dns_below(name: &str, base: &str) -> bool {
    base.is_empty()
        || name
            .strip_suffix(base)
            .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

/// Local part as it is, host in lower case (RFC 5280 section 7.5).
fn mailbox(text: &str) -> Result<(&str, String), PathError> {
    match text.rsplit_once('@') {
        Some((local, host)) if !local.is_empty() && is_host(host) => {
            Ok((local, host.to_ascii_lowercase()))
        }
        _ => {
            let form = NameForm::Rfc822Name;
            Err(PathError::NameMalformed { form })
        }
    }
}

/// The host of a URI in lower case (RFC 3986 section 3.2), if it has one and that is a domain
/// name: RFC 5280 refuses what has none or an address.
fn uri_host(uri: &str) -> Option<String> {
    let (scheme, rest) = uri.split_once(':')?;
    let mut letters = scheme.bytes();
    let is_scheme = letters
        .next()
        .is_some_and(|first| first.is_ascii_alphabetic())
        && letters.all(|octet| octet.is_ascii_alphanumeric() || b"+-.".contains(&octet));
    let authority = rest.strip_prefix("//")?.split(['/', '?', '#']).next()?;
    let host_port = authority
        .rsplit_once('@')
        .map_or(authority, |(_, host)| host);
    let (host, port) = host_port.split_once(':').unwrap_or((host_port, ""));
    let is_address = host
        .rsplit('.')
        .next()
        .is_some_and(|last| last.bytes().all(|octet| octet.is_ascii_digit()));
    let is_port = port.bytes().all(|octet| octet.is_ascii_digit());
    (is_scheme && is_port && is_host(host) && !is_address).then(|| host.to_ascii_lowercase())
}

/// Ones, then zeros (RFC 4632), as RFC 5280 wants ranges in the style of CIDR.
fn is_prefix_mask(mask: &[u8]) -> bool {
    let ones: u32 = mask.iter().map(|octet| octet.count_ones()).sum();
    let leading = mask.iter().try_fold(0, |sum, octet| match octet {
        0xff => Ok(sum + 8),
        _ => Err(sum + octet.leading_ones()),
    });
    ones == leading.unwrap_or_else(|sum| sum)
}
