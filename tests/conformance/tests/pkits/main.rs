//! The validation core against NIST's suite of certification paths.

#![expect(clippy::unwrap_used, reason = "a test ends where something fails")]

mod binary;
mod families;
mod library;
mod order;
mod report;
mod table;
