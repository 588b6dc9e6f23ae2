//! The state in a database: every step is one conditional statement, so that any number of gateway processes behave as one.

mod device;
mod grant;
mod interaction;
mod pushed_request;
mod row;
mod signature;
mod signing_key;
mod steps;
mod upkeep;

use crate::database::Database;
use crate::database_url::DatabaseUrl;
use crate::error::StoreError;
use crate::migrations::Part;
use steps::Steps;

/// The gateway's part of a database.
#[derive(Debug, Clone)]
pub(super) struct InDatabase {
    database: Database,
    steps: Steps,
}

impl InDatabase {
    pub(super) async fn open(url: &DatabaseUrl) -> Result<Self, StoreError> {
        let database = Database::open(url, Part::Gateway).await?;
        Ok(Self {
            steps: Steps::on(database.clone()),
            database,
        })
    }

    pub(super) async fn close(&self) {
        self.database.close().await;
    }
}
