//! PEM text (RFC 7468): every block of a file, by its label.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// One block.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Block<'a> {
    pub(super) label: &'a str,
    pub(super) der: Vec<u8>,
}

/// Why PEM text is refused. Blocks are counted from 1.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum PemError {
    #[error("the BEGIN line of PEM block {block} is malformed")]
    Begin { block: usize },
    #[error("PEM block {block} does not end with an END line of the same label")]
    End { block: usize },
    #[error("PEM block {block} is not base64")]
    Base64 { block: usize },
}

const BEGIN: &[u8] = b"-----BEGIN ";
const END: &[u8] = b"-----END ";
const DASHES: &[u8] = b"-----";

/// Whether bytes hold PEM text, perhaps behind a preface.
pub(super) fn is_pem(bytes: &[u8]) -> bool {
    bytes.windows(BEGIN.len()).any(|window| window == BEGIN)
}

/// All blocks in their order. Text around the blocks is passed over, as RFC 7468 section 2 has it.
pub(super) fn blocks(bytes: &[u8]) -> Result<Vec<Block<'_>>, PemError> {
    let mut blocks = Vec::new();
    let mut lines = bytes.split(|octet| *octet == b'\n' || *octet == b'\r');
    while let Some(line) = lines.next() {
        let line = line.strip_prefix(BYTE_ORDER_MARK).unwrap_or(line);
        let Some(rest) = line.strip_prefix(BEGIN) else {
            continue;
        };
        let block = blocks.len() + 1;
        let label = rest
            .trim_ascii_end()
            .strip_suffix(DASHES)
            .and_then(|label| std::str::from_utf8(label).ok())
            .ok_or(PemError::Begin { block })?;
        let mut text = Vec::new();
        loop {
            let line = lines.next().ok_or(PemError::End { block })?;
            if let Some(rest) = line.strip_prefix(END) {
                let end = rest.trim_ascii_end().strip_suffix(DASHES);
                if end != Some(label.as_bytes()) {
                    return Err(PemError::End { block });
                }
                break;
            }
            text.extend_from_slice(line.trim_ascii());
        }
        let der = STANDARD
            .decode(&text)
            .map_err(|_| PemError::Base64 { block })?;
        blocks.push(Block { label, der });
    }
    Ok(blocks)
}

/// What some editors write before text in UTF-8.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

#[cfg(test)]
mod tests {
    use super::{PemError, blocks, is_pem};

    const ONE: &str = "-----BEGIN X-----\nMAA=\n-----END X-----\n";

    #[test]
    fn every_block_is_read_with_what_stands_around_it() {
        for newline in ["\n", "\r\n", "\r"] {
            let text = format!("\u{feff}{ONE}words\n{}\n", ONE.replace('X', "X509 CRL"));
            let text = text.replace('\n', newline);
            let found = blocks(text.as_bytes()).unwrap();
            let labels: Vec<_> = found.iter().map(|block| block.label).collect();
            assert_eq!(labels, ["X", "X509 CRL"]);
            assert!(found.iter().all(|block| block.der == [0x30, 0]));
        }
        assert!(is_pem(ONE.as_bytes()) && !is_pem(b"-----BEGIN"));
        assert_eq!(blocks(b"words"), Ok(Vec::new()));
    }

    #[test]
    fn a_damaged_block_is_named() {
        let refused = |from: &str, to: &str| {
            let damaged = format!("{ONE}{}", ONE.replace(from, to));
            blocks(damaged.as_bytes()).unwrap_err()
        };
        assert_eq!(
            refused("BEGIN X-----", "BEGIN X"),
            PemError::Begin { block: 2 }
        );
        assert_eq!(refused("END X", "END Y"), PemError::End { block: 2 });
        assert_eq!(refused("-----END X-----\n", ""), PemError::End { block: 2 });
        assert_eq!(refused("MAA=", "MA\u{e9}="), PemError::Base64 { block: 2 });
        assert_eq!(refused("MAA=", "MAA"), PemError::Base64 { block: 2 });
    }
}
