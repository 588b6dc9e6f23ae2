//! The shipped binary as a library: the roles it serves and the commands of operators and agencies.

pub mod cli;
pub mod commands;
pub mod roles;

use std::future::Future;
use std::process::ExitCode;

/// Runs a command to its end on the background runtime, the one for everything that can block; the
/// serving roles start threads of their own beside it.
pub fn run(command: impl Future<Output = ExitCode>) -> ExitCode {
    // One cryptographic provider for every library that asks the process for its own. It is refused
    // only where one was installed before, which is then the same.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .thread_name("background")
        .enable_all()
        .build();
    match runtime {
        Ok(runtime) => {
            let code = runtime.block_on(command);
            // Whatever is still running was given its time; a stuck task must not keep the process.
            runtime.shutdown_background();
            code
        }
        Err(error) => commands::failed(&format!("no threads: {error}")),
    }
}
