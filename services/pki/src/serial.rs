//! Certificate serial numbers, in the one form in which they may be compared.

use std::fmt;
use std::num::NonZeroU64;

/// At most 20 octets (RFC 5280 section 4.1.2.2).
const MAX_OCTETS: usize = 20;

/// A positive serial number of at most 20 octets, kept as unsigned big-endian octets without a
/// leading zero, so that equal numbers are equal bytes.
///
/// The serial of a JPKI certificate is an identifier of a person restricted by law; its `Debug`
/// form is redacted, so that it cannot slip into a log.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct SerialNumber {
    // Inline, because a revocation list holds millions: no allocation per entry.
    octets: [u8; MAX_OCTETS],
    length: u8,
}

/// Why octets are not a serial number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SerialError {
    /// Zero is not positive (RFC 5280 section 4.1.2.2).
    #[error("the serial number is zero; RFC 5280 section 4.1.2.2 wants a positive one")]
    Zero,
    /// The sign bit is set in the DER form.
    #[error("the serial number is negative; RFC 5280 section 4.1.2.2 wants a positive one")]
    Negative,
    /// Longer than 20 octets.
    #[error("the serial number has {octets} octets; RFC 5280 section 4.1.2.2 allows 20")]
    TooLong {
        /// Its length without leading zeros.
        octets: usize,
    },
}

impl SerialNumber {
    /// Reads unsigned big-endian octets; leading zeros are dropped.
    #[inline]
    pub fn from_unsigned_be(octets: &[u8]) -> Result<Self, SerialError> {
        match octets {
            [1..=0xff, ..] => Self::from_minimal(octets),
            _ => Self::from_padded(octets),
        }
    }

    fn from_padded(octets: &[u8]) -> Result<Self, SerialError> {
        let start = octets
            .iter()
            .position(|octet| *octet != 0)
            .ok_or(SerialError::Zero)?;
        Self::from_minimal(&octets[start..])
    }

    #[inline]
    fn from_minimal(minimal: &[u8]) -> Result<Self, SerialError> {
        let (mut inline, octets) = ([0; MAX_OCTETS], minimal.len());
        let length = match u8::try_from(octets) {
            Ok(length) if octets <= MAX_OCTETS => length,
            _ => return Err(SerialError::TooLong { octets }),
        };
        copy_short(&mut inline[..octets], minimal);
        Ok(Self {
            octets: inline,
            length,
        })
    }

    /// The serial number that this is.
    #[inline]
    pub fn from_short(number: NonZeroU64) -> Self {
        let zeros = number.leading_zeros() / 8;
        let mut octets = [0; MAX_OCTETS];
        octets[..8].copy_from_slice(&(number.get() << (8 * zeros)).to_be_bytes());
        Self {
            octets,
            length: 8_u8.saturating_sub(u8::try_from(zeros).unwrap_or(0)),
        }
    }

    /// Reads the contents of a DER INTEGER, already known to be minimal.
    #[inline]
    pub(crate) fn from_der_integer(contents: &[u8]) -> Result<Self, SerialError> {
        if contents.first().is_some_and(|first| first & 0x80 != 0) {
            return Err(SerialError::Negative);
        }
        Self::from_unsigned_be(contents)
    }

    /// The unsigned big-endian octets without a leading zero, 1 to 20 of them.
    pub fn as_bytes(&self) -> &[u8] {
        &self.octets[..usize::from(self.length)]
    }
}

/// Copies up to 20 octets between slices of one length, some of them twice: for so few of any number, a call of the
/// general routine takes longer.
#[inline]
fn copy_short(to: &mut [u8], from: &[u8]) {
    fn ends<const OCTETS: usize>(to: &mut [u8], from: &[u8]) -> Option<()> {
        *to.first_chunk_mut::<OCTETS>()? = *from.first_chunk()?;
        *to.last_chunk_mut::<OCTETS>()? = *from.last_chunk()?;
        Some(())
    }
    let copied = match from.len() {
        17.. => return to.copy_from_slice(from),
        8.. => ends::<8>(to, from),
        4.. => ends::<4>(to, from),
        2.. => ends::<2>(to, from),
        _ => ends::<1>(to, from),
    };
    debug_assert!(copied.is_some(), "at least one octet");
}

/// Numeric order: with leading zeros gone, the longer number is the greater.
impl Ord for SerialNumber {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.length
            .cmp(&other.length)
            .then_with(|| self.octets.cmp(&other.octets))
    }
}

impl PartialOrd for SerialNumber {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Debug for SerialNumber {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("SerialNumber(redacted)")
    }
}

#[cfg(test)]
mod tests {
    use super::{SerialError, SerialNumber};

    #[test]
    fn leading_zeros_do_not_make_another_serial() {
        let plain = SerialNumber::from_unsigned_be(&[0x80, 1]).unwrap();
        assert_eq!(
            SerialNumber::from_unsigned_be(&[0, 0, 0x80, 1]).unwrap(),
            plain
        );
        assert_eq!(
            SerialNumber::from_der_integer(&[0, 0x80, 1]).unwrap(),
            plain
        );
        assert_eq!(plain.as_bytes(), [0x80, 1]);
    }

    #[test]
    fn zero_is_not_a_serial_and_one_is() {
        assert_eq!(
            SerialNumber::from_unsigned_be(&[0, 0]).unwrap_err(),
            SerialError::Zero
        );
        assert_eq!(
            SerialNumber::from_unsigned_be(&[]).unwrap_err(),
            SerialError::Zero
        );
        assert_eq!(
            SerialNumber::from_unsigned_be(&[0, 1]).unwrap().as_bytes(),
            [1]
        );
    }

    #[test]
    fn a_negative_integer_is_not_a_serial() {
        assert_eq!(
            SerialNumber::from_der_integer(&[0x80]).unwrap_err(),
            SerialError::Negative
        );
    }

    #[test]
    fn twenty_octets_are_a_serial_and_twenty_one_are_not() {
        assert!(SerialNumber::from_unsigned_be(&[0xff; 20]).is_ok());
        assert_eq!(
            SerialNumber::from_unsigned_be(&[0xff; 21]).unwrap_err(),
            SerialError::TooLong { octets: 21 }
        );
    }

    #[test]
    fn a_number_of_any_length_up_to_eight_octets_is_the_serial_of_its_octets() {
        for bits in 0..64 {
            for number in [1_u64 << bits, u64::MAX >> bits, 0x81 << bits | 1] {
                let short = SerialNumber::from_short(number.try_into().unwrap());
                let expected = SerialNumber::from_unsigned_be(&number.to_be_bytes());
                assert_eq!(short, expected.unwrap());
                let octets = number.to_be_bytes();
                let zeros = octets.iter().take_while(|octet| **octet == 0).count();
                assert_eq!(short.as_bytes(), &octets[zeros..]);
            }
        }
    }

    #[test]
    fn order_is_numeric() {
        let small = SerialNumber::from_unsigned_be(&[0xff]).unwrap();
        let large = SerialNumber::from_unsigned_be(&[1, 0]).unwrap();
        assert!(small < large);
    }

    #[test]
    fn debug_tells_nothing() {
        let serial = SerialNumber::from_unsigned_be(&[0x12, 0x34]).unwrap();
        assert_eq!(format!("{serial:?}"), "SerialNumber(redacted)");
    }
}
