//! The keys that sign ID tokens, and the set that relying parties check them with.
//!
//! The keys file is read again while the gateway runs. What an operator cannot get wrong:
//!
//! - A new key is published at once and signs when its time has come, *and* every relying party has had the time to fetch
//!   it: an hour, as long as the key set may be kept. Since when a key is published stands in the gateway's database, so
//!   that it holds for all gateways of the issuer and after a restart.
//! - A key that left the file signs nothing more, and stays published until the last ID token it signed is over and every
//!   kept key set with it.
//! - A file that is broken changes nothing.
//!
//! Only public keys are in the database; private keys are in files or in a PKCS#11 token.

mod file;
mod loading;
mod pkcs11;
mod ring;
mod signer;

pub use file::{Pkcs11Config, SigningKeyEntry, SigningKeysFile};

use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;
use bytes::Bytes;
use runtime::config::{ConfigError, ConfigPath};
use runtime::metrics::Metrics;
use serde_json::{Value, json};
use store::{GatewayState, StoreError};

use crate::jws::{compact, signing_input};
use loading::{HeldKeys, Stamp};
pub(crate) use ring::CACHE_CONTROL;
use ring::{KEPT_SECONDS, Ring};
pub(crate) use signer::SigningError;

/// The keys as they are now, and where they come from.
pub(crate) struct SigningKeys {
    path: ConfigPath,
    id_token_seconds: i64,
    ring: ArcSwap<Ring>,
    files: Mutex<Files>,
    observation: KeyObservation,
}

/// What was last seen of the files.
struct Files {
    stamp: Stamp,
    /// Read and good, not yet in use: the database has to be asked first.
    next: Option<Arc<HeldKeys>>,
    /// Why the present files are not used.
    refused: Option<String>,
}

struct KeyObservation {
    loads: prometheus::IntCounterVec,
    refused: prometheus::IntGauge,
    ready: prometheus::IntGauge,
}

/// Why the keys cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum KeysUnusable {
    /// The files are broken; the former keys stay.
    #[error("{0}")]
    Refused(String),
    /// The gateway's database does not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl std::fmt::Debug for SigningKeys {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_tuple("SigningKeys")
            .field(&self.ring.load().key_ids())
            .finish()
    }
}

/// Reads the keys file and the keys it names, and checks them.
pub(crate) fn check(path: &ConfigPath) -> Result<(), ConfigError> {
    HeldKeys::load(path).map(drop)
}

impl SigningKeys {
    /// Reads the keys file and the keys it names.
    pub(crate) fn load(
        path: &ConfigPath,
        id_token_seconds: i64,
        metrics: &Metrics,
    ) -> Result<Self, runtime::ServeError> {
        let stamp = Stamp::of(path, None);
        let held = Arc::new(HeldKeys::load(path)?);
        let stamp = stamp.with_keys(&held);
        Ok(Self {
            path: path.clone(),
            id_token_seconds,
            ring: ArcSwap::from_pointee(Ring::new(Arc::clone(&held), Vec::new())),
            files: Mutex::new(Files {
                stamp,
                next: Some(held),
                refused: None,
            }),
            observation: KeyObservation::new(metrics)?,
        })
    }

    /// The JWK Set (RFC 7517 section 5), as sent.
    pub(crate) fn key_set(&self) -> Bytes {
        self.ring.load().key_set()
    }

    /// A signed ID token with these claims.
    pub(crate) async fn sign_id_token(
        &self,
        claims: &Value,
        now: i64,
    ) -> Result<String, SigningError> {
        let ring = self.ring.load_full();
        let key = ring.signing_at(now).ok_or(SigningError::NoKey)?;
        let header = json!({ "alg": "ES256", "kid": key.key_id, "typ": "JWT" });
        let input = signing_input(&header, claims);
        let signature = key.signer.sign(input.as_bytes()).await?;
        Ok(compact(&input, &signature))
    }

    /// Reads the files again if they changed. Blocks on the file system and on the token.
    pub(crate) fn look(&self) {
        let mut files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        let held = files
            .next
            .clone()
            .unwrap_or_else(|| self.ring.load().held());
        // The stamp is taken before the files are read: a change in between is seen next time. Files that were refused
        // are read every time, because what is wrong may lie where no stamp is: in the token.
        let stamp = Stamp::of(&self.path, Some(&held));
        if stamp == files.stamp && files.refused.is_none() {
            return;
        }
        match HeldKeys::load(&self.path) {
            Ok(held) => {
                files.stamp = stamp.with_keys(&held);
                files.next = Some(Arc::new(held));
            }
            Err(error) => {
                files.stamp = stamp;
                self.refuse(&mut files, error.to_string());
            }
        }
    }

    /// Publishes what this gateway holds, learns what the others do, and puts new keys to use.
    pub(crate) async fn publish(&self, state: &GatewayState, now: i64) -> Result<(), KeysUnusable> {
        let mut held = self.ring.load().held();
        let next = self.lock().next.clone();
        let mut refusal = None;
        if let Some(next) = next {
            match next.publish(state, now).await? {
                Ok(()) => held = next,
                Err(problem) => {
                    self.refuse(&mut self.lock(), problem.clone());
                    refusal = Some(problem);
                }
            }
        }
        // Also says that they are still held.
        if let Err(problem) = held.publish(state, now).await? {
            return Err(KeysUnusable::Refused(problem));
        }
        for key_id in held.withdrawn() {
            if state.withdraw_key(key_id).await? {
                tracing::warn!(key_id, "a signing key is withdrawn at once");
            }
        }
        let published = state.published_keys().await?;
        // What nobody has held for long enough is not shown any more, and then forgotten.
        let since = now - self.id_token_seconds - KEPT_SECONDS;
        state.withdraw_keys_held_before(since).await?;
        let published = published.into_iter().filter(|key| key.held_at >= since);
        let ring = Ring::new(Arc::clone(&held), published.collect());
        self.put_to_use(ring, &held, now);
        refusal.map_or(Ok(()), |problem| Err(KeysUnusable::Refused(problem)))
    }

    fn put_to_use(&self, ring: Ring, held: &Arc<HeldKeys>, now: i64) {
        let before = self
            .ring
            .load()
            .signing_at(now)
            .map(|key| key.key_id.clone());
        if let Some(key) = ring.signing_at(now) {
            if before.as_deref() != Some(key.key_id.as_str()) {
                tracing::info!(key_id = key.key_id, "another key signs the ID tokens");
            }
            if !ring.was_published_in_time(key, now) && before.is_some_and(|id| id != key.key_id) {
                tracing::warn!(
                    key_id = key.key_id,
                    "the key signs although relying parties may not have fetched it yet: no other key is left"
                );
            }
        }
        self.ring.store(Arc::new(ring));
        let mut files = self.lock();
        if files
            .next
            .as_ref()
            .is_some_and(|next| Arc::ptr_eq(next, held))
        {
            files.next = None;
            files.refused = None;
            self.observation.refused.set(0);
            self.observation.loads.with_label_values(&["loaded"]).inc();
            tracing::info!("the signing keys were read");
        }
    }

    /// Can the key that signs now sign? Asks the token; blocks.
    pub(crate) fn is_ready(&self, now: i64) -> bool {
        let ring = self.ring.load_full();
        let problem = match ring.signing_at(now) {
            Some(key) => key.signer.probe().err(),
            None => Some(SigningError::NoKey),
        };
        if let Some(problem) = &problem {
            tracing::error!(error = %problem, "ID tokens cannot be signed");
        }
        self.observation.ready.set(i64::from(problem.is_none()));
        problem.is_none()
    }

    fn refuse(&self, files: &mut Files, problem: String) {
        files.next = None;
        self.observation.loads.with_label_values(&["refused"]).inc();
        self.observation.refused.set(1);
        if files.refused.as_ref() != Some(&problem) {
            tracing::error!(
                error = problem,
                "the signing keys file is refused; the former keys stay in use"
            );
        }
        files.refused = Some(problem);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Files> {
        self.files.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl KeyObservation {
    fn new(metrics: &Metrics) -> Result<Self, prometheus::Error> {
        Ok(Self {
            loads: metrics.counters(
                "akashi_gateway_signing_key_loads_total",
                "Times the signing keys file was read anew, by outcome.",
                &["outcome"],
            )?,
            refused: metrics.gauge(
                "akashi_gateway_signing_keys_refused",
                "1 while the signing keys file is refused and the former keys stay in use.",
            )?,
            ready: metrics.gauge(
                "akashi_gateway_signing_ready",
                "1 while the key that is due can sign; 0 when its PKCS#11 token is away.",
            )?,
        })
    }
}

#[cfg(test)]
mod tests;
