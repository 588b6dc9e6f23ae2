//! Whose a certificate is: asked of the store, on the background runtime.

use std::future::Future;
use std::time::Duration;

use pki::{SerialNumber, UnixTime};
use store::{HolderKey, HolderLinks, HolderResolution};
use tokio::runtime::Handle;

/// Resolving is one small transaction; a database that needs longer is down for the person waiting.
const RESOLVE_TIMEOUT: Duration = Duration::from_secs(5);

/// Where holders come from: the store, or a test.
pub(crate) trait HolderDirectory: Send + Sync + 'static {
    /// The holder of a certificate; a new one at first use.
    fn resolve(
        &self,
        certification_authority: &str,
        serial: &SerialNumber,
        now: UnixTime,
    ) -> impl Future<Output = Result<HolderResolution, HolderUnavailable>> + Send;
}

/// Whose the certificate is cannot be said now, so nothing is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the holder cannot be looked up now; ask again later")]
pub(crate) struct HolderUnavailable;

/// Holders in the store.
#[derive(Clone)]
pub(crate) struct Holders {
    links: HolderLinks,
    key: HolderKey,
    background: Handle,
}

impl Holders {
    pub(crate) fn new(links: HolderLinks, key: HolderKey, background: Handle) -> Self {
        Self {
            links,
            key,
            background,
        }
    }
}

impl HolderDirectory for Holders {
    async fn resolve(
        &self,
        certification_authority: &str,
        serial: &SerialNumber,
        now: UnixTime,
    ) -> Result<HolderResolution, HolderUnavailable> {
        let hash = store::serial_hash(&self.key, certification_authority, serial.as_bytes());
        let (links, authority) = (self.links.clone(), certification_authority.to_owned());
        let resolving = async move {
            let resolving = links.resolve(&authority, &hash, now.secs());
            tokio::time::timeout(RESOLVE_TIMEOUT, resolving).await
        };
        match runtime::context::on_background(&self.background, resolving).await {
            Ok(Ok(Ok(resolution))) => return Ok(resolution),
            Ok(Ok(Err(error))) => tracing::error!(%error, "a holder could not be resolved"),
            Ok(Err(_)) => tracing::error!("a holder could not be resolved in time"),
            Err(error) => tracing::error!(%error, "a holder could not be resolved"),
        }
        Err(HolderUnavailable)
    }
}
