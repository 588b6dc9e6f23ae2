//! The validation core against NIST's suite of certification paths.

mod report;
mod table;
