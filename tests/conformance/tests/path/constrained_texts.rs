//! Name constraints on hosts, addresses, mailboxes and resources (RFC 5280 section 4.2.1.10).

use conformance::path::World;
use conformance::path::values::{self, dns, ip, mail, uri};

use crate::case::Outcome::Valid;
use crate::case::{Case, case, check};
use crate::constraints::{
    EXCLUDED, MALFORMED, NO_CONSTRAINT, NOT_PERMITTED, constrained, excludes, named, permits,
    subject,
};

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = hosts();
    cases.extend(addresses());
    cases.extend(mailboxes());
    cases.extend(resources());
    cases
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

#[test]
fn constraints_on_texts_and_addresses() {
    check(&cases());
}
