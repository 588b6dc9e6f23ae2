//! PEM armour around files.

use std::borrow::Cow;

/// The DER inside bytes that are either DER or exactly one PEM block with this label (RFC 7468).
/// None if they begin like PEM and are not that.
pub(crate) fn der_of<'a>(bytes: &'a [u8], label: &str) -> Option<Cow<'a, [u8]>> {
    // DER begins with a SEQUENCE, which no text does.
    if bytes.first() == Some(&crate::der::SEQUENCE) {
        return Some(Cow::Borrowed(bytes));
    }
    let (rest, block) = x509_parser::pem::parse_x509_pem(bytes).ok()?;
    let nothing_follows = rest.iter().all(u8::is_ascii_whitespace);
    (nothing_follows && block.label == label).then_some(Cow::Owned(block.contents))
}

#[cfg(test)]
mod tests {
    use super::der_of;

    const BLOCK: &str = "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n";

    #[test]
    fn der_and_one_block_of_pem_are_read() {
        assert_eq!(
            der_of(&[0x30, 0], "CERTIFICATE").unwrap(),
            [0x30, 0].as_slice()
        );
        assert_eq!(
            der_of(BLOCK.as_bytes(), "CERTIFICATE").unwrap(),
            [0x30, 0].as_slice()
        );
    }

    #[test]
    fn another_label_or_a_second_block_is_refused() {
        assert!(der_of(BLOCK.as_bytes(), "X509 CRL").is_none());
        assert!(der_of(BLOCK.repeat(2).as_bytes(), "CERTIFICATE").is_none());
        assert!(der_of(b"no certificate", "CERTIFICATE").is_none());
    }
}
