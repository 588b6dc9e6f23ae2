//! OCSP answers, each signed afresh, beside bare signing and an echo of answers of the same length through the same HTTP
//! server.

use std::fmt::Write as _;
use std::fs;
use std::io::{BufRead as _, BufReader, Read as _};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use axum::Router;
use axum::body::Bytes;
use axum::routing::post;
use pki::{
    CertId, CertIdHash, CrlSigner, CrossCheck, DelegateRevocation, ExpectedNonce, OcspExpectation,
    OcspRequest, OcspStatus, SerialNumber, Verifier,
};
use runtime::shutdown::Shutdown;
use runtime::web::{WebLimits, WebServer};
use sandbox::deployment::{Deployment, Ports};
use sandbox::mint::{CaKind, CertificateSpec, EcKey, RsaKey, pem, sha256};
use sandbox::nation::{Nation, Plan, Serials};

use crate::child::Process;
use crate::client::{Caller, Until};
use crate::cpu;
use crate::installation::{loopback, until_right};
use crate::ratios::{Goal, Line, RatioReport, Reference};
use crate::report::{Figure, REFERENCE_RSA};
use crate::rounds::sample;
use crate::rsa::BareVerification;
use crate::{sync_once, turns};

const KIND: CaKind = CaKind::UserAuthentication;
/// Under whose name the listeners' questions are counted.
const CALLER: &str = "proxy.akashi.test";
/// The share of bare RSA signing's rate that answers must reach.
const RSA_AT_LEAST: f64 = 0.7;
/// What an answer may take beside its signature and an echo, in microseconds, and how that is said.
const BESIDES: f64 = 5.0;
const DAY: i64 = 86_400;

/// What is measured.
#[derive(Clone, Debug)]
pub struct OcspPlan {
    /// The shipped binary.
    pub akashi: PathBuf,
    /// This program.
    pub program: PathBuf,
    /// Entries of the list that is asked about.
    pub entries: u64,
    /// Partitions that they lie on: no question names one, so all of them are searched. 0: one list.
    pub partitions: u32,
    /// Different questions.
    pub questions: u32,
    /// One stretch of load.
    pub window: Until,
    /// How often.
    pub rounds: u32,
}

/// One round, in microseconds of CPU time.
struct Round {
    answer: [f64; 2],
    signature: [f64; 2],
    echo: f64,
    verification: f64,
}

/// A question with its nonce, and whether the answer is *revoked*.
struct Question {
    der: Bytes,
    id: CertId,
    nonce: [u8; 32],
    is_revoked: bool,
}

/// Measures in a folder of its own.
///
/// # Errors
/// When something fails or an answer is wrong.
pub fn measure(plan: &OcspPlan, folder: &Path, load_before: String) -> Result<RatioReport> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let subject = Subject::start(plan, folder).await?;
        turns::begin("warming up")?;
        subject.round(plan.window).await?;
        let mut rounds = Vec::new();
        for number in 1..=plan.rounds {
            turns::begin(&format!("round {number} of {}", plan.rounds))?;
            rounds.push(subject.round(plan.window).await?);
        }
        Ok(report(plan, load_before, &rounds))
    })
}

struct Subject {
    responder: Process,
    echo: Process,
    /// RSA, P-256, the echo.
    callers: [OcspCaller; 3],
    rsa: RsaKey,
    p256: EcKey,
    bare: BareVerification,
}

impl Subject {
    async fn start(plan: &OcspPlan, folder: &Path) -> Result<Self> {
        turns::begin("minting and storing")?;
        let nation = Nation::mint(
            &folder.join("nation"),
            Plan {
                revoked: plan.entries * 2,
                partitions: plan.partitions,
                full: plan.partitions == 0,
                serials: Serials::Dense,
                seed: 1,
                days: 1,
            },
            sandbox::now(),
            |_| {},
        )?;
        let deployment = nation.deploy(Ports::free_from(13_400).context("no free ports")?)?;
        sync_once::start(&plan.program, &deployment.config_file("crl-sync"), folder)?;
        let (rsa, p256) = (RsaKey::generate()?, EcKey::generate()?);
        let addresses = configure(&nation, &deployment, &rsa, &p256)?;
        if plan.partitions > 0 {
            name_partitions(&deployment, plan.partitions)?;
        }
        let mut command = Command::new(&plan.akashi);
        let config = deployment.config_file("revocation-lookup");
        command.arg("revocation-lookup").arg("--config").arg(config);
        let mut responder = Process::start("revocation-lookup", &mut command, folder)?;
        let questions = questions(&nation, plan.questions)?;
        let [rsa_caller, p256_caller] =
            addresses.map(|address| OcspCaller::new(&address, &questions));
        let (rsa_caller, p256_caller) = (rsa_caller?, p256_caller?);
        for caller in [&rsa_caller, &p256_caller] {
            until_right(&mut responder, || caller.check(0)).await?;
            caller.check(1).await?;
        }
        let answer = rsa_caller.ask(0).await?;
        let (echo, address) = start_echo(&plan.program, &answer, folder)?;
        let echo_caller = OcspCaller::new(&address.to_string(), &questions)?;
        Ok(Self {
            responder,
            echo,
            callers: [rsa_caller, p256_caller, echo_caller],
            rsa,
            p256,
            bare: BareVerification::new()?,
        })
    }

    async fn round(&self, until: Until) -> Result<Round> {
        let mut cpu = [0.0; 3];
        let servers = [&self.responder, &self.responder, &self.echo];
        for ((caller, server), cpu) in self.callers.iter().zip(servers).zip(&mut cpu) {
            let callers = [caller.clone(), caller.clone()];
            *cpu = sample(&callers, &[server], until).await?.0.total_cpu();
        }
        let [rsa, p256, echo] = cpu;
        let digest = sha256(b"to be signed");
        Ok(Round {
            answer: [rsa, p256],
            // The kernel's count may be late by a tick of 4 ms, so there are many.
            signature: [
                each(1_000, || drop(self.rsa.sign_digest(&digest)))?,
                each(20_000, || drop(self.p256.sign(&digest)))?,
            ],
            echo,
            verification: self.bare.measure(Duration::from_millis(100))?.as_secs_f64() * 1e6,
        })
    }
}

/// Microseconds of CPU time of one of so many.
fn each(times: u32, work: impl Fn()) -> Result<f64> {
    let began = cpu::of_this_thread()?;
    (0..times).for_each(|_| work());
    let spent = cpu::of_this_thread()?.saturating_sub(began);
    Ok(spent.as_secs_f64() * 1e6 / f64::from(times))
}

/// Adds a listener for each kind of key; where they are.
fn configure(
    nation: &Nation,
    deployment: &Deployment,
    rsa: &RsaKey,
    p256: &EcKey,
) -> Result<[String; 2]> {
    let issuer = &nation.authority(KIND).newest().key;
    let now = sandbox::now();
    let validity = (now.plus_secs(-DAY), now.plus_secs(DAY));
    let mut spec = CertificateSpec::ocsp_responder(KIND, issuer, rsa, validity);
    let of_rsa = spec.sign(issuer);
    spec.subject_public_key_info = p256.subject_public_key_info();
    let of_p256 = spec.sign(issuer);
    let ports = deployment.ports();
    let addresses = [ports.oidc_gateway, ports.signing_certificate].map(|it| loopback(it.service));
    let path = deployment.config_file("revocation-lookup");
    let mut config = fs::read_to_string(&path)?;
    let keys = [
        ("rsa", of_rsa, rsa.pkcs8()),
        ("p256", of_p256, p256.pkcs8()),
    ];
    for ((name, certificate, key), address) in keys.into_iter().zip(&addresses) {
        let file = |kind: &str| deployment.folder().join(format!("{name}.{kind}"));
        fs::write(file("pem"), pem("CERTIFICATE", &certificate))?;
        fs::write(file("key"), pem("PRIVATE KEY", key))?;
        write!(
            config,
            "\n[[ocsp]]\naddress = \"{address}\"\ncertification_authority = \"{}\"\n\
             purpose = \"user_authentication\"\ncallers = [\"{CALLER}\"]\n\
             [[ocsp.signer]]\ncertificate = \"{name}.pem\"\nprivate_key = \"{name}.key\"\n",
            KIND.name()
        )?;
    }
    fs::write(path, config)?;
    Ok(addresses)
}

/// Says how many partitions there are: without it the lists of all that are known prove nobody good.
fn name_partitions(deployment: &Deployment, count: u32) -> Result<()> {
    let path = deployment.config_file("revocation-lookup");
    let mut config = fs::read_to_string(&path)?;
    write!(config, "\n[partition_count]\n{} = {count}\n", KIND.name())?;
    fs::write(path, config)?;
    Ok(())
}

/// Questions with a nonce, which cannot be answered with what was signed before; the first about a revoked certificate,
/// the second about a good one, and so on.
fn questions(nation: &Nation, count: u32) -> Result<Arc<[Question]>> {
    let trusted = nation.authority(KIND).trusted(CrlSigner::NewestKey);
    let (anchor, numbers) = (trusted.newest_anchor(), nation.numbers(KIND));
    let question = |number: u32| {
        let is_revoked = number.is_multiple_of(2);
        let place = u64::from(number) * 101 % numbers.revoked();
        let serial = if is_revoked {
            numbers.at(place).serial().to_vec()
        } else {
            numbers.good(place)
        };
        let serial = SerialNumber::from_unsigned_be(&serial)?;
        let (name, key) = (anchor.subject_der(), anchor.public_key());
        let id = CertId::new(CertIdHash::Sha1, name, key, serial)?;
        let nonce = sha256(&number.to_be_bytes());
        Ok(Question {
            der: OcspRequest::new(&id, Some(&nonce)).der().to_vec().into(),
            id,
            nonce,
            is_revoked,
        })
    };
    (0..count).map(question).collect()
}

/// Asks by HTTP.
#[derive(Clone)]
struct OcspCaller {
    client: reqwest::Client,
    address: String,
    questions: Arc<[Question]>,
}

impl OcspCaller {
    fn new(address: &str, questions: &Arc<[Question]>) -> Result<Self> {
        let client = reqwest::Client::builder()
            .no_proxy()
            .timeout(Duration::from_secs(30))
            .build()?;
        Ok(Self {
            client,
            address: format!("http://{address}/"),
            questions: Arc::clone(questions),
        })
    }

    fn question(&self, number: u32) -> Result<&Question> {
        let place = usize::try_from(number)? % self.questions.len().max(1);
        self.questions.get(place).context("nothing is asked")
    }

    async fn ask(&self, number: u32) -> Result<Bytes> {
        let request = self
            .client
            .post(&self.address)
            .header("content-type", "application/ocsp-request")
            .body(self.question(number)?.der.clone());
        let answer = request.send().await?.error_for_status()?.bytes().await?;
        // OCSPResponse: SEQUENCE, its length in two octets, and an ENUMERATED that says *successful*.
        ensure!(answer.get(4..7) == Some(&[0x0a, 1, 0]), "not an answer");
        Ok(answer)
    }

    /// Asks, and verifies what comes.
    async fn check(&self, number: u32) -> Result<()> {
        let answer = self.ask(number).await?;
        let question = self.question(number)?;
        let expectation = OcspExpectation {
            nonce: ExpectedNonce::Required(&question.nonce),
            delegate_revocation: DelegateRevocation::NoCheckRequired,
            max_age_secs: None,
            now: sandbox::now(),
        };
        let verifier = Verifier::new(CrossCheck::All);
        let evidence = pki::verify_ocsp_response(&answer, &question.id, &expectation, &verifier)?;
        match (evidence.status(), question.is_revoked) {
            (OcspStatus::Revoked { .. }, true) | (OcspStatus::Good, false) => Ok(()),
            (status, _) => bail!("{status:?} is wrong"),
        }
    }
}

impl Caller for OcspCaller {
    async fn call(&mut self, number: u32) -> Result<()> {
        self.ask(number).await.map(drop)
    }
}

/// What the echo is told.
#[derive(Clone, Debug, clap::Args)]
pub struct HttpEchoOptions {
    /// Its answer, in hexadecimal.
    #[arg(long)]
    answer: String,
}

/// Serves until standard input ends, by the HTTP server and on the kind of runtime that OCSP is served by.
///
/// # Errors
/// When it cannot serve.
pub fn serve_echo(options: &HttpEchoOptions) -> Result<()> {
    let answer = Bytes::from(hex::decode(&options.answer)?);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let limits = WebLimits {
            connections: runtime::limits::CONNECTIONS_PER_THREAD,
            connection_age: Duration::from_mins(1),
            connection_grace: Duration::from_secs(10),
            header_timeout: Duration::from_secs(10),
            header_octets: 32 * 1024,
            drain_timeout: Duration::from_secs(1),
        };
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let server = WebServer::bind(address, None, limits).await?;
        println!("{}", server.address()?);
        let shutdown = Shutdown::new();
        let ended = shutdown.clone();
        std::thread::spawn(move || {
            let _ = std::io::stdin().read_to_end(&mut Vec::new());
            ended.begin();
        });
        let reply = move |_: Bytes| {
            let answer = answer.clone();
            async move { ([("content-type", "application/ocsp-response")], answer) }
        };
        let router = Router::new().route("/", post(reply));
        server.serve_here(router, shutdown).await;
        Ok(())
    })
}

fn start_echo(program: &Path, answer: &[u8], logs: &Path) -> Result<(Process, SocketAddr)> {
    let mut command = Command::new(program);
    command.args(["http-echo", "--answer", &hex::encode(answer)]);
    let (process, output) = Process::start_read("http-echo", &mut command, logs)?;
    let mut line = String::new();
    BufReader::new(output).read_line(&mut line)?;
    let address = line.trim().parse();
    let address = address.with_context(|| process.last_words())?;
    Ok((process, address))
}

fn report(plan: &OcspPlan, load_before: String, rounds: &[Round]) -> RatioReport {
    let pairs = |which: usize, besides: &dyn Fn(&Round) -> f64| {
        let pair = |round: &Round| (round.answer[which], round.signature[which] + besides(round));
        rounds.iter().map(pair).collect::<Vec<_>>()
    };
    let signing = |_: &Round| 0.0;
    let answering = |round: &Round| round.echo + BESIDES;
    let line = |name: &str, limit: &str, rounds: &[(f64, f64)], goal| {
        Line::new(name, limit, "us", rounds, goal)
    };
    let all = "bare signing + HTTP echo + 5 us";
    RatioReport {
        title: format!(
            "OCSP answers over plain HTTP on loopback, each signed afresh, {} revoked on {} list(s); CPU of the process",
            plan.entries,
            plan.partitions.max(1)
        ),
        rounds: plan.rounds,
        load_before,
        lines: vec![
            line(
                "RSA-2048",
                "bare signing",
                &pairs(0, &signing),
                Goal::AtLeast(RSA_AT_LEAST),
            ),
            line("RSA-2048", all, &pairs(0, &answering), Goal::Untold),
            line("P-256", "bare signing", &pairs(1, &signing), Goal::Untold),
            line("P-256", all, &pairs(1, &answering), Goal::AtMost(1.0)),
        ],
        references: vec![Reference::time(
            "Bare RSA-2048 check",
            "us",
            REFERENCE_RSA,
            Figure::of(rounds, |round| round.verification),
        )],
        notes: Vec::new(),
    }
}
