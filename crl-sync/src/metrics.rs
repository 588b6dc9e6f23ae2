//! What Prometheus sees: per certification authority, never per partition, of which there are thousands.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use prometheus::{IntCounterVec, IntGauge, IntGaugeVec};
use runtime::metrics::Metrics;

use crate::folder::Folder;
use crate::outcome::{OUTCOMES, Outcome};
use crate::source::{Source, SourceKind};

/// The metrics of crl-sync. Clones are the same metrics.
#[derive(Clone, Debug)]
pub(crate) struct SyncMetrics {
    crl_attempts: IntCounterVec,
    crl_refused: IntCounterVec,
    crl_failed: IntCounterVec,
    links_attempts: IntCounterVec,
    links_refused: IntCounterVec,
    links_held: IntCounterVec,
    this_update: IntGaugeVec,
    next_update: IntGaugeVec,
    entries: IntGaugeVec,
    held_removals: IntGaugeVec,
    behind: IntGaugeVec,
    worker: IntGauge,
    lists: Arc<Mutex<BTreeMap<Arc<str>, Lists>>>,
}

/// The list in force of each source of one authority.
type Lists = BTreeMap<Arc<str>, Option<InForce>>;

/// What is shown of a list in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct InForce {
    pub(crate) this_update: i64,
    pub(crate) next_update: i64,
    pub(crate) entries: i64,
    pub(crate) held_removals: i64,
    /// Whether a newer list of its signer and scope was accepted before.
    pub(crate) is_behind: bool,
}

const AUTHORITY: &str = "certification_authority";

impl SyncMetrics {
    /// Registers them, with every source still without a list.
    pub(crate) fn new(
        metrics: &Metrics,
        sources: &[Source],
        folders: &[Folder],
    ) -> Result<Self, prometheus::Error> {
        let counters = |name, help, label| metrics.counters(name, help, &[AUTHORITY, label]);
        let gauges = |name, help| metrics.gauges(name, help, &[AUTHORITY]);
        let this = Self {
            crl_attempts: counters(
                "akashi_crl_attempts_total",
                "Attempts to refresh a list.",
                "outcome",
            )?,
            crl_refused: counters(
                "akashi_crl_refused_total",
                "Lists that came and were refused.",
                "rule",
            )?,
            crl_failed: counters(
                "akashi_crl_failed_total",
                "Attempts to refresh a list that brought nothing usable, or that the store did not take.",
                "rule",
            )?,
            links_attempts: counters(
                "akashi_serial_links_attempts_total",
                "Attempts to refresh serial links.",
                "outcome",
            )?,
            links_refused: counters(
                "akashi_serial_links_refused_total",
                "Files of serial links that came and were refused.",
                "rule",
            )?,
            links_held: metrics.counters(
                "akashi_serial_links_held_total",
                "Serial links that wait for an operator's decision.",
                &[AUTHORITY],
            )?,
            this_update: gauges(
                "akashi_crl_this_update_seconds",
                "The oldest thisUpdate of the lists in force, in seconds since 1970; 0 while one is missing.",
            )?,
            next_update: gauges(
                "akashi_crl_next_update_seconds",
                "The nearest nextUpdate of the lists in force, in seconds since 1970; 0 while one is missing.",
            )?,
            entries: gauges(
                "akashi_crl_entries",
                "Entries of the lists in force, partitions and full lists summed.",
            )?,
            held_removals: gauges(
                "akashi_crl_held_removals",
                "Certificates that left a list, too many at once to be believed: they count as revoked until an operator decides.",
            )?,
            behind: gauges(
                "akashi_crl_lists_behind",
                "Lists in force that are older than one that was accepted before: the store was restored from an older copy.",
            )?,
            worker: metrics.gauge(
                "akashi_crl_sync_worker",
                "1 where this process refreshes the lists, 0 where it waits to take over.",
            )?,
            lists: Arc::default(),
        };
        this.begin(sources, folders);
        Ok(this)
    }

    /// Shows every source and folder before its first attempt.
    fn begin(&self, sources: &[Source], folders: &[Folder]) {
        for source in sources {
            // Counters that exist from the start are zero; one that appears with its first event hides it from rate().
            for outcome in OUTCOMES {
                self.attempts(source)
                    .with_label_values(&[&*source.certification_authority, outcome]);
            }
            if matches!(source.kind, SourceKind::Crl { .. }) {
                let store = [&*source.certification_authority, crate::outcome::STORE];
                self.crl_failed.with_label_values(&store);
                self.show(source, None);
            }
        }
        for folder in folders {
            let authority = &*folder.certification_authority;
            for outcome in OUTCOMES {
                self.crl_attempts.with_label_values(&[authority, outcome]);
            }
            self.crl_failed
                .with_label_values(&[authority, crate::outcome::STORE]);
        }
    }

    fn attempts(&self, source: &Source) -> &IntCounterVec {
        match source.kind {
            SourceKind::Crl { .. } | SourceKind::DeltaCrl { .. } => &self.crl_attempts,
            SourceKind::SerialLinks => &self.links_attempts,
        }
    }

    /// Counts how an attempt ended.
    pub(crate) fn count(&self, source: &Source, outcome: &Outcome) {
        let authority = &*source.certification_authority;
        self.attempts(source)
            .with_label_values(&[authority, outcome.name()])
            .inc();
        if let Outcome::Refused { rule, .. } = outcome {
            let refused = match source.kind {
                SourceKind::Crl { .. } | SourceKind::DeltaCrl { .. } => &self.crl_refused,
                SourceKind::SerialLinks => &self.links_refused,
            };
            refused.with_label_values(&[authority, *rule]).inc();
        }
        let is_list = !matches!(source.kind, SourceKind::SerialLinks);
        if let (Outcome::Failed { rule, .. }, true) = (outcome, is_list) {
            self.crl_failed.with_label_values(&[authority, *rule]).inc();
        }
    }

    /// Shows whether this process does the work.
    pub(crate) fn show_worker(&self, is_worker: bool) {
        self.worker.set(is_worker.into());
    }

    /// Counts links that wait for a decision.
    pub(crate) fn held(&self, source: &Source, links: u64) {
        self.links_held
            .with_label_values(&[&*source.certification_authority])
            .inc_by(links);
    }

    /// Shows the list in force of a source.
    pub(crate) fn show(&self, source: &Source, in_force: Option<InForce>) {
        let mut lists = self.lists.lock().unwrap_or_else(PoisonError::into_inner);
        let lists = lists
            .entry(source.certification_authority.clone())
            .or_default();
        lists.insert(source.name.clone(), in_force);
        // The worst source speaks for its authority; one without a list is as old as can be.
        let worst = |of: fn(InForce) -> i64| lists.values().map(|list| list.map_or(0, of)).min();
        let authority = [&*source.certification_authority];
        self.this_update
            .with_label_values(&authority)
            .set(worst(|list| list.this_update).unwrap_or(0));
        self.next_update
            .with_label_values(&authority)
            .set(worst(|list| list.next_update).unwrap_or(0));
        let entries = lists.values().flatten().map(|list| list.entries).sum();
        self.entries.with_label_values(&authority).set(entries);
        let held = lists.values().flatten().map(|list| list.held_removals);
        self.held_removals
            .with_label_values(&authority)
            .set(held.sum());
        let behind = lists
            .values()
            .flatten()
            .map(|list| i64::from(list.is_behind));
        self.behind.with_label_values(&authority).set(behind.sum());
    }
}

impl InForce {
    /// A list with so many removals held.
    pub(crate) fn new(facts: &store::SegmentFacts, held_removals: u64) -> Self {
        Self {
            this_update: facts.this_update,
            next_update: facts.next_update,
            entries: facts.entry_count,
            held_removals: i64::try_from(held_removals).unwrap_or(i64::MAX),
            is_behind: false,
        }
    }
}

impl From<&store::CurrentSegment> for InForce {
    fn from(current: &store::CurrentSegment) -> Self {
        let held = current.held.as_ref();
        Self::new(
            &current.facts,
            held.map_or(0, |held| held.segment.entry_count),
        )
    }
}

#[cfg(test)]
#[path = "metrics_tests.rs"]
mod tests;
