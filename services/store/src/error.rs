//! What can go wrong in the store. No variant carries a URL, a bound value or a row.

use std::fmt;

/// Why the store could not do what was asked.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The database answered with an error.
    #[error("the database refused while {during}: {source}")]
    Driver {
        /// What was being done.
        during: &'static str,
        /// The database's words.
        source: DriverError,
    },
    /// The database could not be reached or did not answer in time.
    #[error("the database cannot be reached while {during}: {source}")]
    Unavailable {
        /// What was being done.
        during: &'static str,
        /// The connection's words.
        source: DriverError,
    },
    /// The schema is not there: the writer of this part has not run yet.
    #[error("the database is not prepared yet: the service that writes this part has not run")]
    NotPrepared,
    /// The stored data contradicts itself.
    #[error("the stored data is inconsistent: {what}")]
    Inconsistent {
        /// The rule that does not hold.
        what: &'static str,
    },
    /// The caller gave something that cannot be stored.
    #[error("cannot be stored: {what}")]
    Invalid {
        /// The rule that was broken.
        what: &'static str,
    },
    /// The schema was made by another version of the program.
    #[error("the schema does not belong to this version of the program: {what}")]
    Schema {
        /// Which migration, and what is wrong with it.
        what: String,
    },
}

/// A driver's error without the statement, its values and the address.
#[derive(Clone, PartialEq, Eq)]
pub struct DriverError {
    code: Option<String>,
    message: String,
}

impl DriverError {
    /// The database's own error code: SQLSTATE on PostgreSQL, the extended result code on SQLite.
    pub fn code(&self) -> Option<&str> {
        self.code.as_deref()
    }

    pub(crate) fn text(message: impl Into<String>) -> Self {
        Self {
            code: None,
            message: message.into(),
        }
    }
}

impl fmt::Display for DriverError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.code {
            Some(code) => write!(f, "{} (code {code})", self.message),
            None => f.write_str(&self.message),
        }
    }
}

impl fmt::Debug for DriverError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DriverError({self})")
    }
}

impl std::error::Error for DriverError {}

/// Names what was being done, and drops everything from a driver's error that could identify someone: a PostgreSQL
/// error's detail repeats the values of the offending row, and a configuration error may repeat the URL.
pub(crate) trait During<T> {
    fn during(self, during: &'static str) -> Result<T, StoreError>;
}

impl<T> During<T> for Result<T, sqlx::Error> {
    fn during(self, during: &'static str) -> Result<T, StoreError> {
        self.map_err(|error| store_error(&error, during))
    }
}

fn store_error(error: &sqlx::Error, during: &'static str) -> StoreError {
    match error {
        sqlx::Error::Database(database) => {
            let code = database.code().map(std::borrow::Cow::into_owned);
            if crate::dialect::is_missing_schema(code.as_deref(), database.message()) {
                return StoreError::NotPrepared;
            }
            let source = DriverError {
                code,
                message: database.message().to_owned(),
            };
            if crate::dialect::is_unavailable(source.code()) {
                return StoreError::Unavailable { during, source };
            }
            StoreError::Driver { during, source }
        }
        sqlx::Error::Io(io) => StoreError::Unavailable {
            during,
            source: DriverError::text(io.kind().to_string()),
        },
        sqlx::Error::Tls(_) => StoreError::Unavailable {
            during,
            source: DriverError::text("TLS failed"),
        },
        sqlx::Error::PoolTimedOut => StoreError::Unavailable {
            during,
            source: DriverError::text("no connection became free in time"),
        },
        sqlx::Error::PoolClosed | sqlx::Error::WorkerCrashed => StoreError::Unavailable {
            during,
            source: DriverError::text("the connection pool is closed"),
        },
        sqlx::Error::RowNotFound => StoreError::Inconsistent {
            what: "a row that must exist is missing",
        },
        sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) => StoreError::Inconsistent {
            what: "a column holds a value of another type",
        },
        sqlx::Error::Configuration(_) => StoreError::Driver {
            during,
            source: DriverError::text("the driver does not accept the database URL"),
        },
        _ => StoreError::Driver {
            during,
            source: DriverError::text("the driver failed"),
        },
    }
}
