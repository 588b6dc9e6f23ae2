//! What strangers write into certificates and file names does not speak to the terminal.

use super::assert_said;
use super::chain::{AT, PATH, chain};

/// Ends the line and begins a false one, moves the cursor, colours, turns the direction of writing, and hides.
const HOSTILE: &str =
    "a\nserver.cer: VALID\r\u{1b}[2J\u{1b}[31m\u{9b}32m\u{202e}\u{2066}\u{200b}\u{7f}\u{0}";

#[track_caller]
fn assert_harmless(text: &str) {
    for character in text.chars().filter(|character| *character != '\n') {
        let shows = !character.is_control()
            && !matches!(
                character,
                '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
            );
        assert!(shows, "{character:?} in\n{text}");
    }
}

#[test]
fn a_hostile_subject_is_escaped_in_every_form() {
    let folder = chain().folder();
    folder.put("server.cer", &chain().leaf_named(HOSTILE));
    for more in [
        "",
        "--json",
        "--at 2030-01-01T00:00:00Z",
        "--profile jpki-signing",
    ] {
        let words = format!("{PATH} {more} -- server.cer");
        let line = if more.contains("--at") {
            words
        } else {
            format!("--at {AT} {words}")
        };
        let said = folder.validate(&line);
        assert_harmless(&said.stdout);
        assert_harmless(&said.stderr);
        let false_line = said.stdout.lines().filter(|line| line.contains(": VALID"));
        let most = usize::from(said.code == Some(0) && more.is_empty());
        assert!(false_line.count() <= most + 1, "{}", said.stdout);
        assert!(
            !said.stdout.contains("\nserver.cer: VALID\\"),
            "{}",
            said.stdout
        );
    }
    let said = folder.validate_path("");
    assert_said(
        &said,
        0,
        r"CN=a\0aserver.cer: VALID\0d\1b[2J\1b[31m\c2\9b32m\e2\80\ae",
    );
}

#[test]
fn a_hostile_issuer_is_escaped_where_it_is_a_compared_value() {
    let folder = chain().folder();
    folder.put(
        "server.cer",
        &chain().leaf_with(|mut spec| {
            spec.issuer =
                sandbox::mint::names::name([sandbox::mint::names::utf8("2.5.4.3", HOSTILE)]);
            spec
        }),
    );
    let said = folder.validate_path("");
    assert_said(&said, 1, r"issuer_unknown");
    assert_harmless(&said.stdout);
}

#[test]
fn a_hostile_file_name_is_escaped_where_the_file_is_used_and_where_it_is_not() {
    let folder = chain().folder();
    let name = HOSTILE.trim_end_matches('\0');
    let arguments = |anchor| ["--at", AT, "--trust-anchor", anchor, "--", "server.cer"];
    let said = folder.run(&arguments(name), "");
    assert_said(&said, 2, "the file cannot be read");
    assert_harmless(&said.stderr);
    folder.put(name, &chain().root());
    folder.put("server.cer", &chain().authority());
    let said = folder.run(&arguments(name), "");
    assert_said(&said, 1, r"a\u{a}server.cer: VALID\u{d}\u{1b}[2J");
    assert_harmless(&said.stdout);
}
