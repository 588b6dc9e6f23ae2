//! What is served of a list, made from what the store has of it.

use index::Segment;
use pki::{CrlNumber, KeyIdentifier, UnixTime};
use store::CurrentSegment;

use crate::snapshot::{Beside, Delta, List};

/// What there is to a list besides its own segment.
pub(crate) struct Parts {
    pub(crate) delta: Option<Delta>,
    pub(crate) held: Option<Beside>,
}

impl Parts {
    /// Whether they are those of a list that is served.
    pub(crate) fn are_of(&self, list: &List) -> bool {
        let held = self.held.as_ref().map(|held| &held.stored);
        let delta = self.delta.as_ref().map(|delta| &delta.revoked.stored);
        held == list.held.as_ref().map(|held| &held.stored)
            && delta == list.delta.as_ref().map(|delta| &delta.revoked.stored)
    }
}

/// The delta list in force, with the certificates that it revokes.
pub(crate) fn delta_of(current: &CurrentSegment, revoked: Beside) -> Option<Delta> {
    let delta = current.delta.as_ref()?;
    Some(Delta {
        crl_number: delta.crl_number.clone(),
        this_update: UnixTime::from_secs(delta.this_update),
        next_update: UnixTime::from_secs(delta.next_update),
        revoked,
    })
}

/// Whether the store holds an older list or delta list than the one that is served: it was restored from an old copy.
pub(crate) fn went_back(served: &List, current: &CurrentSegment) -> bool {
    let facts = &current.facts;
    let number = CrlNumber::from_unsigned_be;
    let served_delta = served
        .delta
        .as_ref()
        .and_then(|delta| number(&delta.crl_number));
    let delta = current
        .delta
        .as_ref()
        .and_then(|delta| number(&delta.crl_number));
    // A delta list goes when the list says as much by itself.
    let newest = delta.max(number(&facts.crl_number));
    served.signer_key_id.as_bytes() == facts.signer_key_id
        && served.scope_key == facts.scope_key
        && (number(&facts.crl_number) < number(&served.crl_number) || newest < served_delta)
}

/// What is served of a list, or which of its stored facts is unusable.
pub(crate) fn list(
    current: &CurrentSegment,
    segment: Segment,
    parts: Parts,
) -> Result<List, &'static str> {
    let facts = &current.facts;
    if i64::try_from(segment.len()) != Ok(facts.entry_count) {
        return Err("the number of entries is another");
    }
    Ok(List {
        source: facts.source.clone(),
        generation: current.generation,
        certification_authority: facts.certification_authority.clone(),
        signer_key_id: KeyIdentifier::new(&facts.signer_key_id)
            .map_err(|_| "the signer's key identifier")?,
        scope_key: facts.scope_key.clone(),
        issuing_distribution_point: facts.issuing_distribution_point.clone(),
        crl_number: facts.crl_number.clone(),
        crl_sha256: facts.crl_sha256,
        this_update: UnixTime::from_secs(facts.this_update),
        next_update: UnixTime::from_secs(facts.next_update),
        segment,
        delta: parts.delta,
        held: parts.held,
        superseded: false,
    })
}
