//! Signatures: the tokens that open a transaction, the transaction, and its result.

use super::{Acceptance, GatewayState, NewSignIn, SecretHash, of_keeper};
use crate::error::StoreError;

/// A token that opens signature transactions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SigningToken {
    /// Its client.
    pub client_id: String,
    /// The thumbprint of the key that it is bound to; empty: none.
    pub dpop_jkt: String,
}

/// A signature transaction that a client opens.
#[derive(Debug, Clone, Copy)]
pub struct NewSignatureTransaction<'a> {
    /// Random, and unique.
    pub transaction_id: &'a str,
    /// The client that asks.
    pub client_id: &'a str,
    /// What the card is to sign.
    pub to_sign: &'a [u8],
    /// When it ends unless a sign-in uses it.
    pub expires_at: i64,
}

/// A transaction that a sign-in uses.
#[derive(Clone, PartialEq, Eq)]
pub struct SignatureTransaction {
    /// Its identifier.
    pub transaction_id: String,
    /// What the card is to sign.
    pub to_sign: Vec<u8>,
}

impl std::fmt::Debug for SignatureTransaction {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SignatureTransaction")
            .finish_non_exhaustive()
    }
}

/// What the card gave back, encrypted to whom it is for.
#[derive(Clone, Copy)]
pub struct SignatureResult<'a> {
    /// The compact JWE.
    pub encrypted: &'a str,
    /// SHA-256 over the transaction's identifier and the signing certificate.
    pub certificate_commitment: &'a SecretHash,
    /// How often it may be fetched.
    pub fetches: i64,
    /// When it ends, fetched or not.
    pub expires_at: i64,
}

impl std::fmt::Debug for SignatureResult<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SignatureResult").finish_non_exhaustive()
    }
}

/// What became of fetching a result.
#[derive(Clone, PartialEq, Eq)]
pub enum Fetched {
    /// Here it is.
    Result {
        /// The compact JWE.
        encrypted: String,
        /// How often it may be fetched again.
        fetches_left: i64,
    },
    /// It was fetched as often as it may be, and is erased.
    Erased,
    /// This sign-in has no such transaction.
    Unknown,
}

impl std::fmt::Debug for Fetched {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Result { .. } => "Result",
            Self::Erased => "Erased",
            Self::Unknown => "Unknown",
        })
    }
}

impl GatewayState {
    /// Stores a token that opens signature transactions.
    pub async fn store_signing_token(
        &self,
        token_hash: &SecretHash,
        client_id: &str,
        dpop_jkt: &str,
        expires_at: i64,
    ) -> Result<(), StoreError> {
        of_keeper!(
            self,
            store_signing_token(token_hash, client_id, dpop_jkt, expires_at)
        )
    }

    /// A signing token that is good now.
    pub async fn signing_token(
        &self,
        token_hash: &SecretHash,
        now: i64,
    ) -> Result<Option<SigningToken>, StoreError> {
        of_keeper!(self, signing_token(token_hash, now))
    }

    /// Revokes a signing token of this client; another client's is left alone.
    pub async fn revoke_signing_token(
        &self,
        token_hash: &SecretHash,
        client_id: &str,
    ) -> Result<bool, StoreError> {
        of_keeper!(self, revoke_signing_token(token_hash, client_id))
    }

    /// Stores a transaction that begins.
    pub async fn open_signature(
        &self,
        new: &NewSignatureTransaction<'_>,
    ) -> Result<(), StoreError> {
        of_keeper!(self, open_signature(new))
    }

    /// Begins a sign-in that uses this transaction, both or neither. `false` unless the transaction is this client's,
    /// open and in time; of any number of sign-ins that would use it, one begins.
    pub async fn begin_signature_sign_in(
        &self,
        new: &NewSignIn<'_>,
        transaction_id: &str,
        now: i64,
    ) -> Result<bool, StoreError> {
        of_keeper!(self, begin_signature_sign_in(new, transaction_id, now))
    }

    /// The transaction that this sign-in uses and that no card has answered.
    pub async fn signature_of(
        &self,
        interaction_id: &str,
    ) -> Result<Option<SignatureTransaction>, StoreError> {
        of_keeper!(self, signature_of(interaction_id))
    }

    /// Records that the card's answer is good, and what its signing key gave back: both or neither.
    pub async fn record_acceptance_with_signature(
        &self,
        interaction_id: &str,
        acceptance: &Acceptance<'_>,
        result: &SignatureResult<'_>,
    ) -> Result<bool, StoreError> {
        of_keeper!(
            self,
            record_acceptance_with_signature(interaction_id, acceptance, result)
        )
    }

    /// Erases what a sign-in's card gave back: the person said no.
    pub async fn erase_signature(&self, interaction_id: &str) -> Result<bool, StoreError> {
        of_keeper!(self, erase_signature(interaction_id))
    }

    /// Fetches the result of this sign-in's transaction: each time counts, and the last one erases it.
    pub async fn fetch_signature(
        &self,
        transaction_id: &str,
        interaction_id: &str,
        now: i64,
    ) -> Result<Fetched, StoreError> {
        of_keeper!(self, fetch_signature(transaction_id, interaction_id, now))
    }

    /// What this sign-in's transaction keeps of the signing certificate, once the card has answered.
    pub async fn certificate_commitment(
        &self,
        transaction_id: &str,
        interaction_id: &str,
        now: i64,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        of_keeper!(
            self,
            certificate_commitment(transaction_id, interaction_id, now)
        )
    }
}
