//! The limit of a call: a server built by the same builder, with the same contract, TLS, threads and access check, that
//! answers every call with what it was given at its start. It runs in a process of its own: this program, started again
//! with the hidden command `echo`.

use std::io::{BufRead as _, BufReader, Read as _};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};
use prost::Message as _;
use proto::revocation::v1::revocation_lookup_service_server::{
    RevocationLookupService, RevocationLookupServiceServer, SERVICE_NAME,
};
use proto::revocation::v1::{
    BatchGetRevocationStatusRequest, BatchGetRevocationStatusResponse, GetFreshnessRequest,
    GetFreshnessResponse, GetRevocationStatusRequest, GetRevocationStatusResponse,
};
use runtime::access::AccessTable;
use runtime::config::{Caller, ConfigPath, Listen, SecretFile, TlsConfig};
use runtime::server::GrpcServer;
use runtime::shutdown::Shutdown;
use sandbox::deployment::TlsFiles;
use tonic::service::Routes;
use tonic::{Request, Response, Status};

use crate::child::Process;
use crate::transport::Transport;

const METHODS: [&str; 3] = [
    "/akashi.revocation.v1.RevocationLookupService/GetRevocationStatus",
    "/akashi.revocation.v1.RevocationLookupService/BatchGetRevocationStatus",
    "/akashi.revocation.v1.RevocationLookupService/GetFreshness",
];

/// What an echo process is told.
#[derive(Clone, Debug, clap::Args)]
pub struct EchoOptions {
    /// Its certificate, PEM.
    #[arg(long)]
    pub certificate: PathBuf,
    /// Its private key, PEM.
    #[arg(long)]
    pub private_key: PathBuf,
    /// The authority that issues its callers' certificates, PEM.
    #[arg(long)]
    pub client_ca: PathBuf,
    /// Who may call.
    #[arg(long)]
    pub caller: String,
    /// Serving threads.
    #[arg(long)]
    pub threads: usize,
    /// Its answer to GetRevocationStatus, encoded, in hexadecimal.
    #[arg(long)]
    pub answer: String,
    /// Without TLS.
    #[arg(long)]
    pub plaintext: bool,
    /// Its answer to BatchGetRevocationStatus, encoded, in hexadecimal.
    #[arg(long, default_value = "")]
    pub batch_answer: String,
}

#[derive(Clone)]
struct Echo {
    answer: GetRevocationStatusResponse,
    batch_answer: BatchGetRevocationStatusResponse,
}

#[tonic::async_trait]
impl RevocationLookupService for Echo {
    async fn get_revocation_status(
        &self,
        _request: Request<GetRevocationStatusRequest>,
    ) -> Result<Response<GetRevocationStatusResponse>, Status> {
        Ok(Response::new(self.answer.clone()))
    }

    async fn batch_get_revocation_status(
        &self,
        _request: Request<BatchGetRevocationStatusRequest>,
    ) -> Result<Response<BatchGetRevocationStatusResponse>, Status> {
        Ok(Response::new(self.batch_answer.clone()))
    }

    async fn get_freshness(
        &self,
        _request: Request<GetFreshnessRequest>,
    ) -> Result<Response<GetFreshnessResponse>, Status> {
        Ok(Response::new(GetFreshnessResponse::default()))
    }
}

/// Serves until standard input ends, that is until the process that started this one does.
///
/// # Errors
/// When it cannot serve.
pub async fn serve(options: EchoOptions) -> Result<()> {
    let answer = hex::decode(&options.answer).context("the answer is not hexadecimal")?;
    let answer = GetRevocationStatusResponse::decode(answer.as_slice())?;
    let batch_answer =
        hex::decode(&options.batch_answer).context("the answer is not hexadecimal")?;
    let batch_answer = BatchGetRevocationStatusResponse::decode(batch_answer.as_slice())?;
    if options.plaintext {
        runtime::plaintext::for_benchmarks(&options.caller);
    }
    let shutdown = Shutdown::new();
    let context = runtime::Context::new("echo", shutdown.clone()).await;
    let mut listen = Listen::at(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)));
    listen.threads = Some(options.threads);
    listen.drain_timeout_seconds = 1;
    let tls = TlsConfig {
        certificate: ConfigPath::new(options.certificate),
        private_key: SecretFile::new(options.private_key),
        client_ca: ConfigPath::new(options.client_ca),
        reload_interval_seconds: 10,
    };
    let caller = Caller {
        identity: options.caller,
        methods: METHODS.map(str::to_owned).into(),
    };
    let access = AccessTable::new(&METHODS, &[caller])?;
    let server = GrpcServer::new(&context, &listen, &tls, access, &[SERVICE_NAME])?;
    std::thread::spawn(move || {
        let _ = std::io::stdin().read_to_end(&mut Vec::new());
        shutdown.begin();
    });
    let addresses = context.addresses.clone();
    tokio::spawn(async move { println!("{}", addresses.wait("grpc").await) });
    let echo = Echo {
        answer,
        batch_answer,
    };
    let routes = move |_| {
        Ok(Routes::new(RevocationLookupServiceServer::new(
            echo.clone(),
        )))
    };
    server.serve(routes).await?;
    Ok(())
}

/// Starts an echo process of `program`; where it listens.
///
/// # Errors
/// When it does not start.
pub fn start(
    program: &Path,
    tls: &TlsFiles,
    caller: &str,
    (threads, transport): (usize, Transport),
    (answer, batch_answer): (
        &GetRevocationStatusResponse,
        &BatchGetRevocationStatusResponse,
    ),
    logs: &Path,
) -> Result<(Process, SocketAddr)> {
    let mut command = Command::new(program);
    command.arg("echo");
    if transport == Transport::Plaintext {
        command.arg("--plaintext");
    }
    let paths = [
        ("--certificate", &tls.certificate),
        ("--private-key", &tls.private_key),
        ("--client-ca", &tls.authority),
    ];
    for (name, path) in paths {
        command.arg(name).arg(path);
    }
    let answer = hex::encode(answer.encode_to_vec());
    let batch_answer = hex::encode(batch_answer.encode_to_vec());
    let threads = threads.to_string();
    command.args([
        "--caller",
        caller,
        "--threads",
        &threads,
        "--answer",
        &answer,
        "--batch-answer",
        &batch_answer,
    ]);
    let (process, output) = Process::start_read("echo", &mut command, logs)?;
    let mut line = String::new();
    BufReader::new(output).read_line(&mut line)?;
    let address = line
        .trim()
        .parse()
        .with_context(|| format!("the echo did not start: {}", process.last_words()))?;
    Ok((process, address))
}
