//! The rooms and the arrows between them, held to what cargo knows: who may depend on whom, what stays pure, and what
//! the shipped binary must never contain.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, ensure};

/// Which of our crates a crate's code may use. Services never depend on each other: they talk over `proto`.
const ARROWS: [(&str, &[&str]); 12] = [
    ("proto", &[]),
    ("pki", &[]),
    ("index", &[]),
    ("store", &["pki", "index"]),
    ("runtime", &["pki"]),
    ("lookup", &["pki", "proto", "runtime"]),
    (
        "signature-verification",
        &["pki", "proto", "runtime", "store", "lookup"],
    ),
    (
        "revocation-lookup",
        &["pki", "index", "proto", "runtime", "store"],
    ),
    (
        "signing-certificate",
        &["pki", "proto", "runtime", "store", "lookup"],
    ),
    ("oidc-gateway", &["proto", "runtime", "store"]),
    ("crl-sync", &["pki", "index", "runtime", "store"]),
    (
        "akashi",
        &[
            "pki",
            "index",
            "proto",
            "runtime",
            "store",
            "lookup",
            "signature-verification",
            "revocation-lookup",
            "signing-certificate",
            "oidc-gateway",
            "crl-sync",
        ],
    ),
];

/// What a crate's code is built from, itself and its dependencies' dependencies included; tests are left out.
fn dependencies(package: &str, depth: &str) -> Result<BTreeSet<String>> {
    let output = Command::new(env!("CARGO"))
        .args([
            "tree",
            "--offline",
            "--locked",
            "-e",
            "normal",
            "--prefix",
            "none",
            "--depth",
            depth,
        ])
        .args(["-p", package])
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")))
        .output()?;
    ensure!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let text = String::from_utf8(output.stdout)?;
    let names = text.lines().filter_map(|line| line.split(' ').next());
    Ok(names.map(str::to_owned).collect())
}

#[test]
fn crates_depend_only_as_the_architecture_says() -> Result<()> {
    let ours: BTreeSet<&str> = ARROWS.iter().map(|(name, _)| *name).collect();
    for (name, allowed) in ARROWS {
        let direct = dependencies(name, "1")?;
        let wrong: Vec<&String> = direct
            .iter()
            .filter(|found| ours.contains(found.as_str()) && *found != name)
            .filter(|found| !allowed.contains(&found.as_str()))
            .collect();
        ensure!(wrong.is_empty(), "{name} must not depend on {wrong:?}");
    }
    Ok(())
}

#[test]
fn the_core_is_pure() -> Result<()> {
    for name in ["pki", "index"] {
        let found = dependencies(name, "64")?;
        for impure in ["tokio", "sqlx", "tonic", "reqwest", "hyper", "axum"] {
            ensure!(
                !found.contains(impure),
                "{name} must do no I/O, but is built from {impure}"
            );
        }
    }
    Ok(())
}

#[test]
fn only_the_store_speaks_sql() -> Result<()> {
    for (name, _) in ARROWS.iter().filter(|(name, _)| *name != "store") {
        ensure!(
            !dependencies(name, "1")?.contains("sqlx"),
            "{name} must not use sqlx"
        );
    }
    Ok(())
}

#[test]
fn the_shipped_binary_cannot_mint_certificates_and_has_one_cryptographic_provider() -> Result<()> {
    let shipped = dependencies("akashi", "64")?;
    shipped
        .get("aws-lc-rs")
        .context("the listing holds what is known to be there")?;
    for never in ["sandbox", "rcgen", "ring", "openssl-sys", "native-tls"] {
        ensure!(
            !shipped.contains(never),
            "the shipped binary is built from {never}"
        );
    }
    Ok(())
}
