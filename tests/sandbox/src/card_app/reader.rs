//! The registered reader's word for the four information.

use super::challenge::length_prefixed;
use crate::card::FourInformation;
use crate::mint::sha256;

/// What a reader signs: the four information, bound to this challenge and this certificate. The card's
/// own integrity record stays in the reader: it contains an unsalted hash of the individual number.
pub fn reader_message(four: &FourInformation, challenge: &[u8; 32], certificate: &[u8]) -> Vec<u8> {
    let mut message = b"akashi-reader-v1".to_vec();
    for item in [&four.name, &four.address, &four.birthdate, &four.gender] {
        message.extend(length_prefixed(item));
    }
    message.extend(challenge);
    message.extend(sha256(certificate));
    message
}
