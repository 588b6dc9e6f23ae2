//! Names: how they are compared (RFC 5280 section 7), and name constraints of every form (sections 4.2.1.10 and 6.1.3
//! b to c).

use conformance::path::values::{self, directory, dns, ip, mail, uri};
use conformance::path::{World, extended};
use sandbox::der;
use sandbox::mint::{CertificateSpec, Extension, Extensions as _, names};

use crate::case::Outcome::{Refused, Valid};
use crate::case::{Case, case, check};

type General = Vec<u8>;

/// The authority's name constraints.
fn constrained(world: World, permitted: &[General], excluded: &[General]) -> World {
    world.certificate(0, |it| {
        extended(it, [values::name_constraints(permitted, excluded)])
    })
}

/// The leaf's alternative names.
fn named(world: World, general_names: &[General]) -> World {
    world.leaf(|leaf| extended(leaf, [values::alternative_names(general_names)]))
}

/// A leaf of this name within this permitted subtree.
fn permits(base: General, name: General) -> World {
    named(constrained(World::small(), &[base], &[]), &[name])
}

/// A leaf of this name beside this excluded subtree.
fn excludes(base: General, name: General) -> World {
    named(constrained(World::small(), &[], &[base]), &[name])
}

fn subject(world: World, subject: Vec<u8>) -> World {
    world.leaf(|leaf| CertificateSpec { subject, ..leaf })
}

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

fn utf8(text: &str) -> Vec<u8> {
    values::name_in(0x0c, text.as_bytes())
}

const NOT_PERMITTED: crate::case::Outcome = Refused("NameNotPermitted");
const EXCLUDED: crate::case::Outcome = Refused("NameExcluded");
const MALFORMED: crate::case::Outcome = Refused("NameMalformed");
const NO_CONSTRAINT: crate::case::Outcome = Refused("NameConstraintMalformed");

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = spellings();
    cases.extend(hosts());
    cases.extend(addresses());
    cases.extend(mailboxes());
    cases.extend(resources());
    cases.extend(directories());
    cases.extend(other_forms());
    cases.extend(paths());
    cases.extend(extension());
    cases
}

fn spellings() -> Vec<Case> {
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

fn hosts() -> Vec<Case> {
    let inside: fn() -> World = || permits(dns("example.jp"), dns("www.example.jp"));
    let beside: fn() -> World = || excludes(dns("evil.example.jp"), dns("www.example.jp"));
    vec![
        case(
            "the host itself",
            inside,
            |world| named(world, &[dns("Example.JP")]),
            Valid,
        ),
        case(
            "another host",
            inside,
            |world| named(world, &[dns("www.example.com")]),
            NOT_PERMITTED,
        ),
        case(
            "a host that ends alike",
            inside,
            |world| named(world, &[dns("wwwexample.jp")]),
            NOT_PERMITTED,
        ),
        case(
            "a wildcard inside",
            inside,
            |world| named(world, &[dns("*.example.jp")]),
            Valid,
        ),
        // RUSTSEC-2026-0099: a wildcard stands for more than the permitted host.
        case(
            "a wildcard above the permitted host",
            || permits(dns("www.example.jp"), dns("www.example.jp")),
            |world| named(world, &[dns("*.example.jp")]),
            NOT_PERMITTED,
        ),
        case(
            "a wildcard of a whole top level",
            inside,
            |world| named(world, &[dns("*.jp")]),
            NOT_PERMITTED,
        ),
        case(
            "one name inside and one outside",
            inside,
            |world| named(world, &[dns("a.example.jp"), dns("b.example.com")]),
            NOT_PERMITTED,
        ),
        case(
            "no name of the form",
            inside,
            |world| named(world, &[mail("a@example.com")]),
            Valid,
        ),
        case(
            "the empty host permits all",
            inside,
            |world| constrained(world, &[dns("")], &[]),
            Valid,
        ),
        case(
            "an excluded host",
            beside,
            |world| named(world, &[dns("evil.example.jp")]),
            EXCLUDED,
        ),
        case(
            "a host below an excluded one",
            beside,
            |world| named(world, &[dns("a.b.evil.Example.jp")]),
            EXCLUDED,
        ),
        // CVE-2025-61727: the wildcard can stand for the excluded host.
        case(
            "a wildcard that stands for the excluded host",
            beside,
            |world| named(world, &[dns("*.example.jp")]),
            EXCLUDED,
        ),
        case(
            "a wildcard below the excluded host",
            beside,
            |world| named(world, &[dns("*.evil.example.jp")]),
            EXCLUDED,
        ),
        // It stands for one label only, so it cannot mean a name two levels down.
        case(
            "a wildcard two levels above the excluded host",
            beside,
            |world| named(world, &[dns("*.jp")]),
            Valid,
        ),
        case(
            "the empty host excludes all",
            beside,
            |world| constrained(world, &[], &[dns("")]),
            EXCLUDED,
        ),
        case(
            "permitted and excluded at once",
            inside,
            |world| constrained(world, &[dns("example.jp")], &[dns("www.example.jp")]),
            EXCLUDED,
        ),
        case(
            "a host that ends in a dot",
            inside,
            |world| named(world, &[dns("www.example.jp.")]),
            MALFORMED,
        ),
        case(
            "a wildcard in the middle",
            inside,
            |world| named(world, &[dns("www.*.example.jp")]),
            MALFORMED,
        ),
        case(
            "a host with a NUL",
            beside,
            |world| named(world, &[dns("evil.example.jp\0.example.jp")]),
            MALFORMED,
        ),
        case(
            "a malformed host without constraints of the form",
            || permits(mail("example.jp"), dns("www.example.jp")),
            |world| named(world, &[dns("www.*.example.jp")]),
            Valid,
        ),
        case(
            "a constraint that begins with a dot",
            inside,
            |world| constrained(world, &[dns(".example.jp")], &[]),
            NO_CONSTRAINT,
        ),
        case(
            "a wildcard as a constraint",
            inside,
            |world| constrained(world, &[dns("*.example.jp")], &[]),
            NO_CONSTRAINT,
        ),
    ]
}

fn addresses() -> Vec<Case> {
    let inside: fn() -> World = || permits(ip(&[10, 1, 0, 0, 255, 255, 0, 0]), ip(&[10, 1, 2, 3]));
    vec![
        case(
            "an address outside",
            inside,
            |world| named(world, &[ip(&[10, 2, 2, 3])]),
            NOT_PERMITTED,
        ),
        case(
            "a mask of 0 permits all",
            inside,
            |world| constrained(world, &[ip(&[0; 8])], &[]),
            Valid,
        ),
        case(
            "a mask of 32 bits",
            inside,
            |world| constrained(world, &[ip(&[10, 1, 2, 3, 255, 255, 255, 255])], &[]),
            Valid,
        ),
        case(
            "a mask of 31 bits",
            inside,
            |world| constrained(world, &[ip(&[10, 1, 2, 0, 255, 255, 255, 254])], &[]),
            NOT_PERMITTED,
        ),
        case(
            "an address of version 6 under constraints of version 4",
            inside,
            |world| named(world, &[ip(&[0; 16])]),
            NOT_PERMITTED,
        ),
        case(
            "an address of version 6",
            || permits(ip(&network_6(0xff)), ip(&address_6(1))),
            |world| named(world, &[ip(&address_6(2))]),
            NOT_PERMITTED,
        ),
        case(
            "an excluded address of version 6",
            || excludes(ip(&network_6(0xff)), ip(&address_6(2))),
            |world| named(world, &[ip(&address_6(1))]),
            EXCLUDED,
        ),
        // RFC 5280 wants masks in the style of RFC 4632: what others mean would have to be guessed.
        case(
            "a mask with a gap",
            inside,
            |world| constrained(world, &[ip(&[10, 1, 0, 0, 255, 0, 255, 0])], &[]),
            NO_CONSTRAINT,
        ),
        case(
            "a mask with a gap within an octet",
            inside,
            |world| constrained(world, &[ip(&[10, 1, 0, 0, 255, 255, 0b1010_0000, 0])], &[]),
            NO_CONSTRAINT,
        ),
        case(
            "an address without a mask",
            inside,
            |world| constrained(world, &[ip(&[10, 1, 0, 0])], &[]),
            NO_CONSTRAINT,
        ),
        case(
            "an address of 5 octets",
            inside,
            |world| named(world, &[ip(&[10, 1, 2, 3, 4])]),
            MALFORMED,
        ),
        case(
            "an excluded address",
            || excludes(ip(&[10, 0, 0, 0, 255, 0, 0, 0]), ip(&[11, 0, 0, 1])),
            |world| named(world, &[ip(&[10, 0, 0, 1])]),
            EXCLUDED,
        ),
    ]
}

/// 2001::/16, with this octet at the end of the mask.
fn network_6(mask: u8) -> [u8; 32] {
    let mut octets = [0; 32];
    octets[..2].copy_from_slice(&[0x20, 0x01]);
    octets[16..18].copy_from_slice(&[0xff, mask]);
    octets
}

fn address_6(second: u8) -> [u8; 16] {
    let mut octets = [0; 16];
    octets[..2].copy_from_slice(&[0x20, second]);
    octets
}

fn mailboxes() -> Vec<Case> {
    let host: fn() -> World = || permits(mail("example.jp"), mail("a@example.jp"));
    let domain: fn() -> World = || permits(mail(".example.jp"), mail("a@mail.example.jp"));
    let one: fn() -> World = || permits(mail("a@example.jp"), mail("a@example.jp"));
    let in_subject: fn() -> World = || {
        let world = constrained(World::small(), &[mail("example.jp")], &[]);
        subject(world, values::name_with_email(0x16, "a@example.jp"))
    };
    vec![
        case(
            "another case of the host",
            host,
            |world| named(world, &[mail("a@EXAMPLE.jp")]),
            Valid,
        ),
        case(
            "a host below",
            host,
            |world| named(world, &[mail("a@mail.example.jp")]),
            NOT_PERMITTED,
        ),
        case(
            "another host for mail",
            host,
            |world| named(world, &[mail("a@example.com")]),
            NOT_PERMITTED,
        ),
        case(
            "the host of a domain itself",
            domain,
            |world| named(world, &[mail("a@example.jp")]),
            NOT_PERMITTED,
        ),
        case(
            "a domain that ends alike",
            domain,
            |world| named(world, &[mail("a@mailexample.jp")]),
            NOT_PERMITTED,
        ),
        case(
            "deep in a domain",
            domain,
            |world| named(world, &[mail("a@b.c.example.jp")]),
            Valid,
        ),
        case(
            "another mailbox",
            one,
            |world| named(world, &[mail("b@example.jp")]),
            NOT_PERMITTED,
        ),
        // RFC 5280 section 7.5: the local part is compared exactly.
        case(
            "another case of the mailbox",
            one,
            |world| named(world, &[mail("A@example.jp")]),
            NOT_PERMITTED,
        ),
        case(
            "an excluded mailbox",
            || excludes(mail("a@example.jp"), mail("b@example.jp")),
            |world| named(world, &[mail("a@Example.jp")]),
            EXCLUDED,
        ),
        case(
            "an excluded domain",
            || excludes(mail(".example.jp"), mail("a@example.jp")),
            |world| named(world, &[mail("a@x.example.jp")]),
            EXCLUDED,
        ),
        case(
            "mail without a host",
            host,
            |world| named(world, &[mail("example.jp")]),
            MALFORMED,
        ),
        case(
            "a quoted mailbox with an at sign",
            host,
            |world| named(world, &[mail("\"x@example.com\"@example.jp")]),
            Valid,
        ),
        case(
            "mail to an address",
            host,
            |world| named(world, &[mail("a@[10.0.0.1]")]),
            MALFORMED,
        ),
        case(
            "a constraint without a mailbox",
            host,
            |world| constrained(world, &[mail("@example.jp")], &[]),
            NO_CONSTRAINT,
        ),
        case(
            "an address in the subject",
            in_subject,
            |world| subject(world, values::name_with_email(0x16, "a@example.com")),
            NOT_PERMITTED,
        ),
        // Section 4.2.1.10 looks into the subject only where there is no alternative name.
        case(
            "an address in the subject beside an alternative name",
            in_subject,
            |world| {
                let other = subject(world, values::name_with_email(0x16, "a@example.com"));
                named(other, &[mail("a@example.jp")])
            },
            Valid,
        ),
        case(
            "an address in the subject that is no IA5String",
            in_subject,
            |world| subject(world, values::name_with_email(0x0c, "a@example.jp")),
            MALFORMED,
        ),
        case(
            "and no constraint about mail",
            || {
                subject(
                    constrained(World::small(), &[dns("example.jp")], &[]),
                    values::name_with_email(0x16, "a@b.jp"),
                )
            },
            |world| subject(world, values::name_with_email(0x0c, "a@b.jp")),
            Valid,
        ),
        case(
            "an excluded address in the subject",
            || {
                subject(
                    constrained(World::small(), &[], &[mail("example.jp")]),
                    values::name_with_email(0x16, "a@b.jp"),
                )
            },
            |world| subject(world, values::name_with_email(0x16, "a@example.jp")),
            EXCLUDED,
        ),
    ]
}

fn resources() -> Vec<Case> {
    let host: fn() -> World = || permits(uri("example.jp"), uri("http://example.jp/a"));
    let domain: fn() -> World =
        || permits(uri(".example.jp"), uri("https://www.example.jp:8443/?q#f"));
    vec![
        case(
            "a host below of a resource",
            host,
            |world| named(world, &[uri("http://www.example.jp/")]),
            NOT_PERMITTED,
        ),
        case(
            "another case, a port and a user",
            host,
            |world| named(world, &[uri("HTTP://user:secret@EXAMPLE.jp:80/")]),
            Valid,
        ),
        case(
            "the permitted host as the user",
            host,
            |world| named(world, &[uri("http://example.jp@evil.example/")]),
            NOT_PERMITTED,
        ),
        case(
            "the permitted host as the path",
            host,
            |world| named(world, &[uri("http://evil.example/example.jp")]),
            NOT_PERMITTED,
        ),
        case(
            "the host of the domain itself",
            domain,
            |world| named(world, &[uri("https://example.jp/")]),
            NOT_PERMITTED,
        ),
        // Section 4.2.1.10: what has no host, or an address, is refused under constraints of the form.
        case(
            "a resource without a host",
            host,
            |world| named(world, &[uri("urn:example.jp")]),
            MALFORMED,
        ),
        case(
            "a resource at an address",
            host,
            |world| named(world, &[uri("http://10.0.0.1/")]),
            MALFORMED,
        ),
        case(
            "a resource at an address of version 6",
            host,
            |world| named(world, &[uri("http://[::1]/")]),
            MALFORMED,
        ),
        case(
            "an excluded host does not cover an address",
            || excludes(uri("example.jp"), uri("http://example.com")),
            |world| named(world, &[uri("http://10.0.0.1/")]),
            MALFORMED,
        ),
        case(
            "an excluded host of a resource",
            || excludes(uri("example.jp"), uri("http://example.com")),
            |world| named(world, &[uri("ftp://example.jp")]),
            EXCLUDED,
        ),
        case(
            "a resource as a constraint",
            host,
            |world| constrained(world, &[uri("http://example.jp/")], &[]),
            NO_CONSTRAINT,
        ),
    ]
}

/// `C=JP, O=Conformance`, which all names of the tests begin with.
fn organisation() -> General {
    directory(&names::name([
        names::country(),
        names::utf8("2.5.4.10", "conFORMance"),
    ]))
}

fn directories() -> Vec<Case> {
    let inside: fn() -> World = || constrained(World::small(), &[organisation()], &[]);
    vec![
        case(
            "a subject outside",
            inside,
            |world| subject(world, utf8("leaf")),
            NOT_PERMITTED,
        ),
        case(
            "the base itself",
            inside,
            |world| {
                let base = names::name([names::country(), names::utf8("2.5.4.10", "Conformance")]);
                subject(world, base)
            },
            Valid,
        ),
        case(
            "a part of the base",
            inside,
            |world| subject(world, names::name([names::country()])),
            NOT_PERMITTED,
        ),
        case(
            "the subject inside and an alternative name outside",
            inside,
            |world| named(world, &[directory(&utf8("leaf"))]),
            NOT_PERMITTED,
        ),
        case(
            "an empty subject is no name",
            inside,
            |world| {
                let named = world
                    .leaf(|leaf| leaf.with_extension(values::alternative_names(&[dns("a.jp")])));
                subject(named, names::name([]))
            },
            Valid,
        ),
        case(
            "the empty base permits all",
            inside,
            |world| {
                subject(
                    constrained(world, &[directory(&names::name([]))], &[]),
                    utf8("leaf"),
                )
            },
            Valid,
        ),
        case(
            "an excluded subject",
            || constrained(World::small(), &[], &[directory(&utf8("leaf"))]),
            |world| subject(world, utf8("LEAF")),
            EXCLUDED,
        ),
        case(
            "a base with an empty part",
            inside,
            |world| {
                constrained(
                    world,
                    &[directory(&der::sequence([der::element(0x31, &[])]))],
                    &[],
                )
            },
            NO_CONSTRAINT,
        ),
    ]
}

const NOT_UNDERSTOOD: crate::case::Outcome = Refused("NameFormNotUnderstood");

fn other_forms() -> Vec<Case> {
    let plain: fn() -> World = || {
        named(
            World::small(),
            &[
                values::other("1.2.3", "x"),
                values::registered(),
                values::x400(),
                values::edi("x"),
            ],
        )
    };
    vec![
        case(
            "a constrained otherName",
            plain,
            |world| constrained(world, &[values::other("1.2.3", "x")], &[]),
            NOT_UNDERSTOOD,
        ),
        case(
            "an excluded otherName",
            plain,
            |world| constrained(world, &[], &[values::other("1.2.3", "y")]),
            NOT_UNDERSTOOD,
        ),
        case(
            "an otherName of another type",
            plain,
            |world| constrained(world, &[values::other("1.2.4", "x")], &[]),
            Valid,
        ),
        case(
            "a constrained registeredID",
            plain,
            |world| constrained(world, &[values::registered()], &[]),
            NOT_UNDERSTOOD,
        ),
        case(
            "a constrained x400Address",
            plain,
            |world| constrained(world, &[], &[values::x400()]),
            NOT_UNDERSTOOD,
        ),
        case(
            "a constrained ediPartyName",
            plain,
            |world| constrained(world, &[], &[values::edi("y")]),
            NOT_UNDERSTOOD,
        ),
        case(
            "a form that is not understood and does not occur",
            || named(World::small(), &[dns("a.jp")]),
            |world| constrained(world, &[values::registered()], &[]),
            Valid,
        ),
    ]
}

fn paths() -> Vec<Case> {
    let far: fn() -> World = || {
        let world = World::of(&["upper", "authority", "lower", "leaf"]);
        named(
            constrained(world, &[dns("example.jp")], &[]),
            &[dns("example.jp")],
        )
    };
    let self_issued: fn() -> World = || {
        let world = World::of(&["authority", "new key", "leaf"]).self_issued(1);
        constrained(world, &[], &[directory(&values::name("nobody"))])
    };
    vec![
        case(
            "constraints far above",
            far,
            |world| named(world, &[dns("example.com")]),
            NOT_PERMITTED,
        ),
        case(
            "constraints below that permit more",
            far,
            |world| {
                let world = world.certificate(2, |it| {
                    extended(
                        it,
                        [values::name_constraints(
                            &[dns("example.com"), dns("example.jp")],
                            &[],
                        )],
                    )
                });
                named(world, &[dns("example.com")])
            },
            NOT_PERMITTED,
        ),
        case(
            "constraints below that permit something else",
            far,
            |world| {
                world.certificate(2, |it| {
                    extended(it, [values::name_constraints(&[dns("example.com")], &[])])
                })
            },
            NOT_PERMITTED,
        ),
        case(
            "an authority in between with an excluded name",
            far,
            |world| {
                let excluded = [directory(&values::name("lower"))];
                world.certificate(0, |it| {
                    extended(it, [values::name_constraints(&[], &excluded)])
                })
            },
            EXCLUDED,
        ),
        case(
            "a self-issued authority is exempt",
            self_issued,
            |world| {
                let excluded = [directory(&values::name("authority"))];
                constrained(world, &[], &excluded)
            },
            Valid,
        ),
        case(
            "unless it is the last",
            || {
                constrained(
                    self_issued_last(),
                    &[],
                    &[directory(&values::name("nobody"))],
                )
            },
            |world| constrained(world, &[], &[directory(&values::name("authority"))]),
            EXCLUDED,
        ),
        case(
            "the leaf's own constraints bind nobody",
            || named(World::small(), &[dns("a.jp")]),
            |world| {
                world.leaf(|leaf| extended(leaf, [values::name_constraints(&[dns("b.jp")], &[])]))
            },
            Valid,
        ),
    ]
}

fn self_issued_last() -> World {
    World::of(&["authority", "leaf"]).self_issued(1)
}

fn raw(world: World, value: Vec<u8>) -> World {
    world.certificate(0, |it| {
        it.with_extension(Extension::critical(values::NAME_CONSTRAINTS, value))
    })
}

fn with_distance(distance: &[u8]) -> Vec<u8> {
    let subtree = der::sequence([&dns("example.jp"), distance]);
    der::sequence([der::context_constructed(0, &subtree)])
}

fn extension() -> Vec<Case> {
    let right: fn() -> World = || permits(dns("example.jp"), dns("example.jp"));
    vec![
        case(
            "constraints that are not critical count too",
            right,
            |world| {
                let world =
                    world.certificate(0, |it| it.with_criticality(values::NAME_CONSTRAINTS, false));
                named(world, &[dns("example.com")])
            },
            NOT_PERMITTED,
        ),
        case(
            "neither permitted nor excluded",
            right,
            |world| raw(world, vec![0x30, 0]),
            Refused("NameConstraintsEmpty"),
        ),
        case(
            "an empty list of permitted subtrees",
            right,
            |world| raw(world, vec![0x30, 2, 0xa0, 0]),
            Refused("NameConstraintsEmpty"),
        ),
        case(
            "an empty list of excluded subtrees",
            right,
            |world| raw(world, vec![0x30, 2, 0xa1, 0]),
            Refused("NameConstraintsEmpty"),
        ),
        case(
            "no SEQUENCE",
            right,
            |world| raw(world, vec![5, 0]),
            Refused("NameConstraints"),
        ),
        case(
            "a minimum of 1",
            right,
            |world| raw(world, with_distance(&der::context_primitive(0, &[1]))),
            Refused("NameConstraintDistance"),
        ),
        // The default is not written in DER (X.690 section 11.5).
        case(
            "a minimum of 0, written",
            right,
            |world| raw(world, with_distance(&der::context_primitive(0, &[0]))),
            Refused("NameConstraintDistance"),
        ),
        case(
            "a maximum",
            right,
            |world| raw(world, with_distance(&der::context_primitive(1, &[5]))),
            Refused("NameConstraintDistance"),
        ),
        case(
            "a base of no form",
            right,
            |world| constrained(world, &[der::context_primitive(9, b"x")], &[]),
            Refused("GeneralName/unknown_general_name"),
        ),
        case(
            "1025 subtrees",
            || constrained(World::small(), &vec![dns("a.jp"); 1024], &[]),
            |world| constrained(world, &vec![dns("a.jp"); 1025], &[]),
            Refused("TooManySubtrees"),
        ),
    ]
}

#[test]
fn names_and_constraints() {
    check(&cases());
}
