//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::commands::audit::AuditArguments;
use crate::commands::check::CheckArguments;
use crate::commands::client_check::ClientCheckArguments;
use crate::commands::config_check::ConfigCheckArguments;
use crate::commands::crl::CrlArguments;
use crate::commands::holder::HolderArguments;
use crate::commands::inspect::InspectArguments;
use crate::commands::validate::ValidateArguments;

/// Validation of the certificates on Japan's My Number cards (JPKI).
#[derive(Debug, Parser)]
#[command(name = "akashi", version)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Serve: is this signature by this user-authentication certificate, and whose is it?
    SignatureVerification(RoleArguments),
    /// Serve: is a certificate on a current revocation list?
    RevocationLookup(RoleArguments),
    /// Serve: are signing certificates valid? For administrative agencies only.
    SigningCertificate(RoleArguments),
    /// Serve: sign people in at relying parties (OpenID Connect).
    OidcGateway(RoleArguments),
    /// Fetch, verify and store revocation lists and serial links, on their schedules.
    CrlSync(CrlSyncArguments),
    /// Serve every role in one process.
    All(AllArguments),
    /// Look at configuration files.
    Config {
        /// What to do with them.
        #[command(subcommand)]
        command: ConfigCommand,
    },
    /// Look at the relying parties of the OIDC gateway.
    Client {
        /// What to do with them.
        #[command(subcommand)]
        command: ClientCommand,
    },
    /// Ask whether signing certificates are valid, as an administrative agency.
    Check(CheckArguments),
    /// Show a certificate or a revocation list readably, without judging it.
    Inspect(InspectArguments),
    /// Validate a certificate by files alone, offline, and explain the path or the rule that failed.
    Validate(ValidateArguments),
    /// Read the audit log.
    Audit(AuditArguments),
    /// Decide about certificates that left a revocation list, more at once than expiry explains.
    Crl(CrlArguments),
    /// Decide about serial links that arrived after the renewed certificate was already used.
    Holder(HolderArguments),
}

/// What a role is told.
#[derive(Args, Debug)]
pub struct RoleArguments {
    /// The role's configuration file.
    #[arg(long, value_name = "FILE")]
    pub config: PathBuf,
}

/// What crl-sync is told.
#[derive(Args, Debug)]
pub struct CrlSyncArguments {
    /// The configuration file.
    #[arg(long, value_name = "FILE")]
    pub config: PathBuf,
    /// Ask every source once and end, for cron. Exit code 0: each is now in force; 1: one is not.
    #[arg(long)]
    pub once: bool,
}

/// What `akashi all` is told.
#[derive(Args, Debug)]
pub struct AllArguments {
    /// The folder with one file for each role, such as revocation-lookup.toml.
    #[arg(long, value_name = "DIR")]
    pub config: PathBuf,
}

/// What to do with configuration files.
#[derive(Debug, Subcommand)]
pub enum ConfigCommand {
    /// Read them as their roles would, with the certificates and keys they name; start nothing.
    Check(ConfigCheckArguments),
}

/// What to do with the relying parties.
#[derive(Debug, Subcommand)]
pub enum ClientCommand {
    /// Read clients files as the gateway would, and say what is registered or which rule is broken.
    Check(ClientCheckArguments),
}

#[cfg(test)]
mod tests {
    use super::Cli;
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }
}
