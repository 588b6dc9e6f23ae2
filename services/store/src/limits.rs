//! The limits of the store, each argued for.

use std::time::Duration;

/// A segment is cut into pieces of this size: a blob costs about four times its size in memory on its way through the
/// driver, and SQLite refuses one of 1 GB.
pub const SEGMENT_CHUNK_OCTETS: usize = 1024 * 1024;

/// The longest segment: forty million long serials take half of it. A reader asks the system for as much memory as is
/// stated beside a segment, which must not be without a bound.
pub const SEGMENT_OCTETS: u64 = 2 << 30;

/// Lists that come into force by one transaction at most: the cost of a commit is shared by then, and a statement about
/// all of them has some five hundred parameters.
pub const LISTS_TOGETHER: usize = 32;

/// Octets that may wait in SQLite's log before it is moved into its file.
pub const UNSETTLED_OCTETS: usize = 8 << 20;

/// What a transaction writes besides the lists themselves: some pages of tables and indexes.
pub const TRANSACTION_OCTETS: usize = 512 << 10;

/// Generations whose marks are kept: some hours of a nation's lists, and half a megabyte.
pub const MARKED_GENERATIONS: i64 = 10_000;

/// CRL numbers, like serial numbers, have at most 20 octets (RFC 5280 section 5.2.3).
pub const CRL_NUMBER_OCTETS: usize = 20;

/// Key identifiers are at most this long in the proto contract.
pub const KEY_IDENTIFIER_OCTETS: usize = 64;

/// Waiting longer than this for a connection means that the database cannot be used.
pub const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);

/// How long a list waits for SQLite's one writing connection. Several large ones before it on a slow disk take seconds
/// each; a disk that stands still is told after this.
pub const LISTS_PATIENCE: Duration = Duration::from_mins(2);

/// Connections that read; on PostgreSQL also those that write.
pub const READER_CONNECTIONS: u32 = 8;

/// Audit records committed by one transaction: bounds the time one caller waits for the others' records.
pub const AUDIT_BATCH_RECORDS: usize = 256;

/// The gateway's steps committed by one transaction: bounds the time one request waits for the others'.
pub const STEPS_TOGETHER: usize = 64;

/// The gateway's steps waiting for their commit. More requests than this wait in turn.
pub const STEPS_WAITING: usize = 4_096;

/// Audit records waiting for the writer. More callers than this wait in turn, which slows them and loses nothing.
pub const AUDIT_QUEUE_RECORDS: usize = 4_096;

/// Refusals of one caller in one minute that get a record of their own; the rest are counted, so that a caller who is
/// refused in a loop cannot fill the audit database.
pub const REFUSAL_RECORDS_PER_CALLER_AND_MINUTE: u64 = 20;

/// Serial links applied by one transaction: some 50 ms, for which a first use of a certificate waits.
pub const LINKS_AT_ONCE: usize = 100;

/// Between two such transactions, so that somebody else's turn comes.
pub const LINKS_PAUSE: Duration = Duration::from_millis(20);

/// The longest chain of renewals that is followed. A certificate lives five years, so 64 are beyond any lifetime; the
/// limit stops a crafted or cyclic chain.
pub const RENEWAL_CHAIN_LINKS: usize = 64;

/// Text columns hold names, references and evidence of known shape; a longer text is a defect of the caller's checks.
pub const TEXT_OCTETS: usize = 16 * 1024;

/// The file of highest numbers: some 200 octets a signer and scope, of which an authority has about 1,900 a key. A longer
/// one was not written by this program.
pub const HIGH_WATER_FILE_OCTETS: u64 = 64 << 20;
