//! Group commit: records that arrive while a commit is on its way to the disk share the next one. A commit costs
//! milliseconds whatever it holds, so that this is the difference between hundreds and thousands of checks a second,
//! and no record waits for a timer.

use std::collections::BTreeMap;

use sqlx::{Any, Transaction};
use tokio::sync::{mpsc, oneshot};

use crate::audit_records::{CheckRecord, Refusal, RefusalTotal};
use crate::columns::{Columns as _, to_bigint};
use crate::database::Database;
use crate::error::{During as _, StoreError};
use crate::limits;

/// Something to be committed, and who waits for it.
#[derive(Debug)]
pub(crate) enum Job {
    Check(CheckRecord, oneshot::Sender<Result<(), StoreError>>),
    Refusal(Refusal, oneshot::Sender<Result<RefusalTotal, StoreError>>),
}

/// Ends when nobody can send any more.
pub(crate) async fn run(database: Database, mut queue: mpsc::Receiver<Job>) {
    let mut batch = Vec::with_capacity(limits::AUDIT_BATCH_RECORDS);
    while queue
        .recv_many(&mut batch, limits::AUDIT_BATCH_RECORDS)
        .await
        > 0
    {
        match commit(&database, &batch).await {
            Ok(totals) => answer(batch.drain(..), &totals),
            // One record that the database refuses must not take its neighbours along. An unreachable database
            // refuses them all, and trying one by one would only make each wait longer.
            Err(StoreError::Driver { .. }) if batch.len() > 1 => {
                for job in batch.drain(..) {
                    commit_alone(&database, job).await;
                }
            }
            Err(error) => {
                for job in batch.drain(..) {
                    fail(job, error.clone());
                }
            }
        }
    }
}

async fn commit_alone(database: &Database, job: Job) {
    let job = [job];
    match commit(database, &job).await {
        Ok(totals) => answer(job, &totals),
        Err(error) => {
            let [job] = job;
            fail(job, error);
        }
    }
}

fn fail(job: Job, error: StoreError) {
    // Whoever stopped waiting does not need the answer.
    match job {
        Job::Check(_, done) => drop(done.send(Err(error))),
        Job::Refusal(_, done) => drop(done.send(Err(error))),
    }
}

/// `totals` has an entry for each refusal, by its place in the batch.
fn answer(jobs: impl IntoIterator<Item = Job>, totals: &BTreeMap<usize, RefusalTotal>) {
    for (place, job) in jobs.into_iter().enumerate() {
        match job {
            Job::Check(_, done) => drop(done.send(Ok(()))),
            Job::Refusal(_, done) => {
                let total = totals.get(&place).copied().unwrap_or(RefusalTotal::Counted);
                drop(done.send(Ok(total)));
            }
        }
    }
}

async fn commit(
    database: &Database,
    batch: &[Job],
) -> Result<BTreeMap<usize, RefusalTotal>, StoreError> {
    let mut transaction = database.begin_write().await?;
    // One order for everybody, so that two processes never wait for each other's sums.
    let mut refusals: BTreeMap<(&str, i64), Vec<(usize, &Refusal)>> = BTreeMap::new();
    for (place, job) in batch.iter().enumerate() {
        match job {
            Job::Check(record, _) => insert_check(&mut transaction, record).await?,
            Job::Refusal(refusal, _) => refusals
                .entry((&refusal.caller, refusal.refused_at.div_euclid(60)))
                .or_default()
                .push((place, refusal)),
        }
    }
    let mut totals = BTreeMap::new();
    for ((caller, minute), refusals) in refusals {
        let first = count(&mut transaction, caller, minute, refusals.len() as u64).await?;
        for (number, (place, refusal)) in (first..).zip(refusals) {
            if number < limits::REFUSAL_RECORDS_PER_CALLER_AND_MINUTE {
                insert_refusal(&mut transaction, refusal).await?;
                totals.insert(place, RefusalTotal::Recorded);
            }
        }
    }
    transaction
        .commit()
        .await
        .during("audit records are committed")?;
    Ok(totals)
}

/// Adds to a caller's sum of this minute and returns what it was before.
async fn count(
    transaction: &mut Transaction<'static, Any>,
    caller: &str,
    minute: i64,
    more: u64,
) -> Result<u64, StoreError> {
    let total = sqlx::query(
        "INSERT INTO audit_refusal_total (caller, minute, total) VALUES ($1, $2, $3)
         ON CONFLICT (caller, minute)
         DO UPDATE SET total = audit_refusal_total.total + excluded.total
         RETURNING total",
    )
    .bind(caller.to_owned())
    .bind(minute)
    .bind(to_bigint(more)?)
    .fetch_one(&mut **transaction)
    .await
    .during("refusals are counted")?
    .count("total")?;
    Ok(total.saturating_sub(more))
}

async fn insert_check(
    transaction: &mut Transaction<'static, Any>,
    record: &CheckRecord,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO audit_check
             (record_id, recorded_at, caller, method, certificate_sha256, purpose, case_reference,
              outcome, evidence)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    )
    .bind(record.record_id.clone())
    .bind(record.recorded_at)
    .bind(record.caller.clone())
    .bind(record.method.clone())
    .bind(record.certificate_sha256.to_vec())
    .bind(record.purpose.clone())
    .bind(record.case_reference.clone())
    .bind(record.outcome.clone())
    .bind(record.evidence.clone())
    .execute(&mut **transaction)
    .await
    .during("a check is recorded")?;
    Ok(())
}

async fn insert_refusal(
    transaction: &mut Transaction<'static, Any>,
    refusal: &Refusal,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO audit_refusal (record_id, recorded_at, caller, method, reason)
         VALUES ($1, $2, $3, $4, $5)",
    )
    .bind(uuid::Uuid::new_v4().to_string())
    .bind(refusal.refused_at)
    .bind(refusal.caller.clone())
    .bind(refusal.method.clone())
    .bind(refusal.reason.clone())
    .execute(&mut **transaction)
    .await
    .during("a refusal is recorded")?;
    Ok(())
}
