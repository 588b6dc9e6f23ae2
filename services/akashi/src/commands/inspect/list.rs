//! A revocation list, in a report.

use pki::inspect::ListFacts;

use super::report::{Content, Item, Report};

pub(super) fn report(facts: &ListFacts) -> Report {
    let kind = if facts.base_number.is_some() {
        "delta revocation list"
    } else {
        "revocation list"
    };
    let absent = || "none".to_owned();
    let mut items = vec![
        Item::text("kind", kind),
        Item::number("version", facts.version),
        Item::text("issuer", &facts.issuer),
        Item::text("number", facts.number.clone().unwrap_or_else(absent)),
    ];
    if let Some(base) = &facts.base_number {
        items.push(Item::text("base_number", base));
    }
    items.extend([
        Item::time("this_update", facts.this_update),
        match facts.next_update {
            Some(next_update) => Item::time("next_update", next_update),
            None => Item::text("next_update", absent()),
        },
        Item::text("signature_algorithm", &facts.signature_algorithm),
        Item::text(
            "authority_key_identifier",
            facts.authority_key.clone().unwrap_or_else(absent),
        ),
    ]);
    items.push(if facts.scope.is_empty() {
        Item::text("scope", "all certificates of its issuer, for all reasons")
    } else {
        Item::facts("scope", &facts.scope)
    });
    if !facts.freshest.is_empty() {
        items.push(Item::facts("delta_lists", &facts.freshest));
    }
    items.push(Item::number("entries", facts.entries));
    let by_reason = facts.entries_by_reason.iter();
    let by_reason: Vec<_> = by_reason
        .map(|(reason, count)| Item::number(reason, *count))
        .collect();
    if !by_reason.is_empty() {
        items.push(Item::new("entries_by_reason", Content::Group(by_reason)));
    }
    items.push(Item::text("sha256", hex::encode(facts.sha256)));
    Report(items)
}
