//! The second flow: a document is signed with the card's signing key.
//!
//! The site opens a transaction with the document's digest, sends the person to sign in with it, and fetches the result
//! with that sign-in's access token. It cannot read the result, which is encrypted to a platform operator; the sandbox's
//! operator stands beside it here, so that the page can show what each part means.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde::Deserialize;
use serde_json::json;
use url::Url;

use super::Client;
use super::id_token::IdToken;
use super::provider::Provider;
use super::refusal::Refusal;
use crate::mint::sha256;
use crate::operator::{Operator, VerifiedSignature};

/// What is signed: a text, so that everybody can compute its digest.
pub(super) const DOCUMENT: &str =
    "I agree to buy one boat at Harbour Market. みなと市場で船を一艘買うことに同意します。";

/// A transaction that was opened.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct Transaction {
    pub(super) sign_transaction_id: String,
}

/// What the provider gives for it once the card has signed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub(super) struct SignatureResult {
    pub(super) jwe: String,
    pub(super) fetches_left: u32,
}

/// What the page shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SignedContract {
    pub(super) id_token: IdToken,
    pub(super) transaction_id: String,
    /// Characters of the encrypted result, and how often it may be fetched again.
    pub(super) encrypted: usize,
    pub(super) fetches_left: u32,
    /// What the operator found, or why it refused.
    pub(super) operator: Result<VerifiedSignature, String>,
}

/// Base64 of the document's SHA-256.
pub(super) fn digest() -> String {
    BASE64_STANDARD.encode(sha256(DOCUMENT.as_bytes()))
}

/// What the site makes of a result.
pub(super) fn signed(
    id_token: IdToken,
    transaction_id: String,
    result: &SignatureResult,
    operator: Option<&Operator>,
) -> SignedContract {
    let opened = match operator {
        None => Err("no operator is at hand".to_owned()),
        Some(operator) => operator
            .open(&result.jwe, DOCUMENT.as_bytes())
            .map_err(|error| error.to_string()),
    };
    SignedContract {
        id_token,
        transaction_id,
        encrypted: result.jwe.len(),
        fetches_left: result.fetches_left,
        operator: opened,
    }
}

impl Provider {
    /// Opens a transaction for the document.
    pub(super) async fn open_signature(
        &self,
        client: &Client,
        now: i64,
    ) -> Result<Transaction, Refusal> {
        let discovered = self.discovered().await?;
        let token = self
            .signing_token(&discovered.metadata, client, now)
            .await?;
        let request = self
            .post(self.sign_transactions()?)
            .bearer_auth(token)
            .json(&json!({ "digest": digest() }));
        super::provider::answer(request).await
    }

    /// Fetches the result with the access token of the sign-in that signed.
    pub(super) async fn signature_result(
        &self,
        transaction_id: &str,
        access_token: &str,
    ) -> Result<SignatureResult, Refusal> {
        let mut address = self.sign_transactions()?;
        address
            .path_segments_mut()
            .map_err(|()| Refusal::Internal("the issuer has no paths"))?
            .extend([transaction_id, "result"]);
        super::provider::answer(self.get(address).bearer_auth(access_token)).await
    }

    /// Outside the issuer's path, as in the national service.
    fn sign_transactions(&self) -> Result<Url, Refusal> {
        Url::parse(self.issuer())
            .and_then(|issuer| issuer.join("/api/sign-transactions"))
            .map_err(|_| Refusal::Internal("the issuer is no address"))
    }
}
