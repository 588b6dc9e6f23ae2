//! Many serials in one slice.

use crate::serial::WIDE;

/// Serials of one width, unsigned and big-endian, packed end to end; shorter ones are filled up with zeros in front.
#[derive(Clone, Copy)]
pub struct Packed<'a> {
    width: usize,
    octets: &'a [u8],
}

/// Why octets are not packed serials.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PackedError {
    /// No octet a serial, or more than a serial may have (RFC 5280 section 4.1.2.2).
    #[error("serials of {width} octets; they have 1 to {WIDE}")]
    Width {
        /// Octets of each serial.
        width: usize,
    },
    /// The last serial is cut off.
    #[error("{octets} octets are no whole number of serials of {width} octets")]
    Length {
        /// Octets of each serial.
        width: usize,
        /// Octets in all.
        octets: usize,
    },
}

impl<'a> Packed<'a> {
    /// Serials of `width` octets each, 1 to 20.
    pub fn new(width: usize, octets: &'a [u8]) -> Result<Self, PackedError> {
        if !(1..=WIDE).contains(&width) {
            return Err(PackedError::Width { width });
        }
        if !octets.len().is_multiple_of(width) {
            let octets = octets.len();
            return Err(PackedError::Length { width, octets });
        }
        Ok(Self { width, octets })
    }

    /// Octets of each serial.
    pub fn width(&self) -> usize {
        self.width
    }

    /// How many serials.
    pub fn len(&self) -> usize {
        self.octets.len() / self.width
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.octets.is_empty()
    }

    /// Each serial.
    pub fn iter(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        self.octets.chunks_exact(self.width)
    }

    pub(crate) fn octets(&self) -> &'a [u8] {
        self.octets
    }
}

/// How many serials, and none of them.
impl std::fmt::Debug for Packed<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Packed({} serials)", self.len())
    }
}
