//! Putting a list in force: its index is built, and stored with its facts and with what left, in one transaction.

use index::Segment;
use pki::{CrlFacts, CrlScope};
use store::{CurrentSegment, HashedSegment, HighWater, Replacement, SegmentFacts};

use crate::commit::Ready;
use crate::cores::another_core;
use crate::delta;
use crate::limits;
use crate::outcome::SyncError;
use crate::records::Records;
use crate::removals::RemovalLimits;
use crate::source::Source;
use crate::verify::aside;

/// The index of a list, and the facts it is stored with.
#[derive(Clone, Debug)]
pub(crate) struct Prepared {
    pub(crate) facts: SegmentFacts,
    pub(crate) index: Segment,
    /// The index as it is stored.
    pub(crate) segment: HashedSegment,
}

/// Builds what is stored for a list.
pub(crate) async fn prepare(
    source: &Source,
    facts: &CrlFacts,
    records: Records,
) -> Result<Prepared, SyncError> {
    let (name, authority) = (
        source.name.to_string(),
        source.certification_authority.to_string(),
    );
    let facts = facts.clone();
    aside(move || build(name, authority, &facts, records)).await?
}

/// What changes in the store: only on the condition that the list in force is still the one that was compared.
pub(crate) fn replacement<'a>(ready: &'a Ready, removals: &RemovalLimits) -> Replacement<'a> {
    let (next, in_force) = (&ready.list, ready.in_force.as_ref());
    let held = in_force.and_then(|current| current.held.as_ref());
    let delta = in_force.and_then(|current| current.delta.as_ref());
    let this_update = next.facts.this_update;
    Replacement {
        facts: &next.facts,
        segment: next.segment.clone(),
        seen: in_force.map(CurrentSegment::seen).unwrap_or_default(),
        keeps_delta: delta.is_some_and(|delta| delta::is_newer(delta, &next.facts)),
        replaced_this_update: in_force.map(|current| current.facts.this_update),
        departures: ready
            .compared
            .departures(held.map(|held| held.since), this_update),
        original: ready.original.clone(),
        keep_history_after: removals.keep_history_after(this_update),
    }
}

/// The number that is the highest once a list is in force.
pub(crate) fn high_water(facts: &SegmentFacts) -> HighWater {
    HighWater {
        crl_number: facts.crl_number.clone(),
        this_update: facts.this_update,
        crl_sha256: facts.crl_sha256,
    }
}

/// Has another thread hash a large index while its list is compared and written, where a core is free for that; the store
/// waits for it, or does it.
fn hash_beside(segment: &HashedSegment) {
    if segment.octets().len() < limits::SHARED_FROM_OCTETS {
        return;
    }
    if let Some(core) = another_core() {
        let segment = segment.clone();
        core.begin(move |_| {
            segment.sha256();
        });
    }
}

fn build(
    source: String,
    certification_authority: String,
    facts: &CrlFacts,
    records: Records,
) -> Result<Prepared, SyncError> {
    let index = records.index()?;
    let segment = HashedSegment::new(index.serialised().clone());
    hash_beside(&segment);
    let issuing_distribution_point = match &facts.scope {
        CrlScope::Full => Vec::new(),
        CrlScope::Partition(name) => name.der().to_vec(),
    };
    let facts = SegmentFacts {
        source,
        certification_authority,
        signer_key_id: facts.signer_key_id.as_bytes().to_vec(),
        scope_key: facts.scope.key(),
        issuing_distribution_point,
        crl_number: facts.number.as_bytes().to_vec(),
        this_update: facts.this_update.secs(),
        next_update: facts.next_update.secs(),
        crl_sha256: facts.identity,
        entry_count: i64::try_from(facts.entry_count).unwrap_or(i64::MAX),
    };
    Ok(Prepared {
        facts,
        index,
        segment,
    })
}
