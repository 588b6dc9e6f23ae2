//! The audit log: checks one by one, refusals up to a limit, lookups as sums. Nothing here changes or removes a record. Beside
//! them the assertions that agencies have used, until they end.

use sqlx::any::AnyRow;
use tokio::sync::{mpsc, oneshot};

use crate::audit_records::{
    CheckRecord, LedgerRow, Refusal, RefusalRecord, RefusalTotal, RefusalsPerMinute,
};
use crate::audit_writer::{self, Job};
use crate::columns::{Columns as _, check_text, to_bigint};
use crate::database::{Database, stopped};
use crate::database_url::DatabaseUrl;
use crate::error::{During as _, StoreError};
use crate::limits;
use crate::migrations::Part;

/// Writes and reads the audit log. Cheap to clone; clones share one writer, and all may be used from any runtime.
#[derive(Debug, Clone)]
pub struct AuditLog {
    database: Database,
    jobs: mpsc::Sender<Job>,
}

impl AuditLog {
    /// Connects and brings the schema up to this program's version.
    pub async fn open(url: &DatabaseUrl) -> Result<Self, StoreError> {
        let database = Database::open(url, Part::Audit).await?;
        let (jobs, queue) = mpsc::channel(limits::AUDIT_QUEUE_RECORDS);
        database
            .runtime()
            .spawn(audit_writer::run(database.clone(), queue));
        Ok(Self { database, jobs })
    }

    /// Appends a record. It is committed when this returns; records that wait together are committed together.
    pub async fn append_check(&self, record: CheckRecord) -> Result<(), StoreError> {
        for text in [
            &record.record_id,
            &record.caller,
            &record.method,
            &record.purpose,
            &record.case_reference,
            &record.outcome,
            &record.evidence,
        ] {
            check_text(text)?;
        }
        let (done, committed) = oneshot::channel();
        self.submit(Job::Check(record, done), committed).await
    }

    /// Records a refusal, or counts it when the caller had its share of records in this minute.
    pub async fn append_refusal(&self, refusal: Refusal) -> Result<RefusalTotal, StoreError> {
        for text in [&refusal.caller, &refusal.method, &refusal.reason] {
            check_text(text)?;
        }
        let (done, committed) = oneshot::channel();
        self.submit(Job::Refusal(refusal, done), committed).await
    }

    /// Uses an agency's assertion up: `true` the first time, `false` until it is past `expires_at`. Those that ended before
    /// `forget_before` are forgotten.
    pub async fn use_assertion(
        &self,
        assertion_hash: [u8; 32],
        expires_at: i64,
        forget_before: i64,
    ) -> Result<bool, StoreError> {
        let database = self.database.clone();
        let work = async move {
            sqlx::query("DELETE FROM used_assertion WHERE expires_at < $1")
                .bind(forget_before)
                .execute(database.writer())
                .await
                .during("ended assertions are removed")?;
            let used = sqlx::query(
                "INSERT INTO used_assertion (assertion_hash, expires_at) VALUES ($1, $2)
                 ON CONFLICT (assertion_hash) DO NOTHING",
            )
            .bind(assertion_hash.to_vec())
            .bind(expires_at)
            .execute(database.writer())
            .await
            .during("an assertion is used up")?;
            Ok(used.rows_affected() == 1)
        };
        self.database.run(work).await
    }

    async fn submit<T>(
        &self,
        job: Job,
        committed: oneshot::Receiver<Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        self.jobs.send(job).await.map_err(|_| stopped())?;
        committed.await.unwrap_or_else(|_| Err(stopped()))
    }

    /// Adds sums of lookups to the ledger, in one transaction. When the connection breaks during the commit it is not
    /// known whether they were added; adding them again errs on the side of too many.
    pub async fn flush_ledger(&self, rows: &[LedgerRow]) -> Result<(), StoreError> {
        let mut rows = rows.to_vec();
        // One order for everybody, so that two processes never wait for each other's rows.
        rows.sort();
        let database = self.database.clone();
        self.database
            .run(async move { add_to_ledger(&database, rows).await })
            .await
    }

    /// The newest checks first, at most `limit`.
    pub async fn checks(&self, limit: u32) -> Result<Vec<CheckRecord>, StoreError> {
        let rows = sqlx::query(
            "SELECT record_id, recorded_at, caller, method, certificate_sha256, purpose,
                    case_reference, outcome, evidence
             FROM audit_check ORDER BY recorded_at DESC, record_id LIMIT $1",
        )
        .bind(i64::from(limit))
        .fetch_all(self.database.reader())
        .await
        .during("checks are read")?;
        rows.iter().map(check_record).collect()
    }

    /// One check by its identifier.
    pub async fn check(&self, record_id: &str) -> Result<Option<CheckRecord>, StoreError> {
        let row = sqlx::query(
            "SELECT record_id, recorded_at, caller, method, certificate_sha256, purpose,
                    case_reference, outcome, evidence
             FROM audit_check WHERE record_id = $1",
        )
        .bind(record_id.to_owned())
        .fetch_optional(self.database.reader())
        .await
        .during("a check is read")?;
        row.as_ref().map(check_record).transpose()
    }

    /// The newest recorded refusals first, at most `limit`.
    pub async fn refusals(&self, limit: u32) -> Result<Vec<RefusalRecord>, StoreError> {
        let rows = sqlx::query(
            "SELECT record_id, recorded_at, caller, method, reason
             FROM audit_refusal ORDER BY recorded_at DESC, record_id LIMIT $1",
        )
        .bind(i64::from(limit))
        .fetch_all(self.database.reader())
        .await
        .during("refusals are read")?;
        rows.iter().map(refusal_record).collect()
    }

    /// The sums of refusals, newest minute first, at most `limit`.
    pub async fn refusal_totals(&self, limit: u32) -> Result<Vec<RefusalsPerMinute>, StoreError> {
        let rows = sqlx::query(
            "SELECT caller, minute, total FROM audit_refusal_total
             ORDER BY minute DESC, caller LIMIT $1",
        )
        .bind(i64::from(limit))
        .fetch_all(self.database.reader())
        .await
        .during("sums of refusals are read")?;
        let total = |row: &AnyRow| {
            Ok(RefusalsPerMinute {
                caller: row.text("caller")?,
                minute: row.bigint("minute")?,
                total: row.count("total")?,
            })
        };
        rows.iter().map(total).collect()
    }

    /// The ledger, newest minute first, at most `limit`.
    pub async fn ledger(&self, limit: u32) -> Result<Vec<LedgerRow>, StoreError> {
        let rows = sqlx::query(
            "SELECT minute, caller, certification_authority, method, purpose, outcome, total
             FROM audit_ledger
             ORDER BY minute DESC, caller, certification_authority, method, purpose, outcome
             LIMIT $1",
        )
        .bind(i64::from(limit))
        .fetch_all(self.database.reader())
        .await
        .during("the ledger is read")?;
        rows.iter().map(ledger_row).collect()
    }

    /// Closes every connection.
    pub async fn close(&self) {
        self.database.close().await;
    }
}

async fn add_to_ledger(database: &Database, rows: Vec<LedgerRow>) -> Result<(), StoreError> {
    let during = "the ledger is written";
    let mut transaction = database.begin_write().await?;
    for row in rows {
        for text in [
            &row.caller,
            &row.certification_authority,
            &row.method,
            &row.purpose,
            &row.outcome,
        ] {
            check_text(text)?;
        }
        sqlx::query(
            "INSERT INTO audit_ledger
                 (minute, caller, certification_authority, method, purpose, outcome, total)
             VALUES ($1, $2, $3, $4, $5, $6, $7)
             ON CONFLICT (minute, caller, certification_authority, method, purpose, outcome)
             DO UPDATE SET total = audit_ledger.total + excluded.total",
        )
        .bind(row.minute)
        .bind(row.caller)
        .bind(row.certification_authority)
        .bind(row.method)
        .bind(row.purpose)
        .bind(row.outcome)
        .bind(to_bigint(row.count)?)
        .execute(&mut *transaction)
        .await
        .during(during)?;
    }
    transaction.commit().await.during(during)
}

fn check_record(row: &AnyRow) -> Result<CheckRecord, StoreError> {
    Ok(CheckRecord {
        record_id: row.text("record_id")?,
        recorded_at: row.bigint("recorded_at")?,
        caller: row.text("caller")?,
        method: row.text("method")?,
        certificate_sha256: row.array("certificate_sha256")?,
        purpose: row.text("purpose")?,
        case_reference: row.text("case_reference")?,
        outcome: row.text("outcome")?,
        evidence: row.text("evidence")?,
    })
}

fn refusal_record(row: &AnyRow) -> Result<RefusalRecord, StoreError> {
    Ok(RefusalRecord {
        record_id: row.text("record_id")?,
        refusal: Refusal {
            refused_at: row.bigint("recorded_at")?,
            caller: row.text("caller")?,
            method: row.text("method")?,
            reason: row.text("reason")?,
        },
    })
}

fn ledger_row(row: &AnyRow) -> Result<LedgerRow, StoreError> {
    Ok(LedgerRow {
        minute: row.bigint("minute")?,
        caller: row.text("caller")?,
        certification_authority: row.text("certification_authority")?,
        method: row.text("method")?,
        purpose: row.text("purpose")?,
        outcome: row.text("outcome")?,
        count: row.count("total")?,
    })
}
