//! How much one client may have stored at a time.
//!
//! A full store answers 503 and never drops what has not expired: dropping a used assertion or code would bring it back
//! to life. Rows are counted in the database at every sweep and added up here in between, so a limit is held to within
//! what other gateway processes stored since their last count, at no cost to a request.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use store::Occupancy;

use crate::config::Quotas;

/// What is stored for one client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stored {
    SignIn,
    AssertionId,
}

#[derive(Debug, Clone, Copy, Default)]
struct Rows {
    sign_ins: u64,
    assertion_ids: u64,
}

/// Counts rows per client.
#[derive(Debug)]
pub(crate) struct QuotaKeeper {
    quotas: Quotas,
    rows: Mutex<HashMap<String, Rows>>,
}

impl QuotaKeeper {
    pub(crate) fn new(quotas: Quotas) -> Self {
        Self {
            quotas,
            rows: Mutex::default(),
        }
    }

    /// May the client store one more? If so, it is counted.
    pub(crate) fn admit(&self, client_id: &str, stored: Stored) -> bool {
        let mut rows = self.rows.lock().unwrap_or_else(PoisonError::into_inner);
        let client = rows.entry(client_id.to_owned()).or_default();
        let (count, quota) = match stored {
            Stored::SignIn => (&mut client.sign_ins, self.quotas.sign_ins_per_client),
            Stored::AssertionId => (
                &mut client.assertion_ids,
                self.quotas.assertion_ids_per_client,
            ),
        };
        let admitted = *count < quota;
        if admitted {
            *count += 1;
        }
        admitted
    }

    /// Takes back an admission after which nothing was stored: a stolen assertion sent again and again must not use up
    /// its client's room.
    pub(crate) fn release(&self, client_id: &str, stored: Stored) {
        let mut rows = self.rows.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(client) = rows.get_mut(client_id) {
            let count = match stored {
                Stored::SignIn => &mut client.sign_ins,
                Stored::AssertionId => &mut client.assertion_ids,
            };
            *count = count.saturating_sub(1);
        }
    }

    /// Replaces the counts by what the database holds.
    pub(crate) fn recount(&self, occupancy: Vec<Occupancy>) {
        let counted = occupancy
            .into_iter()
            .map(|client| {
                let rows = Rows {
                    sign_ins: client.sign_ins,
                    assertion_ids: client.assertion_ids,
                };
                (client.client_id, rows)
            })
            .collect();
        *self.rows.lock().unwrap_or_else(PoisonError::into_inner) = counted;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_client_is_refused_until_its_rows_are_gone_and_others_are_not() {
        let keeper = QuotaKeeper::new(Quotas {
            sign_ins_per_client: 2,
            assertion_ids_per_client: 1,
        });
        assert!(keeper.admit("a", Stored::SignIn));
        assert!(keeper.admit("a", Stored::SignIn));
        assert!(!keeper.admit("a", Stored::SignIn));
        assert!(keeper.admit("a", Stored::AssertionId));
        assert!(!keeper.admit("a", Stored::AssertionId));
        keeper.release("a", Stored::AssertionId);
        assert!(keeper.admit("a", Stored::AssertionId));
        assert!(keeper.admit("b", Stored::SignIn));
        keeper.recount(vec![Occupancy {
            client_id: "a".to_owned(),
            sign_ins: 1,
            assertion_ids: 1,
        }]);
        assert!(keeper.admit("a", Stored::SignIn));
        assert!(!keeper.admit("a", Stored::AssertionId));
    }
}
