use super::super::Folder;
use crate::config::Config;

const CONFIG: &str = r#"
environment = "sandbox"
[store]
crl = "sqlite:///tmp/crl.db"
[[certification_authority]]
name = "user-authentication"
profile = "jpki-user-authentication"
crl_signer = "own_key"
[[certification_authority.trust_anchor]]
file = "anchor.cer"
sha256 = "00"
"#;

const FOLDER: &str = r#"
[[folder]]
name = "lists"
certification_authority = "user-authentication"
path = "/var/lib/lists"
interval_seconds = 300
"#;

const SOURCE: &str = r#"
[[source]]
name = "full"
certification_authority = "user-authentication"
url = "http://127.0.0.1:1/full.crl"
interval_seconds = 900
"#;

fn checked(text: &str) -> Result<Vec<Folder>, String> {
    let config: Config =
        runtime::config::parse(&format!("{CONFIG}{text}")).map_err(|error| error.to_string())?;
    config.check().map_err(|error| error.to_string())?;
    config
        .folders(&config.sources().unwrap())
        .map_err(|error| error.to_string())
}

#[track_caller]
fn problem(text: &str, key: &str) {
    let problem = checked(text).unwrap_err();
    assert!(problem.contains(key), "{problem}");
}

#[test]
fn a_folder_needs_no_source_beside_it_but_one_of_both_is_needed() {
    assert_eq!(checked(FOLDER).unwrap().len(), 1);
    assert_eq!(checked(&format!("{SOURCE}{FOLDER}")).unwrap().len(), 1);
    problem("", "[[folder]]");
}

#[test]
fn what_cannot_be_is_refused_by_its_key() {
    for (line, key) in [
        ("suffix = \"\"", "folder.lists.suffix"),
        ("suffix = \"a/b\"", "folder.lists.suffix"),
        ("max_files = 0", "folder.lists.max_files"),
        ("max_files = 100001", "folder.lists.max_files"),
        ("max_bytes = 0", "folder.lists.max_bytes"),
        ("timeout_seconds = 0", "folder.lists.timeout_seconds"),
        ("jitter_seconds = 301", "folder.lists.jitter_seconds"),
        ("retry_seconds = 0", "folder.lists.retry_seconds"),
        ("retired = [\"full\"]", "folder.lists.retired"),
        ("url = \"file:///x/\"", "url"),
    ] {
        problem(&format!("{FOLDER}{line}\n"), key);
    }
    problem(&FOLDER.replace("= 300", "= 0"), "interval_seconds");
    problem(&FOLDER.replace("\"lists\"", "\"Lists\""), "folder.name");
    let long = format!("\"{}\"", "a".repeat(41));
    problem(&FOLDER.replace("\"lists\"", &long), "folder.name");
    problem(
        &FOLDER.replace("user-authentication", "signing"),
        "folder.lists.certification_authority",
    );
}

#[test]
fn the_names_of_its_sources_are_nobody_elses() {
    for name in ["lists", "lists.a"] {
        let source = SOURCE.replace("\"full\"", &format!("\"{name}\""));
        problem(&format!("{source}{FOLDER}"), "folder.lists.name");
    }
    let source = SOURCE.replace("\"full\"", "\"lists-a\"");
    assert!(checked(&format!("{source}{FOLDER}")).is_ok());
    for name in ["lists", "lists.a"] {
        let other = FOLDER.replace("\"lists\"", &format!("\"{name}\""));
        let other = other.replace("/var/lib/lists", "/var/lib/others");
        assert!(checked(&format!("{FOLDER}{other}")).is_err());
        assert!(checked(&format!("{other}{FOLDER}")).is_err());
    }
    let same_place = FOLDER.replace("\"lists\"", "\"others\"");
    problem(&format!("{FOLDER}{same_place}"), "folder.others.path");
    let other_suffix = format!("{same_place}suffix = \".der\"\n");
    assert!(checked(&format!("{FOLDER}{other_suffix}")).is_ok());
}
