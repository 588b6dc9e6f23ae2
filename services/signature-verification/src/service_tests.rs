//! The order of the checks and what each ends with, with the sandbox's cards and without a network.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

use pki::{CrlSigner, CrossCheck, KeyIdentifier, SerialNumber, UnixTime, ValidatedLeaf, Verifier};
use proto::revocation::v1 as revocation_v1;
use proto::verification::v1::verify_signature_request::Signed;
use proto::verification::v1::{
    HashAlgorithm, HolderOrigin, SignatureEncoding, VerificationResult, VerifySignatureRequest,
    VerifySignatureResponse,
};
use runtime::clock::ManualClock;
use runtime::metrics::Metrics;
use sandbox::card::Card;
use sandbox::mint::{CaKind, Jpki, sha256};
use store::HolderResolution;
use tonic::{Code, Status};

use crate::holders::{HolderDirectory, HolderUnavailable};
use crate::leaves::Leaves;
use crate::request::{CaseReference, Purpose};
use crate::revocation::{List, Revocation, RevocationLookup, Status as RevocationStatus, Unknown};
use crate::service::{Handler, Outcomes, Shared};

const MESSAGE: &[u8] = b"a challenge";
const HOLDER_ID: [u8; 16] = [7; 16];

/// Minting takes seconds; nothing here changes it.
fn jpki() -> &'static Jpki {
    static JPKI: OnceLock<Jpki> = OnceLock::new();
    JPKI.get_or_init(|| Jpki::mint(now()).unwrap())
}

fn now() -> UnixTime {
    static NOW: OnceLock<UnixTime> = OnceLock::new();
    *NOW.get_or_init(sandbox::now)
}

fn card(id: &str) -> &'static Card {
    jpki().card(id).unwrap()
}

/// Everything right: the good card signed the message.
fn good_request() -> VerifySignatureRequest {
    request_of("good")
}

fn request_of(id: &str) -> VerifySignatureRequest {
    let certificate = card(id).certificate(CaKind::UserAuthentication);
    VerifySignatureRequest {
        certificate: certificate.der.clone(),
        signature: certificate.key.sign(MESSAGE),
        signature_encoding: SignatureEncoding::Pkcs1V15DigestInfo.into(),
        hash_algorithm: HashAlgorithm::Sha256.into(),
        signed: Some(Signed::Message(MESSAGE.to_vec())),
        purpose: revocation_v1::Purpose::UserAuthentication.into(),
        case_reference: "R8-1".to_owned(),
    }
}

/// Answers what it was told to, and remembers how often and about what it was asked.
#[derive(Clone)]
struct Lookup {
    answer: Revocation,
    asked: Arc<AtomicUsize>,
    last: Arc<Mutex<Option<Asked>>>,
}

/// What was asked about: serial number, distribution point, purpose and case reference.
type Asked = (Vec<u8>, Vec<u8>, Purpose, String);

impl RevocationLookup for Lookup {
    async fn status(
        &self,
        leaf: &ValidatedLeaf,
        purpose: Purpose,
        case_reference: &CaseReference,
    ) -> Revocation {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let point = leaf.distribution_point().unwrap().der().to_vec();
        let serial = leaf.serial().as_bytes().to_vec();
        let reference = case_reference.as_str().to_owned();
        *self.last.lock().unwrap() = Some((serial, point, purpose, reference));
        self.answer.clone()
    }
}

/// Knows one holder, or nobody at all.
#[derive(Clone, Copy)]
enum Directory {
    Known,
    Down,
}

impl HolderDirectory for Directory {
    async fn resolve(
        &self,
        certification_authority: &str,
        _serial: &SerialNumber,
        _now: UnixTime,
    ) -> Result<HolderResolution, HolderUnavailable> {
        assert_eq!(certification_authority, "user-authentication");
        match self {
            Self::Known => Ok(HolderResolution {
                holder_id: HOLDER_ID,
                origin: store::HolderOrigin::Linked,
            }),
            Self::Down => Err(HolderUnavailable),
        }
    }
}

/// A service with what surrounds it.
struct Service {
    lookup: Lookup,
    directory: Directory,
    clock: ManualClock,
}

impl Service {
    /// Everything right around the good card.
    fn good() -> Self {
        Self::with(Revocation {
            status: RevocationStatus::Good,
            list: Some(current_list()),
            generation: 3,
        })
    }

    fn with(answer: Revocation) -> Self {
        let lookup = Lookup {
            answer,
            asked: Arc::default(),
            last: Arc::default(),
        };
        Self {
            lookup,
            directory: Directory::Known,
            clock: ManualClock::at(now()),
        }
    }

    async fn verify(
        &self,
        request: VerifySignatureRequest,
    ) -> Result<VerifySignatureResponse, Status> {
        use proto::verification::v1::signature_verification_service_server::SignatureVerificationService as _;
        let authority = jpki().authority(CaKind::UserAuthentication);
        let shared = Shared {
            leaves: Leaves::new(vec![authority.trusted(CrlSigner::NewestKey)], 10),
            verifier: Verifier::new(CrossCheck::All),
            clock: Arc::new(self.clock.clone()),
            outcomes: Outcomes::new(&Metrics::new("signature-verification")).unwrap(),
        };
        let handler = Handler::new(Arc::new(shared), self.lookup.clone(), self.directory);
        handler
            .verify_signature(tonic::Request::new(request))
            .await
            .map(tonic::Response::into_inner)
    }

    async fn result(&self, request: VerifySignatureRequest) -> (VerificationResult, String) {
        let response = self.verify(request).await.unwrap();
        // Whatever is not a success names no holder.
        assert_eq!(
            response.holder.is_some(),
            response.result() == VerificationResult::Ok
        );
        (response.result(), response.failed_rule)
    }

    fn asked(&self) -> usize {
        self.lookup.asked.load(Ordering::SeqCst)
    }
}

fn current_list() -> List {
    let newest = jpki().authority(CaKind::UserAuthentication).newest();
    List {
        certification_authority: "user-authentication".to_owned(),
        signer_key_id: KeyIdentifier::new(&newest.key.key_id()).unwrap(),
        issuing_distribution_point: Vec::new(),
        crl_number: "1001".to_owned(),
        this_update: now().plus_secs(-60),
        next_update: now().plus_secs(3600),
        age_seconds: 60,
    }
}

fn good_on(list: Option<List>) -> Revocation {
    Revocation {
        status: RevocationStatus::Good,
        list,
        generation: 3,
    }
}

#[tokio::test]
async fn a_good_signature_tells_whose_it_is_and_the_evidence() {
    let response = Service::good().verify(good_request()).await.unwrap();
    assert_eq!(response.result(), VerificationResult::Ok);
    assert_eq!(
        (response.failed_rule.as_str(), response.explanation.as_str()),
        ("", "")
    );
    let holder = response.holder.as_ref().unwrap();
    assert_eq!(holder.holder_id, HOLDER_ID);
    assert_eq!(holder.origin(), HolderOrigin::Linked);
    let issuer = jpki().authority(CaKind::UserAuthentication).generation(2);
    assert_eq!(response.issuer_key_id, issuer.key.key_id());
    assert_eq!(response.certification_authority, "user-authentication");
    assert_eq!(response.verified_at, now().secs());
    assert!(response.certificate_not_after > now().secs());
    let revocation = response.revocation.unwrap();
    assert_eq!(revocation.status(), revocation_v1::RevocationStatus::Good);
    assert_eq!(revocation.generation, 3);
    assert_eq!(revocation.list.unwrap().crl_number, "1001");
}

#[tokio::test]
async fn a_certificate_by_the_older_key_is_as_good() {
    let response = Service::good()
        .verify(request_of("older-key"))
        .await
        .unwrap();
    assert_eq!(response.result(), VerificationResult::Ok);
    let issuer = jpki().authority(CaKind::UserAuthentication).generation(1);
    assert_eq!(response.issuer_key_id, issuer.key.key_id());
}

#[tokio::test]
async fn a_digest_is_as_good_as_its_message() {
    let mut request = good_request();
    request.signed = Some(Signed::Digest(sha256(MESSAGE).to_vec()));
    assert_eq!(
        Service::good().result(request.clone()).await.0,
        VerificationResult::Ok
    );
    request.signed = Some(Signed::Digest(sha256(b"another message").to_vec()));
    let mismatch = (
        VerificationResult::SignatureMismatch,
        "signature_mismatch".to_owned(),
    );
    assert_eq!(Service::good().result(request).await, mismatch);
}

#[tokio::test]
async fn the_lookup_is_asked_with_the_distribution_point_the_purpose_and_the_reference() {
    let service = Service::good();
    let mut request = good_request();
    request.purpose = revocation_v1::Purpose::ValidityConfirmation.into();
    service.verify(request).await.unwrap();
    let (serial, point, purpose, reference) = service.lookup.last.lock().unwrap().clone().unwrap();
    let card = card("good").certificate(CaKind::UserAuthentication);
    let octets = card.serial.to_be_bytes();
    let minimal: Vec<_> = octets.into_iter().skip_while(|octet| *octet == 0).collect();
    assert_eq!(serial, minimal);
    assert!(!point.is_empty());
    assert_eq!(purpose, Purpose::ValidityConfirmation);
    assert_eq!(reference, "R8-1");
}

#[tokio::test]
async fn a_changed_signature_is_a_mismatch_and_nobody_is_asked_about_the_certificate() {
    let service = Service::good();
    let mut request = good_request();
    request.signature[100] ^= 1;
    let mismatch = (
        VerificationResult::SignatureMismatch,
        "signature_mismatch".to_owned(),
    );
    assert_eq!(service.result(request).await, mismatch);
    assert_eq!(service.asked(), 0);
}

#[tokio::test]
async fn another_encoding_than_the_named_one_is_a_mismatch() {
    let mut request = good_request();
    request.signature_encoding = SignatureEncoding::Pkcs1V15BareHash.into();
    assert_eq!(
        Service::good().result(request).await.0,
        VerificationResult::SignatureMismatch
    );
}

#[tokio::test]
async fn an_expired_certificate_is_expired_before_its_signature_is_looked_at() {
    let service = Service::good();
    let mut request = request_of("expired");
    request.signature[100] ^= 1;
    let expired = (VerificationResult::CertificateExpired, "expired".to_owned());
    assert_eq!(service.result(request).await, expired);
    assert_eq!(service.asked(), 0);
}

#[tokio::test]
async fn validity_is_judged_at_the_clocks_time() {
    let service = Service::good();
    assert_eq!(
        service.result(good_request()).await.0,
        VerificationResult::Ok
    );
    service.clock.advance(-400 * 86_400);
    let early = (
        VerificationResult::CertificateNotYetValid,
        "not_yet_valid".to_owned(),
    );
    assert_eq!(service.result(good_request()).await, early);
}

#[tokio::test]
async fn a_revoked_certificate_is_revoked_with_when_and_why() {
    let revoked_at = now().plus_secs(-500);
    let reason = pki::RevocationReason::KeyCompromise;
    let service = Service::with(Revocation {
        status: RevocationStatus::Revoked { revoked_at, reason },
        list: Some(current_list()),
        generation: 4,
    });
    let response = service.verify(good_request()).await.unwrap();
    assert_eq!(response.result(), VerificationResult::CertificateRevoked);
    assert_eq!(response.failed_rule, "certificate_revoked");
    assert!(response.holder.is_none());
    assert_eq!(response.certificate_not_after, 0);
    let revocation = response.revocation.unwrap().revocation.unwrap();
    assert_eq!(revocation.revoked_at, revoked_at.secs());
    assert_eq!(
        revocation.reason(),
        revocation_v1::RevocationReason::KeyCompromise
    );
}

#[tokio::test]
async fn an_unknown_status_is_unknown_with_its_reason() {
    for (why, wire) in [
        (Unknown::Stale, revocation_v1::UnknownReason::Stale),
        (Unknown::Feed, revocation_v1::UnknownReason::Feed),
        (
            Unknown::Unavailable,
            revocation_v1::UnknownReason::Unavailable,
        ),
    ] {
        let service = Service::with(Revocation::unknown(why));
        let response = service.verify(good_request()).await.unwrap();
        assert_eq!(response.result(), VerificationResult::RevocationUnknown);
        assert_eq!(response.failed_rule, why.rule());
        assert_eq!(response.revocation.unwrap().unknown_reason(), wire);
    }
}

#[tokio::test]
async fn good_without_the_list_that_proves_it_is_unknown() {
    let result = |revocation| async {
        let (result, rule) = Service::with(revocation).result(good_request()).await;
        (result == VerificationResult::Ok, rule)
    };
    assert_eq!(
        result(good_on(Some(current_list()))).await,
        (true, String::new())
    );
    assert_eq!(result(good_on(None)).await.1, "revocation_unavailable");
    let stale = List {
        next_update: now(),
        ..current_list()
    };
    assert_eq!(
        result(good_on(Some(stale))).await.1,
        "revocation_list_stale"
    );
    let future = List {
        this_update: now().plus_secs(301),
        ..current_list()
    };
    assert_eq!(result(good_on(Some(future))).await.1, "revocation_clock");
    let foreign_key = jpki()
        .authority(CaKind::DigitalSignature)
        .newest()
        .key
        .key_id();
    let signer_key_id = KeyIdentifier::new(&foreign_key).unwrap();
    let foreign = List {
        signer_key_id,
        ..current_list()
    };
    assert_eq!(
        result(good_on(Some(foreign))).await.1,
        "revocation_list_out_of_scope"
    );
}

#[tokio::test]
async fn a_signing_certificate_is_unsupported_here() {
    let signing = card("good").certificate(CaKind::DigitalSignature);
    let mut request = good_request();
    request.certificate.clone_from(&signing.der);
    request.signature = signing.key.sign(MESSAGE);
    let service = Service::good();
    let (result, rule) = service.result(request).await;
    assert_eq!(result, VerificationResult::UnsupportedCertificate, "{rule}");
    assert_eq!(service.asked(), 0);
}

#[tokio::test]
async fn a_certificate_that_its_authority_did_not_sign_is_untrusted() {
    let mut request = good_request();
    let last = request.certificate.len() - 1;
    request.certificate[last] ^= 1;
    let service = Service::good();
    let (result, rule) = service.result(request).await;
    assert_eq!(
        (result, rule.as_str()),
        (VerificationResult::UntrustedIssuer, "issuer_signature")
    );
    assert_eq!(service.asked(), 0);
}

#[tokio::test]
async fn bytes_that_are_no_certificate_are_malformed() {
    for bytes in [
        vec![0],
        b"-----BEGIN CERTIFICATE-----".to_vec(),
        vec![0x30; 8192],
    ] {
        let request = VerifySignatureRequest {
            certificate: bytes,
            ..good_request()
        };
        let (result, _) = Service::good().result(request).await;
        assert_eq!(result, VerificationResult::MalformedCertificate);
    }
    let mut trailing = good_request();
    trailing.certificate.push(0);
    let (result, _) = Service::good().result(trailing).await;
    assert_eq!(result, VerificationResult::MalformedCertificate);
}

#[tokio::test]
async fn without_the_holder_there_is_no_answer() {
    let service = Service {
        directory: Directory::Down,
        ..Service::good()
    };
    let refused = service.verify(good_request()).await.unwrap_err();
    assert_eq!(refused.code(), Code::Unavailable);
    // A negative answer needs no holder.
    let mut mismatch = good_request();
    mismatch.signature[100] ^= 1;
    assert_eq!(
        service.result(mismatch).await.0,
        VerificationResult::SignatureMismatch
    );
}

#[tokio::test]
async fn every_field_that_cannot_be_is_an_invalid_argument_naming_it() {
    let wrong = |change: fn(&mut VerifySignatureRequest)| {
        let mut request = good_request();
        change(&mut request);
        request
    };
    let cases: [(&str, VerifySignatureRequest); 16] = [
        ("certificate: missing", wrong(|r| r.certificate.clear())),
        (
            "certificate: 8193 octets",
            wrong(|r| r.certificate.resize(8193, 0)),
        ),
        ("signature: missing", wrong(|r| r.signature.clear())),
        (
            "signature: 513 octets",
            wrong(|r| r.signature.resize(513, 0)),
        ),
        (
            "signature_encoding: missing",
            wrong(|r| r.signature_encoding = 0),
        ),
        (
            "signature_encoding: 3 is no value",
            wrong(|r| r.signature_encoding = 3),
        ),
        ("hash_algorithm: missing", wrong(|r| r.hash_algorithm = 0)),
        (
            "hash_algorithm: -1 is no value",
            wrong(|r| r.hash_algorithm = -1),
        ),
        (
            "signed (message or digest): missing",
            wrong(|r| r.signed = None),
        ),
        (
            "message: 65537 octets",
            wrong(|r| r.signed = Some(Signed::Message(vec![0; 65_537]))),
        ),
        (
            "digest: 31 octets",
            wrong(|r| r.signed = Some(Signed::Digest(vec![0; 31]))),
        ),
        (
            "digest: 48 octets",
            wrong(|r| r.signed = Some(Signed::Digest(vec![0; 48]))),
        ),
        ("purpose: missing", wrong(|r| r.purpose = 0)),
        ("purpose: 9 is no value", wrong(|r| r.purpose = 9)),
        (
            "case_reference: missing",
            wrong(|r| r.case_reference.clear()),
        ),
        (
            "case_reference: octet 3",
            wrong(|r| r.case_reference = "R8 1".to_owned()),
        ),
    ];
    for (words, request) in cases {
        let service = Service::good();
        let refused = service.verify(request).await.unwrap_err();
        assert_eq!(refused.code(), Code::InvalidArgument, "{words}");
        assert!(
            refused.message().starts_with(words),
            "{words}: {}",
            refused.message()
        );
        assert_eq!(service.asked(), 0);
    }
}

#[tokio::test]
async fn fields_at_their_limits_are_read() {
    let mut request = good_request();
    request.case_reference = "a".repeat(64);
    assert_eq!(
        Service::good().result(request.clone()).await.0,
        VerificationResult::Ok
    );
    request.signature.resize(512, 0);
    assert_eq!(
        Service::good().result(request.clone()).await.0,
        VerificationResult::SignatureMismatch
    );
    request.signed = Some(Signed::Message(vec![0; 65_536]));
    assert_eq!(
        Service::good().result(request).await.0,
        VerificationResult::SignatureMismatch
    );
}
