//! Every limit on what comes from outside, each with the reason for its number.

/// Redirects followed for one fetch. A source moves once; three leave room for a move and a balancer, and none lead in
/// circles for long.
pub(crate) const REDIRECTS: usize = 3;

/// An `ETag` or `Last-Modified` longer than this is not sent back: real ones have some forty octets.
pub(crate) const VALIDATOR_OCTETS: usize = 512;

/// The largest list or links file unless a source says otherwise: some 1.5 million revoked certificates.
pub(crate) const DEFAULT_MAX_BYTES: u64 = 64 * 1024 * 1024;

/// How often a list is planned anew because somebody else changed its source meanwhile. Only another crl-sync on the
/// same database does, so once is rare and three times is a fault.
pub(crate) const APPLY_TRIES: usize = 3;

/// Lists that wait for their commit beside those that are being fetched may have so many kilobytes together: some hundred
/// municipalities' lists. A larger one keeps its place among those that are being fetched while it waits.
pub(crate) const WAITING_KILOBYTES: usize = 16 * 1024;

/// Octets of lists that come into force in one transaction, unless one alone has more: others need not wait for it.
pub(crate) const COMMITTED_OCTETS: usize = 8 << 20;

/// Renewals in one file of serial links; some sixteen million certificates are renewed in a busy year.
pub(crate) const SERIAL_LINKS: usize = 20_000_000;

/// Pieces of a body that wait to be read. A piece is what the network gave at once, at most some 400 kB: enough for
/// fetching and reading to go on side by side, and a few megabytes at most.
pub(crate) const QUEUED_PIECES: usize = 8;

/// How often a transfer that was cut off is continued. A network that drops more is better asked again later.
pub(crate) const RESUMES: u32 = 4;

/// Before the first continuation; doubles with each. Whatever cut the transfer needs a moment to come back.
pub(crate) const RESUME_PAUSE: std::time::Duration = std::time::Duration::from_millis(250);

/// Octets of a file that are read at once: few enough that they are still in a core's cache when they were read and are
/// hashed.
pub(crate) const FILE_PIECE_OCTETS: usize = 128 * 1024;

/// Pieces of a file whose memory is used in turns: one that is read, one that is hashed beside, and those that may wait for
/// that.
pub(crate) const FILE_PIECES: usize =
    2 + pki::limits::CRL_HASHING_WAITING_OCTETS / FILE_PIECE_OCTETS;

/// From so many octets of a list on another thread hashes it while it is read, and an index of so many while it is stored.
/// What is smaller is done before a thread would be awake.
pub(crate) const SHARED_FROM_OCTETS: usize = 512 * 1024;

/// How long a thread that hashes beside waits for more before it gives its core back: many times what waking it costs.
pub(crate) const HASHING_PATIENCE: std::time::Duration = std::time::Duration::from_millis(1);

/// Files that a folder of lists may have at most: ten times as many as both authorities have municipalities, every key
/// generation's lists and their delta lists.
pub(crate) const FOLDER_FILES: usize = 100_000;

/// The largest list from a directory: what LDAP sends is one message, which is held about three times while it is read.
/// Some 400,000 revoked certificates; the lists of municipalities have a hundredth of that.
pub(crate) const LDAP_MAX_BYTES: u64 = 16 * 1024 * 1024;

/// What the messages of a directory may have around the list: names, results, notices.
pub(crate) const LDAP_FRAME_OCTETS: u64 = 64 * 1024;

/// Octets of a file with certificates in PEM; a bundle of the public authorities has 220 kB.
pub(crate) const PEM_FILE_OCTETS: u64 = 1024 * 1024;
