//! The shipped binary from outside: its commands, its exit codes, its words, and how it stops.

#![expect(clippy::unwrap_used, reason = "in a test, failing is the report")]

mod client_check;
mod commands;
mod inspect;
mod process;
mod stop;
mod support;
mod validate;
