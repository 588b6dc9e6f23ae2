//! SIGTERM: what was begun is finished, nothing new is begun, and the process ends with 0.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use e2e::callers;
use e2e::process::Process;
use e2e::system::{Shape, System, eventually};
use proto::revocation::v1::Purpose;
use proto::signing::v1::{CheckResult, CheckSigningCertificateRequest};
use proto::verification::v1::{HolderOrigin, VerificationResult};
use sandbox::deployment::{RolePorts, identity};
use sandbox::mint::CaKind;
use store::{AuditLog, DatabaseUrl};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::ask::signature_by;
use super::lock::Lock;
use super::scrape::metric;
use super::{bounded, full_lists_only};

/// Half of the time that requests in progress are given: nothing may end only because that time is over.
const SOON: Duration = Duration::from_secs(10);

#[tokio::test(flavor = "multi_thread")]
async fn sigterm_finishes_what_was_begun_and_ends_with_0() -> Result<()> {
    let mut system = System::start(&full_lists_only(Shape::RolesOnSqlite)).await?;
    let outcome = bounded(drain_all(&mut system)).await;
    outcome.with_context(|| system.last_words())
}

async fn drain_all(system: &mut System) -> Result<()> {
    a_form_half_sent_is_answered(system)
        .await
        .context("oidc-gateway")?;
    a_verification_in_progress_is_answered(system)
        .await
        .context("signature-verification")?;
    a_check_in_progress_is_answered_and_recorded(system)
        .await
        .context("signing-certificate")?;
    for role in ["revocation-lookup", "crl-sync"] {
        ends_well(system.take(role)?, Instant::now()).context(role)?;
    }
    Ok(())
}

async fn a_verification_in_progress_is_answered(system: &mut System) -> Result<()> {
    // A holder who was never seen has to be written down, which the lock delays.
    let lock = Lock::on_sqlite(&system.holder_links_url()).await?;
    let mut client = callers::verification(&system.deployment, identity::AUTHENTICATION_BACKEND)?;
    let request = signature_by(system, "older-key")?;
    let asked = lookups(system).await?;
    let answer = tokio::spawn(async move { client.verify_signature(request).await });
    wait_for_lookup(system, asked).await?;

    let port = system.deployment.ports().signature_verification;
    let (process, began) = begin_to_drain(system, "signature-verification", port).await?;
    ensure!(
        !answer.is_finished(),
        "the request is answered only when the lock is gone"
    );
    lock.release().await?;
    let answer = answer.await??.into_inner();
    ensure!(
        answer.result() == VerificationResult::Ok,
        "while draining: {answer:?}"
    );
    let holder = answer.holder.context("a holder")?;
    ensure!(
        holder.origin() == HolderOrigin::New,
        "seen for the first time"
    );
    ends_well(process, began)
}

async fn a_check_in_progress_is_answered_and_recorded(system: &mut System) -> Result<()> {
    let lock = Lock::on_sqlite(&system.audit_url()).await?;
    let mut client = callers::signing(&system.deployment, identity::CITY_OFFICE)?;
    let certificate = system.world.repository.read(|jpki| {
        let card = jpki.card("good")?;
        Ok::<_, anyhow::Error>(card.certificate(CaKind::DigitalSignature).der.clone())
    })?;
    let request = CheckSigningCertificateRequest {
        certificate,
        purpose: Purpose::ValidityConfirmation.into(),
        case_reference: "fault-test".to_owned(),
        at: 0,
    };
    let asked = lookups(system).await?;
    let answer = tokio::spawn(async move { client.check_signing_certificate(request).await });
    wait_for_lookup(system, asked).await?;

    let port = system.deployment.ports().signing_certificate;
    let (process, began) = begin_to_drain(system, "signing-certificate", port).await?;
    ensure!(
        !answer.is_finished(),
        "there is no answer before there is a record"
    );
    lock.release().await?;
    let answer = answer.await??.into_inner();
    ensure!(
        answer.result() == CheckResult::Valid,
        "while draining: {answer:?}"
    );
    ends_well(process, began)?;
    let url: DatabaseUrl = system.audit_url().parse()?;
    let log = AuditLog::open(&url).await?;
    log.check(&answer.audit_record_id)
        .await?
        .context("the record of the last answer")?;
    log.close().await;
    Ok(())
}

async fn a_form_half_sent_is_answered(system: &mut System) -> Result<()> {
    let port = system.deployment.ports().oidc_gateway;
    let mut stream = TcpStream::connect(("127.0.0.1", port.service)).await?;
    let body = "grant_type=authorization_code";
    let head = format!(
        "POST /api/realms/main/protocol/openid-connect/token HTTP/1.1\r\nHost: localhost:{}\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\
         Expect: 100-continue\r\n\r\n",
        port.service,
        body.len()
    );
    stream.write_all(head.as_bytes()).await?;
    // The server says so once its handler waits for the form.
    let mut interim = [0; 25];
    stream.read_exact(&mut interim).await?;
    ensure!(
        interim.starts_with(b"HTTP/1.1 100 "),
        "asked for the form: {}",
        String::from_utf8_lossy(&interim)
    );

    let (process, began) = begin_to_drain(system, "oidc-gateway", port).await?;
    stream.write_all(body.as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    ensure!(
        answer.starts_with("HTTP/1.1 40") && answer.contains("\"error\""),
        "a form without a client is refused, but: {answer}"
    );
    ends_well(process, began)
}

/// Sends SIGTERM and waits until nobody can connect any more; the process still runs then.
async fn begin_to_drain(
    system: &mut System,
    role: &str,
    port: RolePorts,
) -> Result<(Process, Instant)> {
    let mut process = system.take(role)?;
    let began = Instant::now();
    process.ask_to_drain()?;
    eventually("no new connections", || async {
        Ok(TcpStream::connect(("127.0.0.1", port.service))
            .await
            .is_err())
    })
    .await?;
    ensure!(process.is_running()?, "a request is in progress");
    Ok((process, began))
}

/// Asks to stop where that was not done yet, and waits for the end.
fn ends_well(mut process: Process, began: Instant) -> Result<()> {
    if !process.log().contains("signal: draining") {
        process.ask_to_drain()?;
    }
    let status = process.wait()?;
    ensure!(status.code() == Some(0), "it ended with {status}");
    ensure!(
        began.elapsed() < SOON,
        "it took {:?} to end",
        began.elapsed()
    );
    ensure!(
        !process.log().contains("cut off"),
        "something was cut off:\n{}",
        process.log()
    );
    Ok(())
}

/// How many lookups were answered with good.
async fn lookups(system: &System) -> Result<f64> {
    let port = system.deployment.ports().revocation_lookup;
    metric(port, "akashi_lookup_requests_total", &[("outcome", "good")]).await
}

/// Waits until a service has asked for a status: its caller's request is in progress.
async fn wait_for_lookup(system: &System, asked: f64) -> Result<()> {
    eventually("a lookup", || async { Ok(lookups(system).await? > asked) }).await
}
