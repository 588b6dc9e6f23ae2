//! Reading a segment.

use bytes::Bytes;

use crate::dense::{Dense, DenseHeader};
use crate::directory::{self, Directory};
use crate::format::{
    CHECKSUM_AT, COMMON_OCTETS, COUNT_AT, DENSE, HASH_DIRECTORY, HASHED, KIND_AT, LINE, MAGIC,
    VERSION_1, VERSION_2, VERSION_AT, WIDTH_AT, checksum, length, u32_at, u64_at,
};
use crate::hashed::{Hashed, HashedHeader, NARROW_RECORD, WIDE_RECORD};
use crate::packed::Packed;
use crate::records::Value;
use crate::serial::{NARROW, WIDE};

/// What a segment says about a revoked serial.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hit {
    /// Seconds since the epoch.
    pub revoked_at: i64,
    /// The number of the reason in RFC 5280 section 5.3.1.
    pub reason: u8,
}

impl Hit {
    #[expect(clippy::unnecessary_wraps, reason = "what every lookup ends with")]
    pub(crate) fn of_value(value: Value) -> Option<Self> {
        let [seconds @ .., reason] = value;
        Some(Self {
            revoked_at: u32::from_le_bytes(seconds).into(),
            reason,
        })
    }
}

/// Why bytes are not a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SegmentError {
    /// Shorter than a header, or not beginning like one.
    #[error("these bytes are not a segment")]
    NotASegment,
    /// Written by another version of this crate.
    #[error(
        "the segment has format version {found}; this program reads {VERSION_1} and {VERSION_2}"
    )]
    Version {
        /// Its version.
        found: u16,
    },
    /// A kind or width that its version does not have.
    #[error("the segment has kind {kind} with keys of {width} octets, which is not known")]
    Kind {
        /// Its kind.
        kind: u8,
        /// Octets of its keys.
        width: u8,
    },
    /// Cut off, or with something behind it.
    #[error("the segment has {found} octets where its header says {expected}")]
    Length {
        /// What the header says.
        expected: u64,
        /// What is there.
        found: usize,
    },
    /// Changed since it was written.
    #[error("the segment's checksum does not match")]
    Checksum,
    /// Its directory, its lines or its ranks contradict themselves or the header.
    #[error("the segment's directory is inconsistent")]
    Directory,
}

/// A segment ready for lookups; cloning shares the bytes.
#[derive(Clone)]
pub struct Segment {
    bytes: Bytes,
    count: u32,
    form: Form,
}

/// How the serials are kept, with what the header says of it: a lookup that had to read the header would wait twice for
/// memory.
#[derive(Clone, Copy)]
pub(crate) enum Form {
    Directory(Directory),
    Narrow(HashedHeader),
    Wide(HashedHeader),
    Dense(DenseHeader),
}

impl Form {
    /// The form of a segment of version 2, if its kind is known.
    fn of(header: &[u8; LINE]) -> Option<Self> {
        match kind_and_width(header) {
            (HASHED, NARROW) => Some(Self::Narrow(HashedHeader::of(header))),
            (HASHED, WIDE) => Some(Self::Wide(HashedHeader::of(header))),
            (DENSE, NARROW | WIDE) => Some(Self::Dense(DenseHeader::of(header))),
            _ => None,
        }
    }
}

pub(crate) type Narrow<'a> = Hashed<'a, NARROW, NARROW_RECORD>;
pub(crate) type Wide<'a> = Hashed<'a, WIDE, WIDE_RECORD>;

impl Segment {
    /// Checks header, length, checksum and inner consistency of a serialised segment, and keeps its bytes: a `Vec<u8>`,
    /// a [`SegmentBuffer`](crate::SegmentBuffer) and [`Bytes`] of any owner are taken over without a copy. Lookups are
    /// fastest where the bytes begin at a multiple of 64, as a `SegmentBuffer` and a mapped file do.
    pub fn open(bytes: impl Into<Bytes>) -> Result<Self, SegmentError> {
        let bytes = bytes.into();
        if bytes.len() < COMMON_OCTETS || bytes[..VERSION_AT] != MAGIC {
            return Err(SegmentError::NotASegment);
        }
        let found = u16::from_le_bytes([bytes[VERSION_AT], bytes[VERSION_AT + 1]]);
        match found {
            VERSION_1 => Self::open_version_1(bytes),
            VERSION_2 => Self::open_version_2(bytes),
            _ => Err(SegmentError::Version { found }),
        }
    }

    fn open_version_1(bytes: Bytes) -> Result<Self, SegmentError> {
        let wide = match kind_and_width(&bytes) {
            (HASH_DIRECTORY, NARROW) => false,
            (HASH_DIRECTORY, WIDE) => true,
            _ => return Err(unknown_kind(&bytes)),
        };
        let directory = Directory::of_header(&bytes, wide);
        check_length(&bytes, directory.octets())?;
        if directory::checksum(&bytes) != u64_at(&bytes, CHECKSUM_AT) {
            return Err(SegmentError::Checksum);
        }
        if !directory.is_sound(&bytes) {
            return Err(SegmentError::Directory);
        }
        Ok(Self {
            count: u32_at(&bytes, COUNT_AT),
            form: Form::Directory(directory),
            bytes,
        })
    }

    fn open_version_2(bytes: Bytes) -> Result<Self, SegmentError> {
        let header: &[u8; LINE] = bytes.first_chunk().ok_or(SegmentError::NotASegment)?;
        let form = Form::of(header).ok_or_else(|| unknown_kind(&bytes))?;
        let octets = match form {
            Form::Narrow(_) => Narrow::octets(header),
            Form::Wide(_) => Wide::octets(header),
            Form::Dense(_) | Form::Directory(_) => Dense::octets(header),
        };
        check_length(&bytes, octets)?;
        if checksum(&bytes) != u64_at(&bytes, CHECKSUM_AT) {
            return Err(SegmentError::Checksum);
        }
        let sound = match &form {
            Form::Narrow(head) => Narrow::new(&bytes, head).is_sound(header),
            Form::Wide(head) => Wide::new(&bytes, head).is_sound(header),
            Form::Dense(head) => Dense::new(&bytes, head).is_sound(header),
            Form::Directory(_) => false,
        };
        if !sound {
            return Err(SegmentError::Directory);
        }
        Ok(Self {
            count: u32_at(&bytes, COUNT_AT),
            form,
            bytes,
        })
    }

    /// A segment that this crate has just written.
    pub(crate) fn of_written(octets: Vec<u8>) -> Self {
        let bytes = Bytes::from(octets);
        let header = bytes.first_chunk().unwrap_or(&[0; LINE]);
        let form = Form::of(header).unwrap_or(Form::Narrow(HashedHeader::of(header)));
        Self {
            count: u32_at(&bytes, COUNT_AT),
            form,
            bytes,
        }
    }

    /// How the serials are kept.
    pub(crate) fn form(&self) -> &Form {
        &self.form
    }

    /// Its octets, as they are stored.
    pub fn serialised(&self) -> &Bytes {
        &self.bytes
    }

    /// What the segment says about a serial: unsigned big-endian, leading zeros do not matter.
    pub fn lookup(&self, serial: &[u8]) -> Option<Hit> {
        match &self.form {
            Form::Narrow(head) => Narrow::new(&self.bytes, head).find(serial),
            Form::Wide(head) => Wide::new(&self.bytes, head).find(serial),
            Form::Dense(head) => Dense::new(&self.bytes, head).find(serial),
            Form::Directory(directory) => directory.find(&self.bytes, serial),
        }
    }

    /// Looks up many serials, and tells of each that is revoked its position among them, in order. Memory is asked for
    /// all of a block before any of it is needed, so a lookup takes a fraction of the time of [`Self::lookup`].
    /// Segments of version 1 are looked up one serial at a time.
    pub fn lookup_batch(&self, serials: Packed<'_>, mut on_hit: impl FnMut(usize, Hit)) {
        // The widths of JPKI's serials, of 64-bit ones and of the widest are compiled for their own.
        match serials.width() {
            4 => self.batch::<4>(serials, &mut on_hit),
            NARROW => self.batch::<NARROW>(serials, &mut on_hit),
            WIDE => self.batch::<WIDE>(serials, &mut on_hit),
            _ => self.batch::<0>(serials, &mut on_hit),
        }
    }

    fn batch<const SERIAL: usize>(&self, serials: Packed<'_>, on_hit: &mut impl FnMut(usize, Hit)) {
        let (width, octets, segment) = (serials.width(), serials.octets(), &self.bytes);
        match &self.form {
            Form::Narrow(head) => Narrow::new(segment, head).batch::<SERIAL>(width, octets, on_hit),
            Form::Wide(head) => Wide::new(segment, head).batch::<SERIAL>(width, octets, on_hit),
            Form::Dense(head) => Dense::new(segment, head).batch::<SERIAL>(width, octets, on_hit),
            Form::Directory(directory) => {
                for (position, serial) in serials.iter().enumerate() {
                    if let Some(hit) = directory.find(segment, serial) {
                        on_hit(position, hit);
                    }
                }
            }
        }
    }

    /// How many serials it holds.
    pub fn len(&self) -> usize {
        length(self.count)
    }

    /// Whether it holds none.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// How long it is, serialised as in memory.
    pub fn octets(&self) -> usize {
        self.bytes.len()
    }
}

fn kind_and_width(bytes: &[u8]) -> (u8, usize) {
    (bytes[KIND_AT], bytes[WIDTH_AT].into())
}

fn unknown_kind(bytes: &[u8]) -> SegmentError {
    SegmentError::Kind {
        kind: bytes[KIND_AT],
        width: bytes[WIDTH_AT],
    }
}

fn check_length(bytes: &[u8], expected: u64) -> Result<(), SegmentError> {
    let found = bytes.len();
    if u64::try_from(found) == Ok(expected) {
        Ok(())
    } else {
        Err(SegmentError::Length { expected, found })
    }
}

/// How many serials, and none of them.
impl std::fmt::Debug for Segment {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Segment({} serials)", self.count)
    }
}

#[cfg(test)]
#[path = "segment_tests.rs"]
pub(crate) mod tests;
