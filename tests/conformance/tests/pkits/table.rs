//! The table itself: complete, and about files that are there.

use std::collections::HashSet;

use conformance::pkits::{Expected, Row, RuleFamily, Suite, rows};

#[test]
fn the_table_has_every_case() {
    let rows = rows();
    let ids: HashSet<&str> = rows.iter().map(|row| row.id.as_str()).collect();
    assert_eq!((rows.len(), ids.len()), (249, 249));
    let count = |counted: &dyn Fn(&Row) -> bool| rows.iter().filter(|row| counted(row)).count();
    let supported = |expected| count(&|row| !row.dsa && row.expected == expected);
    assert_eq!(supported(Expected::Valid), 112);
    assert_eq!(supported(Expected::Invalid), 134);
    let dsa: Vec<&str> = rows
        .iter()
        .filter(|row| row.dsa)
        .map(|row| row.id.as_str())
        .collect();
    assert_eq!(dsa, ["4.1.4", "4.1.5", "4.1.6"]);
    // The cases of each section in NIST's document, each counted once whatever its settings.
    let sections = [6, 8, 11, 21, 8, 17, 5, 20, 8, 14, 11, 10, 38, 35, 10, 2];
    for (number, expected) in (1..).zip(sections) {
        let section = format!("4.{number}");
        let of_section = rows.iter().filter(|row| row.section == section);
        let cases: HashSet<&str> = of_section.map(case).collect();
        assert_eq!(cases.len(), expected, "section {section}");
    }
}

/// The case that a row is a setting of.
fn case(row: &Row) -> &str {
    let end = row.id.match_indices('.').nth(2).map(|(end, _)| end);
    &row.id[..end.unwrap_or(row.id.len())]
}

#[test]
fn every_row_that_has_to_be_refused_says_why_and_no_other_does() {
    for row in rows() {
        assert_eq!(row.rule.is_none(), row.is_to_be_accepted(), "{}", row.id);
        let is_dsa = row.rule == Some(RuleFamily::UnsupportedAlgorithm);
        assert_eq!(is_dsa, row.dsa, "{}", row.id);
    }
}

#[test]
fn every_row_is_about_files_of_the_suite() {
    let suite = Suite::load().unwrap();
    for row in rows() {
        assert!(row.id.starts_with(&row.section), "{}", row.id);
        assert_eq!(row.trust_anchors.len(), 1, "{}", row.id);
        for name in row.files() {
            // Certificate or CertificateList: a SEQUENCE that is all of the file.
            let file = suite.file(name);
            let (header, length) = match *file {
                [0x30, 0x82, high, low, ..] => (4, usize::from(u16::from_be_bytes([high, low]))),
                [0x30, 0x81, length, ..] => (3, usize::from(length)),
                _ => panic!("{name} is not DER"),
            };
            assert_eq!(file.len(), header + length, "{name}");
        }
        let given = &row.intermediates;
        assert!(
            row.not_on_path.iter().all(|name| given.contains(name)),
            "{}",
            row.id
        );
    }
    assert!(suite.folder().join("certs").is_dir());
    assert_eq!(suite.crls().len(), 173);
}
