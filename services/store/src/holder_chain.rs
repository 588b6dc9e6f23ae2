//! Chains of renewals.
