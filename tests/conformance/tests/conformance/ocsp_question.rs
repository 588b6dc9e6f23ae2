//! Questions as a responder reads them, and the answers it writes, each with one thing wrong and with nothing wrong.

use std::path::Path;
use std::process::Command;

use conformance::issuer::{Issuer, NOW};
use conformance::ocsp::{
    KIND, NONCE, SERIAL, cert_id, cert_id_spec, delegate_certificate, delegate_key, expectation,
    issuer_key, verify,
};
use pki::{
    CertIdHash, CrossCheck, ExpectedNonce, OcspAnswer, OcspDelegate, OcspError, OcspExpectation,
    OcspFailure, OcspIssuer, OcspQuestionError, OcspRequest, OcspRequester, OcspStatus,
    RevocationReason, UnixTime, UnreadOcspRequest, UnsignedOcspResponse, Verifier, ocsp_failure,
};
use sandbox::der;
use sandbox::mint::{CaKind, CertIdSpec, CertificateSpec, RsaKey, pem};

fn issuer() -> OcspIssuer {
    OcspIssuer::new(Issuer::of(KIND).trusted.newest_anchor())
}

fn verifier() -> Verifier {
    Verifier::new(CrossCheck::All)
}

fn delegate() -> OcspDelegate {
    let certificate = delegate_certificate().sign(issuer_key());
    OcspDelegate::from_pem_or_der(&certificate, &issuer(), NOW, &verifier()).unwrap()
}

/// The answer to a request, signed by the delegate.
fn respond(request: &[u8], status: OcspStatus, next_update: Option<UnixTime>) -> Vec<u8> {
    let request = UnreadOcspRequest::read(request).unwrap();
    let question = request.question().unwrap();
    assert!(question.is_about(&issuer()));
    let answer = OcspAnswer::new(&question, status, NOW.plus_secs(-600), next_update);
    let delegate = delegate();
    let response = UnsignedOcspResponse::new(&delegate, NOW, &answer, question.nonce());
    let signature = delegate_key().sign(response.to_be_signed());
    response.signed(&signature)
}

/// A request, each part in DER and open to a test.
struct Request {
    version: Vec<u8>,
    requestor_name: Vec<u8>,
    requests: Vec<Vec<u8>>,
    extensions: Vec<u8>,
}

impl Request {
    fn plain() -> Self {
        Self {
            version: Vec::new(),
            requestor_name: Vec::new(),
            requests: vec![der::sequence([cert_id_der(&cert_id_spec())])],
            extensions: Vec::new(),
        }
    }

    fn named() -> Self {
        let name = der::context_constructed(4, &KIND.distinguished_name());
        Self {
            requestor_name: der::context_constructed(1, &name),
            ..Self::plain()
        }
    }

    fn with_extension(identifier: &str, critical: bool, value: &[u8]) -> Self {
        let critical = if critical {
            der::boolean_true()
        } else {
            Vec::new()
        };
        let extension = der::sequence([
            der::object_identifier(identifier),
            critical,
            der::octet_string(value),
        ]);
        Self {
            extensions: der::context_constructed(2, &der::sequence([extension])),
            ..Self::plain()
        }
    }

    fn to_be_signed(&self) -> Vec<u8> {
        der::sequence([
            self.version.clone(),
            self.requestor_name.clone(),
            der::sequence(&self.requests),
            self.extensions.clone(),
        ])
    }

    fn unsigned(&self) -> Vec<u8> {
        der::sequence([self.to_be_signed()])
    }

    fn signed(&self, key: &RsaKey, certificates: &[Vec<u8>]) -> Vec<u8> {
        let to_be_signed = self.to_be_signed();
        let signature = der::sequence([
            sandbox::mint::sha256_with_rsa(),
            der::bit_string(&key.sign(&to_be_signed)),
            der::context_constructed(0, &der::sequence(certificates)),
        ]);
        der::sequence([to_be_signed, der::context_constructed(0, &signature)])
    }
}

fn cert_id_der(spec: &CertIdSpec) -> Vec<u8> {
    der::sequence([
        &spec.algorithm,
        &spec.issuer_name,
        &spec.issuer_key,
        &spec.serial,
    ])
}

fn problem(request: &[u8]) -> Option<OcspQuestionError> {
    match UnreadOcspRequest::read(request) {
        Err(error) => Some(error),
        Ok(unread) => unread.question().err(),
    }
}

#[test]
fn what_our_client_asks_our_responder_answers_and_our_client_accepts() {
    let revoked = OcspStatus::Revoked {
        revoked_at: NOW.plus_secs(-86_400),
        reason: RevocationReason::KeyCompromise,
    };
    let bare = OcspStatus::Revoked {
        revoked_at: NOW.plus_secs(-86_400),
        reason: RevocationReason::Unspecified,
    };
    for status in [OcspStatus::Good, revoked, bare, OcspStatus::Unknown] {
        for hash in [CertIdHash::Sha1, CertIdHash::Sha256] {
            let request = OcspRequest::new(&cert_id(hash), Some(&NONCE));
            let next_update = Some(NOW.plus_secs(300));
            let response = respond(request.der(), status, next_update);
            let expectation = OcspExpectation {
                nonce: ExpectedNonce::Required(&NONCE),
                ..expectation()
            };
            let evidence =
                pki::verify_ocsp_response(&response, &cert_id(hash), &expectation, &verifier())
                    .unwrap();
            assert_eq!(evidence.status(), status);
            assert_eq!(evidence.this_update(), NOW.plus_secs(-600));
            assert_eq!(evidence.next_update(), next_update);
            assert_eq!(evidence.produced_at(), NOW);
        }
    }
}

#[test]
fn an_answer_without_next_update_has_none_and_one_without_nonce_has_none() {
    let request = OcspRequest::new(&cert_id(CertIdHash::Sha1), None);
    let response = respond(request.der(), OcspStatus::Good, None);
    assert_eq!(verify(&response).unwrap_err(), OcspError::NextUpdateMissing);
    let response = respond(request.der(), OcspStatus::Good, Some(NOW.plus_secs(1)));
    assert!(verify(&response).is_ok());
    let expecting = OcspExpectation {
        nonce: ExpectedNonce::Required(&NONCE),
        ..expectation()
    };
    let id = cert_id(CertIdHash::Sha1);
    let error = pki::verify_ocsp_response(&response, &id, &expecting, &verifier()).unwrap_err();
    assert_eq!(error, OcspError::NonceMissing);
}

#[test]
fn a_failure_is_read_as_what_it_is() {
    for failure in [
        OcspFailure::MalformedRequest,
        OcspFailure::InternalError,
        OcspFailure::TryLater,
        OcspFailure::SigRequired,
        OcspFailure::Unauthorized,
    ] {
        let error = verify(&ocsp_failure(failure)).unwrap_err();
        assert_eq!(error, OcspError::Unsuccessful { failure });
    }
}

#[test]
fn a_request_asks_about_one_certificate() {
    let one = Request::plain();
    assert_eq!(problem(&one.unsigned()), None);
    let with = |requests| {
        Request {
            requests,
            ..Request::plain()
        }
        .unsigned()
    };
    let two = with([one.requests.clone(), one.requests.clone()].concat());
    assert_eq!(problem(&two), Some(OcspQuestionError::NotOneQuestion));
    assert_eq!(
        problem(&with(Vec::new())),
        Some(OcspQuestionError::NotOneQuestion)
    );
}

#[test]
fn a_request_is_der_and_of_version_1() {
    let right = Request::plain().unsigned();
    assert_eq!(problem(&right), None);
    for octets in 0..right.len() {
        assert!(problem(&right[..octets]).is_some(), "{octets}");
    }
    assert!(problem(&[&right[..], &[0]].concat()).is_some());
    let version = der::context_constructed(0, &der::small_integer(0));
    let versioned = Request {
        version,
        ..Request::plain()
    };
    assert_eq!(
        problem(&versioned.unsigned()),
        Some(OcspQuestionError::Version)
    );
    let large = vec![0x30; pki::limits::MAX_OCSP_REQUEST_BYTES + 1];
    let octets = large.len();
    assert_eq!(
        problem(&large),
        Some(OcspQuestionError::TooLarge { octets })
    );
    let fits = problem(&large[1..]).unwrap();
    assert!(!matches!(fits, OcspQuestionError::TooLarge { .. }));
}

#[test]
fn a_nonce_has_1_to_128_octets() {
    let with = |octets: usize| {
        let value = der::octet_string(&vec![7; octets]);
        problem(&Request::with_extension("1.3.6.1.5.5.7.48.1.2", false, &value).unsigned())
    };
    assert_eq!(with(1), None);
    assert_eq!(with(128), None);
    for octets in [0, 129] {
        assert_eq!(
            with(octets),
            Some(OcspQuestionError::NonceLength { octets })
        );
    }
    let bare = Request::with_extension("1.3.6.1.5.5.7.48.1.2", false, &[1, 2, 3]);
    assert!(matches!(
        problem(&bare.unsigned()),
        Some(OcspQuestionError::Extension(_))
    ));
}

#[test]
fn a_critical_extension_that_is_unknown_is_refused() {
    let with = |critical| {
        problem(
            &Request::with_extension("1.3.6.1.5.5.7.48.1.99", critical, &der::null()).unsigned(),
        )
    };
    assert_eq!(with(false), None);
    let refused = with(true).unwrap();
    assert!(
        matches!(refused, OcspQuestionError::UnknownCriticalExtension { .. }),
        "{refused}"
    );
}

#[test]
fn another_authority_s_certificate_is_not_this_authority_s() {
    let other = Issuer::of(CaKind::DigitalSignature);
    let about = |spec: &CertIdSpec| {
        let requests = vec![der::sequence([cert_id_der(spec)])];
        let request = Request {
            requests,
            ..Request::plain()
        }
        .unsigned();
        let unread = UnreadOcspRequest::read(&request).unwrap();
        unread.question().unwrap().is_about(&issuer())
    };
    let name = KIND.distinguished_name();
    assert!(about(&CertIdSpec::sha1(&name, issuer_key(), SERIAL)));
    assert!(about(&CertIdSpec::sha256(&name, issuer_key(), SERIAL)));
    let key = &other.authority.newest().key;
    assert!(!about(&CertIdSpec::sha1(&name, key, SERIAL)));
    assert!(!about(&CertIdSpec::sha256(&name, key, SERIAL)));
    let other_name = CaKind::DigitalSignature.distinguished_name();
    assert!(!about(&CertIdSpec::sha1(&other_name, issuer_key(), SERIAL)));
    let mixed = CertIdSpec {
        algorithm: CertIdSpec::sha256(&name, issuer_key(), SERIAL).algorithm,
        ..CertIdSpec::sha1(&name, issuer_key(), SERIAL)
    };
    assert!(!about(&mixed));
}

/// A certificate of whoever has this key; that it is a responder's says nothing here.
fn certificate(key: &RsaKey, days: i64) -> Vec<u8> {
    let validity = (NOW.plus_secs(-3_600), NOW.plus_secs(days * 86_400));
    CertificateSpec::ocsp_responder(KIND, key, key, validity).sign(key)
}

#[test]
fn a_signature_counts_only_with_a_registered_certificate_and_its_key() {
    let (agency, private) = (RsaKey::generate().unwrap(), RsaKey::generate().unwrap());
    let registered = certificate(&agency, 1);
    let requester = OcspRequester::from_pem_or_der(&registered).unwrap();
    let signed = |request: &[u8], now: UnixTime| {
        let request = UnreadOcspRequest::read(request).unwrap();
        requester.signed(&request, now, &verifier())
    };
    let request = Request::named().signed(&agency, std::slice::from_ref(&registered));
    assert!(signed(&request, NOW));
    assert_eq!(problem(&request), None);
    // The certificate's time is over.
    assert!(!signed(&request, NOW.plus_secs(86_401)));
    // Not signed, signed by another, with another's certificate, without one.
    assert!(!signed(&Request::named().unsigned(), NOW));
    assert!(!signed(
        &Request::named().signed(&private, std::slice::from_ref(&registered)),
        NOW
    ));
    let own = certificate(&private, 1);
    assert!(!signed(&Request::named().signed(&private, &[own]), NOW));
    assert!(!signed(&Request::named().signed(&agency, &[]), NOW));
    // The signature is over another question.
    let other = Request::plain().signed(&agency, std::slice::from_ref(&registered));
    let (here, there) = (
        Request::named().to_be_signed(),
        Request::plain().to_be_signed(),
    );
    let moved = der::sequence([&here[..], &other[there.len() + 4..]]);
    assert!(!signed(&moved, NOW));
    // A signed request names who asks.
    assert!(signed(&other, NOW));
    assert_eq!(problem(&other), Some(OcspQuestionError::NoRequestorName));
}

#[test]
fn who_asks_is_known_before_the_question_is_looked_at() {
    let rubbish = der::sequence([der::sequence([der::octet_string(b"no question")])]);
    let unread = UnreadOcspRequest::read(&rubbish).unwrap();
    assert!(!unread.is_signed());
    assert!(unread.question().is_err());
}

#[test]
fn a_delegate_s_certificate_is_the_issuer_s_current_and_for_answers() {
    let from = |spec: CertificateSpec, key: &RsaKey, now| {
        OcspDelegate::from_pem_or_der(&spec.sign(key), &issuer(), now, &verifier()).map(drop)
    };
    let right = delegate_certificate;
    assert_eq!(from(right(), issuer_key(), NOW), Ok(()));
    assert_eq!(
        from(right(), delegate_key(), NOW),
        Err(OcspError::ResponderIssuerSignature)
    );
    let late = from(right(), issuer_key(), NOW.plus_secs(86_400));
    assert!(matches!(late, Err(OcspError::ResponderExpired { .. })));
    let mut purposeless = right();
    purposeless.extensions.remove(1);
    assert_eq!(
        from(purposeless, issuer_key(), NOW),
        Err(OcspError::ResponderExtendedKeyUsage)
    );
    assert!(delegate().is_current(NOW));
    assert!(!delegate().is_current(NOW.plus_secs(82_801)));
}

/// What `openssl ocsp` says about its own request, which our responder answers.
#[test]
fn openssl_s_requests_signed_or_not_are_read_and_our_answers_are_accepted() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, label: &str, der: &[u8]| {
        std::fs::write(folder.path().join(name), pem(label, der)).unwrap();
    };
    let authority = &Issuer::of(KIND).authority.newest().certificate;
    write("authority.pem", "CERTIFICATE", authority);
    let agency = RsaKey::generate().unwrap();
    let registered = certificate(&agency, 1);
    write("agency.pem", "CERTIFICATE", &registered);
    write("agency.key", "PRIVATE KEY", agency.pkcs8());
    let requester = OcspRequester::from_pem_or_der(&registered).unwrap();
    for (options, is_signed) in [
        (&["-sha1"][..], false),
        (&["-sha256", "-no_nonce"], false),
        (&["-signer", "agency.pem", "-signkey", "agency.key"], true),
    ] {
        // The hash comes before the issuer that it is for.
        let asked = openssl(
            folder.path(),
            &[options, &["-reqout", "request.der"]].concat(),
        );
        assert!(asked.0, "{}", asked.1);
        let request = std::fs::read(folder.path().join("request.der")).unwrap();
        let unread = UnreadOcspRequest::read(&request).unwrap();
        assert_eq!(requester.signed(&unread, NOW, &verifier()), is_signed);
        let response = respond(&request, OcspStatus::Good, Some(NOW.plus_secs(300)));
        std::fs::write(folder.path().join("response.der"), response).unwrap();
        let at = NOW.secs().to_string();
        let check = ["-respin", "response.der", "-reqin", "request.der"];
        let verified = Command::new("openssl")
            .current_dir(folder.path())
            .arg("ocsp")
            .args(check)
            .args(["-CAfile", "authority.pem", "-attime", &at, "-resp_text"])
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&verified.stderr).into_owned()
            + &String::from_utf8_lossy(&verified.stdout);
        assert!(said.contains("Response verify OK"), "{said}");
        assert!(said.contains("Cert Status: good"), "{said}");
        assert_eq!(
            said.contains("OCSP Nonce"),
            !options.contains(&"-no_nonce"),
            "{said}"
        );
    }
}

/// What our client asks with a signature, our responder and OpenSSL read.
#[test]
fn a_signed_question_is_its_requestor_s_until_an_octet_changes() {
    let agency = RsaKey::generate().unwrap();
    let registered = certificate(&agency, 1);
    let requester = OcspRequester::from_pem_or_der(&registered).unwrap();
    let id = cert_id(CertIdHash::Sha1);
    let unsigned = OcspRequest::by(&requester, &id, Some(&NONCE));
    let signature = agency.sign(unsigned.to_be_signed());
    let request = unsigned.signed(&signature);
    let is_signed = |der: &[u8]| {
        UnreadOcspRequest::read(der).is_ok_and(|unread| requester.signed(&unread, NOW, &verifier()))
    };
    assert!(is_signed(request.der()));
    let unread = UnreadOcspRequest::read(request.der()).unwrap();
    let question = unread.question().unwrap();
    assert!(question.is_about(&issuer()));
    assert_eq!(question.nonce(), Some(&NONCE[..]));
    for place in 0..request.der().len() {
        let mut changed = request.der().to_vec();
        changed[place] ^= 1;
        assert!(!is_signed(&changed), "octet {place}");
    }
    let bare = OcspRequest::new(&id, Some(&NONCE));
    assert!(!is_signed(bare.der()));

    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("request.der"), request.der()).unwrap();
    let output = Command::new("openssl")
        .current_dir(folder.path())
        .args(["ocsp", "-reqin", "request.der", "-req_text"])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    for part in [
        "Requestor Name: DirName:",
        "OCSP Nonce",
        "sha256WithRSAEncryption",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
}

fn openssl(folder: &Path, options: &[&str]) -> (bool, String) {
    let serial = SERIAL.to_string();
    let (hash, rest) = match options.split_first() {
        Some((hash, rest)) if hash.starts_with("-sha") => (Some(*hash), rest),
        _ => (None, options),
    };
    let output = Command::new("openssl")
        .current_dir(folder)
        .arg("ocsp")
        .args(hash)
        .args(["-issuer", "authority.pem", "-serial", &serial])
        .args(rest)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    (output.status.success(), said)
}
