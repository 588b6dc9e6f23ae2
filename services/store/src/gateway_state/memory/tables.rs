//! What is kept, and the ways to it.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use super::row::Row;
use crate::error::StoreError;
use crate::gateway_state::{NewSignIn, PublishedKey, SecretHash, SigningToken};

/// Everything. The hash maps are keyed per process, so that nobody can choose what falls together.
#[derive(Default)]
pub(super) struct Tables {
    pub(super) sign_ins: HashMap<Arc<str>, Box<Row>>,
    pub(super) codes: HashMap<SecretHash, Arc<str>>,
    pub(super) access_tokens: HashMap<SecretHash, Arc<str>>,
    pub(super) assertion_ids: HashMap<SecretHash, AssertionId>,
    pub(super) pushed_requests: HashMap<SecretHash, PushedRow>,
    pub(super) signatures: HashMap<Box<str>, SignatureRow>,
    /// The transaction that a sign-in uses.
    pub(super) signature_of: HashMap<Box<str>, Box<str>>,
    pub(super) signing_tokens: HashMap<SecretHash, (SigningToken, i64)>,
    pub(super) published_keys: BTreeMap<String, PublishedKey>,
    clients: HashSet<Arc<str>>,
}

/// A used assertion or proof.
pub(super) struct AssertionId {
    pub(super) client_id: Arc<str>,
    pub(super) expires_at: i64,
}

/// A pushed request.
pub(super) struct PushedRow {
    pub(super) client_id: Arc<str>,
    pub(super) parameters: Box<str>,
    pub(super) dpop_jkt: Box<str>,
    pub(super) answered_by: Box<str>,
    pub(super) expires_at: i64,
    pub(super) kept_until: i64,
}

/// How far a signature transaction has come.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum SignatureStage {
    Open,
    Used,
    Signed,
}

/// A signature transaction.
pub(super) struct SignatureRow {
    pub(super) stage: SignatureStage,
    pub(super) client_id: Arc<str>,
    pub(super) to_sign: Box<[u8]>,
    pub(super) interaction_id: Box<str>,
    pub(super) result: Box<str>,
    pub(super) certificate_commitment: SecretHash,
    pub(super) fetches_left: i64,
    pub(super) expires_at: i64,
}

impl Tables {
    /// The client's name, kept once for all its rows. Only registered clients get this far, so they are few.
    pub(super) fn client(&mut self, client_id: &str) -> Arc<str> {
        if let Some(known) = self.clients.get(client_id) {
            return Arc::clone(known);
        }
        let known: Arc<str> = client_id.into();
        self.clients.insert(Arc::clone(&known));
        known
    }

    /// Stores a sign-in that begins.
    pub(super) fn begin(&mut self, new: &NewSignIn<'_>) -> Result<(), StoreError> {
        let client_id = self.client(new.client_id);
        let row = Box::new(Row::new(new, client_id));
        match self.sign_ins.entry(new.interaction_id.into()) {
            std::collections::hash_map::Entry::Occupied(_) => Err(StoreError::Invalid {
                what: "there is a sign-in of this name",
            }),
            std::collections::hash_map::Entry::Vacant(place) => {
                place.insert(row);
                Ok(())
            }
        }
    }

    /// The sign-in of a code, with its name.
    pub(super) fn by_code(&self, code_hash: &SecretHash) -> Option<(&str, &Row)> {
        let interaction_id = self.codes.get(code_hash)?;
        let row = self.sign_ins.get(interaction_id)?.as_ref();
        Some((interaction_id, row))
    }

    /// The sign-in of an access token, with its name.
    pub(super) fn by_access_token(&self, access_token_hash: &SecretHash) -> Option<(&str, &Row)> {
        let interaction_id = self.access_tokens.get(access_token_hash)?;
        let row = self.sign_ins.get(interaction_id)?.as_ref();
        Some((interaction_id, row))
    }
}
