//! The other provider: `oidc-provider` from the npm registry, in a process of its own.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{ChildStdin, ChildStdout, Command};

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

use super::party::{CLIENT_ID, CODE_CHALLENGE, Endpoints, NONCE, REDIRECT_URI};
use crate::child::Process;

const PACKAGE: &str = include_str!("../../oidc-provider/package.json");
const LOCK: &str = include_str!("../../oidc-provider/package-lock.json");
const PROGRAM: &str = include_str!("../../oidc-provider/provider.mjs");

/// The running provider.
pub(super) struct NodeProvider {
    /// Its process.
    pub(super) process: Process,
    /// Its endpoints.
    pub(super) endpoints: Endpoints,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl NodeProvider {
    /// Installs it into the folder and starts it with the relying party's public key.
    ///
    /// # Errors
    /// When npm cannot install it or node cannot run it.
    pub(super) fn start(folder: &Path, jwk: &Value) -> Result<Self> {
        let folder = folder.join("oidc-provider");
        std::fs::create_dir_all(&folder)?;
        for (name, text) in [
            ("package.json", PACKAGE),
            ("package-lock.json", LOCK),
            ("provider.mjs", PROGRAM),
        ] {
            std::fs::write(folder.join(name), text)?;
        }
        let installed = Command::new("npm")
            .args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"])
            .current_dir(&folder)
            .output()
            .context("npm cannot be started: Node.js with npm is needed")?;
        let said = String::from_utf8_lossy(&installed.stderr);
        ensure!(installed.status.success(), "npm ci failed:\n{said}");
        let mut command = Command::new("node");
        command.arg("provider.mjs").current_dir(&folder);
        command.env("NODE_ENV", "production");
        let (mut process, output) = Process::start_read("oidc-provider", &mut command, &folder)?;
        let input = process.take_input()?;
        let mut provider = Self {
            process,
            endpoints: endpoints(""),
            input,
            output: BufReader::new(output),
        };
        let registration = json!({
            "client_id": CLIENT_ID, "redirect_uri": REDIRECT_URI, "jwk": jwk,
            "code_challenge": CODE_CHALLENGE, "nonce": NONCE,
        });
        let began = provider.ask(&registration.to_string())?;
        let issuer = began["issuer"].as_str().context("no issuer")?;
        provider.endpoints = endpoints(issuer);
        Ok(provider)
    }

    /// So many codes that were never redeemed.
    ///
    /// # Errors
    /// When the process has ended.
    pub(super) fn codes(&mut self, count: usize) -> Result<Vec<String>> {
        let codes = self.ask(&count.to_string())?;
        Ok(serde_json::from_value(codes)?)
    }

    fn ask(&mut self, line: &str) -> Result<Value> {
        writeln!(self.input, "{line}")?;
        self.input.flush()?;
        let mut answer = String::new();
        self.output.read_line(&mut answer)?;
        let read = serde_json::from_str(&answer);
        read.with_context(|| format!("oidc-provider said: {}", self.process.last_words()))
    }
}

fn endpoints(issuer: &str) -> Endpoints {
    Endpoints {
        issuer: issuer.to_owned(),
        token: format!("{issuer}/token"),
        userinfo: format!("{issuer}/me"),
        key_set: format!("{issuer}/jwks"),
        pushed_request: format!("{issuer}/request"),
    }
}
