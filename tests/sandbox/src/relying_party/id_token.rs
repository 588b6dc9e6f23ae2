//! Decides whether an ID token is the provider's word about this sign-in (OpenID Connect Core 1.0
//! section 3.1.3.7). Pure: keys, time and expectations are arguments.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::key_set::KeySet;
use super::limits::CLOCK_SKEW_SECONDS;

/// What this sign-in must find in its ID token.
#[derive(Debug, Clone, Copy)]
pub(super) struct Expected<'a> {
    pub(super) issuer: &'a str,
    pub(super) client_id: &'a str,
    pub(super) nonce: &'a str,
    pub(super) access_token: &'a str,
    pub(super) now: i64,
}

/// A verified ID token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct IdToken {
    pub(super) subject: String,
    pub(super) acr: Option<String>,
    pub(super) amr: Vec<String>,
    pub(super) auth_time: Option<i64>,
}

/// The rule an ID token broke.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum IdTokenFault {
    Malformed,
    Algorithm,
    UnknownKey,
    Signature,
    Issuer,
    Audience,
    Expired,
    IssuedInFuture,
    Nonce,
    AccessTokenHash,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    crit: Option<serde_json::Value>,
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    aud: Audience,
    azp: Option<String>,
    exp: i64,
    iat: i64,
    nonce: Option<String>,
    at_hash: Option<String>,
    acr: Option<String>,
    #[serde(default)]
    amr: Vec<String>,
    auth_time: Option<i64>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Many(Vec<String>),
}

/// Verifies the compact form `token`.
pub(super) fn verify(
    token: &str,
    keys: &KeySet,
    expected: &Expected<'_>,
) -> Result<IdToken, IdTokenFault> {
    let (message, signature) = token.rsplit_once('.').ok_or(IdTokenFault::Malformed)?;
    let (header, claims) = message.split_once('.').ok_or(IdTokenFault::Malformed)?;
    let header: Header = decode(header)?;
    // RFC 8725 section 3.1: the algorithm is ours to choose, never the token's.
    if header.alg != "ES256" {
        return Err(IdTokenFault::Algorithm);
    }
    // RFC 7515 section 4.1.11: an extension we do not understand must be refused, and we know none.
    if header.crit.is_some() {
        return Err(IdTokenFault::Malformed);
    }
    let key = header
        .kid
        .and_then(|kid| keys.by_id(&kid))
        .ok_or(IdTokenFault::UnknownKey)?;
    let signature = BASE64_URL_SAFE_NO_PAD
        .decode(signature)
        .map_err(|_| IdTokenFault::Malformed)?;
    key.verify(message.as_bytes(), &signature)
        .map_err(|_| IdTokenFault::Signature)?;
    check_claims(decode(claims)?, expected)
}

fn check_claims(claims: Claims, expected: &Expected<'_>) -> Result<IdToken, IdTokenFault> {
    // Core section 3.1.3.7, rule 2.
    if claims.iss != expected.issuer {
        return Err(IdTokenFault::Issuer);
    }
    // Rules 3 to 5: us and nobody else, since no other audience is trusted here.
    let audience_is_us = match &claims.aud {
        Audience::One(only) => only == expected.client_id,
        Audience::Many(all) => all.iter().eq([expected.client_id]),
    };
    if !audience_is_us || claims.azp.is_some_and(|party| party != expected.client_id) {
        return Err(IdTokenFault::Audience);
    }
    // Rule 9.
    if expected.now >= claims.exp.saturating_add(CLOCK_SKEW_SECONDS) {
        return Err(IdTokenFault::Expired);
    }
    // Rule 10.
    if claims.iat > expected.now.saturating_add(CLOCK_SKEW_SECONDS) {
        return Err(IdTokenFault::IssuedInFuture);
    }
    // Rule 11: the token of another sign-in cannot be put in place of this one's.
    if !equal(claims.nonce.as_deref(), expected.nonce) {
        return Err(IdTokenFault::Nonce);
    }
    // Section 3.1.3.8: the access token we hold is the one this token was issued with.
    if !equal(
        claims.at_hash.as_deref(),
        &access_token_hash(expected.access_token),
    ) {
        return Err(IdTokenFault::AccessTokenHash);
    }
    if claims.sub.is_empty() || claims.sub.len() > 255 {
        return Err(IdTokenFault::Malformed);
    }
    Ok(IdToken {
        subject: claims.sub,
        acr: claims.acr,
        amr: claims.amr,
        auth_time: claims.auth_time,
    })
}

/// The left half of the access token's SHA-256, which is ES256's hash (Core section 3.1.3.6).
pub(super) fn access_token_hash(access_token: &str) -> String {
    let hash = digest(&SHA256, access_token.as_bytes());
    BASE64_URL_SAFE_NO_PAD.encode(hash.as_ref().get(..16).unwrap_or_default())
}

fn decode<T: DeserializeOwned>(part: &str) -> Result<T, IdTokenFault> {
    let json = BASE64_URL_SAFE_NO_PAD
        .decode(part)
        .map_err(|_| IdTokenFault::Malformed)?;
    serde_json::from_slice(&json).map_err(|_| IdTokenFault::Malformed)
}

fn equal(claimed: Option<&str>, expected: &str) -> bool {
    claimed.is_some_and(|claimed| {
        verify_slices_are_equal(claimed.as_bytes(), expected.as_bytes()).is_ok()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::relying_party::ClientKey;
    use serde_json::{Value, json};

    const EXPECTED: Expected<'_> = Expected {
        issuer: "https://issuer.test",
        client_id: "RP1",
        nonce: "n",
        access_token: "t",
        now: 1_000,
    };

    fn good_claims() -> Value {
        json!({
            "iss": "https://issuer.test", "sub": "s", "aud": "RP1", "exp": 1_300, "iat": 1_000,
            "nonce": "n", "at_hash": access_token_hash("t"), "acr": "aal3",
        })
    }

    fn outcome(change: impl FnOnce(&mut Value)) -> Result<String, IdTokenFault> {
        let key = ClientKey::generate().unwrap();
        let set = json!({ "keys": [key.public_jwk("k")] }).to_string();
        let mut claims = good_claims();
        change(&mut claims);
        let token = key.sign_jwt("k", &claims).unwrap();
        verify(
            &token,
            &KeySet::from_json(set.as_bytes()).unwrap(),
            &EXPECTED,
        )
        .map(|token| token.subject)
    }

    #[test]
    fn a_token_with_every_claim_right_is_accepted() {
        assert_eq!(outcome(|_| ()), Ok("s".to_owned()));
    }

    #[test]
    fn an_audience_list_is_accepted_with_us_alone_and_refused_with_company() {
        assert_eq!(
            outcome(|claims| claims["aud"] = json!(["RP1"])),
            Ok("s".to_owned())
        );
        let in_company = outcome(|claims| claims["aud"] = json!(["RP1", "RP2"]));
        assert_eq!(in_company, Err(IdTokenFault::Audience));
    }

    #[test]
    fn an_authorized_party_other_than_us_is_refused() {
        assert_eq!(
            outcome(|claims| claims["azp"] = json!("RP1")),
            Ok("s".to_owned())
        );
        let other = outcome(|claims| claims["azp"] = json!("RP2"));
        assert_eq!(other, Err(IdTokenFault::Audience));
    }

    #[test]
    fn a_token_is_refused_once_its_time_and_the_skew_are_over() {
        assert_eq!(
            outcome(|claims| claims["exp"] = json!(991)),
            Ok("s".to_owned())
        );
        assert_eq!(
            outcome(|claims| claims["exp"] = json!(990)),
            Err(IdTokenFault::Expired)
        );
    }

    #[test]
    fn a_token_from_the_future_is_refused_beyond_the_skew() {
        assert_eq!(
            outcome(|claims| claims["iat"] = json!(1_010)),
            Ok("s".to_owned())
        );
        let future = outcome(|claims| claims["iat"] = json!(1_011));
        assert_eq!(future, Err(IdTokenFault::IssuedInFuture));
    }

    #[test]
    fn a_token_without_nonce_or_without_access_token_hash_is_refused() {
        let without = |name: &'static str| {
            outcome(move |claims| {
                claims.as_object_mut().unwrap().remove(name);
            })
        };
        assert_eq!(without("acr"), Ok("s".to_owned()));
        assert_eq!(without("nonce"), Err(IdTokenFault::Nonce));
        assert_eq!(without("at_hash"), Err(IdTokenFault::AccessTokenHash));
    }

    #[test]
    fn a_token_without_a_signature_is_refused_whatever_it_says() {
        let part = |json: &Value| BASE64_URL_SAFE_NO_PAD.encode(json.to_string());
        let token = format!(
            "{}.{}.",
            part(&json!({ "alg": "none" })),
            part(&good_claims())
        );
        assert_eq!(
            verify(&token, &KeySet::default(), &EXPECTED),
            Err(IdTokenFault::Algorithm)
        );
    }
}
