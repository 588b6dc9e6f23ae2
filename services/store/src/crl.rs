//! The words that the writer and the readers of lists share.

use crate::error::StoreError;

/// Where lists of one certification authority come from: one entry of crl-sync's configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceRegistration {
    /// The source's name in the configuration.
    pub source: String,
    /// The certification authority's name in the configuration.
    pub certification_authority: String,
    /// The scope it is configured for: empty for the full list, `None` for whatever it delivers.
    pub expected_scope_key: Option<Vec<u8>>,
    /// Its place in the configuration.
    pub ordinal: i64,
}

/// What is known of one verified list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SegmentFacts {
    /// The source's name in the configuration.
    pub source: String,
    /// The certification authority's name in the configuration.
    pub certification_authority: String,
    /// subjectKeyIdentifier of the key whose signature on the list was verified.
    pub signer_key_id: Vec<u8>,
    /// Canonical octets of the list's scope; empty for a full list.
    pub scope_key: Vec<u8>,
    /// DistributionPointName of the list's issuing distribution point, DER; empty for a full list.
    pub issuing_distribution_point: Vec<u8>,
    /// cRLNumber, unsigned big-endian without leading zero octets: 1 to 20 octets.
    pub crl_number: Vec<u8>,
    /// thisUpdate: seconds since 1970-01-01T00:00:00Z.
    pub this_update: i64,
    /// nextUpdate: seconds since 1970-01-01T00:00:00Z.
    pub next_update: i64,
    /// The list's identity, as it was verified (`pki::CrlFacts::identity`).
    pub crl_sha256: [u8; 32],
    /// Number of revoked certificates.
    pub entry_count: i64,
}

/// The list in force of one source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CurrentSegment {
    /// The generation that this list became part of the data with. Identifies the segment together with its source.
    pub generation: u64,
    /// What is known of it.
    pub facts: SegmentFacts,
    /// Length of the serialised segment.
    pub octets: u64,
    /// SHA-256 of it, checked whenever it is read.
    pub(crate) segment_sha256: [u8; 32],
    pub(crate) chunks: i64,
    /// Certificates that left the list and count as revoked until an operator accepts that they left.
    pub held: Option<HeldRemovals>,
    /// What the newest delta list to it says.
    pub delta: Option<DeltaSegment>,
}

/// What a source was seen to have in force, on the condition of which it may be changed. All zero: nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Seen {
    /// The generation of its list.
    pub generation: u64,
    /// The number of the segment that is held.
    pub held: u64,
    /// The number of the delta list's segment.
    pub delta: u64,
}

impl CurrentSegment {
    /// What a change may be made conditional on.
    pub fn seen(&self) -> Seen {
        Seen {
            generation: self.generation,
            held: self.held.as_ref().map_or(0, |held| held.segment.stored),
            delta: self.delta.as_ref().map_or(0, |delta| delta.segment.stored),
        }
    }
}

/// Certificates that were revoked since a list, as a delta list to it says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeltaSegment {
    /// BaseCRLNumber: it changes lists from this number on. Unsigned big-endian without leading zero octets.
    pub base_number: Vec<u8>,
    /// Its cRLNumber, which is above that of the list it changes. Unsigned big-endian without leading zero octets.
    pub crl_number: Vec<u8>,
    /// thisUpdate: seconds since 1970-01-01T00:00:00Z.
    pub this_update: i64,
    /// nextUpdate: seconds since 1970-01-01T00:00:00Z.
    pub next_update: i64,
    /// The delta list's identity, as it was verified (`pki::CrlFacts::identity`).
    pub crl_sha256: [u8; 32],
    /// The certificates.
    pub segment: StoredSegment,
}

/// Certificates that left a list, too many at once to be believed without a look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldRemovals {
    /// thisUpdate of the first list that they were missing from.
    pub since: i64,
    /// Their segment.
    pub segment: StoredSegment,
}

/// A segment beside those of the lists in force.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct StoredSegment {
    /// Its number, which is never used for another one.
    pub stored: u64,
    /// How many certificates it holds.
    pub entry_count: u64,
    /// Length of the serialised segment.
    pub octets: u64,
    pub(crate) segment_sha256: [u8; 32],
    pub(crate) chunks: i64,
}

/// The highest number ever accepted from one signer for one scope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HighWater {
    /// cRLNumber, unsigned big-endian without leading zero octets.
    pub crl_number: Vec<u8>,
    /// thisUpdate of that list.
    pub this_update: i64,
    /// The identity of that list (`pki::CrlFacts::identity`); zeros: it was stored by a version of this program that told
    /// lists apart otherwise.
    pub crl_sha256: [u8; 32],
}

impl HighWater {
    /// Whether it is certain that the list with this number is another one than that of this identity. Of a list that an
    /// earlier version of this program stored nobody knows: its number counts, and it may come again as any list of that
    /// number that its issuer signed, once.
    pub fn is_known_to_differ_from(&self, identity: &[u8; 32]) -> bool {
        self.crl_sha256 != [0; 32] && self.crl_sha256 != *identity
    }
}

/// How an attempt to refresh a source ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AttemptOutcome<'a> {
    /// A new list was accepted.
    Accepted,
    /// The source still has the list in force.
    Unchanged,
    /// A list was fetched and refused by this rule.
    Refused {
        /// The rule's name, such as "number_not_rising".
        rule: &'a str,
    },
    /// Nothing usable was fetched.
    Failed {
        /// The rule's name, such as "timeout".
        rule: &'a str,
    },
}

/// Counters that tell a replica whether anything changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Feed {
    /// Rises with every change of the lists in force or their registration.
    pub generation: u64,
    /// Rises with every recorded attempt.
    pub attempts: u64,
    /// Random, and another one for each generation: tells apart what a store was and what a restored copy of it became.
    pub mark: i64,
}

/// Everything there is to serve, read at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Manifest {
    /// The counters at that moment.
    pub feed: Feed,
    /// Every registered source, in the order of the configuration.
    pub sources: Vec<SourceState>,
}

/// What changed since a reader looked last, read at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changes {
    /// The counters at that moment.
    pub feed: Feed,
    /// Whether `sources` are all there are, and what was read before is void: sources came or went, or the store was
    /// restored from an older copy.
    pub whole: bool,
    /// The sources that changed, in the order of the configuration.
    pub sources: Vec<SourceState>,
}

/// One registered source and its list in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceState {
    /// The registration.
    pub registration: SourceRegistration,
    /// The list in force; `None` when none was ever accepted.
    pub current: Option<CurrentSegment>,
    /// When an attempt last ended; `None`: never.
    pub last_attempt_at: Option<i64>,
    /// When the source was last accepted or found unchanged; `None`: never.
    pub last_success_at: Option<i64>,
    /// The rule that the newest attempt broke; `None`: it succeeded, or there was none.
    pub last_refusal: Option<String>,
}

/// Why a list did not come into force. Nothing was changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ApplyError {
    /// Somebody else changed the source since it was read.
    #[error("the source is at generation {found}, not {expected}")]
    GenerationMoved {
        /// The generation that was to be replaced.
        expected: u64,
        /// The generation in force.
        found: u64,
    },
    /// The number is not above the highest accepted one (RFC 5280 section 5.2.3): an old list, or another list with
    /// the same number.
    #[error("the CRL number does not rise above the highest accepted one")]
    NumberNotRising {
        /// The number of the list offered, unsigned big-endian.
        offered: Vec<u8>,
        /// The highest number accepted, unsigned big-endian.
        highest: Vec<u8>,
    },
    /// A higher number with an older thisUpdate: an issuer's lists never do this.
    #[error("thisUpdate {offered} is before {newest} of the newest accepted list")]
    ThisUpdateFalling {
        /// thisUpdate of the list offered.
        offered: i64,
        /// thisUpdate of the newest accepted list.
        newest: i64,
    },
    /// The source is not registered for this certification authority.
    #[error("the source is not registered")]
    NotRegistered,
    /// The database failed or the facts are unusable.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl ApplyError {
    /// The broken rule's name.
    pub fn rule(&self) -> &'static str {
        match self {
            Self::GenerationMoved { .. } => "generation_moved",
            Self::NumberNotRising { .. } => "number_not_rising",
            Self::ThisUpdateFalling { .. } => "this_update_falling",
            Self::NotRegistered => "source_not_registered",
            Self::Store(_) => "store",
        }
    }
}
