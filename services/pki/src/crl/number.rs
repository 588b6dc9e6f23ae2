//! CRL numbers.

use num_bigint::BigUint;

/// A CRL number is at most 20 octets (RFC 5280 section 5.2.3).
const MAX_OCTETS: usize = 20;

/// A CRL number: non-negative, at most 20 octets, ordered numerically (RFC 5280 section 5.2.3).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CrlNumber(Vec<u8>);

impl CrlNumber {
    /// Reads unsigned big-endian octets; leading zeros are dropped. None if more than 20 remain,
    /// or if there were none to begin with.
    pub fn from_unsigned_be(octets: &[u8]) -> Option<Self> {
        minimal(octets).map(|octets| Self(octets.to_vec()))
    }

    /// Reads decimal digits, and nothing else.
    pub fn from_decimal(digits: &str) -> Option<Self> {
        // Two to the 160th has 49 digits.
        if digits.is_empty() || digits.len() > 49 || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        let number = BigUint::parse_bytes(digits.as_bytes(), 10)?;
        Self::from_unsigned_be(&number.to_bytes_be())
    }

    /// The number in decimal.
    pub fn to_decimal(&self) -> String {
        decimal(&self.0)
    }

    /// Unsigned big-endian octets in decimal; empty where they are no number.
    pub fn decimal_of(octets: &[u8]) -> String {
        minimal(octets).map_or_else(String::new, decimal)
    }

    /// The unsigned big-endian octets without leading zeros; one zero octet for zero.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

/// The octets without leading zeros; one zero octet for zero. None where they are no number.
fn minimal(octets: &[u8]) -> Option<&[u8]> {
    let last = octets.len().checked_sub(1)?;
    let start = octets.iter().position(|octet| *octet != 0).unwrap_or(last);
    let minimal = &octets[start..];
    (minimal.len() <= MAX_OCTETS).then_some(minimal)
}

fn decimal(octets: &[u8]) -> String {
    // Every answer about a certificate names its list: numbers that a word holds, and those of JPKI are, take a tenth.
    if octets.len() <= size_of::<u64>() {
        let number = octets
            .iter()
            .fold(0, |number, octet| number << 8 | u64::from(*octet));
        return number.to_string();
    }
    BigUint::from_bytes_be(octets).to_string()
}

/// Numeric order: with leading zeros gone, the longer number is the greater.
impl Ord for CrlNumber {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0
            .len()
            .cmp(&other.0.len())
            .then_with(|| self.0.cmp(&other.0))
    }
}

impl PartialOrd for CrlNumber {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl std::fmt::Display for CrlNumber {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.to_decimal())
    }
}

#[cfg(test)]
mod tests {
    use super::CrlNumber;

    #[test]
    fn order_is_numeric_not_by_bytes() {
        let number = |digits| CrlNumber::from_decimal(digits).unwrap();
        assert!(number("9") < number("10"));
        assert!(number("255") < number("256"));
        assert!(number("0") < number("1"));
        assert_eq!(number("007"), number("7"));
    }

    #[test]
    fn decimal_and_octets_are_the_same_number() {
        for digits in [
            "0",
            "1",
            "255",
            "256",
            "65536",
            "18446744073709551615",
            "18446744073709551616",
            "1461501637330902918203684832716283019655932542975",
        ] {
            let number = CrlNumber::from_decimal(digits).unwrap();
            assert_eq!(number.to_decimal(), digits);
            assert_eq!(
                CrlNumber::from_unsigned_be(number.as_bytes()).unwrap(),
                number
            );
        }
        assert_eq!(CrlNumber::from_decimal("0").unwrap().as_bytes(), [0]);
        assert_eq!(
            CrlNumber::from_unsigned_be(&[0, 0]).unwrap().as_bytes(),
            [0]
        );
    }

    #[test]
    fn twenty_octets_are_a_number_and_twenty_one_are_not() {
        assert!(CrlNumber::from_unsigned_be(&[0xff; 20]).is_some());
        assert!(CrlNumber::from_unsigned_be(&[0xff; 21]).is_none());
        assert!(CrlNumber::from_unsigned_be(&[]).is_none());
        let two_to_the_160th = "1461501637330902918203684832716283019655932542976";
        assert!(CrlNumber::from_decimal(two_to_the_160th).is_none());
    }

    #[test]
    fn only_digits_are_a_decimal_number() {
        for text in ["", "-1", "+1", " 1", "1_000", "0x1"] {
            assert!(CrlNumber::from_decimal(text).is_none(), "{text}");
        }
    }
}
