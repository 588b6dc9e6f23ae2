//! Whose key signs a list: RFC 5280 section 6.3.3 (f) to (g).

use conformance::issuer::NOW;
use conformance::path::values::{self, Point, Scope};
use conformance::path::{Key, Party, World, extended, revoked};
use sandbox::der;
use sandbox::mint::{CertificateSpec, Extension, Extensions as _, names};

use crate::case::Outcome::{Refused, Unusable, Valid};
use crate::case::{Case, case, check};

/// The authority's name with a key for lists alone.
fn signer(world: &World) -> Party {
    world.tiers[0].party.with_key(Key::named("key for lists"))
}

/// The certificate of the key for lists: the root's, for an end entity that may sign lists.
fn signer_certificate(world: &World) -> CertificateSpec {
    let certificate = world.root.certify(&signer(world));
    certificate.with_extension(Extension::key_usage(&[6]))
}

/// The authority's lists are signed by a key for lists, whose certificate the root's list covers.
fn separate() -> World {
    separately(World::small(), |certificate| certificate)
}

fn separately(world: World, change: impl FnOnce(CertificateSpec) -> CertificateSpec) -> World {
    let signer = signer(&world);
    let certificate = change(signer_certificate(&world));
    let mut world = world.without_list(1);
    world.certificates = vec![world.root.sign(&certificate)];
    world.lists = vec![signer.sign_list(&signer.list())];
    world
}

/// The same with this party as the issuer of the certificate of the key for lists.
fn separately_by(world: World, issuer: &Party) -> World {
    let signer = signer(&world);
    let certificate = issuer.certify(&signer);
    let certificate = certificate.with_extension(Extension::key_usage(&[6]));
    let mut world = world.without_list(1);
    world.certificates = vec![issuer.sign(&certificate)];
    world.lists = vec![signer.sign_list(&signer.list())];
    world
}

/// Lists of issuers whose certificates are covered by each other's lists only.
fn circle(world: World, is_closed: bool) -> World {
    let [one, two] = ["first issuer", "second issuer"].map(Party::new);
    let root = world.root.clone();
    let certify = |party: &Party, lists_of: Option<&Party>| {
        let certificate = root
            .certify(party)
            .with_extension(Extension::key_usage(&[6]));
        let point =
            lists_of.map(|other| values::distribution_points(&[Point::default().of(&other.name)]));
        root.sign(&extended(certificate, point))
    };
    let list = |party: &Party| {
        party.sign_list(&party.list().with_extension(Scope::indirect().extension()))
    };
    let leaf_point = values::distribution_points(&[Point::default().of(&one.name)]);
    let mut world = world
        .without_list(1)
        .leaf(|leaf| extended(leaf, [leaf_point]));
    world.certificates = vec![
        certify(&one, Some(&two)),
        certify(&two, is_closed.then_some(&one)),
    ];
    world.lists = vec![list(&one), list(&two)];
    if is_closed {
        // The root's list would answer for them besides.
        world = world.list(0, |list| {
            list.with_extension(
                Scope {
                    authorities: true,
                    ..Scope::default()
                }
                .extension(),
            )
        });
    }
    world
}

/// The leaf's list is issued by somebody whose certificate only that list covers.
fn of_itself() -> World {
    let world = World::small();
    let one = Party::new("first issuer");
    let point = || values::distribution_points(&[Point::default().of(&one.name)]);
    let certificate = world
        .root
        .certify(&one)
        .with_extension(Extension::key_usage(&[6]));
    let certificate = world.root.sign(&extended(certificate, [point()]));
    let list = one.sign_list(&one.list().with_extension(Scope::indirect().extension()));
    let scope = Scope {
        authorities: true,
        ..Scope::default()
    };
    let world = world.without_list(1).leaf(|leaf| extended(leaf, [point()]));
    world
        .list(0, |list| list.with_extension(scope.extension()))
        .also(certificate)
        .also_list(list)
}

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = separate_keys();
    cases.extend(circles());
    cases
}

fn separate_keys() -> Vec<Case> {
    vec![
        case("a key for lists", World::small, |_| separate(), Valid),
        case(
            "its certificate is not given",
            separate,
            |mut world| {
                world.certificates.clear();
                world
            },
            Unusable("Signature"),
        ),
        case(
            "revoked on its list",
            separate,
            |world| {
                let (signer, entry) = (signer(&world), revoked(&world.tiers[1].certificate, None));
                world.also_list(signer.sign_list(&signer.list().with_number(11).with_entry(entry)))
            },
            Refused("Revoked"),
        ),
        case(
            "without keyUsage",
            separate,
            |world| separately(world, |it| it.without_extension(names::KEY_USAGE)),
            Valid,
        ),
        case(
            "without cRLSign",
            separate,
            |world| separately(world, |it| it.with_extension(Extension::key_usage(&[0]))),
            Unusable("SignerKeyUsage"),
        ),
        case(
            "the authority's own keyUsage without cRLSign",
            World::small,
            |world| world.certificate(0, |it| it.with_extension(Extension::key_usage(&[5]))),
            Unusable("SignerKeyUsage"),
        ),
        case(
            "expired",
            separate,
            |world| {
                separately(world, |it| {
                    it.with_validity(NOW.plus_secs(-60), NOW.plus_secs(-1))
                })
            },
            Unusable("SignerPath/Expired"),
        ),
        case(
            "revoked itself",
            separate,
            |world| {
                let mut revoked_certificate = None;
                let world = separately(world, |it| {
                    revoked_certificate = Some(it.clone());
                    it
                });
                let entry = revoked(&revoked_certificate.unwrap(), None);
                world.list(0, |list| list.with_entry(entry))
            },
            Unusable("SignerPath/Revoked"),
        ),
        case(
            "of unknown status",
            separate,
            |world| {
                let scope = Scope {
                    authorities: true,
                    ..Scope::default()
                };
                world.list(0, |list| list.with_extension(scope.extension()))
            },
            Unusable("SignerPath/RevocationUndetermined"),
        ),
        case(
            "with an unknown critical extension",
            separate,
            |world| separately(world, |it| it.with_extension(Extension::unknown_critical())),
            Unusable("SignerPath/UnknownCriticalExtension"),
        ),
        // (f): the trust anchor must be the same.
        case(
            "from another anchor",
            separate,
            |world| {
                let other = Party::new("other root");
                let mut world = separately_by(world, &other);
                world.anchors.push(other.root());
                let list = other.sign_list(&other.list());
                world.also_list(list)
            },
            Unusable("SignerPath/IssuerUnknown"),
        ),
        case(
            "with a key that is not supported",
            separate,
            |world| {
                let signer = signer(&world);
                let algorithm = der::sequence([der::object_identifier("1.3.101.112")]);
                let signer = signer.with_key(Key::broken(&algorithm, &[7; 32]));
                let certificate = world
                    .root
                    .certify(&signer)
                    .with_extension(Extension::key_usage(&[6]));
                let mut world = world;
                world.certificates = vec![world.root.sign(&certificate)];
                world.lists = vec![signer.sign_list(&signer.list())];
                world
            },
            Unusable("PublicKey/key_algorithm"),
        ),
        case(
            "somebody else's signature of a list",
            separate,
            |mut world| {
                let (signer, stranger) = (signer(&world), Party::new("stranger"));
                world.lists = vec![stranger.sign_list(&signer.list())];
                world
            },
            Unusable("Signature"),
        ),
        case(
            "a list in the name of a stranger's certificate with the same name",
            World::small,
            |world| {
                let namesake = world.tiers[0].party.with_key(Key::named("stranger"));
                let entry = revoked(&world.tiers[1].certificate, None);
                let list = namesake.sign_list(&namesake.list().with_number(11).with_entry(entry));
                world.also(namesake.root()).also_list(list)
            },
            Valid,
        ),
        case(
            "nobody with the name of the list's issuer",
            indirect_of_somebody,
            |mut world| {
                world.certificates.clear();
                world
            },
            Unusable("SignerUnknown"),
        ),
        case(
            "the leaf's own key, which is not of the authority's name",
            World::small,
            |world| {
                let (authority, leaf) =
                    (world.tiers[0].party.clone(), world.tiers[1].party.clone());
                world
                    .without_list(1)
                    .also_list(leaf.sign_list(&authority.list()))
            },
            Unusable("Signature"),
        ),
    ]
}

fn indirect_of_somebody() -> World {
    let one = Party::new("first issuer");
    let world = World::small();
    let point = values::distribution_points(&[Point::default().of(&one.name)]);
    let certificate = world
        .root
        .certify(&one)
        .with_extension(Extension::key_usage(&[6]));
    let certificate = world.root.sign(&certificate);
    let list = one.sign_list(&one.list().with_extension(Scope::indirect().extension()));
    world
        .without_list(1)
        .leaf(|leaf| extended(leaf, [point]))
        .also(certificate)
        .also_list(list)
}

fn circles() -> Vec<Case> {
    vec![
        case(
            "a chain of issuers of lists",
            World::small,
            |world| circle(world, false),
            Valid,
        ),
        case(
            "a circle of issuers of lists",
            || circle(World::small(), false),
            |world| circle(world, true),
            Refused("CrlIssuerCycle"),
        ),
        case(
            "and it shows in the list",
            || circle(World::small(), false),
            |world| circle(world, true),
            Unusable("SignerPath/CrlIssuerCycle"),
        ),
        // NIST PKITS 4.14.30: nothing but its own list can cover it.
        case(
            "an issuer of lists under its own list",
            World::small,
            |_| of_itself(),
            Valid,
        ),
        case(
            "that revokes itself",
            of_itself,
            |mut world| {
                let one = Party::new("first issuer");
                let certificate = world
                    .root
                    .certify(&one)
                    .with_extension(Extension::key_usage(&[6]));
                let point = values::distribution_points(&[Point::default().of(&one.name)]);
                let certificate = extended(certificate, [point]);
                let mut entry = revoked(&certificate, None);
                entry
                    .extensions
                    .push(values::certificate_issuer(&world.root.name));
                world.certificates = vec![world.root.sign(&certificate)];
                let list = one
                    .list()
                    .with_extension(Scope::indirect().extension())
                    .with_entry(entry);
                world.lists = vec![one.sign_list(&list)];
                world
            },
            Unusable("SignerPath/Revoked"),
        ),
    ]
}

#[test]
fn lists_are_signed_by_whom_they_are_of() {
    check(&cases());
}
