//! `akashi <role>`: serves one role until it is told to stop.

use std::path::Path;
use std::process::ExitCode;

use runtime::Context;
use runtime::shutdown::Shutdown;

use super::{failed, unusable};
use crate::roles::{Role, RoleConfig};

/// Serves a role by its file. The first SIGTERM or SIGINT drains, the second stops at once.
pub async fn run(role: Role, file: &Path) -> ExitCode {
    let config = match RoleConfig::load(role, file) {
        Ok(config) => config,
        Err(error) => return unusable(&error),
    };
    if let Err(error) = runtime::logging::init(config.observability()) {
        return unusable(&error);
    }
    if let RoleConfig::CrlSync(config) = &config
        && let Err(error) = runtime::priority::be_nice(config.nice)
    {
        return failed(&format!("nice = {}: {error}", config.nice));
    }
    let shutdown = Shutdown::new();
    if let Err(error) = shutdown.on_signals() {
        return failed(&format!("signals: {error}"));
    }
    let context = Context::new(role.name(), shutdown.clone()).await;
    tracing::info!(
        role = role.name(),
        version = env!("CARGO_PKG_VERSION"),
        "starting"
    );
    let outcome = tokio::select! {
        outcome = config.serve(context) => outcome,
        () = at_once(&shutdown) => return failed(&"stopped at once"),
    };
    match outcome {
        Ok(()) => {
            tracing::info!(role = role.name(), "stopped");
            ExitCode::SUCCESS
        }
        Err(error) => {
            tracing::error!(role = role.name(), %error, "stopped");
            failed(&format!("{}: {error}", role.name()))
        }
    }
}

/// Ends a moment after stopping at once was asked for, so that whoever can still end by itself does.
pub(super) async fn at_once(shutdown: &Shutdown) {
    shutdown.stopped().await;
    tokio::time::sleep(std::time::Duration::from_millis(500)).await;
}
