//! The schema of each part, and the runner that brings a database up to it when an authority opens.

use std::borrow::Cow;
use std::fs::File;
use std::path::Path;

use sqlx::AnyPool;
use sqlx::migrate::{MigrateError, Migration, MigrationType, Migrator};

use crate::database_url::Location;
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
    fn scripts(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Crl => &[(
                "lists, their sources and the highest numbers",
                include_str!("../migrations/crl/0001_lists.sql"),
            )],
            Self::Audit => &[(
                "checks, refusals and the ledger",
                include_str!("../migrations/audit/0001_records.sql"),
            )],
            Self::HolderLinks => &[(
                "holders and serial links",
                include_str!("../migrations/holder_links/0001_holders.sql"),
            )],
            Self::Gateway => &[(
                "gateway state",
                include_str!("../migrations/gateway/0001_gateway_state.sql"),
            )],
        }
    }
}

/// Applies what is missing. Several processes may do so at once.
pub(crate) async fn run(pool: &AnyPool, location: &Location, part: Part) -> Result<(), StoreError> {
    let _lock = match location {
        Location::Sqlite(path) => Some(lock_beside(path).await?),
        // PostgreSQL's runner takes an advisory lock by itself.
        Location::Postgres(_) => None,
    };
    let mut connection = pool.acquire().await.during("connecting for migrations")?;
    migrator(part)
        .run_direct(None, &mut *connection, false)
        .await
        .map_err(migrate_error)
}

fn migrator(part: Part) -> Migrator {
    let migrations = (1..)
        .zip(part.scripts())
        .map(|(version, (description, sql))| {
            Migration::new(
                version,
                Cow::Borrowed(*description),
                MigrationType::Simple,
                sqlx::SqlSafeStr::into_sql_str(*sql),
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
    let mut name = database.as_os_str().to_owned();
    name.push(".lock");
    let locked = tokio::task::spawn_blocking(move || {
        let file = File::create(name)?;
        file.lock()?;
        Ok::<_, std::io::Error>(file)
    })
    .await;
    match locked {
        Ok(Ok(file)) => Ok(file),
        Ok(Err(error)) => Err(StoreError::Unavailable {
            during: "the file beside the SQLite database is being locked",
            source: DriverError::text(error.kind().to_string()),
        }),
        Err(_) => Err(crate::database::stopped()),
    }
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
