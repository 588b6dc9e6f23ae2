//! The runner.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use crate::differences::{DIFFERENCES, Why};
use crate::scene::Scene;
use crate::table::{Case, Ruling, cases};
use crate::ways::{offline, services};

/// The least number of cases.
const MIN_CASES: usize = 60;

/// What both ways say about one scene.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Both {
    services: Ruling,
    offline: Ruling,
}

impl Both {
    fn of(scene: &Scene) -> Self {
        Self {
            services: services(scene),
            offline: offline(scene),
        }
    }

    /// Whether both accept or both do not.
    fn agree(self) -> bool {
        let accepts = |ruling| ruling == Ruling::Accepted;
        accepts(self.services) == accepts(self.offline)
    }
}

impl std::fmt::Display for Both {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.services == self.offline {
            return self.services.fmt(formatter);
        }
        formatter.pad(&format!("{} | {}", self.services, self.offline))
    }
}

#[test]
fn every_case_is_refused_by_its_rule_and_its_twin_passes() {
    let mut table = String::new();
    let (mut wrong, mut differing) = (Vec::new(), BTreeSet::new());
    for case in cases() {
        let mut scene = (case.twin)();
        let twin = Both::of(&scene);
        (case.change)(&mut scene);
        let found = Both::of(&scene);
        writeln!(table, "{:72} {twin:10} {found}", case.name).unwrap();
        if !(twin.agree() && found.agree()) {
            differing.insert(case.name);
        }
        if (twin, found) != expected(case) {
            wrong.push(case.name);
        }
    }
    println!(
        "{:72} {:10} case: services | offline where it differs\n{table}",
        "name", "twin"
    );
    assert!(wrong.is_empty(), "not as expected: {wrong:#?}");
    let listed: BTreeSet<&str> = DIFFERENCES.iter().map(|(name, _)| *name).collect();
    assert_eq!(differing, listed);
}

fn expected(case: &Case) -> (Both, Both) {
    let twin = Both {
        services: Ruling::Accepted,
        offline: case.offline_twin,
    };
    let changed = Both {
        services: case.services,
        offline: case.offline,
    };
    (twin, changed)
}

#[test]
fn there_are_enough_cases_and_each_has_a_name_of_its_own() {
    let names: Vec<&str> = cases().map(|case| case.name).collect();
    let distinct: BTreeSet<&&str> = names.iter().collect();
    assert_eq!(distinct.len(), names.len());
    let accepted = |case: &&Case| case.services == Ruling::Accepted;
    assert_eq!(cases().filter(accepted).count(), 0);
    for (name, Why::ByDesign(reason)) in DIFFERENCES {
        println!("{name}: by design, {reason}");
    }
    println!(
        "{} cases; differences by design: {}",
        names.len(),
        DIFFERENCES.len()
    );
    assert!(names.len() >= MIN_CASES);
}
