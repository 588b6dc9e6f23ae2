//! Lookups that ask the authority's OCSP responder: OpenSSL's, our own, and one that lies.

use pki::OcspFailure;
use proto::revocation::v1::{
    GetRevocationStatusRequest, GetRevocationStatusResponse, OcspSigner, RevocationMethod,
    RevocationReason, RevocationStatus, UnknownReason,
};
use sandbox::mint::CaKind;
use sandbox::mint::CaKind::{DigitalSignature, UserAuthentication};
use tonic::Code;

use crate::ocsp_world::{SIGN_IN, SIGNING, publish_full_list, write_keys};
use crate::responder::{Behaviour, OpenSsl, Scripted, write_index};
use crate::world::{
    AUDITOR, REVOKED, REVOKED_AT, UNLISTED, VERIFICATION, World, newest_key, question,
};

pub(crate) const OCSP: RevocationMethod = RevocationMethod::Ocsp;
pub(crate) const OCSP_THEN_CRL: RevocationMethod = RevocationMethod::OcspThenCrl;

/// A client of a responder, with more settings.
pub(crate) fn client_of(kind: CaKind, url: &str, more: &str) -> String {
    let queries = if more.contains("queries_per_day") {
        ""
    } else {
        "queries_per_day = 1000"
    };
    let name = kind.name();
    format!(
        "[[ocsp_client]]\ncertification_authority = {name:?}\nurl = {url:?}\n{queries}\n{more}\n"
    )
}

/// A service whose lookups about user-authentication certificates can ask this responder.
pub(crate) async fn world_asking(responder: &Scripted, more: &str) -> World {
    let folder = tempfile::tempdir().unwrap();
    let more = client_of(UserAuthentication, &responder.url(), more);
    World::with_more(folder, &more).await
}

pub(crate) fn by(
    method: RevocationMethod,
    question: GetRevocationStatusRequest,
) -> GetRevocationStatusRequest {
    GetRevocationStatusRequest {
        method: method.into(),
        ..question
    }
}

/// The answer about a user-authentication certificate.
pub(crate) async fn ask(
    world: &World,
    method: RevocationMethod,
    serial: &[u8],
) -> GetRevocationStatusResponse {
    let question = by(method, question(UserAuthentication, serial));
    world.ask(VERIFICATION, question).await.unwrap()
}

/// The status, why it is unknown, and whether a list and a responder's answer are behind it.
fn told(answer: &GetRevocationStatusResponse) -> (RevocationStatus, UnknownReason, bool, bool) {
    let (list, ocsp) = (answer.list.is_some(), answer.ocsp.is_some());
    (answer.status(), answer.unknown_reason(), list, ocsp)
}

const NONE: UnknownReason = UnknownReason::Unspecified;
/// Good by the list of everybody.
const BY_LIST: (RevocationStatus, UnknownReason, bool, bool) =
    (RevocationStatus::Good, NONE, true, false);

const GOOD: [u8; 3] = [0x20, 0x01, 0x01];
const SUPERSEDED: [u8; 3] = [0x21, 0x01, 0x01];
const NOBODY: [u8; 3] = [0x22, 0x01, 0x01];

#[tokio::test(flavor = "multi_thread")]
async fn openssl_is_asked_and_its_status_time_and_reason_are_told() {
    let folder = tempfile::tempdir().unwrap();
    write_keys(folder.path());
    write_index(folder.path(), &[("V", GOOD), ("R", SUPERSEDED)]);
    for (signer, hash, expected) in [
        ("user-authentication-signer", "sha1", OcspSigner::Delegate),
        ("user-authentication-signer", "sha256", OcspSigner::Delegate),
    ] {
        let openssl = OpenSsl::start(folder.path(), signer, &["-nmin", "5"]).await;
        let more = format!("cert_id_hash = {hash:?}");
        let more = client_of(UserAuthentication, &openssl.url(), &more);
        let world = World::with_more(tempfile::tempdir().unwrap(), &more).await;
        let good = ask(&world, OCSP, &GOOD).await;
        assert_eq!(told(&good), (RevocationStatus::Good, NONE, false, true));
        let ocsp = good.ocsp.unwrap();
        assert_eq!(ocsp.certification_authority, "user-authentication");
        assert_eq!(ocsp.issuer_key_id, newest_key(UserAuthentication));
        assert_eq!(ocsp.signer(), expected);
        assert_eq!(ocsp.next_update, ocsp.this_update + 300);
        assert!(ocsp.produced_at >= ocsp.this_update && ocsp.age_seconds < 60);
        let revoked = ask(&world, OCSP_THEN_CRL, &SUPERSEDED).await;
        assert_eq!(
            told(&revoked),
            (RevocationStatus::Revoked, NONE, false, true)
        );
        let revocation = revoked.revocation.unwrap();
        // 2026-02-17T14:59:59Z
        assert_eq!(revocation.revoked_at, 1_771_340_399);
        assert_eq!(revocation.reason(), RevocationReason::Superseded);
        // A list calls it good; the responder's word counts all the same.
        for method in [OCSP, OCSP_THEN_CRL] {
            let unknown = ask(&world, method, &NOBODY).await;
            let why = UnknownReason::OcspUnknown;
            assert_eq!(
                told(&unknown),
                (RevocationStatus::Unknown, why, false, true)
            );
        }
        // The twin, by the lists: nobody is asked.
        let by_list = ask(&world, RevocationMethod::Crl, &SUPERSEDED).await;
        assert_eq!(told(&by_list), BY_LIST);
        world.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn openssl_with_a_foreign_key_or_an_old_answer_proves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    write_keys(folder.path());
    write_index(folder.path(), &[("V", GOOD)]);
    let unusable = (
        RevocationStatus::Unknown,
        UnknownReason::OcspUnusable,
        false,
        false,
    );
    let foreign = OpenSsl::start(folder.path(), "private", &["-nmin", "5"]).await;
    let more = client_of(UserAuthentication, &foreign.url(), "");
    let world = World::with_more(tempfile::tempdir().unwrap(), &more).await;
    assert_eq!(told(&ask(&world, OCSP, &GOOD).await), unusable);
    assert_eq!(told(&ask(&world, OCSP_THEN_CRL, &GOOD).await), BY_LIST);
    world.stop().await;

    let signer = "user-authentication-signer";
    let openssl = OpenSsl::start(folder.path(), signer, &["-nmin", "5"]).await;
    let more = client_of(UserAuthentication, &openssl.url(), "");
    let world = World::with_more(tempfile::tempdir().unwrap(), &more).await;
    let good = (RevocationStatus::Good, NONE, false, true);
    assert_eq!(told(&ask(&world, OCSP, &GOOD).await), good);
    // OpenSSL's clock stays where it is: by ours, its answers end before they come.
    world.clock.advance(320);
    assert_eq!(told(&ask(&world, OCSP, &GOOD).await), unusable);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn our_own_responder_is_asked_and_by_an_agency_with_its_signature() {
    let theirs = crate::ocsp_world::world().await;
    publish_full_list(&theirs, &[SUPERSEDED]).await;
    let folder = tempfile::tempdir().unwrap();
    for file in ["agency.pem", "agency.key"] {
        std::fs::copy(theirs.folder().join(file), folder.path().join(file)).unwrap();
    }
    let url = |listener| crate::ocsp_world::url(&theirs, listener);
    let signed =
        "[ocsp_client.requester]\ncertificate = \"agency.pem\"\nprivate_key = \"agency.key\"";
    let more = client_of(UserAuthentication, &url(SIGN_IN), "")
        + &client_of(DigitalSignature, &url(SIGNING), signed);
    let ours = World::with_more(folder, &more).await;
    let revoked = ask(&ours, OCSP, &SUPERSEDED).await;
    assert_eq!(
        told(&revoked),
        (RevocationStatus::Revoked, NONE, false, true)
    );
    let revocation = revoked.revocation.unwrap();
    assert_eq!(revocation.revoked_at, REVOKED_AT);
    assert_eq!(revocation.reason(), RevocationReason::KeyCompromise);
    let about_signing = || by(OCSP, question(DigitalSignature, &UNLISTED));
    let good = ours.ask(AUDITOR, about_signing()).await.unwrap();
    assert_eq!(told(&good), (RevocationStatus::Good, NONE, false, true));
    ours.stop().await;

    // The twin without the signature.
    let more = client_of(DigitalSignature, &url(SIGNING), "");
    let unsigned = World::with_more(tempfile::tempdir().unwrap(), &more).await;
    let refused = unsigned.ask(AUDITOR, about_signing()).await.unwrap();
    let why = UnknownReason::OcspRefused;
    assert_eq!(
        told(&refused),
        (RevocationStatus::Unknown, why, false, false)
    );
    unsigned.stop().await;
    theirs.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_of_a_hostile_responder_has_its_outcome_and_none_is_good() {
    use UnknownReason::{OcspRefused, OcspUnreachable, OcspUnusable};
    let responder = Scripted::start(Behaviour::Good).await;
    let world = world_asking(&responder, "timeout_milliseconds = 700").await;
    for (behaviour, why) in [
        (Behaviour::WrongNonce, OcspUnusable),
        (Behaviour::NoNonce, OcspUnusable),
        (Behaviour::Old(1_860), OcspUnusable),
        (Behaviour::Expired, OcspUnusable),
        (Behaviour::Future, OcspUnusable),
        (Behaviour::WrongSerial, OcspUnusable),
        (Behaviour::WrongSigner, OcspUnusable),
        (Behaviour::WrongType, OcspUnusable),
        (Behaviour::Redirect, OcspUnusable),
        (Behaviour::ServerError, OcspUnusable),
        (Behaviour::Garbage, OcspUnusable),
        (Behaviour::Empty, OcspUnusable),
        (Behaviour::Endless, OcspUnusable),
        (Behaviour::Failure(OcspFailure::TryLater), OcspRefused),
        (Behaviour::Failure(OcspFailure::Unauthorized), OcspRefused),
        (Behaviour::Failure(OcspFailure::SigRequired), OcspRefused),
        (Behaviour::SlowBody, OcspUnreachable),
        (Behaviour::Silent, OcspUnreachable),
    ] {
        responder.behave(behaviour);
        let before = responder.asked_times();
        let answer = ask(&world, OCSP, &UNLISTED).await;
        let expected = (RevocationStatus::Unknown, why, false, false);
        assert_eq!(told(&answer), expected, "{behaviour:?}");
        let answer = ask(&world, OCSP_THEN_CRL, &UNLISTED).await;
        assert_eq!(told(&answer), BY_LIST, "{behaviour:?}");
        // Once each: no redirect is followed, nothing is tried again, and no failure is kept.
        assert_eq!(responder.asked_times(), before + 2, "{behaviour:?}");
    }
    // The twin, right in everything and just young enough.
    responder.behave(Behaviour::Old(1_780));
    let good = ask(&world, OCSP, &UNLISTED).await;
    assert_eq!(told(&good), (RevocationStatus::Good, NONE, false, true));
    // Nothing about the certificate is in an address.
    for asked in responder.asked() {
        assert_eq!(asked, "POST /responder application/ocsp-request");
    }
    let metrics = world.context.metrics.render();
    let name = "akashi_ocsp_client_queries_total";
    for (outcome, count) in [
        ("unusable", 26),
        ("refused", 6),
        ("unreachable", 4),
        ("good", 1),
    ] {
        let line = format!(
            "{name}{{certification_authority=\"user-authentication\",outcome=\"{outcome}\",role=\"revocation-lookup\"}} {count}\n"
        );
        assert!(metrics.contains(&line), "{line}{metrics}");
    }
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_responder_over_tls_is_asked_if_a_named_authority_issued_its_certificate() {
    for (ca, status) in [
        ("ocsp-ca.pem", RevocationStatus::Good),
        ("tls/services-ca.pem", RevocationStatus::Unknown),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let responder = Scripted::start_over_tls(Behaviour::Good, folder.path()).await;
        let more = format!("server_ca = {ca:?}\nconnect_timeout_milliseconds = 1500");
        let more = client_of(UserAuthentication, &responder.url(), &more);
        let world = World::with_more(folder, &more).await;
        let answer = ask(&world, OCSP, &UNLISTED).await;
        assert_eq!(answer.status(), status, "{ca}: {answer:?}");
        let is_good = status == RevocationStatus::Good;
        assert_eq!(responder.asked_times(), usize::from(is_good));
        world.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_nonce_that_may_be_missing_may_not_be_wrong_and_wants_young_answers() {
    let responder = Scripted::start(Behaviour::NoNonce).await;
    let more = "nonce = \"optional\"\nmax_age_seconds = 600\nkeep_seconds = 0";
    let world = world_asking(&responder, more).await;
    let status = async |behaviour| {
        responder.behave(behaviour);
        ask(&world, OCSP, &UNLISTED).await.status()
    };
    assert_eq!(status(Behaviour::NoNonce).await, RevocationStatus::Good);
    assert_eq!(
        status(Behaviour::NoNonceOld(590)).await,
        RevocationStatus::Good
    );
    for behaviour in [Behaviour::NoNonceOld(660), Behaviour::WrongNonce] {
        assert_eq!(status(behaviour).await, RevocationStatus::Unknown);
    }
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_authority_without_a_responder_and_one_that_is_away_are_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    // Nobody listens there.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    drop(listener);
    let more = client_of(UserAuthentication, &url, "queries_per_day = 1");
    let world = World::with_more(folder, &more).await;
    // More often than the day has queries: none has left.
    for _ in 0..3 {
        let away = ask(&world, OCSP, &UNLISTED).await;
        assert_eq!(away.unknown_reason(), UnknownReason::OcspUnreachable);
    }
    let about_signing = by(OCSP, question(DigitalSignature, &UNLISTED));
    let none = world.ask(AUDITOR, about_signing.clone()).await.unwrap();
    assert_eq!(none.unknown_reason(), UnknownReason::OcspNotConfigured);
    let then_crl = by(OCSP_THEN_CRL, about_signing);
    let by_list = world.ask(AUDITOR, then_crl).await.unwrap();
    assert_eq!(told(&by_list), BY_LIST);
    let mut strange = question(UserAuthentication, &UNLISTED);
    strange.method = 4;
    let refused = world.ask(VERIFICATION, strange).await.unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument);
    assert!(refused.message().starts_with("method"));
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_that_revokes_wins_and_then_nobody_is_asked() {
    let responder = Scripted::start(Behaviour::Good).await;
    let world = world_asking(&responder, "timeout_milliseconds = 9000").await;
    for method in [OCSP, OCSP_THEN_CRL] {
        let revoked = ask(&world, method, &REVOKED).await;
        assert_eq!(
            told(&revoked),
            (RevocationStatus::Revoked, NONE, true, false)
        );
    }
    assert_eq!(responder.asked_times(), 0);
    // A list that comes while the responder thinks.
    responder.behave(Behaviour::Gated);
    let asking = ask(&world, OCSP, &GOOD);
    let meanwhile = async {
        world
            .until("the responder is asked", async || {
                responder.asked_times() == 1
            })
            .await;
        world.clock.advance(1);
        publish_full_list(&world, &[GOOD]).await;
        responder.open();
    };
    let (revoked, ()) = tokio::join!(asking, meanwhile);
    assert_eq!(
        told(&revoked),
        (RevocationStatus::Revoked, NONE, true, false)
    );
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn with_a_wrong_clock_nobody_is_asked_and_nothing_is_good() {
    let responder = Scripted::start(Behaviour::Good).await;
    let world = world_asking(&responder, "keep_seconds = 0").await;
    world.clock.advance(-301);
    let answer = ask(&world, OCSP, &UNLISTED).await;
    assert_eq!(answer.unknown_reason(), UnknownReason::Clock);
    assert_eq!(responder.asked_times(), 0);
    world.clock.advance(301);
    assert_eq!(
        ask(&world, OCSP, &UNLISTED).await.status(),
        RevocationStatus::Good
    );
    world.stop().await;
}
