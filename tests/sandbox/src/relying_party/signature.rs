//! A document signed with the card's signing key: what the two uses of it have in common.
//!
//! The site opens a transaction with the document's digest, sends the person to sign in with it, and fetches the result
//! with that sign-in's access token. The result is encrypted to whoever may hold a signing certificate: a platform
//! operator for the market, the city itself for the city.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde::Deserialize;
use serde_json::json;
use url::Url;

use super::Client;
use super::id_token::IdToken;
use super::provider::{Provider, answer};
use super::refusal::Refusal;
use crate::mint::sha256;

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

/// A result that was fetched. There is no `Debug`: the token of the sign-in stands in it.
#[derive(Default)]
pub(super) struct Fetched {
    pub(super) transaction_id: String,
    pub(super) result: SignatureResult,
    pub(super) access_token: String,
}

/// What a site knows of a signature that it need not be able to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SignedDocument {
    pub(super) id_token: IdToken,
    pub(super) transaction_id: String,
    /// Characters of the encrypted result, and how often it may be fetched again.
    pub(super) encrypted: usize,
    pub(super) fetches_left: u32,
}

impl SignedDocument {
    pub(super) fn new(id_token: IdToken, fetched: &Fetched) -> Self {
        Self {
            id_token,
            transaction_id: fetched.transaction_id.clone(),
            encrypted: fetched.result.jwe.len(),
            fetches_left: fetched.result.fetches_left,
        }
    }
}

/// A document's SHA-256 in hexadecimal, whose beginning the card app shows too.
pub(super) fn digest_in_hex(document: &str) -> String {
    hex::encode(sha256(document.as_bytes()))
}

impl Provider {
    /// Opens a transaction for a document.
    pub(super) async fn open_signature(
        &self,
        client: &Client,
        document: &str,
        now: i64,
    ) -> Result<Transaction, Refusal> {
        let discovered = self.discovered().await?;
        let token = self
            .signing_token(&discovered.metadata, client, now)
            .await?;
        let digest = BASE64_STANDARD.encode(sha256(document.as_bytes()));
        let request = self
            .post(self.sign_transactions()?)
            .bearer_auth(token)
            .json(&json!({ "digest": digest }));
        answer(request).await
    }

    /// Fetches the result with the access token of the sign-in that signed.
    pub(super) async fn signature_result(
        &self,
        transaction_id: &str,
        access_token: &str,
    ) -> Result<SignatureResult, Refusal> {
        let address = self.of_signature(transaction_id, "result")?;
        answer(self.get(address).bearer_auth(access_token)).await
    }

    /// The address of something about a transaction.
    pub(super) fn of_signature(&self, transaction_id: &str, what: &str) -> Result<Url, Refusal> {
        let mut address = self.sign_transactions()?;
        address
            .path_segments_mut()
            .map_err(|()| Refusal::Internal("the issuer has no paths"))?
            .extend([transaction_id, what]);
        Ok(address)
    }

    /// Outside the issuer's path, as in the national service.
    fn sign_transactions(&self) -> Result<Url, Refusal> {
        Url::parse(self.issuer())
            .and_then(|issuer| issuer.join("/api/sign-transactions"))
            .map_err(|_| Refusal::Internal("the issuer is no address"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_is_sha_256_in_lower_case() {
        let of_abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(digest_in_hex("abc"), of_abc);
    }
}
