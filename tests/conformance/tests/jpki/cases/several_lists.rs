//! Several lists at once.

use conformance::issuer::NOW;
use pki::RevocationReason::KeyCompromise;
use sandbox::mint::{CaKind, CrlSpec, Extension, MUNICIPALITIES, names};

use crate::scene::{SERIAL, Scene, Signed, authentication, entry, full, partition, partition_of};
use crate::table::Ruling::Unknown;
use crate::table::{Case, revoked, unknown};

const KIND: CaKind = CaKind::UserAuthentication;

/// A list of another number, an hour older for each before the thousandth.
pub(crate) fn numbered(mut list: Signed<CrlSpec>, number: u64) -> Signed<CrlSpec> {
    let older = 1_000 - i64::try_from(number).unwrap();
    let extensions = &mut list.spec.extensions;
    extensions.retain(|extension| extension.oid != names::CRL_NUMBER);
    extensions.push(Extension::crl_number(number));
    list.spec.this_update = list.spec.this_update.plus_secs(-3_600 * older);
    list
}

/// A list that has the leaf.
pub(crate) fn revoking(mut list: Signed<CrlSpec>) -> Signed<CrlSpec> {
    list.spec.entries.push(entry(SERIAL, Some(1)));
    list
}

/// A list that expired a second ago.
pub(crate) fn stale(mut list: Signed<CrlSpec>) -> Signed<CrlSpec> {
    list.spec.next_update = Some(NOW.plus_secs(-1));
    list
}

/// The leaf's partition and a list of another one.
fn with_another_partition() -> Scene {
    with(partition_of(KIND, 3, &MUNICIPALITIES[2]))
}

/// The leaf's partition and the full list.
fn with_full() -> Scene {
    with(full(KIND, 3))
}

/// The leaf's partition and the one before it.
fn with_older() -> Scene {
    with(numbered(partition(KIND, 3), 999))
}

/// The leaf's partition and a full list that expired.
fn with_stale_full() -> Scene {
    with(stale(full(KIND, 3)))
}

/// The leaf's partition and one of the other authority.
fn with_other_authority() -> Scene {
    with(partition(CaKind::DigitalSignature, 3))
}

/// The leaf's partition and one by an older key.
fn with_older_key() -> Scene {
    with(partition(KIND, 2))
}

fn with(list: Signed<CrlSpec>) -> Scene {
    let mut scene = authentication();
    scene.lists.push(list);
    scene
}

/// Makes the second list have the leaf.
fn revoke_on_second(scene: &mut Scene) {
    scene.lists[1].spec.entries.push(entry(SERIAL, Some(1)));
}

pub(crate) static CASES: &[Case] = &[
    revoked(
        "lists: revoked beside another partition's list",
        KeyCompromise,
        with_another_partition,
        |scene| {
            scene.revoke(Some(1));
        },
    ),
    revoked(
        "lists: revoked beside a full list that lacks it",
        KeyCompromise,
        with_full,
        |scene| {
            scene.revoke(Some(1));
        },
    ),
    revoked(
        "lists: revoked on the full list alone",
        KeyCompromise,
        with_full,
        revoke_on_second,
    ),
    revoked(
        "lists: revoked beside an older list that lacks it",
        KeyCompromise,
        with_older,
        |scene| {
            scene.revoke(Some(1));
        },
    ),
    revoked(
        "lists: revoked on an older list alone",
        KeyCompromise,
        with_older,
        revoke_on_second,
    ),
    revoked(
        "lists: revoked on an expired full list alone",
        KeyCompromise,
        with_stale_full,
        revoke_on_second,
    ),
    revoked(
        "lists: revoked beside the other authority's list",
        KeyCompromise,
        with_other_authority,
        |scene| {
            scene.revoke(Some(1));
        },
    ),
    revoked(
        "lists: revoked beside a list by an older key",
        KeyCompromise,
        with_older_key,
        |scene| {
            scene.revoke(Some(1));
        },
    ),
    revoked(
        "lists: revoked on an expired list",
        KeyCompromise,
        with_older,
        |scene| {
            scene.lists = vec![stale(revoking(partition(KIND, 3)))];
        },
    ),
    unknown(
        "lists: the right one expired beside another partition's",
        "expired",
        with_another_partition,
        |scene| {
            scene.list().spec.next_update = Some(NOW);
        },
    )
    .offline(Unknown("crl_expired")),
    unknown(
        "lists: the right one unreadable beside another partition's",
        "delta",
        with_another_partition,
        |scene| {
            let value = sandbox::der::small_integer(999);
            scene.list_extension(Extension::critical(names::DELTA_CRL_INDICATOR, value));
        },
    ),
];
