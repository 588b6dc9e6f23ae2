//! Positions of substitute characters.

use super::{FourInformationError, PersonalField};

/// Reads one digit a character, 1 where the character is a substitute, and gives the positions of
/// those, counted from zero.
pub(super) fn positions(
    digits: &str,
    text: &str,
    field: PersonalField,
) -> Result<Vec<usize>, FourInformationError> {
    if !digits.bytes().all(|digit| matches!(digit, b'0' | b'1')) {
        return Err(FourInformationError::SubstitutionDigit { field });
    }
    // How many there are is not said in the error: the length of a name is part of it.
    if digits.len() != text.chars().count() {
        return Err(FourInformationError::SubstitutionLength { field });
    }
    let substituted = digits
        .bytes()
        .enumerate()
        .filter(|(_, digit)| *digit == b'1');
    Ok(substituted.map(|(position, _)| position).collect())
}
