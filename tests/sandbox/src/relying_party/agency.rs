//! How an administrative agency asks whether a signing certificate is valid: through the gateway, by its own signed word.
//!
//! Written from the contract (`proto/akashi/signing/v1/signing.proto`), apart from the service that judges it.

use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use serde::Deserialize;
use serde_json::{Value, json};

use super::limits::ASSERTION_SECONDS;
use super::provider::{Provider, answer};
use super::refusal::Refusal;
use crate::mint::{EcKey, sha256};
use crate::recipient::SignatureRecipient;

/// Why it asks: a signature is at hand.
const PURPOSE: &str = "signature_verification";

/// What an agency has beyond a registration at the gateway.
#[derive(Clone, Debug)]
pub struct Agency {
    /// Decrypts and verifies what people sign for it.
    pub recipient: SignatureRecipient,
    /// Its name at signing-certificate.
    pub identity: String,
    /// What signing-certificate calls itself.
    pub audience: String,
    /// `kid` of the key of its assertions.
    pub key_id: String,
    /// That key.
    pub key: EcKey,
}

/// What the agency is told.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct Validity {
    /// `valid`, `revoked`, `expired`, `revocation_unknown` and others.
    pub(super) result: String,
    pub(super) failed_rule: String,
    pub(super) checked_at: i64,
    pub(super) audit_record_id: String,
    pub(super) revoked_at: Option<i64>,
    pub(super) revocation_reason: Option<String>,
}

impl Agency {
    /// The question about a certificate now, with the agency's word for it.
    pub(super) fn question(&self, certificate: &[u8], case_reference: &str, now: i64) -> Value {
        let header =
            json!({ "alg": "ES256", "kid": self.key_id, "typ": "akashi-signing-check+jwt" });
        let claims = json!({
            "iss": self.identity,
            "aud": self.audience,
            "jti": uuid::Uuid::new_v4().to_string(),
            "iat": now,
            "exp": now + ASSERTION_SECONDS,
            "request_sha256": request_sha256(certificate, case_reference),
        });
        let part = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
        let message = format!("{}.{}", part(&header), part(&claims));
        let signature = BASE64_URL_SAFE_NO_PAD.encode(self.key.sign(message.as_bytes()));
        json!({
            "certificate": BASE64_STANDARD.encode(certificate),
            "purpose": PURPOSE,
            "case_reference": case_reference,
            "assertion": format!("{message}.{signature}"),
        })
    }
}

/// What the assertion is over: each part with its length before it, so that no two questions look the same.
fn request_sha256(certificate: &[u8], case_reference: &str) -> String {
    let now = b"0";
    let parts = [
        certificate,
        PURPOSE.as_bytes(),
        case_reference.as_bytes(),
        now,
    ];
    let parts = parts.map(|part: &[u8]| {
        let length = u32::try_from(part.len()).unwrap_or(u32::MAX);
        [&length.to_be_bytes(), part].concat()
    });
    let message = [b"akashi-signing-check-v1".as_slice(), &parts.concat()].concat();
    BASE64_URL_SAFE_NO_PAD.encode(sha256(&message))
}

impl Provider {
    /// Asks about the certificate of a transaction, with the access token of the sign-in that signed.
    pub(super) async fn validity(
        &self,
        transaction_id: &str,
        access_token: &str,
        question: &Value,
    ) -> Result<Validity, Refusal> {
        let address = self.of_signature(transaction_id, "validity")?;
        let request = self.post(address).bearer_auth(access_token);
        answer(request.json(question)).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_assertion_is_over_exactly_this_question() {
        // Computed with Python's hashlib and struct.
        let expected = "_TBNgWq1LWUeWfXkJKtVXHgdZSA4h5vFRB2gWk2c-vM";
        assert_eq!(request_sha256(b"certificate", "case-1"), expected);
        assert_ne!(request_sha256(b"certificate", "case-2"), expected);
    }
}
