//! Since when the public keys of ID tokens can be known.

use super::InMemory;
use crate::error::StoreError;
use crate::gateway_state::PublishedKey;

impl InMemory {
    pub(crate) fn publish_key(&self, key_id: &str, jwk: &str, now: i64) -> Result<(), StoreError> {
        let mut tables = self.lock();
        let new = || PublishedKey {
            key_id: key_id.to_owned(),
            jwk: jwk.to_owned(),
            published_at: now,
            held_at: now,
        };
        let published = tables.published_keys.entry(key_id.to_owned());
        let published = published.or_insert_with(new);
        if published.jwk == jwk && published.held_at < now {
            published.held_at = now;
        }
        Ok(())
    }

    pub(crate) fn withdraw_key(&self, key_id: &str) -> Result<bool, StoreError> {
        Ok(self.lock().published_keys.remove(key_id).is_some())
    }

    pub(crate) fn withdraw_keys_held_before(&self, before: i64) -> Result<u64, StoreError> {
        let mut tables = self.lock();
        let withdrawn = tables
            .published_keys
            .extract_if(.., |_, key| key.held_at < before);
        Ok(withdrawn.count() as u64)
    }

    pub(crate) fn published_keys(&self) -> Result<Vec<PublishedKey>, StoreError> {
        Ok(self.lock().published_keys.values().cloned().collect())
    }
}
