//! Authorization requests that clients pushed (RFC 9126).

use std::collections::hash_map::Entry;

use super::InMemory;
use super::tables::PushedRow;
use crate::error::StoreError;
use crate::gateway_state::{NewPushedRequest, PushedRequest, SecretHash};

impl InMemory {
    pub(crate) fn push_request(&self, new: &NewPushedRequest<'_>) -> Result<(), StoreError> {
        let mut tables = self.lock();
        let row = PushedRow {
            client_id: tables.client(new.client_id),
            parameters: new.parameters.into(),
            dpop_jkt: new.dpop_jkt.into(),
            answered_by: Box::default(),
            expires_at: new.expires_at,
            kept_until: new.kept_until,
        };
        match tables.pushed_requests.entry(*new.request_uri_hash) {
            Entry::Occupied(_) => Err(StoreError::Invalid {
                what: "there is a pushed request of this hash",
            }),
            Entry::Vacant(place) => {
                place.insert(row);
                Ok(())
            }
        }
    }

    pub(crate) fn pushed_request(
        &self,
        request_uri_hash: &SecretHash,
        client_id: &str,
        now: i64,
    ) -> Result<Option<PushedRequest>, StoreError> {
        let tables = self.lock();
        let row = tables.pushed_requests.get(request_uri_hash).filter(|row| {
            &*row.client_id == client_id && row.answered_by.is_empty() && row.expires_at > now
        });
        Ok(row.map(|row| PushedRequest {
            parameters: row.parameters.clone().into_string(),
            dpop_jkt: row.dpop_jkt.clone().into_string(),
        }))
    }

    pub(crate) fn answer_pushed_request(
        &self,
        request_uri_hash: &[u8],
        interaction_id: &str,
    ) -> Result<bool, StoreError> {
        let mut tables = self.lock();
        let hash = SecretHash::try_from(request_uri_hash).ok();
        let row = hash.and_then(|hash| tables.pushed_requests.get_mut(&hash));
        let row =
            row.filter(|row| row.answered_by.is_empty() || &*row.answered_by == interaction_id);
        Ok(row
            .map(|row| row.answered_by = interaction_id.into())
            .is_some())
    }
}
