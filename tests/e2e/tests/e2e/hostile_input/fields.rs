//! What the methods have in common: the case reference, and what no answer may repeat.

use super::holder::Holder;

const LONG: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

/// Case references that no method takes, with names. The longest of the alphabet that is taken has 64 characters.
pub(super) const CASE_REFERENCES: [(&str, &str); 10] = [
    ("that is empty", ""),
    ("of 65 characters", LONG),
    ("in Japanese", CANARY),
    ("in accented letters", "dossier-é"),
    ("in fullwidth digits", "１２３"),
    ("with a space", "case 1"),
    ("with a line break", "case\n1"),
    ("with a NUL", "case\0"),
    ("with a slash", "../../etc/passwd"),
    ("with a quotation mark", "'; DROP TABLE audit_check; --"),
];

/// A name that somebody puts where a reference belongs.
pub(super) const CANARY: &str = "架空太郎";

/// What no answer may repeat: the holder's, and what was put into the wrong field.
pub(super) fn private(holder: &Holder) -> Vec<String> {
    let mut private = holder.private();
    private.extend([CANARY, "etc/passwd", "DROP TABLE"].map(str::to_owned));
    private
}
