//! Between the words of this crate and the three column types that both databases share.

use sqlx::Row as _;
use sqlx::any::AnyRow;

use crate::error::{During as _, StoreError};
use crate::limits;

/// A count or generation as a column.
pub(crate) fn to_bigint(number: u64) -> Result<i64, StoreError> {
    i64::try_from(number).map_err(|_| StoreError::Invalid {
        what: "a number is beyond 2^63",
    })
}

/// A count or generation from a column.
pub(crate) fn from_bigint(number: i64) -> Result<u64, StoreError> {
    u64::try_from(number).map_err(|_| StoreError::Inconsistent {
        what: "a count is negative",
    })
}

/// PostgreSQL refuses a text with a NUL that SQLite would store; such a text is refused for both.
pub(crate) fn check_text(text: &str) -> Result<(), StoreError> {
    if text.contains('\0') {
        return Err(StoreError::Invalid {
            what: "a text contains NUL",
        });
    }
    if text.len() > limits::TEXT_OCTETS {
        return Err(StoreError::Invalid {
            what: "a text is too long",
        });
    }
    Ok(())
}

/// Columns by name.
pub(crate) trait Columns {
    fn bigint(&self, name: &str) -> Result<i64, StoreError>;
    fn bigint_or_null(&self, name: &str) -> Result<Option<i64>, StoreError>;
    fn text(&self, name: &str) -> Result<String, StoreError>;
    fn octets(&self, name: &str) -> Result<Vec<u8>, StoreError>;
    fn octets_or_null(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError>;

    fn count(&self, name: &str) -> Result<u64, StoreError> {
        from_bigint(self.bigint(name)?)
    }

    /// Octets of a fixed length.
    fn array<const N: usize>(&self, name: &str) -> Result<[u8; N], StoreError> {
        self.octets(name)?
            .try_into()
            .map_err(|_| StoreError::Inconsistent {
                what: "a hash or identifier has the wrong length",
            })
    }
}

impl Columns for AnyRow {
    fn bigint(&self, name: &str) -> Result<i64, StoreError> {
        self.try_get(name).during("a number is read")
    }

    fn bigint_or_null(&self, name: &str) -> Result<Option<i64>, StoreError> {
        self.try_get(name).during("a number is read")
    }

    fn text(&self, name: &str) -> Result<String, StoreError> {
        self.try_get(name).during("a text is read")
    }

    fn octets(&self, name: &str) -> Result<Vec<u8>, StoreError> {
        self.try_get(name).during("octets are read")
    }

    fn octets_or_null(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.try_get(name).during("octets are read")
    }
}
