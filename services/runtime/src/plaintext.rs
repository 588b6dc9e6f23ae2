//! Serving and calling without TLS, for benchmarks alone: what TLS costs can only be told beside the same server without it.
//!
//! No configuration leads here. A program has to call [`for_benchmarks`] or [`channel_for_benchmarks`], and only `tests/load`
//! does (a test looks); what is served then listens on loopback or not at all.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tonic::transport::Channel;

use crate::client::{self, ClientError};

static CALLER: OnceLock<Arc<str>> = OnceLock::new();

/// From now on this process serves gRPC and calls other services without TLS, and takes everybody who connects for this
/// caller. Only the first call counts.
pub fn for_benchmarks(caller: &str) {
    if CALLER.set(caller.into()).is_ok() {
        tracing::warn!(caller, "NO TLS: this process is a benchmark's");
    }
}

/// A channel without TLS, whatever this process serves and calls otherwise; else as [`client::channel`].
///
/// # Errors
/// When the address is wrong. It begins with `https://` as every service's does.
pub fn channel_for_benchmarks(uri: &str, call_timeout: Duration) -> Result<Channel, ClientError> {
    client::without_tls(uri, call_timeout)
}

/// Whom everybody is taken for; `None`: there is TLS.
pub(crate) fn caller() -> Option<Arc<str>> {
    CALLER.get().cloned()
}
