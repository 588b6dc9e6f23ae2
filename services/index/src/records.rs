//! Entries on their way into a segment, packed: no object, no pointer and no allocation of its own for any of them.

use crate::format::VALUE_OCTETS;
use crate::serial::{NARROW, WIDE};

const NARROW_RECORD: usize = NARROW + VALUE_OCTETS;
const WIDE_RECORD: usize = WIDE + VALUE_OCTETS;

/// Octets of one piece. Greater than the greatest size from which the C library may serve an allocation out of its
/// heap (32 MiB), so every full piece goes back to the system when it is dropped. Pages never written cost nothing.
const PIECE: usize = 33 << 20;

/// Time and reason as they stand behind a key.
pub(crate) type Value = [u8; VALUE_OCTETS];

/// Packed records in the order in which they came: short serials and long ones.
#[derive(Default)]
pub(crate) struct Records {
    narrow: Pieces<NARROW_RECORD>,
    wide: Pieces<WIDE_RECORD>,
}

impl Records {
    #[inline]
    pub(crate) fn push_narrow(&mut self, key: [u8; NARROW], value: Value) {
        self.narrow.push(record(key, value));
    }

    #[inline]
    pub(crate) fn push_wide(&mut self, key: [u8; WIDE], value: Value) {
        self.wide.push(record(key, value));
    }

    /// Whether a key of 8 octets holds every serial.
    pub(crate) fn are_narrow(&self) -> bool {
        self.wide.last.is_empty()
    }

    /// Every record, its key filled up to `WIDTH` octets. `WIDTH` is 20 unless all are narrow.
    #[inline]
    pub(crate) fn for_each<const WIDTH: usize>(&self, mut f: impl FnMut([u8; WIDTH], Value)) {
        for piece in self.narrow.iter() {
            read::<NARROW_RECORD, WIDTH>(piece, &mut f);
        }
        // What is done for each record is compiled in place where there is one place for it.
        if WIDTH > NARROW {
            for piece in self.wide.iter() {
                read::<WIDE_RECORD, WIDTH>(piece, &mut f);
            }
        }
    }

    /// The same for the last time: every piece is dropped when it was read.
    pub(crate) fn drain<const WIDTH: usize>(self, mut f: impl FnMut([u8; WIDTH], Value)) {
        for piece in self.narrow.into_pieces() {
            read::<NARROW_RECORD, WIDTH>(&piece, &mut f);
        }
        for piece in self.wide.into_pieces() {
            read::<WIDE_RECORD, WIDTH>(&piece, &mut f);
        }
    }
}

#[inline]
fn read<const RECORD: usize, const WIDTH: usize>(
    piece: &[u8],
    f: &mut impl FnMut([u8; WIDTH], Value),
) {
    for record in piece.as_chunks::<RECORD>().0 {
        if let Some((serial, value)) = record.split_last_chunk()
            && let Some(key) = crate::serial::padded(serial)
        {
            f(key, *value);
        }
    }
}

/// Key and value in one, so that the room for them is looked at once.
#[inline]
fn record<const WIDTH: usize, const RECORD: usize>(key: [u8; WIDTH], value: Value) -> [u8; RECORD] {
    const { assert!(WIDTH + VALUE_OCTETS == RECORD) };
    let mut record = [0; RECORD];
    record[..WIDTH].copy_from_slice(&key);
    record[WIDTH..].copy_from_slice(&value);
    record
}

/// Records in pieces of bounded size. The first one grows, so that a short list stays small.
#[derive(Default)]
pub(crate) struct Pieces<const RECORD: usize> {
    full: Vec<Vec<u8>>,
    last: Vec<u8>,
}

impl<const RECORD: usize> Pieces<RECORD> {
    #[inline]
    pub(crate) fn push(&mut self, record: [u8; RECORD]) {
        if self.last.len() + RECORD > PIECE {
            self.begin_next();
        }
        self.last.extend_from_slice(&record);
    }

    #[cold]
    fn begin_next(&mut self) {
        let next = Vec::with_capacity(PIECE);
        self.full.push(std::mem::replace(&mut self.last, next));
    }

    fn iter(&self) -> impl Iterator<Item = &Vec<u8>> {
        self.full.iter().chain([&self.last])
    }

    /// Each piece, whole records every one of them.
    pub(crate) fn into_pieces(self) -> impl Iterator<Item = Vec<u8>> {
        self.full.into_iter().chain([self.last])
    }
}
