//! Verifying a list that arrives in pieces.

use crate::crl::hashing::HashingTurn;
use crate::crl::walker::{CrlSink, CrlWalker};
use crate::crl::{
    CrlEntry, CrlError, CrlFacts, CrlLimits, CrlProfile, RevokedEntry, ShortEntry, VerifiedCrl,
    check_signer, duplicates,
};
use crate::{CertificationAuthority, Signed, Verifier};

/// Takes the entries of a list that is being verified.
pub trait RevokedSink {
    /// Takes the next entry, in the order of the list. Nothing about it is proven before
    /// [`CrlStream::finish_into_sink`] has given the sink back.
    fn revoked(&mut self, entry: RevokedEntry);

    /// The same for a serial of at most 8 octets, as nearly all are. Either may be called for one, and both are to do the
    /// same with it.
    #[inline]
    fn short(&mut self, entry: ShortEntry) {
        self.revoked(entry.into());
    }
}

impl RevokedSink for Vec<RevokedEntry> {
    fn revoked(&mut self, entry: RevokedEntry) {
        self.push(entry);
    }
}

/// Verifies a JPKI list without holding its bytes: what [`verify_crl`](crate::verify_crl) accepts,
/// this accepts, with the same facts and entries, and what it refuses, this refuses.
///
/// The entries go into a sink from the start, by default a vector of 32 octets each, never more of
/// them than the limit allows; they are only given out when the signature was verified.
#[derive(Debug)]
pub struct CrlStream<S = Vec<RevokedEntry>> {
    walker: CrlWalker,
    kept: Kept<S>,
}

impl CrlStream {
    /// A stream of one list, whose entries are kept.
    pub fn new(limits: &CrlLimits) -> Self {
        Self::into_sink(limits, Vec::new())
    }

    /// Verifies the list, which must be complete, against an authority.
    pub fn finish(
        self,
        authority: &CertificationAuthority,
        verifier: &Verifier,
    ) -> Result<VerifiedCrl, CrlError> {
        let (facts, entries) = self.finish_into_sink(authority, verifier)?;
        duplicates::check_serials(&entries)?;
        Ok(VerifiedCrl { facts, entries })
    }
}

impl<S: RevokedSink> CrlStream<S> {
    /// A stream of one list, whose entries go into a sink.
    pub fn into_sink(limits: &CrlLimits, sink: S) -> Self {
        Self::of_profile(CrlProfile::Jpki, limits, sink)
    }

    /// A stream of one delta list, whose entries go into a sink. An entry with the reason removeFromCRL (RFC 5280 section
    /// 5.3.1) takes its certificate off the list.
    pub fn delta_into_sink(limits: &CrlLimits, sink: S) -> Self {
        Self::of_profile(CrlProfile::JpkiDelta, limits, sink)
    }

    fn of_profile(profile: CrlProfile, limits: &CrlLimits, sink: S) -> Self {
        let kept = Kept {
            sink,
            entries: 0,
            error: None,
        };
        Self {
            walker: CrlWalker::new(profile, limits),
            kept,
        }
    }

    /// Reads on. After an error every further call gives the same error.
    pub fn push(&mut self, chunk: &[u8]) -> Result<(), CrlError> {
        self.walker.push(chunk, &mut self.kept)
    }

    /// The same, while another thread hashes what is read: `beside` gets a turn for one where none has one, and may drop it.
    /// The chunk is let go once it is hashed, which may be some chunks later.
    pub fn push_shared(
        &mut self,
        chunk: &(impl AsRef<[u8]> + Clone + Send + 'static),
        beside: impl FnOnce(HashingTurn),
    ) -> Result<(), CrlError> {
        self.walker.push_shared(chunk, &mut self.kept, beside)
    }

    /// Verifies the list, which must be complete, against an authority. Gives the sink back with
    /// all its entries. Two of them may have the same serial: whoever keeps them must refuse that,
    /// with [`CrlError::DuplicateSerials`].
    pub fn finish_into_sink(
        self,
        authority: &CertificationAuthority,
        verifier: &Verifier,
    ) -> Result<(CrlFacts, S), CrlError> {
        let (walked, entry_error) = self.walker.finish_before_entries()?;
        let (Some((_, digest)), Some(identity)) = (walked.signed_digest, walked.identity) else {
            return Err(CrlError::SignatureAlgorithm);
        };
        let signed = Signed::Digest(&digest);
        let signature = &walked.signature;
        let key_id = check_signer(&walked.header, signed, signature, authority, verifier)?;
        if let Some(error) = entry_error.or(self.kept.error) {
            return Err(error);
        }
        let facts = CrlFacts::new(walked.header, key_id, identity, self.kept.entries)?;
        Ok((facts, self.kept.sink))
    }
}

/// The entries so far.
#[derive(Debug)]
struct Kept<S> {
    sink: S,
    entries: usize,
    error: Option<CrlError>,
}

impl<S: RevokedSink> CrlSink for Kept<S> {
    #[inline]
    fn short(&mut self, _serial: &[u8], entry: ShortEntry) {
        self.entries += 1;
        if self.error.is_none() {
            self.sink.short(entry);
        }
    }

    fn entry(&mut self, entry: &CrlEntry<'_>) {
        self.entries += 1;
        let position = u64::try_from(self.entries).unwrap_or(u64::MAX);
        match RevokedEntry::new(entry, position) {
            // Behind an entry that is refused nothing is kept: the list comes to nothing.
            Ok(entry) if self.error.is_none() => self.sink.revoked(entry),
            Ok(_) => {}
            Err(error) => {
                self.error.get_or_insert(error);
            }
        }
    }
}
