//! `akashi audit`: reads the audit log, newest first.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use pki::UnixTime;
use serde_json::json;
use store::{AuditLog, DatabaseUrl, StoreError};

use super::{failed, print, unusable};

/// What `akashi audit` is told.
#[derive(Args, Debug)]
pub struct AuditArguments {
    /// Which part of the log.
    #[arg(value_enum)]
    part: Part,
    /// The file of the role that writes the log: signing-certificate.toml.
    #[arg(long, value_name = "FILE", required_unless_present = "store")]
    config: Option<PathBuf>,
    /// The log's database, instead of --config.
    #[arg(long, value_name = "URL", conflicts_with = "config")]
    store: Option<DatabaseUrl>,
    /// How many lines at most.
    #[arg(long, default_value_t = 100)]
    limit: u32,
    /// One JSON object a line instead of words.
    #[arg(long)]
    json: bool,
}

/// A part of the audit log.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Part {
    /// Every check of a signing certificate.
    Checks,
    /// Callers that were refused.
    Refusals,
    /// How often who was refused, by minute.
    RefusalTotals,
    /// How many lookups, by minute, caller, authority, purpose and outcome.
    Ledger,
}

/// Prints a part of the log. Exit code 0, also when it is empty; 1 when it cannot be read.
pub async fn run(arguments: AuditArguments) -> ExitCode {
    let url = match &arguments.config {
        None => arguments.store.clone(),
        Some(file) => match runtime::config::load::<signing_certificate::Config>(file) {
            Ok(config) => Some(config.store.audit),
            Err(error) => return unusable(&error),
        },
    };
    let Some(url) = url else {
        return unusable(&"give --config or --store");
    };
    let rows = match read(&url, &arguments).await {
        Ok(rows) => rows,
        Err(error) => return failed(&error),
    };
    for row in rows {
        let written = if arguments.json {
            print(&row)
        } else {
            print(&words(&row))
        };
        if written.is_err() {
            break;
        }
    }
    ExitCode::SUCCESS
}

async fn read(
    url: &DatabaseUrl,
    arguments: &AuditArguments,
) -> Result<Vec<serde_json::Value>, StoreError> {
    let log = AuditLog::open(url).await?;
    let rows = rows(&log, arguments.part, arguments.limit).await;
    log.close().await;
    rows
}

async fn rows(
    log: &AuditLog,
    part: Part,
    limit: u32,
) -> Result<Vec<serde_json::Value>, StoreError> {
    let at = |secs| UnixTime::from_secs(secs).to_string();
    Ok(match part {
        Part::Checks => {
            let checks = log.checks(limit).await?.into_iter().map(|check| {
                let evidence = serde_json::from_str(&check.evidence).unwrap_or_default();
                json!({
                    "at": at(check.recorded_at),
                    "caller": check.caller,
                    "outcome": check.outcome,
                    "purpose": check.purpose,
                    "case_reference": check.case_reference,
                    "certificate_sha256": hex::encode(check.certificate_sha256),
                    "record_id": check.record_id,
                    "evidence": serde_json::Value::clone(&evidence),
                })
            });
            checks.collect()
        }
        Part::Refusals => {
            let refusals = log.refusals(limit).await?.into_iter().map(|record| {
                json!({
                    "at": at(record.refusal.refused_at),
                    "caller": record.refusal.caller,
                    "method": record.refusal.method,
                    "reason": record.refusal.reason,
                    "record_id": record.record_id,
                })
            });
            refusals.collect()
        }
        Part::RefusalTotals => {
            let totals = log.refusal_totals(limit).await?.into_iter().map(|total| {
                json!({
                    "minute": at(total.minute.saturating_mul(60)),
                    "caller": total.caller,
                    "total": total.total,
                })
            });
            totals.collect()
        }
        Part::Ledger => {
            let ledger = log.ledger(limit).await?.into_iter().map(|row| {
                json!({
                    "minute": at(row.minute.saturating_mul(60)),
                    "caller": row.caller,
                    "certification_authority": row.certification_authority,
                    "method": row.method,
                    "purpose": row.purpose,
                    "outcome": row.outcome,
                    "count": row.count,
                })
            });
            ledger.collect()
        }
    })
}

/// A row as `key=value` words in the order of the keys. Every value was written by us or is limited to
/// a narrow alphabet, so no quoting is needed.
fn words(row: &serde_json::Value) -> String {
    let Some(fields) = row.as_object() else {
        return row.to_string();
    };
    let word = |(key, value): (&String, &serde_json::Value)| match value.as_str() {
        Some(text) => format!("{key}={text}"),
        None => format!("{key}={value}"),
    };
    fields.iter().map(word).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::words;
    use serde_json::json;

    #[test]
    fn a_row_is_one_line_of_words() {
        let row = json!({"caller": "city-office.agency.test", "total": 3});
        assert_eq!(words(&row), "caller=city-office.agency.test total=3");
    }
}
