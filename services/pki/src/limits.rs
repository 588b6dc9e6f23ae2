//! Limits on what comes from outside, each with the reason for its number.

/// Octets of one certificate. A JPKI leaf has 1.6 to 1.8 kB; the address it may hold has at most
/// 200 characters. Sixteen times that leaves room for any later profile and bounds the work before
/// the signature is checked.
pub const MAX_CERTIFICATE_BYTES: usize = 32 * 1024;

/// Extensions of one certificate or list. JPKI leaves have 7 or 8; finding duplicates compares
/// them pairwise, so the number stays small.
pub const MAX_EXTENSIONS: usize = 32;

/// Depth to which elements nest. The deepest of a JPKI certificate, an attribute in an extension's
/// name, is 7; a recursion of 16 cannot exhaust a stack.
pub const MAX_DER_DEPTH: usize = 16;

/// Attributes in one name. JPKI's longest, a distribution point, has 6.
pub const MAX_NAME_ATTRIBUTES: usize = 32;

/// Names in one distribution point. JPKI has one.
pub const MAX_GENERAL_NAMES: usize = 16;

/// Names in one alternative name. A JPKI signing certificate has 6; certificates of web servers with
/// a hundred are common, and nothing that we do with them takes more than linear time.
pub const MAX_ALTERNATIVE_NAMES: usize = 256;

/// Characters of the address in a signing certificate, the most that the profile of JPKI allows.
pub const MAX_ADDRESS_CHARACTERS: usize = 200;

/// Distribution points of one certificate or list. JPKI has one; PKITS has two.
pub const MAX_DISTRIBUTION_POINTS: usize = 32;

/// Bits of an RSA modulus: JPKI has 2048. Below is broken or nearly so (NIST SP 800-131A); above
/// 4096 verification costs more than a caller's request should be able to ask for.
pub const RSA_MODULUS_BITS: std::ops::RangeInclusive<usize> = 2048..=4096;

/// RSA public exponent: 65537 is the least that NIST SP 800-56B allows and what JPKI has. The upper
/// end is what both signature implementations compute with.
pub const RSA_EXPONENT: std::ops::RangeInclusive<u64> = 65_537..=(1 << 33) - 1;

/// Octets of one revocation list. Some forty million entries of the signing authority (all its
/// movers and renewals of five years) at 38 octets each; beyond that somebody is filling a disk.
pub const MAX_CRL_BYTES: u64 = 1536 * 1024 * 1024;

/// Entries of one revocation list; see [`MAX_CRL_BYTES`]. An entry takes 32 octets in memory.
pub const MAX_CRL_ENTRIES: u64 = 40_000_000;

/// Octets of a revocation list without its entries: names, times, extensions and the signature.
/// PKITS's longest have less than 1 kB, JPKI's about as much. A streaming reader holds this much.
pub const MAX_CRL_FRAME_BYTES: usize = 64 * 1024;

/// Octets of one entry of a revocation list. One has 20 to 60; the longest, which names another
/// issuer in every form there is, a few hundred. A streaming reader holds one entry.
pub const MAX_CRL_ENTRY_BYTES: usize = 16 * 1024;

/// Octets that a streaming reader of a list has room for: the frame in its parts and again until its
/// hash is known, each in a buffer grown to at most twice its size; the element being read; and the
/// signature. A service reads a handful of lists at a time.
pub const MAX_CRL_WALKER_BYTES: usize = 6 * MAX_CRL_FRAME_BYTES;

/// How far an issuer's clock may be ahead of ours: a list issued this many seconds in the future is
/// current. More would let a wrong clock here make a list of tomorrow prove something today.
pub const CLOCK_TOLERANCE_SECS: i64 = 300;
