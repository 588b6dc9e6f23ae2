//! `akashi all`: every role in one process, over loopback and with the same files as alone.

use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use runtime::shutdown::Shutdown;
use runtime::{Context, ServeError};
use tokio::task::JoinSet;

use super::role::at_once;
use super::{failed, unusable};
use crate::roles::{Role, RoleConfig};

/// Serves every role by the files of a folder. Every file is checked before anything starts; when one
/// role has to stop, all do, so that whoever watches the process sees it.
pub async fn run(folder: &Path) -> ExitCode {
    let configs = match load(folder) {
        Ok(configs) => configs,
        Err(error) => return unusable(&error),
    };
    if let Some((_, first)) = configs.first()
        && let Err(error) = runtime::logging::init(first.observability())
    {
        return unusable(&error);
    }
    let shutdown = Shutdown::new();
    if let Err(error) = shutdown.on_signals() {
        return failed(&format!("signals: {error}"));
    }
    tracing::info!(version = env!("CARGO_PKG_VERSION"), "starting every role");
    let mut contexts = Vec::new();
    let mut roles = JoinSet::new();
    for (role, config) in configs {
        let context = Context::new(role.name(), shutdown.clone()).await;
        contexts.push(context.clone());
        roles.spawn(async move { (role, config.serve(context).await) });
    }
    let announcing = tokio::spawn(announce(contexts));
    let outcome = tokio::select! {
        outcome = until_ended(&mut roles, &shutdown) => outcome,
        () = at_once(&shutdown) => return failed(&"stopped at once"),
    };
    announcing.abort();
    match outcome {
        Ok(()) => {
            tracing::info!("every role stopped");
            ExitCode::SUCCESS
        }
        Err(problem) => failed(&problem),
    }
}

fn load(folder: &Path) -> Result<Vec<(Role, RoleConfig)>, runtime::config::ConfigError> {
    let of = |role: Role| {
        let file = folder.join(role.name()).with_extension("toml");
        RoleConfig::load(role, &file).map(|config| (role, config))
    };
    Role::ALL.into_iter().map(of).collect()
}

/// Waits for every role; the first failure drains the others.
async fn until_ended(
    roles: &mut JoinSet<(Role, Result<(), ServeError>)>,
    shutdown: &Shutdown,
) -> Result<(), String> {
    let mut outcome = Ok(());
    while let Some(ended) = roles.join_next().await {
        let problem = match ended {
            Ok((_, Ok(()))) if shutdown.is_requested() => continue,
            Ok((role, Ok(()))) => format!("{}: ended without being asked", role.name()),
            Ok((role, Err(error))) => format!("{}: {error}", role.name()),
            Err(panic) => format!("a role died: {panic}"),
        };
        tracing::error!(problem, "a role stopped; the others drain");
        if outcome.is_ok() {
            outcome = Err(problem);
        }
        shutdown.begin();
    }
    outcome
}

/// Says once that every role can answer.
async fn announce(contexts: Vec<Context>) {
    while !contexts.iter().all(|context| context.health.is_serving("")) {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    tracing::info!("every role is ready");
}
