//! Where an authority's data is. Never printed whole: a PostgreSQL URL may hold a password.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use url::Url;

/// The address of one authority's database: `sqlite:///absolute/path.db`, or `postgres://role@host/database` (the
/// role's own `search_path` chooses the schema). `Debug` and `Display` leave out user, password and parameters.
#[derive(Clone, PartialEq, Eq, serde::Deserialize)]
#[serde(try_from = "String")]
pub struct DatabaseUrl(Location);

#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Location {
    Sqlite(PathBuf),
    Postgres(Url),
}

/// Why a text is no database URL. Never repeats the text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DatabaseUrlError {
    /// Not a URL at all.
    #[error("not a URL; write sqlite:///absolute/path.db or postgres://role@host/database")]
    NotAUrl,
    /// A scheme of another database.
    #[error("the scheme \"{scheme}\" is not supported; use sqlite or postgres")]
    Scheme {
        /// What stands before the colon.
        scheme: String,
    },
    /// A SQLite path that depends on the working directory, or a database in memory.
    #[error("a SQLite database needs an absolute path: sqlite:///absolute/path.db")]
    NotAbsolute,
    /// SQLite options are set by the store itself.
    #[error("a SQLite URL takes no parameters")]
    Parameters,
    /// A PostgreSQL URL without a host or database.
    #[error("a PostgreSQL URL needs a host and a database: postgres://role@host/database")]
    Incomplete,
}

impl DatabaseUrl {
    /// The URL of a SQLite file.
    ///
    /// # Errors
    /// The path is not absolute.
    pub fn sqlite(path: &Path) -> Result<Self, DatabaseUrlError> {
        if !path.is_absolute() {
            return Err(DatabaseUrlError::NotAbsolute);
        }
        Ok(Self(Location::Sqlite(path.to_owned())))
    }

    pub(crate) fn location(&self) -> &Location {
        &self.0
    }
}

impl FromStr for DatabaseUrl {
    type Err = DatabaseUrlError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Some(path) = text.strip_prefix("sqlite://") {
            if path.contains(['?', '#']) {
                return Err(DatabaseUrlError::Parameters);
            }
            return Self::sqlite(Path::new(path));
        }
        let url = Url::parse(text).map_err(|_| DatabaseUrlError::NotAUrl)?;
        match url.scheme() {
            "postgres" | "postgresql" => {}
            "sqlite" => return Err(DatabaseUrlError::NotAbsolute),
            scheme => {
                return Err(DatabaseUrlError::Scheme {
                    scheme: scheme.to_owned(),
                });
            }
        }
        if url.host_str().is_none_or(str::is_empty) || url.path().len() < 2 {
            return Err(DatabaseUrlError::Incomplete);
        }
        Ok(Self(Location::Postgres(url)))
    }
}

impl TryFrom<String> for DatabaseUrl {
    type Error = DatabaseUrlError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Location::Sqlite(path) => write!(f, "sqlite://{}", path.display()),
            Location::Postgres(url) => write!(
                f,
                "postgres://{}{}",
                url.host_str().unwrap_or_default(),
                url.path()
            ),
        }
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DatabaseUrl({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_an_absolute_sqlite_path_and_refuses_a_relative_one() {
        let url: DatabaseUrl = "sqlite:///var/lib/akashi/crl.db".parse().unwrap();
        assert_eq!(url.to_string(), "sqlite:///var/lib/akashi/crl.db");
        assert_eq!(
            "sqlite://crl.db".parse::<DatabaseUrl>(),
            Err(DatabaseUrlError::NotAbsolute)
        );
    }

    #[test]
    fn a_password_is_printed_by_neither_debug_nor_display() {
        let url: DatabaseUrl = "postgres://role:hunter2@db.example/akashi?sslmode=require"
            .parse()
            .unwrap();
        assert_eq!(url.to_string(), "postgres://db.example/akashi");
        assert_eq!(
            format!("{url:?}"),
            "DatabaseUrl(postgres://db.example/akashi)"
        );
    }

    #[test]
    fn refuses_other_databases_and_incomplete_urls() {
        assert!("mysql://h/d".parse::<DatabaseUrl>().is_err());
        assert!("postgres://h".parse::<DatabaseUrl>().is_err());
        assert!("postgres://h/d".parse::<DatabaseUrl>().is_ok());
        assert_eq!(
            "sqlite:///a.db?mode=ro".parse::<DatabaseUrl>(),
            Err(DatabaseUrlError::Parameters)
        );
    }
}
