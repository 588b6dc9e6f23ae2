//! Everything that is not as it should be, collected: a run over a hundred cases shows all that fail, not the first.

use std::fmt::Display;

use anyhow::{Result, ensure};

/// What a run of cases found.
#[derive(Debug, Default)]
pub struct Findings {
    checked: usize,
    wrong: Vec<String>,
}

impl Findings {
    /// Nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Counts one check; if it does not hold, keeps the case's name and what was found instead.
    pub fn check(&mut self, case: impl Display, holds: bool, found: impl Display) {
        self.checked += 1;
        if !holds {
            self.wrong.push(format!("{case}: {found}"));
        }
    }

    /// Takes over what another run found.
    pub fn add(&mut self, other: Self) {
        self.checked += other.checked;
        self.wrong.extend(other.wrong);
    }

    /// Fails with everything that was found. A run in which too little was checked fails too: a loop over nothing
    /// passes for the wrong reason.
    pub fn finish(self, what: &str, at_least: usize) -> Result<()> {
        println!("{what}: {} checks", self.checked);
        ensure!(
            self.checked >= at_least,
            "{what}: {} checks only, {at_least} were meant",
            self.checked
        );
        ensure!(
            self.wrong.is_empty(),
            "{what}: {} of {} are wrong:\n{}",
            self.wrong.len(),
            self.checked,
            self.wrong.join("\n")
        );
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::Findings;

    #[test]
    fn a_check_that_does_not_hold_fails_the_run_with_its_name() {
        let mut findings = Findings::new();
        findings.check("one", true, "");
        findings.check("another", false, "200");
        let failed = findings.finish("cases", 2).unwrap_err().to_string();
        assert!(failed.contains("another: 200") && !failed.contains("one:"));
    }

    #[test]
    fn a_run_that_checked_too_little_fails() {
        assert!(Findings::new().finish("cases", 1).is_err());
        assert!(Findings::new().finish("cases", 0).is_ok());
    }
}
