//! What an operator relies on: the metrics that the alerts and the dashboard name exist, the rules fire when they
//! should, and the sample configuration is accepted.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use e2e::callers;
use e2e::system::{Plan, Shape, System, akashi_binary, eventually, reqwest_client};
use proto::revocation::v1::Purpose;
use proto::signing::v1::CheckSigningCertificateRequest;
use sandbox::deployment::identity;
use sandbox::repository::{Fault, FaultKind};

fn deploy() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy")
}

#[tokio::test(flavor = "multi_thread")]
async fn every_metric_of_the_alerts_and_the_dashboard_exists() -> Result<()> {
    let plan = Plan {
        ocsp: true,
        ..Plan::of(Shape::AllOnSqlite)
    };
    let system = System::start(&plan).await?;
    // Counters appear with their first event: a refused caller, a lookup, a page, a refused list.
    for caller in [identity::AUTHENTICATION_BACKEND, identity::CITY_OFFICE] {
        let _ = callers::signing(&system.deployment, caller)?
            .check_signing_certificate(a_check(&system)?)
            .await;
    }
    let gateway = system.deployment.ports().public_url();
    let discovery = format!("{gateway}/api/realms/main/.well-known/openid-configuration");
    reqwest_client()?.get(discovery).send().await?;
    system
        .world
        .repository
        .set_fault(Fault::everywhere(FaultKind::WrongSignature));
    let mut wanted = names_in(&["prometheus/alerts.yml", "grafana/overview.json"])?;
    // There only with a responder configured; revocation-lookup's own tests hold the alert to it.
    wanted.remove("akashi_ocsp_client_queries_left");
    ensure!(wanted.len() >= 8, "the files name metrics: {wanted:?}");
    eventually("every metric", || async {
        let pages = metrics_of(&system).await?;
        Ok(wanted
            .iter()
            .all(|name| pages.contains(&format!("# TYPE {name} "))))
    })
    .await
    .with_context(|| format!("{wanted:?}"))
}

fn a_check(system: &System) -> Result<CheckSigningCertificateRequest> {
    let certificate = system.world.repository.read(|jpki| {
        jpki.card("good")
            .map(|card| card.digital_signature.der.clone())
    })?;
    Ok(CheckSigningCertificateRequest {
        certificate,
        purpose: Purpose::ValidityConfirmation.into(),
        case_reference: "operations-1".to_owned(),
        at: 0,
    })
}

/// The metric families that files name; a histogram's series belong to one family.
fn names_in(files: &[&str]) -> Result<BTreeSet<String>> {
    let mut names = BTreeSet::new();
    for file in files {
        let text = std::fs::read_to_string(deploy().join(file))?;
        let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        let metrics = words.filter(|word| word.starts_with("akashi_"));
        names.extend(metrics.map(|name| name.trim_end_matches("_bucket").to_owned()));
    }
    Ok(names)
}

async fn metrics_of(system: &System) -> Result<String> {
    let ports = system.deployment.ports();
    let roles = [
        ports.crl_sync,
        ports.revocation_lookup,
        ports.signature_verification,
        ports.signing_certificate,
        ports.oidc_gateway,
    ];
    let mut pages = String::new();
    for role in roles {
        let url = format!("http://127.0.0.1:{}/metrics", role.metrics);
        pages += &reqwest_client()?.get(url).send().await?.text().await?;
    }
    Ok(pages)
}

#[test]
fn the_alerts_fire_when_they_should() -> Result<()> {
    let folder = deploy().join("prometheus");
    for arguments in [
        ["check", "config", "prometheus.yml"],
        ["test", "rules", "alerts.test.yml"],
    ] {
        let output = Command::new("promtool")
            .args(arguments)
            .current_dir(&folder)
            .output()
            .context("promtool is in the Debian package prometheus")?;
        let words = String::from_utf8_lossy(&output.stdout).into_owned()
            + &String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "{arguments:?}:\n{words}");
    }
    Ok(())
}

#[test]
fn the_sample_configuration_is_accepted() -> Result<()> {
    for role in e2e::system::ROLES {
        let output = Command::new(akashi_binary())
            .args(["config", "check", "--without-files"])
            .arg(deploy().join("config").join(format!("{role}.toml")))
            .output()?;
        ensure!(
            output.status.success(),
            "{role}:\n{}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
    Ok(())
}
