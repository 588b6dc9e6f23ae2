//! The ledger.

use proto::revocation::v1::{GetRevocationStatusRequest, Purpose};
use revocation_lookup::GET_REVOCATION_STATUS;
use sandbox::mint::CaKind::{DigitalSignature, UserAuthentication};
use store::{AuditLog, LedgerRow};

use crate::world::{REVOKED, SIGNING, UNLISTED, VERIFICATION, World, audit_url, question};

#[tokio::test(flavor = "multi_thread")]
async fn every_lookup_is_in_the_ledger_when_the_service_has_stopped() {
    let world = World::with_full_lists().await;
    let minute = runtime::clock::Clock::now(&world.clock)
        .secs()
        .div_euclid(60);
    for _ in 0..3 {
        world
            .ask(VERIFICATION, question(UserAuthentication, &UNLISTED))
            .await
            .unwrap();
    }
    world
        .ask(VERIFICATION, question(UserAuthentication, &REVOKED))
        .await
        .unwrap();
    let confirmation = GetRevocationStatusRequest {
        purpose: Purpose::ValidityConfirmation.into(),
        ..question(DigitalSignature, &UNLISTED)
    };
    world.ask(SIGNING, confirmation).await.unwrap();
    // Refused ones are no lookups.
    world
        .ask(VERIFICATION, question(DigitalSignature, &UNLISTED))
        .await
        .unwrap_err();
    world
        .ask(VERIFICATION, question(UserAuthentication, &[]))
        .await
        .unwrap_err();
    let folder = world.stop().await;

    let row = |caller: &str, authority: &str, purpose: &str, outcome: &str, count| LedgerRow {
        minute,
        caller: caller.to_owned(),
        certification_authority: authority.to_owned(),
        method: GET_REVOCATION_STATUS.to_owned(),
        purpose: purpose.to_owned(),
        outcome: outcome.to_owned(),
        count,
    };
    let sign_in = "PURPOSE_USER_AUTHENTICATION";
    let expected = [
        row(VERIFICATION, "user-authentication", sign_in, "good", 3),
        row(VERIFICATION, "user-authentication", sign_in, "revoked", 1),
        row(
            SIGNING,
            "digital-signature",
            "PURPOSE_VALIDITY_CONFIRMATION",
            "good",
            1,
        ),
    ];
    let audit = AuditLog::open(&audit_url(folder.path()).parse().unwrap())
        .await
        .unwrap();
    assert_eq!(audit.ledger(10).await.unwrap(), expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lookup_is_in_the_ledger_within_ten_seconds() {
    let world = World::with_full_lists().await;
    world
        .ask(VERIFICATION, question(UserAuthentication, &UNLISTED))
        .await
        .unwrap();
    let asked = std::time::Instant::now();
    let audit = world.audit().await;
    world
        .until("it is in the ledger", async || {
            !audit.ledger(1).await.unwrap().is_empty()
        })
        .await;
    assert!(asked.elapsed().as_secs() < 10);
    world.stop().await;
}
