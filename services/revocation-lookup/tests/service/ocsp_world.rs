//! A service with OCSP listeners, and what its clients need.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use pki::{CertId, CertIdHash, CrossCheck, DelegateRevocation, ExpectedNonce, OcspError};
use pki::{OcspEvidence, OcspExpectation, OcspFailure, OcspRequest, SerialNumber};
use reqwest::StatusCode;
use sandbox::mint::CaKind::{DigitalSignature, UserAuthentication};
use sandbox::mint::{CaKind, CertificateSpec, EcKey, RsaKey, pem};

use crate::publishing::NewList;
use crate::world::{BULK, LIFETIME, SERVER, VERIFICATION, World, authority};

pub(crate) const DAY: i64 = 86_400;
/// The certificates of the signers are valid for so long.
pub(crate) const SIGNER_DAYS: i64 = 10;
/// Who asks over loopback.
pub(crate) const PROXY: &str = "proxy.akashi.test";
pub(crate) const AGENCY: &str = "city-office.agency.test";

/// A signer for each authority, with its issuer, and an agency and somebody else who sign their questions.
pub(crate) fn write_keys(folder: &Path) {
    let write = |name: &str, label: &str, der: &[u8]| {
        std::fs::write(folder.join(name), pem(label, der)).unwrap();
    };
    let now = sandbox::now();
    let validity = (now.plus_secs(-3_600), now.plus_secs(SIGNER_DAYS * DAY));
    for kind in CaKind::ALL {
        let issuer = &authority(kind).newest().key;
        let key = RsaKey::generate().unwrap();
        let mut spec = CertificateSpec::ocsp_responder(kind, issuer, &key, validity);
        let mut private = key.pkcs8().to_vec();
        if kind == DigitalSignature {
            let key = EcKey::generate().unwrap();
            spec.subject_public_key_info = key.subject_public_key_info();
            private = key.pkcs8().to_vec();
        }
        let name = kind.name();
        write(
            &format!("{name}-signer.pem"),
            "CERTIFICATE",
            &spec.sign(issuer),
        );
        write(&format!("{name}-signer.key"), "PRIVATE KEY", &private);
        write(
            &format!("{name}.pem"),
            "CERTIFICATE",
            &authority(kind).newest().certificate,
        );
    }
    for name in ["agency", "private"] {
        let key = RsaKey::generate().unwrap();
        let own = CertificateSpec::ocsp_responder(UserAuthentication, &key, &key, validity);
        write(&format!("{name}.pem"), "CERTIFICATE", &own.sign(&key));
        write(&format!("{name}.key"), "PRIVATE KEY", key.pkcs8());
    }
}

/// A service with listeners for both authorities over loopback and one over mutual TLS.
pub(crate) async fn world() -> World {
    let folder = tempfile::tempdir().unwrap();
    write_keys(folder.path());
    let listener = |kind: CaKind, who: &str| {
        let name = kind.name();
        format!(
            r#"
            [[ocsp]]
            address = "127.0.0.1:0"
            certification_authority = "{name}"
            {who}
            [[ocsp.signer]]
            certificate = "{name}-signer.pem"
            private_key = "{name}-signer.key"
            "#
        )
    };
    let sign_in = "purpose = \"user_authentication\"";
    let over_tls = format!(
        "{sign_in}\ncallers = [\"{VERIFICATION}\"]\ntls = {{ certificate = \"tls/{SERVER}.pem\", \
         private_key = \"tls/{SERVER}.key\", client_ca = \"tls/services-ca.pem\" }}"
    );
    let requester = format!(
        "purpose = \"signature_verification\"\nrequester = [{{ identity = \"{AGENCY}\", certificate = \"agency.pem\" }}]"
    );
    let more = [
        listener(
            UserAuthentication,
            &format!("{sign_in}\nget = true\ncallers = [\"{PROXY}\"]"),
        ),
        listener(DigitalSignature, &requester),
        listener(UserAuthentication, &over_tls),
        listener(
            UserAuthentication,
            &format!("{sign_in}\ncallers = [\"{BULK}\"]"),
        ),
    ];
    World::with_more(folder, &more.concat()).await
}

/// The listeners' names, in the order above.
pub(crate) const SIGN_IN: &str = "ocsp";
pub(crate) const SIGNING: &str = "ocsp-2";
pub(crate) const OVER_TLS: &str = "ocsp-3";
/// Asks by gRPC too, and has small limits.
pub(crate) const OF_BULK: &str = "ocsp-4";

pub(crate) fn url(world: &World, listener: &str) -> String {
    format!(
        "http://{}/",
        world.context.addresses.bound(listener).unwrap()
    )
}

pub(crate) fn cert_id(kind: CaKind, hash: CertIdHash, serial: &[u8]) -> CertId {
    let trusted = authority(kind).trusted(pki::CrlSigner::NewestKey);
    let anchor = trusted.newest_anchor();
    let serial = SerialNumber::from_unsigned_be(serial).unwrap();
    CertId::new(hash, anchor.subject_der(), anchor.public_key(), serial).unwrap()
}

pub(crate) fn request(kind: CaKind, serial: &[u8]) -> Vec<u8> {
    let id = cert_id(kind, CertIdHash::Sha256, serial);
    OcspRequest::new(&id, None).der().to_vec()
}

pub(crate) fn http() -> reqwest::Client {
    let builder = reqwest::Client::builder().timeout(Duration::from_secs(30));
    builder.build().unwrap()
}

pub(crate) async fn post(world: &World, listener: &str, body: Vec<u8>) -> Vec<u8> {
    let answer = http()
        .post(url(world, listener))
        .header("content-type", "application/ocsp-request")
        .body(body)
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(
        answer.headers()["content-type"],
        "application/ocsp-response"
    );
    answer.bytes().await.unwrap().to_vec()
}

/// What our client makes of an answer.
pub(crate) fn verify(
    world: &World,
    serial: &[u8],
    answer: &[u8],
) -> Result<OcspEvidence, OcspError> {
    let expectation = OcspExpectation {
        nonce: ExpectedNonce::NotSent,
        delegate_revocation: DelegateRevocation::NoCheckRequired,
        max_age_secs: Some(LIFETIME),
        now: runtime::clock::Clock::now(&world.clock),
    };
    let id = cert_id(UserAuthentication, CertIdHash::Sha256, serial);
    pki::verify_ocsp_response(
        answer,
        &id,
        &expectation,
        &pki::Verifier::new(CrossCheck::All),
    )
}

pub(crate) fn failure(answer: &[u8]) -> Option<OcspFailure> {
    [
        OcspFailure::MalformedRequest,
        OcspFailure::InternalError,
        OcspFailure::TryLater,
        OcspFailure::SigRequired,
        OcspFailure::Unauthorized,
    ]
    .into_iter()
    .find(|failure| pki::ocsp_failure(*failure) == answer)
}

/// Runs `openssl ocsp`; gives all that it says.
pub(crate) async fn openssl(folder: &Path, arguments: &[&str]) -> String {
    let (folder, arguments) = (folder.to_owned(), arguments.join(" "));
    let running = tokio::task::spawn_blocking(move || {
        let output = Command::new("openssl")
            .current_dir(folder)
            .arg("ocsp")
            .args(arguments.split(' '))
            .output()
            .unwrap();
        String::from_utf8_lossy(&[output.stderr, output.stdout].concat()).into_owned()
    });
    running.await.unwrap()
}

/// Puts a newer full list with these serial numbers on it into force.
pub(crate) async fn publish_full_list(world: &World, revoked: &[[u8; 3]]) {
    let list = NewList {
        source: "user-full",
        kind: UserAuthentication,
        municipality: None,
        number: 2,
        this_update: runtime::clock::Clock::now(&world.clock),
        entry_count: i64::try_from(revoked.len()).unwrap(),
    };
    world.publish_revoking(list, revoked).await;
}
