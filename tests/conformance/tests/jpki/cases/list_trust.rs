//! Whether a list answers for the leaf: its partition, its key, its dates.

use conformance::issuer::{MUNICIPALITY, NOW};
use pki::CrlSigner;
use sandbox::mint::{CaKind, Extension, MUNICIPALITIES, names};

use crate::scene::{Scene, authentication, full, partition, partition_of, signing, with_full_list};
use crate::table::Ruling::{Accepted, Unknown};
use crate::table::{Case, unknown};
use crate::world::{generation, world};

const KIND: CaKind = CaKind::UserAuthentication;
/// How far an authority's clock may be ahead.
const TOLERANCE_SECS: i64 = 300;

/// A leaf of the first generation with its own list.
fn first_generation() -> Scene {
    Scene::new(KIND, 1)
}

/// A leaf of the first generation where the newest key signs all lists.
fn first_generation_newest_key() -> Scene {
    let mut scene = Scene::new(KIND, 1);
    scene.setting = CrlSigner::NewestKey;
    scene.lists = vec![partition(KIND, 3)];
    scene
}

/// A leaf of the newest generation where the newest key signs all lists.
fn newest_key() -> Scene {
    let mut scene = authentication();
    scene.setting = CrlSigner::NewestKey;
    scene
}

/// The partition's name in other letters, with other spaces.
fn other_letters() -> Scene {
    let mut scene = authentication();
    scope(
        &mut scene,
        &point(&[
            "crl distribution  points",
            "HINODE-KEN",
            " Umikaze-shi CRLDP",
        ]),
    );
    scene
}

/// A list that is current for one more second.
fn last_second() -> Scene {
    let mut scene = authentication();
    scene.list().spec.next_update = Some(NOW.plus_secs(1));
    scene
}

/// A list whose issuer's clock is ahead as far as it may be.
fn clock_ahead() -> Scene {
    let mut scene = authentication();
    scene.list().spec.this_update = NOW.plus_secs(TOLERANCE_SECS);
    scene
}

/// A distribution point below the authority's own: folder, prefecture and city.
fn point(parts: &[&str; 3]) -> Vec<u8> {
    let [folder, prefecture, city] = parts;
    names::name([
        names::country(),
        names::utf8("2.5.4.10", "JPKI"),
        names::utf8("2.5.4.11", "JPKI for user authentication"),
        names::utf8("2.5.4.11", folder),
        names::utf8("2.5.4.11", prefecture),
        names::utf8("2.5.4.3", city),
    ])
}

fn scope(scene: &mut Scene, name: &[u8]) {
    scene.list_extension(Extension::issuing_distribution_point(name));
}

fn name_key(scene: &mut Scene, key_id: &[u8]) {
    scene.list_extension(Extension::signer_key_identifier(key_id));
}

const POINTS: &str = "CRL Distribution Points";
const OUT_OF_SCOPE: crate::table::Ruling = Unknown("crl_distribution_point");
const WRONG_SIGNATURE: crate::table::Ruling = Unknown("crl_signature");

pub(crate) static CASES: &[Case] = &[
    unknown("list: none", "no_list", authentication, |scene| {
        scene.lists.clear();
    }),
    unknown(
        "list: another municipality's of the prefecture",
        "no_list",
        authentication,
        |scene| {
            scene.lists = vec![partition_of(KIND, 3, &MUNICIPALITIES[1])];
        },
    )
    .offline(OUT_OF_SCOPE),
    unknown(
        "list: another prefecture's municipality",
        "no_list",
        authentication,
        |scene| {
            scene.lists = vec![partition_of(KIND, 3, &MUNICIPALITIES[2])];
        },
    )
    .offline(OUT_OF_SCOPE),
    unknown(
        "list: of a municipality whose name begins alike",
        "no_list",
        other_letters,
        |scene| {
            scope(
                scene,
                &point(&[POINTS, "Hinode-ken", "Umikaze-shi CRLDP 2"]),
            );
        },
    )
    .offline(OUT_OF_SCOPE),
    unknown(
        "list: of a municipality whose name the leaf's begins with",
        "no_list",
        other_letters,
        |scene| {
            scope(scene, &point(&[POINTS, "Hinode-ken", "Umikaze-shi"]));
        },
    )
    .offline(OUT_OF_SCOPE),
    unknown(
        "list: of a municipality of the same name elsewhere",
        "no_list",
        other_letters,
        |scene| {
            scope(scene, &point(&[POINTS, "Tsukimi-ken", "Umikaze-shi CRLDP"]));
        },
    )
    .offline(OUT_OF_SCOPE),
    unknown(
        "list: of the folder above the leaf's point",
        "no_list",
        authentication,
        |scene| {
            scope(
                scene,
                &names::name([
                    names::country(),
                    names::utf8("2.5.4.10", "JPKI"),
                    names::utf8("2.5.4.11", "JPKI for user authentication"),
                    names::utf8("2.5.4.11", POINTS),
                    names::utf8("2.5.4.11", "Hinode-ken"),
                ]),
            );
        },
    )
    .offline(OUT_OF_SCOPE),
    unknown(
        "list: the scope is the other authority's municipality",
        "no_list",
        authentication,
        |scene| {
            scope(
                scene,
                &CaKind::DigitalSignature.distribution_point_name(MUNICIPALITY),
            );
        },
    )
    .offline(OUT_OF_SCOPE),
    unknown(
        "list: the other authority's",
        "unknown_signer",
        authentication,
        |scene| {
            scene.lists = vec![partition(CaKind::DigitalSignature, 3)];
        },
    )
    .offline(Unknown("no_list")),
    unknown(
        "list: the other authority's full one",
        "unknown_signer",
        signing,
        |scene| {
            scene.lists = vec![full(KIND, 3)];
        },
    )
    .offline(Unknown("no_list")),
    unknown(
        "list: the issuer's name is the other authority's",
        "issuer",
        authentication,
        |scene| {
            scene.list().spec.issuer = CaKind::DigitalSignature.distinguished_name();
        },
    )
    .offline(Unknown("no_list")),
    unknown(
        "list: an older generation's, own_key",
        "no_list",
        authentication,
        |scene| {
            scene.lists = vec![partition(KIND, 2)];
        },
    )
    .offline(Unknown("crl_signer_unknown")),
    unknown(
        "list: a newer generation's, own_key",
        "no_list",
        first_generation,
        |scene| {
            scene.lists = vec![partition(KIND, 3)];
        },
    )
    .offline(Unknown("crl_signer_unknown")),
    unknown(
        "list: an older generation's full one, own_key",
        "no_list",
        with_full_list,
        |scene| {
            scene.lists = vec![full(KIND, 2)];
        },
    )
    .offline(Unknown("crl_signer_unknown")),
    unknown(
        "list: an older generation's, newest_key",
        "no_list",
        newest_key,
        |scene| {
            scene.lists = vec![partition(KIND, 2)];
        },
    )
    .offline(Unknown("crl_signer_unknown")),
    unknown(
        "list: the leaf's older generation's, newest_key",
        "no_list",
        first_generation_newest_key,
        |scene| {
            scene.lists = vec![partition(KIND, 1)];
        },
    )
    .offline_twin(Unknown("crl_signer_unknown"))
    .offline(Accepted),
    unknown(
        "list: a third generation's, newest_key",
        "no_list",
        first_generation_newest_key,
        |scene| {
            scene.lists = vec![partition(KIND, 2)];
        },
    )
    .offline_twin(Unknown("crl_signer_unknown"))
    .offline(Unknown("crl_signer_unknown")),
    unknown(
        "list: a foreign key under the right key identifier",
        "signature",
        authentication,
        |scene| {
            scene.list().key = &world().stranger;
        },
    )
    .offline(WRONG_SIGNATURE),
    unknown(
        "list: a foreign key under its own key identifier",
        "unknown_signer",
        authentication,
        |scene| {
            name_key(scene, &world().stranger.key_id());
            scene.list().key = &world().stranger;
        },
    )
    .offline(Unknown("crl_signer_unknown")),
    unknown(
        "list: a card's key signs",
        "unknown_signer",
        authentication,
        |scene| {
            name_key(scene, &world().holder.key_id());
            scene.list().key = &world().holder;
        },
    )
    .offline(Unknown("crl_signer_unknown")),
    unknown(
        "list: another generation's key under the right key identifier",
        "signature",
        authentication,
        |scene| {
            scene.list().key = &generation(KIND, 2).key;
        },
    )
    .offline(WRONG_SIGNATURE),
    unknown(
        "list: the key identifier is another generation's",
        "signature",
        authentication,
        |scene| {
            name_key(scene, &generation(KIND, 2).key.key_id());
        },
    )
    .offline(Unknown("crl_signer_unknown")),
    unknown(
        "list: the key identifier is nobody's",
        "unknown_signer",
        authentication,
        |scene| {
            name_key(scene, &[7; 20]);
        },
    )
    .offline(Unknown("crl_signer_unknown")),
    unknown(
        "list: no authorityKeyIdentifier",
        "no_authority_key_identifier",
        authentication,
        |scene| {
            scene.without_list_extension(names::AUTHORITY_KEY_IDENTIFIER);
        },
    ),
    unknown(
        "list: expires exactly now",
        "expired",
        last_second,
        |scene| {
            scene.list().spec.next_update = Some(NOW);
        },
    )
    .offline(Unknown("crl_expired")),
    unknown(
        "list: expired a second ago",
        "expired",
        last_second,
        |scene| {
            scene.list().spec.next_update = Some(NOW.plus_secs(-1));
        },
    )
    .offline(Unknown("crl_expired")),
    unknown(
        "list: asked a second later",
        "expired",
        last_second,
        |scene| {
            scene.now = NOW.plus_secs(1);
        },
    )
    .offline(Unknown("crl_expired")),
    unknown(
        "list: of the future, a second beyond the tolerance",
        "not_yet_current",
        clock_ahead,
        |scene| {
            scene.list().spec.this_update = NOW.plus_secs(TOLERANCE_SECS + 1);
        },
    )
    .offline(Unknown("crl_not_yet_current")),
    unknown(
        "list: of tomorrow",
        "not_yet_current",
        clock_ahead,
        |scene| {
            scene.list().spec.this_update = NOW.plus_secs(80_000);
        },
    )
    .offline(Unknown("crl_not_yet_current")),
];
