//! The authority that reads the lists: revocation-lookup's.

use crate::crl::{CurrentSegment, Feed, Manifest};
use crate::database::Database;
use crate::database_url::DatabaseUrl;
use crate::error::StoreError;

/// Reads lists. Connects on first use; until the writer has run, every call says [`StoreError::NotPrepared`].
#[derive(Debug, Clone)]
pub struct CrlReader {
    database: Database,
}

impl CrlReader {
    /// Prepares the connections. Must be called within a tokio runtime.
    pub fn open(url: &DatabaseUrl) -> Result<Self, StoreError> {
        Ok(Self {
            database: Database::open_reader(url)?,
        })
    }

    /// The counters now: cheap enough to ask every second.
    pub async fn feed(&self) -> Result<Feed, StoreError> {
        todo!()
    }

    /// Every source and its list in force, at one moment.
    pub async fn manifest(&self) -> Result<Manifest, StoreError> {
        todo!()
    }

    /// The serialised segment of a list in force, its hash checked. `None`: it was replaced meanwhile; read the
    /// manifest again.
    pub async fn segment(&self, current: &CurrentSegment) -> Result<Option<Vec<u8>>, StoreError> {
        let _ = current;
        todo!()
    }

    /// Closes every connection.
    pub async fn close(&self) {
        self.database.close().await;
    }
}
