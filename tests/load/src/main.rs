//! `cargo run --release --locked -p load`: what the services cost, beside what they could cost at best.

use std::process::ExitCode;

fn main() -> ExitCode {
    load::command::main()
}
