//! One attempt at one source, from the first octet to the commit. Every phase says so in the log when it is done, with
//! the field `phase`; up to `committed` nothing has changed, and from there on everything has.

use std::collections::BTreeMap;
use std::sync::Arc;

use pki::{CertificationAuthority, UnixTime, VerifiedCrl, Verifier};
use runtime::clock::Clock;
use store::{ApplyError, CrlWriter, CurrentSegment, HolderKey, HolderLinks};

use crate::apply::{self, Prepared};
use crate::fetch::{Fetched, Fetcher, Validators};
use crate::metrics::{InForce, SyncMetrics};
use crate::outcome::{Outcome, SyncError};
use crate::plan::{self, Decision, Expectation, Known};
use crate::source::{Source, SourceKind};
use crate::{limits, serial_links, verify};

/// Everything an attempt needs.
#[derive(Debug)]
pub(crate) struct Room {
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) fetcher: Fetcher,
    pub(crate) verifier: Arc<Verifier>,
    pub(crate) authorities: BTreeMap<String, CertificationAuthority>,
    pub(crate) writer: CrlWriter,
    pub(crate) holders: Option<(HolderLinks, HolderKey)>,
    pub(crate) metrics: SyncMetrics,
}

/// What the last successful attempt leaves for the next: what to ask with, and what that was for. A refused body leaves
/// nothing, or its server could turn the refusal into "nothing changed".
#[derive(Debug, Default)]
pub(crate) struct Memory(Option<(Validators, Content)>);

/// Which content validators belong to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Content {
    Crl([u8; 32]),
    Links(u64),
}

impl Memory {
    fn validators(&self, content: Option<Content>) -> Option<&Validators> {
        let (validators, of) = self.0.as_ref()?;
        (Some(*of) == content && !validators.is_empty()).then_some(validators)
    }

    fn keep(&mut self, validators: Validators, content: Content) {
        self.0 = Some((validators, content));
    }
}

impl Room {
    /// Refreshes a source once, and announces how it went: in the log, the metrics and the store.
    pub(crate) async fn sync(&self, source: &Source, memory: &mut Memory) -> Outcome {
        let result = match self.authorities.get(&*source.certification_authority) {
            Some(authority) => match Expectation::new(&source.kind, authority) {
                Some(expected) => self.crl(source, authority, &expected, memory).await,
                None => self.links(source, authority, memory).await,
            },
            // Configuration was checked against the authorities before anything was fetched.
            None => Err(SyncError::Panicked),
        };
        let outcome = result.unwrap_or_else(Outcome::from);
        self.announce(source, &outcome).await;
        outcome
    }

    async fn announce(&self, source: &Source, outcome: &Outcome) {
        let (source_name, name) = (&*source.name, outcome.name());
        match outcome {
            Outcome::Accepted { number } | Outcome::Unchanged { number } => {
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
        if matches!(source.kind, SourceKind::Crl { .. }) {
            let at = self.clock.now().secs();
            if let Err(error) = self
                .writer
                .record_attempt(&source.name, at, outcome.for_store())
                .await
            {
                tracing::error!(source = source_name, %error, "the attempt could not be recorded");
            }
        }
    }

    async fn crl(
        &self,
        source: &Source,
        authority: &CertificationAuthority,
        expected: &Expectation,
        memory: &mut Memory,
    ) -> Result<Outcome, SyncError> {
        let in_force = self.writer.current(&source.name).await?;
        let content = in_force
            .as_ref()
            .map(|current| Content::Crl(current.facts.crl_sha256));
        let fetched = self
            .fetcher
            .fetch(&source.location, memory.validators(content))
            .await?;
        let (bytes, validators) = match (fetched, in_force) {
            (Fetched::Body { bytes, validators }, _) => (bytes, validators),
            (Fetched::NotModified, Some(current)) => return self.not_modified(source, &current),
            // Validators are sent only for a list in force.
            (Fetched::NotModified, None) => {
                return Err(crate::fetch::FetchError::UnexpectedNotModified.into());
            }
        };
        tracing::info!(
            phase = "fetched",
            source = &*source.name,
            octets = bytes.len(),
            "list fetched"
        );
        let verifier = Arc::clone(&self.verifier);
        let crl = verify::verify(
            bytes,
            authority.clone(),
            source.location.max_bytes,
            verifier,
        )
        .await?;
        let facts = crl.facts();
        let number = facts.number.to_decimal();
        tracing::info!(
            phase = "verified", source = &*source.name, number, entries = facts.entry_count,
            this_update = %facts.this_update, next_update = %facts.next_update, "list verified"
        );
        let outcome = self.plan_and_apply(source, expected, &crl, number).await?;
        memory.keep(validators, Content::Crl(crl.facts().sha256));
        Ok(outcome)
    }

    /// The server still has the list in force; that is only well while the list is current.
    fn not_modified(
        &self,
        source: &Source,
        current: &CurrentSegment,
    ) -> Result<Outcome, SyncError> {
        let facts = &current.facts;
        let number = pki::CrlNumber::from_unsigned_be(&facts.crl_number)
            .map_or_else(String::new, |number| number.to_decimal());
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
        self.metrics.show(source, Some(InForce::from(facts)));
        Ok(Outcome::Unchanged { number })
    }

    /// Decides on what is in force now and applies on that very condition; decides anew if it moved in between.
    async fn plan_and_apply(
        &self,
        source: &Source,
        expected: &Expectation,
        crl: &Arc<VerifiedCrl>,
        number: String,
    ) -> Result<Outcome, SyncError> {
        let mut prepared: Option<Prepared> = None;
        for _ in 0..limits::APPLY_TRIES {
            let (decision, in_force) = self.plan(expected, source, crl).await?;
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
                    self.metrics.show(
                        source,
                        in_force
                            .as_ref()
                            .map(|current| InForce::from(&current.facts)),
                    );
                    return Ok(Outcome::Unchanged { number });
                }
                Decision::Accept => {}
            }
            let list = match prepared.take() {
                Some(list) => list,
                None => apply::prepare(source, crl).await?,
            };
            let replaces = in_force.map_or(0, |current| current.generation);
            match apply::apply(&self.writer, &list, replaces).await {
                Ok(generation) => {
                    tracing::info!(
                        phase = "committed",
                        source = &*source.name,
                        number,
                        generation,
                        "list in force"
                    );
                    self.metrics.show(source, Some(InForce::from(&list.facts)));
                    return Ok(Outcome::Accepted { number });
                }
                Err(ApplyError::GenerationMoved { .. }) => prepared = Some(list),
                Err(error) => return Err(error.into()),
            }
        }
        Err(SyncError::Contended)
    }

    async fn plan(
        &self,
        expected: &Expectation,
        source: &Source,
        crl: &Arc<VerifiedCrl>,
    ) -> Result<(Decision, Option<CurrentSegment>), SyncError> {
        let facts = crl.facts();
        let in_force = self.writer.current(&source.name).await?;
        let signer = facts.signer_key_id.as_bytes();
        let highest = self.writer.high_water(signer, &facts.scope.key()).await?;
        let known = Known {
            in_force: in_force.as_ref().map(|current| &current.facts),
            highest: highest.as_ref(),
        };
        Ok((
            plan::decide(facts, expected, known, self.clock.now()),
            in_force,
        ))
    }

    async fn links(
        &self,
        source: &Source,
        authority: &CertificationAuthority,
        memory: &mut Memory,
    ) -> Result<Outcome, SyncError> {
        // Configuration was checked: a source of links has a store and a key.
        let (holders, key) = self.holders.as_ref().ok_or(SyncError::Panicked)?;
        let newest = holders
            .links_number(&source.certification_authority)
            .await?;
        let validators = memory.validators(newest.map(Content::Links));
        let (bytes, validators) = match self.fetcher.fetch(&source.location, validators).await? {
            Fetched::Body { bytes, validators } => (bytes, validators),
            Fetched::NotModified => {
                let number = newest.map_or_else(String::new, |number| number.to_string());
                tracing::info!(
                    phase = "fetched",
                    source = &*source.name,
                    number,
                    "links not modified"
                );
                return Ok(Outcome::Unchanged { number });
            }
        };
        tracing::info!(
            phase = "fetched",
            source = &*source.name,
            octets = bytes.len(),
            "links fetched"
        );
        let now = self.clock.now();
        let (verifier, authority, key) =
            (Arc::clone(&self.verifier), authority.clone(), key.clone());
        let (number, links) = verify::aside(move || {
            let file = serial_links::read(&bytes, &authority, &verifier, now)?;
            Ok::<_, SyncError>((file.number(), file.hashed(&key, authority.name())))
        })
        .await??;
        tracing::info!(
            phase = "verified",
            source = &*source.name,
            number,
            links = links.len(),
            "links verified"
        );
        let applied = serial_links::apply(
            holders,
            &source.certification_authority,
            number,
            &links,
            now,
        )
        .await?;
        tracing::info!(
            phase = "committed",
            source = &*source.name,
            number,
            added = applied.added,
            held = applied.held,
            known = applied.known,
            "links in force"
        );
        self.metrics.held(source, applied.held);
        memory.keep(validators, Content::Links(number));
        let is_news = newest != Some(number) || applied.added + applied.held > 0;
        let number = number.to_string();
        Ok(if is_news {
            Outcome::Accepted { number }
        } else {
            Outcome::Unchanged { number }
        })
    }
}
