//! Verifying a fetched list, away from the runtime's threads: a large list keeps a core busy for half a second.

use std::sync::Arc;

use pki::{CertificationAuthority, CrlLimits, VerifiedCrl, Verifier};

use crate::outcome::SyncError;

/// Verifies a list against its authority: form, signature, and nothing left open.
pub(crate) async fn verify(
    bytes: Vec<u8>,
    authority: CertificationAuthority,
    max_bytes: u64,
    verifier: Arc<Verifier>,
) -> Result<Arc<VerifiedCrl>, SyncError> {
    let limits = CrlLimits {
        max_bytes,
        max_entries: pki::limits::MAX_CRL_ENTRIES,
    };
    let crl = aside(move || pki::verify_crl(&bytes, &authority, &limits, &verifier)).await??;
    Ok(Arc::new(crl))
}

/// Runs work that keeps a core busy. A panic in it, which only crafted input could cause, ends this attempt and not the
/// process.
pub(crate) async fn aside<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, SyncError> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|_| SyncError::Panicked)
}
