//! `akashi client check`: would the gateway take these clients files?

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use oidc_gateway::{ClientSummary, ClientsCheck, check_clients};

use super::{UNUSABLE, print};

/// What `akashi client check` is told.
#[derive(Args, Debug)]
pub struct ClientCheckArguments {
    /// Clients files, such as clients.toml.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// The gateway's pairwise secret file: pairwise_secret_version must be one of its versions. Without it any is taken.
    #[arg(long, value_name = "FILE")]
    pairwise_secret_file: Option<PathBuf>,
    /// The file of those who receive signatures, such as recipients.toml. Without it no private client may ask for any.
    #[arg(long, value_name = "FILE")]
    recipients: Option<PathBuf>,
    /// Allow http redirect URIs on this machine, as environment = "sandbox" does.
    #[arg(long)]
    sandbox: bool,
}

/// Reads every file as the gateway would and says what it found. Exit code 0: all would be taken; 2: not.
pub fn run(arguments: &ClientCheckArguments) -> ExitCode {
    let how = ClientsCheck {
        sandbox: arguments.sandbox,
        pairwise_secret_file: arguments.pairwise_secret_file.clone(),
        recipients: arguments.recipients.clone(),
    };
    let mut all_good = true;
    for file in &arguments.files {
        let text = match check_clients(file, &how) {
            Ok(clients) => {
                let lines = clients.iter().map(|ClientSummary { client_id, summary }| {
                    format!("{}: {client_id}: good ({summary})", file.display())
                });
                lines.collect::<Vec<_>>().join("\n")
            }
            Err(problem) => {
                all_good = false;
                problem.to_string()
            }
        };
        if print(&text).is_err() {
            return ExitCode::from(UNUSABLE);
        }
    }
    if all_good {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(UNUSABLE)
    }
}
