//! Sweeping what has ended, and counting what is there.

use super::{GatewayState, Keeper, Occupancy, of_keeper};
use crate::error::StoreError;

impl GatewayState {
    /// Removes at most `limit` sign-ins, used assertions, pushed requests, signature transactions and their tokens each
    /// that ended before `before`, and says how many in all. Nothing that has not ended is ever removed.
    pub async fn sweep(&self, before: i64, limit: i64) -> Result<u64, StoreError> {
        of_keeper!(self, sweep(before, limit))
    }

    /// Leaves nothing of what was removed in SQLite's log. PostgreSQL keeps removed rows until it vacuums their table.
    pub async fn empty_log(&self) -> Result<(), StoreError> {
        match &self.keeper {
            Keeper::Database(database) => database.empty_log().await,
            Keeper::Memory(_) => Ok(()),
        }
    }

    /// How many rows each client has stored, for the limits per client.
    pub async fn occupancy(&self) -> Result<Vec<Occupancy>, StoreError> {
        of_keeper!(self, occupancy())
    }
}
