//! The gateway under measure: the shipped binary on a database of its own, with a signature-verification that is not
//! measured, and the bare statements on another database of the same server.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use sandbox::deployment::{
    Client, Databases, Deployment, Pace, Ports, Reader, Signatures, Surroundings, identity,
};
use sandbox::mint::{EcKey, pem};
use sandbox::postgres::Postgres;
use sandbox::relying_party::ClientKey;
use serde_json::Value;

use super::bare::BareStatements;
use super::party::{CLIENT_ID, Endpoints, KEY_ID, Party, READER, REDIRECT_URI, SCOPES};
use super::{GatewayPlan, MEMORY};
use crate::child::Process;

/// Where the gateway's paths start.
pub(super) const PREFIX: &str = "/api/realms/main";
const PATIENCE: Duration = Duration::from_secs(30);

/// A running gateway.
pub(super) struct Subject {
    /// What it keeps its state in.
    pub(super) name: &'static str,
    /// Its process.
    pub(super) gateway: Process,
    /// Its origin.
    pub(super) origin: String,
    /// Its endpoints.
    pub(super) endpoints: Endpoints,
    /// Its relying party.
    pub(super) party: Party,
    /// The statements without it; none in memory.
    pub(super) bare: Option<BareStatements>,
    jwk: Value,
    _verification: Process,
}

impl Subject {
    /// With its state in its own memory.
    pub(super) async fn in_memory(plan: &GatewayPlan, folder: &Path) -> Result<Self> {
        let folder = folder.join("memory");
        std::fs::create_dir_all(&folder)?;
        let databases = Databases::SqliteAndMemory;
        Self::start(plan, &folder, MEMORY, &databases, None).await
    }

    /// With its state in a SQLite file.
    pub(super) async fn on_sqlite(plan: &GatewayPlan, folder: &Path) -> Result<Self> {
        let folder = folder.join("sqlite");
        std::fs::create_dir_all(&folder)?;
        let bare = format!("sqlite://{}?mode=rwc", folder.join("bare.db").display());
        let bare = BareStatements::open(&bare).await?;
        Self::start(plan, &folder, "SQLite", &Databases::Sqlite, Some(bare)).await
    }

    /// With its state in PostgreSQL.
    pub(super) async fn on_postgres(
        plan: &GatewayPlan,
        folder: &Path,
        postgres: &Postgres,
    ) -> Result<Self> {
        let folder = folder.join("postgresql");
        std::fs::create_dir_all(&folder)?;
        let database = postgres.fresh_database()?;
        let bare = BareStatements::open(&postgres.url_in(&database, "gateway")).await?;
        let database = postgres.fresh_database()?;
        let url = |role| postgres.url_in(&database, role);
        let databases = Databases::Postgres {
            crl_writer: url("crl_writer"),
            crl_reader: url("crl_reader"),
            audit: url("audit"),
            holder_links: url("holder_links"),
            gateway: url("gateway"),
        };
        Self::start(plan, &folder, "PostgreSQL", &databases, Some(bare)).await
    }

    async fn start(
        plan: &GatewayPlan,
        folder: &Path,
        name: &'static str,
        databases: &Databases,
        bare: Option<BareStatements>,
    ) -> Result<Self> {
        let (key, reader) = (ClientKey::generate()?, EcKey::generate()?);
        let jwk = serde_json::to_value(key.public_jwk(KEY_ID))?;
        let surroundings = surroundings(&jwk, &reader);
        let ports = Ports::free_from(13_900).context("no free ports")?;
        let pace = Pace {
            sync_interval_seconds: 60,
            poll_interval_seconds: 60,
        };
        let deployment = Deployment::write(folder, &surroundings, databases, ports, pace)?;
        let verification = start_verification(plan, &deployment, folder)?;
        let mut command = Command::new(&plan.akashi);
        let config = deployment.config_file("oidc-gateway");
        command.arg("oidc-gateway").arg("--config").arg(config);
        let mut gateway = Process::start("oidc-gateway", &mut command, folder)?;
        let origin = ports.public_url();
        let party = Party::new(key, reader)?;
        let until = Instant::now() + PATIENCE;
        // The first sign-in also waits for the service behind.
        while let Err(error) = party.sign_in(&origin, PREFIX).await {
            gateway.check()?;
            if Instant::now() > until {
                return Err(error.context(gateway.last_words()));
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let issuer = format!("{origin}{PREFIX}");
        let endpoint = |name: &str| format!("{issuer}/protocol/openid-connect/{name}");
        Ok(Self {
            name,
            gateway,
            endpoints: Endpoints {
                token: endpoint("token"),
                userinfo: endpoint("userinfo"),
                key_set: endpoint("certs"),
                pushed_request: endpoint("ext/par/request"),
                issuer: issuer.clone(),
            },
            origin,
            party,
            bare,
            jwk,
            _verification: verification,
        })
    }

    /// Megabytes that its process has resident.
    ///
    /// # Errors
    /// When it has ended.
    pub(super) fn resident_megabytes(&self) -> Result<f64> {
        Ok(self.gateway.resident_kilobytes()? / 1024.0)
    }
}

/// The relying party of the first gateway, for the other provider too, with its public key.
pub(super) fn party(subjects: &[Subject]) -> Result<(Party, Value)> {
    let first = subjects.first().context("no gateway")?;
    Ok((first.party.clone(), first.jwk.clone()))
}

fn start_verification(
    plan: &GatewayPlan,
    deployment: &Deployment,
    folder: &Path,
) -> Result<Process> {
    let tls = deployment.tls_files(identity::SIGNATURE_VERIFICATION);
    let port = deployment.ports().signature_verification.service;
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let mut command = Command::new(&plan.program);
    command.arg("gateway-stand-in");
    command.arg("--certificate").arg(&tls.certificate);
    command.arg("--private-key").arg(&tls.private_key);
    command.arg("--client-ca").arg(&tls.authority);
    command.args(["--caller", identity::OIDC_GATEWAY]);
    command.args(["--address", &address.to_string()]);
    Process::start("signature-verification", &mut command, folder)
}

fn surroundings(jwk: &Value, reader: &EcKey) -> Surroundings {
    Surroundings {
        authorities: Vec::new(),
        sources: Vec::new(),
        clients: vec![Client {
            client_id: CLIENT_ID.to_owned(),
            name_ja: "負荷試験".to_owned(),
            name_en: "Load test".to_owned(),
            redirect_uris: vec![REDIRECT_URI.to_owned()],
            sector: "load.example".to_owned(),
            scopes: SCOPES[1..].iter().map(ToString::to_string).collect(),
            jwk: jwk.clone(),
            legacy_audience: false,
            cross_device: false,
            signatures: Signatures::None,
        }],
        recipients: Vec::new(),
        forwarded_agencies: Vec::new(),
        readers: vec![Reader {
            key_id: READER.to_owned(),
            public_key_pem: pem("PUBLIC KEY", &reader.subject_public_key_info()),
        }],
        reader_app_url: "http://127.0.0.1:9/open".to_owned(),
    }
}
