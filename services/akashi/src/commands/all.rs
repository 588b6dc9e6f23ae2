//! `akashi all`: every role in one process, over loopback and with the same files as alone.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use runtime::Context;
use runtime::config::ConfigError;
use runtime::shutdown::Shutdown;
use tokio::sync::mpsc;

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
    let mut running = Running::start(configs).await;
    let outcome = tokio::select! {
        outcome = running.until_stopped(&shutdown) => outcome,
        () = at_once(&shutdown) => return failed(&"stopped at once"),
    };
    match outcome {
        Ok(()) => {
            tracing::info!("every role stopped");
            ExitCode::SUCCESS
        }
        Err(problem) => failed(&problem),
    }
}

fn load(folder: &Path) -> Result<Vec<(Role, RoleConfig)>, ConfigError> {
    let of = |role: Role| {
        let file = folder.join(role.name()).with_extension("toml");
        RoleConfig::load(role, &file).map(|config| (role, config))
    };
    Role::ALL.into_iter().map(of).collect()
}

/// The roles while they run.
struct Running {
    /// In the order in which they started; each with a shutdown of its own.
    roles: Vec<(Role, Shutdown)>,
    /// Each role once, when it ends.
    ends: mpsc::UnboundedReceiver<(Role, End)>,
    ended: BTreeMap<&'static str, End>,
}

/// How a role ended: well, or with this problem.
type End = Result<(), String>;

impl Running {
    async fn start(configs: Vec<(Role, RoleConfig)>) -> Self {
        let (sender, ends) = mpsc::unbounded_channel();
        let (mut roles, mut contexts) = (Vec::new(), Vec::new());
        for (role, config) in configs {
            let shutdown = Shutdown::new();
            let context = Context::new(role.name(), shutdown.clone()).await;
            roles.push((role, shutdown));
            contexts.push(context.clone());
            let (serving, sender) = (tokio::spawn(config.serve(context)), sender.clone());
            tokio::spawn(async move {
                let end = match serving.await {
                    Ok(end) => end.map_err(|error| error.to_string()),
                    Err(panic) => Err(panic.to_string()),
                };
                // Nobody listens any more only when the process ends.
                let _ = sender.send((role, end));
            });
        }
        tokio::spawn(announce(contexts));
        Self {
            roles,
            ends,
            ended: BTreeMap::new(),
        }
    }

    /// Waits for the wish to stop, or for a role that ends without it, and then drains them all.
    async fn until_stopped(&mut self, shutdown: &Shutdown) -> Result<(), String> {
        let early = tokio::select! {
            () = shutdown.requested() => None,
            end = self.ends.recv() => end,
        };
        let mut outcome = Ok(());
        if let Some((role, end)) = early {
            let problem = end
                .err()
                .unwrap_or_else(|| "ended without being asked".to_owned());
            tracing::error!(
                role = role.name(),
                problem,
                "a role stopped; the others drain"
            );
            self.ended.insert(role.name(), Ok(()));
            outcome = Err(format!("{}: {problem}", role.name()));
        }
        let drained = tokio::select! {
            drained = self.drain() => drained,
            () = shutdown.stopped() => {
                self.roles.iter().for_each(|(_, role)| role.stop_now());
                self.drain().await
            }
        };
        outcome.and(drained)
    }

    /// Drains the roles one after the other, askers before those they ask: a sign-in in progress still
    /// finds the services that it needs.
    async fn drain(&mut self) -> Result<(), String> {
        for (role, shutdown) in self.roles.iter().rev() {
            shutdown.begin();
            while !self.ended.contains_key(role.name()) {
                let Some((ended, end)) = self.ends.recv().await else {
                    break;
                };
                self.ended.insert(ended.name(), end);
            }
        }
        let problem = |(role, end): (&&str, &End)| {
            end.as_ref()
                .err()
                .map(|problem| format!("{role}: {problem}"))
        };
        self.ended.iter().find_map(problem).map_or(Ok(()), Err)
    }
}

/// Says once that every role can answer.
async fn announce(contexts: Vec<Context>) {
    while !contexts.iter().all(|context| context.health.is_serving("")) {
        if contexts
            .iter()
            .any(|context| context.shutdown.is_requested())
        {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    tracing::info!("every role is ready");
}
