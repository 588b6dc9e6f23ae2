//! `akashi <role>` serves; the other commands are for operators and agencies. See `akashi --help`.

use std::process::ExitCode;

use akashi::cli::{Cli, ClientCommand, Command, ConfigCommand};
use akashi::commands::{
    all, audit, check, client_check, config_check, crl, crl_sync_once, holder, inspect, role,
    validate,
};
use akashi::roles::Role;
use clap::Parser as _;

fn main() -> ExitCode {
    let command = Cli::parse().command;
    akashi::run(async {
        match command {
            Command::SignatureVerification(it) => {
                role::run(Role::SignatureVerification, &it.config).await
            }
            Command::RevocationLookup(it) => role::run(Role::RevocationLookup, &it.config).await,
            Command::SigningCertificate(it) => {
                role::run(Role::SigningCertificate, &it.config).await
            }
            Command::OidcGateway(it) => role::run(Role::OidcGateway, &it.config).await,
            Command::CrlSync(it) if it.once => crl_sync_once::run(&it.config).await,
            Command::CrlSync(it) => role::run(Role::CrlSync, &it.config).await,
            Command::All(it) => all::run(&it.config).await,
            Command::Config {
                command: ConfigCommand::Check(it),
            } => config_check::run(&it),
            Command::Client {
                command: ClientCommand::Check(it),
            } => client_check::run(&it),
            Command::Check(it) => check::run(it).await,
            Command::Inspect(it) => inspect::run(&it),
            Command::Validate(it) => validate::run(&it),
            Command::Audit(it) => audit::run(it).await,
            Command::Crl(it) => crl::run(it).await,
            Command::Holder(it) => holder::run(it).await,
        }
    })
}
