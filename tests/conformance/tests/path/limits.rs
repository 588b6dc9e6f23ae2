//! Hostile and merely large questions: the work for one is bounded, and what is honest fits.

use std::time::{Duration, Instant};

use conformance::issuer::Issuer;
use conformance::path::values::{self, Point, Scope};
use conformance::path::{Key, Party, World, extended};
use pki::{CrossCheck, PathReport, Profile, Verdict, Verifier};
use sandbox::der;
use sandbox::mint::{CaKind, CrlSpec, Extension, Extensions as _, names};

use crate::case::Outcome::Refused;
use crate::case::{Case, case, check};
use crate::issuers::chain_of;

/// Longer than any answer takes, and far below what unbounded work would.
const PATIENCE: Duration = Duration::from_mins(1);

/// The answer, without the second implementation: as many as a machine that others use can give.
fn ask(world: &World) -> PathReport {
    let begun = Instant::now();
    let report = world.ask_with(&Verifier::new(CrossCheck::Off));
    assert!(begun.elapsed() < PATIENCE, "{:?}", begun.elapsed());
    report
}

/// This many authorities of one name, each with its own key, all certified by the first.
fn namesakes(count: usize) -> World {
    let world = World::small().without_revocation();
    let authority = world.tiers[0].party.clone();
    let certificates = (0..count).map(|number| {
        let key = Key::named(&format!("one of many {number}"));
        world
            .root
            .sign(&world.root.certify_authority(&authority.with_key(key)))
    });
    let certificates: Vec<Vec<u8>> = certificates.collect();
    certificates.into_iter().fold(world, World::also)
}

fn unnamed_leaf(world: World) -> World {
    world.leaf(|leaf| leaf.without_extension(names::AUTHORITY_KEY_IDENTIFIER))
}

/// Authorities that all certify each other, below nobody.
fn mesh(count: usize) -> World {
    let parties: Vec<Party> = (0..count)
        .map(|number| Party::new(&format!("mesh {number}")))
        .collect();
    let mut world = World::small().without_revocation();
    for issuer in &parties {
        for subject in &parties {
            if issuer.name != subject.name {
                world = world.also(issuer.sign(&issuer.certify_authority(subject)));
            }
        }
    }
    let leaf = parties[0].certify(&Party::new("leaf"));
    world.target = Some(parties[0].sign(&leaf));
    world
}

/// Lists of the leaf's issuer that all have to be verified.
fn many_lists(count: usize) -> World {
    let world = World::small();
    let authority = world.tiers[0].party.clone();
    let list = authority.list();
    (0..count).fold(world, |world, number| {
        let number = u64::try_from(number).unwrap();
        let list = list.clone().with_number(1_000 + number);
        world.also_list(authority.sign_list(&list))
    })
}

/// Names and constraints that all have to be compared with each other.
fn many_names(subtrees: usize) -> World {
    let world = World::small().without_revocation();
    let excluded: Vec<Vec<u8>> = (0..subtrees)
        .map(|number| values::dns(&format!("{number}.example.jp")))
        .collect();
    let names: Vec<Vec<u8>> = (0..256)
        .map(|number| values::dns(&format!("n{number}.example.jp")))
        .collect();
    let world = world.certificate(0, |it| {
        extended(it, [values::name_constraints(&[], &excluded)])
    });
    world.leaf(|leaf| extended(leaf, [values::alternative_names(&names)]))
}

/// A list issuer's certificates of one name, and as many lists of theirs, each of which leads to all of them.
fn many_list_issuers(count: usize) -> World {
    let world = World::small().without_list(1);
    let name = Party::new("issuer of lists");
    let point = || values::distribution_points(&[Point::default().of(&name.name)]);
    let mut world = world.leaf(|leaf| extended(leaf, [point()]));
    let only = Scope {
        authorities: true,
        ..Scope::default()
    };
    world = world.list(0, |list| list.with_extension(only.extension()));
    for number in 0..count {
        let party = name.with_key(Key::named(&format!("one of many {number}")));
        let certificate = extended(
            world.root.certify(&party),
            [point(), Extension::key_usage(&[6])],
        );
        world.certificates.push(world.root.sign(&certificate));
        let list = party.list().with_extension(Scope::indirect().extension());
        world.lists.push(party.sign_list(&list));
    }
    world
}

fn unrelated_list() -> Vec<u8> {
    let other = Party::new("unrelated");
    other.sign_list(&other.list())
}

fn with_lists(count: usize) -> World {
    let list = unrelated_list();
    let mut world = World::small();
    world.lists = vec![list; count];
    world
}

fn with_certificates(count: usize) -> World {
    let mut world = World::small();
    world.certificates = vec![Party::new("unrelated").root(); count];
    world
}

/// Each certificate with the widest policies and many nodes that lead to as many.
fn wide_policies(count: usize) -> World {
    let mut world = chain_of(20).without_revocation();
    let policies = values::policies(
        (0..128)
            .map(values::policy)
            .chain([values::ANY_POLICY.to_owned()])
            .take(count),
    );
    let pairs = || {
        let hubs = (0..11)
            .flat_map(|one| (0..11).map(move |other| (values::policy(one), values::policy(other))));
        values::mappings(hubs)
    };
    for index in 0..20 {
        world = world.certificate(index, |it| extended(it, [policies.clone(), pairs()]));
    }
    world
}

/// The list issuers' lists, which each of many certificates is compared with.
fn lists_for_many_paths(lists: usize) -> World {
    let world = World::small();
    let authority = world.tiers[0].party.clone();
    let mut world = world.without_list(1);
    // None of them covers the leaf, whichever of its issuers is tried.
    let list = authority
        .list()
        .with_extension(Scope::at("http://example.jp/other").extension());
    world.lists = vec![authority.sign_list(&list); lists];
    for number in 0..200 {
        let certificate = world.root.certify_authority(&authority);
        let length = values::basic_constraints(Some(number));
        world
            .certificates
            .push(world.root.sign(&extended(certificate, [length])));
    }
    world
}

pub(crate) fn cases() -> Vec<Case> {
    vec![
        case(
            "2049 intermediates",
            || with_certificates(2_047),
            |_| with_certificates(2_048),
            Refused("TooManyCertificates"),
        ),
        case(
            "4097 lists",
            || with_lists(4_094),
            |_| with_lists(4_095),
            Refused("TooManyCrls"),
        ),
        case(
            "2,000 authorities of one name",
            || namesakes(2_000),
            |world| unnamed_leaf(world).signed_by(&Party::new("stranger")),
            Refused("BudgetExhausted/signatures"),
        ),
        case(
            "a mesh that leads nowhere",
            || mesh_anchored(14),
            |mut world| {
                world.anchors = vec![Party::new("stranger").root()];
                world
            },
            Refused("BudgetExhausted/steps"),
        ),
        case(
            "300 lists of one issuer",
            || many_lists(100),
            |_| many_lists(300),
            Refused("BudgetExhausted/signatures"),
        ),
        case(
            "1,024 subtrees and 256 names",
            || many_names(900),
            |_| many_names(1_024),
            Refused("BudgetExhausted/names"),
        ),
        case(
            "4,096 lists for each of 200 paths",
            || {
                let world = lists_for_many_paths(4_000);
                let list = world.tiers[0].party.list();
                world.also_list(Party::new("authority").sign_list(&list))
            },
            |_| lists_for_many_paths(4_000),
            Refused("BudgetExhausted/lists compared"),
        ),
    ]
}

fn mesh_anchored(count: usize) -> World {
    let mut world = mesh(count);
    world.anchors = vec![Party::new("mesh 0").root()];
    world
}

#[test]
fn large_questions_end() {
    check(&cases());
}

#[test]
fn hostile_questions_end_without_an_answer() {
    let report = ask(&many_list_issuers(40));
    assert_ne!(report.verdict, Verdict::Valid);
    let report = ask(&wide_policies(128));
    assert_eq!(report.error, None);
}

#[test]
fn a_path_of_full_length_with_as_many_lists_as_may_be_given_is_validated() {
    let mut world = chain_of(20);
    world.lists = vec![unrelated_list(); 4_096 - 20];
    assert_eq!(ask(&world).error, None);
}

/// All partitions of a national authority at once, the holder's last.
#[test]
fn all_partitions_of_jpki_are_looked_through_for_one_certificate() {
    let issuer = Issuer::of(CaKind::UserAuthentication);
    let key = &issuer.authority.newest().key;
    let named = |number: usize| {
        names::name([
            names::country(),
            names::utf8("2.5.4.3", &format!("Municipality {number} CRLDP")),
        ])
    };
    let leaf = issuer
        .leaf()
        .with_extension(Extension::crl_distribution_point_named(&named(1_899)));
    let mut world = World::small();
    world.tiers.clear();
    world.profile = Profile::by_name("jpki-user-authentication").unwrap();
    world.anchors = issuer
        .authority
        .generations
        .iter()
        .map(|generation| generation.certificate.clone())
        .collect();
    world.target = Some(issuer.sign(&leaf));
    let list = |number: usize| -> CrlSpec { issuer.list().for_distribution_point(&named(number)) };
    // Only the holder's is verified; the others need no signature of their own to be passed over.
    let any_signature = key.sign(&der::null());
    world.lists = (0..1_899)
        .map(|number| list(number).with_signature(&any_signature))
        .collect();
    assert_eq!(ask(&world).verdict, Verdict::Indeterminate);
    world.lists.push(list(1_899).sign(key));
    assert_eq!(ask(&world).error, None);
}
