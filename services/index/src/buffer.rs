//! Bytes that arrive in pieces.

use bytes::Bytes;

use crate::format::LINE;
use crate::large_pages;

/// Takes a serialised segment in pieces, as a store keeps it, and puts it where lookups are fastest: at the beginning
/// of a cache line, which the memory of a large `Vec` never has, and in large pages where the system has them.
pub struct SegmentBuffer {
    memory: Vec<u8>,
    /// Octets before the first cache line.
    skipped: usize,
}

impl SegmentBuffer {
    /// For a segment of so many octets. More are taken, but then everything moves, and not to a cache line's beginning.
    pub fn with_capacity(octets: usize) -> Self {
        let mut memory: Vec<u8> = Vec::with_capacity(octets.saturating_add(LINE));
        let skipped = memory.as_ptr().align_offset(LINE).min(LINE);
        large_pages::ask_for(memory.spare_capacity_mut());
        memory.resize(skipped, 0);
        Self { memory, skipped }
    }

    /// Adds the next piece.
    pub fn extend(&mut self, piece: &[u8]) {
        self.memory.extend_from_slice(piece);
    }

    /// The octets so far.
    pub fn octets(&self) -> &[u8] {
        &self.memory[self.skipped..]
    }
}

/// The octets where they are.
impl From<SegmentBuffer> for Bytes {
    fn from(buffer: SegmentBuffer) -> Self {
        Self::from(buffer.memory).slice(buffer.skipped..)
    }
}

/// How many octets, and none of them.
impl std::fmt::Debug for SegmentBuffer {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "SegmentBuffer({} octets)", self.octets().len())
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::{LINE, SegmentBuffer};

    #[test]
    fn a_segment_in_pieces_begins_at_a_cache_line_and_is_not_copied() {
        for octets in [0, 1, 63, 64, 1_000_003] {
            let pieces: Vec<u8> = (0..octets).map(|at: u32| at.to_le_bytes()[0]).collect();
            let mut buffer = SegmentBuffer::with_capacity(pieces.len());
            pieces.chunks(4_096).for_each(|piece| buffer.extend(piece));
            let before = buffer.octets().as_ptr();
            let bytes = Bytes::from(buffer);
            assert_eq!(bytes, pieces);
            if octets > 0 {
                assert_eq!(bytes.as_ptr(), before);
                assert_eq!(bytes.as_ptr().align_offset(LINE), 0);
            }
        }
    }
}
