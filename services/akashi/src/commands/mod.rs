//! The commands, one a file.

pub mod all;
pub mod audit;
pub mod check;
pub mod client_check;
pub mod config_check;
pub mod crl;
pub mod crl_sync_once;
pub mod holder;
pub mod inspect;
pub mod role;
pub mod validate;

use std::io::Write as _;
use std::process::ExitCode;

/// What was asked for did not succeed.
pub const FAILED: u8 = 1;

/// The command line or a configuration file cannot be used.
pub const UNUSABLE: u8 = 2;

/// Says on standard error why a command failed.
pub(crate) fn failed(problem: &dyn std::fmt::Display) -> ExitCode {
    say(problem);
    ExitCode::from(FAILED)
}

/// Says on standard error why a command cannot even begin.
pub(crate) fn unusable(problem: &dyn std::fmt::Display) -> ExitCode {
    say(problem);
    ExitCode::from(UNUSABLE)
}

fn say(problem: &dyn std::fmt::Display) {
    // Where even standard error is closed, the exit code still says it.
    let _ = writeln!(std::io::stderr(), "akashi: {problem}");
}

/// Writes a line to standard output. `println!` would panic when the reader of a pipe is gone.
pub(crate) fn print(line: &dyn std::fmt::Display) -> std::io::Result<()> {
    writeln!(std::io::stdout(), "{line}")
}
