//! How current the lists are: for GetFreshness, for the gauges, and for the health name of each authority.

use std::sync::Arc;
use std::time::Duration;

use pki::{CertificationAuthority, UnixTime};
use prometheus::{IntGauge, IntGaugeVec};
use runtime::Context;
use runtime::clock::Clock;
use runtime::health::Health;
use runtime::metrics::Metrics;

use crate::decide::{Moment, Rules, host_problem, is_current};
use crate::snapshot::{AuthorityLists, List, Served, Snapshot, Trusted};

/// Whether a list can answer "good" now, for certificates of any key of its authority.
pub(crate) fn answers_good(
    list: &List,
    authority: &CertificationAuthority,
    moment: &Moment,
    rules: &Rules,
) -> bool {
    let covers = |anchor: &pki::TrustAnchor| {
        authority.expected_crl_signer(anchor.key_id()) == Some(&list.signer_key_id)
    };
    host_problem(moment, rules).is_none()
        && is_current(list, moment, rules)
        && authority.anchors().iter().any(covers)
}

/// The moment as the decision wants it.
pub(crate) fn moment(snapshot: &Snapshot, feed_age: Option<i64>, now: UnixTime) -> Moment {
    Moment {
        now,
        newest_this_update: snapshot.newest_this_update,
        feed_age,
    }
}

/// The gauges and health names of the lists. Labelled by authority, not by list: an authority has some 1,900 partitions.
pub(crate) struct FreshnessReport {
    age: IntGaugeVec,
    to_next_update: IntGaugeVec,
    entries: IntGaugeVec,
    lists: IntGaugeVec,
    superseded: IntGaugeVec,
    generation: IntGauge,
    feed_age: IntGauge,
    health: Health,
    trusted: Arc<Trusted>,
    served: Arc<Served>,
    clock: Arc<dyn Clock>,
    /// What the health said last, by place of the authority.
    fresh: Vec<Option<bool>>,
}

impl FreshnessReport {
    pub(crate) fn new(
        context: &Context,
        trusted: Arc<Trusted>,
        served: Arc<Served>,
    ) -> Result<Self, prometheus::Error> {
        let metrics = &context.metrics;
        let by_authority = |name: &str, help: &str| -> Result<IntGaugeVec, prometheus::Error> {
            Metrics::gauges(metrics, name, help, &["certification_authority"])
        };
        Ok(Self {
            age: by_authority(
                "akashi_list_age_seconds",
                "Seconds since thisUpdate of the authority's oldest list in force.",
            )?,
            to_next_update: by_authority(
                "akashi_list_seconds_to_next_update",
                "Seconds to the nearest nextUpdate of the authority's lists; 0 when a list is missing.",
            )?,
            entries: by_authority(
                "akashi_list_entries",
                "Revoked certificates on the authority's lists in force.",
            )?,
            lists: by_authority("akashi_lists", "The authority's lists in force.")?,
            superseded: by_authority(
                "akashi_lists_superseded",
                "The authority's lists in force that a newer one is known of which is not there: they prove revocations only.",
            )?,
            generation: metrics.gauge(
                "akashi_list_generation",
                "The store's generation that is served.",
            )?,
            feed_age: metrics.gauge(
                "akashi_feed_age_seconds",
                "Seconds since the store confirmed that nothing newer is there; -1: never.",
            )?,
            health: context.health.clone(),
            fresh: vec![None; trusted.authorities.len()],
            clock: context.clock.clone(),
            trusted,
            served,
        })
    }

    /// Reports until the task is aborted: beside the replica and not by it, because a store that never answers must not
    /// leave the last good values standing.
    pub(crate) async fn repeat(mut self, interval: Duration) {
        let mut ticks = tokio::time::interval(interval);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            self.update().await;
        }
    }

    /// Brings gauges and health up to the moment.
    async fn update(&mut self) {
        let (trusted, now) = (self.trusted.clone(), self.clock.now());
        let (snapshot, feed_age) = self.served.at(now);
        // Not held across an await.
        let snapshot = arc_swap::Guard::into_inner(snapshot);
        let moment = moment(&snapshot, feed_age, now);
        self.generation
            .set(i64::try_from(snapshot.feed.generation).unwrap_or(i64::MAX));
        self.feed_age
            .set(moment.feed_age.map_or(-1, |age| age.max(0)));
        for (place, authority) in trusted.authorities.iter().enumerate() {
            let lists = &snapshot.authorities[place];
            self.measure(authority, lists, now);
            let rules = &trusted.rules[place];
            let fresh = !lists.sources.is_empty()
                && lists.sources.iter().all(|source| {
                    let answers = |list| answers_good(list, authority, &moment, rules);
                    source.list.as_deref().is_some_and(answers)
                });
            if self.fresh[place] != Some(fresh) {
                self.fresh[place] = Some(fresh);
                tracing::info!(
                    certification_authority = authority.name(),
                    fresh,
                    "freshness"
                );
                self.health
                    .set(&format!("freshness/{}", authority.name()), fresh)
                    .await;
            }
        }
    }

    fn measure(&self, authority: &CertificationAuthority, lists: &AuthorityLists, now: UnixTime) {
        let labels = [authority.name()];
        let served = || {
            lists
                .sources
                .iter()
                .filter_map(|source| source.list.as_deref())
        };
        let missing = lists.sources.is_empty() || lists.sources.iter().any(|s| s.list.is_none());
        let until = |list: &List| list.next_update.secs().saturating_sub(now.secs());
        let nearest = served().map(until).chain(missing.then_some(0)).min();
        self.to_next_update
            .with_label_values(&labels)
            .set(nearest.unwrap_or(0));
        let age = |list: &List| now.secs().saturating_sub(list.this_update.secs());
        if let Some(oldest) = served().map(age).max() {
            self.age.with_label_values(&labels).set(oldest);
        }
        let sum = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
        let entries = served().map(|list| list.segment.len()).sum();
        self.entries.with_label_values(&labels).set(sum(entries));
        self.lists
            .with_label_values(&labels)
            .set(sum(served().count()));
        let superseded = served().filter(|list| list.superseded).count();
        self.superseded
            .with_label_values(&labels)
            .set(sum(superseded));
    }
}
