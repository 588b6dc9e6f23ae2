//! One sign-in from the button to the tokens: what is remembered while the person is away at the
//! provider, and what must fit when they come back.

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde::Deserialize;
use url::Url;

use super::claims::UserInfo;
use super::id_token::{self, Expected, IdToken, IdTokenFault};
use super::provider::Provider;
use super::refusal::Refusal;
use super::signature::{Fetched, Transaction};
use super::{Client, Use};

/// A sign-in that was begun. It is kept on the server; the browser holds only its session's cookie.
#[derive(Debug, Clone)]
pub(super) struct PendingSignIn {
    pub(super) purpose: Use,
    pub(super) begun_at: i64,
    /// Ties the answer to this browser (RFC 6749 section 10.12).
    pub(super) state: String,
    /// Ties the ID token to this sign-in (OpenID Connect Core section 15.5.2).
    nonce: String,
    /// Ties the code to whoever began (RFC 7636).
    code_verifier: String,
    /// The signature transaction that the sign-in uses.
    transaction: Option<Transaction>,
}

/// The query a browser comes back with. A parameter that appears twice is an error of its own.
#[derive(Debug, Deserialize)]
pub(super) struct Answer {
    pub(super) state: Option<String>,
    code: Option<String>,
    iss: Option<String>,
    error: Option<String>,
    error_description: Option<String>,
}

/// A person whom the provider vouched for.
pub(super) struct SignedIn {
    pub(super) id_token: IdToken,
    pub(super) user_info: UserInfo,
    /// Where a document was signed: its encrypted result.
    pub(super) signature: Option<Fetched>,
}

/// Begins a sign-in: what to remember, and where to send the browser.
pub(super) async fn begin(
    provider: &Provider,
    client: &Client,
    purpose: Use,
    now: i64,
) -> Result<(PendingSignIn, Url), Refusal> {
    let discovered = provider.discovered().await?;
    let transaction = match purpose.document() {
        Some(document) => Some(provider.open_signature(client, document, now).await?),
        None => None,
    };
    let pending = PendingSignIn {
        purpose,
        begun_at: now,
        state: random()?,
        nonce: random()?,
        code_verifier: random()?,
        transaction,
    };
    let mut address = discovered.metadata.authorization_endpoint.clone();
    address
        .query_pairs_mut()
        .append_pair("response_type", "code")
        .append_pair("client_id", &client.id)
        .append_pair("redirect_uri", &client.redirect_uri)
        .append_pair("scope", purpose.scopes())
        .append_pair("state", &pending.state)
        .append_pair("nonce", &pending.nonce)
        .append_pair("code_challenge", &code_challenge(&pending.code_verifier))
        .append_pair("code_challenge_method", "S256");
    if let Some(transaction) = &pending.transaction {
        let id = &transaction.sign_transaction_id;
        address
            .query_pairs_mut()
            .append_pair("sign_transaction_id", id);
    }
    Ok((pending, address))
}

/// Completes the sign-in that `answer` belongs to.
pub(super) async fn complete(
    provider: &Provider,
    client: &Client,
    pending: &PendingSignIn,
    answer: Answer,
    now: i64,
) -> Result<SignedIn, Refusal> {
    // RFC 9207 section 2.4, for errors as well: whoever does not say to be our provider is not heard.
    if answer.iss.as_deref() != Some(provider.issuer()) {
        return Err(Refusal::IssuerMismatch);
    }
    let code = match (answer.code, answer.error) {
        (Some(code), None) => code,
        (None, Some(error)) => {
            return Err(Refusal::from_provider(
                &error,
                answer.error_description.as_deref(),
            ));
        }
        _ => return Err(Refusal::MalformedAnswer),
    };
    let discovered = provider.discovered().await?;
    let metadata = &discovered.metadata;
    let tokens = provider
        .redeem(metadata, client, &code, &pending.code_verifier, now)
        .await?;
    let expected = Expected {
        issuer: provider.issuer(),
        client_id: &client.id,
        nonce: &pending.nonce,
        access_token: &tokens.access_token,
        now,
    };
    let id_token = match id_token::verify(&tokens.id_token, &discovered.keys, &expected) {
        Err(IdTokenFault::UnknownKey) => {
            let keys = &provider.discovered_again().await?.keys;
            id_token::verify(&tokens.id_token, keys, &expected)
        }
        verdict => verdict,
    }
    .map_err(Refusal::IdToken)?;
    let user_info = provider.user_info(metadata, &tokens.access_token).await?;
    // Core section 5.3.2: without this, another person's claims could be put under this one's name.
    if user_info.sub != id_token.subject {
        return Err(Refusal::SubjectMismatch);
    }
    let signature = match &pending.transaction {
        None => None,
        Some(Transaction {
            sign_transaction_id: id,
        }) => {
            let result = provider.signature_result(id, &tokens.access_token).await?;
            Some(Fetched {
                transaction_id: id.clone(),
                result,
                access_token: tokens.access_token,
            })
        }
    };
    Ok(SignedIn {
        id_token,
        user_info,
        signature,
    })
}

/// RFC 7636 section 4.2.
pub(super) fn code_challenge(code_verifier: &str) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(digest(&SHA256, code_verifier.as_bytes()))
}

/// 256 bits nobody can guess, in 43 characters that fit a URL.
pub(super) fn random() -> Result<String, Refusal> {
    let mut bytes = [0; 32];
    aws_lc_rs::rand::fill(&mut bytes)
        .map_err(|_| Refusal::Internal("the machine gives no random numbers"))?;
    Ok(BASE64_URL_SAFE_NO_PAD.encode(bytes))
}

#[cfg(test)]
impl PendingSignIn {
    /// A sign-in that was begun at `begun_at`.
    pub(super) fn example(state: &str, begun_at: i64) -> Self {
        Self {
            purpose: Use::Age,
            begun_at,
            state: state.to_owned(),
            nonce: "nonce".to_owned(),
            code_verifier: "verifier".to_owned(),
            transaction: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_code_challenge_is_the_one_of_rfc_7636_appendix_b() {
        assert_eq!(
            code_challenge("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"),
            "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
        );
    }

    #[test]
    fn a_code_verifier_has_a_length_the_rfc_allows_and_is_never_the_same() {
        let (one, another) = (random().unwrap(), random().unwrap());
        assert_eq!(one.len(), 43);
        assert_ne!(one, another);
    }
}
