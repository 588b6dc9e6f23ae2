//! Which certificates make a path: names, hints about keys, detours and loops (RFC 4158, RFC 5280 section 6.1).

use conformance::path::{Key, Party, World, unnamed, values};
use sandbox::mint::{Extension, Extensions as _, names};

use crate::case::Outcome::{Refused, Valid};
use crate::case::{Case, case, check};

/// An authority of the same name with another key, certified by the same root.
fn namesake(world: &World) -> (Party, Vec<u8>) {
    let namesake = world.tiers[0].party.with_key(Key::named("namesake"));
    let certificate = world.root.sign(&world.root.certify_authority(&namesake));
    (namesake, certificate)
}

fn with_namesake() -> World {
    let world = World::small();
    let (_, certificate) = namesake(&world);
    world.also(certificate)
}

fn naming_key(world: World, key_id: &[u8]) -> World {
    world.leaf(|leaf| leaf.with_extension(Extension::signer_key_identifier(key_id)))
}

/// The authority is certified by another root too.
fn cross_certified() -> World {
    let world = World::small();
    let other = Party::new("other root");
    let authority = &world.tiers[0].party;
    let certificate = other.sign(&other.certify_authority(authority));
    let list = other.sign_list(&other.list());
    world.also(certificate).also_list(list)
}

fn only_other_root(mut world: World) -> World {
    world.anchors = vec![Party::new("other root").root()];
    world
}

fn stranger() -> Vec<u8> {
    Party::new("stranger").root()
}

/// A key change: the authority certifies its new key with its old one, and the leaf with the new one.
fn key_change() -> World {
    World::of(&["authority", "new key", "leaf"]).self_issued(1)
}

/// Two authorities that certify each other besides the root's certificate for one of them.
fn with_loop() -> World {
    let world = World::small();
    let (authority, other) = (world.tiers[0].party.clone(), Party::new("other"));
    let there = authority.sign(&authority.certify_authority(&other));
    let back = other.sign(&other.certify_authority(&authority));
    world.also(there).also(back)
}

/// The end of the path is the authority's certificate for itself; the root vouches for its key.
fn ending_in_a_self_signed_certificate(mut world: World) -> World {
    let authority = world.tiers[0].party.clone();
    let tier = &mut world.tiers[1];
    tier.certificate = authority.certify_authority(&authority);
    tier.party = authority;
    world
}

/// As many authorities below each other as it takes for a path of this length.
pub(crate) fn chain_of(length: usize) -> World {
    let names: Vec<String> = (0..length).map(|depth| format!("depth {depth}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    World::of(&names)
}

/// Another anchor's namesake: the authority is an anchor itself, and the issuer of its lists is only below the root.
fn anchored_twice() -> World {
    let world = World::small();
    let authority = world.tiers[0].party.clone();
    let signer = authority.with_key(Key::named("signer of lists"));
    let certificate = world.root.sign(&world.root.certify_authority(&signer));
    let list = signer.sign_list(&signer.list());
    world.without_list(1).also(certificate).also_list(list)
}

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = candidates();
    cases.extend(detours());
    cases
}

fn candidates() -> Vec<Case> {
    vec![
        case(
            "a namesake of the authority with another key",
            World::small,
            |_| with_namesake(),
            Valid,
        ),
        case(
            "nobody's key is named",
            with_namesake,
            |world| world.leaf(unnamed),
            Valid,
        ),
        case(
            "the namesake's key is named",
            with_namesake,
            |world| naming_key(world, Key::named("namesake").id()),
            Valid,
        ),
        case(
            "a key of nobody is named",
            World::small,
            |world| naming_key(world, b"nobody"),
            Valid,
        ),
        case(
            "the namesake signs with its key instead",
            || {
                let world = with_namesake();
                let (namesake, _) = namesake(&world);
                let list = namesake.sign_list(&namesake.list());
                world.also_list(list)
            },
            |world| {
                let (namesake, _) = namesake(&world);
                world.signed_by(&namesake)
            },
            Valid,
        ),
        case(
            "somebody else's signature",
            World::small,
            |world| world.signed_by(&Party::new("stranger")),
            Refused("IssuerSignature"),
        ),
        case(
            "another issuer than the one whose key is named",
            World::small,
            |world| {
                world.leaf(|mut leaf| {
                    leaf.issuer = values::name("nobody");
                    leaf
                })
            },
            Refused("IssuerName"),
        ),
        case(
            "an issuer whom nobody knows",
            || World::small().leaf(|leaf| leaf.without_extension(names::AUTHORITY_KEY_IDENTIFIER)),
            |world| {
                world.leaf(|mut leaf| {
                    leaf.issuer = values::name("nobody");
                    leaf
                })
            },
            Refused("IssuerUnknown"),
        ),
        case(
            "another anchor",
            World::small,
            |mut world| {
                world.anchors = vec![stranger()];
                world
            },
            Refused("IssuerUnknown"),
        ),
        case(
            "another anchor besides",
            World::small,
            |mut world| {
                world.anchors.insert(0, stranger());
                world
            },
            Valid,
        ),
        case(
            "no anchor",
            World::small,
            |mut world| {
                world.anchors.clear();
                world
            },
            Refused("NoTrustAnchor"),
        ),
        case(
            "a namesake of the root with another key as the only anchor",
            World::small,
            |mut world| {
                world.anchors = vec![world.root.with_key(Key::named("namesake")).root()];
                world
            },
            Refused("IssuerSignature"),
        ),
        case(
            "a namesake of the root with another key as another anchor",
            World::small,
            |mut world| {
                world
                    .anchors
                    .insert(0, world.root.with_key(Key::named("namesake")).root());
                world
            },
            Valid,
        ),
        case(
            "an intermediate that is no certificate",
            World::small,
            |world| world.also(vec![5, 0]),
            Valid,
        ),
    ]
}

fn detours() -> Vec<Case> {
    vec![
        case(
            "certified by two roots",
            World::small,
            |_| cross_certified(),
            Valid,
        ),
        case(
            "the other of the two roots is trusted",
            cross_certified,
            only_other_root,
            Valid,
        ),
        case(
            "a key change within an authority",
            World::small,
            |_| key_change(),
            Valid,
        ),
        case(
            "two authorities that certify each other",
            World::small,
            |_| with_loop(),
            Valid,
        ),
        case(
            "and no way to an anchor",
            with_loop,
            |mut world| {
                world.anchors = vec![stranger()];
                world
            },
            Refused("IssuerUnknown"),
        ),
        case(
            "the root among the intermediates",
            World::small,
            |world| {
                let root = world.root.root();
                world.also(root)
            },
            Valid,
        ),
        case(
            "the leaf among the intermediates",
            World::small,
            |world| {
                let (leaf, _) = world.certificates();
                world.also(leaf)
            },
            Valid,
        ),
        case(
            "every intermediate twice",
            World::medium,
            |world| {
                let (_, others) = world.certificates();
                others.into_iter().fold(world, World::also)
            },
            Valid,
        ),
        case(
            "a self-signed certificate at the end, whose key the root certified",
            World::small,
            ending_in_a_self_signed_certificate,
            Valid,
        ),
        case(
            "the authority is an anchor too",
            World::small,
            |mut world| {
                world.anchors.insert(0, world.tiers[0].party.root());
                world
            },
            Valid,
        ),
        case(
            "and its lists are signed by a key that only the root certified",
            anchored_twice,
            |mut world| {
                world.anchors.insert(0, world.tiers[0].party.root());
                world
            },
            Valid,
        ),
        case(
            "a path of 21 certificates",
            || chain_of(20),
            |_| chain_of(21),
            Refused("PathTooLong"),
        ),
    ]
}

#[test]
fn candidates_are_tried_and_loops_end() {
    check(&cases());
}

#[test]
fn the_root_among_the_intermediates_is_not_told_as_part_of_the_path() {
    let world = World::small();
    let root = world.root.root();
    let report = world.also(root).revoke(1, None).ask();
    assert_eq!((report.path.len(), report.trust_anchor), (2, Some(0)));
}

#[test]
fn the_order_of_certificates_and_lists_changes_nothing() {
    let world = cross_certified();
    let (_, intermediates) = with_loop().certificates();
    let mut world = intermediates.into_iter().fold(world, World::also);
    for _ in 0..world.certificates.len() {
        world.certificates.rotate_left(1);
        world.lists.rotate_left(1);
        assert_eq!(world.ask().error, None);
    }
}
