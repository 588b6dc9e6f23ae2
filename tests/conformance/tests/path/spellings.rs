//! How names are compared (RFC 5280 section 7.1).

use conformance::path::{World, values};
use sandbox::mint::names;

use crate::case::Outcome::{Refused, Valid};
use crate::case::{Case, case, check};
use crate::constraints::utf8;

/// The authority's name, and the issuer's in the leaf and the list, in two spellings.
fn spelled(in_subject: &[u8], in_issuer: &[u8]) -> World {
    let mut world = World::small();
    world.tiers[0].certificate.subject = in_subject.to_vec();
    world.tiers[1].certificate.issuer = in_issuer.to_vec();
    world.leaf_list(|mut list| {
        list.issuer = in_subject.to_vec();
        list
    })
}

pub(crate) fn cases() -> Vec<Case> {
    let same: fn() -> World = || spelled(&utf8("Ab  c"), &utf8("Ab  c"));
    vec![
        case(
            "another case",
            same,
            |_| spelled(&utf8("Ab c"), &utf8("aB C")),
            Valid,
        ),
        case(
            "spaces around and within",
            same,
            |_| spelled(&utf8("Ab c"), &utf8("  Ab   c ")),
            Valid,
        ),
        case(
            "PrintableString and UTF8String",
            same,
            |_| spelled(&utf8("Ab c"), &values::name_in(0x13, b"ab c")),
            Valid,
        ),
        case(
            "BMPString and UTF8String",
            same,
            |_| spelled(&utf8("Ab"), &values::name_in(0x1e, &[0, b'a', 0, b'B'])),
            Valid,
        ),
        case(
            "full width and composed letters",
            same,
            |_| spelled(&utf8("ＡB é"), &utf8("ab e\u{301}")),
            Valid,
        ),
        case(
            "a space too few",
            || spelled(&utf8("a b"), &utf8("a b")),
            |_| spelled(&utf8("a b"), &utf8("ab")),
            Refused("IssuerName"),
        ),
        case(
            "another letter",
            same,
            |_| spelled(&utf8("Ab  c"), &utf8("Ab  d")),
            Refused("IssuerName"),
        ),
        case(
            "TeletexString and UTF8String",
            || spelled(&values::name_in(0x14, b"ab"), &values::name_in(0x14, b"ab")),
            |_| spelled(&utf8("ab"), &values::name_in(0x14, b"ab")),
            Refused("IssuerName"),
        ),
        case(
            "the parts in another order",
            same,
            |_| {
                let parts = [names::utf8("2.5.4.10", "o"), names::utf8("2.5.4.3", "c")];
                let [first, second] = parts.clone();
                spelled(&names::name(parts), &names::name([second, first]))
            },
            Refused("IssuerName"),
        ),
    ]
}

#[test]
fn names_are_compared_without_regard_to_their_spelling() {
    check(&cases());
}
