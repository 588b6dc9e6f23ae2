//! A deployment folder of the sandbox, and the binary run against it.

use std::path::Path;
use std::process::{Command, Output};
use std::sync::OnceLock;

use pki::CrlSigner;
use sandbox::deployment::{Databases, Deployment, Lists, Pace, Ports, Surroundings};
use sandbox::mint::Jpki;
use tempfile::TempDir;

/// Where nobody listens: the lists cannot be fetched, which stops no role from starting.
const NOWHERE: &str = "http://127.0.0.1:1";

/// Minting takes seconds; nothing here changes it.
pub(crate) fn jpki() -> &'static Jpki {
    static JPKI: OnceLock<Jpki> = OnceLock::new();
    JPKI.get_or_init(|| Jpki::mint(sandbox::now()).unwrap())
}

/// A deployment in a folder of its own, with ports from `first_port` upwards.
pub(crate) fn deployment(first_port: u16) -> (TempDir, Deployment) {
    let folder = tempfile::tempdir().unwrap();
    let lists = Lists {
        crl_signer: CrlSigner::NewestKey,
        ..Lists::all()
    };
    let surroundings = Surroundings::of(jpki(), &lists, NOWHERE, NOWHERE, Vec::new());
    let ports = Ports::free_from(first_port).unwrap();
    let pace = Pace {
        sync_interval_seconds: 60,
        poll_interval_seconds: 1,
    };
    let deployment = Deployment::write(
        folder.path(),
        &surroundings,
        &Databases::Sqlite,
        ports,
        pace,
    )
    .unwrap();
    (folder, deployment)
}

/// Replaces text in a role's file.
pub(crate) fn edit(deployment: &Deployment, role: &str, from: &str, to: &str) {
    let file = deployment.config_file(role);
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(text.contains(from), "{from} is not in\n{text}");
    std::fs::write(file, text.replacen(from, to, 1)).unwrap();
}

/// What a command said and how it ended.
pub(crate) struct Said {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

pub(crate) fn akashi(arguments: &[&str]) -> Said {
    let Output {
        status,
        stdout,
        stderr,
    } = Command::new(env!("CARGO_BIN_EXE_akashi"))
        .args(arguments)
        .output()
        .unwrap();
    Said {
        code: status.code(),
        stdout: String::from_utf8(stdout).unwrap(),
        stderr: String::from_utf8(stderr).unwrap(),
    }
}

pub(crate) fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}
