//! The state in the memory of one process. A step takes the one lock, looks, and changes all that belongs to it before it
//! lets go: what holds of a database's conditional statement holds here, without a disk to wait for. Nothing here waits,
//! and nothing of it is left when the process ends.

#![expect(
    clippy::unnecessary_wraps,
    reason = "the steps answer as a database's do, which can fail"
)]

mod device;
mod grant;
mod interaction;
mod pushed_request;
mod row;
mod signature;
mod signing_key;
mod tables;
mod upkeep;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tables::Tables;

/// The gateway's state, shared by its clones.
#[derive(Clone, Default)]
pub(super) struct InMemory {
    tables: Arc<Mutex<Tables>>,
}

impl InMemory {
    /// The tables, for one step. No step panics halfway, so what a poisoned lock holds is whole.
    fn lock(&self) -> MutexGuard<'_, Tables> {
        self.tables.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for InMemory {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("InMemory").finish_non_exhaustive()
    }
}
