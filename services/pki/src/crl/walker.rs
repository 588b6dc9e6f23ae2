//! A list that arrives in pieces: read as it passes, in little memory whatever its size.
//!
//! The walker finds where elements begin and end, and no more; what stands in them is read by the
//! same code that reads lists in memory ([`Head`], [`ListExtensions`], [`EntryReader`]). Two things
//! are known only behind the entries: whether the list is a delta or indirect, and whether its form
//! is right to the end. So an entry that is wrong does not end the walk. No more entries are given
//! out, the rest is skipped and hashed, and the entry is refused when everything else was found
//! right: the order in which a list in memory is judged.

mod element;
mod steps;

use crate::crl::entry::{CrlEntry, EntryReader};
use crate::crl::hashing::{HashingTurn, SignedHash, identity};
use crate::crl::header::{CrlHeader, Head};
use crate::crl::{CrlError, CrlLimits, CrlProfile, ShortEntry};
use crate::der::SEQUENCE;
use crate::{DerError, HashAlgorithm};
use element::Piece;

/// Takes the entries of a list that is being read.
pub trait CrlSink {
    /// Takes the next entry. Nothing about it is proven until the walk has ended well and the
    /// signature over [`WalkedCrl::signed_digest`] was verified; two entries may be about the same
    /// certificate, which whoever keeps them must refuse.
    fn entry(&mut self, entry: &CrlEntry<'_>);

    /// The same for an entry that says nothing but a positive serial of at most 8 octets, a time and a reason, as nearly
    /// all do; `serial` are the contents of its INTEGER. Either may be called for one, and both are to do the same.
    #[inline]
    fn short(&mut self, serial: &[u8], entry: ShortEntry) {
        self.entry(&CrlEntry {
            serial,
            revoked_at: entry.revoked_at,
            reason: entry.reason,
            invalidity_date: None,
            certificate_issuer: None,
        });
    }
}

impl<F: FnMut(&CrlEntry<'_>)> CrlSink for F {
    fn entry(&mut self, entry: &CrlEntry<'_>) {
        self(entry);
    }
}

/// Reads a list in pieces of any size. How it is cut makes no difference to what comes out.
pub struct CrlWalker {
    profile: CrlProfile,
    limits: CrlLimits,
    stage: Stage,
    /// Octets that are left of the list, of its signed part and of its entries.
    list_left: u64,
    signed_left: u64,
    entries_left: u64,
    /// Octets pushed and looked at.
    offset: u64,
    /// Where the signed part ends, and behind what the list ends.
    signed_end: u64,
    list_octets: u64,
    /// An element of which the end has not arrived, and how it was judged by its beginning.
    pending: Vec<u8>,
    piece: Option<Piece>,
    /// The fields before the entries, those behind them, and those behind the signed part.
    head: Vec<u8>,
    tail: Vec<u8>,
    outer: Vec<u8>,
    after_time: bool,
    /// What the fields before the entries say, once there are entries.
    before_entries: Option<Head>,
    header: Option<CrlHeader>,
    signature: Vec<u8>,
    entries: EntryReader,
    entry_error: Option<CrlError>,
    signed: SignedHash,
    failed: Option<CrlError>,
}

/// What comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// The list itself.
    List,
    /// Its signed part.
    Signed,
    /// A field before the entries, or the entries.
    Fields,
    /// An entry.
    Entries,
    /// More of entries that are not read because one was refused.
    Skipped,
    /// A field behind the entries.
    Tail,
    /// The algorithm or the signature.
    Outer,
    /// Nothing.
    End,
}

impl CrlWalker {
    /// A walker for one list, by the rules of a profile.
    pub fn new(profile: CrlProfile, limits: &CrlLimits) -> Self {
        Self {
            profile,
            limits: *limits,
            stage: Stage::List,
            list_left: 0,
            signed_left: 0,
            entries_left: 0,
            offset: 0,
            signed_end: 0,
            list_octets: 0,
            pending: Vec::new(),
            piece: None,
            head: Vec::new(),
            tail: Vec::new(),
            outer: Vec::new(),
            after_time: false,
            before_entries: None,
            header: None,
            signature: Vec::new(),
            entries: EntryReader::new(profile, 2, limits.max_entries),
            entry_error: None,
            signed: SignedHash::Waiting(Vec::new()),
            failed: None,
        }
    }

    /// Reads on. After an error every further call gives the same error.
    pub fn push(&mut self, chunk: &[u8], sink: &mut impl CrlSink) -> Result<(), CrlError> {
        let start = self.offset;
        self.walk_on(chunk, sink)?;
        self.signed.update(chunk, start, self.signed_end);
        Ok(())
    }

    /// The same, while another thread hashes what is read: `beside` gets a turn for one where none has one, and may drop it.
    /// The chunk is let go once it is hashed, which may be some chunks later.
    pub fn push_shared(
        &mut self,
        chunk: &(impl AsRef<[u8]> + Clone + Send + 'static),
        sink: &mut impl CrlSink,
        beside: impl FnOnce(HashingTurn),
    ) -> Result<(), CrlError> {
        // Once it is known which hash it is, it is known where it ends too, and no step of the walk changes that.
        let (start, end) = (self.offset, self.signed_end);
        let is_beside = self.failed.is_none()
            && self
                .signed
                .update_beside(chunk.clone(), (start, end), beside);
        self.walk_on(chunk.as_ref(), sink)?;
        if !is_beside {
            self.signed.update(chunk.as_ref(), start, self.signed_end);
        }
        Ok(())
    }

    fn walk_on(&mut self, chunk: &[u8], sink: &mut impl CrlSink) -> Result<(), CrlError> {
        if let Some(error) = &self.failed {
            return Err(error.clone());
        }
        let walked = self.walk(chunk, sink);
        self.failed = walked.as_ref().err().cloned();
        walked
    }

    /// Whether the list has arrived to its last octet.
    pub fn is_complete(&self) -> bool {
        self.stage == Stage::End
    }

    /// How many octets of the list it has room for: never more than
    /// [`MAX_CRL_WALKER_BYTES`](crate::limits::MAX_CRL_WALKER_BYTES).
    pub fn buffered(&self) -> usize {
        let kept = [&self.pending, &self.head, &self.tail, &self.outer];
        let kept: usize = kept.iter().map(|octets| octets.capacity()).sum();
        kept + self.signature.capacity() + self.signed.buffered()
    }

    /// Ends the walk: the list must be complete, and nothing may have followed it.
    pub fn finish(self) -> Result<WalkedCrl, CrlError> {
        match self.finish_before_entries()? {
            (walked, None) => Ok(walked),
            (_, Some(error)) => Err(error),
        }
    }

    /// Ends the walk, with what is wrong with the entries, if something is, beside the rest.
    pub(super) fn finish_before_entries(self) -> Result<(WalkedCrl, Option<CrlError>), CrlError> {
        let entry_error = self.entry_error();
        if let Some(error) = self.failed {
            return Err(error);
        }
        let header = match self.header {
            Some(header) if self.stage == Stage::End => header,
            _ if self.offset == 0 => {
                return Err(CrlError::Der(DerError::UnexpectedTag {
                    expected: SEQUENCE,
                    found: 0,
                }));
            }
            _ => return Err(CrlError::Der(DerError::Truncated)),
        };
        if self.offset > self.list_octets {
            let octets = self.offset - self.list_octets;
            return Err(trailing(octets));
        }
        let signed_digest = self.signed.finish()?;
        let identity = signed_digest.as_ref().map(|(hash, digest)| {
            let signed = (*hash, digest.as_slice());
            identity(self.offset, signed, &self.outer)
        });
        let walked = WalkedCrl {
            header,
            signature: self.signature,
            signed_digest,
            identity,
            octets: self.offset,
            entry_count: self.entries.position,
        };
        Ok((walked, entry_error))
    }

    /// What is wrong with the entries: the first thing that would be found reading them in order,
    /// knowing from the start of what kind the list is.
    fn entry_error(&self) -> Option<CrlError> {
        let header = self.header.as_ref()?;
        let removal = self.entries.first_removal.filter(|_| !header.is_delta());
        let issuer = self.entries.first_issuer.filter(|_| !header.is_indirect());
        let removal = removal.map(|at| {
            let position = at.0;
            (at, CrlError::RemovedFromFullList { position })
        });
        let issuer = issuer.map(|at| {
            let position = at.0;
            (at, CrlError::EntryIssuer { position })
        });
        let first = [removal, issuer].into_iter().flatten();
        first
            .min_by_key(|(at, _)| *at)
            .map(|(_, error)| error)
            .or_else(|| self.entry_error.clone())
    }
}

fn trailing(octets: u64) -> CrlError {
    let octets = usize::try_from(octets).unwrap_or(usize::MAX);
    CrlError::Der(DerError::TrailingBytes { octets })
}

impl std::fmt::Debug for CrlWalker {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("CrlWalker")
            .field("profile", &self.profile)
            .field("stage", &self.stage)
            .field("offset", &self.offset)
            .finish_non_exhaustive()
    }
}

/// A list that was read to its end; its signature is not verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WalkedCrl {
    pub(crate) header: CrlHeader,
    pub(crate) signature: Vec<u8>,
    pub(crate) signed_digest: Option<(HashAlgorithm, Vec<u8>)>,
    pub(crate) identity: Option<[u8; 32]>,
    octets: u64,
    entry_count: u64,
}

impl WalkedCrl {
    /// What it says about itself.
    pub const fn header(&self) -> &CrlHeader {
        &self.header
    }

    /// The signature's octets.
    pub fn signature(&self) -> &[u8] {
        &self.signature
    }

    /// The hash over its signed part, by which the signature is verified. None if the signature
    /// algorithm is not one over SHA-256, SHA-384 or SHA-512.
    pub fn signed_digest(&self) -> Option<(HashAlgorithm, &[u8])> {
        let (hash, digest) = self.signed_digest.as_ref()?;
        Some((*hash, digest))
    }

    /// What tells it from every other list, as [`CrlFacts::identity`](crate::CrlFacts::identity). None where
    /// [`Self::signed_digest`] is.
    pub const fn identity(&self) -> Option<[u8; 32]> {
        self.identity
    }

    /// How many octets it has.
    pub const fn octets(&self) -> u64 {
        self.octets
    }

    /// How many entries it has.
    pub const fn entry_count(&self) -> u64 {
        self.entry_count
    }
}

#[cfg(test)]
mod limits_tests;
#[cfg(test)]
mod tests;
