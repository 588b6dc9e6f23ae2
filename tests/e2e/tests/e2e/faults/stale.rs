//! The list server is away until the lists are past their next update: nothing is called good any more, people are
//! told so, and everything recovers by itself.

use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use e2e::browser::{Browser, Screen};
use e2e::health::is_serving;
use e2e::system::{Plan, Shape, System};
use proto::revocation::v1::UnknownReason;
use proto::verification::v1::VerificationResult;
use sandbox::mint::CaKind;
use sandbox::relying_party::Use;
use sandbox::repository::{Fault, FaultKind};

use super::ask::{Answer, result_of, status, verify, wait_for_status};
use super::scrape::metric;
use super::{USER, VERIFYING, bounded, full_lists_only};

const STALE: Answer = Answer::Unknown(UnknownReason::Stale);

#[tokio::test(flavor = "multi_thread")]
async fn stale_lists_make_answers_unknown_until_the_list_server_is_back() -> Result<()> {
    let plan = Plan {
        list_lifetime_seconds: 8,
        ..full_lists_only(Shape::RolesOnSqlite)
    };
    let mut system = System::start_only(&plan, &VERIFYING).await?;
    let outcome = bounded(stale_and_back(&mut system)).await;
    outcome.with_context(|| system.last_words())
}

async fn stale_and_back(system: &mut System) -> Result<()> {
    let result = result_of(system, "good").await?;
    ensure!(result == VerificationResult::Ok, "before: {result:?}");

    system
        .world
        .repository
        .set_fault(Fault::everywhere(FaultKind::Stop));
    wait_for_status(system, "good", &STALE).await?;
    let verified = verify(system, "good").await??;
    ensure!(
        verified.result() == VerificationResult::RevocationUnknown
            && verified.failed_rule == "revocation_list_stale"
            && verified.holder.is_none(),
        "stale: {verified:?}"
    );
    let revoked = status(system, "revoked", USER).await?;
    ensure!(
        matches!(revoked, Answer::Revoked(_)),
        "a stale list still proves a revocation, but: {revoked:?}"
    );
    let result = result_of(system, "revoked").await?;
    ensure!(
        result == VerificationResult::CertificateRevoked,
        "revoked: {result:?}"
    );
    system.wait_for_fresh_lists(false).await?;
    ensure!(
        is_serving(&system.deployment, "").await == Some(true),
        "a replica with stale lists can still answer"
    );
    let lookup = system.deployment.ports().revocation_lookup;
    for kind in CaKind::ALL {
        let authority = [("certification_authority", kind.name())];
        let left = metric(lookup, "akashi_list_seconds_to_next_update", &authority).await?;
        ensure!(left <= 0.0, "{left} seconds are left by the metric");
    }

    system.world.repository.set_fault(Fault::none());
    system.wait_for_fresh_lists(true).await?;
    let result = result_of(system, "good").await?;
    ensure!(result == VerificationResult::Ok, "back: {result:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_is_refused_in_words_while_lists_are_stale() -> Result<()> {
    let plan = Plan {
        list_lifetime_seconds: 15,
        ..full_lists_only(Shape::AllOnSqlite)
    };
    let mut system = System::start(&plan).await?;
    let screenshots = Path::new(env!("CARGO_TARGET_TMPDIR")).join("screenshots/stale");
    let browser = Browser::start(Screen::Phone, &screenshots).await?;
    let outcome = bounded(refused_and_back(&mut system, &browser)).await;
    if outcome.is_err() {
        browser.screenshot("failed").await?;
    }
    browser.close().await?;
    outcome.with_context(|| system.last_words())
}

async fn refused_and_back(system: &mut System, browser: &Browser) -> Result<()> {
    browser.sign_in(system, Use::City, "good").await?;
    let before = browser.text_of("#sub").await?;

    system
        .world
        .repository
        .set_fault(Fault::everywhere(FaultKind::Stop));
    wait_for_status(system, "good", &STALE).await?;
    browser.forget_cookies().await?;
    browser.go_to_card(system, Use::City).await?;
    browser.read_card("good").await?;
    let words = browser.text_of("main.card").await?;
    browser.screenshot("1-refused").await?;
    ensure!(
        words.contains("cannot be confirmed at the moment") || words.contains("現在確認できません"),
        "words that say so:\n{words}"
    );
    browser.click("main.card a.button.primary").await?;
    let error = browser.text_of("#error").await?;
    browser.screenshot("2-at-relying-party").await?;
    ensure!(
        error == "temporarily_unavailable",
        "the relying party is told to try later, but: {error}"
    );

    system.world.repository.set_fault(Fault::none());
    system.wait_for_fresh_lists(true).await?;
    browser.forget_cookies().await?;
    browser.sign_in(system, Use::City, "good").await?;
    ensure!(
        browser.text_of("#sub").await? == before,
        "the same person signs in again"
    );
    Ok(())
}
