//! Hashing the signed part of a list while it passes, and what a list is told apart from all others by.

mod queue;

use aws_lc_rs::digest::{Algorithm, Context, SHA256, SHA384, SHA512, digest};

use crate::HashAlgorithm;
use crate::crl::algorithm::declared_hash;
use crate::crl::{Crl, CrlError};
pub use queue::HashingTurn;
use queue::{Chunk, HashingQueue};

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
    Running(Running),
    /// Chunks are hashed by another thread, or wait for it.
    Shared(HashingQueue),
    /// The algorithm is none that could be verified.
    Unknown,
    /// The other thread panicked while it hashed a chunk.
    Lost,
}

/// A hash that goes on.
pub(super) struct Running {
    hash: HashAlgorithm,
    context: Box<Context>,
    /// At which octet of the list it goes on.
    next: u64,
}

impl Running {
    /// Hashes what of a chunk, which begins at octet `start` of the list, is before octet `end` and was not hashed yet.
    fn update(&mut self, chunk: &[u8], start: u64, end: u64) {
        let within = |offset: u64| {
            let offset = usize::try_from(offset.saturating_sub(start)).unwrap_or(usize::MAX);
            offset.min(chunk.len())
        };
        if let Some(octets) = chunk.get(within(self.next)..within(end)) {
            self.context.update(octets);
            self.next += u64::try_from(octets.len()).unwrap_or(u64::MAX);
        }
    }
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
                Self::Running(Running {
                    hash,
                    context: Box::new(context),
                    next: offset,
                })
            }
            None => Self::Unknown,
        };
    }

    /// Hashes what of a chunk, which begins at octet `start` of the list, is before octet `end` and
    /// was not hashed yet.
    pub(super) fn update(&mut self, chunk: &[u8], start: u64, end: u64) {
        self.take_back();
        if let Self::Running(hash) = self {
            hash.update(chunk, start, end);
        }
    }

    /// The same by another thread, for which `beside` gets a turn if none has one. False: nothing was handed over, because
    /// no thread is at it or it is not known yet which hash it is.
    pub(super) fn update_beside(
        &mut self,
        chunk: impl AsRef<[u8]> + Send + 'static,
        (start, end): (u64, u64),
        beside: impl FnOnce(HashingTurn),
    ) -> bool {
        *self = match std::mem::replace(self, Self::Lost) {
            Self::Running(hash) => Self::Shared(HashingQueue::new(hash)),
            other => other,
        };
        let Self::Shared(queue) = self else {
            return false;
        };
        queue.push(Chunk::new(chunk, start, end), beside)
    }

    /// Takes the hash back from the other thread with all that it was given, if one was given something.
    fn take_back(&mut self) {
        if matches!(self, Self::Shared(_))
            && let Self::Shared(queue) = std::mem::replace(self, Self::Lost)
            && let Some(hash) = queue.finish()
        {
            *self = Self::Running(hash);
        }
    }

    /// The hash; `None` if the algorithm is none that could be verified.
    pub(super) fn finish(mut self) -> Result<Option<(HashAlgorithm, Vec<u8>)>, CrlError> {
        self.take_back();
        match self {
            Self::Running(Running { hash, context, .. }) => {
                Ok(Some((hash, context.finish().as_ref().to_vec())))
            }
            Self::Waiting(_) | Self::Unknown => Ok(None),
            Self::Shared(_) | Self::Lost => Err(CrlError::HashingInterrupted),
        }
    }

    /// How many octets it has room for, besides the chunks that another thread was given.
    pub(super) const fn buffered(&self) -> usize {
        match self {
            Self::Waiting(lead) => lead.capacity(),
            Self::Running(..) | Self::Shared(_) | Self::Unknown | Self::Lost => 0,
        }
    }
}
