//! How much one client may have stored at a time.
//!
//! A full store answers 503 and never drops what has not expired: dropping a used assertion or code would bring it back
//! to life. Rows are counted in the database at every sweep and added up here in between, so a limit is held to within
//! what other gateway processes stored since their last count, at no cost to a request.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use store::Occupancy;

use crate::config::Quotas;
use crate::limits;
use crate::source::Source;

/// What is stored for one client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stored {
    SignIn,
    /// An assertion or a proof of possession that was used.
    AssertionId,
    PushedRequest,
    /// A signature transaction, or a token that opens one.
    Signature,
}

#[derive(Debug, Clone, Copy, Default)]
struct Rows {
    sign_ins: u64,
    assertion_ids: u64,
    pushed_requests: u64,
    signatures: u64,
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
            Stored::PushedRequest => (
                &mut client.pushed_requests,
                self.quotas.pushed_requests_per_client,
            ),
            Stored::Signature => (&mut client.signatures, self.quotas.signatures_per_client),
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
                Stored::PushedRequest => &mut client.pushed_requests,
                Stored::Signature => &mut client.signatures,
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
                    pushed_requests: client.pushed_requests,
                    signatures: client.signatures,
                };
                (client.client_id, rows)
            })
            .collect();
        *self.rows.lock().unwrap_or_else(PoisonError::into_inner) = counted;
    }
}

/// Counts the sign-ins that each source begins. Anybody may begin one, so without it a single machine could use up a
/// client's room and keep everybody out.
#[derive(Debug)]
pub(crate) struct SourceKeeper {
    quota: u64,
    window_seconds: i64,
    window: Mutex<Window>,
}

#[derive(Default)]
struct Window {
    began_at: i64,
    begun: HashMap<Source, u64>,
}

impl std::fmt::Debug for Window {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Window(..)")
    }
}

impl SourceKeeper {
    /// `window_seconds`: as long as a sign-in lives.
    pub(crate) fn new(quota: u64, window_seconds: i64) -> Self {
        Self {
            quota,
            window_seconds,
            window: Mutex::default(),
        }
    }

    /// May this source begin one more sign-in? If so, it is counted. A source that cannot be told is not held back.
    pub(crate) fn admit(&self, source: Option<Source>, now: i64) -> bool {
        let Some(source) = source else {
            return true;
        };
        let mut window = self.window.lock().unwrap_or_else(PoisonError::into_inner);
        // Also when the clock went back: a window of the future would not end for long.
        let age = now.saturating_sub(window.began_at);
        if !(0..self.window_seconds).contains(&age) {
            *window = Window {
                began_at: now,
                begun: HashMap::new(),
            };
        }
        if window.begun.len() >= limits::SOURCES && !window.begun.contains_key(&source) {
            // Whoever has so many addresses is not held back by counting them, and memory is.
            return true;
        }
        let begun = window.begun.entry(source).or_default();
        let admitted = *begun < self.quota;
        if admitted {
            *begun += 1;
        }
        admitted
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{PeerAddress, Sources};

    #[test]
    fn a_source_is_held_to_its_share_until_the_window_ends_and_others_are_not() {
        let keeper = SourceKeeper::new(2, 600);
        let source = |text: &str| {
            let peer = PeerAddress(text.parse().unwrap());
            Sources::new(Vec::new(), true).of(Some(peer), &http::HeaderMap::new())
        };
        let (one, other) = (source("192.0.2.1"), source("192.0.2.2"));
        assert!(keeper.admit(one, 1_000) && keeper.admit(one, 1_000));
        assert!(!keeper.admit(one, 1_599));
        assert!(keeper.admit(other, 1_599) && keeper.admit(None, 1_599));
        assert!(keeper.admit(one, 1_600) && keeper.admit(one, 1_600) && !keeper.admit(one, 1_600));
        assert!(keeper.admit(one, 1_000), "the clock went back");
    }

    #[test]
    fn the_memory_for_sources_is_bounded() {
        let keeper = SourceKeeper::new(1, 600);
        let sources = Sources::new(Vec::new(), true);
        for address in 0..=u32::try_from(limits::SOURCES).unwrap() {
            let peer = PeerAddress(std::net::Ipv4Addr::from_bits(address).into());
            assert!(keeper.admit(sources.of(Some(peer), &http::HeaderMap::new()), 0));
        }
        assert_eq!(keeper.window.lock().unwrap().begun.len(), limits::SOURCES);
    }

    #[test]
    fn a_full_client_is_refused_until_its_rows_are_gone_and_others_are_not() {
        let keeper = QuotaKeeper::new(Quotas {
            sign_ins_per_client: 2,
            assertion_ids_per_client: 1,
            ..Quotas::default()
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
            pushed_requests: 0,
            signatures: 0,
        }]);
        assert!(keeper.admit("a", Stored::SignIn));
        assert!(!keeper.admit("a", Stored::AssertionId));
    }
}
