//! The order of the checks and what each ends with, with the sandbox's cards and without a network.

mod fields;
mod ocsp;
mod results;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

use lookup::{
    CacheConfig, Leaves, List, Purpose, Question, Revocation, RevocationLookup, RevocationMethod,
    Status as RevocationStatus,
};
use pki::{CrlSigner, CrossCheck, KeyIdentifier, SerialNumber, UnixTime, Verifier};
use proto::revocation::v1 as revocation_v1;
use proto::verification::v1::verify_signature_request::Signed;
use proto::verification::v1::{
    HashAlgorithm, SignatureEncoding, VerificationResult, VerifySignatureRequest,
    VerifySignatureResponse,
};
use runtime::clock::ManualClock;
use runtime::metrics::Metrics;
use sandbox::card::Card;
use sandbox::mint::{CaKind, Jpki};
use store::HolderResolution;
use tonic::Status;

use crate::holders::{HolderDirectory, HolderUnavailable};
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
        revocation_method: 0,
    }
}

/// Answers what it was told to, and remembers how often and about what it was asked.
#[derive(Clone)]
struct Lookup {
    answer: Revocation,
    asked: Arc<AtomicUsize>,
    last: Arc<Mutex<Option<Asked>>>,
}

/// What was asked about: serial number, distribution point, purpose, case reference and method.
type Asked = (Vec<u8>, Vec<u8>, Purpose, String, Option<RevocationMethod>);

impl RevocationLookup for Lookup {
    async fn status(&self, question: Question<'_>) -> Revocation {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let leaf = question.leaf;
        let point = leaf.distribution_point().unwrap().der().to_vec();
        let serial = leaf.serial().as_bytes().to_vec();
        let reference = question.case_reference.to_string();
        *self.last.lock().unwrap() =
            Some((serial, point, question.purpose, reference, question.method));
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
        _certificate_sha256: [u8; 32],
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
            ocsp: None,
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

    fn handler(&self) -> Handler<Lookup, Directory> {
        let authority = jpki().authority(CaKind::UserAuthentication);
        let verifier = Arc::new(Verifier::new(CrossCheck::All));
        let authorities = vec![authority.trusted(CrlSigner::NewestKey)];
        let cache = CacheConfig { capacity: 10 };
        let shared = Shared {
            leaves: Leaves::new(authorities, verifier.clone(), &cache),
            verifier,
            clock: Arc::new(self.clock.clone()),
            outcomes: Outcomes::new(&Metrics::new("signature-verification")).unwrap(),
        };
        Handler::new(Arc::new(shared), self.lookup.clone(), self.directory)
    }

    async fn verify(
        &self,
        request: VerifySignatureRequest,
    ) -> Result<VerifySignatureResponse, Status> {
        use proto::verification::v1::signature_verification_service_server::SignatureVerificationService as _;
        self.handler()
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
        delta: None,
    }
}

fn good_on(list: Option<List>) -> Revocation {
    Revocation {
        status: RevocationStatus::Good,
        list,
        ocsp: None,
        generation: 3,
    }
}
