//! Questions that OpenSSL's responder answers, and its answers (another implementation of RFC 6960).

use std::path::Path;
use std::process::Command;

use conformance::issuer::Issuer;
use conformance::ocsp::{KIND, NONCE, SERIAL, answer, delegate_key, delegated, issuer_key};
use pki::{
    CertId, CertIdHash, CrossCheck, DelegateRevocation, ExpectedNonce, OcspError, OcspEvidence,
    OcspExpectation, OcspRequest, OcspResponder, OcspStatus, RevocationReason, SerialNumber,
    UnixTime, Verifier,
};
use sandbox::der;
use sandbox::mint::{CertificateSpec, OcspAnswer, OcspSpec, RsaKey, pem};

/// One question to OpenSSL's responder.
struct Question<'a> {
    hash: CertIdHash,
    serial: u64,
    nonce: Option<&'a [u8; 32]>,
    options: &'a [&'a str],
    delegated: bool,
}

impl Question<'_> {
    fn cert_id(&self) -> CertId {
        let serial = SerialNumber::from_unsigned_be(&self.serial.to_be_bytes()).unwrap();
        let anchor = Issuer::of(KIND).trusted.newest_anchor();
        CertId::new(self.hash, anchor.subject_der(), anchor.public_key(), serial).unwrap()
    }

    /// What OpenSSL answers, in DER.
    fn answer(&self) -> Vec<u8> {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let request = OcspRequest::new(&self.cert_id(), self.nonce);
        std::fs::write(path("request.der"), request.der()).unwrap();
        let authority = &Issuer::of(KIND).authority.newest().certificate;
        write_pem(&path("authority.pem"), "CERTIFICATE", authority);
        let (certificate, key) = self.responder();
        write_pem(&path("responder.pem"), "CERTIFICATE", &certificate);
        write_pem(&path("responder.key"), "PRIVATE KEY", key.pkcs8());
        std::fs::write(path("index.txt"), index()).unwrap();
        let output = Command::new("openssl")
            .current_dir(folder.path())
            .args(["ocsp", "-index", "index.txt", "-CA", "authority.pem"])
            .args(["-rsigner", "responder.pem", "-rkey", "responder.key"])
            .args(["-reqin", "request.der", "-respout", "response.der"])
            .args(self.options)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{said}");
        std::fs::read(path("response.der")).unwrap_or_else(|_| panic!("{said}"))
    }

    fn responder(&self) -> (Vec<u8>, &'static RsaKey) {
        if !self.delegated {
            let own = Issuer::of(KIND).authority.newest().certificate.clone();
            return (own, issuer_key());
        }
        let now = sandbox::now();
        let validity = (now.plus_secs(-3_600), now.plus_secs(3_600));
        let certificate =
            CertificateSpec::ocsp_responder(KIND, issuer_key(), delegate_key(), validity);
        (certificate.sign(issuer_key()), delegate_key())
    }

    /// What the core says about OpenSSL's answer.
    fn verify(&self) -> Result<OcspEvidence, OcspError> {
        let expectation = OcspExpectation {
            nonce: self.nonce.map_or(ExpectedNonce::NotSent, |nonce| {
                ExpectedNonce::Required(nonce)
            }),
            delegate_revocation: DelegateRevocation::NoCheckRequired,
            max_age_secs: None,
            now: sandbox::now(),
        };
        let verifier = Verifier::new(CrossCheck::All);
        pki::verify_ocsp_response(&self.answer(), &self.cert_id(), &expectation, &verifier)
    }
}

/// Asked by SHA-1 with a nonce, answered by the issuer for a day.
const DIRECT: Question<'static> = Question {
    hash: CertIdHash::Sha1,
    serial: SERIAL,
    nonce: Some(&NONCE),
    options: &["-ndays", "1"],
    delegated: false,
};

const DELEGATED: Question<'static> = Question {
    delegated: true,
    ..DIRECT
};

const REVOKED_SERIAL: u64 = SERIAL + 1;
const UNKNOWN_SERIAL: u64 = SERIAL + 2;
/// 2026-02-17T14:59:59Z
const REVOKED_AT: UnixTime = UnixTime::from_secs(1_771_340_399);

/// OpenSSL's data base: status, end of validity, revocation, serial, file, subject, with tabs between.
fn index() -> String {
    let good = format!("V\t360101000000Z\t\t{SERIAL:08X}\tunknown\t/CN=good\n");
    let revoked = format!(
        "R\t360101000000Z\t260217145959Z,superseded\t{REVOKED_SERIAL:08X}\tunknown\t/CN=revoked\n"
    );
    good + &revoked
}

fn write_pem(path: &Path, label: &str, der: &[u8]) {
    std::fs::write(path, pem(label, der)).unwrap();
}

#[test]
fn openssl_s_answers_are_accepted_for_every_status_from_issuer_and_delegate() {
    let revoked = OcspStatus::Revoked {
        revoked_at: REVOKED_AT,
        reason: RevocationReason::Superseded,
    };
    for (question, responder) in [
        (DIRECT, OcspResponder::Issuer),
        (DELEGATED, OcspResponder::Delegate { no_check: true }),
    ] {
        for (serial, status) in [
            (SERIAL, OcspStatus::Good),
            (REVOKED_SERIAL, revoked),
            (UNKNOWN_SERIAL, OcspStatus::Unknown),
        ] {
            let evidence = Question { serial, ..question }.verify().unwrap();
            assert_eq!(evidence.status(), status);
            assert_eq!(evidence.responder(), responder);
        }
    }
}

#[test]
fn openssl_answers_by_key_by_sha_256_and_signs_with_sha_512() {
    for options in [
        &["-ndays", "1", "-resp_key_id"][..],
        &["-ndays", "1", "-rmd", "sha512"],
        &["-ndays", "1", "-nmin", "15"],
    ] {
        for hash in [CertIdHash::Sha1, CertIdHash::Sha256] {
            let question = Question {
                hash,
                options,
                ..DELEGATED
            };
            assert_eq!(question.verify().unwrap().status(), OcspStatus::Good);
        }
    }
    let unsigned_certificate = Question {
        options: &["-ndays", "1", "-resp_no_certs"],
        ..DIRECT
    };
    assert!(unsigned_certificate.verify().is_ok());
}

#[test]
fn openssl_s_answers_are_refused_when_one_thing_is_missing() {
    let without_certificate = Question {
        options: &["-ndays", "1", "-resp_no_certs"],
        ..DELEGATED
    };
    assert_eq!(
        without_certificate.verify().unwrap_err(),
        OcspError::UnknownResponder
    );
    let open_ended = Question {
        options: &[],
        ..DIRECT
    };
    assert_eq!(
        open_ended.verify().unwrap_err(),
        OcspError::NextUpdateMissing
    );
    let bad_signature = Question {
        options: &["-ndays", "1", "-badsig"],
        ..DIRECT
    };
    assert_eq!(bad_signature.verify().unwrap_err(), OcspError::Signature);
    let sha1 = Question {
        options: &["-ndays", "1", "-rmd", "sha1"],
        ..DIRECT
    };
    let error = sha1.verify().unwrap_err();
    assert!(
        matches!(error, OcspError::SignatureAlgorithm { .. }),
        "{error:?}"
    );
    let without_nonce = Question {
        nonce: None,
        ..DIRECT
    };
    assert!(without_nonce.verify().is_ok());
}

#[test]
fn what_the_sandbox_mints_openssl_accepts_too() {
    let now = sandbox::now();
    let validity = (now.plus_secs(-3_600), now.plus_secs(3_600));
    let certificate = CertificateSpec::ocsp_responder(KIND, issuer_key(), delegate_key(), validity);
    let answer = OcspAnswer {
        this_update: der::generalized_time(now.plus_secs(-60)),
        next_update: Some(now.plus_secs(3_600)),
        ..answer()
    };
    let response = OcspSpec {
        produced_at: now.plus_secs(-60),
        answers: vec![answer],
        ..delegated(certificate.sign(issuer_key()))
    };
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    std::fs::write(path("response.der"), response.sign(delegate_key())).unwrap();
    let authority = &Issuer::of(KIND).authority.newest().certificate;
    write_pem(&path("authority.pem"), "CERTIFICATE", authority);
    let output = Command::new("openssl")
        .current_dir(folder.path())
        .args(["ocsp", "-respin", "response.der", "-no_nonce"])
        .args(["-issuer", "authority.pem", "-CAfile", "authority.pem"])
        .args(["-serial", &SERIAL.to_string()])
        .output()
        .unwrap();
    let (said, failed) = (text(&output.stdout), text(&output.stderr));
    assert!(failed.contains("Response verify OK"), "{failed}");
    assert!(said.starts_with(&format!("{SERIAL}: good")), "{said}");
}

fn text(octets: &[u8]) -> String {
    String::from_utf8_lossy(octets).into_owned()
}
