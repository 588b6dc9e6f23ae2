//! One attempt at a delta list (RFC 5280 section 5.2.4): who was revoked since the complete list that another source
//! delivers.
//!
//! A delta list only ever adds. An entry that would take a certificate off the list, and one that a later delta list does
//! not have any more, stay revoked until the next complete list, which is judged by how many it lets go.

use std::sync::Arc;

use index::{Builder, Departures, Segment};
use pki::{CertificationAuthority, CrlFacts, CrlNumber, UnixTime};
use store::{
    ApplyError, CurrentSegment, DeltaSegment, HighWater, ListSeries, NewDelta, NewSegment,
    SegmentFacts,
};

use crate::departures::{Read, joined, read};
use crate::fetch::FetchError;
use crate::limits;
use crate::outcome::{Outcome, SyncError};
use crate::plan::{self, Decision};
use crate::source::Source;
use crate::sync::{Content, Memory, Received, Room};
use crate::verify::{ListForm, ListReader, VerifiedList, aside};

/// Whether a delta list says more than a complete list.
pub(crate) fn is_newer(delta: &DeltaSegment, list: &SegmentFacts) -> bool {
    let number = CrlNumber::from_unsigned_be;
    number(&delta.crl_number) > number(&list.crl_number)
}

impl Room {
    /// Refreshes a delta list once.
    pub(crate) async fn delta(
        &self,
        source: &Source,
        base_source: &str,
        authority: &CertificationAuthority,
        memory: &mut Memory,
    ) -> Result<Outcome, SyncError> {
        let base = self.writer.current(base_source).await?;
        let base = base.ok_or(SyncError::NoBase)?;
        let content = base.delta.as_ref().map(|it| Content::Crl(it.crl_sha256));
        let (verifier, max_bytes) = (Arc::clone(&self.verifier), source.location.max_bytes);
        let authority = authority.clone();
        let reader = move || {
            let verifier = Arc::clone(&verifier);
            ListReader::new(ListForm::Delta, authority.clone(), max_bytes, verifier)
        };
        let asked = memory.validators(content);
        let (list, validators) = match self.receive(source, asked, reader).await? {
            Received::Read { read, validators } => (read, validators),
            Received::NotModified => return self.delta_not_modified(&base),
        };
        let facts = &list.facts;
        let (number, identity) = (facts.number.to_decimal(), facts.identity);
        tracing::info!(
            phase = "verified", source = &*source.name, number, entries = facts.entry_count,
            this_update = %facts.this_update, next_update = %facts.next_update, "delta list verified"
        );
        let outcome = self
            .plan_and_apply_delta(source, base_source, list, number)
            .await?;
        memory.keep(validators, Content::Crl(identity));
        Ok(outcome)
    }

    /// The delta list in force is still there; that is only well while it is current.
    pub(crate) fn delta_not_modified(&self, base: &CurrentSegment) -> Result<Outcome, SyncError> {
        // Validators are sent only for a delta list in force.
        let delta = base.delta.as_ref();
        let delta = delta.ok_or(FetchError::UnexpectedNotModified)?;
        plan::check_current(
            UnixTime::from_secs(delta.this_update),
            UnixTime::from_secs(delta.next_update),
            self.clock.now(),
        )?;
        Ok(Outcome::Unchanged {
            number: CrlNumber::decimal_of(&delta.crl_number),
        })
    }

    /// Decides on what is in force now and applies on that very condition; decides anew if it moved in between.
    pub(crate) async fn plan_and_apply_delta(
        &self,
        source: &Source,
        base_source: &str,
        list: VerifiedList,
        number: String,
    ) -> Result<Outcome, SyncError> {
        let VerifiedList { facts, records, .. } = list;
        let entries = aside(move || records.index()).await??;
        for _ in 0..limits::APPLY_TRIES {
            let base = self.writer.current(base_source).await?;
            let base = base.ok_or(SyncError::NoBase)?;
            let signer = facts.signer_key_id.as_bytes();
            let scope_key = facts.scope.key();
            let highest = self.writer.delta_high_water(signer, &scope_key).await?;
            let key = (signer, &*scope_key);
            let highest = self.highest.or_higher(highest, ListSeries::Deltas, key);
            let decision = plan::decide_delta(&facts, &base, highest.as_ref(), self.clock.now());
            tracing::info!(
                phase = "planned",
                source = &*source.name,
                number,
                decision = decision.name(),
                "delta list planned"
            );
            match decision {
                Decision::Refuse(refusal) => return Err(refusal.into()),
                Decision::Unchanged => return Ok(Outcome::Unchanged { number }),
                Decision::Accept => {}
            }
            let Some(merged) = self.merged(&base, &entries).await? else {
                continue;
            };
            match self.apply_delta(&facts, &base, &scope_key, &merged).await {
                Ok(generation) => {
                    let accepted = high_water(&facts);
                    self.highest.raise(ListSeries::Deltas, key, accepted).await;
                    tracing::info!(
                        phase = "committed",
                        source = &*source.name,
                        number,
                        generation,
                        "delta list in force"
                    );
                    return Ok(Outcome::Accepted {
                        number,
                        held_removals: 0,
                    });
                }
                Err(ApplyError::GenerationMoved { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(SyncError::Contended)
    }

    /// The entries, and those of the delta list in force that they do not have. `None`: it was replaced meanwhile.
    async fn merged(
        &self,
        base: &CurrentSegment,
        entries: &Segment,
    ) -> Result<Option<Segment>, SyncError> {
        let Some(delta) = &base.delta else {
            return Ok(Some(entries.clone()));
        };
        let departures = Departures::new(vec![entries.clone()], Builder::new());
        let before = match read(self.writer.stored_pieces(&delta.segment), departures).await? {
            Read::All(before) => *before,
            Read::Replaced => return Ok(None),
            Read::Unreadable => return Err(SyncError::DeltaUnreadable),
        };
        if before.is_empty() {
            return Ok(Some(entries.clone()));
        }
        let octets = entries.serialised().clone();
        let merged = aside(move || Ok::<_, SyncError>(joined(&octets, before)?.finish_segment()?));
        merged.await?.map(Some)
    }

    async fn apply_delta(
        &self,
        facts: &CrlFacts,
        base: &CurrentSegment,
        scope_key: &[u8],
        entries: &Segment,
    ) -> Result<u64, ApplyError> {
        let base_number = facts
            .base_number
            .as_ref()
            .map_or(&[][..], |it| it.as_bytes());
        let delta = NewDelta {
            source: &base.facts.source,
            certification_authority: &base.facts.certification_authority,
            signer_key_id: facts.signer_key_id.as_bytes(),
            scope_key,
            base_number,
            number: high_water(facts),
            next_update: facts.next_update.secs(),
            segment: NewSegment {
                segment: entries.serialised(),
                entry_count: entries.len() as u64,
            },
            seen: base.seen(),
        };
        self.writer.apply_delta(&delta).await
    }
}

fn high_water(facts: &CrlFacts) -> HighWater {
    HighWater {
        crl_number: facts.number.as_bytes().to_vec(),
        this_update: facts.this_update.secs(),
        crl_sha256: facts.identity,
    }
}
