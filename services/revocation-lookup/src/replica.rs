//! Follows the store: asks for the generation, loads what changed, and swaps the snapshot as a whole.
//!
//! A list that cannot be loaded keeps its predecessor, which from then on proves revocations only; the other lists move
//! on. A store that cannot be reached changes nothing until the feed is too old.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use index::{Segment, SegmentBuffer};
use prometheus::IntCounter;
use runtime::clock::Clock;
use runtime::{Context, ServeError};
use store::{CrlReader, Feed, SourceState, StoreError, StoredSegment};
use tokio::time::Instant;

use crate::highest::Highest;
use crate::loaded::{Parts, delta_of, list, went_back};
use crate::snapshot::{AuthorityLists, Beside, List, Served, Snapshot, Source, Trusted};

/// A list may be replaced while it is read, and the next one too; a writer that is always faster is not normal.
const LOAD_ATTEMPTS: u32 = 5;

/// At least so long between two readings of the store: many changes in a row are one.
const BREATH: Duration = Duration::from_millis(100);

/// Everything is read again after so long, whatever the store says has changed: it may have been restored from a copy
/// and have gone on since, or written by a program that does not say what it changes.
const WHOLE: Duration = Duration::from_mins(1);

/// The counters are one row and the manifest some two thousand; a store that needs longer does not answer at all.
const ANSWER: Duration = Duration::from_secs(10);

/// The largest list has half a gigabyte; a store on a slow line needs minutes for it.
const TRANSFER: Duration = Duration::from_mins(10);

pub(crate) struct Replica {
    reader: CrlReader,
    trusted: Arc<Trusted>,
    served: Arc<Served>,
    clock: Arc<dyn Clock>,
    highest: Highest,
    failures: IntCounter,
    /// The feed that the snapshot stands for; `None`: something of it could not be loaded.
    complete_at: Option<Feed>,
    /// When everything was read last.
    whole_at: Instant,
    /// Whether the last attempt failed, so that an outage is logged twice and not every second.
    failing: bool,
}

/// Why a snapshot could not be made.
#[derive(Debug, thiserror::Error)]
enum LoadError {
    #[error(transparent)]
    Store(#[from] NoAnswer),
    #[error("lists were replaced while they were read, again and again")]
    AlwaysReplaced,
}

/// Why the store said nothing.
#[derive(Debug, thiserror::Error)]
enum NoAnswer {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("the store gave no answer within {} seconds", .0.as_secs())]
    TimedOut(Duration),
}

/// Why one list could not be loaded.
#[derive(Debug, thiserror::Error)]
enum ListError {
    #[error(transparent)]
    Store(#[from] NoAnswer),
    #[error(transparent)]
    Segment(#[from] index::SegmentError),
    #[error("the stored facts of the list are unusable: {0}")]
    Facts(&'static str),
    #[error("the store holds a list with a lower number than the one that is served")]
    WentBack,
    #[error("loading was interrupted")]
    Interrupted,
}

impl Replica {
    pub(crate) fn new(
        reader: &CrlReader,
        trusted: &Arc<Trusted>,
        served: &Arc<Served>,
        highest: Highest,
        context: &Context,
    ) -> Result<Self, ServeError> {
        let failures = context.metrics.counter(
            "akashi_feed_failures_total",
            "Attempts to follow the store that failed, lists that could not be loaded included.",
        )?;
        Ok(Self {
            reader: reader.clone(),
            trusted: trusted.clone(),
            served: served.clone(),
            clock: context.clock.clone(),
            highest,
            failures,
            complete_at: None,
            whole_at: Instant::now(),
            failing: false,
        })
    }

    /// Follows the store until the task is aborted: on its own schedule, and at once where it hears of a change.
    pub(crate) async fn follow(mut self, interval: Duration) {
        let hints = self.reader.hints();
        let mut ticks = tokio::time::interval(interval);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = ticks.tick() => {}
                () = hints.next() => {}
            }
            self.catch_up().await;
            // A resync of thousands of lists is followed in steps, not list by list.
            tokio::time::sleep(BREATH).await;
        }
    }

    async fn catch_up(&mut self) {
        // Taken before asking: whatever is accepted while we ask is not yet confirmed.
        let now = self.clock.now();
        match self.refresh().await {
            Ok(complete) => {
                self.served.confirm(now);
                if !complete {
                    self.failed("a list could not be loaded");
                } else if std::mem::take(&mut self.failing) {
                    tracing::info!("the store is followed again");
                }
            }
            Err(LoadError::Store(NoAnswer::Store(error @ StoreError::NotPrepared))) => {
                self.complete_at = None;
                // The first start of an installation: crl-sync prepares the store, in its own time.
                if !std::mem::replace(&mut self.failing, true) {
                    tracing::warn!(%error, "the store is waited for");
                }
            }
            Err(error) => {
                // Whatever was done to the store meanwhile, a restore say, its counters may have come round.
                self.complete_at = None;
                self.failed(&error.to_string());
            }
        }
    }

    fn failed(&mut self, problem: &str) {
        self.failures.inc();
        if !std::mem::replace(&mut self.failing, true) {
            tracing::error!(problem, "the store cannot be followed");
        }
    }

    /// Brings the snapshot up to the store. False: the store was read, and a list could not be loaded. That list is
    /// marked itself and tried again, so the others are served and confirmed.
    async fn refresh(&mut self) -> Result<bool, LoadError> {
        if self.complete_at.is_some()
            && self.complete_at == Some(in_time(ANSWER, self.reader.feed()).await?)
        {
            return Ok(true);
        }
        for _ in 0..LOAD_ATTEMPTS {
            let (feed, states) = self.states().await?;
            if let Some((snapshot, complete)) = self.load(feed, states).await? {
                // Before anybody hears of it: what was served is remembered, whenever the process ends.
                self.highest.remember(&snapshot).await;
                self.complete_at = complete.then_some(snapshot.feed);
                tracing::debug!(generation = snapshot.feed.generation, "lists are served");
                self.served.replace(snapshot);
                return Ok(complete);
            }
        }
        Err(LoadError::AlwaysReplaced)
    }

    /// Every source as it is now: what changed is read, and everything where nothing is known, or what is known is void,
    /// or was read long ago.
    async fn states(&mut self) -> Result<(Feed, Vec<Arc<SourceState>>), NoAnswer> {
        let known = self.complete_at.filter(|_| self.whole_at.elapsed() < WHOLE);
        if let Some(since) = known {
            let changes = in_time(ANSWER, self.reader.changes(&since)).await?;
            if !changes.whole {
                return Ok((changes.feed, self.merged(changes.sources)));
            }
        }
        let manifest = in_time(ANSWER, self.reader.manifest()).await?;
        self.whole_at = Instant::now();
        let states = manifest.sources.into_iter().map(Arc::new).collect();
        Ok((manifest.feed, states))
    }

    /// The sources of the snapshot in force, with those in place that changed.
    fn merged(&self, changed: Vec<SourceState>) -> Vec<Arc<SourceState>> {
        let mut changed: HashMap<String, SourceState> = changed
            .into_iter()
            .map(|state| (state.registration.source.clone(), state))
            .collect();
        let snapshot = self.served.snapshot();
        let served = snapshot.authorities.iter().flat_map(|lists| &lists.sources);
        served
            .map(|source| {
                let changed = changed.remove(&source.state.registration.source);
                changed.map_or_else(|| source.state.clone(), Arc::new)
            })
            .collect()
    }

    /// The snapshot of these sources, and whether nothing is missing in it. `None`: a list was replaced meanwhile.
    async fn load(
        &self,
        feed: Feed,
        states: Vec<Arc<SourceState>>,
    ) -> Result<Option<(Snapshot, bool)>, LoadError> {
        let served = arc_swap::Guard::into_inner(self.served.snapshot());
        let served: HashMap<&str, &Arc<List>> = served
            .authorities
            .iter()
            .flat_map(|lists| &lists.sources)
            .filter_map(|source| source.list.as_ref())
            .map(|list| (list.source.as_str(), list))
            .collect();
        let mut complete = true;
        let mut sources: Vec<Vec<Source>> = Vec::new();
        sources.resize_with(self.trusted.authorities.len(), Vec::new);
        for state in states {
            let name = &state.registration.certification_authority;
            // Not one of ours: nobody can ask about it.
            let Some(place) = self.trusted.place_of_name(name) else {
                continue;
            };
            let before = served.get(state.registration.source.as_str()).copied();
            let list = match self.list(&state, before).await {
                Ok(Loaded::List(list)) => list,
                Ok(Loaded::Replaced) => return Ok(None),
                // The store went away: nothing of this snapshot is worth having.
                Err(ListError::Store(
                    error @ (NoAnswer::Store(StoreError::Unavailable { .. })
                    | NoAnswer::TimedOut(_)),
                )) => return Err(error.into()),
                // The store was restored from an old copy. What is served is verified and newer: it stays.
                Err(ListError::WentBack) => {
                    complete = false;
                    if !self.failing {
                        let source = &state.registration.source;
                        tracing::error!(source, error = %ListError::WentBack, "the newer list stays");
                    }
                    before.cloned()
                }
                Err(error) => {
                    complete = false;
                    if !self.failing {
                        let source = &state.registration.source;
                        tracing::error!(source, %error, "a list cannot be loaded");
                    }
                    before.map(|list| {
                        Arc::new(List {
                            superseded: true,
                            ..List::clone(list)
                        })
                    })
                }
            };
            sources[place].push(Source { state, list });
        }
        let lists = sources.into_iter().map(AuthorityLists::new).collect();
        let snapshot = Snapshot::new(feed, lists);
        Ok(Some((self.highest.beside(snapshot), complete)))
    }

    /// The list in force of a source: the one that is served already, or the newly loaded one.
    async fn list(
        &self,
        state: &SourceState,
        before: Option<&Arc<List>>,
    ) -> Result<Loaded, ListError> {
        let Some(current) = &state.current else {
            return Ok(Loaded::List(None));
        };
        if before.is_some_and(|before| went_back(before, current)) {
            return Err(ListError::WentBack);
        }
        // Without a predecessor here to keep, the older list proves what an older list does: revocations.
        let superseded = self.highest.is_behind(current);
        // A store that was restored gives out its generations again; the list itself tells.
        let same = before.filter(|before| {
            before.generation == current.generation
                && before.crl_sha256 == current.facts.crl_sha256
                && before.superseded == superseded
        });
        let before_held = before.and_then(|list| list.held.as_ref());
        let held = current.held.as_ref().map(|held| &held.segment);
        let held = self.beside(held, before_held).await?;
        let before_delta = before.and_then(|list| list.delta.as_ref());
        let delta = current.delta.as_ref().map(|delta| &delta.segment);
        let delta = self
            .beside(delta, before_delta.map(|delta| &delta.revoked))
            .await?;
        let (Some(held), Some(delta)) = (held, delta) else {
            return Ok(Loaded::Replaced);
        };
        let parts = Parts {
            delta: delta.and_then(|revoked| delta_of(current, revoked)),
            held,
        };
        if let Some(same) = same {
            return Ok(Loaded::List(Some(if parts.are_of(same) {
                same.clone()
            } else {
                Arc::new(List {
                    delta: parts.delta,
                    held: parts.held,
                    ..List::clone(same)
                })
            })));
        }
        let octets = in_time(TRANSFER, self.reader.segment(current)).await?;
        let Some(segment) = opened(octets).await? else {
            return Ok(Loaded::Replaced);
        };
        let list = list(current, segment, parts).map_err(ListError::Facts)?;
        if superseded {
            self.highest.tell_behind(current);
        }
        Ok(Loaded::List(Some(Arc::new(List { superseded, ..list }))))
    }

    /// A segment beside a list's own: the one that is here already, or newly loaded. `None`: it was replaced meanwhile.
    async fn beside(
        &self,
        stored: Option<&StoredSegment>,
        before: Option<&Beside>,
    ) -> Result<Option<Option<Beside>>, ListError> {
        let Some(stored) = stored else {
            return Ok(Some(None));
        };
        if let Some(same) = before.filter(|before| before.stored == *stored) {
            return Ok(Some(Some(same.clone())));
        }
        let octets = in_time(TRANSFER, self.reader.stored_segment(stored)).await?;
        let Some(segment) = opened(octets).await? else {
            return Ok(None);
        };
        if u64::try_from(segment.len()) != Ok(stored.entry_count) {
            return Err(ListError::Facts(
                "the number of certificates beside the list is another",
            ));
        }
        let stored = stored.clone();
        Ok(Some(Some(Beside { stored, segment })))
    }
}

/// The checksum of a large segment takes a while.
async fn opened(octets: Option<SegmentBuffer>) -> Result<Option<Segment>, ListError> {
    let Some(octets) = octets else {
        return Ok(None);
    };
    let opened = tokio::task::spawn_blocking(move || Segment::open(octets)).await;
    Ok(Some(opened.map_err(|_| ListError::Interrupted)??))
}

/// A connection may break so that nobody is told: without a limit the replica would wait for an answer for ever.
async fn in_time<T>(
    limit: Duration,
    asking: impl Future<Output = Result<T, StoreError>>,
) -> Result<T, NoAnswer> {
    match tokio::time::timeout(limit, asking).await {
        Ok(answer) => Ok(answer?),
        Err(_) => Err(NoAnswer::TimedOut(limit)),
    }
}

enum Loaded {
    List(Option<Arc<List>>),
    Replaced,
}
