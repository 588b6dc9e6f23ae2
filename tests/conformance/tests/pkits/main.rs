//! The validation core against NIST's suite of certification paths.

#![expect(clippy::unwrap_used, reason = "a test ends where something fails")]

mod report;
mod table;
