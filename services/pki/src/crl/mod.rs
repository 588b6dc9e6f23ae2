//! Verifying certificate revocation lists.
//!
//! A list is refused unless it is complete, from the right key and exactly of the scope it claims:
//! a list that is wrongly believed answers "good" for revoked certificates. The order matters. The
//! list's header and extensions are read first, skipping over the entries; then the signature is
//! checked; only then are the entries looked at, so whoever sends a gigabyte of rubbish costs a
//! hash and no more.

mod algorithm;
mod authority_key;
mod duplicates;
mod entry;
mod error;
mod hashing;
mod header;
mod list;
#[cfg(test)]
mod minted;
mod number;
mod plain;
mod profile;
mod scope;
mod stream;
mod walker;

pub use authority_key::{AuthorityCertificate, CrlAuthorityKey};
pub use entry::CrlEntry;
pub use error::CrlError;
pub use hashing::HashingTurn;
pub use header::CrlHeader;
pub(crate) use header::signature_algorithm;
pub use list::{Crl, CrlEntries};
pub use number::CrlNumber;
pub use profile::CrlProfile;
pub use scope::{CertificateType, IssuingDistributionPoint};
pub use stream::{CrlStream, RevokedSink};
pub use walker::{CrlSink, CrlWalker, WalkedCrl};

use std::num::NonZeroU64;

use crate::limits::{CLOCK_TOLERANCE_SECS, MAX_CRL_BYTES, MAX_CRL_ENTRIES};
use crate::{
    CertificationAuthority, DistributionPointName, ExtensionError, KeyIdentifier, RevocationReason,
    SerialNumber, SignatureError, Signed, UnixTime, Verifier,
};

/// What may be known about a verified list without its entries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CrlFacts {
    /// The issuer's name in DER.
    pub issuer: Vec<u8>,
    /// The key that signed it.
    pub signer_key_id: KeyIdentifier,
    /// Its number.
    pub number: CrlNumber,
    /// If it is a delta list, the number of the list to which it is the difference.
    pub base_number: Option<CrlNumber>,
    /// When it was issued.
    pub this_update: UnixTime,
    /// When the next one is due at the latest.
    pub next_update: UnixTime,
    /// Which certificates it covers.
    pub scope: CrlScope,
    /// What tells it from every other list: the same for two exactly if they have the same octets. A SHA-256, but not
    /// over the octets as they are, which would hash all of a long list a second time: over their number, the hash that
    /// was signed, and everything behind the signed part.
    pub identity: [u8; 32],
    /// How many entries it has.
    pub entry_count: u64,
}

impl CrlFacts {
    fn new(
        header: CrlHeader,
        signer_key_id: KeyIdentifier,
        identity: [u8; 32],
        entry_count: usize,
    ) -> Result<Self, CrlError> {
        let name = header.scope.and_then(|scope| scope.name);
        Ok(Self {
            issuer: header.issuer.into(),
            signer_key_id,
            number: header.number.ok_or(CrlError::NumberMissing)?,
            base_number: header.base_number,
            this_update: header.this_update,
            next_update: header.next_update.ok_or(CrlError::NextUpdateMissing)?,
            scope: name.map_or(CrlScope::Full, CrlScope::Partition),
            identity,
            entry_count: u64::try_from(entry_count).unwrap_or(u64::MAX),
        })
    }
}

/// Which certificates of its issuer a list covers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CrlScope {
    /// All of them.
    Full,
    /// Those that name this distribution point.
    Partition(DistributionPointName),
}

impl CrlScope {
    /// Bytes that are equal for two scopes exactly when they are the same; empty for a full list.
    pub fn key(&self) -> Vec<u8> {
        match self {
            Self::Full => Vec::new(),
            Self::Partition(name) => name.scope_key(),
        }
    }
}

/// One revoked certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RevokedEntry {
    /// Its serial number.
    pub serial: SerialNumber,
    /// Since when.
    pub revoked_at: UnixTime,
    /// Why.
    pub reason: RevocationReason,
}

impl RevokedEntry {
    /// Keeps of an entry what a JPKI certificate is judged by.
    fn new(entry: &CrlEntry<'_>, position: u64) -> Result<Self, CrlError> {
        let serial = SerialNumber::from_der_integer(entry.serial)
            .map_err(|error| CrlError::EntrySerial { position, error })?;
        Ok(Self {
            serial,
            revoked_at: entry.revoked_at,
            reason: entry.reason,
        })
    }
}

/// One revoked certificate with a serial number of at most 8 octets, as nearly all have: what a [`RevokedEntry`] says,
/// in fewer octets.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct ShortEntry {
    /// Its serial number.
    pub serial: NonZeroU64,
    /// Since when.
    pub revoked_at: UnixTime,
    /// Why.
    pub reason: RevocationReason,
}

impl From<ShortEntry> for RevokedEntry {
    fn from(entry: ShortEntry) -> Self {
        Self {
            serial: SerialNumber::from_short(entry.serial),
            revoked_at: entry.revoked_at,
            reason: entry.reason,
        }
    }
}

/// The serial is left out: it can lead to a person.
impl std::fmt::Debug for ShortEntry {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("ShortEntry")
            .field("revoked_at", &self.revoked_at)
            .field("reason", &self.reason)
            .finish_non_exhaustive()
    }
}

/// How large a list may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CrlLimits {
    /// Octets of the whole list.
    pub max_bytes: u64,
    /// Entries.
    pub max_entries: u64,
}

impl Default for CrlLimits {
    fn default() -> Self {
        Self {
            max_bytes: MAX_CRL_BYTES,
            max_entries: MAX_CRL_ENTRIES,
        }
    }
}

/// A list whose form and signature were checked; only [`verify_crl`] and [`CrlStream`] make one.
#[derive(Debug)]
pub struct VerifiedCrl {
    facts: CrlFacts,
    entries: Vec<RevokedEntry>,
}

impl VerifiedCrl {
    /// What it says about itself.
    pub fn facts(&self) -> &CrlFacts {
        &self.facts
    }

    /// Its entries, in the order of the list.
    pub fn entries(&self) -> &[RevokedEntry] {
        &self.entries
    }

    /// Whether it speaks for this moment: thisUpdate - 5 min <= now < nextUpdate.
    pub fn current_at(&self, now: UnixTime) -> Result<(), CrlError> {
        let CrlFacts {
            this_update,
            next_update,
            ..
        } = self.facts;
        if now < this_update.plus_secs(-CLOCK_TOLERANCE_SECS) {
            return Err(CrlError::NotYetCurrent { this_update, now });
        }
        if now >= next_update {
            return Err(CrlError::Expired { next_update, now });
        }
        Ok(())
    }
}

/// Verifies a list against an authority: form, scope, signature by one of the authority's keys.
pub fn verify_crl(
    der: &[u8],
    authority: &CertificationAuthority,
    limits: &CrlLimits,
    verifier: &Verifier,
) -> Result<VerifiedCrl, CrlError> {
    let octets = u64::try_from(der.len()).unwrap_or(u64::MAX);
    if octets > limits.max_bytes {
        return Err(CrlError::TooLarge {
            octets,
            limit: limits.max_bytes,
        });
    }
    let crl = Crl::read_as(der, CrlProfile::Jpki)?;
    let signed = Signed::Message(crl.signed);
    let signer_key_id = check_signer(&crl.header, signed, crl.signature, authority, verifier)?;
    let entries = read_entries(&crl, limits.max_entries)?;
    let identity = hashing::identity_of(&crl).ok_or(CrlError::SignatureAlgorithm)?;
    let facts = CrlFacts::new(crl.header, signer_key_id, identity, entries.len())?;
    Ok(VerifiedCrl { facts, entries })
}

/// Smallest entry: a serial of one octet and a UTCTime. Keeps the room reserved within the bytes.
const MIN_ENTRY_OCTETS: usize = 20;

fn read_entries(crl: &Crl<'_>, limit: u64) -> Result<Vec<RevokedEntry>, CrlError> {
    let likely = crl.entries.map_or(0, <[u8]>::len) / MIN_ENTRY_OCTETS / 2;
    let likely = likely.min(usize::try_from(limit).unwrap_or(usize::MAX));
    let mut entries = Vec::with_capacity(likely);
    for entry in crl.entries_as(CrlProfile::Jpki, limit) {
        let position = u64::try_from(entries.len()).unwrap_or(u64::MAX) + 1;
        entries.push(RevokedEntry::new(&entry?, position)?);
    }
    duplicates::check_serials(&entries)?;
    Ok(entries)
}

/// RFC 5280 section 6.3.3 (f) and (g). The generations of an authority share one name, so the
/// authority key identifier chooses the key, and the signature confirms the choice.
fn check_signer(
    header: &CrlHeader,
    signed: Signed<'_>,
    signature: &[u8],
    authority: &CertificationAuthority,
    verifier: &Verifier,
) -> Result<KeyIdentifier, CrlError> {
    let algorithm = signature_algorithm(header, authority.profile())?;
    let key_id = header
        .authority_key
        .as_ref()
        .and_then(|key| key.key_id.clone());
    let key_id = key_id.ok_or(ExtensionError::NoAuthorityKeyIdentifier)?;
    let Some(anchor) = authority.anchor(&key_id) else {
        return Err(CrlError::UnknownSigner { key_id });
    };
    if *header.canonical_issuer != *anchor.canonical_subject() {
        return Err(CrlError::Issuer);
    }
    verifier
        .verify(
            anchor.public_key(),
            algorithm.encoding,
            algorithm.hash,
            signed,
            signature,
        )
        .map_err(refusal)?;
    Ok(key_id)
}

fn refusal(error: SignatureError) -> CrlError {
    match error {
        SignatureError::CrossCheckDisagreement => CrlError::CrossCheckDisagreement,
        SignatureError::Mismatch
        | SignatureError::KeyAlgorithm { .. }
        | SignatureError::DigestLength { .. } => CrlError::Signature,
    }
}

#[cfg(test)]
mod tests {
    use super::{CrlError, refusal};
    use crate::SignatureError;

    #[test]
    fn a_disagreement_of_the_implementations_is_told_apart_from_a_wrong_signature() {
        let disagreement = refusal(SignatureError::CrossCheckDisagreement);
        assert_eq!(disagreement, CrlError::CrossCheckDisagreement);
        assert_eq!(refusal(SignatureError::Mismatch), CrlError::Signature);
    }
}
