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

/// Octets of a list's chunks that wait to be hashed by another thread when no more are taken: some hundred microseconds of
/// hashing, which is longer than it takes to wake a thread, and little enough to be in a cache still.
pub const CRL_HASHING_WAITING_OCTETS: usize = 1024 * 1024;

/// How far an issuer's clock may be ahead of ours: a list issued this many seconds in the future is
/// current. More would let a wrong clock here make a list of tomorrow prove something today.
pub const CLOCK_TOLERANCE_SECS: i64 = 300;

/// Octets of one certificate of any kind. A certificate of a web server with a hundred names has
/// 5 kB, one with post-quantum keys and signatures 20 kB; reading takes linear time.
pub const MAX_PATH_CERTIFICATE_BYTES: usize = 128 * 1024;

/// Certificates between an anchor and the certificate asked about. Real hierarchies have 1 to 4,
/// NIST's test suite 8.
pub const MAX_PATH_LENGTH: usize = 20;

/// Intermediates given with one question. Browsers' whole stores of them have about two thousand.
pub const MAX_INTERMEDIATES: usize = 2048;

/// Lists given with one question: JPKI has about 1,900 partitions an authority, for two of them.
pub const MAX_CRLS: usize = 4096;

/// Policies of one certificate, and pairs of its policy mappings. Cross certificates between whole
/// hierarchies have a few dozen; a level of the policy graph grows by as much.
pub const MAX_POLICIES: usize = 128;

/// Subtrees in one list of name constraints. Each is compared with each name, see
/// [`MAX_NAME_COMPARISONS`].
pub const MAX_SUBTREES: usize = 1024;

/// Comparisons of names of up to 256 octets with subtrees in one question, some 50 ns each: 250,000
/// take about 10 ms.
pub const MAX_NAME_COMPARISONS: u32 = 250_000;

/// Certificates put on a path, and walked over, in one question. NIST's longest search needs 40; a
/// hostile mesh would need more than there are atoms.
pub const MAX_PATH_STEPS: u32 = 20_000;

/// Signatures checked in one question, at 15 to 150 microseconds each: at most 40 ms with RSA-2048.
/// A path of full length needs 20 and as many for lists; each pair is checked once.
pub const MAX_SIGNATURE_CHECKS: u32 = 256;

/// Comparisons of lists with a certificate's distribution points in one question, some 50 ns each. A
/// path of full length with all lists that may be given takes 82,000, and as many again for the path
/// to a separate issuer of lists.
pub const MAX_LIST_COMPARISONS: u32 = 500_000;

/// Lists read to the end in one question, each once for a certificate. A path of full length takes
/// 20, or a few times that where lists are for some reasons only and have delta lists.
pub const MAX_LIST_READINGS: u32 = 1024;

/// Nodes of the policy graph that are compared and copied in one question, some 50 ns each. A path
/// whose certificates all have the most policies takes 350,000.
pub const MAX_POLICY_NODES: u32 = 1_000_000;

/// How many issuers of lists may vouch for each other in a chain. NIST's test suite needs 2.
pub const MAX_CRL_ISSUER_DEPTH: usize = 4;

/// Octets of one OCSP response. One answer with a nonce, an RSA signature and the responder's
/// certificate takes 2 to 3 kB; a chain that comes along unasked may take some more.
pub const MAX_OCSP_RESPONSE_BYTES: usize = 64 * 1024;

/// Answers in one OCSP response. A request asks about one certificate (RFC 5019 section 2.1.1);
/// responders that sign in advance may put a few together.
pub const MAX_OCSP_ANSWERS: usize = 16;

/// Certificates in one OCSP response. One is needed, the responder's. Each may cost two signature
/// checks, so whoever answers can ask for no more than sixteen.
pub const MAX_OCSP_CERTIFICATES: usize = 8;

/// Octets of a nonce of OCSP (RFC 9654 section 2.1).
pub const MAX_OCSP_NONCE_BYTES: usize = 128;

/// Octets of one OCSP request. One question takes 80 to 250; an agency's signature of 512 and its chain of
/// two or three certificates some 6 kB.
pub const MAX_OCSP_REQUEST_BYTES: usize = 16 * 1024;
