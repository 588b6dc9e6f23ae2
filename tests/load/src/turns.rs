//! Rounds of whatever is measured, and their end when somebody wants one.

use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Result, ensure};

static STOPPED: AtomicBool = AtomicBool::new(false);

/// Lets no round begin any more.
pub fn stop() {
    STOPPED.store(true, Ordering::Relaxed);
}

/// Tells that a step begins.
///
/// # Errors
/// When none is to begin any more.
pub fn begin(step: &str) -> Result<()> {
    ensure!(!STOPPED.load(Ordering::Relaxed), "interrupted");
    eprintln!("{step}");
    Ok(())
}

/// One round to warm up, which is forgotten, and so many more.
///
/// # Errors
/// A round's, or when no round is to begin any more.
pub fn rounds<R>(count: u32, mut round: impl FnMut() -> Result<R>) -> Result<Vec<R>> {
    begin("warming up")?;
    round()?;
    let numbered = |number: u32| {
        begin(&format!("round {number} of {count}"))?;
        round()
    };
    (1..=count).map(numbered).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_round_is_forgotten_and_an_error_ends_them() {
        let mut next = 0;
        let mut round = || {
            next += 1;
            ensure!(next < 6, "broken");
            Ok(next)
        };
        assert_eq!(rounds(3, &mut round).unwrap(), [2, 3, 4]);
        assert!(rounds(1, round).is_err());
    }
}
