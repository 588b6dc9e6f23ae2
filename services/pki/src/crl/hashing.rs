//! Hashing the signed part of a list while it passes.

use aws_lc_rs::digest::{Context, SHA256, SHA384, SHA512};

use crate::HashAlgorithm;
use crate::crl::algorithm::declared_hash;

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
    pub(super) fn begin(&mut self, algorithm: &[u8], offset: u64) {
        let Self::Waiting(lead) = self else { return };
        *self = match declared_hash(algorithm) {
            Some(hash) => {
                let mut context = Context::new(match hash {
                    HashAlgorithm::Sha256 => &SHA256,
                    HashAlgorithm::Sha384 => &SHA384,
                    HashAlgorithm::Sha512 => &SHA512,
                });
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
