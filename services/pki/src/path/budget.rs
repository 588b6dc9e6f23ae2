//! What one question may cost: a hostile set of certificates must not burn the processor.

use crate::limits::{MAX_NAME_COMPARISONS, MAX_PATH_STEPS, MAX_SIGNATURE_CHECKS};
use crate::path::{PathError, Work};

/// The work that is left for one question.
#[derive(Debug)]
pub(super) struct Budget {
    name_comparisons: u32,
    path_steps: u32,
    signature_checks: u32,
}

impl Budget {
    pub(super) const fn new() -> Self {
        Self {
            name_comparisons: MAX_NAME_COMPARISONS,
            path_steps: MAX_PATH_STEPS,
            signature_checks: MAX_SIGNATURE_CHECKS,
        }
    }

    pub(super) fn compare_names(&mut self) -> Result<(), PathError> {
        let work = Work::NameComparisons;
        pay(&mut self.name_comparisons, 1, work, MAX_NAME_COMPARISONS)
    }

    pub(super) fn step(&mut self, steps: usize) -> Result<(), PathError> {
        let steps = u32::try_from(steps).unwrap_or(u32::MAX);
        pay(&mut self.path_steps, steps, Work::PathSteps, MAX_PATH_STEPS)
    }

    pub(super) fn check_signature(&mut self) -> Result<(), PathError> {
        let work = Work::SignatureChecks;
        pay(&mut self.signature_checks, 1, work, MAX_SIGNATURE_CHECKS)
    }
}

fn pay(left: &mut u32, price: u32, work: Work, limit: u32) -> Result<(), PathError> {
    *left = left
        .checked_sub(price)
        .ok_or(PathError::BudgetExhausted { work, limit })?;
    Ok(())
}
