//! The order in which lists arrive decides nothing, and no list of another scope lifts a revocation.

use pki::RevocationReason::KeyCompromise;
use sandbox::mint::{CaKind, CrlSpec, MUNICIPALITIES};

use crate::cases::several_lists::{numbered, revoking, stale};
use crate::scene::{Scene, Signed, authentication, full, partition, partition_of, signing};
use crate::table::Ruling::{self, Accepted, Revoked, Unknown};
use crate::ways::{offline, services};

const KIND: CaKind = CaKind::UserAuthentication;

type List = Signed<CrlSpec>;

fn other() -> List {
    partition_of(KIND, 3, &MUNICIPALITIES[1])
}

fn another() -> List {
    partition_of(KIND, 3, &MUNICIPALITIES[2])
}

/// Lists that say nothing about the leaf: other partitions, other keys, the other authority.
fn bystanders() -> Vec<List> {
    vec![
        other(),
        another(),
        partition(KIND, 2),
        partition(KIND, 1),
        full(KIND, 2),
        partition(CaKind::DigitalSignature, 3),
        full(CaKind::DigitalSignature, 3),
        stale(other()),
    ]
}

/// All orders of so many things.
fn orders(count: usize) -> Vec<Vec<usize>> {
    let Some(last) = count.checked_sub(1) else {
        return vec![Vec::new()];
    };
    let shorter = orders(last).into_iter();
    let with_last = |order: Vec<usize>| {
        (0..=last).map(move |at| {
            let mut order = order.clone();
            order.insert(at, last);
            order
        })
    };
    shorter.flat_map(with_last).collect()
}

/// Both rulings in every order of the lists.
#[track_caller]
fn in_every_order(lists: &[List], by_services: Ruling, by_offline: Ruling) {
    let orders = orders(lists.len());
    assert_eq!(orders.len(), (1..=lists.len()).product::<usize>());
    for order in orders {
        let mut scene = authentication();
        scene.lists = order.iter().map(|index| lists[*index].clone()).collect();
        assert_eq!(services(&scene), by_services, "{order:?}");
        assert_eq!(offline(&scene), by_offline, "{order:?}");
    }
}

#[test]
fn the_order_of_lists_decides_nothing() {
    let own = || partition(KIND, 3);
    let older = || numbered(own(), 999);
    let revoked = Revoked(KeyCompromise);
    let same = |lists: &[List], ruling| in_every_order(lists, ruling, ruling);
    same(&[own(), other(), another(), full(KIND, 3)], Accepted);
    same(
        &[revoking(own()), other(), another(), full(KIND, 3)],
        revoked,
    );
    same(
        &[own(), other(), another(), revoking(full(KIND, 3))],
        revoked,
    );
    // A newer list that has the leaf beside older ones that lack it.
    same(
        &[revoking(own()), older(), numbered(own(), 998), other()],
        revoked,
    );
    // Only lists of other scopes: the same as none.
    let out_of_scope = Unknown("crl_distribution_point");
    in_every_order(
        &[other(), another(), stale(other())],
        Unknown("no_list"),
        out_of_scope,
    );
    in_every_order(&[stale(own())], Unknown("expired"), Unknown("crl_expired"));
}

#[test]
fn a_list_of_another_scope_never_turns_revoked_into_good_nor_unknown_into_good() {
    for bystander in bystanders() {
        let judge = |mut scene: Scene, change: fn(&mut Scene), in_front: bool| {
            change(&mut scene);
            let at = if in_front { 0 } else { scene.lists.len() };
            scene.lists.insert(at, bystander.clone());
            (services(&scene), offline(&scene))
        };
        for in_front in [false, true] {
            let with = judge(authentication(), |scene| scene.revoke(Some(1)), in_front);
            assert_eq!(with, (Revoked(KeyCompromise), Revoked(KeyCompromise)));
            let with = judge(authentication(), |_| {}, in_front);
            assert_eq!(with, (Accepted, Accepted));
            let (by_services, by_offline) =
                judge(authentication(), |scene| scene.lists.clear(), in_front);
            assert!(matches!(by_services, Unknown(_)), "{by_services}");
            assert!(matches!(by_offline, Unknown(_)), "{by_offline}");
        }
    }
}

#[test]
fn the_other_authority_s_serial_is_another_certificate_s() {
    let mut scene = signing();
    scene.lists.push(revoking(partition(KIND, 3)));
    assert_eq!((services(&scene), offline(&scene)), (Accepted, Accepted));
    scene.revoke(Some(1));
    let revoked = Revoked(KeyCompromise);
    assert_eq!((services(&scene), offline(&scene)), (revoked, revoked));
}
