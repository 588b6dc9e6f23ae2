//! The words of the audit log.

/// One check of a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckRecord {
    /// Unique; a UUID made by the caller, who may put it into the answer.
    pub record_id: String,
    /// When: seconds since 1970-01-01T00:00:00Z.
    pub recorded_at: i64,
    /// The verified identity that asked.
    pub caller: String,
    /// The gRPC path, such as "/akashi.signing.v1.SigningCertificateService/CheckSigningCertificate".
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
    /// The outcome, such as "good" or "unknown_stale".
    pub outcome: String,
    /// How many.
    pub count: u64,
}
