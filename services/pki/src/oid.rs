//! Object identifiers that come from outside: of certificates, lists and command lines.

use std::fmt;

/// An object identifier, as its DER contents octets.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Oid(Box<[u8]>);

/// The text is not an object identifier in dotted decimals.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "an object identifier is at least two decimal numbers with dots between them, such as 2.5.29.32.0"
)]
pub struct OidError;

impl Oid {
    /// Takes contents octets that were checked when they were read.
    pub(crate) fn new(contents: &[u8]) -> Self {
        Self(contents.into())
    }

    /// `anyPolicy`, 2.5.29.32.0 (RFC 5280 section 4.2.1.4).
    pub fn any_policy() -> Self {
        Self::new(&[0x55, 0x1d, 0x20, 0x00])
    }

    /// Reads the dotted form (X.660 section A.5: the first arc is at most 2, the second at most 39
    /// below arcs 0 and 1).
    pub fn from_dotted(text: &str) -> Result<Self, OidError> {
        let arcs = text
            .split('.')
            .map(|arc| {
                let canonical = !arc.is_empty()
                    && arc.bytes().all(|digit| digit.is_ascii_digit())
                    && (arc == "0" || !arc.starts_with('0'));
                canonical.then(|| arc.parse::<u128>().ok()).flatten()
            })
            .collect::<Option<Vec<_>>>()
            .ok_or(OidError)?;
        let [first, second, rest @ ..] = arcs.as_slice() else {
            return Err(OidError);
        };
        if *first > 2 || (*first < 2 && *second > 39) {
            return Err(OidError);
        }
        let top = (first * 40).checked_add(*second).ok_or(OidError)?;
        let mut contents = Vec::new();
        for arc in std::iter::once(&top).chain(rest) {
            append_arc(&mut contents, *arc);
        }
        Ok(Self(contents.into()))
    }

    /// The contents octets of the DER encoding.
    pub fn der_contents(&self) -> &[u8] {
        &self.0
    }
}

/// Seven bits an octet, the top bit set on all but the last (X.690 section 8.19.2).
fn append_arc(contents: &mut Vec<u8>, arc: u128) {
    let groups = (128 - arc.leading_zeros()).div_ceil(7).max(1);
    for group in (0..groups).rev() {
        // Masked to seven bits.
        let bits = u8::try_from(arc >> (7 * group) & 0x7f).unwrap_or(0);
        contents.push(if group == 0 { bits } else { bits | 0x80 });
    }
}

impl fmt::Display for Oid {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        crate::profile::write_dotted(formatter, &self.0)
    }
}

impl fmt::Debug for Oid {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Oid({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::{Oid, OidError};

    #[test]
    fn the_dotted_form_goes_there_and_back() {
        for dotted in [
            "2.5.29.32.0",
            "0.0",
            "1.39.1",
            "1.2.392.200149.8.5.1.3.30",
            "2.16.840.1.101.3.2.1.48.1",
            "2.999.18446744073709551616",
        ] {
            assert_eq!(Oid::from_dotted(dotted).unwrap().to_string(), dotted);
        }
        assert_eq!(Oid::from_dotted("2.5.29.32.0"), Ok(Oid::any_policy()));
    }

    #[test]
    fn what_is_not_an_object_identifier_is_refused() {
        for text in [
            "",
            "1",
            "1.",
            ".1",
            "1..2",
            "3.1",
            "0.40",
            "1.40",
            "1.02",
            "1.-2",
            "1.2a",
            " 1.2",
            "2.340282366920938463463374607431768211456",
        ] {
            assert_eq!(Oid::from_dotted(text), Err(OidError), "{text}");
        }
    }
}
