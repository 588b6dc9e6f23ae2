//! The steps of the walk: one element after the other, into those that are entered.

use super::element::{Piece, piece};
use super::{CrlSink, CrlWalker, Stage, trailing};
use crate::DerError;
use crate::crl::entry::Kind;
use crate::crl::header::{CrlHeader, Head, ListExtensions};
use crate::crl::list::{check_frame, read_outer};
use crate::crl::plain::{plain_entry, short_entry};
use crate::crl::{CrlError, CrlProfile};
use crate::der::{GENERALIZED_TIME, Reader, SEQUENCE, UTC_TIME};

impl CrlWalker {
    pub(super) fn walk(
        &mut self,
        mut input: &[u8],
        sink: &mut impl CrlSink,
    ) -> Result<(), CrlError> {
        loop {
            self.leave()?;
            match self.stage {
                Stage::End => return self.behind_the_end(input.len()),
                Stage::Skipped => self.skip(&mut input),
                _ => {}
            }
            if input.is_empty() {
                return Ok(());
            }
            if self.stage == Stage::Skipped || self.plain_entries(&mut input, sink) {
                continue;
            }
            let Some(piece) = self.next_piece(&mut input)? else {
                continue;
            };
            let awaited = piece.awaited();
            if self.pending.is_empty() && input.len() >= awaited {
                let octets = self.take(&mut input, awaited);
                self.piece = None;
                self.step(piece, octets, sink)?;
                continue;
            }
            let missing = awaited.saturating_sub(self.pending.len());
            self.pending.reserve_exact(missing);
            let octets = self.take(&mut input, missing);
            self.pending.extend(octets);
            if octets.len() == missing {
                self.piece = None;
                let mut whole = std::mem::take(&mut self.pending);
                self.step(piece, &whole, sink)?;
                whole.clear();
                self.pending = whole;
            }
        }
    }

    /// Takes the entries at the front of the input that are of the common shape and there as a whole. Whatever follows
    /// them is read element by element. False if there are none.
    fn plain_entries(&mut self, input: &mut &[u8], sink: &mut impl CrlSink) -> bool {
        let between_entries = self.pending.is_empty() && self.piece.is_none();
        if self.stage != Stage::Entries || !between_entries || !self.entries.takes_plain() {
            return false;
        }
        let left = usize::try_from(self.entries_left).unwrap_or(usize::MAX);
        let mut rest = &input[..left.min(input.len())];
        let mut taken = 0;
        while self.entries.position < self.entries.limit {
            let short = rest.first_chunk().and_then(short_entry);
            let octets = if let Some((entry, serial, octets)) = short {
                sink.short(serial, entry);
                octets
            } else if let Some((entry, octets)) = plain_entry(rest) {
                sink.entry(&entry);
                octets
            } else {
                break;
            };
            self.entries.position += 1;
            taken += octets;
            rest = &rest[octets..];
        }
        *input = &input[taken..];
        self.offset += count(taken);
        self.entries_left -= count(taken);
        taken > 0
    }

    /// The next octets of the input, at most this many.
    fn take<'a>(&mut self, input: &mut &'a [u8], octets: usize) -> &'a [u8] {
        let (taken, rest) = input.split_at(octets.min(input.len()));
        *input = rest;
        self.offset += count(taken.len());
        taken
    }

    /// Tag and length of the element that is next, or none if they have not arrived.
    fn next_piece(&mut self, input: &mut &[u8]) -> Result<Option<Piece>, CrlError> {
        if self.piece.is_some() {
            return Ok(self.piece);
        }
        if self.stage == Stage::Entries
            && self.pending.is_empty()
            && let Some(tag) = input.first()
            && let Err(error) = self.entries.begin(*tag)
        {
            self.refuse_entries(error);
            return Ok(None);
        }
        let (expected, left) = match self.stage {
            Stage::List => (Some(SEQUENCE), u64::MAX),
            Stage::Signed => (Some(SEQUENCE), self.list_left),
            Stage::Entries => (Some(SEQUENCE), self.entries_left),
            Stage::Outer => (None, self.list_left),
            _ => (None, self.signed_left),
        };
        loop {
            let seen = if self.pending.is_empty() {
                *input
            } else {
                self.pending.as_slice()
            };
            // What lies behind the end of the surrounding element is not this one's length.
            let within = seen.len().min(usize::try_from(left).unwrap_or(usize::MAX));
            let found = match piece(&seen[..within], expected) {
                Ok(None) if count(within) == left => Err(DerError::Truncated),
                Ok(Some(piece)) if piece.total() > left => Err(DerError::Truncated),
                found => found,
            };
            match found.map_err(|error| self.malformed(error)) {
                Ok(Some(piece)) => return self.judge(piece),
                Ok(None) => {}
                Err(error) => return self.refuse(error),
            }
            let next = self.take(input, 1);
            if next.is_empty() {
                return Ok(None);
            }
            self.pending.extend(next);
        }
    }

    fn malformed(&self, error: DerError) -> CrlError {
        match self.stage {
            Stage::Entries => self.entries.malformed(error),
            _ => error.into(),
        }
    }

    /// Refuses the list, or, if it is about an entry, only no longer reads entries.
    fn refuse(&mut self, error: CrlError) -> Result<Option<Piece>, CrlError> {
        if self.stage == Stage::Entries {
            self.refuse_entries(error);
            Ok(None)
        } else {
            Err(error)
        }
    }

    fn refuse_entries(&mut self, error: CrlError) {
        self.entry_error = Some(error);
        self.entries_left -= count(self.pending.len());
        self.pending.clear();
        self.piece = None;
        self.stage = Stage::Skipped;
    }

    /// Whether an element is entered or waited for, and whether its size is one that is read.
    fn judge(&mut self, mut piece: Piece) -> Result<Option<Piece>, CrlError> {
        let octets = piece.total();
        match self.stage {
            Stage::List => {
                let limit = self.limits.max_bytes;
                if octets > limit {
                    return Err(CrlError::TooLarge { octets, limit });
                }
                piece.is_entered = true;
            }
            Stage::Signed => piece.is_entered = true,
            // The entries are the only SEQUENCE behind a time (RFC 5280 section 5.1).
            Stage::Fields if piece.tag == SEQUENCE && self.after_time => piece.is_entered = true,
            Stage::Entries => {
                let octets = usize::try_from(octets).unwrap_or(usize::MAX);
                if let Err(error) = self.entries.check_size(octets) {
                    return self.refuse(error);
                }
            }
            _ => {
                let kept = self.head.len() + self.tail.len() + self.outer.len();
                let octets = usize::try_from(octets).unwrap_or(usize::MAX);
                check_frame(kept.saturating_add(octets))?;
            }
        }
        self.piece = Some(piece);
        Ok(self.piece)
    }

    /// Takes an element, or tag and length of one that is entered.
    fn step(
        &mut self,
        piece: Piece,
        octets: &[u8],
        sink: &mut impl CrlSink,
    ) -> Result<(), CrlError> {
        match self.stage {
            Stage::List => {
                self.list_octets = piece.total();
                self.list_left = piece.length;
                self.stage = Stage::Signed;
            }
            Stage::Signed => {
                self.list_left -= piece.total();
                self.signed_left = piece.length;
                self.signed_end = self.offset + piece.length;
                self.signed.lead(octets);
                self.stage = Stage::Fields;
            }
            Stage::Fields if piece.is_entered => self.enter_entries(piece)?,
            Stage::Fields => {
                self.signed_left -= piece.total();
                self.head.extend(octets);
                self.after_time = matches!(piece.tag, UTC_TIME | GENERALIZED_TIME);
                self.signed.lead(octets);
                if piece.tag == SEQUENCE {
                    // The first SEQUENCE is the algorithm; later ones find the hash begun.
                    self.signed.begin(octets, self.offset);
                }
            }
            Stage::Tail => {
                self.signed_left -= piece.total();
                self.tail.extend(octets);
            }
            Stage::Outer => {
                self.list_left -= piece.total();
                self.outer.extend(octets);
            }
            Stage::Entries => {
                match self.entries.read(Reader::new(&octets[piece.header..])) {
                    Ok(entry) => sink.entry(&entry),
                    Err(error) => self.refuse_entries(error),
                }
                self.entries_left -= piece.total();
            }
            Stage::Skipped | Stage::End => {}
        }
        Ok(())
    }

    /// Everything before the entries is read and judged before the first of them.
    fn enter_entries(&mut self, piece: Piece) -> Result<(), CrlError> {
        let mut fields = Reader::new(&self.head);
        let head = Head::read(&mut fields, None, self.profile)?;
        if !fields.is_empty() {
            // A third time: no entries may follow it, nor anything else.
            return Err(trailing(count(fields.remaining()) + self.signed_left));
        }
        if piece.length == 0 {
            return Err(CrlError::EmptyEntries);
        }
        self.entries.version = head.version;
        if self.profile.is_jpki() {
            // A list of another kind is refused for being one.
            self.entries.is_delta = Kind::from(self.profile == CrlProfile::JpkiDelta);
            self.entries.is_indirect = Kind::No;
        }
        self.signed_left -= piece.total();
        self.entries_left = piece.length;
        self.before_entries = Some(head);
        self.stage = Stage::Entries;
        Ok(())
    }

    /// Leaves the elements of which nothing is left.
    fn leave(&mut self) -> Result<(), CrlError> {
        loop {
            match self.stage {
                Stage::Entries | Stage::Skipped if self.entries_left == 0 => {
                    self.stage = Stage::Tail;
                }
                Stage::Fields | Stage::Tail if self.signed_left == 0 => self.leave_signed()?,
                Stage::Outer if self.list_left == 0 => self.leave_list()?,
                Stage::Signed if self.list_left == 0 => {
                    let (expected, found) = (SEQUENCE, 0);
                    return Err(DerError::UnexpectedTag { expected, found }.into());
                }
                _ => return Ok(()),
            }
        }
    }

    fn leave_signed(&mut self) -> Result<(), CrlError> {
        let (head, fields) = if let Some(head) = self.before_entries.take() {
            (head, Reader::new(&self.tail))
        } else {
            let mut fields = Reader::new(&self.head);
            let head = Head::read(&mut fields, None, self.profile)?;
            (head, fields)
        };
        let extensions = ListExtensions::read(fields, head.version, self.profile)?;
        self.header = Some(CrlHeader::new(head, extensions));
        self.stage = Stage::Outer;
        Ok(())
    }

    fn leave_list(&mut self) -> Result<(), CrlError> {
        let (algorithm, signature) = read_outer(Reader::new(&self.outer))?;
        let header = self.header.as_ref();
        if header.is_none_or(|header| *header.signature_algorithm != *algorithm) {
            return Err(CrlError::SignatureAlgorithmsDiffer);
        }
        self.signature = signature.to_vec();
        self.stage = Stage::End;
        Ok(())
    }

    /// Passes over entries that are not read.
    fn skip(&mut self, input: &mut &[u8]) {
        let left = usize::try_from(self.entries_left).unwrap_or(usize::MAX);
        let skipped = self.take(input, left);
        self.entries_left -= count(skipped.len());
    }

    /// How many octets follow the list is known at the end of the input; a stream without an end
    /// is given up where a list of that size would be.
    fn behind_the_end(&mut self, octets: usize) -> Result<(), CrlError> {
        self.offset = self.offset.saturating_add(count(octets));
        let limit = self.limits.max_bytes.saturating_add(1);
        if self.offset >= limit {
            return Err(trailing(limit - self.list_octets));
        }
        Ok(())
    }
}

fn count(octets: usize) -> u64 {
    u64::try_from(octets).unwrap_or(u64::MAX)
}
