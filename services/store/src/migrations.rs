//! The schema of each part, and the runner that brings a database up to it when an authority opens.

use std::borrow::Cow;
use std::fs::File;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use sqlx::AnyPool;
use sqlx::migrate::{MigrateError, Migration, MigrationType, Migrator};

use crate::database_url::Location;
use crate::dialect::Dialect;
use crate::error::{DriverError, During as _, StoreError};

/// One authority's part of the data. Each has its own list of migrations and its own table of those applied, so that
/// parts may live in one database or in several.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    Crl,
    Audit,
    HolderLinks,
    Gateway,
}

impl Part {
    fn applied_table(self) -> &'static str {
        match self {
            Self::Crl => "crl_migration",
            Self::Audit => "audit_migration",
            Self::HolderLinks => "holder_links_migration",
            Self::Gateway => "gateway_migration",
        }
    }

    /// In order; a list only ever grows at its end.
    fn scripts(self, dialect: Dialect) -> Vec<(&'static str, &'static str)> {
        match self {
            Self::Crl => vec![
                (
                    "lists, their sources and the highest numbers",
                    include_str!("../migrations/crl/0001_lists.sql"),
                ),
                (
                    "what left the lists",
                    include_str!("../migrations/crl/0002_departures.sql"),
                ),
                (
                    "what changed since a reader looked last",
                    include_str!("../migrations/crl/0003_changes.sql"),
                ),
                (
                    "delta lists",
                    include_str!("../migrations/crl/0004_deltas.sql"),
                ),
                (
                    "lists as they were fetched",
                    include_str!("../migrations/crl/0005_originals.sql"),
                ),
                (
                    "what lists are told apart by",
                    include_str!("../migrations/crl/0006_identities.sql"),
                ),
                (
                    "chunks are not compressed",
                    match dialect {
                        Dialect::Sqlite => include_str!("../migrations/crl/0007_chunks_sqlite.sql"),
                        Dialect::Postgres => {
                            include_str!("../migrations/crl/0007_chunks_postgres.sql")
                        }
                    },
                ),
            ],
            Self::Audit => vec![
                (
                    "checks, refusals and the ledger",
                    include_str!("../migrations/audit/0001_records.sql"),
                ),
                (
                    "assertions that were used",
                    include_str!("../migrations/audit/0002_assertions.sql"),
                ),
            ],
            Self::HolderLinks => vec![
                (
                    "holders and serial links",
                    include_str!("../migrations/holder_links/0001_holders.sql"),
                ),
                (
                    "links are found by either end",
                    include_str!("../migrations/holder_links/0002_links_by_predecessor.sql"),
                ),
            ],
            Self::Gateway => gateway_scripts(),
        }
    }
}

fn gateway_scripts() -> Vec<(&'static str, &'static str)> {
    vec![
        (
            "gateway state",
            include_str!("../migrations/gateway/0001_gateway_state.sql"),
        ),
        (
            "pushed requests and what a sign-in is bound to",
            include_str!("../migrations/gateway/0002_pushed_requests.sql"),
        ),
        (
            "signatures",
            include_str!("../migrations/gateway/0003_signatures.sql"),
        ),
        (
            "two devices, and the keys that sign ID tokens",
            include_str!("../migrations/gateway/0004_devices_and_signing_keys.sql"),
        ),
    ]
}

/// Applies what is missing. Several processes may do so at once.
pub(crate) async fn run(pool: &AnyPool, location: &Location, part: Part) -> Result<(), StoreError> {
    let _lock = match location {
        Location::Sqlite(path) => Some(lock_beside(path).await?),
        // PostgreSQL's runner takes an advisory lock by itself.
        Location::Postgres(_) => None,
    };
    let mut connection = pool.acquire().await.during("connecting for migrations")?;
    migrator(part, Dialect::of(location))
        .run_direct(None, &mut *connection, false)
        .await
        .map_err(migrate_error)
}

fn migrator(part: Part, dialect: Dialect) -> Migrator {
    let migrations = (1..)
        .zip(part.scripts(dialect))
        .map(|(version, (description, sql))| {
            Migration::new(
                version,
                Cow::Borrowed(description),
                MigrationType::Simple,
                sqlx::SqlSafeStr::into_sql_str(sql),
                false,
            )
        })
        .collect();
    let mut migrator = Migrator::with_migrations(migrations);
    migrator.dangerous_set_table_name(part.applied_table());
    migrator
}

/// SQLite has no lock for migrations: of several processes that start on a fresh file, all but one would fail.
async fn lock_beside(database: &Path) -> Result<File, StoreError> {
    let database = database.to_owned();
    let failed = |error: std::io::Error, path: &Path| StoreError::Unavailable {
        during: "the SQLite file is being opened",
        source: DriverError::text(format!("{}: {error}", path.display())),
    };
    tokio::task::spawn_blocking(move || {
        let mut beside = database.as_os_str().to_owned();
        beside.push(".lock");
        let lock = create(Path::new(&beside)).map_err(|error| failed(error, &database))?;
        lock.lock().map_err(|error| failed(error, &database))?;
        create(&database).map_err(|error| failed(error, &database))?;
        Ok(lock)
    })
    .await
    .unwrap_or_else(|_| Err(crate::database::stopped()))
}

/// SQLite would let everybody on the computer read the file, and gives its journals the same permissions.
fn create(path: &Path) -> std::io::Result<File> {
    File::options()
        .create(true)
        .append(true)
        .mode(0o660)
        .open(path)
}

fn migrate_error(error: MigrateError) -> StoreError {
    match error {
        MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => {
            match Err::<(), _>(error).during("the schema is being migrated") {
                Err(error) => error,
                Ok(()) => StoreError::Schema {
                    what: "a migration failed".to_owned(),
                },
            }
        }
        other => StoreError::Schema {
            what: other.to_string(),
        },
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::Part;
    use crate::database::Database;
    use crate::database_url::DatabaseUrl;
    use crate::dialect::Dialect;

    const PARTS: [Part; 4] = [Part::Crl, Part::Audit, Part::HolderLinks, Part::Gateway];

    #[test]
    fn columns_have_only_the_types_that_both_databases_share() {
        let types = ["BIGINT", "TEXT", "BYTEA"];
        for (description, sql) in PARTS
            .iter()
            .flat_map(|part| part.scripts(Dialect::Postgres))
        {
            let statements = sql
                .lines()
                .map(|line| line.split("--").next().unwrap_or_default());
            let mut in_table = false;
            for line in statements.map(str::trim) {
                let is_column = in_table && line.starts_with(|c: char| c.is_ascii_lowercase());
                if is_column {
                    let kind = line.split_whitespace().nth(1).unwrap_or_default();
                    let kind = kind.trim_end_matches([',', ';', ')']);
                    assert!(types.contains(&kind), "{description}: {line}");
                }
                in_table = (in_table || line.starts_with("CREATE TABLE")) && !line.ends_with(';');
            }
        }
    }

    #[tokio::test]
    async fn a_sqlite_file_and_its_journal_are_closed_to_others() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("audit.db");
        let url = DatabaseUrl::sqlite(&path).unwrap();
        let database = Database::open(&url, Part::Audit).await.unwrap();
        for name in ["audit.db", "audit.db-wal"] {
            let mode = folder
                .path()
                .join(name)
                .metadata()
                .unwrap()
                .permissions()
                .mode();
            assert_eq!(mode & 0o007, 0, "{name}");
        }
        database.close().await;
    }

    #[test]
    fn parts_may_share_a_database() {
        let mut tables: Vec<_> = PARTS.iter().map(|part| part.applied_table()).collect();
        tables.sort_unstable();
        tables.dedup();
        assert_eq!(tables.len(), PARTS.len());
    }
}
