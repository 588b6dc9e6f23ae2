//! String preparation for comparing names: the six steps of RFC 4518 section 2, for the rules that
//! ignore case, which RFC 5280 section 7.1 prescribes for every attribute of a name.

use stringprep::tables::{
    case_fold_for_nfkc, change_display_properties_or_deprecated, non_character_code_point,
    private_use, unassigned_code_point,
};
use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

/// Appends the prepared form of ASCII text: as [`append`], of which nothing but the mapping and the
/// spaces concern ASCII.
pub(super) fn append_ascii(text: &[u8], target: &mut Vec<u8>) {
    let start = target.len();
    if is_spaced_plainly(text) {
        target.extend_from_slice(text);
        target[start..].make_ascii_lowercase();
        return;
    }
    let mut space = false;
    for octet in text {
        match octet {
            b'\t'..=b'\r' | b' ' => space = true,
            0..b' ' | 0x7f => {}
            _ => {
                if space && target.len() > start {
                    target.push(b' ');
                }
                space = false;
                target.push(octet.to_ascii_lowercase());
            }
        }
    }
}

/// Whether ASCII text has no controls, and single spaces between words only: nearly every name, which
/// is then copied whole instead of octet by octet.
fn is_spaced_plainly(text: &[u8]) -> bool {
    text.iter().all(|octet| matches!(octet, b' '..=b'~'))
        && text.first() != Some(&b' ')
        && text.last() != Some(&b' ')
        && !text.windows(2).any(|pair| pair == b"  ")
}

/// Appends the prepared form of text, two of which are equal exactly when RFC 4518 says that the
/// texts match. None, with anything appended, if the text has a prohibited character: then no
/// match is ever true.
///
/// Step 1, transcoding, is the caller's; step 5 ignores the direction of writing.
pub(super) fn append(text: &str, target: &mut Vec<u8>) -> Option<()> {
    // Step 2, section 2.2, and step 3, section 2.3. Normalising with tables newer than those of
    // RFC 3454 could turn a character that was unassigned then into assigned ones, so those are
    // refused before it.
    if text.chars().any(unassigned_code_point) {
        return None;
    }
    let mapped = text.chars().filter_map(map).flat_map(case_fold_for_nfkc);
    let normalized: Vec<char> = mapped.nfkc().collect();
    // Step 4, section 2.4.
    if normalized.iter().copied().any(is_prohibited) {
        return None;
    }
    append_without_insignificant_spaces(&normalized, target);
    Some(())
}

/// RFC 4518 section 2.2, before case is folded: controls and formatting to nothing, everything that
/// separates to a space.
fn map(character: char) -> Option<char> {
    match character {
        '\t'..='\r'
        | '\u{85}'
        | '\u{a0}'
        | '\u{1680}'
        | '\u{2000}'..='\u{200a}'
        | '\u{2028}'..='\u{2029}'
        | '\u{202f}'
        | '\u{205f}'
        | '\u{3000}' => Some(' '),
        '\0'..='\u{8}'
        | '\u{e}'..='\u{1f}'
        | '\u{7f}'..='\u{84}'
        | '\u{86}'..='\u{9f}'
        | '\u{ad}'
        | '\u{34f}'
        | '\u{6dd}'
        | '\u{70f}'
        | '\u{1806}'
        | '\u{180b}'..='\u{180e}'
        | '\u{200b}'..='\u{200f}'
        | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{2063}'
        | '\u{206a}'..='\u{206f}'
        | '\u{fe00}'..='\u{fe0f}'
        | '\u{feff}'
        | '\u{fff9}'..='\u{fffc}'
        | '\u{1d173}'..='\u{1d17a}'
        | '\u{e0001}'
        | '\u{e0020}'..='\u{e007f}' => None,
        other => Some(other),
    }
}

/// RFC 4518 section 2.4. Surrogates are no `char`.
fn is_prohibited(character: char) -> bool {
    unassigned_code_point(character)
        || change_display_properties_or_deprecated(character)
        || private_use(character)
        || non_character_code_point(character)
        || character == '\u{fffd}'
}

/// Step 6, section 2.6.1: spaces at the ends and repeated ones carry no meaning. RFC 4518 writes
/// one space at each end and two between words; none and one tell exactly the same texts apart. A
/// space that carries a combining mark is not a space.
fn append_without_insignificant_spaces(text: &[char], target: &mut Vec<u8>) {
    let start = target.len();
    let mut space = false;
    for (index, character) in text.iter().enumerate() {
        let carries_mark = || text.get(index + 1).copied().is_some_and(is_combining_mark);
        if *character == ' ' && !carries_mark() {
            space = true;
            continue;
        }
        if space && target.len() > start {
            target.push(b' ');
        }
        space = false;
        target.extend(character.encode_utf8(&mut [0; 4]).as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{append, append_ascii};

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn ascii_text_is_prepared_as_any_other(text in "[ A-Za-z~]{0,8}|[\\x00-\\x7f]{0,12}") {
            let (mut quickly, mut wholly) = (b"before".to_vec(), b"before".to_vec());
            append_ascii(text.as_bytes(), &mut quickly);
            prop_assert!(append(&text, &mut wholly).is_some());
            prop_assert_eq!(quickly, wholly);
        }
    }
}
