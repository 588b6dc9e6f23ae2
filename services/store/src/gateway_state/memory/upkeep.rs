//! Sweeping what has ended, and counting what is there.

use std::collections::BTreeMap;

use super::InMemory;
use super::tables::Tables;
use crate::error::StoreError;
use crate::gateway_state::Occupancy;

impl Tables {
    /// Removes at most so many sign-ins that ended before this moment, with the ways to them; how many.
    fn sweep_sign_ins(&mut self, before: i64, limit: usize) -> usize {
        let ended = self
            .sign_ins
            .extract_if(|_, row| row.expires_at < before)
            .take(limit);
        let mut removed = 0;
        for (_, row) in ended {
            removed += 1;
            if let Some(code) = row.code_hash {
                self.codes.remove(&*code);
            }
            if let Some(token) = row.access_token_hash {
                self.access_tokens.remove(&*token);
            }
        }
        removed
    }

    fn sweep_signatures(&mut self, before: i64, limit: usize) -> usize {
        let ended = self
            .signatures
            .extract_if(|_, row| row.expires_at < before)
            .take(limit);
        let mut removed = 0;
        for (_, row) in ended {
            removed += 1;
            self.signature_of.remove(&row.interaction_id);
        }
        removed
    }
}

impl InMemory {
    pub(crate) fn sweep(&self, before: i64, limit: i64) -> Result<u64, StoreError> {
        let limit = usize::try_from(limit).unwrap_or_default();
        let mut tables = self.lock();
        let mut removed = tables.sweep_sign_ins(before, limit);
        removed += tables.sweep_signatures(before, limit);
        removed += tables
            .assertion_ids
            .extract_if(|_, row| row.expires_at < before)
            .take(limit)
            .count();
        removed += tables
            .pushed_requests
            .extract_if(|_, row| row.kept_until < before)
            .take(limit)
            .count();
        removed += tables
            .signing_tokens
            .extract_if(|_, (_, expires_at)| *expires_at < before)
            .take(limit)
            .count();
        Ok(removed as u64)
    }

    pub(crate) fn occupancy(&self) -> Result<Vec<Occupancy>, StoreError> {
        let tables = self.lock();
        let mut clients = Clients::default();
        for row in tables.sign_ins.values() {
            clients.of(&row.client_id).sign_ins += 1;
        }
        for row in tables.assertion_ids.values() {
            clients.of(&row.client_id).assertion_ids += 1;
        }
        for row in tables.pushed_requests.values() {
            clients.of(&row.client_id).pushed_requests += 1;
        }
        for row in tables.signatures.values() {
            clients.of(&row.client_id).signatures += 1;
        }
        for (token, _) in tables.signing_tokens.values() {
            clients.of(&token.client_id).signatures += 1;
        }
        Ok(clients.0.into_values().collect())
    }
}

#[derive(Default)]
struct Clients<'a>(BTreeMap<&'a str, Occupancy>);

impl<'a> Clients<'a> {
    fn of(&mut self, client_id: &'a str) -> &mut Occupancy {
        let none = || Occupancy::none(client_id.to_owned());
        self.0.entry(client_id).or_insert_with(none)
    }
}
