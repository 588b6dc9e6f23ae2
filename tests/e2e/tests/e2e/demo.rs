//! The demo, started, tried, stopped and started again as a person would.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use e2e::accessibility::Accessibility;
use e2e::browser::{Browser, Screen};
use e2e::process::Process;
use e2e::system::{akashi_binary, eventually};
use sandbox::relying_party::Use;
use serde_json::Value;

#[tokio::test(flavor = "multi_thread")]
async fn the_demo_keeps_its_data_from_one_start_to_the_next() -> Result<()> {
    let data = tempfile::tempdir()?;
    let screenshots = Path::new(env!("CARGO_TARGET_TMPDIR")).join("screenshots/demo");

    let (demo, at) = start(data.path())?;
    let browser = Browser::start(Screen::Phone, &screenshots).await?;
    let before = signed_in_as(&browser, &at, "older-key").await?;
    take_pictures(&browser, &at).await?;
    revoke("good", data.path())?;
    eventually("the revoked card being refused", || {
        is_refused(&browser, &at, "good")
    })
    .await?;
    ensure!(demo.terminate()?.success(), "SIGTERM ends it in good order");

    let (demo, at) = start(data.path())?;
    let after = signed_in_as(&browser, &at, "older-key").await?;
    ensure!(
        before == after,
        "the same person has the same sub after a restart"
    );
    ensure!(
        is_refused(&browser, &at, "good").await?,
        "a revocation outlives a restart"
    );
    browser.close().await?;
    ensure!(demo.terminate()?.success(), "and again");
    Ok(())
}

fn sandbox_binary() -> PathBuf {
    akashi_binary().with_file_name("sandbox")
}

/// Starts the demo and waits for its line of addresses.
fn start(data: &Path) -> Result<(Process, Value)> {
    let folder = data.to_str().context("a temporary folder in UTF-8")?;
    let arguments = [
        "--no-build",
        "--random-ports",
        "--print-json",
        "--sync-interval-seconds",
        "1",
        "--data",
        folder,
    ];
    let mut demo = Process::start(&sandbox_binary(), &arguments, "demo", data)?;
    let addresses = |log: &str| {
        log.lines()
            .find(|line| line.starts_with('{'))
            .map(str::to_owned)
    };
    demo.wait_until("its addresses", |log| {
        addresses(log).is_some_and(|line| line.ends_with('}'))
    })?;
    let line = addresses(&demo.log()).context("a line of addresses")?;
    Ok((demo, serde_json::from_str(&line)?))
}

fn relying_party(at: &Value) -> Result<&str> {
    at["relying_party"]
        .as_str()
        .context("the relying party's address")
}

async fn signed_in_as(browser: &Browser, at: &Value, card: &str) -> Result<String> {
    browser.forget_cookies().await?;
    browser
        .go_to_card_from(relying_party(at)?, Use::City)
        .await?;
    browser.read_card(card).await?;
    browser.approve().await?;
    browser.text_of("#sub").await
}

async fn is_refused(browser: &Browser, at: &Value, card: &str) -> Result<bool> {
    browser.forget_cookies().await?;
    browser
        .go_to_card_from(relying_party(at)?, Use::City)
        .await?;
    browser.read_card(card).await?;
    let words = browser.text_of("main.card").await?;
    Ok(words.contains("revoked") || words.contains("失効"))
}

/// What the README shows, each page of it for everybody.
async fn take_pictures(browser: &Browser, at: &Value) -> Result<()> {
    let checker = Accessibility::fetch()?;
    let picture = async |name: &str, language: &str| {
        browser.screenshot(name).await?;
        checker.check(browser, name, language).await
    };
    browser.forget_cookies().await?;
    browser.open(relying_party(at)?).await?;
    picture("relying-party", "en").await?;
    browser
        .go_to_card_from(relying_party(at)?, Use::City)
        .await?;
    picture("card", "ja").await?;
    browser.read_card("good").await?;
    browser.wait_for("button[value=approve]").await?;
    picture("consent", "en").await?;
    browser.approve().await?;
    browser.wait_for("#sub").await?;
    picture("signed-in", "en").await?;
    browser
        .go_to_card_from(relying_party(at)?, Use::Contract)
        .await?;
    browser.read_card("good").await?;
    browser.wait_for("button[value=approve]").await?;
    picture("signature-consent", "en").await?;
    for (purpose, name) in [
        (Use::Premium, "premium"),
        (Use::Age, "age"),
        (Use::Application, "application"),
    ] {
        browser.go_to_card_from(relying_party(at)?, purpose).await?;
        browser.read_card("good").await?;
        browser.approve().await?;
        browser.wait_for("#result").await?;
        browser
            .run("document.getElementById('result').scrollIntoView()")
            .await?;
        picture(name, "en").await?;
    }
    Ok(())
}

fn revoke(card: &str, data: &Path) -> Result<()> {
    let output = Command::new(sandbox_binary())
        .args(["revoke", card, "--data"])
        .arg(data)
        .output()?;
    ensure!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(())
}
