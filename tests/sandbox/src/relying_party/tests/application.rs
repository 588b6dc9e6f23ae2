//! What the city's page says of an application, by what the city was told of the signing certificate.

use crate::relying_party::agency::Validity;
use crate::relying_party::application::SignedApplication;
use crate::relying_party::refusal::Refusal;
use crate::relying_party::sessions::Outcome;
use crate::relying_party::tests::harness::text_of;
use crate::relying_party::{ClientConfig, ClientKey, RelyingParty, RelyingPartyConfig, Use, pages};

async fn page(validity: Result<Validity, Refusal>) -> String {
    let client = ClientConfig {
        client_id: "CITY".to_owned(),
        key_id: "rp".to_owned(),
        private_key_pem: ClientKey::generate().unwrap().to_pkcs8_pem().unwrap(),
        name: "The city".to_owned(),
    };
    let site = RelyingParty::new(RelyingPartyConfig {
        public_url: "http://127.0.0.1:1".to_owned(),
        issuer: "http://127.0.0.1:2".to_owned(),
        clients: vec![client.clone(), client],
        operator: None,
        agency: None,
    });
    let application = SignedApplication::example(validity);
    let outcome = Ok(Outcome::Application(Box::new(application)));
    let shown = pages::use_page(&site.unwrap(), Use::Application, Some(&outcome), true);
    let body = axum::body::to_bytes(shown.into_body(), usize::MAX).await;
    String::from_utf8(body.unwrap().to_vec()).unwrap()
}

fn told(result: &str) -> Validity {
    Validity {
        result: result.to_owned(),
        failed_rule: String::new(),
        checked_at: 1_795_445_999,
        audit_record_id: "record".to_owned(),
        revoked_at: None,
        revocation_reason: None,
    }
}

fn decided(page: &str, decision: &str) -> bool {
    let is_accepted = page.contains("panel accepted");
    page.contains(&format!("data-outcome=\"{decision}\""))
        && is_accepted == (decision == "accepted")
}

#[tokio::test]
async fn an_application_is_accepted_with_a_valid_certificate_and_no_other() {
    for (result, decision, meaning) in [
        ("valid", "accepted", "it is not revoked"),
        ("expired", "refused", "its last day is over"),
        (
            "revocation_unknown",
            "undecided",
            "cannot be told at the moment",
        ),
        (
            "untrusted_issuer",
            "refused",
            "no key that is trusted issued it",
        ),
        (
            "of_a_later_version",
            "refused",
            "does not take it for valid",
        ),
    ] {
        let page = page(Ok(told(result))).await;
        assert_eq!(text_of(&page, "validity").as_deref(), Some(result));
        assert!(decided(&page, decision), "{result}: {page}");
        assert!(page.contains(meaning), "{result}: {page}");
        assert_eq!(text_of(&page, "audit-record").as_deref(), Some("record"));
        assert_eq!(text_of(&page, "revoked-at"), None);
    }
}

#[tokio::test]
async fn of_a_revoked_certificate_the_page_says_since_when_and_why() {
    let page = page(Ok(Validity {
        failed_rule: "certificate_revoked".to_owned(),
        revoked_at: Some(1_795_445_999),
        revocation_reason: Some("affiliation_changed".to_owned()),
        ..told("revoked")
    }))
    .await;
    assert!(decided(&page, "refused"), "{page}");
    assert!(page.contains("23 November 2026, 23:59:59 in Japan"));
    let reason = text_of(&page, "revocation-reason");
    assert_eq!(reason.as_deref(), Some("affiliation_changed"));
    assert!(page.contains("記載内容に変更"));
}

#[tokio::test]
async fn without_an_answer_nothing_is_decided() {
    let page = page(Err(Refusal::Unreachable("nobody answers"))).await;
    let said = text_of(&page, "validity");
    assert_eq!(said.as_deref(), Some("provider_unreachable"));
    assert!(decided(&page, "undecided"), "{page}");
}
