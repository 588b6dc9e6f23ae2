//! Where the state is kept, and what a gateway that keeps it in memory may believe after it began.

use serde::Deserialize;
use store::{DatabaseUrl, DatabaseUrlError, GatewayState, StoreError};

use crate::limits;

/// `memory:`, or the URL of a database.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub enum StateStore {
    /// This process's memory: for one gateway alone; who is signing in when it ends begins anew.
    Memory,
    /// A database.
    Database(DatabaseUrl),
}

impl TryFrom<String> for StateStore {
    type Error = DatabaseUrlError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        match &*text {
            "memory:" => Ok(Self::Memory),
            url => url.parse().map(Self::Database),
        }
    }
}

impl StateStore {
    pub(crate) async fn open(&self) -> Result<GatewayState, StoreError> {
        match self {
            Self::Memory => Ok(GatewayState::in_memory()),
            Self::Database(url) => GatewayState::open(url).await,
        }
    }
}

/// The last second in which an assertion may have been made that was used before this process began, where the state does
/// not remember it: one that was accepted then may have been dated ahead, as far as clients' clocks may be.
pub(crate) fn unremembered_until(state: &GatewayState, began: i64) -> Option<i64> {
    state
        .forgets_on_restart()
        .then(|| began + limits::ASSERTION_SKEW_SECONDS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_one_word_and_everything_else_a_database() {
        let store = |text: &str| StateStore::try_from(text.to_owned());
        assert_eq!(store("memory:"), Ok(StateStore::Memory));
        assert!(matches!(
            store("sqlite:///var/lib/akashi/gateway.db"),
            Ok(StateStore::Database(_))
        ));
        for refused in ["memory", "memory://", "sqlite::memory:", ""] {
            assert!(store(refused).is_err(), "{refused}");
        }
    }

    #[test]
    fn only_memory_forgets() {
        assert_eq!(
            unremembered_until(&GatewayState::in_memory(), 1_000),
            Some(1_010)
        );
    }
}
