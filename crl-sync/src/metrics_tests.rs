use std::sync::Arc;
use std::time::Duration;

use reqwest::Url;
use runtime::metrics::Metrics;

use super::{InForce, SyncMetrics};
use crate::access::Access;
use crate::location::{HttpLocation, Location, Transport};
use crate::outcome::Outcome;
use crate::schedule::Pace;
use crate::source::{Source, SourceKind};

fn source(name: &str) -> Source {
    let second = Duration::from_secs(1);
    Source {
        name: Arc::from(name),
        certification_authority: Arc::from("user-authentication"),
        kind: SourceKind::Crl {
            distribution_point: None,
            signer_key_id: None,
        },
        location: Location {
            transport: Transport::Http(HttpLocation {
                url: Url::parse("http://127.0.0.1/").unwrap(),
                redirect_hosts: Vec::new(),
                access: Access::default(),
            }),
            max_bytes: 1,
            timeout: second,
        },
        pace: Pace {
            interval: second,
            jitter: second,
            retry: second,
        },
    }
}

fn shows(metrics: &Metrics, name: &str, labels: &str, value: i64) -> bool {
    let line = format!(
        "{name}{{certification_authority=\"user-authentication\",{labels}role=\"crl-sync\"}} {value}"
    );
    metrics.render().lines().any(|shown| shown == line)
}

#[test]
fn the_worst_source_speaks_for_its_authority() {
    let metrics = Metrics::new("crl-sync");
    let (full, city) = (source("full"), source("city"));
    let sync = SyncMetrics::new(&metrics, &[full.clone(), city.clone()], &[]).unwrap();
    sync.show(
        &full,
        Some(InForce {
            this_update: 100,
            next_update: 300,
            entries: 7,
            held_removals: 3,
            is_behind: false,
        }),
    );
    // One list is still missing.
    assert!(
        shows(&metrics, "akashi_crl_next_update_seconds", "", 0),
        "{}",
        metrics.render()
    );
    assert!(shows(&metrics, "akashi_crl_entries", "", 7));
    sync.show(
        &city,
        Some(InForce {
            this_update: 200,
            next_update: 250,
            entries: 2,
            held_removals: 3,
            is_behind: false,
        }),
    );
    assert!(shows(&metrics, "akashi_crl_this_update_seconds", "", 100));
    assert!(shows(&metrics, "akashi_crl_next_update_seconds", "", 250));
    assert!(shows(&metrics, "akashi_crl_entries", "", 9));
    assert!(shows(&metrics, "akashi_crl_held_removals", "", 6));
}

#[test]
fn attempts_and_refusals_are_counted() {
    let metrics = Metrics::new("crl-sync");
    let full = source("full");
    let sync = SyncMetrics::new(&metrics, std::slice::from_ref(&full), &[]).unwrap();
    assert!(shows(
        &metrics,
        "akashi_crl_attempts_total",
        "outcome=\"refused\",",
        0
    ));
    sync.count(
        &full,
        &Outcome::Refused {
            rule: "number_falling",
            problem: String::new(),
        },
    );
    sync.count(
        &full,
        &Outcome::Failed {
            rule: "timeout",
            problem: String::new(),
        },
    );
    assert!(shows(
        &metrics,
        "akashi_crl_attempts_total",
        "outcome=\"refused\",",
        1
    ));
    assert!(shows(
        &metrics,
        "akashi_crl_attempts_total",
        "outcome=\"failed\",",
        1
    ));
    let refused = "akashi_crl_refused_total{certification_authority=\"user-authentication\",role=\"crl-sync\",\
                   rule=\"number_falling\"} 1";
    assert!(metrics.render().contains(refused), "{}", metrics.render());
    let failed = "akashi_crl_failed_total{certification_authority=\"user-authentication\",role=\"crl-sync\",\
                  rule=\"timeout\"} 1";
    assert!(metrics.render().contains(failed), "{}", metrics.render());
    let not_refused = metrics.render();
    let mut refusals = not_refused
        .lines()
        .filter(|line| line.starts_with("akashi_crl_refused_total"));
    assert!(refusals.all(|line| !line.contains("rule=\"timeout\"")));
}
