//! One certification path in one process: what the core needs for a row of NIST PKITS, from octets to verdict.

use std::time::Duration;

use anyhow::{Result, ensure};
use conformance::pkits::{Row, Suite, ask_row};
use pki::{CrossCheck, Verdict};

use crate::cpu;

/// Validations before the clock starts, as many as the peers' programs have that need no warm-up.
const WARM_UP: u32 = 20;

/// The CPU time of one validation: anchor, certificates and lists read from their octets each time, as a caller sends
/// them, and nothing kept.
///
/// # Errors
/// When the suite cannot be fetched, the row is refused, or the kernel counts no CPU time.
pub fn measure(row: &Row, tries: u32) -> Result<Duration> {
    let suite = Suite::load()?;
    let validate = || -> Result<()> {
        let report = ask_row(&suite, row, CrossCheck::Off);
        ensure!(
            report.verdict == Verdict::Valid,
            "PKITS {} is refused: {:?}",
            row.id,
            report.error
        );
        Ok(())
    };
    (0..WARM_UP).try_for_each(|_| validate())?;
    let began = cpu::of_this_thread()?;
    (0..tries).try_for_each(|_| validate())?;
    Ok(cpu::of_this_thread()?.saturating_sub(began) / tries.max(1))
}

#[cfg(test)]
mod tests {
    use conformance::pkits::row;

    use super::*;

    #[test]
    fn a_valid_row_takes_time_and_an_invalid_one_is_an_error() {
        assert!(measure(&row("4.9.4"), 25).unwrap() > Duration::ZERO);
        assert!(measure(&row("4.1.2"), 1).is_err());
    }
}
