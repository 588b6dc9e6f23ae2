//! Hashing the signed part of a list while it passes, and what a list is told apart from all others by.

use aws_lc_rs::digest::{Algorithm, Context, SHA256, SHA384, SHA512, digest};

use crate::HashAlgorithm;
use crate::crl::Crl;
use crate::crl::algorithm::declared_hash;

/// What tells a list from every other: SHA-256 over how many octets it has, which hash its signature is over, that hash
/// of its signed part, and everything behind that part.
///
/// Two lists have the same exactly if they have the same octets, as with a hash over all of them, but the hundreds of
/// megabytes are hashed once and not twice. Nothing else is in a list: tag and length in front of the signed part follow
/// from how many octets there are, because DER leaves them one form.
pub(super) fn identity(
    octets: u64,
    (hash, signed_digest): (HashAlgorithm, &[u8]),
    outer: &[u8],
) -> [u8; 32] {
    let mut context = Context::new(&SHA256);
    context.update(&octets.to_be_bytes());
    // It says how long the hash is, and so where the rest begins.
    context.update(&hash.octets().to_be_bytes());
    context.update(signed_digest);
    context.update(outer);
    let mut identity = [0; 32];
    identity.copy_from_slice(context.finish().as_ref());
    identity
}

/// The identity of a list in memory. None if its signature algorithm is none that could be verified.
pub(super) fn identity_of(crl: &Crl<'_>) -> Option<[u8; 32]> {
    let hash = declared_hash(&crl.header.signature_algorithm)?;
    let signed_digest = digest(algorithm(hash), crl.signed);
    let signed = (hash, signed_digest.as_ref());
    Some(identity(crl.octets, signed, crl.outer))
}

fn algorithm(hash: HashAlgorithm) -> &'static Algorithm {
    match hash {
        HashAlgorithm::Sha256 => &SHA256,
        HashAlgorithm::Sha384 => &SHA384,
        HashAlgorithm::Sha512 => &SHA512,
    }
}

/// The hash over `TBSCertList`. Which hash it is, its first fields say; they are kept until then.
pub(super) enum SignedHash {
    /// The octets so far.
    Waiting(Vec<u8>),
    /// The hash, and at which octet of the list it goes on.
    Running(HashAlgorithm, Box<Context>, u64),
    /// The algorithm is none that could be verified.
    Unknown,
}

impl SignedHash {
    /// Takes an octet string of the signed part, as long as the algorithm is not known.
    pub(super) fn lead(&mut self, octets: &[u8]) {
        if let Self::Waiting(lead) = self {
            lead.extend(octets);
        }
    }

    /// The algorithm was read; it ends before octet `offset` of the list.
    pub(super) fn begin(&mut self, identifier: &[u8], offset: u64) {
        let Self::Waiting(lead) = self else { return };
        *self = match declared_hash(identifier) {
            Some(hash) => {
                let mut context = Context::new(algorithm(hash));
                context.update(lead);
                Self::Running(hash, Box::new(context), offset)
            }
            None => Self::Unknown,
        };
    }

    /// Hashes what of a chunk, which begins at octet `start` of the list, is before octet `end` and
    /// was not hashed yet.
    pub(super) fn update(&mut self, chunk: &[u8], start: u64, end: u64) {
        let Self::Running(_, context, next) = self else {
            return;
        };
        let within = |offset: u64| {
            let offset = usize::try_from(offset.saturating_sub(start)).unwrap_or(usize::MAX);
            offset.min(chunk.len())
        };
        if let Some(octets) = chunk.get(within(*next)..within(end)) {
            context.update(octets);
            *next += u64::try_from(octets.len()).unwrap_or(u64::MAX);
        }
    }

    pub(super) fn finish(self) -> Option<(HashAlgorithm, Vec<u8>)> {
        match self {
            Self::Running(hash, context, _) => Some((hash, context.finish().as_ref().to_vec())),
            Self::Waiting(_) | Self::Unknown => None,
        }
    }

    /// How many octets it has room for.
    pub(super) const fn buffered(&self) -> usize {
        match self {
            Self::Waiting(lead) => lead.capacity(),
            Self::Running(..) | Self::Unknown => 0,
        }
    }
}
