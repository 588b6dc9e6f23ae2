//! Signatures: the tokens that open a transaction, the transaction, and its result.

use std::collections::hash_map::Entry;

use super::InMemory;
use super::tables::{SignatureRow, SignatureStage, Tables};
use crate::error::StoreError;
use crate::gateway_state::{
    Acceptance, Fetched, NewSignIn, NewSignatureTransaction, SecretHash, SignatureResult,
    SignatureTransaction, SigningToken, Stage,
};

impl Tables {
    /// The transaction that this sign-in uses and that no card has answered, with its name.
    fn used_by(&mut self, interaction_id: &str) -> Option<(&str, &mut SignatureRow)> {
        let transaction_id = self.signature_of.get(interaction_id)?;
        let row = self.signatures.get_mut(transaction_id)?;
        (row.stage == SignatureStage::Used).then_some((transaction_id, row))
    }

    /// This sign-in's transaction that a card has answered.
    fn signed(
        &mut self,
        transaction_id: &str,
        interaction_id: &str,
        now: i64,
    ) -> Option<&mut SignatureRow> {
        self.signatures.get_mut(transaction_id).filter(|row| {
            &*row.interaction_id == interaction_id
                && row.stage == SignatureStage::Signed
                && row.expires_at > now
        })
    }
}

impl InMemory {
    pub(crate) fn store_signing_token(
        &self,
        token_hash: &SecretHash,
        client_id: &str,
        dpop_jkt: &str,
        expires_at: i64,
    ) -> Result<(), StoreError> {
        let token = SigningToken {
            client_id: client_id.to_owned(),
            dpop_jkt: dpop_jkt.to_owned(),
        };
        match self.lock().signing_tokens.entry(*token_hash) {
            Entry::Occupied(_) => Err(StoreError::Invalid {
                what: "there is a signing token of this hash",
            }),
            Entry::Vacant(place) => {
                place.insert((token, expires_at));
                Ok(())
            }
        }
    }

    pub(crate) fn signing_token(
        &self,
        token_hash: &SecretHash,
        now: i64,
    ) -> Result<Option<SigningToken>, StoreError> {
        let tables = self.lock();
        let token = tables.signing_tokens.get(token_hash);
        Ok(token
            .filter(|(_, expires_at)| *expires_at > now)
            .map(|(token, _)| token.clone()))
    }

    pub(crate) fn revoke_signing_token(
        &self,
        token_hash: &SecretHash,
        client_id: &str,
    ) -> Result<bool, StoreError> {
        let mut tables = self.lock();
        let tokens = &mut tables.signing_tokens;
        let is_own = |(token, _): &(SigningToken, i64)| token.client_id == client_id;
        Ok(tokens.get(token_hash).is_some_and(is_own) && tokens.remove(token_hash).is_some())
    }

    pub(crate) fn open_signature(
        &self,
        new: &NewSignatureTransaction<'_>,
    ) -> Result<(), StoreError> {
        let mut tables = self.lock();
        let row = SignatureRow {
            stage: SignatureStage::Open,
            client_id: tables.client(new.client_id),
            to_sign: new.to_sign.into(),
            interaction_id: Box::default(),
            result: Box::default(),
            certificate_commitment: SecretHash::default(),
            fetches_left: 0,
            expires_at: new.expires_at,
        };
        match tables.signatures.entry(new.transaction_id.into()) {
            Entry::Occupied(_) => Err(StoreError::Invalid {
                what: "there is a signature transaction of this name",
            }),
            Entry::Vacant(place) => {
                place.insert(row);
                Ok(())
            }
        }
    }

    pub(crate) fn begin_signature_sign_in(
        &self,
        new: &NewSignIn<'_>,
        transaction_id: &str,
        now: i64,
    ) -> Result<bool, StoreError> {
        let mut tables = self.lock();
        let may_use = tables.signatures.get(transaction_id).is_some_and(|row| {
            &*row.client_id == new.client_id
                && row.stage == SignatureStage::Open
                && row.expires_at > now
        });
        if !may_use {
            return Ok(false);
        }
        // The only step that can be refused comes first.
        tables.begin(new)?;
        if let Some(row) = tables.signatures.get_mut(transaction_id) {
            row.stage = SignatureStage::Used;
            row.interaction_id = new.interaction_id.into();
            row.expires_at = new.expires_at;
        }
        let (interaction_id, transaction_id) = (new.interaction_id.into(), transaction_id.into());
        tables.signature_of.insert(interaction_id, transaction_id);
        Ok(true)
    }

    pub(crate) fn signature_of(
        &self,
        interaction_id: &str,
    ) -> Result<Option<SignatureTransaction>, StoreError> {
        let mut tables = self.lock();
        let used = tables.used_by(interaction_id);
        Ok(used.map(|(transaction_id, row)| SignatureTransaction {
            transaction_id: transaction_id.to_owned(),
            to_sign: row.to_sign.to_vec(),
        }))
    }

    pub(crate) fn record_acceptance_with_signature(
        &self,
        interaction_id: &str,
        acceptance: &Acceptance<'_>,
        result: &SignatureResult<'_>,
    ) -> Result<bool, StoreError> {
        let mut tables = self.lock();
        let waits = tables.in_stage(interaction_id, Stage::Verifying).is_some();
        let Some((_, row)) = tables.used_by(interaction_id).filter(|_| waits) else {
            return Ok(false);
        };
        row.stage = SignatureStage::Signed;
        row.result = result.encrypted.into();
        row.certificate_commitment = *result.certificate_commitment;
        row.fetches_left = result.fetches;
        row.expires_at = result.expires_at;
        Ok(tables.accept(interaction_id, acceptance))
    }

    pub(crate) fn erase_signature(&self, interaction_id: &str) -> Result<bool, StoreError> {
        let mut tables = self.lock();
        let transaction_id = tables.signature_of.remove(interaction_id);
        let removed = transaction_id.and_then(|id| tables.signatures.remove(&id));
        Ok(removed.is_some())
    }

    pub(crate) fn fetch_signature(
        &self,
        transaction_id: &str,
        interaction_id: &str,
        now: i64,
    ) -> Result<Fetched, StoreError> {
        let mut tables = self.lock();
        let Some(row) = tables.signed(transaction_id, interaction_id, now) else {
            return Ok(Fetched::Unknown);
        };
        if row.fetches_left <= 0 {
            return Ok(Fetched::Erased);
        }
        row.fetches_left -= 1;
        let encrypted = match row.fetches_left {
            0 => std::mem::take(&mut row.result),
            _ => row.result.clone(),
        };
        Ok(Fetched::Result {
            encrypted: encrypted.into_string(),
            fetches_left: row.fetches_left,
        })
    }

    pub(crate) fn certificate_commitment(
        &self,
        transaction_id: &str,
        interaction_id: &str,
        now: i64,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        let mut tables = self.lock();
        let signed = tables.signed(transaction_id, interaction_id, now);
        Ok(signed.map(|row| row.certificate_commitment.to_vec()))
    }
}
