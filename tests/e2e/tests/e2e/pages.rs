//! The gateway's pages in a real browser: both ways of reading the card, at three widths, in both languages; with axe-core's
//! rules on every page; and without JavaScript.

use anyhow::{Result, ensure};
use e2e::accessibility::Accessibility;
use e2e::browser::{Browser, Manner, Screen};
use e2e::by_hand::PREFIX;
use e2e::system::{Plan, Shape, System};
use sandbox::relying_party::Use;

use crate::visitor::{Site, Visitor, screenshots};

#[tokio::test(flavor = "multi_thread")]
async fn every_page_is_for_everybody() -> Result<()> {
    let system = System::start(&Plan::of(Shape::AllOnSqlite)).await?;
    let checker = Accessibility::fetch()?;
    for language in ["ja", "en"] {
        for screen in [Screen::Phone, Screen::Desktop, Screen::SmallPhone] {
            let manner = Manner::of(screen).in_language(language);
            let visitor = Visitor::start(manner, &checker, "pages").await?;
            let phone = Manner::of(Screen::Phone).in_language(language);
            let phone = Visitor::start(phone, &checker, "pages").await?;
            let outcome = visit(&system, &visitor, &phone).await;
            visitor.tell_failure(&outcome).await?;
            visitor.browser.close().await?;
            phone.browser.close().await?;
            outcome?;
        }
    }
    Ok(())
}

async fn visit(system: &System, visitor: &Visitor<'_>, phone: &Visitor<'_>) -> Result<()> {
    on_this_device(system, visitor).await?;
    on_another_device(system, visitor, &phone.browser).await?;
    refused(system, visitor).await?;
    problems(system, visitor).await
}

/// The reader app is opened by the page's link.
async fn on_this_device(system: &System, visitor: &Visitor<'_>) -> Result<()> {
    visitor.begin(system, Use::City).await?;
    let browser = &visitor.browser;
    browser.text_of("#other-device").await?;
    visitor.look(Site::Gateway, "1-sign-in").await?;
    let page = browser.address().await?;
    browser.click("main.card a.button.primary").await?;
    browser.read_card("good").await?;
    browser.wait_for("button[value=approve]").await?;
    visitor.look(Site::Gateway, "2-consent").await?;
    browser.approve().await?;
    browser.text_of("#sub").await?;
    // Who goes back reads that it has ended.
    browser.open(&page).await?;
    browser.text_of(".reference").await?;
    visitor.look(Site::Gateway, "3-ended").await
}

/// The page's QR code is scanned with a phone; the page goes on by itself.
async fn on_another_device(system: &System, visitor: &Visitor<'_>, phone: &Browser) -> Result<()> {
    visitor.begin(system, Use::City).await?;
    let browser = &visitor.browser;
    browser.click("#other-device").await?;
    let shown = browser.text_of("#short-code").await?;
    visitor.look(Site::Gateway, "4-qr-code").await?;
    let address = sandbox::qr_code::read(&browser.html().await?)?;
    phone.open(&address).await?;
    let seen = phone.text_of("#short-code").await?;
    ensure!(seen == shown, "{seen} on the phone, {shown} on the page");
    let who = phone.text_of("#client").await?;
    ensure!(
        who.contains("Harbour City") && who.contains("127.0.0.1"),
        "{who}"
    );
    phone.screenshot("phone-card").await?;
    // The page notices that the code was opened.
    browser.wait_for("#waiting[data-state=opened]").await?;
    visitor.look(Site::Gateway, "5-opened").await?;
    phone.read_card("good").await?;
    // The form is gone: the next page is there.
    phone.wait_for("main:not(:has(form)) h1").await?;
    phone.screenshot("phone-done").await?;
    browser.wait_for("button[value=approve]").await?;
    visitor.look(Site::Gateway, "6-consent-after-phone").await?;
    browser.approve().await?;
    browser.text_of("#sub").await.map(drop)
}

async fn refused(system: &System, visitor: &Visitor<'_>) -> Result<()> {
    visitor.begin(system, Use::City).await?;
    visitor.browser.click("main.card a.button.primary").await?;
    visitor.browser.read_card("revoked").await?;
    visitor.browser.text_of(".reference").await?;
    visitor.look(Site::Gateway, "7-refused").await
}

async fn problems(system: &System, visitor: &Visitor<'_>) -> Result<()> {
    let gateway = system.deployment.ports().public_url();
    for (name, path) in [
        ("8-not-found", "/nowhere".to_owned()),
        (
            "9-unknown-client",
            format!("{PREFIX}/protocol/openid-connect/auth?client_id=NOBODY"),
        ),
    ] {
        visitor.browser.open(&format!("{gateway}{path}")).await?;
        visitor.browser.text_of(".reference").await?;
        visitor.look(Site::Gateway, name).await?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn both_ways_work_without_javascript() -> Result<()> {
    let system = System::start(&Plan::of(Shape::AllOnSqlite)).await?;
    let folder = screenshots("pages/without-javascript");
    let manner = Manner::of(Screen::Desktop).without_scripts();
    let browser = Browser::start_with(manner, &folder).await?;
    browser.sign_in(&system, Use::City, "good").await?;
    let sub = browser.text_of("#sub").await?;
    browser.forget_cookies().await?;
    let origin = &system.world.relying_party_url;
    browser
        .open(&format!("{origin}{}", Use::City.path()))
        .await?;
    browser
        .click(&format!("#{}", Use::City.sign_in_id()))
        .await?;
    browser.click("#other-device").await?;
    browser.text_of("#short-code").await?;
    browser.screenshot("qr-code").await?;
    let address = sandbox::qr_code::read(&browser.html().await?)?;
    let phone = Browser::start(Screen::Phone, &folder).await?;
    phone.open(&address).await?;
    phone.read_card("good").await?;
    // The page loads itself again, every five seconds.
    browser.wait_for("button[value=approve]").await?;
    browser.approve().await?;
    ensure!(browser.text_of("#sub").await? == sub, "the same person");
    phone.close().await?;
    browser.close().await
}
