//! One attempt at one source, from the first octet to the commit. Every phase says so in the log when it is done, with
//! the field `phase`; up to `committed` nothing has changed, and from there on everything has.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use pki::{CertificationAuthority, CrlFacts, UnixTime, Verifier};
use runtime::clock::Clock;
use store::{ApplyError, CrlWriter, CurrentSegment, HolderKey, HolderLinks, ListSeries};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::apply::{self, Prepared};
use crate::attempts::Attempts;
use crate::body::{Body, BodyReader};
use crate::commit::{Commits, Ready};
use crate::departures::{self, Compared};
use crate::fetch::{FetchError, Fetched, Fetcher, Validators};
use crate::highest::Highest;
use crate::limits;
use crate::metrics::{InForce, SyncMetrics};
use crate::original::Originals;
use crate::outcome::{Outcome, SyncError};
use crate::plan::{self, Decision, Expectation, Known};
use crate::progress::Progress;
use crate::removals::RemovalLimits;
use crate::source::{Source, SourceKind};
use crate::verify::{ListForm, ListReader, VerifiedList};

/// Everything an attempt needs.
#[derive(Debug)]
pub(crate) struct Room {
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) fetcher: Fetcher,
    pub(crate) verifier: Arc<Verifier>,
    pub(crate) authorities: BTreeMap<String, CertificationAuthority>,
    pub(crate) writer: CrlWriter,
    /// So many sources are fetched and read at a time.
    pub(crate) places: Arc<Semaphore>,
    pub(crate) commits: Commits,
    pub(crate) holders: Option<(HolderLinks, HolderKey)>,
    pub(crate) highest: Highest,
    pub(crate) removals: RemovalLimits,
    pub(crate) originals: Originals,
    pub(crate) attempts: Attempts,
    pub(crate) metrics: SyncMetrics,
    pub(crate) progress: Progress,
}

/// What the last successful attempt leaves for the next: what to ask with, and what that was for. A refused body leaves
/// nothing, or its server could turn the refusal into "nothing changed". What the last attempt leaves in any case: how
/// long its server asked not to be asked.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    kept: Option<(Validators, Content)>,
    pause: Option<Duration>,
}

/// What came of fetching and reading a body.
pub(crate) enum Received<T> {
    NotModified,
    Read { read: T, validators: Validators },
}

/// Which content validators belong to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Content {
    Crl([u8; 32]),
    Links(u64),
}

impl Memory {
    pub(crate) fn validators(&self, content: Option<Content>) -> Option<&Validators> {
        let (validators, of) = self.kept.as_ref()?;
        (Some(*of) == content && !validators.is_empty()).then_some(validators)
    }

    pub(crate) fn keep(&mut self, validators: Validators, content: Content) {
        self.kept = Some((validators, content));
    }

    /// How long the server asked not to be asked again.
    pub(crate) const fn asked_pause(&self) -> Option<Duration> {
        self.pause
    }
}

impl Room {
    /// Refreshes a source once, and announces how it went: in the log, the metrics and the store.
    pub(crate) async fn sync(&self, source: &Source, memory: &mut Memory) -> Outcome {
        let mut place = self.place().await;
        let result = match self.authorities.get(&*source.certification_authority) {
            Some(authority) => match (&source.kind, Expectation::new(&source.kind, authority)) {
                (SourceKind::DeltaCrl { base_source }, _) => {
                    self.delta(source, base_source, authority, memory).await
                }
                (_, Some(expected)) => {
                    self.crl(source, authority, &expected, memory, &mut place)
                        .await
                }
                (_, None) => self.links(source, authority, memory).await,
            },
            // Configuration was checked against the authorities before anything was fetched.
            None => Err(SyncError::Panicked),
        };
        memory.pause = match &result {
            Err(SyncError::Fetch(FetchError::Status { retry_after, .. })) => *retry_after,
            _ => None,
        };
        let outcome = result.unwrap_or_else(Outcome::from);
        // Others may fetch while this is written down.
        drop(place);
        self.tell(source, &outcome);
        if matches!(source.kind, SourceKind::Crl { .. }) {
            self.record(&source.name, &outcome).await;
        }
        outcome
    }

    /// A place among those that are fetched and read at a time.
    pub(crate) async fn place(&self) -> Option<OwnedSemaphorePermit> {
        // The semaphore is never closed.
        Arc::clone(&self.places).acquire_owned().await.ok()
    }

    /// Announces how an attempt ended in the log and the metrics.
    pub(crate) fn tell(&self, source: &Source, outcome: &Outcome) {
        let (source_name, name) = (&*source.name, outcome.name());
        match outcome {
            Outcome::Accepted { number, .. } | Outcome::Unchanged { number } => {
                tracing::info!(
                    source = source_name,
                    outcome = name,
                    number,
                    "source refreshed"
                );
            }
            Outcome::Refused { rule, problem } | Outcome::Failed { rule, problem } => {
                tracing::warn!(
                    source = source_name,
                    outcome = name,
                    rule,
                    problem,
                    "source not refreshed"
                );
            }
        }
        self.metrics.count(source, outcome);
    }

    /// Announces how an attempt ended in the store.
    pub(crate) async fn record(&self, source: &str, outcome: &Outcome) {
        // That a list was accepted was recorded with it.
        if !matches!(outcome, Outcome::Accepted { .. }) {
            let at = self.clock.now().secs();
            self.attempts
                .record(&self.writer, source, at, outcome)
                .await;
        }
    }

    async fn crl(
        &self,
        source: &Source,
        authority: &CertificationAuthority,
        expected: &Expectation,
        memory: &mut Memory,
        place: &mut Option<OwnedSemaphorePermit>,
    ) -> Result<Outcome, SyncError> {
        // Without validators nobody can say that a list was not modified.
        let in_force = match memory.kept {
            Some(_) => self.writer.current(&source.name).await?,
            None => None,
        };
        let content = in_force
            .as_ref()
            .map(|current| Content::Crl(current.facts.crl_sha256));
        let (verifier, max_bytes) = (Arc::clone(&self.verifier), source.location.max_bytes);
        let authority = authority.clone();
        let originals = self.originals.clone();
        let reader = move || {
            let verifier = Arc::clone(&verifier);
            let reader =
                ListReader::new(ListForm::Complete, authority.clone(), max_bytes, verifier);
            reader.spooled(originals.spool())
        };
        let asked = memory.validators(content);
        let (list, validators) = match (self.receive(source, asked, reader).await?, in_force) {
            (Received::Read { read, validators }, _) => (read, validators),
            (Received::NotModified, Some(current)) => return self.not_modified(source, &current),
            // Validators are sent only for a list in force.
            (Received::NotModified, None) => {
                return Err(FetchError::UnexpectedNotModified.into());
            }
        };
        let facts = &list.facts;
        let (number, identity) = (facts.number.to_decimal(), facts.identity);
        tracing::info!(
            phase = "verified", source = &*source.name, number, entries = facts.entry_count,
            this_update = %facts.this_update, next_update = %facts.next_update, "list verified"
        );
        let outcome = self
            .plan_and_apply(source, expected, list, number, place)
            .await?;
        memory.keep(validators, Content::Crl(identity));
        Ok(outcome)
    }

    /// Fetches a body while it is read. What is wrong with what came so far is told before what went wrong with the
    /// rest.
    pub(crate) async fn receive<R: BodyReader>(
        &self,
        source: &Source,
        asked: Option<&Validators>,
        reader: impl Fn() -> R + Send + Sync + 'static,
    ) -> Result<Received<R::Read>, SyncError> {
        let body = Body::new(source.location.max_bytes, reader);
        let mut body = body.watched(self.progress.clone());
        match self.fetcher.fetch(&source.location, asked, &mut body).await {
            Ok(Fetched::NotModified) => Ok(Received::NotModified),
            Ok(Fetched::Body { validators }) => {
                let octets = body.octets();
                tracing::info!(
                    phase = "fetched",
                    source = &*source.name,
                    octets,
                    "body fetched"
                );
                let read = body.finish().await?;
                Ok(Received::Read { read, validators })
            }
            Err(FetchError::Unread) => match body.finish().await {
                Err(refusal) => Err(refusal),
                Ok(_) => Err(FetchError::Unread.into()),
            },
            Err(error) => Err(error.into()),
        }
    }

    /// The server still has the list in force; that is only well while the list is current.
    pub(crate) fn not_modified(
        &self,
        source: &Source,
        current: &CurrentSegment,
    ) -> Result<Outcome, SyncError> {
        let facts = &current.facts;
        let number = pki::CrlNumber::decimal_of(&facts.crl_number);
        tracing::info!(
            phase = "fetched",
            source = &*source.name,
            number,
            "list not modified"
        );
        let (this_update, next_update) = (
            UnixTime::from_secs(facts.this_update),
            UnixTime::from_secs(facts.next_update),
        );
        plan::check_current(this_update, next_update, self.clock.now())?;
        self.metrics.show(source, Some(self.shown(current)));
        Ok(Outcome::Unchanged { number })
    }

    /// Decides on what is in force now and applies on that very condition; decides anew if it moved in between. `place`: the
    /// source's among those that are fetched, if it has one of its own.
    pub(crate) async fn plan_and_apply(
        &self,
        source: &Source,
        expected: &Expectation,
        list: VerifiedList,
        number: String,
        place: &mut Option<OwnedSemaphorePermit>,
    ) -> Result<Outcome, SyncError> {
        let VerifiedList {
            facts,
            records,
            spool,
        } = list;
        let original = self.originals.keep(spool, facts.this_update.secs());
        let mut records = Some(records);
        let mut prepared: Option<Prepared> = None;
        for _ in 0..limits::APPLY_TRIES {
            let (decision, in_force) = self.plan(expected, source, &facts).await?;
            tracing::info!(
                phase = "planned",
                source = &*source.name,
                number,
                decision = decision.name(),
                "list planned"
            );
            match decision {
                Decision::Refuse(refusal) => return Err(refusal.into()),
                Decision::Unchanged => {
                    let shown = in_force.as_ref().map(|current| self.shown(current));
                    self.metrics.show(source, shown);
                    return Ok(Outcome::Unchanged { number });
                }
                Decision::Accept => {}
            }
            let list = match (prepared.take(), records.take()) {
                (Some(list), _) => list,
                (None, Some(records)) => apply::prepare(source, &facts, records).await?,
                // One of the two is there: what is taken is put back before the next round.
                (None, None) => return Err(SyncError::Contended),
            };
            let Some(compared) = self.compare(source, in_force.as_ref(), &list).await? else {
                prepared = Some(list);
                continue;
            };
            let ready = Arc::new(Ready {
                list,
                in_force,
                compared,
                original: original.clone(),
            });
            let now = || self.clock.now().secs();
            let committing = Arc::clone(&ready);
            let (writer, removals) = (&self.writer, &self.removals);
            let committed = self
                .commits
                .commit(writer, removals, committing, place, now);
            match committed.await {
                Some(Ok(generation)) => {
                    return Ok(self.committed(source, &ready, number, generation).await);
                }
                Some(Err(ApplyError::GenerationMoved { .. })) | None => {
                    prepared = Some(ready.list.clone());
                }
                Some(Err(error)) => return Err(error.into()),
            }
        }
        Err(SyncError::Contended)
    }

    /// Announces that a list is in force.
    async fn committed(
        &self,
        source: &Source,
        ready: &Ready,
        number: String,
        generation: u64,
    ) -> Outcome {
        let (list, compared) = (&ready.list, &ready.compared);
        tracing::info!(
            phase = "committed",
            source = &*source.name,
            number,
            generation,
            departed = compared.departed_count(),
            "list in force"
        );
        let key = (&*list.facts.signer_key_id, &*list.facts.scope_key);
        let accepted = apply::high_water(&list.facts);
        self.highest.raise(ListSeries::Lists, key, accepted).await;
        let held_removals = compared.held_count(ready.in_force.as_ref());
        let shown = InForce::new(&list.facts, held_removals);
        self.metrics.show(source, Some(shown));
        Outcome::Accepted {
            number,
            held_removals,
        }
    }

    /// What of the list in force is not on the next one. `None`: it was replaced meanwhile.
    async fn compare(
        &self,
        source: &Source,
        in_force: Option<&CurrentSegment>,
        next: &Prepared,
    ) -> Result<Option<Compared>, SyncError> {
        let Some(current) = in_force else {
            return Ok(Some(Compared::default()));
        };
        let compared = departures::compare(&self.writer, current, next, &self.removals).await?;
        match &compared {
            Some(Compared::Unknown) => tracing::error!(
                source = &*source.name,
                "what is stored of the list in force cannot be read, so nobody knows what left it"
            ),
            Some(Compared::Known(left)) if left.are_held => tracing::warn!(
                source = &*source.name,
                departed = left.departed.count,
                entries = current.facts.entry_count,
                "more certificates left the list than expiry explains: they count as revoked until \
                 an operator accepts that they left (akashi crl held, akashi crl accept)"
            ),
            _ => {}
        }
        Ok(compared)
    }

    async fn plan(
        &self,
        expected: &Expectation,
        source: &Source,
        facts: &CrlFacts,
    ) -> Result<(Decision, Option<CurrentSegment>), SyncError> {
        let signer = facts.signer_key_id.as_bytes();
        let scope_key = facts.scope.key();
        let (in_force, highest) = self
            .writer
            .current_and_highest(&source.name, signer, &scope_key)
            .await?;
        let key = (signer, &*scope_key);
        let highest = self.highest.or_higher(highest, ListSeries::Lists, key);
        let known = Known {
            in_force: in_force.as_ref().map(|current| &current.facts),
            highest: highest.as_ref(),
        };
        Ok((
            plan::decide(facts, expected, known, self.clock.now()),
            in_force,
        ))
    }
}
