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

/// Bits of an RSA modulus on cards and of their authorities: JPKI has 2048. Below is broken or nearly so
/// (NIST SP 800-131A); above 4096 verification costs more than a caller's request should be able to ask
/// for.
pub const RSA_MODULUS_BITS: std::ops::RangeInclusive<usize> = 2048..=4096;

/// Bits of an RSA modulus anywhere else. The upper end is what both signature implementations compute
/// with; the work grows with the square, to sixteen times that of 2048 bits.
pub const GENERIC_RSA_MODULUS_BITS: std::ops::RangeInclusive<usize> = 2048..=8192;

/// RSA public exponent: 65537 is the least that NIST SP 800-56B allows and what JPKI has. The upper
/// end is what both signature implementations compute with.
pub const RSA_EXPONENT: std::ops::RangeInclusive<u64> = 65_537..=(1 << 33) - 1;

/// Octets of one revocation list. Some forty million entries of the signing authority (all its
/// movers and renewals of five years) at 38 octets each; beyond that somebody is filling a disk.
pub const MAX_CRL_BYTES: u64 = 1536 * 1024 * 1024;

/// Entries of one revocation list; see [`MAX_CRL_BYTES`]. An entry takes 32 octets in memory.
pub const MAX_CRL_ENTRIES: u64 = 40_000_000;

/// How far an issuer's clock may be ahead of ours: a list issued this many seconds in the future is
/// current. More would let a wrong clock here make a list of tomorrow prove something today.
pub const CLOCK_TOLERANCE_SECS: i64 = 300;
