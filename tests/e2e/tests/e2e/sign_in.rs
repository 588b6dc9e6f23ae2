//! A card holder signs in; a revoked card is refused; a renewed one is the same person.

use std::path::{Path, PathBuf};

use anyhow::{Result, ensure};
use e2e::browser::{Browser, Screen};
use e2e::system::{Plan, Shape, System};
use sandbox::mint::CaKind;
use sandbox::relying_party::Use;

const KEY_COMPROMISE: u8 = 1;

fn screenshots(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join("screenshots")
        .join(name)
}

#[tokio::test(flavor = "multi_thread")]
async fn people_sign_in_at_one_process_on_sqlite() -> Result<()> {
    people_sign_in(Shape::AllOnSqlite, "one-process").await
}

#[tokio::test(flavor = "multi_thread")]
async fn people_sign_in_at_a_process_for_each_role_on_postgresql() -> Result<()> {
    people_sign_in(Shape::RolesOnPostgres, "process-per-role").await
}

async fn people_sign_in(shape: Shape, name: &str) -> Result<()> {
    let mut system = System::start(&Plan::of(shape)).await?;
    let browser = Browser::start(Screen::Desktop, &screenshots(name)).await?;
    let outcome = journey(&mut system, &browser).await;
    if outcome.is_err() {
        browser.screenshot("failed").await?;
        eprintln!(
            "at {}:\n{}\n{}",
            browser.address().await?,
            browser.text().await?,
            system.last_words()
        );
    }
    browser.close().await?;
    outcome
}

async fn journey(system: &mut System, browser: &Browser) -> Result<()> {
    the_good_holder_signs_in(system, browser).await?;
    the_revoked_holder_is_refused_in_words(system, browser).await?;
    the_renewed_holder_is_the_same_person(system, browser).await?;
    a_premium_item_is_given_once(system, browser).await?;
    an_age_check_tells_only_the_age(system, browser).await?;
    a_contract_is_signed_and_the_operator_verifies_it(system, browser).await?;
    an_agency_is_told_that_the_signing_certificate_is_valid(system, browser).await?;
    a_card_revoked_meanwhile_is_refused_after_one_sync(system, browser).await
}

async fn the_good_holder_signs_in(system: &System, browser: &Browser) -> Result<()> {
    browser.open(&system.world.relying_party_url).await?;
    browser.screenshot("1-relying-party").await?;
    browser.go_to_card(system, Use::City).await?;
    browser.screenshot("2-card").await?;
    browser.read_card("good").await?;
    let consent = browser.text_of("main").await?;
    browser.screenshot("3-consent").await?;
    ensure!(
        consent.contains("海野"),
        "consent shows what is handed over:\n{consent}"
    );
    browser.approve().await?;
    ensure!(
        browser.text_of("#claim-name").await?.contains("海野"),
        "the name arrives"
    );
    ensure!(
        browser.text_of("#claim-birthdate").await? == "1990-04-12",
        "the birth date arrives"
    );
    ensure!(
        browser.text_of("#claim-gender").await? == "female",
        "the gender arrives"
    );
    ensure!(
        !browser.text_of("#claim-address").await?.is_empty(),
        "the address arrives"
    );
    ensure!(
        browser.text_of("#acr").await? == "aal3",
        "the assurance level arrives"
    );
    browser.screenshot("4-signed-in").await
}

async fn the_revoked_holder_is_refused_in_words(system: &System, browser: &Browser) -> Result<()> {
    browser.forget_cookies().await?;
    browser.go_to_card(system, Use::City).await?;
    browser.read_card("revoked").await?;
    let words = browser.text_of("main.card").await?;
    browser.screenshot("5-revoked").await?;
    ensure!(
        words.contains("revoked") || words.contains("失効"),
        "words a person understands:\n{words}"
    );
    browser.click("main.card a.button.primary").await?;
    ensure!(
        browser.text_of("#error").await? == "access_denied",
        "the relying party is told"
    );
    browser.screenshot("6-refused-at-relying-party").await
}

async fn the_renewed_holder_is_the_same_person(system: &System, browser: &Browser) -> Result<()> {
    browser.forget_cookies().await?;
    browser.sign_in(system, Use::City, "renewed-old").await?;
    let before = browser.text_of("#sub").await?;
    browser.forget_cookies().await?;
    browser.sign_in(system, Use::City, "renewed").await?;
    let after = browser.text_of("#sub").await?;
    ensure!(before == after, "one person, one sub: {before} and {after}");
    browser.forget_cookies().await?;
    browser.sign_in(system, Use::City, "older-key").await?;
    let other = browser.text_of("#sub").await?;
    ensure!(other != after, "another person, another sub");
    browser.forget_cookies().await?;
    browser.sign_in(system, Use::Premium, "renewed").await?;
    let other_sector = browser.text_of("#sub").await?;
    ensure!(other_sector != after, "another sector, another sub");
    Ok(())
}

async fn a_premium_item_is_given_once(system: &System, browser: &Browser) -> Result<()> {
    for (card, outcome) in [
        ("good", "given"),
        ("good", "already-given"),
        ("older-key", "given"),
    ] {
        browser.forget_cookies().await?;
        browser.sign_in(system, Use::Premium, card).await?;
        browser
            .text_of(&format!("#premium-result[data-outcome={outcome}]"))
            .await?;
    }
    Ok(())
}

async fn an_age_check_tells_only_the_age(system: &System, browser: &Browser) -> Result<()> {
    for (card, outcome) in [("good", "yes"), ("minor", "no")] {
        browser.forget_cookies().await?;
        browser.sign_in(system, Use::Age, card).await?;
        browser
            .text_of(&format!("#age-result[data-outcome={outcome}]"))
            .await?;
        ensure!(
            !browser.text().await?.contains("1990"),
            "the birth date itself is dropped"
        );
    }
    browser.screenshot("7-age").await
}

async fn a_contract_is_signed_and_the_operator_verifies_it(
    system: &System,
    browser: &Browser,
) -> Result<()> {
    browser.forget_cookies().await?;
    browser.go_to_card(system, Use::Contract).await?;
    browser.screenshot("8-card-signs").await?;
    browser.read_card("good").await?;
    let consent = browser.text_of("main").await?;
    browser.screenshot("9-consent-to-signature").await?;
    ensure!(
        consent.contains("みなとトラスト") || consent.contains("Harbour Trust"),
        "consent says who receives the signature:\n{consent}"
    );
    browser.approve().await?;
    ensure!(
        browser.text_of("#operator").await? == "a genuine signature, 256 octets",
        "the operator decrypts and verifies:\n{}",
        browser.text().await?
    );
    ensure!(
        browser.text_of("#signer-name").await?.contains("海野"),
        "the signing certificate says whose it is"
    );
    browser.screenshot("10-signed").await
}

async fn an_agency_is_told_that_the_signing_certificate_is_valid(
    system: &System,
    browser: &Browser,
) -> Result<()> {
    browser.forget_cookies().await?;
    browser.sign_in(system, Use::Application, "good").await?;
    let validity = browser.text_of("#validity").await?;
    ensure!(validity == "valid", "{}", browser.text().await?);
    browser
        .wait_for("#application-result[data-outcome=accepted]")
        .await
}

async fn a_card_revoked_meanwhile_is_refused_after_one_sync(
    system: &mut System,
    browser: &Browser,
) -> Result<()> {
    let kinds = [CaKind::UserAuthentication];
    system
        .world
        .repository
        .revoke("good", &kinds, KEY_COMPROMISE, sandbox::now())?;
    let number = system.world.repository.publications()["user-authentication"].number;
    e2e::freshness::wait_for_number(&system.deployment, "user-authentication", number).await?;
    browser.forget_cookies().await?;
    browser.go_to_card(system, Use::City).await?;
    browser.read_card("good").await?;
    let words = browser.text_of("main.card").await?;
    ensure!(
        words.contains("revoked") || words.contains("失効"),
        "refused after one sync:\n{words}"
    );
    Ok(())
}
