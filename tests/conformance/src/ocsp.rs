//! OCSP responses that are right and OCSP responses that are wrong.

use std::sync::LazyLock;

use pki::{
    CertId, CertIdHash, CrossCheck, DelegateRevocation, ExpectedNonce, OcspError, OcspEvidence,
    OcspExpectation, SerialNumber, Verifier,
};
use sandbox::der;
use sandbox::mint::{CaKind, CertIdSpec, CertificateSpec, OcspAnswer, OcspSpec, RsaKey, ocsp_good};

use crate::issuer::{Issuer, NOW};

/// The authority whose certificates are asked about.
pub const KIND: CaKind = CaKind::UserAuthentication;

/// The certificate that is asked about.
pub const SERIAL: u64 = 21_000_000;

/// A nonce.
pub const NONCE: [u8; 32] = [0x5a; 32];

static DELEGATE: LazyLock<RsaKey> =
    LazyLock::new(|| RsaKey::generate().expect("a responder has a key"));

/// The key of the delegated responder.
pub fn delegate_key() -> &'static RsaKey {
    &DELEGATE
}

/// The key that issued the certificate.
pub fn issuer_key() -> &'static RsaKey {
    &Issuer::of(KIND).authority.newest().key
}

/// The certificate as it is asked about.
///
/// # Panics
/// If the sandbox's names and keys cannot be read.
pub fn cert_id(hash: CertIdHash) -> CertId {
    let serial = SERIAL.to_be_bytes();
    let serial = SerialNumber::from_unsigned_be(&serial).expect("a serial number");
    let anchor = Issuer::of(KIND).trusted.newest_anchor();
    CertId::new(hash, anchor.subject_der(), anchor.public_key(), serial).expect("a name")
}

/// What is expected by default: no nonce, and nothing undetermined.
pub fn expectation() -> OcspExpectation<'static> {
    OcspExpectation {
        nonce: ExpectedNonce::NotSent,
        delegate_revocation: DelegateRevocation::NoCheckRequired,
        max_age_secs: None,
        now: NOW,
    }
}

/// The certificate as an answer names it.
pub fn cert_id_spec() -> CertIdSpec {
    CertIdSpec::sha1(&KIND.distinguished_name(), issuer_key(), SERIAL)
}

/// *Good*, of ten minutes ago and for another five.
pub fn answer() -> OcspAnswer {
    OcspAnswer {
        cert_id: cert_id_spec(),
        status: ocsp_good(),
        this_update: der::generalized_time(NOW.plus_secs(-600)),
        next_update: Some(NOW.plus_secs(300)),
        extensions: Vec::new(),
    }
}

/// A response of the issuer itself; not yet signed.
pub fn direct() -> OcspSpec {
    let name = OcspSpec::by_name(&KIND.distinguished_name());
    OcspSpec::new(name, NOW.plus_secs(-60), answer())
}

/// The delegate's certificate, valid from an hour ago for a day; not yet signed.
pub fn delegate_certificate() -> CertificateSpec {
    let validity = (NOW.plus_secs(-3_600), NOW.plus_secs(82_800));
    CertificateSpec::ocsp_responder(KIND, issuer_key(), delegate_key(), validity)
}

/// A response of a delegate with this certificate; not yet signed.
pub fn delegated(certificate: Vec<u8>) -> OcspSpec {
    OcspSpec {
        responder_id: OcspSpec::by_key(delegate_key()),
        certificates: vec![certificate],
        ..direct()
    }
}

/// What the core says about bytes, with both signature implementations.
///
/// # Errors
/// As [`pki::verify_ocsp_response`].
pub fn verify(der: &[u8]) -> Result<OcspEvidence, OcspError> {
    verify_expecting(der, &expectation())
}

/// What the core says about bytes under another expectation.
///
/// # Errors
/// As [`pki::verify_ocsp_response`].
pub fn verify_expecting(
    der: &[u8],
    expectation: &OcspExpectation<'_>,
) -> Result<OcspEvidence, OcspError> {
    let verifier = Verifier::new(CrossCheck::All);
    pki::verify_ocsp_response(der, &cert_id(CertIdHash::Sha1), expectation, &verifier)
}

/// What the core says about a response of the issuer to which one thing was done.
///
/// # Errors
/// As [`pki::verify_ocsp_response`].
pub fn response(change: impl FnOnce(OcspSpec) -> OcspSpec) -> Result<OcspEvidence, OcspError> {
    verify(&change(direct()).sign(issuer_key()))
}

/// What the core says about a response with one answer to which one thing was done.
///
/// # Errors
/// As [`pki::verify_ocsp_response`].
pub fn one_answer(
    change: impl FnOnce(OcspAnswer) -> OcspAnswer,
) -> Result<OcspEvidence, OcspError> {
    response(|response| OcspSpec {
        answers: vec![change(answer())],
        ..response
    })
}

/// What the core says about a response of a delegate to whose certificate one thing was done.
///
/// # Errors
/// As [`pki::verify_ocsp_response`].
pub fn delegate(
    change: impl FnOnce(CertificateSpec) -> CertificateSpec,
) -> Result<OcspEvidence, OcspError> {
    let certificate = change(delegate_certificate()).sign(issuer_key());
    verify(&delegated(certificate).sign(delegate_key()))
}
