//! Where an element begins and ends, seen from its first octets.

use crate::DerError;
use crate::der::length;

/// Tag and length of an element that may not have arrived yet.
#[derive(Clone, Copy, Debug)]
pub(super) struct Piece {
    pub(super) tag: u8,
    /// Octets of the tag and the length.
    pub(super) header: usize,
    /// Octets of the contents.
    pub(super) length: u64,
    /// Whether the walker goes into it, so that only tag and length are waited for.
    pub(super) is_entered: bool,
}

impl Piece {
    /// Octets of the element.
    pub(super) fn total(&self) -> u64 {
        self.length + u64::try_from(self.header).unwrap_or(u64::MAX)
    }

    /// Octets to wait for.
    pub(super) fn awaited(&self) -> usize {
        if self.is_entered {
            self.header
        } else {
            // An element that is not entered is within the limits on what is kept.
            usize::try_from(self.total()).unwrap_or(usize::MAX)
        }
    }
}

/// Reads a tag and a length, by the rules of the reader in memory. None if they are not there yet.
pub(super) fn piece(octets: &[u8], expected: Option<u8>) -> Result<Option<Piece>, DerError> {
    let Some((tag, rest)) = octets.split_first() else {
        return Ok(None);
    };
    match expected {
        Some(expected) if *tag != expected => {
            let found = *tag;
            return Err(DerError::UnexpectedTag { expected, found });
        }
        _ if tag & 0x1f == 0x1f => return Err(DerError::LongTag),
        _ => {}
    }
    match length(rest) {
        Ok((length, octets)) => Ok(Some(Piece {
            tag: *tag,
            header: octets + 1,
            length: u64::try_from(length).unwrap_or(u64::MAX),
            is_entered: false,
        })),
        Err(DerError::Truncated) => Ok(None),
        Err(error) => Err(error),
    }
}
