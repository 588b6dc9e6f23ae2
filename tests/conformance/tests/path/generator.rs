//! Hierarchies drawn at random from a seed: everything in them is well-formed, little of it goes together.

use conformance::issuer::NOW;
use conformance::path::values::{self, Point, Scope};
use conformance::path::{HOUR, Key, Party, World, extended, revoked};
use pki::Oid;
use sandbox::mint::{CertificateSpec, CrlSpec, Extension, Extensions as _, names};

/// xorshift64*: the same hierarchies from the same seed, everywhere.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33
    }

    /// A number below this one.
    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next()).unwrap() % end
    }

    /// True once in so many times.
    fn once_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    fn some<T: Clone>(&mut self, from: &[T], once_in: usize) -> Vec<T> {
        from.iter()
            .filter(|_| self.once_in(once_in))
            .cloned()
            .collect()
    }

    fn one<T: Clone>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())].clone()
    }
}

/// A question.
pub(crate) fn world(dice: &mut Dice) -> World {
    let names = ["one", "two", "three", "four", "five"];
    let mut world = World::of(&names[..=dice.below(4)]);
    world = with_covered_anchor(world);
    let last = world.tiers.len() - 1;
    if dice.once_in(2) {
        world = constraints(world, dice);
    }
    if dice.once_in(2) {
        world = policies(world, dice);
    }
    for index in 0..last {
        if dice.once_in(8) {
            world = world.self_issued(index);
        }
        world = world.certificate(index, |it| authority(it, dice));
    }
    if dice.once_in(25) {
        let index = dice.below(last + 1);
        world = world.certificate(index, |it| unusual(it, dice));
    }
    lists(world, dice)
}

/// OpenSSL wants to know the status of the anchor too, which is not on the path (RFC 5280 section 6.1). So the anchor
/// has a distribution point and a list of its own, which answers for nothing else.
fn with_covered_anchor(mut world: World) -> World {
    let address = "http://example.jp/anchor";
    let anchor = world.root.certify_authority(&world.root);
    let points = values::distribution_points(&[Point::at(address)]);
    world.anchors = vec![world.root.sign(&anchor.with_extension(points))];
    let list = world
        .root
        .list()
        .with_extension(Scope::at(address).extension());
    let list = world.root.sign_list(&list);
    world.also_list(list)
}

fn authority(certificate: CertificateSpec, dice: &mut Dice) -> CertificateSpec {
    let certificate = match dice.below(8) {
        0 => {
            let length = u64::try_from(dice.below(3)).unwrap();
            certificate.with_extension(values::basic_constraints(Some(length)))
        }
        _ => certificate,
    };
    match dice.below(80) {
        0 => certificate.without_extension(names::KEY_USAGE),
        1 => certificate.with_extension(Extension::key_usage(&[6])),
        2 => certificate.with_extension(Extension::key_usage(&[5])),
        3 => certificate.without_extension(names::BASIC_CONSTRAINTS),
        _ => certificate,
    }
}

fn unusual(certificate: CertificateSpec, dice: &mut Dice) -> CertificateSpec {
    match dice.below(4) {
        0 => certificate.with_validity(NOW.plus_secs(-HOUR), NOW.plus_secs(-1)),
        1 => certificate.with_validity(NOW.plus_secs(1), NOW.plus_secs(HOUR)),
        2 => certificate.with_extension(Extension::unknown_critical()),
        _ => certificate.without_extension(names::AUTHORITY_KEY_IDENTIFIER),
    }
}

fn constraints(world: World, dice: &mut Dice) -> World {
    let organisation = names::name([names::country(), names::utf8("2.5.4.10", "CONFORMANCE")]);
    let bases = [
        values::dns("example.jp"),
        values::dns("a.example.jp"),
        values::mail("example.jp"),
        values::mail(".example.jp"),
        values::mail("one@example.jp"),
        values::uri("example.jp"),
        values::uri(".example.jp"),
        values::ip(&[10, 0, 0, 0, 255, 0, 0, 0]),
        values::ip(&[10, 1, 0, 0, 255, 255, 0, 0]),
        values::directory(&organisation),
        values::directory(&values::name("two")),
    ];
    let general_names = [
        values::dns("example.jp"),
        values::dns("A.Example.jp"),
        values::dns("b.example.jp"),
        values::dns("example.com"),
        values::mail("one@example.jp"),
        values::mail("two@EXAMPLE.jp"),
        values::mail("one@mail.example.jp"),
        values::mail("one@example.com"),
        values::uri("http://example.jp/"),
        values::uri("http://www.example.jp:80/x"),
        values::uri("http://example.com"),
        values::ip(&[10, 1, 2, 3]),
        values::ip(&[10, 2, 2, 3]),
        values::ip(&[11, 0, 0, 1]),
        values::directory(&values::name("three")),
        values::directory(&values::name_in(0x0c, b"elsewhere")),
        values::registered(),
    ];
    let mut world = world;
    let last = world.tiers.len() - 1;
    for index in 0..last {
        let (permitted, excluded) = (dice.some(&bases, 6), dice.some(&bases, 20));
        if permitted.len() + excluded.len() > 0 && dice.once_in(2) {
            let constraints = values::name_constraints(&permitted, &excluded);
            world = world.certificate(index, |it| it.with_extension(constraints));
        }
    }
    let alternative = dice.some(&general_names, 10);
    if !alternative.is_empty() {
        world = world.leaf(|leaf| leaf.with_extension(values::alternative_names(&alternative)));
    }
    if dice.once_in(5) {
        let address = dice.one(&["one@example.jp", "two@example.jp", "one@example.com"]);
        world = world.leaf(|leaf| CertificateSpec {
            subject: values::name_with_email(0x16, address),
            ..leaf
        });
    }
    world
}

fn policies(world: World, dice: &mut Dice) -> World {
    let all: Vec<String> = (1..5).map(values::policy).collect();
    let mut world = world;
    for index in 0..world.tiers.len() {
        let mut own = dice.some(&all, 2);
        if dice.once_in(3) {
            own.push(values::ANY_POLICY.to_owned());
        }
        let mut extensions = Vec::new();
        if !own.is_empty() {
            extensions.push(values::policies(&own));
        }
        if dice.once_in(2) && !own.is_empty() {
            let pairs: Vec<(String, String)> = dice
                .some(&all, 3)
                .into_iter()
                .map(|issuer| (issuer, dice.one(&all)))
                .collect();
            if !pairs.is_empty() {
                extensions.push(values::mappings(pairs));
            }
        }
        let mut number = |times: usize| {
            dice.once_in(times)
                .then(|| u64::try_from(dice.below(4)).unwrap())
        };
        let (explicit, mapping, any) = (number(4), number(6), number(6));
        if explicit.is_some() || mapping.is_some() {
            extensions.push(values::policy_constraints(explicit, mapping));
        }
        extensions.extend(any.map(values::inhibit_any_policy));
        world = world.certificate(index, |it| extended(it, extensions));
    }
    let accepted = dice.some(&all, 4);
    let flags = [dice.once_in(2), dice.once_in(8), dice.once_in(8)];
    world.asking(|settings| {
        settings.initial_policy_set = accepted
            .iter()
            .map(|it| Oid::from_dotted(it).unwrap())
            .collect();
        settings.require_explicit_policy = flags[0];
        settings.inhibit_policy_mapping = flags[1];
        settings.inhibit_any_policy = flags[2];
    })
}

fn lists(world: World, dice: &mut Dice) -> World {
    let mut world = world;
    for index in 0..world.tiers.len() {
        let is_user = index + 1 == world.tiers.len();
        world = match dice.below(20) {
            0 | 1 => partition(world, index, dice),
            2 => reasons(world, index, dice),
            3 => {
                let scope = Scope {
                    users: is_user,
                    authorities: !is_user,
                    ..Scope::default()
                };
                world.list(index, |list| list.with_extension(scope.extension()))
            }
            4 => {
                let scope = Scope {
                    users: !is_user,
                    authorities: is_user,
                    ..Scope::default()
                };
                also(world, index, |list| list.with_extension(scope.extension()))
            }
            5 | 6 => delta(world, index, dice),
            7 => indirect(world, index, dice),
            8 => separate_key(world, index),
            9 if dice.once_in(3) => world.without_list(index),
            9 => world.list(index, |list| CrlSpec {
                next_update: Some(NOW.plus_secs(-1)),
                ..list
            }),
            10 if dice.once_in(2) => world.revoke(index, Some(1)),
            _ => world,
        };
    }
    world
}

fn also(world: World, index: usize, change: impl FnOnce(CrlSpec) -> CrlSpec) -> World {
    let issuer = world.issuer(index).clone();
    world.also_list(issuer.sign_list(&change(issuer.list())))
}

const POINTS: [&str; 3] = [
    "http://example.jp/a",
    "http://example.jp/b",
    "ldap://example.jp/c",
];

fn partition(world: World, index: usize, dice: &mut Dice) -> World {
    let own: Vec<Point> = dice.some(&POINTS, 2).into_iter().map(Point::at).collect();
    let mut world = world;
    if !own.is_empty() {
        world = world.certificate(index, |it| {
            it.with_extension(values::distribution_points(&own))
        });
    }
    let scope = Scope::at(dice.one(&POINTS));
    world = world.list(index, |list| list.with_extension(scope.extension()));
    if dice.once_in(2) {
        let entry = dice
            .once_in(2)
            .then(|| revoked(&world.tiers[index].certificate, None));
        let scope = Scope::at(dice.one(&POINTS));
        world = also(world, index, |mut list| {
            list.entries.extend(entry);
            list.with_extension(scope.extension())
        });
    }
    world
}

fn reasons(world: World, index: usize, dice: &mut Dice) -> World {
    let (first, second) = if dice.once_in(3) {
        (vec![1, 2, 3], vec![4, 5, 6, 7])
    } else {
        (vec![1, 2, 3, 4, 5], vec![5, 6, 7, 8])
    };
    let entry = dice
        .once_in(4)
        .then(|| revoked(&world.tiers[index].certificate, Some(4)));
    let world = world.list(index, |list| {
        list.with_extension(Scope::of_reasons(&first).extension())
    });
    also(world, index, |mut list| {
        list.entries.extend(entry);
        list.with_extension(Scope::of_reasons(&second).extension())
    })
}

fn delta(world: World, index: usize, dice: &mut Dice) -> World {
    let issuer = world.issuer(index).clone();
    let certificate = world.tiers[index].certificate.clone();
    let mut delta = issuer.delta();
    let mut world = world;
    match dice.below(4) {
        0 => delta = delta.with_entry(revoked(&certificate, Some(1))),
        1 => {
            world = world.revoke(index, Some(6));
            delta = delta.with_entry(revoked(&certificate, Some(8)));
        }
        2 => world = world.revoke(index, Some(6)),
        _ => {}
    }
    if dice.once_in(4) {
        delta = delta.with_number(13).as_delta_of(12);
    }
    // RFC 5280 section 6.3.3 (a) (1) (i): deltas are used where the certificate or the list says that there are some.
    let freshest = values::distribution_points(&[Point::at(POINTS[0])]).value;
    world
        .list(index, |list| {
            list.with_extension(Extension::plain(values::FRESHEST_CRL, freshest))
        })
        .also_list(issuer.sign_list(&delta))
}

fn indirect(world: World, index: usize, dice: &mut Dice) -> World {
    let other = Party::new("issuer of lists");
    let points = values::distribution_points(&[Point::at(POINTS[0]).of(&other.name)]);
    let certificate = world
        .root
        .certify(&other)
        .with_extension(Extension::key_usage(&[6]));
    let certificate = world.root.sign(&certificate);
    let scope = Scope {
        indirect: !dice.once_in(6),
        ..Scope::at(POINTS[0])
    };
    let mut list = other.list().with_extension(scope.extension());
    if dice.once_in(3) && scope.indirect {
        let mut entry = revoked(&world.tiers[index].certificate, None);
        let issuer = if dice.once_in(3) {
            values::name("somebody")
        } else {
            world.issuer(index).name.clone()
        };
        entry.extensions.push(values::certificate_issuer(&issuer));
        list = list.with_entry(entry);
    }
    let list = other.sign_list(&list);
    let world = world.certificate(index, |it| it.with_extension(points));
    let world = if dice.once_in(2) {
        world.without_list(index)
    } else {
        world
    };
    world.also(certificate).also_list(list)
}

/// The lists of an issuer are signed by another key that the root certified.
fn separate_key(world: World, index: usize) -> World {
    let signer = world.issuer(index).with_key(Key::named("key for lists"));
    let certificate = world
        .root
        .certify(&signer)
        .with_extension(Extension::key_usage(&[6]));
    let certificate = world.root.sign(&certificate);
    let list = signer.sign_list(&signer.list());
    world.without_list(index).also(certificate).also_list(list)
}
