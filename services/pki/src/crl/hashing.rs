//! Hashing the signed part of a list while it passes, and what a list is told apart from all others by.

use std::sync::mpsc::{Receiver, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};

use aws_lc_rs::digest::{Algorithm, Context, SHA256, SHA384, SHA512, digest};

use crate::HashAlgorithm;
use crate::crl::algorithm::declared_hash;
use crate::crl::{Crl, CrlError};

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

/// Hashing of one chunk. Whoever asked for it does it, if it has not begun when the hash is needed. A panic in it has the
/// list refused with [`CrlError::HashingInterrupted`].
pub type HashingWork = Box<dyn FnOnce() + Send>;

/// The hash over `TBSCertList`. Which hash it is, its first fields say; they are kept until then.
pub(super) enum SignedHash {
    /// The octets so far.
    Waiting(Vec<u8>),
    /// The hash, and at which octet of the list it goes on.
    Running(HashAlgorithm, Box<Context>, u64),
    /// A chunk is to be hashed by whoever comes first.
    Shared(SharedChunk),
    /// The algorithm is none that could be verified.
    Unknown,
    /// The other thread panicked while it hashed a chunk.
    Lost,
}

/// A chunk that another thread was asked to hash.
pub(super) struct SharedChunk {
    /// The work, until somebody has begun it.
    work: Arc<Mutex<Option<ChunkWork>>>,
    /// The hash, from the other thread.
    done: Receiver<SignedHash>,
}

type ChunkWork = Box<dyn FnOnce() -> SignedHash + Send>;

fn begin(work: &Mutex<Option<ChunkWork>>) -> Option<ChunkWork> {
    work.lock().unwrap_or_else(PoisonError::into_inner).take()
}

impl SharedChunk {
    /// The work, and what is to be done on the other thread.
    fn new(work: ChunkWork) -> (Self, HashingWork) {
        let (tell, done) = sync_channel(1);
        let work = Arc::new(Mutex::new(Some(work)));
        let shared = Arc::clone(&work);
        let beside = move || {
            if let Some(work) = begin(&shared) {
                // Who does not await it has found something wrong with the list.
                let _ = tell.send(work());
            }
        };
        (Self { work, done }, Box::new(beside))
    }

    /// The hash with this chunk. Nobody waits for a thread that has not begun: it may be long in coming.
    fn finish(self) -> SignedHash {
        match begin(&self.work) {
            Some(work) => work(),
            None => self.done.recv().unwrap_or(SignedHash::Lost),
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
                Self::Running(hash, Box::new(context), offset)
            }
            None => Self::Unknown,
        };
    }

    /// Hashes what of a chunk, which begins at octet `start` of the list, is before octet `end` and
    /// was not hashed yet.
    pub(super) fn update(&mut self, chunk: &[u8], start: u64, end: u64) {
        self.take_back();
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

    /// The same, handed to `beside` as work for another thread. False: nothing was, because it is not known yet which hash
    /// it is.
    pub(super) fn update_beside(
        &mut self,
        chunk: impl AsRef<[u8]> + Send + 'static,
        (start, end): (u64, u64),
        beside: impl FnOnce(HashingWork),
    ) -> bool {
        self.take_back();
        if !matches!(self, Self::Running(..)) {
            return false;
        }
        let mut hash = std::mem::replace(self, Self::Lost);
        // The chunk is let go with it: whoever takes the hash back may want to use its memory again.
        let work = move || {
            hash.update(chunk.as_ref(), start, end);
            hash
        };
        let (shared, work) = SharedChunk::new(Box::new(work));
        *self = Self::Shared(shared);
        beside(work);
        true
    }

    /// Takes the hash back with the chunk that another thread was asked to hash, if one was.
    fn take_back(&mut self) {
        if matches!(self, Self::Shared(_))
            && let Self::Shared(shared) = std::mem::replace(self, Self::Lost)
        {
            *self = shared.finish();
        }
    }

    /// The hash; `None` if the algorithm is none that could be verified.
    pub(super) fn finish(mut self) -> Result<Option<(HashAlgorithm, Vec<u8>)>, CrlError> {
        self.take_back();
        match self {
            Self::Running(hash, context, _) => Ok(Some((hash, context.finish().as_ref().to_vec()))),
            Self::Waiting(_) | Self::Unknown => Ok(None),
            Self::Shared(_) | Self::Lost => Err(CrlError::HashingInterrupted),
        }
    }

    /// How many octets it has room for.
    pub(super) const fn buffered(&self) -> usize {
        match self {
            Self::Waiting(lead) => lead.capacity(),
            Self::Running(..) | Self::Shared(_) | Self::Unknown | Self::Lost => 0,
        }
    }
}
