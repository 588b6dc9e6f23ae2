//! What somebody might ask, and whom.

use anyhow::Result;
use e2e::callers;
use e2e::system::System;
use e2e::wire::{self, Answer};
use prost::Message as _;
use proto::revocation::v1::{GetRevocationStatusRequest, Purpose};
use proto::signing::v1::CheckSigningCertificateRequest;
use proto::verification::v1::verify_signature_request::Signed;
use proto::verification::v1::{HashAlgorithm, SignatureEncoding, VerifySignatureRequest};
use sandbox::deployment::identity;
use sandbox::mint::CaKind;

use crate::hostile_input::Holder;

pub(super) const VERIFY: &str =
    "/akashi.verification.v1.SignatureVerificationService/VerifySignature";
pub(super) const GET_STATUS: &str =
    "/akashi.revocation.v1.RevocationLookupService/GetRevocationStatus";
pub(super) const GET_FRESHNESS: &str = "/akashi.revocation.v1.RevocationLookupService/GetFreshness";
pub(super) const CHECK: &str =
    "/akashi.signing.v1.SigningCertificateService/CheckSigningCertificate";
pub(super) const HEALTH: &str = "/grpc.health.v1.Health/Check";
pub(super) const WATCH: &str = "/grpc.health.v1.Health/Watch";
pub(super) const REFLECTION: &str = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo";

/// `grpc-status` of PERMISSION_DENIED.
pub(super) const DENIED: &str = "7";

/// A call with any octets as its message, by `from` at `to`: everything that comes back.
pub(super) async fn call(
    system: &System,
    (from, to): (&str, &str),
    method: &str,
    message: &[u8],
) -> Result<Answer> {
    let channel = callers::channel(&system.deployment, from, to)?;
    wire::send(&channel, wire::framed(method, message)?).await
}

/// Is this signing certificate valid?
pub(super) fn check(certificate: Vec<u8>) -> Vec<u8> {
    let request = CheckSigningCertificateRequest {
        certificate,
        purpose: Purpose::ValidityConfirmation.into(),
        case_reference: "e2e-access".to_owned(),
        at: 0,
    };
    request.encode_to_vec()
}

/// What is the status of this certificate?
pub(super) fn lookup(holder: &Holder) -> GetRevocationStatusRequest {
    let point = holder.leaf.distribution_point();
    GetRevocationStatusRequest {
        issuer_key_id: holder.leaf.issuer_key_id().as_bytes().to_vec(),
        serial_number: holder.leaf.serial().as_bytes().to_vec(),
        distribution_point: point.map(|point| point.der().to_vec()).unwrap_or_default(),
        purpose: Purpose::SignatureVerification.into(),
        case_reference: "e2e-access".to_owned(),
        ..Default::default()
    }
}

/// Is this signature genuine?
pub(super) fn verify(holder: &Holder) -> Vec<u8> {
    let message = b"a message".to_vec();
    let request = VerifySignatureRequest {
        certificate: holder.der(),
        signature: holder.certificate().key.sign(&message),
        signature_encoding: SignatureEncoding::Pkcs1V15DigestInfo.into(),
        hash_algorithm: HashAlgorithm::Sha256.into(),
        signed: Some(Signed::Message(message)),
        purpose: Purpose::UserAuthentication.into(),
        case_reference: "e2e-access".to_owned(),
        revocation_method: 0,
    };
    request.encode_to_vec()
}

/// A card's holder, by the card's name.
pub(super) fn holder(system: &System, card: &str, kind: CaKind) -> Result<Holder> {
    Holder::of(system, card, kind)
}

/// A call that somebody may make: the server, who asks, the method, the message.
pub(super) type Permitted = (&'static str, &'static str, &'static str, Vec<u8>);

/// One for each method of ours.
pub(super) fn permitted(system: &System) -> Result<[Permitted; 4]> {
    let person = holder(system, "good", CaKind::UserAuthentication)?;
    let signer = holder(system, "good", CaKind::DigitalSignature)?;
    let backend = identity::AUTHENTICATION_BACKEND;
    Ok([
        (
            identity::SIGNATURE_VERIFICATION,
            backend,
            VERIFY,
            verify(&person),
        ),
        (
            identity::REVOCATION_LOOKUP,
            backend,
            GET_STATUS,
            lookup(&person).encode_to_vec(),
        ),
        (
            identity::REVOCATION_LOOKUP,
            identity::SRE,
            GET_FRESHNESS,
            Vec::new(),
        ),
        (
            identity::SIGNING_CERTIFICATE,
            identity::CITY_OFFICE,
            CHECK,
            check(signer.der()),
        ),
    ])
}
