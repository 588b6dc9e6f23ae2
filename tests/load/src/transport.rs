//! With TLS, as everything is shipped, or without, to tell what it costs: the same libraries serve then in processes of
//! this program, because the shipped binary knows no way to.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Result, bail};
use runtime::Context;
use runtime::plaintext::channel_for_benchmarks;
use runtime::shutdown::Shutdown;
use sandbox::deployment::{Deployment, identity};
use tonic::transport::Channel;

use crate::child::Process;
use crate::installation::{CALL_TIMEOUT, channel};

/// How octets get from one process to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Transport {
    /// Mutual TLS 1.3.
    MutualTls,
    /// Nothing in between.
    Plaintext,
}

/// What a role without TLS is told.
#[derive(Clone, Debug, clap::Args)]
pub struct PlainRoleOptions {
    /// The role.
    role: String,
    /// Its configuration file.
    #[arg(long)]
    config: PathBuf,
    /// Whom it takes its callers for.
    #[arg(long)]
    caller: String,
}

impl Transport {
    /// How it is called in a table.
    pub const fn name(self) -> &'static str {
        match self {
            Self::MutualTls => "mutual TLS",
            Self::Plaintext => "plaintext",
        }
    }

    /// Starts a role: of the shipped binary, or of this program.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn start(
        self,
        (akashi, program): (&Path, &Path),
        (role, caller): (&str, &str),
        config: &Path,
        (name, logs): (&str, &Path),
    ) -> Result<Process> {
        let mut command = match self {
            Self::MutualTls => {
                let mut command = Command::new(akashi);
                command.arg(role);
                command
            }
            Self::Plaintext => {
                let mut command = Command::new(program);
                command.args(["plain-role", role, "--caller", caller]);
                command
            }
        };
        Process::start(name, command.arg("--config").arg(config), logs)
    }

    /// One connection from an identity to a service.
    ///
    /// # Errors
    /// When a TLS file cannot be read.
    pub fn channel(
        self,
        deployment: &Deployment,
        from: &str,
        to: &str,
        address: &str,
    ) -> Result<Channel> {
        match self {
            Self::MutualTls => channel(deployment, from, to, address),
            Self::Plaintext => {
                let uri = format!("https://{address}");
                Ok(channel_for_benchmarks(&uri, CALL_TIMEOUT)?)
            }
        }
    }
}

/// Whom a role takes its callers for, without TLS.
pub fn caller_of(role: &str) -> &'static str {
    match role {
        "signature-verification" => identity::AUTHENTICATION_BACKEND,
        _ => identity::SIGNATURE_VERIFICATION,
    }
}

/// Serves a role without TLS until standard input ends.
///
/// # Errors
/// When it cannot serve.
pub fn serve_role(options: &PlainRoleOptions) -> Result<()> {
    runtime::plaintext::for_benchmarks(&options.caller);
    // As the shipped binary does it.
    let threads = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    let shutdown = Shutdown::new();
    let ended = shutdown.clone();
    std::thread::spawn(move || {
        let _ = std::io::Read::read_to_end(&mut std::io::stdin(), &mut Vec::new());
        ended.begin();
    });
    threads.block_on(async {
        let context = Context::new(&options.role, shutdown).await;
        match &*options.role {
            "revocation-lookup" => {
                let config: revocation_lookup::Config = runtime::config::load(&options.config)?;
                runtime::logging::init(&config.observability)?;
                revocation_lookup::serve(config, context).await?;
            }
            "signature-verification" => {
                let config: signature_verification::Config =
                    runtime::config::load(&options.config)?;
                runtime::logging::init(&config.observability)?;
                signature_verification::serve(config, context).await?;
            }
            other => bail!("{other} is no role of this benchmark"),
        }
        Ok(())
    })
}
