//! A stand-in for signature-verification, and the card and reader app that go with it.
//!
//! A "certificate" here is the text `holder:result:issue`, its "signature" the SHA-256 of certificate and digest: enough to
//! tell whether the gateway asks about the right digest and believes the answer, and nothing more.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use aws_lc_rs::rand::SystemRandom;
use axum::body::Body;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use http::{Request, header};
use oidc_gateway::SignatureVerification;
use proto::revocation::v1::{
    GetRevocationStatusResponse, ListEvidence, OcspEvidence, RevocationMethod,
};
use proto::verification::v1::verify_signature_request::Signed;
use proto::verification::v1::{
    Holder, VerificationResult, VerifySignatureRequest, VerifySignatureResponse,
};
use serde_json::{Value, json};

use crate::browser::{Answer, send};
use crate::world::World;

/// Answers like signature-verification.
#[derive(Debug, Default)]
pub(crate) struct StandIn {
    pub(crate) is_down: AtomicBool,
    pub(crate) asked: Mutex<Vec<VerifySignatureRequest>>,
}

#[tonic::async_trait]
impl SignatureVerification for StandIn {
    async fn verify_signature(
        &self,
        request: VerifySignatureRequest,
    ) -> Result<VerifySignatureResponse, tonic::Status> {
        self.asked.lock().unwrap().push(request.clone());
        if self.is_down.load(Ordering::SeqCst) {
            return Err(tonic::Status::deadline_exceeded("down"));
        }
        let text = String::from_utf8(request.certificate.clone()).unwrap();
        let mut parts = text.split(':');
        let (holder, result) = (parts.next().unwrap(), parts.next().unwrap());
        let Some(Signed::Digest(digest)) = request.signed else {
            panic!("no digest")
        };
        let mut result =
            VerificationResult::from_str_name(&format!("VERIFICATION_RESULT_{result}"));
        if request.signature != signature(text.as_bytes(), &digest) {
            result = Some(VerificationResult::SignatureMismatch);
        }
        let mut response = VerifySignatureResponse::default();
        response.set_result(result.unwrap());
        if response.result() == VerificationResult::Ok {
            let mut holder_id = [0; 16];
            holder_id[..holder.len()].copy_from_slice(holder.as_bytes());
            response.holder = Some(Holder {
                holder_id: holder_id.to_vec(),
                origin: 1,
            });
            response.revocation = Some(evidence(request.revocation_method));
        }
        Ok(response)
    }
}

/// What a lookup by this method says; by the lists unless asked otherwise.
fn evidence(method: i32) -> GetRevocationStatusResponse {
    let by_responder = method == RevocationMethod::Ocsp as i32;
    GetRevocationStatusResponse {
        list: (!by_responder).then(ListEvidence::default),
        ocsp: by_responder.then(Box::<OcspEvidence>::default),
        ..GetRevocationStatusResponse::default()
    }
}

fn sha256(octets: &[u8]) -> Vec<u8> {
    aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, octets)
        .as_ref()
        .to_vec()
}

fn signature(certificate: &[u8], digest: &[u8]) -> Vec<u8> {
    sha256(&[certificate, digest].concat())
}

/// A card: whose it is, and what signature-verification says of it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Card {
    pub(crate) certificate: &'static str,
}

pub(crate) const HANAKO: Card = Card {
    certificate: "hanako:OK:1",
};
/// The same person's card after a renewal.
pub(crate) const HANAKO_RENEWED: Card = Card {
    certificate: "hanako:OK:2",
};
pub(crate) const TARO: Card = Card {
    certificate: "taro:OK",
};
pub(crate) const REVOKED: Card = Card {
    certificate: "jiro:CERTIFICATE_REVOKED",
};

fn length_prefixed(text: &str) -> Vec<u8> {
    let length = u32::try_from(text.len()).unwrap();
    [&length.to_be_bytes(), text.as_bytes()].concat()
}

/// The challenge, recomputed from what the gateway says of the sign-in, as the reader app does.
pub(crate) fn challenge(described: &Value) -> Vec<u8> {
    let scopes: Vec<&str> = described["scopes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|scope| scope.as_str().unwrap())
        .collect();
    let context = [
        described["issuer"].as_str().unwrap(),
        described["client_id"].as_str().unwrap(),
        described["redirect_uri"].as_str().unwrap(),
        described["nonce"].as_str().unwrap(),
        &scopes.join(" "),
        described["interaction_id"].as_str().unwrap(),
    ]
    .map(length_prefixed)
    .concat();
    let random = URL_SAFE_NO_PAD
        .decode(described["random"].as_str().unwrap())
        .unwrap();
    sha256(&[b"akashi-card-v1".as_slice(), &random, &sha256(&context)].concat())
}

/// Synthetic four information, unmistakable in a log.
pub(crate) fn four_information() -> Value {
    json!({ "name": "CANARYNAME 花子", "address": "CANARYADDRESS 1-2-3", "birthdate": "19850315", "gender": "2" })
}

impl Card {
    /// The card's answer to a challenge, without the four information.
    pub(crate) fn answer(self, challenge: &[u8]) -> Value {
        json!({
            "certificate": STANDARD.encode(self.certificate),
            "signature": STANDARD.encode(signature(self.certificate.as_bytes(), challenge)),
        })
    }

    /// The same with the four information, vouched for by the world's reader.
    pub(crate) fn vouched_answer(self, world: &World, challenge: &[u8]) -> Value {
        let four = four_information();
        let message = [
            b"akashi-reader-v1".to_vec(),
            ["name", "address", "birthdate", "gender"]
                .map(|item| length_prefixed(four[item].as_str().unwrap()))
                .concat(),
            challenge.to_vec(),
            sha256(self.certificate.as_bytes()),
        ]
        .concat();
        let vouch = world.reader.sign(&SystemRandom::new(), &message).unwrap();
        let mut answer = self.answer(challenge);
        answer["four_information"] = four;
        answer["reader"] =
            json!({ "key_id": "reader-1", "signature": STANDARD.encode(vouch.as_ref()) });
        answer
    }

    /// Reads this card in the reader app: fetches the challenge and posts the vouched answer.
    pub(crate) async fn read(self, world: &World, interaction_id: &str) -> Answer {
        let described = describe(world, interaction_id).await;
        assert_eq!(described.status, 200, "{}", described.body);
        let described = described.json();
        let mut answer = self.vouched_answer(world, &challenge(&described));
        if described.get("signing").is_some() {
            let holder = self.certificate.split(':').next().unwrap();
            answer["signing"] = signing_leg(&signing_certificate(holder));
        }
        post_answer(world, interaction_id, &answer).await
    }
}

/// A signing certificate as far as the gateway looks: one DER SEQUENCE. Unmistakable in a log.
pub(crate) fn signing_certificate(holder: &str) -> Vec<u8> {
    let content = format!("CANARYCERTIFICATE of {holder}");
    let length = u8::try_from(content.len()).unwrap();
    [&[0x30, length], content.as_bytes()].concat()
}

pub(crate) const DOCUMENT_SIGNATURE: &[u8] = b"CANARYSIGNATURE by whoever";

/// What the card's signing key gives back: nothing that any certificate verifies.
pub(crate) fn signing_leg(certificate: &[u8]) -> Value {
    json!({
        "certificate": STANDARD.encode(certificate),
        "signature": STANDARD.encode(DOCUMENT_SIGNATURE),
    })
}

/// As the app that was opened by the page's link.
pub(crate) async fn describe(world: &World, interaction_id: &str) -> Answer {
    describe_with(world, interaction_id, &link(world, interaction_id), "").await
}

/// As an app that holds this secret and says how it was opened.
pub(crate) async fn describe_with(
    world: &World,
    interaction_id: &str,
    secret: &str,
    query: &str,
) -> Answer {
    let request = Request::get(format!("/card/interactions/{interaction_id}{query}"))
        .header(header::AUTHORIZATION, format!("Bearer {secret}"));
    send(&world.router, request.body(Body::empty()).unwrap()).await
}

pub(crate) async fn post_answer(world: &World, interaction_id: &str, answer: &Value) -> Answer {
    post_text(world, interaction_id, answer.to_string()).await
}

pub(crate) async fn post_text(world: &World, interaction_id: &str, body: String) -> Answer {
    let secret = link(world, interaction_id);
    let request = answer_request(interaction_id, &secret, body);
    send(&world.router, request).await
}

/// The request that brings a card's answer.
pub(crate) fn answer_request(interaction_id: &str, secret: &str, body: String) -> Request<Body> {
    Request::post(format!("/card/interactions/{interaction_id}/response"))
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::AUTHORIZATION, format!("Bearer {secret}"))
        .body(Body::from(body))
        .unwrap()
}

/// What the sign-in's page gave the reader app; nothing for one that never was.
pub(crate) fn link(world: &World, interaction_id: &str) -> String {
    let links = world.links.lock().unwrap();
    links.get(interaction_id).cloned().unwrap_or_default()
}
