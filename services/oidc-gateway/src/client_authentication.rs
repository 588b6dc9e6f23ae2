//! `private_key_jwt` (OpenID Connect Core section 9, RFC 7523): the only way a client proves itself.
//!
//! Everything that is refused is refused with the same words and after the same work, so that nobody learns which clients
//! exist; which rule it was goes to the log. The assertion is used up last, once all else holds, and before anything is
//! done for the client.

use std::sync::{Arc, LazyLock};

use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _, RsaKeyPair,
};
use serde::Deserialize;
use serde_json::Value;

use crate::bearer::{length_prefixed, sha256};
use crate::clients::{Client, Clients, is_client_id};
use crate::jws::{Algorithm, PublicKey, UnverifiedJws};
use crate::limits;
use crate::parameters::{Duplicate, Parameters};

/// The one `client_assertion_type` (RFC 7523 section 2.2).
const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// Who the audience of an assertion may be.
#[derive(Debug)]
pub(crate) struct Audiences {
    /// Always accepted.
    pub(crate) issuer: String,
    /// Accepted of clients whose registration says so.
    pub(crate) token_endpoint: String,
}

/// An assertion that holds, not yet used up.
#[derive(Debug)]
pub(crate) struct CheckedAssertion {
    pub(crate) client: Arc<Client>,
    /// What to remember so that it is not used twice.
    pub(crate) assertion_hash: [u8; 32],
    /// Until when to remember it.
    pub(crate) remember_until: i64,
}

/// The rule that an assertion broke, for the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct AssertionRule(pub(crate) &'static str);

/// Why a client is not authenticated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unauthenticated {
    /// The request itself is wrong: a parameter twice, two methods at once.
    Request(&'static str),
    /// Anything else.
    Refused(AssertionRule),
}

impl From<Duplicate> for Unauthenticated {
    fn from(_: Duplicate) -> Self {
        Self::Request("a parameter is sent more than once")
    }
}

const fn refused<T>(rule: &'static str) -> Result<T, Unauthenticated> {
    Err(Unauthenticated::Refused(AssertionRule(rule)))
}

/// The claims that are read. A `Value` where the type itself is one of the rules.
#[derive(Deserialize)]
struct Claims {
    iss: Option<Value>,
    sub: Option<Value>,
    aud: Option<Value>,
    jti: Option<Value>,
    exp: Option<Value>,
    nbf: Option<Value>,
    iat: Option<Value>,
}

/// Checks client assertions.
pub(crate) struct ClientAuthenticator {
    audiences: Audiences,
    /// Assertions that were made by then may have been used without our knowing: they are refused. None: all are known.
    unremembered_until: Option<i64>,
    decoys: &'static [PublicKey; 3],
}

impl ClientAuthenticator {
    /// For assertions meant for this provider. `unremembered_until`: the last second whose used assertions are not
    /// remembered.
    pub(crate) fn new(audiences: Audiences, unremembered_until: Option<i64>) -> Option<Self> {
        Some(Self {
            audiences,
            unremembered_until,
            decoys: DECOYS.as_ref()?,
        })
    }

    /// Checks all of a request's client authentication except that the assertion is fresh, which only the store can say.
    pub(crate) fn check(
        &self,
        parameters: &Parameters,
        has_authorization_header: bool,
        clients: &Clients,
        now: i64,
    ) -> Result<CheckedAssertion, Unauthenticated> {
        // RFC 6749 section 2.3: one method a request. An ignored second credential is how a bogus assertion slips by.
        if has_authorization_header || parameters.is_sent("client_secret") {
            return Err(Unauthenticated::Request(
                "private_key_jwt is the only client authentication",
            ));
        }
        let client_id = parameters.single("client_id")?;
        let assertion_type = parameters.single("client_assertion_type")?;
        let Some(assertion) = parameters.single("client_assertion")? else {
            return refused("assertion_missing");
        };
        if assertion_type != Some(ASSERTION_TYPE) {
            return refused("assertion_type");
        }
        if assertion.len() > limits::ASSERTION_BYTES {
            return refused("assertion_too_long");
        }
        let Ok(jws) = UnverifiedJws::parse(assertion) else {
            return refused("assertion_malformed");
        };
        let client = self.verified_client(&jws, clients)?;
        if client_id.is_some_and(|client_id| client_id != client.id()) {
            return refused("client_id_differs");
        }
        self.check_claims(&jws, client, now)
    }

    /// The client whose key the assertion is signed with. Its name comes from the assertion, its key and the key's
    /// algorithm from the registration.
    fn verified_client(
        &self,
        jws: &UnverifiedJws<'_>,
        clients: &Clients,
    ) -> Result<Arc<Client>, Unauthenticated> {
        let header = jws.header();
        let named = serde_json::from_slice::<Claims>(jws.unverified_payload()).ok();
        let client = named
            .as_ref()
            .and_then(|claims| claims.iss.as_ref()?.as_str())
            .filter(|client_id| is_client_id(client_id))
            .and_then(|client_id| clients.by_id(client_id));
        let key = client.and_then(|client| client.key(header.kid.as_deref()));
        let (Some(client), Some(key)) = (client, key) else {
            jws.verify_in_vain(self.decoy(&header.alg));
            return refused("client_or_key_unknown");
        };
        if header.alg != client.assertion_algorithm().name() {
            jws.verify_in_vain(self.decoy(&header.alg));
            return refused("algorithm_not_registered");
        }
        if jws.verify(key).is_err() {
            return refused("signature");
        }
        Ok(Arc::clone(client))
    }

    fn check_claims(
        &self,
        jws: &UnverifiedJws<'_>,
        client: Arc<Client>,
        now: i64,
    ) -> Result<CheckedAssertion, Unauthenticated> {
        // RFC 8725 section 3.11: another kind of token is no assertion, whoever signed it.
        if !is_assertion_type(jws.header().typ.as_deref()) {
            return refused("typ");
        }
        let Ok(claims) = serde_json::from_slice::<Claims>(jws.unverified_payload()) else {
            return refused("claims_malformed");
        };
        if text(claims.iss.as_ref()) != Some(client.id())
            || text(claims.sub.as_ref()) != Some(client.id())
        {
            return refused("iss_or_sub");
        }
        // FAPI 2.0 section 5.3.2.1: one string. A list would let an assertion meant for another server pass here.
        let audience = text(claims.aud.as_ref());
        let is_legacy =
            client.legacy_audience() && audience == Some(self.audiences.token_endpoint.as_str());
        if audience != Some(self.audiences.issuer.as_str()) && !is_legacy {
            return refused("aud");
        }
        let expires_at = check_times(&claims, client.assertion_lifetime_seconds(), now)?;
        if let Some(unremembered_until) = self.unremembered_until {
            match numeric_date(claims.iat.as_ref()) {
                Some(issued_at) if issued_at > unremembered_until => {}
                Some(_) => return refused("iat_before_start"),
                None => return refused("iat_missing"),
            }
        }
        let Some(jti) = text(claims.jti.as_ref()).filter(|jti| is_assertion_id(jti)) else {
            return refused("jti");
        };
        let assertion_hash = sha256(&[&length_prefixed(client.id().as_bytes()), jti.as_bytes()]);
        Ok(CheckedAssertion {
            client,
            assertion_hash,
            remember_until: expires_at,
        })
    }

    fn decoy(&self, algorithm: &str) -> &PublicKey {
        let wanted = Algorithm::by_name(algorithm).unwrap_or(Algorithm::Es256);
        self.decoys
            .iter()
            .find(|key| key.algorithm() == wanted)
            .unwrap_or(&self.decoys[0])
    }
}

fn check_times(claims: &Claims, lifetime: i64, now: i64) -> Result<i64, Unauthenticated> {
    let Some(expires_at) = numeric_date(claims.exp.as_ref()) else {
        return refused("exp_missing");
    };
    if expires_at <= now {
        return refused("exp_past");
    }
    if expires_at > now + lifetime + limits::ASSERTION_SKEW_SECONDS {
        return refused("exp_too_far");
    }
    for (claim, rule) in [(&claims.iat, "iat"), (&claims.nbf, "nbf")] {
        if claim.is_none() {
            continue;
        }
        match numeric_date(claim.as_ref()) {
            Some(moment) if moment <= now + limits::ASSERTION_SKEW_SECONDS => {}
            _ => return refused(rule),
        }
    }
    Ok(expires_at)
}

fn text(claim: Option<&Value>) -> Option<&str> {
    claim.and_then(Value::as_str)
}

/// RFC 7519 section 2: a number of seconds, possibly with a fraction.
pub(crate) fn numeric_date(claim: Option<&Value>) -> Option<i64> {
    let number = claim?.as_number()?;
    if let Some(seconds) = number.as_i64() {
        return Some(seconds);
    }
    let seconds = number.as_f64()?;
    // Far beyond any date; also keeps the conversion exact.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the range is checked, the fraction is dropped"
    )]
    (seconds.abs() < 1e15).then_some(seconds as i64)
}

fn is_assertion_id(jti: &str) -> bool {
    !jti.is_empty() && jti.chars().count() <= limits::ASSERTION_ID_CHARACTERS
}

/// Absent, `JWT`, or the type registered for the purpose; RFC 7515 section 4.1.9 compares without regard to case.
fn is_assertion_type(typ: Option<&str>) -> bool {
    typ.is_none_or(|typ| {
        typ.eq_ignore_ascii_case("JWT") || typ.eq_ignore_ascii_case("client-authentication+jwt")
    })
}

/// Keys nobody signs with, one an algorithm: they take the time of a verification where there is no key. None if the library
/// made none.
static DECOYS: LazyLock<Option<[PublicKey; 3]>> = LazyLock::new(decoys);

fn decoys() -> Option<[PublicKey; 3]> {
    let ec = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).ok()?;
    let rsa = RsaKeyPair::generate(KeySize::Rsa2048).ok()?;
    let rsa = rsa.public_key().as_ref();
    Some([
        PublicKey::parse(Algorithm::Es256, ec.public_key().as_ref()).ok()?,
        PublicKey::parse(Algorithm::Rs256, rsa).ok()?,
        PublicKey::parse(Algorithm::Ps256, rsa).ok()?,
    ])
}

#[cfg(test)]
mod tests;
