//! Files that can be used, and files that cannot: exit code 2.

use super::chain::{AT, PATH, chain};
use super::{assert_said, json};

#[test]
fn files_are_der_or_pem_and_bundles_are_used_whole() {
    let chain = chain();
    let folder = chain.folder();
    // Another anchor before the right one.
    folder.put_pem(
        "root.cer",
        "CERTIFICATE",
        &[chain.authority(), chain.root()],
    );
    folder.put_pem(
        "authority.cer",
        "CERTIFICATE",
        &[chain.root(), chain.authority()],
    );
    folder.put_pem("server.cer", "CERTIFICATE", &[chain.leaf()]);
    folder.put_pem("all.crl", "X509 CRL", &[chain.root_list(), chain.list()]);
    let line = format!(
        "--trust-anchor root.cer --intermediate authority.cer --crl all.crl --at {AT} --json server.cer"
    );
    let said = json(&folder.validate(&line));
    assert_eq!(said["verdict"], "valid");
    // The authority is an anchor here, so the path has one certificate.
    assert_eq!(said["trust_anchor"]["block"], 1);
    assert_eq!(said["path"][0]["lists"][0]["block"], 2);
    assert_eq!(said["path"][0]["block"], serde_json::Value::Null);
}

#[test]
fn of_several_certificates_none_is_chosen() {
    let folder = chain().folder();
    folder.put_pem(
        "server.cer",
        "CERTIFICATE",
        &[chain().leaf(), chain().authority()],
    );
    let said = folder.validate_path("");
    assert_said(
        &said,
        2,
        "akashi: server.cer: the file holds 2 certificates; put the one to validate into",
    );
    assert_eq!(said.stdout, "");
}

#[test]
fn a_file_that_cannot_be_read_is_named_in_every_part() {
    for file in ["root.cer", "authority.cer", "root.crl", "server.cer"] {
        let folder = chain().folder();
        std::fs::remove_file(folder.path().join(file)).unwrap();
        let said = folder.validate_path("");
        assert_said(
            &said,
            2,
            &format!("akashi: {file}: the file cannot be read: No such file"),
        );
        folder.put(file, b"");
        assert_said(
            &folder.validate_path(""),
            2,
            &format!("{file}: the file is empty"),
        );
        folder.put(file, b"hello");
        assert_said(
            &folder.validate_path(""),
            2,
            &format!("{file}: the file is neither DER nor PEM"),
        );
        folder.put_pem(file, "PRIVATE KEY", &[vec![0x30, 0]]);
        assert_said(
            &folder.validate_path(""),
            2,
            &format!("{file}: the file holds a private key"),
        );
        folder.put_pem(file, "CERTIFICATE REQUEST", &[vec![0x30, 0]]);
        assert_said(&folder.validate_path(""), 2, "block 1 has another label");
        std::fs::remove_file(folder.path().join(file)).unwrap();
        std::fs::create_dir(folder.path().join(file)).unwrap();
        assert_said(&folder.validate_path(""), 2, "this is a folder");
    }
}

#[test]
fn der_that_is_no_certificate_is_a_verdict_and_in_other_parts_left_out() {
    let rubbish = b"0\x82\x00\x05hello";
    let folder = chain().folder();
    folder.put("server.cer", rubbish);
    let said = folder.validate_path("");
    assert_said(
        &said,
        1,
        "server.cer: INVALID\n  Rule               not_der\n",
    );
    let mut trailing = chain().leaf();
    trailing.push(b'\n');
    folder.put("server.cer", &trailing);
    assert_said(&folder.validate_path(""), 1, "not_der");

    let folder = chain().folder();
    folder.put("rubbish", rubbish);
    let said = folder.validate_path("--intermediate rubbish --crl rubbish");
    assert_said(
        &said,
        0,
        "Left out, because it could not be read:\n  rubbish: not_der: the certificate is not DER",
    );
    assert_said(&said, 0, "\n  rubbish: not_der: the list is not DER");
    let said = json(&folder.validate_path("--intermediate rubbish --crl rubbish --json"));
    assert_eq!(said["left_out"]["intermediates"][0]["file"], "rubbish");
    assert_eq!(said["left_out"]["lists"][0]["rule"], "not_der");

    // Whom to trust is never guessed.
    folder.put("root.cer", rubbish);
    let said = folder.validate_path("");
    assert_said(
        &said,
        2,
        "akashi: root.cer: it cannot be a trust anchor: the certificate is not DER",
    );
}

#[test]
fn arguments_that_cannot_be_used_end_with_2_and_say_what_to_do() {
    let folder = chain().folder();
    for (line, words) in [
        ("server.cer".to_owned(), "--trust-anchor"),
        (
            PATH.replace("--crl root.crl authority.crl", ""),
            "CERT, is missing: put it first, last",
        ),
        (
            format!("{PATH} --at 2026-11-23 -- server.cer"),
            "as in RFC 3339",
        ),
        (
            format!("{PATH} --at 2016-12-31T23:59:60Z -- server.cer"),
            "use second 59",
        ),
        (
            format!("{PATH} --policy 1.2.x -- server.cer"),
            "'1.2.x' for '--policy'",
        ),
        (
            format!("{PATH} --profile x -- server.cer"),
            "possible values",
        ),
        (
            format!("{PATH} --frobnicate -- server.cer"),
            "unexpected argument",
        ),
        (format!("{PATH} --manifest m.jsonl"), "cannot be used with"),
    ] {
        let said = folder.validate(&line);
        assert_said(&said, 2, words);
        assert_eq!(said.stdout, "");
    }
}

#[test]
fn the_certificate_is_recognised_first_last_and_behind_dashes() {
    let folder = chain().folder();
    for line in [
        format!("server.cer --at {AT} {PATH}"),
        format!("{PATH} --at {AT} -- server.cer"),
        format!("{PATH} --at {AT} server.cer"),
        format!("--at {AT} {PATH} server.cer"),
        format!(
            "--at {AT} --trust-anchor root.cer --intermediate authority.cer --crl root.crl --crl authority.crl server.cer"
        ),
    ] {
        assert_said(&folder.validate(&line), 0, "server.cer: VALID");
    }
}
