//! Who is at the other end of a connection.

use std::net::SocketAddr;
use std::sync::Arc;

use x509_parser::prelude::{FromDer as _, GeneralName, X509Certificate};

/// The other end of a connection, in the extensions of every request.
#[derive(Clone, Debug)]
pub struct Peer {
    /// Its address.
    pub address: SocketAddr,
    /// The one dNSName of its verified client certificate; absent without one. Read once a
    /// connection, because parsing a certificate costs a third of an empty call.
    pub identity: Option<Arc<str>>,
}

/// Why a client certificate names nobody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdentityError {
    /// The certificate does not parse.
    #[error("the client certificate cannot be read")]
    Unreadable,
    /// An identity is one name. With several, which one the allowlist meant would be a guess.
    #[error("the client certificate has {found} dNSNames, an identity needs exactly one")]
    NotOneName {
        /// How many it has.
        found: usize,
    },
    /// Wildcards, upper case, empty labels and the like are no identity.
    #[error("the dNSName of the client certificate is not a plain lowercase host name")]
    NotAHostName,
}

/// The identity in a client certificate whose chain was verified: its only dNSName (RFC 5280 section
/// 4.2.1.6). The subject's common name is never consulted.
pub(crate) fn identity(certificate: &[u8]) -> Result<Arc<str>, IdentityError> {
    let (rest, certificate) =
        X509Certificate::from_der(certificate).map_err(|_| IdentityError::Unreadable)?;
    if !rest.is_empty() {
        return Err(IdentityError::Unreadable);
    }
    let names = certificate
        .subject_alternative_name()
        .map_err(|_| IdentityError::Unreadable)?;
    let mut dns_names = Vec::new();
    for name in names
        .iter()
        .flat_map(|extension| &extension.value.general_names)
    {
        if let GeneralName::DNSName(name) = name {
            dns_names.push(*name);
        }
    }
    let [name] = dns_names[..] else {
        return Err(IdentityError::NotOneName {
            found: dns_names.len(),
        });
    };
    if is_host_name(name) {
        Ok(name.into())
    } else {
        Err(IdentityError::NotAHostName)
    }
}

/// Whether a text may stand in the allowlist as an identity: lowercase letters, digits, hyphens and
/// dots, no empty label, at most 253 characters (RFC 1123 section 2.1).
pub(crate) fn is_host_name(name: &str) -> bool {
    name.len() <= 253
        && name.split('.').all(|label| {
            !label.is_empty()
                && label.len() <= 63
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label
                    .bytes()
                    .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        })
}

#[cfg(test)]
mod tests {
    use super::{IdentityError, identity, is_host_name};

    fn certificate(names: &[&str]) -> Vec<u8> {
        let key = rcgen::KeyPair::generate().unwrap();
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        rcgen::CertificateParams::new(names)
            .unwrap()
            .self_signed(&key)
            .unwrap()
            .der()
            .to_vec()
    }

    #[test]
    fn the_only_dns_name_is_the_identity() {
        let der = certificate(&["city-office.agency.test", "192.0.2.1"]);
        assert_eq!(identity(&der).unwrap().as_ref(), "city-office.agency.test");
    }

    #[test]
    fn two_dns_names_are_no_identity() {
        let der = certificate(&["city-office.agency.test", "other.agency.test"]);
        assert_eq!(identity(&der), Err(IdentityError::NotOneName { found: 2 }));
    }

    #[test]
    fn no_dns_name_is_no_identity() {
        assert_eq!(
            identity(&certificate(&["192.0.2.1"])),
            Err(IdentityError::NotOneName { found: 0 })
        );
    }

    #[test]
    fn a_wildcard_is_no_identity() {
        assert_eq!(
            identity(&certificate(&["*.agency.test"])),
            Err(IdentityError::NotAHostName)
        );
    }

    #[test]
    fn bytes_that_are_no_certificate_are_no_identity() {
        assert_eq!(identity(b"no certificate"), Err(IdentityError::Unreadable));
    }

    #[test]
    fn only_plain_lowercase_names_are_host_names() {
        assert!(is_host_name("city-office.agency.test"));
        for other in [
            "",
            "City.test",
            "a..b",
            "-a.test",
            "a-.test",
            "a_b.test",
            "*.test",
            "a.test.",
        ] {
            assert!(!is_host_name(other), "{other}");
        }
    }
}
