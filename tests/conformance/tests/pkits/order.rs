//! What must not matter: the order of intermediates and lists, and lists of other scopes.

use conformance::pkits::{Row, Suite, ask, ask_row, rows};
use pki::{CrossCheck, PathReport, Verdict};

/// Other orders of a list: backwards, and turned by each third of its length.
fn orders<'a>(items: &[&'a [u8]]) -> Vec<Vec<&'a [u8]>> {
    let mut backwards = items.to_vec();
    backwards.reverse();
    let turned = |by: usize| {
        let mut turned = items.to_vec();
        turned.rotate_left(by.min(items.len()));
        turned
    };
    vec![
        backwards,
        turned(items.len() / 3),
        turned(2 * items.len() / 3),
    ]
}

fn ask_off(suite: &Suite, row: &Row, intermediates: &[&[u8]], crls: &[&[u8]]) -> PathReport {
    ask(suite, row, intermediates, crls, CrossCheck::Off)
}

#[test]
fn no_verdict_depends_on_the_order_of_intermediates_and_lists() {
    let suite = Suite::load().unwrap();
    let mut asked = 0;
    for row in &rows() {
        let right = ask_row(&suite, row, CrossCheck::Off);
        let intermediates = suite.all(&row.intermediates);
        let crls = suite.all(&row.crls);
        for intermediates in orders(&intermediates) {
            for crls in orders(&crls) {
                let report = ask_off(&suite, row, &intermediates, &crls);
                assert_eq!(report.error, right.error, "{}", row.id);
                asked += 1;
            }
        }
    }
    println!("{asked} questions in other orders, each decided as before");
}

/// All lists of the suite at once: most are of other issuers, some of other scopes or keys of the
/// row's own. What is revoked stays revoked, and what is good stays good, because no row's issuer
/// has a list elsewhere that covers the row's certificates.
#[test]
fn every_list_of_the_suite_at_once_changes_no_verdict_for_the_better() {
    let suite = Suite::load().unwrap();
    let all: Vec<&[u8]> = suite.crls().into_iter().map(|(_, list)| list).collect();
    assert_eq!(all.len(), 173);
    let (mut same, mut now_determined) = (0, Vec::new());
    for row in &rows() {
        let alone = ask_row(&suite, row, CrossCheck::Off);
        let intermediates = suite.all(&row.intermediates);
        let crowd = ask_off(&suite, row, &intermediates, &all);
        if alone.error == crowd.error {
            same += 1;
            continue;
        }
        // A row that lacks a list may find it among the others; nothing else may change.
        assert_eq!(alone.verdict, Verdict::Indeterminate, "{}", row.id);
        now_determined.push((row.id.clone(), crowd.error));
    }
    println!("{same} rows as before; with the lists they lacked: {now_determined:?}");
    assert!(same >= 245, "{now_determined:?}");
}

/// Every certificate of the suite at once: other ways appear, and no invalid row finds one.
#[test]
fn every_certificate_of_the_suite_at_once_makes_no_invalid_row_valid() {
    let suite = Suite::load().unwrap();
    let all: Vec<&[u8]> = suite
        .certificates()
        .into_iter()
        .map(|(_, der)| der)
        .collect();
    assert!(all.len() > 380, "{}", all.len());
    let (mut valid, mut refused) = (0, 0);
    for row in &rows() {
        let crls = suite.all(&row.crls);
        let crowd = ask_off(&suite, row, &all, &crls);
        if row.is_to_be_accepted() {
            assert_eq!(crowd.error, None, "{}", row.id);
            valid += 1;
        } else {
            assert_ne!(crowd.verdict, Verdict::Valid, "{}", row.id);
            refused += 1;
        }
    }
    println!("{valid} rows still valid, {refused} still refused");
}
