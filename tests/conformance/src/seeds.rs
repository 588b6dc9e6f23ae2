//! What fuzzing starts from: genuine certificates, and what the sandbox mints anew every time.

use fuzz_targets::{NOW as FUZZED_AT, input};
use sandbox::der;
use sandbox::mint::{CaKind, CertIdSpec, Extension, Extensions as _, OcspAnswer, OcspSpec};

use crate::fixtures;
use crate::issuer::{Issuer, NOW};
use crate::ocsp;

/// Inputs for the target of this name. At least one is accepted by it.
///
/// # Panics
/// If there is no such target, or a fixture is missing.
pub fn seeds(target: &str) -> Vec<Vec<u8>> {
    assert_eq!(
        NOW, FUZZED_AT,
        "inputs are judged at the moment of the tests"
    );
    match target {
        "certificate" => certificates(),
        "digest_info" => signatures(),
        "ocsp_response" => ocsp_responses(),
        unknown => panic!("no seeds for {unknown}"),
    }
}

fn certificates() -> Vec<Vec<u8>> {
    let minted = CaKind::ALL.into_iter().flat_map(|kind| {
        let issuer = Issuer::of(kind);
        let leaf = issuer.sign(&issuer.leaf());
        let root = issuer.authority.newest().certificate.clone();
        [
            sandbox::mint::pem("CERTIFICATE", &leaf).into_bytes(),
            leaf,
            root,
        ]
    });
    let responder = ocsp::delegate_certificate().sign(ocsp::issuer_key());
    let mut seeds = fixtures("myna-card", &["cer", "der"]);
    seeds.extend(minted);
    seeds.push(responder);
    seeds
}

/// Every hash and encoding, over messages and digests.
fn signatures() -> Vec<Vec<u8>> {
    use aws_lc_rs::digest::{SHA256, SHA384, SHA512, digest};
    use aws_lc_rs::signature::{RSA_PKCS1_SHA256, RSA_PKCS1_SHA384, RSA_PKCS1_SHA512};
    let key = ocsp::issuer_key();
    let message = b"what was signed";
    let digests = [&SHA256, &SHA384, &SHA512].map(|algorithm| digest(algorithm, message));
    let signatures = [
        key.sign_with(&RSA_PKCS1_SHA256, message),
        key.sign_with(&RSA_PKCS1_SHA384, message),
        key.sign_with(&RSA_PKCS1_SHA512, message),
    ];
    let mut seeds = Vec::new();
    for ((choice, digest), signature) in (0_u8..).zip(&digests).zip(&signatures) {
        for (choice, signed) in [
            (choice, digest.as_ref()),
            (choice | 4, digest.as_ref()),
            (choice | 8, message.as_slice()),
        ] {
            seeds.push(der::concat([
                key.subject_public_key_info(),
                input::octets(&[choice]),
                input::octets(signed),
                signature.clone(),
            ]));
        }
    }
    seeds
}

fn ocsp_responses() -> Vec<Vec<u8>> {
    let (issuer, delegate) = (ocsp::issuer_key(), ocsp::delegate_key());
    let name = ocsp::KIND.distinguished_name();
    let certificate = ocsp::delegate_certificate().sign(issuer);
    let several = [
        CertIdSpec::sha256(&name, issuer, ocsp::SERIAL),
        CertIdSpec::sha1(&name, issuer, ocsp::SERIAL + 1),
    ]
    .map(|cert_id| OcspAnswer {
        cert_id,
        status: sandbox::mint::ocsp_revoked(NOW.plus_secs(-9), Some(4)),
        ..ocsp::answer()
    });
    let revoked = OcspSpec {
        answers: several.to_vec(),
        ..ocsp::direct().with_extension(Extension::ocsp_nonce(&ocsp::NONCE))
    };
    let own_certificate = OcspSpec {
        certificates: vec![
            Issuer::of(ocsp::KIND)
                .authority
                .newest()
                .certificate
                .clone(),
        ],
        ..ocsp::direct()
    };
    let refusal = der::sequence([der::enumerated(3)]);
    let responses = [
        ocsp::direct().sign(issuer),
        revoked.sign(issuer),
        own_certificate.sign(issuer),
        ocsp::delegated(certificate).sign(delegate),
        refusal,
    ];
    let question = der::concat([
        issuer.subject_public_key_info(),
        name,
        input::octets(&ocsp::SERIAL.to_be_bytes()),
    ]);
    responses
        .map(|response| der::concat([&question, &response]))
        .to_vec()
}
