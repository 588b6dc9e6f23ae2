//! Proofs of possession (RFC 9449): a token or a code that somebody stole is worth nothing without the client's key.
//!
//! A proof is checked here as far as it speaks for itself; that it is used once, only the store can say.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::HeaderMap;
use serde::Deserialize;
use serde_json::{Map, Value};
use url::Url;

use crate::bearer::{length_prefixed, sha256};
use crate::dpop_nonce::DpopNonces;
use crate::jws::{Algorithm, JsonWebKey, PublicKey, UnverifiedJws};
use crate::limits;

/// The algorithms of proofs (FAPI 2.0 section 5.4 allows no other that is ours).
pub(crate) const ALGORITHMS: [Algorithm; 2] = [Algorithm::Es256, Algorithm::Ps256];

/// Members of a JWK that only a private or symmetric key has (RFC 7518 sections 6.2.2, 6.3.2 and 6.4).
const PRIVATE_MEMBERS: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

/// What a proof must be for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Expected<'a> {
    /// The request's method.
    pub(crate) method: &'a str,
    /// The endpoint's address, by configuration.
    pub(crate) address: &'a str,
    /// The access token that comes with it.
    pub(crate) access_token: Option<&'a str>,
    /// Whether it must have a nonce of ours.
    pub(crate) needs_nonce: bool,
}

/// A proof that holds, not yet used up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Proof {
    /// The key's thumbprint (RFC 7638).
    pub(crate) thumbprint: String,
    /// What to remember so that it is not used twice.
    pub(crate) identifier_hash: [u8; 32],
    /// Until when to remember it.
    pub(crate) remember_until: i64,
}

/// Why a proof does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ProofError {
    /// The rule that it broke.
    Invalid(&'static str),
    /// It needs a nonce of ours, or a fresher one.
    Nonce,
}

const fn invalid<T>(rule: &'static str) -> Result<T, ProofError> {
    Err(ProofError::Invalid(rule))
}

/// The header's `jwk`, which nothing but a proof brings along.
#[derive(Deserialize)]
struct ProofHeader {
    jwk: Map<String, Value>,
}

/// A `Value` where the type itself is one of the rules.
#[derive(Deserialize)]
struct Claims {
    jti: Option<Value>,
    htm: Option<Value>,
    htu: Option<Value>,
    iat: Option<Value>,
    ath: Option<Value>,
    nonce: Option<Value>,
}

/// The proof of a request, if it has one: everything of RFC 9449 section 4.3 except that it is used once.
pub(crate) fn check(
    headers: &HeaderMap,
    expected: &Expected<'_>,
    nonces: &DpopNonces,
    now: i64,
) -> Result<Option<Proof>, ProofError> {
    let mut sent = headers.get_all("dpop").iter();
    let Some(header) = sent.next() else {
        return Ok(None);
    };
    if sent.next().is_some() {
        return invalid("there is more than one DPoP header");
    }
    let Ok(compact) = header.to_str() else {
        return invalid("the DPoP header is no compact JWS");
    };
    if compact.len() > limits::PROOF_BYTES {
        return invalid("the proof is longer than 8 KiB");
    }
    let (jws, thumbprint) = verified(compact)?;
    let Ok(claims) = serde_json::from_slice::<Claims>(jws.unverified_payload()) else {
        return invalid("the proof's payload is no JSON object of its claims");
    };
    check_claims(&claims, expected, nonces, thumbprint, now).map(Some)
}

/// The proof whose signature is by the key it brings along, and that key's thumbprint.
fn verified(compact: &str) -> Result<(UnverifiedJws<'_>, String), ProofError> {
    let Ok(jws) = UnverifiedJws::parse(compact) else {
        return invalid("the DPoP header is no compact JWS");
    };
    let typ = jws.header().typ.as_deref();
    if !typ.is_some_and(|typ| typ.eq_ignore_ascii_case("dpop+jwt")) {
        return invalid("typ must be dpop+jwt");
    }
    let algorithm = Algorithm::by_name(&jws.header().alg);
    let Some(algorithm) = algorithm.filter(|algorithm| ALGORITHMS.contains(algorithm)) else {
        return invalid("alg must be ES256 or PS256");
    };
    let header = compact.split('.').next().unwrap_or_default();
    let header = URL_SAFE_NO_PAD.decode(header).unwrap_or_default();
    let Ok(ProofHeader { jwk }) = serde_json::from_slice(&header) else {
        return invalid("jwk must be the client's public key");
    };
    let (key, thumbprint) = public_key(&jwk, algorithm)?;
    if jws.verify(&key).is_err() {
        return invalid("the signature is not by the key in jwk");
    }
    Ok((jws, thumbprint))
}

fn public_key(
    jwk: &Map<String, Value>,
    algorithm: Algorithm,
) -> Result<(PublicKey, String), ProofError> {
    if PRIVATE_MEMBERS
        .iter()
        .any(|member| jwk.contains_key(*member))
    {
        return invalid(
            "jwk holds private members: send the public key only, and replace this one",
        );
    }
    let text = |member: &str| match jwk.get(member) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(_) => invalid("a member of jwk is no string"),
    };
    let key = JsonWebKey {
        kid: String::new(),
        kty: text("kty")?.unwrap_or_default(),
        crv: text("crv")?,
        x: text("x")?,
        y: text("y")?,
        n: text("n")?,
        e: text("e")?,
        alg: text("alg")?,
        public_key_use: text("use")?,
        d: None,
    };
    match PublicKey::from_jwk(&key, algorithm) {
        Ok(public) => Ok((public, thumbprint(&key))),
        Err(_) => {
            invalid("jwk must be a P-256 key (ES256) or an RSA key of 2048 to 4096 bits (PS256)")
        }
    }
}

/// RFC 7638 section 3: the required members alone, in the order of their names, without white space.
fn thumbprint(key: &JsonWebKey) -> String {
    let member = |member: &Option<String>| member.clone().unwrap_or_default();
    // Strict base64url has no character that JSON would escape.
    let text = if key.kty == "EC" {
        let (x, y) = (member(&key.x), member(&key.y));
        format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#)
    } else {
        let (e, n) = (member(&key.e), member(&key.n));
        format!(r#"{{"e":"{e}","kty":"RSA","n":"{n}"}}"#)
    };
    URL_SAFE_NO_PAD.encode(sha256(&[text.as_bytes()]))
}

/// Might this be a thumbprint?
pub(crate) fn is_thumbprint(text: &str) -> bool {
    matches!(URL_SAFE_NO_PAD.decode(text), Ok(octets) if octets.len() == 32)
}

fn check_claims(
    claims: &Claims,
    expected: &Expected<'_>,
    nonces: &DpopNonces,
    thumbprint: String,
    now: i64,
) -> Result<Proof, ProofError> {
    if text(claims.htm.as_ref()) != Some(expected.method) {
        return invalid("htm is not the request's method");
    }
    let htu = text(claims.htu.as_ref()).unwrap_or_default();
    if htu != expected.address && !is_same_address(htu, expected.address) {
        return invalid("htu is not this endpoint's address");
    }
    let Some(issued_at) = claims.iat.as_ref().and_then(seconds) else {
        return invalid("iat must be a number of seconds");
    };
    let latest = now + limits::PROOF_SKEW_SECONDS;
    if !(now - limits::PROOF_AGE_SECONDS..=latest).contains(&issued_at) {
        return invalid("iat is too far from this server's clock");
    }
    let Some(jti) = text(claims.jti.as_ref()).filter(|jti| is_proof_id(jti)) else {
        return invalid("jti must be a string of 1 to 255 characters");
    };
    if let Some(token) = expected.access_token {
        let hash = URL_SAFE_NO_PAD.encode(sha256(&[token.as_bytes()]));
        if text(claims.ath.as_ref()) != Some(hash.as_str()) {
            return invalid("ath is not the access token's hash");
        }
    }
    match &claims.nonce {
        None if expected.needs_nonce => return Err(ProofError::Nonce),
        None => {}
        Some(nonce)
            if nonce
                .as_str()
                .is_some_and(|nonce| nonces.is_good(nonce, now)) => {}
        Some(_) => return Err(ProofError::Nonce),
    }
    let label: &[u8] = b"akashi-dpop-proof-v1";
    Ok(Proof {
        identifier_hash: sha256(&[
            label,
            &length_prefixed(thumbprint.as_bytes()),
            jti.as_bytes(),
        ]),
        thumbprint,
        remember_until: issued_at + limits::PROOF_AGE_SECONDS + 1,
    })
}

/// RFC 9449 section 4.3, item 9: without query and fragment, after the normalisation of RFC 3986 sections 6.2.2 and 6.2.3.
fn is_same_address(htu: &str, address: &str) -> bool {
    match (normalised(htu), normalised(address)) {
        (Some(htu), Some(address)) => htu == address,
        _ => false,
    }
}

fn normalised(address: &str) -> Option<String> {
    if address.len() > limits::PROOF_BYTES {
        return None;
    }
    // The parser takes care of case, default port and dot segments.
    let url = Url::parse(address).ok()?;
    if !matches!(url.scheme(), "https" | "http")
        || !url.username().is_empty()
        || url.password().is_some()
    {
        return None;
    }
    let origin = url.origin().ascii_serialization();
    Some(format!("{origin}{}", with_plain_octets(url.path())))
}

/// RFC 3986 section 6.2.2.2: an encoded octet that needs no encoding is the octet itself; the digits of others are capitals.
fn with_plain_octets(path: &str) -> String {
    let mut plain = String::with_capacity(path.len());
    let mut rest = path;
    while let Some(at) = rest.find('%') {
        plain.push_str(&rest[..at]);
        let digits = rest.get(at + 1..at + 3);
        let octet = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match (octet, digits) {
            (Some(octet), _) if octet.is_ascii_alphanumeric() || b"-._~".contains(&octet) => {
                plain.push(char::from(octet));
                rest = &rest[at + 3..];
            }
            (Some(_), Some(digits)) => {
                plain.push('%');
                plain.push_str(&digits.to_ascii_uppercase());
                rest = &rest[at + 3..];
            }
            _ => {
                plain.push('%');
                rest = &rest[at + 1..];
            }
        }
    }
    plain.push_str(rest);
    plain
}

fn text(claim: Option<&Value>) -> Option<&str> {
    claim.and_then(Value::as_str)
}

/// RFC 7519 section 2: a number of seconds, possibly with a fraction.
fn seconds(claim: &Value) -> Option<i64> {
    crate::client_authentication::numeric_date(Some(claim))
}

fn is_proof_id(jti: &str) -> bool {
    !jti.is_empty() && jti.chars().count() <= limits::ASSERTION_ID_CHARACTERS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thumbprint_is_the_one_of_the_standard() {
        // RFC 7638 section 3.1.
        let n = "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw";
        let jwk = serde_json::json!({ "kty": "RSA", "n": n, "e": "AQAB", "alg": "RS256" });
        let mut jwk = jwk.as_object().unwrap().clone();
        jwk.remove("alg");
        let (_, print) = public_key(&jwk, Algorithm::Ps256).unwrap();
        assert_eq!(print, "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
        assert!(is_thumbprint(&print) && !is_thumbprint("x") && !is_thumbprint(n));
    }

    #[test]
    fn addresses_are_compared_after_normalisation() {
        let endpoint = "https://op.example/api/realms/main/protocol/openid-connect/token";
        for same in [
            endpoint,
            "HTTPS://OP.example:443/api/realms/main/protocol/openid-connect/token",
            "https://op.example/api/realms/x/../main/protocol/openid-connect/token",
            "https://op.example/api/realms/%6dain/protocol/openid%2Dconnect/token",
            "https://op.example/api/realms/main/protocol/openid-connect/token?x=y#z",
        ] {
            assert!(is_same_address(same, endpoint), "{same}");
        }
        for other in [
            "",
            "/api/realms/main/protocol/openid-connect/token",
            "http://op.example/api/realms/main/protocol/openid-connect/token",
            "https://op.example:8443/api/realms/main/protocol/openid-connect/token",
            "https://op.example.evil/api/realms/main/protocol/openid-connect/token",
            "https://user@op.example/api/realms/main/protocol/openid-connect/token",
            "https://op.example/api/realms/main/protocol/openid-connect/token/",
            "https://op.example/api/realms/MAIN/protocol/openid-connect/token",
            "https://op.example/api/realms/main/protocol%2Fopenid-connect/token",
            "https://op.example/api/realms/main/protocol/openid-connect/token%",
            "https://op.example/api/realms/main/protocol/openid-connect/userinfo",
        ] {
            assert!(!is_same_address(other, endpoint), "{other}");
        }
    }
}
