//! Parameters of a query or a form, and what can be done to one of them.

use std::fmt::Write as _;

use super::fields::CANARY;

pub(super) type Parameters = Vec<(String, String)>;

/// What a change is called, and the change to the parameter of a name.
pub(super) type Change = (&'static str, Box<dyn Fn(&mut Parameters, &str)>);

/// As a query or a form writes them, every octet escaped.
pub(super) fn encoded(parameters: &[(String, String)]) -> Vec<u8> {
    let mut text = String::new();
    for (name, value) in parameters {
        if !text.is_empty() {
            text.push('&');
        }
        text.push_str(name);
        text.push('=');
        for octet in value.bytes() {
            // Writing to a string cannot fail.
            let _ = write!(text, "%{octet:02X}");
        }
    }
    text.into_bytes()
}

/// Gives a parameter one value.
pub(super) fn set(parameters: &mut Parameters, name: &str, value: &str) {
    parameters.retain(|(found, _)| found != name);
    parameters.push((name.to_owned(), value.to_owned()));
}

/// The changes that no required parameter survives; `long` letters are too many for any of them.
pub(super) fn changed(long: usize) -> Vec<Change> {
    vec![
        (
            "missing",
            Box::new(|all, name| all.retain(|(found, _)| found != name)),
        ),
        ("empty", Box::new(|all, name| set(all, name, ""))),
        (
            "twice",
            Box::new(|all, name| {
                let again = all.iter().find(|(found, _)| found == name).cloned();
                all.extend(again);
            }),
        ),
        ("in Japanese", Box::new(|all, name| set(all, name, CANARY))),
        (
            "far too long",
            Box::new(move |all, name| set(all, name, &"a".repeat(long))),
        ),
    ]
}
