//! Text of strangers, made fit to be shown.
//!
//! A name in a certificate is whatever its writer wanted. Shown on a terminal as it is, it could move
//! the cursor, end the line and begin a false one, or turn the direction of writing. So everything
//! that is not plainly visible is escaped.

use std::fmt;

/// Whether a character shows as itself: no control, format or private character, no space but the
/// two in use, and no mark that joins the character before it.
fn is_visible(character: char) -> bool {
    match character {
        // The space between the parts of a Japanese name.
        '\u{3000}' | '\\' | '"' | '\'' => true,
        // The standard library escapes exactly what is not printable or extends a grapheme.
        other => other.escape_debug().len() == 1,
    }
}

/// Text without a character that a terminal, or a reader's eye, takes for something else: those are
/// written `\u{202e}`, and a backslash as two.
#[derive(Clone, PartialEq, Eq)]
pub struct EscapedText(Box<str>);

impl EscapedText {
    /// Escapes text.
    pub fn new(text: &str) -> Self {
        let mut escaped = String::with_capacity(text.len());
        for character in text.chars() {
            match character {
                '\\' => escaped.push_str("\\\\"),
                visible if is_visible(visible) => escaped.push(visible),
                hidden => escaped.extend(hidden.escape_unicode()),
            }
        }
        Self(escaped.into())
    }

    /// The escaped text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for EscapedText {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// It may be somebody's name.
impl fmt::Debug for EscapedText {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("EscapedText(redacted)")
    }
}

/// Appends an attribute's value as RFC 4514 section 2.4 writes it: what has a meaning there behind a
/// backslash, and the octets of what is not visible as pairs of hexadecimal digits.
pub(crate) fn append_attribute_value(target: &mut String, value: &str) {
    let last = value.chars().count().saturating_sub(1);
    for (index, character) in value.chars().enumerate() {
        match character {
            '"' | '+' | ',' | ';' | '<' | '>' | '\\' => target.extend(['\\', character]),
            '#' if index == 0 => target.push_str("\\#"),
            ' ' if index == 0 || index == last => target.push_str("\\ "),
            visible if is_visible(visible) => target.push(visible),
            hidden => {
                for octet in hidden.encode_utf8(&mut [0; 4]).bytes() {
                    target.push('\\');
                    append_hexadecimal(target, &[octet]);
                }
            }
        }
    }
}

/// Appends octets as lower-case hexadecimal digits.
pub(crate) fn append_hexadecimal(target: &mut String, octets: &[u8]) {
    for octet in octets {
        for digit in [octet >> 4, octet & 0xf] {
            target.extend(char::from_digit(digit.into(), 16));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{EscapedText, append_attribute_value};

    #[test]
    fn what_moves_a_terminal_or_the_eye_is_escaped() {
        let escaped = |text| EscapedText::new(text).to_string();
        assert_eq!(escaped("\u{1b}[2J\r\n"), r"\u{1b}[2J\u{d}\u{a}");
        assert_eq!(escaped("a\u{202e}b\u{2066}"), r"a\u{202e}b\u{2066}");
        assert_eq!(escaped("a\u{9b}31m"), r"a\u{9b}31m");
        assert_eq!(escaped("\u{e000}\u{301}"), r"\u{e000}\u{301}");
        // Otherwise it could be written by hand and taken for an escape.
        assert_eq!(escaped(r"\u{1b}"), r"\\u{1b}");
    }

    #[test]
    fn what_is_visible_is_left_alone() {
        for text in ["City CRLDP", "黒桐　幹也", "é 'x' \"y\"", "１２－７"] {
            assert_eq!(EscapedText::new(text).to_string(), text);
        }
    }

    #[test]
    fn a_value_is_written_as_rfc_4514_says() {
        let written = |value| {
            let mut text = String::new();
            append_attribute_value(&mut text, value);
            text
        };
        // The examples of RFC 4514 section 4.
        assert_eq!(
            written("James \"Jim\" Smith, III"),
            r#"James \"Jim\" Smith\, III"#
        );
        assert_eq!(written("Before\rAfter"), r"Before\0dAfter");
        assert_eq!(written("Lučić"), "Lučić");
        assert_eq!(written("#a+b;c<d>e\\"), r"\#a\+b\;c\<d\>e\\");
        assert_eq!(written(" a b "), r"\ a b\ ");
        assert_eq!(written("a\u{202e}b"), r"a\e2\80\aeb");
        assert_eq!(written(" "), r"\ ");
        assert_eq!(written(""), "");
    }

    #[test]
    fn debug_tells_nothing() {
        let debug = format!("{:?}", EscapedText::new("黒桐"));
        assert_eq!(debug, "EscapedText(redacted)");
    }
}
