//! The cases, by what they change.

mod entries;
mod extensions;
mod fields;
mod issuer;
mod list_form;
mod list_trust;
mod points;
pub(crate) mod several_lists;

use crate::table::Case;

/// Every group of cases.
pub(crate) static GROUPS: &[&[Case]] = &[
    issuer::CASES,
    extensions::CASES,
    points::CASES,
    fields::CASES,
    list_trust::CASES,
    list_form::CASES,
    entries::CASES,
    several_lists::CASES,
];
