//! Every outcome of a check, each beside a certificate that differs by one thing and is valid.

use pki::{RevocationReason, UnixTime};
use proto::revocation::v1::{Purpose, RevocationStatus, UnknownReason};
use proto::signing::v1::{CheckResult, CheckSigningCertificateResponse};
use sandbox::mint::{
    Authority, CaKind, CertificateSpec, Extension, Extensions as _, LeafSubject, MUNICIPALITIES,
    PEOPLE,
};

use crate::stand_in::{good, list, revoked, unknown};
use crate::world::{CITY_OFFICE, JPKI, LEAF_KEY, World, certificate_of, request};

const DAY: i64 = 86_400;
const SERIAL: u64 = 29_000_000;

fn signing_authority() -> &'static Authority {
    JPKI.authority(CaKind::DigitalSignature)
}

/// A signing certificate of the exact profile, not yet signed.
fn leaf(not_before: UnixTime, not_after: UnixTime) -> CertificateSpec {
    let subject = LeafSubject {
        person: PEOPLE[0].clone(),
        municipality: &MUNICIPALITIES[0],
        not_before,
        not_after,
    };
    signing_authority().leaf(2, SERIAL, &LEAF_KEY, &subject)
}

fn signed(leaf: &CertificateSpec) -> Vec<u8> {
    leaf.sign(&signing_authority().generation(2).key)
}

fn assert_valid(response: &CheckSigningCertificateResponse) {
    assert_eq!(response.result(), CheckResult::Valid, "{response:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_good_certificate_is_valid_with_the_list_that_says_so() {
    let world = World::start().await;
    let response = world.check(certificate_of("good")).await;
    assert_valid(&response);
    assert_eq!(response.failed_rule, "");
    assert_eq!(
        response.issuer_key_id,
        signing_authority().generation(2).key.key_id()
    );
    assert_eq!(response.checked_at, world.now.secs());
    let revocation = response.revocation.unwrap();
    assert_eq!(revocation.status(), RevocationStatus::Good);
    assert_eq!(revocation.list.unwrap().crl_number, "1001");

    // Exactly what the certificate says went to revocation-lookup, with purpose and case.
    let asked = world.lookup.asked();
    let card = JPKI.card("good").unwrap();
    assert_eq!(asked.len(), 1);
    assert_eq!(asked[0].issuer_key_id, response.issuer_key_id);
    assert_eq!(
        asked[0].serial_number,
        sandbox::mint::serial_octets(card.digital_signature.serial)
    );
    assert!(!asked[0].distribution_point.is_empty());
    assert_eq!(asked[0].purpose(), Purpose::ValidityConfirmation);
    assert_eq!(asked[0].case_reference, "R8-17");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_of_the_older_ca_key_is_valid() {
    let world = World::start().await;
    let response = world.check(certificate_of("older-key")).await;
    assert_valid(&response);
    assert_eq!(
        response.issuer_key_id,
        signing_authority().generation(1).key.key_id()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_certificate_is_revoked_with_time_and_reason() {
    let world = World::start().await;
    assert_valid(&world.check(certificate_of("revoked")).await);

    let evidence = list(&signing_authority().newest().key.key_id(), world.now);
    let revoked_at = world.now.plus_secs(-9 * DAY);
    world.lookup.answer(revoked(
        evidence,
        revoked_at,
        RevocationReason::AffiliationChanged,
    ));
    // Answered twice: the status is asked again although the validated certificate is cached.
    let response = world.check(certificate_of("revoked")).await;
    assert_eq!(response.result(), CheckResult::Revoked);
    assert_eq!(response.failed_rule, "certificate_revoked");
    assert!(
        response.explanation.contains(&revoked_at.to_string()),
        "{}",
        response.explanation
    );
    let revocation = response.revocation.unwrap().revocation.unwrap();
    assert_eq!(revocation.revoked_at, revoked_at.secs());
    assert_eq!(revocation.reason, 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_is_valid_to_its_last_second_and_then_expired() {
    let world = World::start().await;
    let certificate = signed(&leaf(world.now.plus_secs(-DAY), world.now));
    assert_valid(&world.check(&certificate).await);

    world.clock.advance(1);
    world.lookup.asked();
    let response = world.check(&certificate).await;
    assert_eq!(response.result(), CheckResult::Expired);
    assert!(response.revocation.is_none());
    // An expired certificate is on no list; asking would only spread its serial number.
    assert!(world.lookup.asked().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_is_not_yet_valid_until_its_first_second() {
    let world = World::start().await;
    let begin = world.now.plus_secs(60);
    let certificate = signed(&leaf(begin, begin.plus_secs(DAY)));
    assert_eq!(
        world.check(&certificate).await.result(),
        CheckResult::NotYetValid
    );
    world.clock.set(begin);
    assert_valid(&world.check(&certificate).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_status_is_passed_on_with_its_reason() {
    let world = World::start().await;
    for (reason, rule) in [
        (UnknownReason::Stale, "revocation_list_stale"),
        (UnknownReason::NoList, "revocation_no_list"),
        (UnknownReason::Feed, "revocation_feed"),
    ] {
        world.lookup.answer(unknown(reason));
        let response = world.check(certificate_of("good")).await;
        assert_eq!(response.result(), CheckResult::RevocationUnknown);
        assert_eq!(response.failed_rule, rule);
        assert_eq!(response.revocation.unwrap().unknown_reason(), reason);
    }
    world.lookup.answer(good(list(
        &signing_authority().newest().key.key_id(),
        world.now,
    )));
    assert_valid(&world.check(certificate_of("good")).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn good_is_not_believed_without_the_list_that_proves_it() {
    let world = World::start().await;
    let proof = list(&signing_authority().newest().key.key_id(), world.now);
    let mut without_list = good(proof.clone());
    without_list.list = None;
    let mut of_another_key = proof.clone();
    of_another_key.signer_key_id = JPKI
        .authority(CaKind::UserAuthentication)
        .newest()
        .key
        .key_id();
    let mut past = proof.clone();
    past.next_update = world.now.secs();
    let mut future = proof.clone();
    future.this_update = world.now.secs() + 301;
    let mut without_status = good(proof.clone());
    without_status.status = 0;
    for (answer, reason) in [
        (without_list, UnknownReason::Unavailable),
        (good(of_another_key), UnknownReason::OutOfScope),
        (good(past), UnknownReason::Stale),
        (good(future), UnknownReason::Clock),
        (without_status, UnknownReason::Unavailable),
    ] {
        world.lookup.answer(answer);
        let response = world.check(certificate_of("good")).await;
        assert_eq!(response.result(), CheckResult::RevocationUnknown);
        assert_eq!(response.revocation.unwrap().unknown_reason(), reason);
    }
    world.lookup.answer(good(proof));
    assert_valid(&world.check(certificate_of("good")).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_silent_revocation_service_makes_the_status_unknown_within_the_deadline() {
    let world = World::start().await;
    world.lookup.fall_silent();
    let began = std::time::Instant::now();
    let response = world.check(certificate_of("good")).await;
    assert!(began.elapsed() < std::time::Duration::from_secs(4));
    assert_eq!(response.result(), CheckResult::RevocationUnknown);
    assert_eq!(response.failed_rule, "revocation_unavailable");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopped_revocation_service_makes_the_status_unknown() {
    let world = World::start().await;
    assert_valid(&world.check(certificate_of("good")).await);
    world.stop_lookup();
    let response = world.check(certificate_of("good")).await;
    assert_eq!(response.result(), CheckResult::RevocationUnknown);
    assert_eq!(
        response.revocation.unwrap().unknown_reason(),
        UnknownReason::Unavailable
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_that_names_our_ca_and_is_signed_by_another_key_is_untrusted() {
    let world = World::start().await;
    let leaf = leaf(world.now, world.now.plus_secs(DAY));
    let forged = world.check(&leaf.sign(&LEAF_KEY)).await;
    assert_eq!(forged.result(), CheckResult::UntrustedIssuer);
    assert!(forged.issuer_key_id.is_empty());
    assert_valid(&world.check(&signed(&leaf)).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_of_an_unknown_ca_is_untrusted() {
    let world = World::start().await;
    let mut other = Authority::new(CaKind::DigitalSignature);
    other.add_generation(world.now.plus_secs(-DAY)).unwrap();
    let subject = LeafSubject::issued_at(&PEOPLE[0], &MUNICIPALITIES[0], world.now);
    let certificate = other
        .leaf(1, SERIAL, &LEAF_KEY, &subject)
        .sign(&other.generation(1).key);
    assert_eq!(
        world.check(&certificate).await.result(),
        CheckResult::UntrustedIssuer
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_authentication_certificate_is_not_supported() {
    let world = World::start().await;
    let card = JPKI.card("good").unwrap();
    let response = world.check(&card.user_authentication.der).await;
    assert_eq!(response.result(), CheckResult::UnsupportedCertificate);
    assert!(!response.failed_rule.is_empty());
    assert!(world.lookup.asked().is_empty());
    assert_valid(&world.check(&card.digital_signature.der).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_critical_extension_is_not_supported() {
    let world = World::start().await;
    let mut leaf = leaf(world.now, world.now.plus_secs(DAY));
    assert_valid(&world.check(&signed(&leaf)).await);
    leaf.extensions_mut().push(Extension::unknown_critical());
    let response = world.check(&signed(&leaf)).await;
    assert_eq!(response.result(), CheckResult::UnsupportedCertificate);
    assert_eq!(response.failed_rule, "unknown_critical_extension");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_truncated_certificate_is_malformed() {
    let world = World::start().await;
    let whole = certificate_of("good");
    assert_valid(&world.check(whole).await);
    for bytes in [
        &whole[..whole.len() - 1],
        &whole[..40],
        b"x",
        &[whole, b"\0"].concat(),
    ] {
        let response = world.check(bytes).await;
        assert_eq!(response.result(), CheckResult::MalformedCertificate);
        assert!(response.issuer_key_id.is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_answer_and_no_metric_says_anything_personal() {
    let world = World::start().await;
    let serial = JPKI.card("good").unwrap().digital_signature.serial;
    for bytes in [certificate_of("good"), &certificate_of("good")[..900]] {
        let response = world.check(bytes).await;
        let said = format!("{} {}", response.explanation, world.metrics());
        for personal in [
            &serial.to_string(),
            &format!("{serial:x}"),
            "R8-17",
            PEOPLE[0].name,
        ] {
            assert!(!said.contains(personal), "{personal}");
        }
    }
    let mut client = world.client(CITY_OFFICE).await;
    assert!(
        client
            .check_signing_certificate(request(b""))
            .await
            .is_err()
    );
    for shown in [
        "akashi_signing_checks_total",
        "akashi_cross_check_disagreements_total{role=\"signing-certificate\"} 0",
    ] {
        assert!(world.metrics().contains(shown), "{shown}");
    }
}
