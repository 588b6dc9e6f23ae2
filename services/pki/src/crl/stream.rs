//! Verifying a list that arrives in pieces.

use crate::crl::walker::{CrlSink, CrlWalker};
use crate::crl::{
    CrlEntry, CrlError, CrlFacts, CrlLimits, CrlProfile, RevokedEntry, VerifiedCrl, check_signer,
    duplicates,
};
use crate::{CertificationAuthority, Signed, Verifier};

/// Verifies a JPKI list without holding its bytes: what [`verify_crl`](crate::verify_crl) accepts,
/// this accepts, with the same facts and entries, and what it refuses, this refuses.
///
/// The entries are kept from the start, 32 octets each and never more than the limit allows, but
/// they are only given out when the signature was verified.
#[derive(Debug)]
pub struct CrlStream {
    walker: CrlWalker,
    kept: Kept,
}

impl CrlStream {
    /// A stream of one list.
    pub fn new(limits: &CrlLimits) -> Self {
        Self {
            walker: CrlWalker::new(CrlProfile::Jpki, limits),
            kept: Kept::default(),
        }
    }

    /// Reads on. After an error every further call gives the same error.
    pub fn push(&mut self, chunk: &[u8]) -> Result<(), CrlError> {
        self.walker.push(chunk, &mut self.kept)
    }

    /// Verifies the list, which must be complete, against an authority.
    pub fn finish(
        self,
        authority: &CertificationAuthority,
        verifier: &Verifier,
    ) -> Result<VerifiedCrl, CrlError> {
        let (walked, entry_error) = self.walker.finish_before_entries()?;
        let sha256 = walked.sha256();
        let Some((_, digest)) = walked.signed_digest else {
            return Err(CrlError::SignatureAlgorithm);
        };
        let signed = Signed::Digest(&digest);
        let signature = &walked.signature;
        let key_id = check_signer(&walked.header, signed, signature, authority, verifier)?;
        if let Some(error) = entry_error.or(self.kept.error) {
            return Err(error);
        }
        let entries = self.kept.entries;
        duplicates::check_serials(&entries)?;
        let facts = CrlFacts::new(walked.header, key_id, sha256, entries.len())?;
        Ok(VerifiedCrl { facts, entries })
    }
}

/// The entries so far.
#[derive(Debug, Default)]
struct Kept {
    entries: Vec<RevokedEntry>,
    error: Option<CrlError>,
}

impl CrlSink for Kept {
    fn entry(&mut self, entry: &CrlEntry<'_>) {
        let position = u64::try_from(self.entries.len()).unwrap_or(u64::MAX) + 1;
        match RevokedEntry::new(entry, position) {
            Ok(entry) => self.entries.push(entry),
            Err(error) => {
                self.error.get_or_insert(error);
            }
        }
    }
}
