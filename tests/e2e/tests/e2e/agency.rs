//! An agency asks about signing certificates with its command, and each answer leaves a record.

use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use e2e::system::{Plan, Shape, System, akashi_binary};
use sandbox::deployment::Lists;
use sandbox::mint::CaKind;
use store::{AuditLog, CheckRecord};

/// Cards, and what the agency hears of their signing certificates. `minor` lives in the municipality whose list
/// is not fetched, so nothing proves that its certificate is good.
const CARDS: [(&str, &str); 5] = [
    ("older-key", "VALID"),
    ("good", "VALID"),
    ("revoked", "REVOKED"),
    ("expired", "EXPIRED"),
    ("minor", "UNKNOWN"),
];

#[tokio::test(flavor = "multi_thread")]
async fn an_agency_learns_four_outcomes_at_one_process_on_sqlite() -> Result<()> {
    an_agency_learns_four_outcomes(Shape::AllOnSqlite, Lists::partitions().signed_by_own_key())
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agency_learns_four_outcomes_at_a_process_for_each_role_on_postgresql() -> Result<()> {
    an_agency_learns_four_outcomes(Shape::RolesOnPostgres, Lists::partitions()).await
}

async fn an_agency_learns_four_outcomes(shape: Shape, lists: Lists) -> Result<()> {
    let plan = Plan {
        lists: lists.without("hoshizora"),
        ..Plan::of(shape)
    };
    let system = System::start(&plan).await?;
    let files: Vec<String> = CARDS
        .iter()
        .map(|(card, _)| file_of(&system, card))
        .collect();
    let (status, words) = check(&system, &files)?;
    println!("{words}");
    ensure!(
        status == Some(1),
        "some are not valid, so the command ends with 1:\n{words}"
    );
    for ((_, outcome), file) in CARDS.iter().zip(&files) {
        let headline = words
            .lines()
            .find(|line| line.starts_with(file.as_str()))
            .context("a line for each file")?;
        ensure!(
            headline.contains(outcome),
            "{outcome} is expected, but: {headline}"
        );
    }
    ensure!(
        words.contains("affiliationChanged"),
        "the reason of the revocation is told:\n{words}"
    );
    let (status, _) = check(&system, &files[..1])?;
    ensure!(
        status == Some(0),
        "all are valid, so the command ends with 0"
    );
    every_answer_left_a_record(&system).await?;
    the_same_is_known_of_the_day_before(&system, &files).await
}

/// Of a moment before the first list: each certificate was good or not by the lists that came since.
async fn the_same_is_known_of_the_day_before(system: &System, files: &[String]) -> Result<()> {
    let at = sandbox::now().plus_secs(-86_400).to_string();
    let (status, words) = check_with(system, files, &["--at", &at])?;
    ensure!(status == Some(1), "some were not valid:\n{words}");
    for ((card, outcome), file) in CARDS.iter().zip(files) {
        let headline = words
            .lines()
            .find(|line| line.starts_with(file.as_str()))
            .context("a line for each file")?;
        ensure!(
            headline.contains(outcome),
            "{card}: {outcome} is expected of {at}, but: {headline}"
        );
    }
    let audit = AuditLog::open(&system.audit_url().parse()?).await?;
    let records = audit.checks(100).await?;
    audit.close().await;
    let of_the_past = |record: &&CheckRecord| record.evidence.contains("\"at\":");
    let past: Vec<_> = records.iter().filter(of_the_past).collect();
    ensure!(past.len() == CARDS.len(), "{} records", past.len());
    let (status, words) = check_with(system, &files[..1], &["--at", "2999-01-01T00:00:00Z"])?;
    ensure!(status == Some(2), "it has not come yet:\n{words}");
    Ok(())
}

fn file_of(system: &System, card: &str) -> String {
    system
        .world
        .repository
        .certificate_file(card, CaKind::DigitalSignature)
        .display()
        .to_string()
}

fn check(system: &System, files: &[String]) -> Result<(Option<i32>, String)> {
    check_with(system, files, &[])
}

fn check_with(system: &System, files: &[String], more: &[&str]) -> Result<(Option<i32>, String)> {
    let output = Command::new(akashi_binary())
        .arg("check")
        .args(files)
        .args(more)
        .args(["--case-reference", "e2e-1", "--config"])
        .arg(system.deployment.config_file("agency"))
        .output()?;
    let words = String::from_utf8_lossy(&output.stdout).into_owned();
    Ok((
        output.status.code(),
        words + &String::from_utf8_lossy(&output.stderr),
    ))
}

async fn every_answer_left_a_record(system: &System) -> Result<()> {
    let audit = AuditLog::open(&system.audit_url().parse()?).await?;
    let records: Vec<CheckRecord> = audit.checks(100).await?;
    audit.close().await;
    ensure!(
        records.len() == 6,
        "six answers, six records, not {}",
        records.len()
    );
    for record in &records {
        ensure!(
            record.caller == sandbox::deployment::identity::CITY_OFFICE,
            "by the agency"
        );
        ensure!(record.case_reference == "e2e-1", "for its case");
    }
    let mut outcomes: Vec<&str> = records
        .iter()
        .map(|record| record.outcome.as_str())
        .collect();
    outcomes.sort_unstable();
    let expected = [
        "EXPIRED",
        "REVOCATION_UNKNOWN",
        "REVOKED",
        "VALID",
        "VALID",
        "VALID",
    ];
    let expected = expected.map(|outcome| format!("CHECK_RESULT_{outcome}"));
    ensure!(outcomes == expected, "{outcomes:?}");
    Ok(())
}
