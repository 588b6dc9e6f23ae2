//! `akashi holder`: serial links that wait for a decision.
//!
//! A link says that one certificate succeeded another. One that arrives after the new certificate was
//! already used would join two accounts that have lived apart, so an operator looks at it first.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Subcommand};
use pki::UnixTime;
use runtime::clock::{Clock as _, SystemClock};
use store::{DatabaseUrl, HolderLinks, SerialHash, SerialLink};

use super::{failed, print, unusable};

/// What `akashi holder` is told.
#[derive(Args, Debug)]
pub struct HolderArguments {
    #[command(subcommand)]
    command: HolderCommand,
}

#[derive(Debug, Subcommand)]
enum HolderCommand {
    /// Shows the links that wait, oldest first.
    Held {
        #[command(flatten)]
        store: HolderStore,
    },
    /// Joins the two holders of a waiting link: what was the new one's becomes the old one's.
    Accept {
        #[command(flatten)]
        store: HolderStore,
        /// The authority, as `held` shows it.
        #[arg(long, value_name = "NAME")]
        certification_authority: String,
        /// The hash of the old serial number, as `held` shows it.
        #[arg(long, value_name = "HEX", value_parser = hash)]
        old: Hash,
        /// The hash of the new serial number, as `held` shows it.
        #[arg(long, value_name = "HEX", value_parser = hash)]
        new: Hash,
        /// Who decided; recorded.
        #[arg(long, value_name = "NAME")]
        decided_by: String,
    },
}

#[derive(Args, Debug)]
struct HolderStore {
    /// The file of a role that has the holder links: signature-verification.toml.
    #[arg(long, value_name = "FILE", required_unless_present = "store")]
    config: Option<PathBuf>,
    /// The holder links' database, instead of --config.
    #[arg(long, value_name = "URL", conflicts_with = "config")]
    store: Option<DatabaseUrl>,
}

#[derive(Clone, Copy, Debug)]
struct Hash(SerialHash);

fn hash(text: &str) -> Result<Hash, String> {
    let mut hash = [0; 32];
    hex::decode_to_slice(text, &mut hash).map_err(|_| "64 hexadecimal digits".to_owned())?;
    Ok(Hash(hash))
}

/// Shows or accepts links. Exit code 1 when there is no such link.
pub async fn run(arguments: HolderArguments) -> ExitCode {
    let store = match &arguments.command {
        HolderCommand::Held { store } | HolderCommand::Accept { store, .. } => store,
    };
    let url = match &store.config {
        None => store.store.clone(),
        Some(file) => match runtime::config::load::<signature_verification::Config>(file) {
            Ok(config) => Some(config.store.holder_links),
            Err(error) => return unusable(&error),
        },
    };
    let Some(url) = url else {
        return unusable(&"give --config or --store");
    };
    let links = match HolderLinks::open(&url).await {
        Ok(links) => links,
        Err(error) => return failed(&error),
    };
    let code = match arguments.command {
        HolderCommand::Held { .. } => held(&links).await,
        HolderCommand::Accept {
            certification_authority,
            old,
            new,
            decided_by,
            ..
        } => {
            let link = SerialLink {
                old: old.0,
                new: new.0,
            };
            accept(&links, &certification_authority, &link, &decided_by).await
        }
    };
    links.close().await;
    code
}

async fn held(links: &HolderLinks) -> ExitCode {
    let held = match links.held_links().await {
        Ok(held) => held,
        Err(error) => return failed(&error),
    };
    for held in held {
        let line = format!(
            "certification_authority={} old={} new={} number={} received_at={}",
            held.certification_authority,
            hex::encode(held.link.old),
            hex::encode(held.link.new),
            held.number,
            UnixTime::from_secs(held.received_at),
        );
        if print(&line).is_err() {
            break;
        }
    }
    ExitCode::SUCCESS
}

async fn accept(
    links: &HolderLinks,
    certification_authority: &str,
    link: &SerialLink,
    decided_by: &str,
) -> ExitCode {
    let now = SystemClock.now().secs();
    match links
        .accept_held(certification_authority, link, decided_by, now)
        .await
    {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => failed(&"no such link waits for a decision"),
        Err(error) => failed(&error),
    }
}
