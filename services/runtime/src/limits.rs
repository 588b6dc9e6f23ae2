//! Every limit on what comes from outside, each with the reason for its number.

use std::time::Duration;

/// A TLS handshake takes two round trips and a fraction of a millisecond of work; a client that needs
/// longer holds a slot for nothing.
pub const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(5);

/// Connections one serving thread holds at once. A connection costs some 50 KB with its buffers: about
/// 50 MB a thread at the limit.
pub const CONNECTIONS_PER_THREAD: usize = 1024;

/// Streams a client may have open on one connection; load tests use 64, four times that is room.
pub const STREAMS_PER_CONNECTION: u32 = 256;

/// The largest request: a signed message of 64 KiB with its certificate, signature and framing.
pub const REQUEST_OCTETS: usize = 96 * 1024;

/// The largest header list: our requests need less than 1 KiB.
pub const HEADER_LIST_OCTETS: u32 = 8 * 1024;

/// How often a silent connection is probed, and how long its answer may take.
pub const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(30);
/// How long a probed connection may stay silent.
pub const KEEPALIVE_TIMEOUT: Duration = Duration::from_secs(10);

/// How often a serving thread's own timer is due: deadlines that are further away cost no system call.
pub const PULSE: Duration = Duration::from_millis(100);

/// How long connecting to another service may take, TLS included.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

/// A configuration file is a few kilobytes; the longest is crl-sync's where it names the lists of every municipality: 3,800
/// sources of some 500 octets, most of which are their distribution points.
pub const CONFIG_FILE_OCTETS: u64 = 8 * 1024 * 1024;

/// A PEM file holds a chain or a bundle of authorities.
pub const PEM_FILE_OCTETS: u64 = 1024 * 1024;
