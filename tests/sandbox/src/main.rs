//! `cargo demo`. See README.md and `cargo demo --help`.

use std::process::ExitCode;

fn main() -> ExitCode {
    sandbox::launcher::main()
}
