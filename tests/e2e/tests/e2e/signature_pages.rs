//! The signature flow in a real browser: a contract with the market on one device, an application to the city with the card
//! read on another, at two widths, in both languages; with axe-core's rules on every page of the gateway, the relying party
//! and the card app. And what a revoked signing certificate changes, and where.

use anyhow::{Context as _, Result, ensure};
use e2e::accessibility::Accessibility;
use e2e::browser::{Browser, Manner, Screen};
use e2e::freshness::wait_for_number;
use e2e::system::{Plan, Shape, System};
use sandbox::deployment::identity;
use sandbox::mint::CaKind;
use sandbox::relying_party::Use;
use store::AuditLog;

use crate::visitor::{Site, Visitor};

const SET: &str = "signature-pages";

const AFFILIATION_CHANGED: u8 = 3;

/// Who receives the market's signatures, in both languages.
const OPERATOR: [&str; 2] = ["みなとトラスト", "Harbour Trust"];

/// What is said of a client that learns no name, in both languages.
const LEARNS_NO_NAME: [&str; 2] = [
    "このサービスに氏名などの情報は渡",
    "will not receive your name",
];

/// No page of the gateway may say any of them of a signature: it has verified nothing.
const WORDS_OF_VALIDITY: [&str; 5] = ["valid", "Valid", "有効", "revoked", "失効"];

#[tokio::test(flavor = "multi_thread")]
async fn a_signature_is_for_everybody() -> Result<()> {
    let system = System::start(&Plan::of(Shape::AllOnSqlite)).await?;
    let checker = Accessibility::fetch()?;
    let phone = Visitor::start(Manner::of(Screen::Phone), &checker, SET).await?;
    for language in ["ja", "en"] {
        for screen in [Screen::Phone, Screen::Desktop] {
            let manner = Manner::of(screen).in_language(language);
            let visitor = Visitor::start(manner, &checker, SET).await?;
            let outcome = visit(&system, &visitor, &phone).await;
            visitor.tell_failure(&outcome).await?;
            visitor.browser.close().await?;
            outcome?;
        }
    }
    let outcome = exceptions(&system, &phone).await;
    phone.tell_failure(&outcome).await?;
    phone.browser.close().await?;
    outcome
}

async fn visit(system: &System, visitor: &Visitor<'_>, phone: &Visitor<'_>) -> Result<()> {
    a_contract_on_this_device(system, visitor).await?;
    an_application_on_another_device(system, visitor, phone).await
}

async fn exceptions(system: &System, visitor: &Visitor<'_>) -> Result<()> {
    a_contract_that_is_not_agreed_to(system, visitor).await?;
    a_revoked_signing_certificate(system, visitor).await
}

async fn a_contract_on_this_device(system: &System, visitor: &Visitor<'_>) -> Result<()> {
    let browser = &visitor.browser;
    visitor.open(system, Use::Contract).await?;
    visitor.look(Site::RelyingParty, "01-contract").await?;
    let digest = browser.text_of("#digest").await?;
    let begin = format!("#{}", Use::Contract.sign_in_id());
    browser.click(&begin).await?;
    browser.wait_for("section.signature").await?;
    visitor.look(Site::Gateway, "02-sign-in").await?;
    says_who_reads_it(browser).await?;
    browser.click("main.card a.button.primary").await?;
    let signing = browser.text_of("#signing").await?;
    let beginning = digest.get(..16).context("a digest in hexadecimal")?;
    ensure!(signing.contains(beginning), "{beginning} in {signing}");
    visitor.look(Site::CardApp, "03-card").await?;
    browser.read_card("good").await?;
    browser.wait_for("button[value=approve]").await?;
    visitor.look(Site::Gateway, "04-consent").await?;
    says_who_reads_it(browser).await?;
    browser.approve().await?;
    let found = browser.text_of("#operator").await?;
    ensure!(found == "a genuine signature, 256 octets", "{found}");
    let signer = browser.text_of("#signer-name").await?;
    ensure!(signer == "海野　花子", "{signer}");
    visitor.look(Site::RelyingParty, "05-signed").await
}

/// The gateway's page names the platform operator, says that the client cannot read the signature, and nothing of validity.
async fn says_who_reads_it(browser: &Browser) -> Result<()> {
    let page = browser.text_of("main").await?;
    for said in [OPERATOR, LEARNS_NO_NAME] {
        ensure!(said.iter().any(|words| page.contains(words)), "{page}");
    }
    says_nothing_of_validity(&page)
}

fn says_nothing_of_validity(page: &str) -> Result<()> {
    let said = WORDS_OF_VALIDITY.iter().find(|word| page.contains(**word));
    ensure!(said.is_none(), "{said:?} stands in {page}");
    Ok(())
}

async fn a_contract_that_is_not_agreed_to(system: &System, visitor: &Visitor<'_>) -> Result<()> {
    let browser = &visitor.browser;
    consent(system, visitor, Use::Contract, "good").await?;
    browser.click("button[value=deny]").await?;
    let error = browser.text_of("#error").await?;
    ensure!(error == "access_denied", "{error}");
    ensure!(!browser.has("#result").await?, "{}", browser.text().await?);
    visitor.look(Site::RelyingParty, "06-denied").await
}

/// Up to the gateway's last page; what stands there.
async fn consent(
    system: &System,
    visitor: &Visitor<'_>,
    purpose: Use,
    card: &str,
) -> Result<String> {
    let browser = &visitor.browser;
    visitor.begin(system, purpose).await?;
    browser.click("main.card a.button.primary").await?;
    browser.read_card(card).await?;
    browser.wait_for("button[value=approve]").await?;
    browser.text_of("main").await
}

/// The page's QR code is scanned with a phone, which asks for both PINs; the page goes on by itself.
async fn an_application_on_another_device(
    system: &System,
    visitor: &Visitor<'_>,
    phone: &Visitor<'_>,
) -> Result<()> {
    let browser = &visitor.browser;
    visitor.open(system, Use::Application).await?;
    visitor.look(Site::RelyingParty, "07-application").await?;
    let begin = format!("#{}", Use::Application.sign_in_id());
    browser.click(&begin).await?;
    browser.wait_for("#other-device").await?;
    visitor.look(Site::Gateway, "08-sign-in-to-agency").await?;
    browser.click("#other-device").await?;
    let shown = browser.text_of("#short-code").await?;
    visitor.look(Site::Gateway, "09-qr-code").await?;
    let address = sandbox::qr_code::read(&browser.html().await?)?;
    phone.browser.open(&address).await?;
    let seen = phone.browser.text_of("#short-code").await?;
    ensure!(seen == shown, "{seen} on the phone, {shown} on the page");
    phone.browser.wait_for("#signing-pin").await?;
    phone.look(Site::CardApp, "10-phone-card").await?;
    browser.wait_for("#waiting[data-state=opened]").await?;
    phone.browser.read_card("good").await?;
    // The form is gone: the next page is there.
    phone.browser.wait_for("main:not(:has(form)) h1").await?;
    phone.look(Site::CardApp, "11-phone-done").await?;
    browser.wait_for("button[value=approve]").await?;
    visitor.look(Site::Gateway, "12-consent-to-agency").await?;
    let page = browser.text_of("main").await?;
    // The agency receives it itself, with the name in it.
    for unsaid in [OPERATOR, LEARNS_NO_NAME] {
        ensure!(unsaid.iter().all(|words| !page.contains(words)), "{page}");
    }
    says_nothing_of_validity(&page)?;
    browser.approve().await?;
    decided(browser, "accepted", "valid").await?;
    visitor.look(Site::RelyingParty, "13-accepted").await
}

/// What the city says of an application, and what it was told of the certificate.
async fn decided(browser: &Browser, decision: &str, validity: &str) -> Result<()> {
    let result = format!("#application-result[data-outcome={decision}]");
    browser.wait_for(&result).await?;
    let told = browser.text_of("#validity").await?;
    ensure!(told == validity, "{told}");
    let found = browser.text_of("#office").await?;
    ensure!(found == "a genuine signature, 256 octets", "{found}");
    Ok(())
}

/// It changes nothing on the gateway's pages and nothing for the market, which may not ask; the city is told since when and
/// why.
async fn a_revoked_signing_certificate(system: &System, visitor: &Visitor<'_>) -> Result<()> {
    let (browser, card) = (&visitor.browser, "older-key");
    let before = consent(system, visitor, Use::Contract, card).await?;
    let revoked_at = sandbox::now();
    let kinds = [CaKind::DigitalSignature];
    let repository = &system.world.repository;
    repository.revoke(card, &kinds, AFFILIATION_CHANGED, revoked_at)?;
    let number = repository.publications()["digital-signature"].number;
    wait_for_number(&system.deployment, "digital-signature", number).await?;
    let after = consent(system, visitor, Use::Contract, card).await?;
    ensure!(before == after, "{before}\nis now\n{after}");
    browser.approve().await?;
    let found = browser.text_of("#operator").await?;
    ensure!(found == "a genuine signature, 256 octets", "{found}");
    ensure!(!browser.has("#validity").await?, "the market is told");
    let page = consent(system, visitor, Use::Application, card).await?;
    says_nothing_of_validity(&page)?;
    browser.approve().await?;
    decided(browser, "refused", "revoked").await?;
    visitor.look(Site::RelyingParty, "14-refused").await?;
    let since = browser.text_of("#revoked-at").await?;
    ensure!(since == revoked_at.secs().to_string(), "{since}");
    let reason = browser.text_of("#revocation-reason").await?;
    ensure!(reason == "affiliation_changed", "{reason}");
    is_recorded(system, browser).await
}

/// The record that the page names is the city's, of this case.
async fn is_recorded(system: &System, browser: &Browser) -> Result<()> {
    let id = browser.text_of("#audit-record").await?;
    let case_reference = browser.text_of("#case-reference").await?;
    let audit = AuditLog::open(&system.audit_url().parse()?).await?;
    let records = audit.checks(100).await?;
    audit.close().await;
    let of_the_case: Vec<_> = records
        .iter()
        .filter(|record| record.case_reference == case_reference)
        .collect();
    let [record] = of_the_case.as_slice() else {
        anyhow::bail!("{} records of {case_reference}", of_the_case.len());
    };
    ensure!(record.record_id == id, "{id} is not {}", record.record_id);
    ensure!(record.caller == identity::CITY_OFFICE, "{}", record.caller);
    ensure!(
        record.outcome == "CHECK_RESULT_REVOKED",
        "{}",
        record.outcome
    );
    Ok(())
}
