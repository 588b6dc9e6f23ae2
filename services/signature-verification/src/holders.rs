//! Whose a certificate is: asked of the store, on the background runtime, and remembered for a minute.

use std::future::Future;
use std::time::Duration;

use moka::sync::Cache;
use pki::{SerialNumber, UnixTime};
use store::{HolderKey, HolderLinks, HolderOrigin, HolderResolution};
use tokio::runtime::Handle;

/// Resolving is one small transaction; a database that needs longer is down for the person waiting.
const RESOLVE_TIMEOUT: Duration = Duration::from_secs(5);

/// A known certificate's holder changes only when an operator accepts a held link; that shows after this time. It is
/// also how long a person stays in memory here after the last look at the store.
const REMEMBERED: Duration = Duration::from_mins(1);

/// Where holders come from: the store, or a test.
pub(crate) trait HolderDirectory: Send + Sync + 'static {
    /// The holder of the certificate with this SHA-256; a new one at first use.
    fn resolve(
        &self,
        certificate_sha256: [u8; 32],
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
    /// Holder identifiers of certificates that the store knows, by the SHA-256 of the certificate: the caller has it at
    /// hand, and the keyed hash of the serial number, which is all that the store knows of one, need not be made again.
    known: Cache<[u8; 32], [u8; 16]>,
}

impl Holders {
    /// Holders in this store, of whom so many are remembered.
    pub(crate) fn new(
        links: HolderLinks,
        key: HolderKey,
        background: Handle,
        remembered: u64,
    ) -> Self {
        let known = Cache::builder()
            .max_capacity(remembered)
            .time_to_live(REMEMBERED)
            .build();
        Self {
            links,
            key,
            background,
            known,
        }
    }
}

impl HolderDirectory for Holders {
    async fn resolve(
        &self,
        certificate_sha256: [u8; 32],
        certification_authority: &str,
        serial: &SerialNumber,
        now: UnixTime,
    ) -> Result<HolderResolution, HolderUnavailable> {
        if let Some(holder_id) = self.known.get(&certificate_sha256) {
            let origin = HolderOrigin::Known;
            return Ok(HolderResolution { holder_id, origin });
        }
        let hash = store::serial_hash(&self.key, certification_authority, serial.as_bytes());
        let (links, authority) = (self.links.clone(), certification_authority.to_owned());
        let resolving = async move {
            let resolving = links.resolve(&authority, &hash, now.secs());
            tokio::time::timeout(RESOLVE_TIMEOUT, resolving).await
        };
        match runtime::context::on_background(&self.background, resolving).await {
            Ok(Ok(Ok(resolution))) => {
                self.known.insert(certificate_sha256, resolution.holder_id);
                return Ok(resolution);
            }
            Ok(Ok(Err(error))) => tracing::error!(%error, "a holder could not be resolved"),
            Ok(Err(_)) => tracing::error!("a holder could not be resolved in time"),
            Err(error) => tracing::error!(%error, "a holder could not be resolved"),
        }
        Err(HolderUnavailable)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn holders(remembered: u64) -> (tempfile::TempDir, HolderLinks, Holders) {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", folder.path().join("holders.db").display());
        let links = HolderLinks::open(&url.parse().unwrap()).await.unwrap();
        let key = HolderKey::new(&[7; 32]);
        let holders = Holders::new(links.clone(), key, Handle::current(), remembered);
        (folder, links, holders)
    }

    async fn resolve(holders: &Holders, serial: u8) -> Result<HolderResolution, HolderUnavailable> {
        let serial = SerialNumber::from_unsigned_be(&[serial]).unwrap();
        let now = UnixTime::from_secs(1_800_000_000);
        let certificate_sha256 = [serial.as_bytes()[0]; 32];
        holders
            .resolve(certificate_sha256, "user-authentication", &serial, now)
            .await
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_known_holder_is_remembered_while_the_store_is_away_and_nobody_else_is() {
        let (_folder, links, holders) = holders(100).await;
        let first = resolve(&holders, 1).await.unwrap();
        assert_eq!(first.origin, HolderOrigin::New);
        links.close().await;
        let again = resolve(&holders, 1).await.unwrap();
        assert_eq!(again.origin, HolderOrigin::Known);
        assert_eq!(again.holder_id, first.holder_id);
        assert_eq!(resolve(&holders, 2).await, Err(HolderUnavailable));
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn without_room_the_store_is_asked_every_time() {
        let (_folder, links, holders) = holders(0).await;
        resolve(&holders, 1).await.unwrap();
        links.close().await;
        assert_eq!(resolve(&holders, 1).await, Err(HolderUnavailable));
    }
}
