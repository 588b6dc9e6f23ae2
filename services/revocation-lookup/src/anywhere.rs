//! Certificates whose distribution point nobody named, as in every OCSP question: any of a signer's lists may hold them, of
//! thousands of partitions too. What a search and a proof take is arranged when the lists come, not when somebody asks.

use std::collections::BTreeSet;
use std::sync::Arc;

use foldhash::HashMap;
use index::{Hit, Segment};
use pki::limits::CLOCK_TOLERANCE_SECS;
use pki::{SerialNumber, UnixTime};

use crate::decide::{Moment, Rules};
use crate::snapshot::List;

/// The lists of one signer, wherever a certificate belongs.
#[derive(Default)]
pub(crate) struct Anywhere {
    /// Of the partitions, and the full ones.
    lists: Vec<Arc<List>>,
    /// Every part of every list, one beside the other, so that nothing has to be looked up to begin the search.
    segments: Vec<Segment>,
    /// Whose each segment is: a position in `lists`.
    owners: Vec<usize>,
    bounds: Option<Bounds>,
}

/// Between which moments the lists of all partitions are current.
struct Bounds {
    /// The list that will be stale first.
    first_to_end: Arc<List>,
    /// The oldest thisUpdate of a list, without its delta list.
    oldest: UnixTime,
    /// The newest thisUpdate, of a delta list too.
    newest: UnixTime,
}

impl Anywhere {
    /// Arranges the lists of one signer. `expected`: every partition that lists are expected for.
    pub(crate) fn new(
        full: &[Arc<List>],
        partitions: &HashMap<Vec<u8>, Vec<Arc<List>>>,
        expected: &BTreeSet<Vec<u8>>,
    ) -> Self {
        let lists: Vec<_> = partitions.values().flatten().chain(full).cloned().collect();
        let (mut segments, mut owners) = (Vec::with_capacity(lists.len()), Vec::new());
        for (position, list) in lists.iter().enumerate() {
            segments.extend(list.segments().cloned());
            owners.resize(segments.len(), position);
        }
        Self {
            lists,
            segments,
            owners,
            bounds: Bounds::of(partitions, expected),
        }
    }

    /// All of them.
    pub(crate) fn lists(&self) -> &[Arc<List>] {
        &self.lists
    }

    /// The newest list that contains the certificate.
    pub(crate) fn revocation(&self, serial: &SerialNumber) -> Option<(Hit, &List)> {
        let mut newest: Option<(Hit, &List)> = None;
        index::find_in_each(&self.segments, serial.as_bytes(), |position| {
            let owner = self.owners.get(position);
            let Some(list) = owner.and_then(|owner| self.lists.get(*owner)) else {
                return;
            };
            // Of a list's parts the one decides that the list asks first.
            if let Some(hit) = list.lookup(serial.as_bytes())
                && newest.is_none_or(|(_, other)| other.this_update <= list.this_update)
            {
                newest = Some((hit, list));
            }
        });
        newest
    }

    /// The list that will be stale first, if the lists of all partitions are plainly current. `None` says nothing: whether
    /// one of them is not, or is current by a delta list alone, takes a look at each.
    pub(crate) fn proof(&self, moment: &Moment, rules: &Rules) -> Option<&List> {
        let bounds = self.bounds.as_ref()?;
        let now = moment.now.secs();
        let age = |of: UnixTime| now.saturating_sub(of.secs());
        let current = moment.now < bounds.first_to_end.next_update
            && age(bounds.newest) >= -CLOCK_TOLERANCE_SECS
            && rules
                .max_age
                .is_none_or(|max_age| age(bounds.oldest) <= max_age);
        current.then(|| bounds.first_to_end.as_ref())
    }
}

impl Bounds {
    /// `None`: a partition has no list or several, or one that proves nothing.
    fn of(
        partitions: &HashMap<Vec<u8>, Vec<Arc<List>>>,
        expected: &BTreeSet<Vec<u8>>,
    ) -> Option<Self> {
        let of_each = expected.iter().map(|name| match &**partitions.get(name)? {
            [list] if !list.superseded => Some(list),
            _ => None,
        });
        let lists: Vec<_> = of_each.collect::<Option<_>>()?;
        Some(Self {
            first_to_end: Arc::clone(lists.iter().min_by_key(|list| list.next_update)?),
            oldest: lists.iter().map(|list| list.this_update).min()?,
            newest: lists.iter().map(|list| list.newest_of_all()).max()?,
        })
    }
}
