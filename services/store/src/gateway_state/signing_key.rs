//! Since when the public keys of ID tokens can be known, shared by every gateway of one issuer.

use super::{GatewayState, of_keeper};
use crate::error::StoreError;

/// The public half of a key that signs ID tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublishedKey {
    /// Its `kid`.
    pub key_id: String,
    /// The JWK, as published.
    pub jwk: String,
    /// Since when it is published.
    pub published_at: i64,
    /// When a gateway last held its private half.
    pub held_at: i64,
}

impl GatewayState {
    /// Publishes a key that this gateway holds, or says that it still holds it. What was published under this
    /// identifier first stays: the caller compares.
    pub async fn publish_key(&self, key_id: &str, jwk: &str, now: i64) -> Result<(), StoreError> {
        of_keeper!(self, publish_key(key_id, jwk, now))
    }

    /// Withdraws one key at once.
    pub async fn withdraw_key(&self, key_id: &str) -> Result<bool, StoreError> {
        of_keeper!(self, withdraw_key(key_id))
    }

    /// Withdraws the keys that no gateway has held since `before`.
    pub async fn withdraw_keys_held_before(&self, before: i64) -> Result<u64, StoreError> {
        of_keeper!(self, withdraw_keys_held_before(before))
    }

    /// Every published key, in the order of the identifiers.
    pub async fn published_keys(&self) -> Result<Vec<PublishedKey>, StoreError> {
        of_keeper!(self, published_keys())
    }
}
