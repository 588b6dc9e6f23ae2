//! Every row through the library.

use conformance::pkits::{Suite, ask_row, rows};
use pki::{CrossCheck, PathReport, Verdict};

use crate::families::rules;
use crate::report::{Decision, Report};

pub(crate) fn decision(report: &PathReport) -> Decision {
    match &report.error {
        None => Decision::Accepted,
        Some(error) => Decision::Refused(error.rule().to_owned()),
    }
}

/// The gate: nothing invalid accepted, nothing valid refused, and each refusal for its reason.
pub(crate) fn check(report: &Report<'_>) {
    println!("{report}");
    println!("invalid accepted: {:?}", report.invalid_accepted());
    println!("valid refused: {:?}", report.valid_refused());
    assert_eq!(report.decided.len(), 249);
    assert_eq!(report.invalid_accepted(), Vec::<&str>::new());
    assert_eq!(report.valid_refused(), Vec::<&str>::new());
    for (row, decision) in &report.decided {
        if let Decision::Refused(rule) = decision {
            let family = row.rule.unwrap_or_else(|| panic!("{} has no rule", row.id));
            let expected = rules(family);
            assert!(
                expected.contains(&rule.as_str()),
                "{} is refused by {rule}, not by one of {expected:?}",
                row.id
            );
        }
    }
}

#[test]
fn every_row_is_decided_as_nist_says_by_the_library() {
    let suite = Suite::load().unwrap();
    let rows = rows();
    let decided = rows.iter().map(|row| {
        let report = ask_row(&suite, row, CrossCheck::Off);
        assert_eq!(report.verdict == Verdict::Valid, report.error.is_none());
        (row, decision(&report))
    });
    check(&Report {
        judge: "the library",
        decided: decided.collect(),
    });
}

#[test]
fn the_second_signature_implementation_decides_the_same() {
    let suite = Suite::load().unwrap();
    let rows = rows();
    // Every seventh row: the second implementation is slow unoptimised.
    for row in rows.iter().step_by(7) {
        let first = ask_row(&suite, row, CrossCheck::Off);
        let both = ask_row(&suite, row, CrossCheck::All);
        assert_eq!(first.error, both.error, "{}", row.id);
    }
}
