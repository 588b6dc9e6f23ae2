//! Pure: which key signs when, and which are published.

use std::cmp::Reverse;
use std::sync::Arc;

use bytes::Bytes;
use http::HeaderValue;
use store::PublishedKey;

use super::loading::{HeldKey, HeldKeys};

/// How long relying parties may keep the key set.
pub(super) const KEY_SET_SECONDS: i64 = 3_600;

/// [`KEY_SET_SECONDS`], as the key set's `Cache-Control` says it.
pub(crate) const CACHE_CONTROL: HeaderValue = HeaderValue::from_static("public, max-age=3600");

/// Gateways learn of each other's keys every few seconds; a failing database or a slow one delays that.
const MARGIN_SECONDS: i64 = 120;

/// How long a key is published before it signs.
const LEAD_SECONDS: i64 = KEY_SET_SECONDS + MARGIN_SECONDS;

/// How long a key stays published after the last token that it signed is over.
pub(super) const KEPT_SECONDS: i64 = KEY_SET_SECONDS + MARGIN_SECONDS;

/// The keys at one moment: those held here, and those that are published.
pub(super) struct Ring {
    held: Arc<HeldKeys>,
    published: Vec<PublishedKey>,
    /// As sent, shared by all answers.
    key_set: Bytes,
}

impl Ring {
    pub(super) fn new(held: Arc<HeldKeys>, published: Vec<PublishedKey>) -> Self {
        let key_set = Bytes::from(key_set(&held, &published));
        Self {
            held,
            published,
            key_set,
        }
    }

    pub(super) fn held(&self) -> Arc<HeldKeys> {
        Arc::clone(&self.held)
    }

    pub(super) fn key_ids(&self) -> Vec<&str> {
        self.held.key_ids()
    }

    /// The JWK Set, as sent.
    pub(super) fn key_set(&self) -> Bytes {
        self.key_set.clone()
    }

    /// The key that signs now: the newest whose time has come and that everybody can know. Where nothing is known to
    /// everybody yet (the first start, a database that was lost, or the only key was replaced), the one that was published
    /// first, and of those at once the oldest: if any is known from before, it is that one.
    pub(super) fn signing_at(&self, now: i64) -> Option<&HeldKey> {
        let keys = self.held.keys();
        let due = |key: &&HeldKey| key.sign_from <= now;
        keys.iter()
            .filter(due)
            .filter(|key| self.was_published_in_time(key, now))
            .max_by_key(|key| key.sign_from)
            .or_else(|| {
                let first = keys.iter().filter(due).max_by_key(|key| {
                    let since = self.published_at(key).unwrap_or(now);
                    (Reverse(since), Reverse(key.sign_from))
                });
                first.or_else(|| keys.iter().min_by_key(|key| key.sign_from))
            })
    }

    /// Has every relying party had the time to fetch this key?
    pub(super) fn was_published_in_time(&self, key: &HeldKey, now: i64) -> bool {
        self.published_at(key)
            .is_some_and(|since| since + LEAD_SECONDS <= now)
    }

    fn published_at(&self, key: &HeldKey) -> Option<i64> {
        let mut published = self.published.iter();
        published
            .find(|published| published.key_id == key.key_id)
            .map(|published| published.published_at)
    }
}

/// Own keys first, then those that only others hold or that still have to be known; none that is withdrawn.
fn key_set(held: &HeldKeys, published: &[PublishedKey]) -> String {
    let own = held.keys().iter().map(|key| key.jwk.as_str());
    let others = published.iter().filter(|published| {
        !held.key_ids().contains(&published.key_id.as_str())
            && !held.withdrawn().contains(&published.key_id)
    });
    let others = others.map(|published| published.jwk.as_str());
    let keys: Vec<&str> = own.chain(others).collect();
    format!(r#"{{"keys":[{}]}}"#, keys.join(","))
}
