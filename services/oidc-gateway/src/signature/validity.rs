//! `POST` of a signing certificate's validity, for administrative clients alone.
//!
//! The certificate is in the JWE, which the gateway cannot read. The agency decrypts it and asks here with its own signed
//! assertion over the question; the gateway sees to it that the certificate is the one this transaction handed over, and
//! forwards both to signing-certificate, which decides by its own list of agencies and keeps the record.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::StatusCode;
use http::request::Parts;
use proto::revocation::v1::{Purpose, Revocation};
use proto::signing::v1::{
    CheckForwardedSigningCertificateRequest, CheckSigningCertificateRequest,
    CheckSigningCertificateResponse,
};
use serde::Deserialize;
use serde_json::{Value, json};
use subtle::ConstantTimeEq as _;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use super::leg::certificate_commitment;
use super::{SignatureProblem, is_transaction_id};
use crate::gateway::Gateway;
use crate::http_exchange::{json_answer, read_body, with_outcome};
use crate::interaction_id::InteractionId;
use crate::limits;

/// The question as an agency posts it.
#[derive(Deserialize, Zeroize, ZeroizeOnDrop)]
#[serde(deny_unknown_fields)]
struct PostedQuestion {
    certificate: String,
    purpose: String,
    case_reference: String,
    #[serde(default)]
    at: i64,
    assertion: String,
}

/// Asks whether the signing certificate of a transaction is valid.
pub(crate) async fn validity(
    State(gateway): State<Arc<Gateway>>,
    InteractionId(transaction_id): InteractionId,
    request: Request,
) -> Response {
    let (parts, body) = request.into_parts();
    let answer = gateway.ask_validity(&transaction_id, &parts, body).await;
    answer.unwrap_or_else(SignatureProblem::answer)
}

impl Gateway {
    async fn ask_validity(
        &self,
        transaction_id: &str,
        parts: &Parts,
        body: Body,
    ) -> Result<Response, SignatureProblem> {
        let address = self.endpoints.of_signature(transaction_id, "validity");
        let (sign_in, client) = self.signed_in(parts, &address).await?;
        // Before anything that was sent is looked at: what a private client is told depends on nothing but its
        // registration.
        if !client.is_administrative() {
            return Err(SignatureProblem::Forbidden(
                "the validity of signing certificates is for administrative agencies",
            ));
        }
        if !is_transaction_id(transaction_id) {
            return Err(SignatureProblem::NotFound);
        }
        let body = Zeroizing::new(read_body(&parts.headers, body, "application/json").await?);
        let question = PostedQuestion::parse(&body).map_err(SignatureProblem::Malformed)?;
        let certificate = question
            .certificate()
            .map_err(SignatureProblem::Malformed)?;
        let handed_over = self
            .state
            .certificate_commitment(transaction_id, &sign_in.interaction_id, self.now())
            .await?
            .ok_or(SignatureProblem::NotFound)?;
        let asked_about = certificate_commitment(transaction_id, &certificate);
        if !bool::from(asked_about.ct_eq(&handed_over)) {
            return Err(SignatureProblem::Malformed(
                "certificate is not the one that this transaction handed over",
            ));
        }
        let request = question
            .into_request(&certificate)
            .map_err(SignatureProblem::Malformed)?;
        let response = self.forward(request).await?;
        Ok(with_outcome(
            json_answer(StatusCode::OK, &told(&response)),
            "answered",
        ))
    }

    async fn forward(
        &self,
        request: CheckForwardedSigningCertificateRequest,
    ) -> Result<CheckSigningCertificateResponse, SignatureProblem> {
        let Some(service) = self.signing_certificates.get() else {
            tracing::error!(
                "an agency asks for validity, and the configuration has no [signing_certificate]"
            );
            return Err(SignatureProblem::Unavailable);
        };
        let answer = tokio::time::timeout(
            limits::VERIFICATION_TIMEOUT,
            service.check_forwarded(request),
        );
        match answer.await {
            Ok(Ok(response)) => response.response.ok_or(SignatureProblem::Unavailable),
            Ok(Err(status)) => {
                // The message of a status is our own services' wording and holds nothing personal.
                tracing::warn!(code = ?status.code(), "signing-certificate does not answer");
                Err(match status.code() {
                    tonic::Code::PermissionDenied => SignatureProblem::Forbidden(
                        "signing-certificate does not take this assertion: of no agency, over another question, over or \
                         used",
                    ),
                    tonic::Code::InvalidArgument => SignatureProblem::Malformed(
                        "purpose, case_reference or at is not as signing-certificate asks for",
                    ),
                    _ => SignatureProblem::Unavailable,
                })
            }
            Err(_) => {
                tracing::warn!("signing-certificate did not answer in time");
                Err(SignatureProblem::Unavailable)
            }
        }
    }
}

impl PostedQuestion {
    fn parse(body: &[u8]) -> Result<Self, &'static str> {
        serde_json::from_slice(body).map_err(
            |_| "the body is not a JSON object with certificate, purpose, case_reference, assertion and at",
        )
    }

    fn certificate(&self) -> Result<Zeroizing<Vec<u8>>, &'static str> {
        STANDARD
            .decode(&self.certificate)
            .ok()
            .map(Zeroizing::new)
            .filter(|octets| (1..=limits::CERTIFICATE_BYTES).contains(&octets.len()))
            .ok_or("certificate is not base64 of 1 to 8192 octets")
    }

    fn into_request(
        self,
        certificate: &[u8],
    ) -> Result<CheckForwardedSigningCertificateRequest, &'static str> {
        let purpose = match self.purpose.as_str() {
            "signature_verification" => Purpose::SignatureVerification,
            "validity_confirmation" => Purpose::ValidityConfirmation,
            _ => return Err("purpose must be signature_verification or validity_confirmation"),
        };
        Ok(CheckForwardedSigningCertificateRequest {
            request: Some(CheckSigningCertificateRequest {
                certificate: certificate.to_vec(),
                purpose: purpose.into(),
                case_reference: self.case_reference.clone(),
                at: self.at,
            }),
            assertion: self.assertion.clone(),
        })
    }
}

/// What the agency is told: signing-certificate's words, and of a revoked certificate since when and why.
fn told(response: &CheckSigningCertificateResponse) -> Value {
    let mut told = json!({
        "result": word(response.result().as_str_name(), "CHECK_RESULT_"),
        "failed_rule": response.failed_rule,
        "explanation": response.explanation,
        "checked_at": response.checked_at,
        "at": response.at,
        "audit_record_id": response.audit_record_id,
    });
    if let Some(revocation) = revocation(response) {
        let reason = revocation.reason().as_str_name();
        told["revoked_at"] = json!(revocation.revoked_at);
        told["revocation_reason"] = json!(word(reason, "REVOCATION_REASON_"));
    }
    told
}

/// Of now, or of the moment in the past that was asked about.
fn revocation(response: &CheckSigningCertificateResponse) -> Option<&Revocation> {
    let now = response.revocation.as_ref();
    let then = response.revocation_as_of.as_ref();
    now.and_then(|status| status.revocation.as_ref())
        .or_else(|| then.and_then(|status| status.revocation.as_ref()))
}

/// A value of the contract without what its kind is called.
fn word(value: &str, kind: &str) -> String {
    value.trim_start_matches(kind).to_ascii_lowercase()
}
