//! Path validation and revocation by RFC 5280 sections 6.1 and 6.3, rule by rule: hierarchies that are valid, and the
//! same with one thing changed.

#![expect(clippy::unwrap_used, reason = "a test ends where something fails")]
#![expect(clippy::too_many_lines, reason = "tables of cases, a few lines each")]

mod case;
mod variants;

mod certificates;
mod constraints;
mod deltas;
mod forms;
mod issuers;
mod limits;
mod list_forms;
mod list_issuers;
mod policies;
mod scopes;

/// The cases of all files.
fn all_cases() -> Vec<case::Case> {
    let all = [
        certificates::cases,
        constraints::cases,
        deltas::cases,
        forms::cases,
        issuers::cases,
        limits::cases,
        list_forms::cases,
        list_issuers::cases,
        policies::cases,
        scopes::cases,
    ];
    all.iter().flat_map(|cases| cases()).collect()
}
