//! An agency's own signed word, brought by somebody who forwards it.
//!
//! It is a compact JWS (RFC 7515) bound to one question by its hash, to this service by its audience, and good once. The
//! key and its algorithm come from the configuration: nothing in the assertion chooses how it is verified.

use std::collections::HashMap;

use aws_lc_rs::digest::{Context, SHA256};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, ParsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use pki::UnixTime;
use proto::revocation::v1::Purpose as WirePurpose;
use proto::signing::v1::CheckSigningCertificateRequest;
use runtime::config::{Caller, ConfigError};
use serde::Deserialize;
use serde_json::Value;

use crate::config::{AgencyConfig, AgencyKeyConfig, ForwardedConfig};

/// The `typ` of an assertion: no other token of the agency, signed with the same key, is one (RFC 8725 section 3.11).
pub const ASSERTION_TYPE: &str = "akashi-signing-check+jwt";

/// Octets of an assertion; one has some 500.
const ASSERTION_OCTETS: usize = 4_096;

/// From `iat` to `exp` at most: how long a used one must be remembered.
const LIFETIME_SECONDS: i64 = 300;

/// How far ahead of our clock `iat` may lie.
const SKEW_SECONDS: i64 = 10;

/// Characters of `jti` and of a key's identifier.
const IDENTIFIER_CHARACTERS: usize = 255;

/// The rule that an assertion broke, for the audit log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct AssertionRefused(pub(crate) &'static str);

/// An assertion that holds, not yet used up.
#[derive(Debug)]
pub(crate) struct CheckedAssertion {
    pub(crate) agency: String,
    /// What to remember so that it is not used twice.
    pub(crate) hash: [u8; 32],
    pub(crate) expires_at: i64,
}

/// The agencies whose assertions are taken.
#[derive(Default)]
pub(crate) struct Agencies {
    audience: String,
    /// By issuer and `kid`.
    keys: HashMap<(String, String), ParsedPublicKey>,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    typ: String,
    kid: String,
    #[serde(default)]
    crit: Option<Value>,
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    jti: String,
    iat: i64,
    exp: i64,
    request_sha256: String,
}

impl Agencies {
    /// Reads the keys of the configuration.
    pub(crate) fn new(config: &ForwardedConfig) -> Result<Self, ConfigError> {
        if config.audience.is_empty() {
            return Err(ConfigError::invalid(
                "forwarded.audience",
                "must not be empty",
            ));
        }
        let mut keys = HashMap::new();
        for AgencyConfig { identity, key } in &config.agency {
            Caller::check_identity(identity)?;
            for AgencyKeyConfig { key_id, public_key } in key {
                let refused = |problem: &str| {
                    let problem = format!("{identity}: {problem}");
                    ConfigError::invalid("forwarded.agency.key", problem)
                };
                if !is_identifier(key_id) {
                    return Err(refused(
                        "key_id must be 1 to 255 printable ASCII characters",
                    ));
                }
                let key = spki(public_key)
                    .and_then(|spki| ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, spki).ok())
                    .ok_or_else(|| refused("public_key is no P-256 SubjectPublicKeyInfo in PEM"))?;
                if keys
                    .insert((identity.clone(), key_id.clone()), key)
                    .is_some()
                {
                    return Err(refused("the agency has two keys of one key_id"));
                }
            }
        }
        Ok(Self {
            audience: config.audience.clone(),
            keys,
        })
    }

    /// Whether an agency's assertion stands behind this question, now.
    pub(crate) fn check(
        &self,
        assertion: &str,
        request: &CheckSigningCertificateRequest,
        now: UnixTime,
    ) -> Result<CheckedAssertion, AssertionRefused> {
        let refused = |rule| Err(AssertionRefused(rule));
        let claims = self.verified(assertion)?;
        if claims.aud != self.audience {
            return refused("assertion_audience");
        }
        let now = now.secs();
        if claims.exp <= now {
            return refused("assertion_over");
        }
        // The same bound on what must be remembered, whatever `iat` says.
        let most = LIFETIME_SECONDS + SKEW_SECONDS;
        if claims.iat > now + SKEW_SECONDS
            || claims.exp > now + most
            || claims.exp.saturating_sub(claims.iat) > LIFETIME_SECONDS
        {
            return refused("assertion_times");
        }
        if !is_identifier(&claims.jti) {
            return refused("assertion_jti");
        }
        if request_sha256(request).as_deref() != Some(claims.request_sha256.as_str()) {
            return refused("assertion_of_another_request");
        }
        let mut hash = Context::new(&SHA256);
        hash.update(&length_prefixed(claims.iss.as_bytes()));
        hash.update(claims.jti.as_bytes());
        let mut octets = [0; 32];
        octets.copy_from_slice(hash.finish().as_ref());
        Ok(CheckedAssertion {
            agency: claims.iss,
            hash: octets,
            expires_at: claims.exp,
        })
    }

    /// The claims, once the signature proved to be by the key of the agency that they name.
    fn verified(&self, assertion: &str) -> Result<Claims, AssertionRefused> {
        let malformed = AssertionRefused("assertion_malformed");
        if assertion.len() > ASSERTION_OCTETS {
            return Err(malformed);
        }
        let (input, signature) = assertion.rsplit_once('.').ok_or(malformed)?;
        let (header, payload) = input.split_once('.').ok_or(malformed)?;
        // Strict base64url, so that one assertion has one spelling; a fourth part is none.
        let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).map_err(|_| malformed);
        let header: Header = serde_json::from_slice(&decode(header)?).map_err(|_| malformed)?;
        let claims: Claims = serde_json::from_slice(&decode(payload)?).map_err(|_| malformed)?;
        if header.alg != "ES256" || header.typ != ASSERTION_TYPE || header.crit.is_some() {
            return Err(AssertionRefused("assertion_header"));
        }
        let key = self
            .keys
            .get(&(claims.iss.clone(), header.kid))
            .ok_or(AssertionRefused("assertion_of_no_agency"))?;
        key.verify_sig(input.as_bytes(), &decode(signature)?)
            .map_err(|_| AssertionRefused("assertion_signature"))?;
        Ok(claims)
    }
}

/// What an agency signs of a question, as the proto contract says: base64url of a SHA-256. `None` for a purpose that no
/// agency can ask for.
pub fn request_sha256(request: &CheckSigningCertificateRequest) -> Option<String> {
    let purpose = match WirePurpose::try_from(request.purpose).ok()? {
        WirePurpose::SignatureVerification => "signature_verification",
        WirePurpose::ValidityConfirmation => "validity_confirmation",
        _ => return None,
    };
    let at = request.at.to_string();
    let mut context = Context::new(&SHA256);
    context.update(b"akashi-signing-check-v1");
    for part in [
        request.certificate.as_slice(),
        purpose.as_bytes(),
        request.case_reference.as_bytes(),
        at.as_bytes(),
    ] {
        context.update(&length_prefixed(part));
    }
    Some(URL_SAFE_NO_PAD.encode(context.finish()))
}

fn length_prefixed(part: &[u8]) -> Vec<u8> {
    // The transport's limit on a request is far below.
    let length = u32::try_from(part.len()).unwrap_or(u32::MAX);
    [&length.to_be_bytes(), part].concat()
}

fn is_identifier(text: &str) -> bool {
    (1..=IDENTIFIER_CHARACTERS).contains(&text.len())
        && text.bytes().all(|octet| octet.is_ascii_graphic())
}

fn spki(pem: &str) -> Option<Vec<u8>> {
    let body = pem.trim().strip_prefix("-----BEGIN PUBLIC KEY-----")?;
    let body = body.strip_suffix("-----END PUBLIC KEY-----")?;
    let body: String = body.split_whitespace().collect();
    STANDARD.decode(body).ok()
}
