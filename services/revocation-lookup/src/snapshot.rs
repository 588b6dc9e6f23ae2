//! What is served: every list in force, arranged for the decision, immutable and swapped as a whole.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use arc_swap::ArcSwap;
use foldhash::HashMap;
use index::{Hit, Packed, Segment};
use pki::{CertificationAuthority, KeyIdentifier, UnixTime};
use runtime::ServeError;
use runtime::config::ConfigError;
use store::{Feed, SourceState, StoredSegment};

use crate::anywhere::Anywhere;
use crate::config::Config;
use crate::decide::Rules;

/// Certificates that are revoked besides those on a list.
#[derive(Clone)]
pub(crate) struct Beside {
    /// What the store says of the segment.
    pub(crate) stored: StoredSegment,
    pub(crate) segment: Segment,
}

/// A delta list: who was revoked since the list that it changes.
#[derive(Clone)]
pub(crate) struct Delta {
    /// Unsigned big-endian; above the list's.
    pub(crate) crl_number: Vec<u8>,
    pub(crate) this_update: UnixTime,
    pub(crate) next_update: UnixTime,
    pub(crate) revoked: Beside,
}

/// One verified list. Cloning shares the segments.
#[derive(Clone)]
pub(crate) struct List {
    pub(crate) source: String,
    /// The store's generation that it came into force with.
    pub(crate) generation: u64,
    pub(crate) certification_authority: String,
    pub(crate) signer_key_id: KeyIdentifier,
    /// Empty: a full list.
    pub(crate) scope_key: Vec<u8>,
    /// DistributionPointName, DER; empty: a full list.
    pub(crate) issuing_distribution_point: Vec<u8>,
    /// Unsigned big-endian.
    pub(crate) crl_number: Vec<u8>,
    /// The list's identity, as it was verified.
    pub(crate) crl_sha256: [u8; 32],
    pub(crate) this_update: UnixTime,
    pub(crate) next_update: UnixTime,
    pub(crate) segment: Segment,
    /// What the newest delta list to it says.
    pub(crate) delta: Option<Delta>,
    /// Those that left the list, too many at once to be believed, until an operator decides. None of them is on it.
    pub(crate) held: Option<Beside>,
    /// A newer list was accepted and cannot be read here, or is no longer in a store that was restored from an older
    /// copy. This one still proves a revocation, and nothing else.
    pub(crate) superseded: bool,
}

impl List {
    /// What the list says of a certificate. Its delta list is newer and speaks first.
    pub(crate) fn lookup(&self, serial: &[u8]) -> Option<Hit> {
        let beside = |beside: Option<&Beside>| beside?.segment.lookup(serial);
        beside(self.delta.as_ref().map(|delta| &delta.revoked))
            .or_else(|| self.segment.lookup(serial))
            .or_else(|| beside(self.held.as_ref()))
    }

    /// What the list says of many certificates: positions among them, in order within each of its parts. A certificate
    /// that several parts name is told once for each, the part that counts last.
    pub(crate) fn lookup_batch(&self, serials: Packed<'_>, mut on_hit: impl FnMut(usize, Hit)) {
        self.segment.lookup_batch(serials, &mut on_hit);
        if let Some(held) = &self.held {
            held.segment.lookup_batch(serials, &mut on_hit);
        }
        if let Some(delta) = &self.delta {
            delta.revoked.segment.lookup_batch(serials, on_hit);
        }
    }

    /// Whether there is more to it than its own segment.
    pub(crate) fn has_parts(&self) -> bool {
        self.held.is_some() || self.delta.is_some()
    }

    /// thisUpdate of the newest that is known: of the delta list while that is current.
    pub(crate) fn newest_this_update(&self, now: UnixTime) -> UnixTime {
        let current = self.delta.as_ref().filter(|delta| now < delta.next_update);
        current.map_or(self.this_update, |delta| {
            delta.this_update.max(self.this_update)
        })
    }

    /// The segments of all its parts.
    pub(crate) fn segments(&self) -> impl Iterator<Item = &Segment> {
        let delta = self.delta.iter().map(|delta| &delta.revoked.segment);
        let held = self.held.iter().map(|held| &held.segment);
        std::iter::once(&self.segment).chain(delta).chain(held)
    }

    /// thisUpdate of the list or of its delta list, whichever is newer.
    pub(crate) fn newest_of_all(&self) -> UnixTime {
        let delta = self.delta.as_ref().map(|delta| delta.this_update);
        delta.map_or(self.this_update, |delta| delta.max(self.this_update))
    }

    /// How many certificates are held.
    pub(crate) fn held_count(&self) -> usize {
        self.held.as_ref().map_or(0, |held| held.segment.len())
    }
}

/// A registered source and the list that is served from it.
pub(crate) struct Source {
    pub(crate) state: Arc<SourceState>,
    pub(crate) list: Option<Arc<List>>,
}

/// The lists of one authority.
#[derive(Default)]
pub(crate) struct AuthorityLists {
    by_signer: HashMap<KeyIdentifier, SignerLists>,
    /// Every partition that lists are expected for.
    partitions: BTreeSet<Vec<u8>>,
    /// A source may deliver whatever it likes, so nobody knows which partitions there are.
    open_ended: bool,
    /// In the order of crl-sync's configuration.
    pub(crate) sources: Vec<Source>,
}

/// The lists signed by one key.
#[derive(Default)]
pub(crate) struct SignerLists {
    pub(crate) full: Vec<Arc<List>>,
    pub(crate) partitions: HashMap<Vec<u8>, Vec<Arc<List>>>,
    /// The same arranged for certificates whose partition nobody named.
    pub(crate) anywhere: Anywhere,
}

impl AuthorityLists {
    pub(crate) fn new(sources: Vec<Source>) -> Self {
        let mut lists = Self::default();
        for source in &sources {
            match &source.state.registration.expected_scope_key {
                Some(full) if full.is_empty() => {}
                Some(partition) => drop(lists.partitions.insert(partition.clone())),
                None => lists.open_ended = true,
            }
            let Some(list) = &source.list else { continue };
            let signer = lists
                .by_signer
                .entry(list.signer_key_id.clone())
                .or_default();
            if list.scope_key.is_empty() {
                signer.full.push(list.clone());
            } else {
                let partition = signer.partitions.entry(list.scope_key.clone()).or_default();
                partition.push(list.clone());
            }
        }
        for signer in lists.by_signer.values_mut() {
            signer.anywhere = Anywhere::new(&signer.full, &signer.partitions, &lists.partitions);
        }
        lists.sources = sources;
        lists
    }

    pub(crate) fn signed_by(&self, signer: &KeyIdentifier) -> Option<&SignerLists> {
        self.by_signer.get(signer)
    }

    /// The scopes of every partition that lists are expected for; `None`: there are none, or nobody knows them all.
    pub(crate) fn partitions(&self) -> Option<&BTreeSet<Vec<u8>>> {
        (!self.open_ended && !self.partitions.is_empty()).then_some(&self.partitions)
    }
}

/// Everything that is served, at one generation.
pub(crate) struct Snapshot {
    pub(crate) feed: Feed,
    /// In the order of [`Trusted::authorities`].
    pub(crate) authorities: Vec<AuthorityLists>,
    /// thisUpdate of the newest list of all: no clock may be behind it.
    pub(crate) newest_this_update: Option<UnixTime>,
}

impl Snapshot {
    pub(crate) fn new(feed: Feed, authorities: Vec<AuthorityLists>) -> Self {
        let lists = authorities.iter().flat_map(|lists| &lists.sources);
        let newest_this_update = lists
            .filter_map(|source| source.list.as_ref())
            .map(|list| list.newest_of_all())
            .max();
        Self {
            feed,
            authorities,
            newest_this_update,
        }
    }

    /// Nothing at all, for as many authorities.
    fn empty(authorities: usize) -> Self {
        let nothing = std::iter::repeat_with(AuthorityLists::default)
            .take(authorities)
            .collect();
        Self::new(Feed::default(), nothing)
    }
}

/// The snapshot in force, and when the store last confirmed that it is the newest.
pub(crate) struct Served {
    snapshot: ArcSwap<Snapshot>,
    confirmed_at: AtomicI64,
}

const NEVER: i64 = i64::MIN;

impl Served {
    pub(crate) fn new(trusted: &Trusted) -> Self {
        Self {
            snapshot: ArcSwap::from_pointee(Snapshot::empty(trusted.authorities.len())),
            confirmed_at: AtomicI64::new(NEVER),
        }
    }

    pub(crate) fn snapshot(&self) -> arc_swap::Guard<Arc<Snapshot>> {
        self.snapshot.load()
    }

    /// The snapshot in force, with the age of its confirmation. The age is read first: one that comes between the two
    /// is of a newer snapshot, and must not vouch for the one before it.
    pub(crate) fn at(&self, now: UnixTime) -> (arc_swap::Guard<Arc<Snapshot>>, Option<i64>) {
        let feed_age = self.feed_age(now);
        (self.snapshot.load(), feed_age)
    }

    pub(crate) fn replace(&self, snapshot: Snapshot) {
        self.snapshot.store(Arc::new(snapshot));
    }

    /// Says that the snapshot in force is the newest; after it was replaced, never before.
    pub(crate) fn confirm(&self, at: UnixTime) {
        self.confirmed_at.store(at.secs(), Ordering::Release);
    }

    /// Seconds since the confirmation, negative when the clock was set back since; `None`: never confirmed.
    fn feed_age(&self, now: UnixTime) -> Option<i64> {
        let confirmed_at = self.confirmed_at.load(Ordering::Acquire);
        (confirmed_at != NEVER).then(|| now.secs().saturating_sub(confirmed_at))
    }
}

/// The configured authorities, with what is known of their keys.
pub(crate) struct Trusted {
    pub(crate) authorities: Vec<CertificationAuthority>,
    /// By place in `authorities`.
    pub(crate) rules: Vec<Rules>,
    by_key: HashMap<KeyIdentifier, usize>,
    /// Their names, and an empty one for none; shared, because every lookup is counted under one.
    names: Vec<Arc<str>>,
    no_name: Arc<str>,
}

impl Trusted {
    pub(crate) fn new(
        authorities: Vec<CertificationAuthority>,
        config: &Config,
    ) -> Result<Self, ServeError> {
        let mut by_key = HashMap::default();
        for (place, authority) in authorities.iter().enumerate() {
            for anchor in authority.anchors() {
                // The key alone tells whose certificate is asked about, and so who may ask.
                if by_key.insert(anchor.key_id().clone(), place).is_some() {
                    let problem = format!("the key {} is another authority's too", anchor.key_id());
                    return Err(ConfigError::invalid("certification_authority", problem).into());
                }
            }
        }
        let seconds = |seconds: u64| i64::try_from(seconds).unwrap_or(i64::MAX);
        let rules = |authority: &CertificationAuthority| Rules {
            max_age: config
                .max_age_seconds
                .get(authority.name())
                .copied()
                .map(seconds),
            max_feed_age: seconds(config.max_feed_age_seconds),
            partition_count: config.partition_count.get(authority.name()).copied(),
        };
        Ok(Self {
            rules: authorities.iter().map(rules).collect(),
            names: authorities
                .iter()
                .map(|authority| authority.name().into())
                .collect(),
            no_name: "".into(),
            authorities,
            by_key,
        })
    }

    /// The name of the authority at this place; empty for none.
    pub(crate) fn name(&self, place: Option<usize>) -> Arc<str> {
        place
            .and_then(|place| self.names.get(place))
            .unwrap_or(&self.no_name)
            .clone()
    }

    /// The place of the authority that has this key.
    pub(crate) fn place_of(&self, key_id: &KeyIdentifier) -> Option<usize> {
        self.by_key.get(key_id).copied()
    }

    /// The place of the authority of this name.
    pub(crate) fn place_of_name(&self, name: &str) -> Option<usize> {
        self.authorities
            .iter()
            .position(|authority| authority.name() == name)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

    use arc_swap::ArcSwap;
    use pki::UnixTime;
    use store::Feed;

    use super::{NEVER, Served, Snapshot};

    #[test]
    fn a_confirmation_never_vouches_for_the_snapshot_before_the_one_it_is_of() {
        let snapshot = |generation| {
            let feed = Feed {
                generation,
                ..Feed::default()
            };
            Snapshot::new(feed, Vec::new())
        };
        let served = Served {
            snapshot: ArcSwap::from_pointee(snapshot(0)),
            confirmed_at: AtomicI64::new(NEVER),
        };
        let done = AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                for generation in 1..200_000_u32 {
                    served.replace(snapshot(generation.into()));
                    served.confirm(UnixTime::from_secs(generation.into()));
                }
                done.store(true, Ordering::Release);
            });
            while !done.load(Ordering::Acquire) {
                let (snapshot, feed_age) = served.at(UnixTime::from_secs(0));
                let confirmed = feed_age.map_or(0, i64::unsigned_abs);
                assert!(confirmed <= snapshot.feed.generation);
            }
        });
    }
}
