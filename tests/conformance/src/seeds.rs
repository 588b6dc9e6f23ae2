//! What fuzzing starts from: genuine certificates, NIST PKITS, and what the sandbox mints anew every time.

mod lists;
mod names;
mod paths;
mod signatures;

use std::sync::LazyLock;

use fuzz_targets::{NOW as FUZZED_AT, input};
use sandbox::der;
use sandbox::mint::{CaKind, CertIdSpec, Extension, Extensions as _, OcspAnswer, OcspSpec};

use crate::fixtures;
use crate::issuer::{Issuer, NOW};
use crate::ocsp;
use crate::pkits::{self, Suite};

/// Inputs for the target of this name. At least one is accepted by it.
///
/// # Panics
/// If there is no such target, a fixture is missing, or PKITS cannot be fetched.
pub fn seeds(target: &str) -> Vec<Vec<u8>> {
    assert_eq!(
        NOW, FUZZED_AT,
        "inputs are judged at the moment of the tests"
    );
    match target {
        "certificate" => certificates(),
        "crl_stream" => lists::seeds(),
        "digest_info" => signatures::seeds(),
        "ocsp_response" => ocsp_responses(),
        "other_name" => names::seeds(),
        "path_with_crl" => paths::seeds(),
        unknown => panic!("no seeds for {unknown}"),
    }
}

static SUITE: LazyLock<Suite> =
    LazyLock::new(|| Suite::load().unwrap_or_else(|error| panic!("{error}")));

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
    let mut of_nist: Vec<_> = pkits::rows()
        .iter()
        .flat_map(pkits::Row::files)
        .filter(|name| name.starts_with("certs/"))
        .map(|name| SUITE.file(name).to_vec())
        .collect();
    of_nist.sort();
    of_nist.dedup();
    seeds.extend(of_nist);
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
