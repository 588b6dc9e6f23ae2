//! Serial links: which new serial number succeeded which old one when a certificate was renewed.
//!
//! J-LIS gives such files to those who may have them, in a form that is not public. Ours is JSON around a signed payload:
//! `{"payload": base64, "signature": base64}`; the signature is RSA PKCS#1 v1.5 with SHA-256 over
//! `akashi-serial-links-v1` and the payload's octets, by the authority's newest key. Whoever could forge a link could
//! sign in as somebody else, so nothing in the payload is read before its signature is verified.

use std::collections::HashSet;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use pki::limits::CLOCK_TOLERANCE_SECS;
use pki::{
    CertificationAuthority, HashAlgorithm, SerialNumber, SignatureEncoding, SignatureError, Signed,
    UnixTime, Verifier,
};
use serde::Deserialize;
use store::{AppliedLinks, ApplyLinksError, HolderKey, HolderLinks, SerialLink, serial_hash};

use crate::limits;

/// Keeps a signature over links from being one over anything else.
const CONTEXT: &[u8] = b"akashi-serial-links-v1";

/// A file whose signature and content were checked; only [`read`] makes one.
pub(crate) struct VerifiedLinks {
    number: u64,
    links: Vec<(SerialNumber, SerialNumber)>,
}

/// Why a file of links is refused. Never names a serial number.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum LinksError {
    #[error("the file is not JSON with \"payload\" and \"signature\" in base64")]
    Envelope,
    #[error(transparent)]
    Signature(#[from] SignatureError),
    #[error("the payload is not the JSON of serial links")]
    Payload,
    #[error("the links are of another certification authority")]
    WrongAuthority,
    #[error("the file was issued at {issued_at} and it is {now}")]
    FromFuture { issued_at: UnixTime, now: UnixTime },
    #[error("more than {} links", limits::SERIAL_LINKS)]
    TooManyLinks,
    #[error("link {position} has a serial number that is not 1 to 20 octets in hexadecimal")]
    Serial { position: usize },
    #[error("link {position} leads from a serial number to itself")]
    Circular { position: usize },
    #[error("link {position} gives a serial number a second predecessor")]
    SecondPredecessor { position: usize },
}

impl LinksError {
    /// The broken rule's name.
    pub(crate) const fn rule(&self) -> &'static str {
        match self {
            Self::Envelope => "envelope",
            Self::Signature(SignatureError::CrossCheckDisagreement) => "cross_check_disagreement",
            Self::Signature(_) => "signature",
            Self::Payload => "payload",
            Self::WrongAuthority => "wrong_authority",
            Self::FromFuture { .. } => "from_future",
            Self::TooManyLinks => "too_many_links",
            Self::Serial { .. } => "serial",
            Self::Circular { .. } => "circular",
            Self::SecondPredecessor { .. } => "second_predecessor",
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Envelope {
    payload: String,
    signature: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Payload {
    certification_authority: String,
    number: u64,
    issued_at: i64,
    links: Vec<Link>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Link {
    old: String,
    new: String,
}

/// Verifies and reads a file of links.
pub(crate) fn read(
    bytes: &[u8],
    authority: &CertificationAuthority,
    verifier: &Verifier,
    now: UnixTime,
) -> Result<VerifiedLinks, LinksError> {
    let envelope: Envelope = serde_json::from_slice(bytes).map_err(|_| LinksError::Envelope)?;
    let payload = STANDARD
        .decode(&envelope.payload)
        .map_err(|_| LinksError::Envelope)?;
    let signature = STANDARD
        .decode(&envelope.signature)
        .map_err(|_| LinksError::Envelope)?;
    verifier.verify(
        authority.newest_anchor().public_key(),
        SignatureEncoding::Pkcs1V15DigestInfo,
        HashAlgorithm::Sha256,
        Signed::Message(&[CONTEXT, payload.as_slice()].concat()),
        &signature,
    )?;
    let payload: Payload = serde_json::from_slice(&payload).map_err(|_| LinksError::Payload)?;
    if payload.certification_authority != authority.name() {
        return Err(LinksError::WrongAuthority);
    }
    let issued_at = UnixTime::from_secs(payload.issued_at);
    if issued_at > now.plus_secs(CLOCK_TOLERANCE_SECS) {
        return Err(LinksError::FromFuture { issued_at, now });
    }
    Ok(VerifiedLinks {
        number: payload.number,
        links: links(&payload.links)?,
    })
}

fn links(links: &[Link]) -> Result<Vec<(SerialNumber, SerialNumber)>, LinksError> {
    if links.len() > limits::SERIAL_LINKS {
        return Err(LinksError::TooManyLinks);
    }
    let mut successors = HashSet::with_capacity(links.len());
    let mut read = Vec::with_capacity(links.len());
    for (position, link) in links.iter().enumerate() {
        let serial = |digits: &str| {
            let octets = hex::decode(digits).ok();
            let serial = octets.and_then(|octets| SerialNumber::from_unsigned_be(&octets).ok());
            serial.ok_or(LinksError::Serial { position })
        };
        let (old, new) = (serial(&link.old)?, serial(&link.new)?);
        if old == new {
            return Err(LinksError::Circular { position });
        }
        // Two predecessors would make one certificate two people's.
        if !successors.insert(new.clone()) {
            return Err(LinksError::SecondPredecessor { position });
        }
        read.push((old, new));
    }
    Ok(read)
}

impl VerifiedLinks {
    /// The file's number.
    pub(crate) const fn number(&self) -> u64 {
        self.number
    }

    /// The links as they are stored: serial numbers themselves never are.
    pub(crate) fn hashed(&self, key: &HolderKey, certification_authority: &str) -> Vec<SerialLink> {
        let hash =
            |serial: &SerialNumber| serial_hash(key, certification_authority, serial.as_bytes());
        self.links
            .iter()
            .map(|(old, new)| SerialLink {
                old: hash(old),
                new: hash(new),
            })
            .collect()
    }
}

/// Stores links; a number below the newest stored one is refused there.
pub(crate) async fn apply(
    store: &HolderLinks,
    certification_authority: &str,
    number: u64,
    links: &[SerialLink],
    now: UnixTime,
) -> Result<AppliedLinks, ApplyLinksError> {
    store
        .apply_links(certification_authority, number, links, now.secs())
        .await
}

#[cfg(test)]
#[path = "serial_links_tests.rs"]
mod tests;
