//! How a value might be spelt in a place where it must not be found, and the search for many of them at once.

use std::collections::HashMap;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD};

/// Shorter ones would be found by chance.
const SHORTEST: usize = 4;

/// Every spelling with its name.
pub fn spellings(value: &[u8]) -> Vec<(String, Vec<u8>)> {
    let each = |write: &dyn Fn(u8) -> String, separator: &str| {
        let written: Vec<String> = value.iter().map(|octet| write(*octet)).collect();
        written.join(separator).into_bytes()
    };
    let hexadecimal = |octet: u8| format!("{octet:02x}");
    let mut spellings: Vec<(String, Vec<u8>)> = vec![
        ("as it is".to_owned(), value.to_vec()),
        ("hexadecimal".to_owned(), each(&hexadecimal, "")),
        (
            "HEXADECIMAL".to_owned(),
            each(&|octet: u8| format!("{octet:02X}"), ""),
        ),
        (
            "hexadecimal with colons".to_owned(),
            each(&hexadecimal, ":"),
        ),
        (
            "a list of octets".to_owned(),
            each(&|octet: u8| octet.to_string(), ", "),
        ),
        (
            "percent-encoded".to_owned(),
            each(&|octet: u8| format!("%{octet:02X}"), ""),
        ),
    ];
    if let Ok(text) = std::str::from_utf8(value)
        && !text.is_ascii()
    {
        let escaped: Vec<String> = text
            .encode_utf16()
            .map(|unit| format!("\\u{unit:04x}"))
            .collect();
        spellings.push((
            "escaped as in JSON".to_owned(),
            escaped.concat().into_bytes(),
        ));
    }
    spellings.extend(base64_spellings(value));
    spellings.retain(|(_, octets)| octets.len() >= SHORTEST);
    spellings
}

/// base64 at each of the three places where a value may begin in a longer text.
fn base64_spellings(value: &[u8]) -> Vec<(String, Vec<u8>)> {
    let mut spellings = vec![("base64".to_owned(), STANDARD.encode(value).into_bytes())];
    for skipped in 0..3 {
        let inner = value.get(skipped..).unwrap_or_default();
        let inner = &inner[..inner.len() / 3 * 3];
        // 6 octets at least, or chance finds them.
        if inner.len() < 6 {
            continue;
        }
        for (name, encoded) in [
            ("base64", STANDARD_NO_PAD.encode(inner)),
            ("base64 for URLs", URL_SAFE_NO_PAD.encode(inner)),
        ] {
            spellings.push((format!("{name} from octet {skipped}"), encoded.into_bytes()));
        }
    }
    spellings
}

/// Texts that are searched for in one pass, however many they are.
#[derive(Debug)]
pub struct Search {
    needles: Vec<Vec<u8>>,
    by_start: HashMap<[u8; SHORTEST], Vec<usize>>,
    /// Whether a needle begins with these two octets: most places are passed over by a glance.
    begins: Vec<bool>,
}

impl Search {
    /// For these; those of less than four octets are not searched for.
    pub fn of(needles: Vec<Vec<u8>>) -> Self {
        let mut by_start: HashMap<[u8; SHORTEST], Vec<usize>> = HashMap::new();
        let mut begins = vec![false; 1 << 16];
        for (number, needle) in needles.iter().enumerate() {
            if let Some(start) = needle.first_chunk::<SHORTEST>() {
                by_start.entry(*start).or_default().push(number);
                begins[glance(*start)] = true;
            }
        }
        Self {
            needles,
            by_start,
            begins,
        }
    }

    /// The numbers of those that stand in `hay`, in order.
    pub fn found_in(&self, hay: &[u8]) -> Vec<usize> {
        let mut found = vec![false; self.needles.len()];
        for at in 0..hay.len() {
            let rest = &hay[at..];
            let Some(start) = rest.first_chunk::<SHORTEST>() else {
                break;
            };
            if !self.begins[glance(*start)] {
                continue;
            }
            for number in self.by_start.get(start).into_iter().flatten() {
                found[*number] |= rest.starts_with(&self.needles[*number]);
            }
        }
        (0..found.len()).filter(|number| found[*number]).collect()
    }
}

fn glance(start: [u8; SHORTEST]) -> usize {
    usize::from(start[0]) << 8 | usize::from(start[1])
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLANTED: &str = "海野　花子 AKASHI2026 canary";

    fn is_found_in(hay: &[u8]) -> bool {
        let needles = spellings(PLANTED.as_bytes()).into_iter();
        let search = Search::of(needles.map(|(_, octets)| octets).collect());
        !search.found_in(hay).is_empty()
    }

    #[test]
    fn the_search_finds_what_is_planted_in_every_spelling() {
        for (spelling, octets) in spellings(PLANTED.as_bytes()) {
            for around in [&b""[..], b" ", b"\xff\0"] {
                let mut hay = vec![b'.'; 5_000];
                hay.splice(2_500..2_500, [around, &octets, around].concat());
                assert!(is_found_in(&hay), "{spelling}");
            }
        }
        assert!(!is_found_in(&[b'.'; 5_000]));
        assert!(!is_found_in(b""));
    }

    #[test]
    fn the_search_finds_what_is_planted_in_the_middle_of_something_longer() {
        // base64 depends on what stands before.
        for before in 0..6 {
            let text = [&b"abcdef"[..before], PLANTED.as_bytes(), b"xyz"].concat();
            for encoded in [STANDARD.encode(&text), URL_SAFE_NO_PAD.encode(&text)] {
                assert!(is_found_in(encoded.as_bytes()), "{before} before");
            }
        }
    }

    #[test]
    fn the_search_tells_which_of_several_it_found() {
        let needles = ["first", "firsts", "second", "abc"].map(|text| text.as_bytes().to_vec());
        let search = Search::of(needles.to_vec());
        assert_eq!(search.found_in(b"the firsts, abc"), [0, 1]);
        assert_eq!(search.found_in(b"second"), [2]);
    }
}
