//! Path validation and revocation by RFC 5280 sections 6.1 and 6.3, rule by rule: hierarchies that are valid, and the
//! same with one thing changed.

#![expect(clippy::unwrap_used, reason = "a test ends where something fails")]
#![expect(clippy::too_many_lines, reason = "tables of cases, a few lines each")]

mod case;
mod variants;

mod algorithms;
mod certificates;
mod constrained_texts;
mod constraints;
mod deltas;
mod forms;
mod generator;
mod indirect_lists;
mod issuers;
mod limits;
mod list_dates;
mod list_forms;
mod list_issuers;
mod openssl;
mod policies;
mod scopes;
mod spellings;

/// The cases of all files.
fn all_cases() -> Vec<case::Case> {
    let all = [
        algorithms::cases,
        certificates::cases,
        constrained_texts::cases,
        constraints::cases,
        deltas::cases,
        forms::cases,
        indirect_lists::cases,
        issuers::cases,
        limits::cases,
        list_dates::cases,
        list_forms::cases,
        list_issuers::cases,
        policies::cases,
        scopes::cases,
        spellings::cases,
    ];
    all.iter().flat_map(|cases| cases()).collect()
}
