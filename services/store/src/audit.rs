//! The audit log: checks one by one, refusals up to a limit, lookups as sums.

use crate::database::Database;
use crate::database_url::DatabaseUrl;
use crate::error::StoreError;
use crate::migrations::Part;

/// One check of a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckRecord {
    /// Unique; a UUID made by the caller, who may put it into the answer.
    pub record_id: String,
    /// When: seconds since 1970-01-01T00:00:00Z.
    pub recorded_at: i64,
    /// The verified identity that asked.
    pub caller: String,
    /// The gRPC path, such as "/akashi.signing.v1.SigningCertificateService/CheckCertificate".
    pub method: String,
    /// SHA-256 of the certificate, or of what was sent as one.
    pub certificate_sha256: [u8; 32],
    /// Why it was asked: the purpose's name in the proto contract.
    pub purpose: String,
    /// The caller's reference for the case.
    pub case_reference: String,
    /// The outcome's name in the proto contract.
    pub outcome: String,
    /// The evidence for the outcome as JSON.
    pub evidence: String,
}

/// A call that was refused before it was handled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// When: seconds since 1970-01-01T00:00:00Z.
    pub refused_at: i64,
    /// The verified identity that asked; empty when there was none.
    pub caller: String,
    /// The gRPC path.
    pub method: String,
    /// Why, such as "not_on_allowlist".
    pub reason: String,
}

/// A refusal as it was recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusalRecord {
    /// Unique.
    pub record_id: String,
    /// The refusal.
    pub refusal: Refusal,
}

/// What became of a refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefusalTotal {
    /// It has a record of its own.
    Recorded,
    /// The caller had its share of records in this minute; it was counted.
    Counted,
}

/// All refusals of one caller in one minute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusalsPerMinute {
    /// The caller; empty for those without a verified identity.
    pub caller: String,
    /// Seconds since 1970 divided by 60.
    pub minute: i64,
    /// How many, recorded ones included.
    pub total: u64,
}

/// A sum of lookups.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct LedgerRow {
    /// Seconds since 1970 divided by 60.
    pub minute: i64,
    /// The verified identity that asked.
    pub caller: String,
    /// The certification authority's name in the configuration; empty when no configured one was asked about.
    pub certification_authority: String,
    /// The gRPC path.
    pub method: String,
    /// The purpose's name in the proto contract.
    pub purpose: String,
    /// The outcome's name in the proto contract.
    pub outcome: String,
    /// How many.
    pub count: u64,
}

/// Writes and reads the audit log. Cheap to clone; clones share one writer.
#[derive(Debug, Clone)]
pub struct AuditLog {
    database: Database,
}

impl AuditLog {
    /// Connects and brings the schema up to this program's version.
    pub async fn open(url: &DatabaseUrl) -> Result<Self, StoreError> {
        Ok(Self {
            database: Database::open(url, Part::Audit).await?,
        })
    }

    /// Appends a record. It is committed when this returns.
    pub async fn append_check(&self, record: CheckRecord) -> Result<(), StoreError> {
        let _ = record;
        todo!()
    }

    /// Records a refusal, or counts it when the caller had its share of records in this minute.
    pub async fn append_refusal(&self, refusal: Refusal) -> Result<RefusalTotal, StoreError> {
        let _ = refusal;
        todo!()
    }

    /// Adds sums of lookups to the ledger, in one transaction.
    pub async fn flush_ledger(&self, rows: &[LedgerRow]) -> Result<(), StoreError> {
        let _ = rows;
        todo!()
    }

    /// The newest checks first, at most `limit`.
    pub async fn checks(&self, limit: u32) -> Result<Vec<CheckRecord>, StoreError> {
        let _ = limit;
        todo!()
    }

    /// One check by its identifier.
    pub async fn check(&self, record_id: &str) -> Result<Option<CheckRecord>, StoreError> {
        let _ = record_id;
        todo!()
    }

    /// The newest recorded refusals first, at most `limit`.
    pub async fn refusals(&self, limit: u32) -> Result<Vec<RefusalRecord>, StoreError> {
        let _ = limit;
        todo!()
    }

    /// The sums of refusals, newest minute first, at most `limit`.
    pub async fn refusal_totals(&self, limit: u32) -> Result<Vec<RefusalsPerMinute>, StoreError> {
        let _ = limit;
        todo!()
    }

    /// The ledger, newest minute first, at most `limit`.
    pub async fn ledger(&self, limit: u32) -> Result<Vec<LedgerRow>, StoreError> {
        let _ = limit;
        todo!()
    }

    /// Closes every connection.
    pub async fn close(&self) {
        self.database.close().await;
    }
}
