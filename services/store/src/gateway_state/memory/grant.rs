//! Codes, access tokens and client assertions.

use std::collections::hash_map::Entry;
use std::sync::Arc;

use super::InMemory;
use super::tables::{AssertionId, Tables};
use crate::error::StoreError;
use crate::gateway_state::{Redemption, SecretHash, SignIn, Stage};

impl Tables {
    /// The one copy of a sign-in's name.
    pub(super) fn name(&self, interaction_id: &str) -> Arc<str> {
        let known = self.sign_ins.get_key_value(interaction_id);
        known.map_or_else(|| interaction_id.into(), |(name, _)| Arc::clone(name))
    }

    /// Ends the access token of a sign-in, if it is this client's and not revoked; who it is is forgotten.
    fn revoke(&mut self, interaction_id: &str, client_id: &str) -> bool {
        let row = self.in_stage(interaction_id, Stage::Redeemed);
        let Some(row) = row.filter(|row| &*row.client_id == client_id) else {
            return false;
        };
        row.stage = Stage::Revoked;
        row.sealed_identity = Box::default();
        if let Some(token) = row.access_token_hash.take() {
            self.access_tokens.remove(&*token);
        }
        true
    }
}

impl InMemory {
    pub(crate) fn by_code(&self, code_hash: &SecretHash) -> Result<Option<SignIn>, StoreError> {
        let tables = self.lock();
        let found = tables.by_code(code_hash);
        Ok(found.map(|(interaction_id, row)| row.sign_in(interaction_id)))
    }

    pub(crate) fn redeem_code(
        &self,
        redemption: &Redemption<'_>,
        now: i64,
    ) -> Result<bool, StoreError> {
        let mut tables = self.lock();
        let tables = &mut *tables;
        if tables
            .access_tokens
            .contains_key(redemption.access_token_hash)
        {
            return Err(StoreError::Invalid {
                what: "there is an access token of this hash",
            });
        }
        let Some(interaction_id) = tables.codes.get(redemption.code_hash) else {
            return Ok(false);
        };
        let row = tables.sign_ins.get_mut(interaction_id).filter(|row| {
            row.stage == Stage::CodeIssued
                && &*row.client_id == redemption.client_id
                && row.was_asked_with(redemption.redirect_uri, redemption.code_challenge)
                && (row.dpop_jkt.is_empty() || &*row.dpop_jkt == redemption.dpop_jkt)
                && row.expires_at > now
        });
        let Some(row) = row else {
            return Ok(false);
        };
        row.stage = Stage::Redeemed;
        row.access_token_hash = Some(Box::new(*redemption.access_token_hash));
        row.sealed_identity = redemption.sealed_identity.into();
        row.expires_at = redemption.access_token_expires_at;
        row.dpop_jkt = redemption.dpop_jkt.into();
        let name = Arc::clone(interaction_id);
        tables
            .access_tokens
            .insert(*redemption.access_token_hash, name);
        Ok(true)
    }

    pub(crate) fn revoke_redeemed_code(
        &self,
        code_hash: &SecretHash,
        client_id: &str,
    ) -> Result<bool, StoreError> {
        let mut tables = self.lock();
        let interaction_id = tables.codes.get(code_hash).cloned();
        Ok(interaction_id.is_some_and(|interaction_id| tables.revoke(&interaction_id, client_id)))
    }

    pub(crate) fn by_access_token(
        &self,
        access_token_hash: &SecretHash,
        now: i64,
    ) -> Result<Option<SignIn>, StoreError> {
        let tables = self.lock();
        let found = tables.by_access_token(access_token_hash);
        let found = found.filter(|(_, row)| row.stage == Stage::Redeemed && row.expires_at > now);
        Ok(found.map(|(interaction_id, row)| row.sign_in(interaction_id)))
    }

    pub(crate) fn revoke_access_token(
        &self,
        access_token_hash: &SecretHash,
        client_id: &str,
    ) -> Result<bool, StoreError> {
        let mut tables = self.lock();
        let interaction_id = tables.access_tokens.get(access_token_hash).cloned();
        Ok(interaction_id.is_some_and(|interaction_id| tables.revoke(&interaction_id, client_id)))
    }

    pub(crate) fn use_assertion(
        &self,
        client_id: &str,
        assertion_hash: &SecretHash,
        expires_at: i64,
    ) -> Result<bool, StoreError> {
        let mut tables = self.lock();
        let client_id = tables.client(client_id);
        match tables.assertion_ids.entry(*assertion_hash) {
            Entry::Occupied(_) => Ok(false),
            Entry::Vacant(place) => {
                place.insert(AssertionId {
                    client_id,
                    expires_at,
                });
                Ok(true)
            }
        }
    }
}
