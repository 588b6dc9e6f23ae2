//! `akashi validate --manifest`.

use serde_json::{Value, json};

use super::assert_said;
use super::chain::{AT, Folder, chain};
use crate::support::Said;

fn row(id: impl Into<Value>, changes: Value) -> String {
    let mut row = json!({
        "id": id.into(),
        "certificate": "server.cer",
        "trust_anchors": ["root.cer"],
        "intermediates": ["authority.cer"],
        "crls": ["root.crl", "authority.crl"],
        "at": AT,
    });
    if let Value::Object(changes) = changes {
        row.as_object_mut().unwrap().extend(changes);
    }
    row.to_string()
}

/// Runs a manifest from another folder than its own.
fn run(folder: &Folder, rows: &[String]) -> Said {
    folder.put("manifest.jsonl", rows.join("\n").as_bytes());
    let elsewhere = chain().folder();
    std::fs::remove_file(elsewhere.path().join("server.cer")).unwrap();
    let path = folder.path().join("manifest.jsonl");
    elsewhere.run(&["--manifest", path.to_str().unwrap()], "")
}

fn answers(said: &Said) -> Vec<(Value, String, String)> {
    assert_eq!((said.code, said.stderr.as_str()), (Some(0), ""));
    let answer = |line: &str| {
        let answer: Value = serde_json::from_str(line).unwrap();
        assert_eq!(answer.as_object().unwrap().len(), 3, "{line}");
        let text = |key: &str| answer[key].as_str().unwrap().to_owned();
        (answer["id"].clone(), text("verdict"), text("reason"))
    };
    said.stdout.lines().map(answer).collect()
}

/// Each is wrong, or special, in one thing.
fn rows(folder: &Folder) -> Vec<String> {
    let absolute = folder.path().join("server.cer");
    vec![
        row("valid", json!({})),
        row(
            "absolute",
            json!({ "certificate": absolute.to_str().unwrap() }),
        ),
        row(
            json!(["any", 7]),
            json!({ "crls": ["root.crl", "revoked.crl"] }),
        ),
        "rubbish".to_owned(),
        row(4, json!({ "crls": [] })),
        row(5, json!({ "crls": [], "revocation": "off" })),
        String::new(),
        row(6, json!({ "certificate": "none.cer" })),
        row(7, json!({ "certificate": "rubbish" })),
        row(8, json!({ "trust_anchors": ["rubbish"] })),
        row(9, json!({ "trust_anchors": [] })),
        row(10, json!({ "intermediates": ["rubbish", "authority.cer"] })),
        row(11, json!({ "policies": ["9.9"] })),
        row(12, json!({ "profile": "jpki-signing" })),
        row(
            13,
            json!({ "policies": ["1.2.3.4"], "require_explicit_policy": true }),
        ),
        row(
            14,
            json!({
                "policies": ["1.2.3.4"], "require_explicit_policy": true, "inhibit_policy_mapping": true
            }),
        ),
        row(15, json!({ "at": "2027-11-24T00:00:00Z" })),
    ]
}

/// Id, verdict, and how the reason begins.
fn expected() -> Vec<(Value, &'static str, &'static str)> {
    vec![
        (json!("valid"), "valid", ""),
        (json!("absolute"), "valid", ""),
        (
            json!(["any", 7]),
            "invalid",
            "revoked: the certificate was revoked at 2026-11-21T00:00:00Z",
        ),
        (Value::Null, "invalid", "manifest_not_json: line 4: "),
        (
            json!(4),
            "indeterminate",
            "revocation_undetermined: no current list in scope",
        ),
        (json!(5), "valid", ""),
        (
            json!(6),
            "invalid",
            "file_unreadable: certificate: the file cannot be read",
        ),
        (json!(7), "invalid", "not_der: "),
        (
            json!(8),
            "invalid",
            "trust_anchor: trust_anchors[0]: it cannot be a trust anchor",
        ),
        (json!(9), "invalid", "no_trust_anchor: "),
        (json!(10), "valid", ""),
        (
            json!(11),
            "invalid",
            "manifest_key_value: key policies: an object identifier",
        ),
        (json!(12), "invalid", "intermediate_forbidden: "),
        (json!(13), "valid", ""),
        (json!(14), "invalid", "policy_"),
        (
            json!(15),
            "invalid",
            "expired: the certificate is expired at 2027-11-24T00:00:00Z",
        ),
    ]
}

#[test]
fn rows_are_answered_in_their_order_whatever_they_are() {
    let folder = chain().folder();
    folder.put("revoked.crl", &chain().list_with_leaf());
    folder.put("rubbish", b"0\x82\x00\x05hello");
    let answers = answers(&run(&folder, &rows(&folder)));
    let expected = expected();
    assert_eq!(answers.len(), expected.len());
    for ((id, verdict, reason), (expected_id, expected_verdict, words)) in
        answers.into_iter().zip(expected)
    {
        assert_eq!(
            (id, verdict.as_str()),
            (expected_id, expected_verdict),
            "{reason}"
        );
        assert!(reason.starts_with(words), "{reason}");
        assert_eq!(reason.is_empty(), verdict == "valid", "{reason}");
    }
}

#[test]
fn standard_input_is_a_manifest_with_paths_from_here() {
    let folder = chain().folder();
    let input = format!("\u{feff}{}\r\n\r\n{}", row(1, json!({})), row(2, json!({})));
    let answers = answers(&folder.run(&["--manifest", "-"], &input));
    let verdicts: Vec<_> = answers
        .iter()
        .map(|(_, verdict, _)| verdict.as_str())
        .collect();
    assert_eq!(verdicts, ["valid", "valid"]);
}

#[test]
fn without_a_moment_a_row_is_judged_now() {
    let folder = chain().folder();
    folder.put(
        "server.cer",
        &chain().leaf_with(|spec| {
            spec.with_validity(
                sandbox::now().plus_secs(-60),
                sandbox::now().plus_secs(3_600),
            )
        }),
    );
    // The authority is an anchor, whose dates do not count.
    let now = json!({ "at": null, "trust_anchors": ["authority.cer"], "revocation": "off" });
    let answers = answers(&run(&folder, &[row(1, now)]));
    assert_eq!(answers[0].1, "valid", "{}", answers[0].2);
}

#[test]
fn a_manifest_that_cannot_be_read_ends_with_2() {
    let folder = chain().folder();
    assert_said(
        &folder.validate("--manifest none.jsonl"),
        2,
        "none.jsonl: the manifest cannot be read",
    );
    assert_said(&folder.validate("--manifest ."), 2, "this is a folder");
    folder.put("empty.jsonl", b"");
    let said = folder.validate("--manifest empty.jsonl");
    assert_eq!((said.code, said.stdout.as_str()), (Some(0), ""));
}

#[test]
fn an_answer_tells_nothing_of_names_and_paths() {
    let folder = chain().folder();
    let rows = [
        row(1, json!({ "intermediates": [] })),
        row(2, json!({ "certificate": "Server-Hanako.cer" })),
        row(3, json!({ "at": "2020-01-01T00:00:00Z" })),
    ];
    for (_, verdict, reason) in answers(&run(&folder, &rows)) {
        assert_eq!(verdict, "invalid");
        assert!(
            !reason.contains("Server") && !reason.contains("Authority"),
            "{reason}"
        );
    }
}
