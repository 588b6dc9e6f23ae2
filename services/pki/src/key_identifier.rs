//! Key identifiers, by which a certificate or a list names the key that signed it.

use std::fmt;

/// Identifiers are 20 octets in practice (RFC 5280 section 4.2.1.2); longer hashes are allowed,
/// and 64 octets is the longest hash anybody uses.
const MAX_OCTETS: usize = 64;

/// The value of a subject or authority key identifier, 1 to 64 octets.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyIdentifier(Box<[u8]>);

/// Why octets are not a key identifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a key identifier has 1 to 64 octets, not {octets}")]
pub struct KeyIdentifierError {
    /// How many there were.
    pub octets: usize,
}

impl KeyIdentifier {
    /// Takes the octets as they stand in the extension.
    pub fn new(octets: &[u8]) -> Result<Self, KeyIdentifierError> {
        if octets.is_empty() || octets.len() > MAX_OCTETS {
            return Err(KeyIdentifierError {
                octets: octets.len(),
            });
        }
        Ok(Self(octets.into()))
    }

    /// The octets.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Display for KeyIdentifier {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0
            .iter()
            .try_for_each(|octet| write!(formatter, "{octet:02x}"))
    }
}

impl fmt::Debug for KeyIdentifier {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "KeyIdentifier({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::{KeyIdentifier, KeyIdentifierError};

    #[test]
    fn a_key_identifier_is_shown_as_lowercase_hex() {
        assert_eq!(
            KeyIdentifier::new(&[0xAB, 0x01]).unwrap().to_string(),
            "ab01"
        );
    }

    #[test]
    fn a_key_identifier_has_one_to_sixty_four_octets() {
        assert_eq!(
            KeyIdentifier::new(&[]).unwrap_err(),
            KeyIdentifierError { octets: 0 }
        );
        assert!(KeyIdentifier::new(&[0; 1]).is_ok());
        assert!(KeyIdentifier::new(&[0; 64]).is_ok());
        assert_eq!(
            KeyIdentifier::new(&[0; 65]).unwrap_err(),
            KeyIdentifierError { octets: 65 }
        );
    }
}
