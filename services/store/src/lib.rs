//! Everything Akashi keeps: the only crate that contains SQL.
//!
//! Each *authority* is one part of the data with its own migrations, opened from its own URL, so that a role of the
//! service holds no more power over the data than it needs: [`CrlWriter`] (crl-sync), [`CrlReader`]
//! (revocation-lookup), [`AuditLog`], [`HolderLinks`] and [`GatewayState`]. A URL names a SQLite file or a PostgreSQL
//! role with its own schema; the same SQL text runs on both, and `dialect.rs` is the one file in which they differ.

mod audit;
mod audit_records;
mod audit_writer;
mod columns;
mod crl;
mod crl_apply;
mod crl_delta;
mod crl_departures;
mod crl_feed;
mod crl_group;
mod crl_hints;
mod crl_history;
mod crl_manifest;
mod crl_originals;
mod crl_reader;
mod crl_rows;
mod crl_sources;
mod crl_upkeep;
mod crl_writer;
mod database;
mod database_url;
mod dialect;
mod error;
mod gateway_state;
mod hashed_segment;
mod high_water;
mod high_water_file;
mod holder_chain;
mod holder_links;
pub mod limits;
mod migrations;
mod segment_pieces;
mod serial_links;
mod several;
mod worker_lease;

pub use audit::AuditLog;
pub use audit_records::{
    CheckRecord, LedgerRow, Refusal, RefusalRecord, RefusalTotal, RefusalsPerMinute,
};
pub use crl::{
    ApplyError, AttemptOutcome, Changes, CurrentSegment, DeltaSegment, Feed, HeldRemovals,
    HighWater, Manifest, Seen, SegmentFacts, SourceRegistration, SourceState, StoredSegment,
};
pub use crl_apply::{Departures, NewHeld, NewSegment, Replacement};
pub use crl_delta::NewDelta;
pub use crl_departures::{AcceptError, AcceptedRemovals, RecentDepartures, RemovalDecision};
pub use crl_hints::ListHints;
pub use crl_history::{PastList, PastScope};
pub use crl_originals::{NewOriginal, Original};
pub use crl_reader::CrlReader;
pub use crl_writer::CrlWriter;
pub use database_url::{DatabaseUrl, DatabaseUrlError};
pub use error::{DriverError, StoreError};
pub use gateway_state::*;
pub use hashed_segment::HashedSegment;
pub use high_water_file::{HighWaterFile, HighWaterFileError, ListSeries, NotKept};
pub use holder_links::{
    AppliedLinks, ApplyLinksError, HeldLink, HolderKey, HolderLinks, HolderOrigin,
    HolderResolution, SerialHash, SerialLink, serial_hash,
};
pub use segment_pieces::{Piece, SegmentPieces};
pub use worker_lease::WorkerLease;
