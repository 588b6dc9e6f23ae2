//! `cargo run --release --locked -p load`: what the services cost, beside what they could cost at best.

use std::process::ExitCode;

/// The shipped binary's, so that limits are compared with the same.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    load::command::main()
}
