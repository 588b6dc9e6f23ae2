//! What one question may cost: a hostile set of certificates must not burn the processor.

use crate::limits::{
    MAX_LIST_COMPARISONS, MAX_LIST_READINGS, MAX_NAME_COMPARISONS, MAX_PATH_STEPS,
    MAX_POLICY_NODES, MAX_SIGNATURE_CHECKS,
};
use crate::path::{PathError, Work};

/// Octets of a name that are compared for the price of one comparison.
const NAME_OCTETS: usize = 256;

/// The work that is left for one question.
#[derive(Debug)]
pub(super) struct Budget {
    list_comparisons: u32,
    list_readings: u32,
    name_comparisons: u32,
    path_steps: u32,
    policy_nodes: u32,
    signature_checks: u32,
}

impl Budget {
    pub(super) const fn new() -> Self {
        Self {
            list_comparisons: MAX_LIST_COMPARISONS,
            list_readings: MAX_LIST_READINGS,
            name_comparisons: MAX_NAME_COMPARISONS,
            path_steps: MAX_PATH_STEPS,
            policy_nodes: MAX_POLICY_NODES,
            signature_checks: MAX_SIGNATURE_CHECKS,
        }
    }

    pub(super) fn compare_list(&mut self) -> Result<(), PathError> {
        let work = Work::ListComparisons;
        pay(&mut self.list_comparisons, 1, work, MAX_LIST_COMPARISONS)
    }

    pub(super) fn read_list(&mut self) -> Result<(), PathError> {
        let work = Work::ListReadings;
        pay(&mut self.list_readings, 1, work, MAX_LIST_READINGS)
    }

    /// Pays for one comparison of a name of this many octets.
    pub(super) fn compare_name(&mut self, octets: usize) -> Result<(), PathError> {
        let price = octets / NAME_OCTETS + 1;
        let work = Work::NameComparisons;
        pay(
            &mut self.name_comparisons,
            price,
            work,
            MAX_NAME_COMPARISONS,
        )
    }

    pub(super) fn keep_policies(&mut self, nodes: usize) -> Result<(), PathError> {
        let work = Work::PolicyNodes;
        pay(&mut self.policy_nodes, nodes, work, MAX_POLICY_NODES)
    }

    pub(super) fn step(&mut self, steps: usize) -> Result<(), PathError> {
        pay(&mut self.path_steps, steps, Work::PathSteps, MAX_PATH_STEPS)
    }

    pub(super) fn check_signature(&mut self) -> Result<(), PathError> {
        let work = Work::SignatureChecks;
        pay(&mut self.signature_checks, 1, work, MAX_SIGNATURE_CHECKS)
    }
}

fn pay(left: &mut u32, price: usize, work: Work, limit: u32) -> Result<(), PathError> {
    *left = u32::try_from(price)
        .ok()
        .and_then(|price| left.checked_sub(price))
        .ok_or(PathError::BudgetExhausted { work, limit })?;
    Ok(())
}
