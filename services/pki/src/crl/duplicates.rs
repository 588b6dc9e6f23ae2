//! Two entries about one certificate contradict each other, or would have to be merged by a rule
//! nobody wrote down.

use crate::SerialNumber;
use crate::crl::{CrlEntry, CrlError, RevokedEntry};

/// Refuses a list that has a serial twice.
pub(super) fn check_serials(entries: &[RevokedEntry]) -> Result<(), CrlError> {
    // Issuers sort their lists, mostly; then nothing is copied.
    if entries.is_sorted_by(|a, b| a.serial < b.serial) {
        return Ok(());
    }
    let mut serials: Vec<&SerialNumber> = entries.iter().map(|entry| &entry.serial).collect();
    serials.sort_unstable();
    refuse_repeated(&serials)
}

/// Refuses a list that has a serial twice for one issuer; the list's own may be named or not.
pub(super) fn check_entries(entries: &[CrlEntry<'_>], crl_issuer: &[u8]) -> Result<(), CrlError> {
    let mut serials: Vec<_> = entries
        .iter()
        .map(|entry| (entry.issuer(crl_issuer), entry.serial))
        .collect();
    serials.sort_unstable();
    refuse_repeated(&serials)
}

fn refuse_repeated<T: PartialEq>(sorted: &[T]) -> Result<(), CrlError> {
    let repeated = sorted.windows(2).filter(|pair| pair[0] == pair[1]).count();
    match u64::try_from(repeated).unwrap_or(u64::MAX) {
        0 => Ok(()),
        count => Err(CrlError::DuplicateSerials { count }),
    }
}
