//! Every row through the shipped binary: `akashi validate --manifest`.

use std::path::PathBuf;
use std::process::Command;

use conformance::pkits::{Suite, TABLE, rows};
use serde::Deserialize;

use crate::library::check;
use crate::report::{Decision, Report};

#[derive(Deserialize)]
struct Answer {
    id: String,
    verdict: String,
    reason: String,
}

/// `akashi` beside the test binaries, where `cargo build` leaves it.
fn akashi() -> PathBuf {
    let mut path = std::env::current_exe().unwrap();
    path.pop();
    path.pop();
    path.push("akashi");
    assert!(
        path.is_file(),
        "the binary is not built: run tests/run, or `cargo build -p akashi` first"
    );
    path
}

#[test]
fn every_row_is_decided_as_nist_says_by_the_binary() {
    let suite = Suite::load().unwrap();
    // The table is a manifest; its paths are relative to the suite's folder.
    let folder = tempfile::tempdir().unwrap();
    for part in ["certs", "crls"] {
        std::os::unix::fs::symlink(suite.folder().join(part), folder.path().join(part)).unwrap();
    }
    let manifest = folder.path().join("pkits.jsonl");
    std::fs::write(&manifest, TABLE).unwrap();
    let output = Command::new(akashi())
        .args(["validate", "--manifest"])
        .arg(&manifest)
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    let text = String::from_utf8(output.stdout).unwrap();
    let answers: Vec<Answer> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let rows = rows();
    assert_eq!(answers.len(), rows.len());
    let decided = rows.iter().zip(&answers).map(|(row, answer)| {
        assert_eq!(row.id, answer.id);
        let decision = if answer.verdict == "valid" {
            Decision::Accepted
        } else {
            let (rule, _) = answer.reason.split_once(':').unwrap();
            Decision::Refused(rule.to_owned())
        };
        (row, decision)
    });
    check(&Report {
        judge: "the binary",
        decided: decided.collect(),
    });
}
