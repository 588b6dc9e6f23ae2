//! Whose a certificate is.

use store::{
    AppliedLinks, ApplyLinksError, HolderKey, HolderLinks, HolderOrigin, SerialHash, SerialLink,
    serial_hash,
};

use crate::databases::Databases;

const AUTHORITY: &str = "user-authentication";

fn hash(serial: u8) -> SerialHash {
    serial_hash(&HolderKey::new(&[1; 32]), AUTHORITY, &[serial])
}

fn link(old: u8, new: u8) -> SerialLink {
    SerialLink {
        old: hash(old),
        new: hash(new),
    }
}

fn applied(added: u64, held: u64, known: u64) -> AppliedLinks {
    AppliedLinks { added, held, known }
}

async fn resolve(holders: &HolderLinks, serial: u8) -> ([u8; 16], HolderOrigin) {
    let resolution = holders
        .resolve(AUTHORITY, &hash(serial), 100)
        .await
        .unwrap();
    (resolution.holder_id, resolution.origin)
}

async fn apply(holders: &HolderLinks, number: u64, links: &[SerialLink]) -> AppliedLinks {
    holders
        .apply_links(AUTHORITY, number, links, 200)
        .await
        .unwrap()
}

pub(crate) async fn a_first_certificate_gets_a_new_holder_and_keeps_it(databases: Databases) {
    let holders = databases.holders().await;
    let (first, origin) = resolve(&holders, 1).await;
    assert_eq!(origin, HolderOrigin::New);
    assert_eq!(resolve(&holders, 1).await, (first, HolderOrigin::Known));
    assert_eq!(
        resolve(&databases.holders().await, 1).await,
        (first, HolderOrigin::Known)
    );
    let (second, origin) = resolve(&holders, 2).await;
    assert_eq!(origin, HolderOrigin::New);
    assert_ne!(second, first);
}

pub(crate) async fn a_renewed_certificate_inherits_its_holder(databases: Databases) {
    let holders = databases.holders().await;
    let (old, _) = resolve(&holders, 1).await;
    assert_eq!(apply(&holders, 1, &[link(1, 2)]).await, applied(1, 0, 0));
    assert_eq!(resolve(&holders, 2).await, (old, HolderOrigin::Linked));
    assert_eq!(resolve(&holders, 2).await, (old, HolderOrigin::Known));
}

pub(crate) async fn a_chain_of_renewals_is_followed_to_its_beginning(databases: Databases) {
    let holders = databases.holders().await;
    let (oldest, _) = resolve(&holders, 1).await;
    apply(&holders, 1, &[link(2, 3)]).await;
    apply(&holders, 2, &[link(1, 2), link(3, 4)]).await;
    assert_eq!(resolve(&holders, 4).await, (oldest, HolderOrigin::Linked));
    assert_eq!(resolve(&holders, 3).await, (oldest, HolderOrigin::Known));
}

pub(crate) async fn predecessors_used_later_are_the_same_holders(databases: Databases) {
    let holders = databases.holders().await;
    apply(&holders, 1, &[link(1, 2), link(2, 3)]).await;
    let (newest, origin) = resolve(&holders, 3).await;
    assert_eq!(origin, HolderOrigin::New);
    assert_eq!(resolve(&holders, 1).await, (newest, HolderOrigin::Known));
}

pub(crate) async fn a_link_that_comes_late_joins_nothing_until_it_is_accepted(
    databases: Databases,
) {
    let holders = databases.holders().await;
    let (old, _) = resolve(&holders, 1).await;
    let (new, _) = resolve(&holders, 2).await;
    let (newer, _) = resolve(&holders, 3).await;
    assert_eq!(apply(&holders, 1, &[link(1, 2)]).await, applied(0, 1, 0));
    assert_eq!(resolve(&holders, 2).await, (new, HolderOrigin::Known));
    let held = holders.held_links().await.unwrap();
    assert_eq!(held.len(), 1);
    assert_eq!(
        (held[0].link, held[0].number, held[0].received_at),
        (link(1, 2), 1, 200)
    );

    let accept = |link| {
        let holders = holders.clone();
        async move {
            holders
                .accept_held(AUTHORITY, &link, "operator", 300)
                .await
                .unwrap()
        }
    };
    assert!(!accept(link(2, 3)).await, "only held links can be accepted");
    assert!(accept(link(1, 2)).await);
    assert!(!accept(link(1, 2)).await);
    assert_eq!(resolve(&holders, 2).await, (old, HolderOrigin::Known));
    assert_eq!(resolve(&holders, 3).await, (newer, HolderOrigin::Known));
    assert_eq!(holders.held_links().await.unwrap(), []);
}

pub(crate) async fn a_link_to_a_certificate_already_seen_joins_nothing_by_itself(
    databases: Databases,
) {
    let holders = databases.holders().await;
    let (new, _) = resolve(&holders, 2).await;
    assert_eq!(apply(&holders, 1, &[link(1, 2)]).await, applied(0, 1, 0));
    let (old, origin) = resolve(&holders, 1).await;
    assert_eq!(origin, HolderOrigin::New);
    assert_ne!(old, new);
    // The twin: the old certificate was seen and the new one was not.
    assert_eq!(apply(&holders, 2, &[link(2, 3)]).await, applied(1, 0, 0));
    assert_eq!(resolve(&holders, 3).await, (new, HolderOrigin::Linked));
}

pub(crate) async fn a_second_predecessor_or_a_circle_waits_for_a_decision(databases: Databases) {
    let holders = databases.holders().await;
    apply(&holders, 1, &[link(1, 2), link(2, 3)]).await;
    assert_eq!(apply(&holders, 2, &[link(9, 3)]).await, applied(0, 1, 0));
    assert_eq!(apply(&holders, 3, &[link(2, 9)]).await, applied(0, 1, 0));
    assert_eq!(apply(&holders, 4, &[link(3, 1)]).await, applied(0, 1, 0));
    assert_eq!(apply(&holders, 5, &[link(3, 4)]).await, applied(1, 0, 0));
    assert!(
        holders
            .apply_links(AUTHORITY, 6, &[link(5, 5)], 200)
            .await
            .is_err()
    );
    let (one, _) = resolve(&holders, 1).await;
    assert_eq!(resolve(&holders, 4).await, (one, HolderOrigin::Linked));
    assert_ne!(resolve(&holders, 9).await.0, one);
}

/// A wrong link made certificate 2 inherit from 1; the right one, from 8, contradicts it and is held.
async fn corrected(databases: &Databases, seen: &[u8]) -> HolderLinks {
    let holders = databases.holders().await;
    for serial in seen {
        resolve(&holders, *serial).await;
    }
    apply(&holders, 1, &[link(1, 2), link(2, 3)]).await;
    resolve(&holders, 3).await;
    assert_eq!(apply(&holders, 2, &[link(8, 2)]).await, applied(0, 1, 0));
    holders
}

async fn accept(holders: &HolderLinks, link: SerialLink) {
    let accepted = holders.accept_held(AUTHORITY, &link, "operator", 300).await;
    assert!(accepted.unwrap());
}

pub(crate) async fn accepting_a_corrected_link_takes_nobody_else_along(databases: Databases) {
    let holders = corrected(&databases, &[1, 8]).await;
    let (wrong, _) = resolve(&holders, 1).await;
    let (right, _) = resolve(&holders, 8).await;
    assert_eq!(resolve(&holders, 3).await, (wrong, HolderOrigin::Known));
    accept(&holders, link(8, 2)).await;
    for serial in [8, 2, 3] {
        assert_eq!(
            resolve(&holders, serial).await,
            (right, HolderOrigin::Known)
        );
    }
    assert_eq!(resolve(&holders, 1).await, (wrong, HolderOrigin::Known));
    let held = holders.held_links().await.unwrap();
    assert_eq!(held.len(), 1);
    assert_eq!(held[0].link, link(1, 2));
}

pub(crate) async fn a_corrected_link_from_an_unused_certificate_joins_nobody_s_account(
    databases: Databases,
) {
    let holders = corrected(&databases, &[1]).await;
    let (wrong, _) = resolve(&holders, 1).await;
    accept(&holders, link(8, 2)).await;
    let (right, _) = resolve(&holders, 8).await;
    assert_ne!(right, wrong);
    assert_eq!(resolve(&holders, 3).await, (right, HolderOrigin::Known));
    assert_eq!(resolve(&holders, 1).await, (wrong, HolderOrigin::Known));
}

pub(crate) async fn a_certificate_that_was_named_wrongly_and_never_used_inherits_nothing(
    databases: Databases,
) {
    let holders = corrected(&databases, &[]).await;
    let (renewed, _) = resolve(&holders, 3).await;
    accept(&holders, link(8, 2)).await;
    let (other, origin) = resolve(&holders, 1).await;
    assert_eq!(origin, HolderOrigin::New);
    assert_ne!(other, renewed);
    // The account stays with the certificates that used it, and with their right predecessor.
    assert_eq!(resolve(&holders, 3).await, (renewed, HolderOrigin::Known));
    assert_eq!(resolve(&holders, 8).await, (renewed, HolderOrigin::Known));
}

pub(crate) async fn the_same_file_again_changes_nothing_and_an_older_one_is_refused(
    databases: Databases,
) {
    let holders = databases.holders().await;
    let links = [link(1, 2), link(3, 4)];
    assert_eq!(holders.links_number(AUTHORITY).await.unwrap(), None);
    assert_eq!(apply(&holders, 5, &links).await, applied(2, 0, 0));
    assert_eq!(apply(&holders, 5, &links).await, applied(0, 0, 2));
    let older = holders.apply_links(AUTHORITY, 4, &links, 200).await;
    assert!(matches!(
        older,
        Err(ApplyLinksError::NumberFalling {
            offered: 4,
            newest: 5
        })
    ));
    assert_eq!(holders.links_number(AUTHORITY).await.unwrap(), Some(5));
    assert_eq!(apply(&holders, 6, &links).await, applied(0, 0, 2));
}

pub(crate) async fn one_serial_resolved_by_many_at_once_is_one_holder(databases: Databases) {
    let holders = [databases.holders().await, databases.holders().await];
    let mut resolving = tokio::task::JoinSet::new();
    for n in 0..200 {
        let holders = holders[n % 2].clone();
        resolving.spawn(async move { resolve(&holders, 1).await });
    }
    let results = resolving.join_all().await;
    assert!(results.iter().all(|(holder, _)| *holder == results[0].0));
    let new = results
        .iter()
        .filter(|(_, origin)| *origin == HolderOrigin::New);
    assert_eq!(new.count(), 1);
}

pub(crate) async fn links_and_first_use_at_once_never_split_or_lose_a_holder(databases: Databases) {
    let holders = databases.holders().await;
    for round in 0..20_u8 {
        let (old, new) = (2 * round + 1, 2 * round + 2);
        let (old_holder, _) = resolve(&holders, old).await;
        let applying = holders.clone();
        let (resolved, applied) = tokio::join!(resolve(&holders, new), async move {
            apply(&applying, u64::from(round) + 1, &[link(old, new)]).await
        });
        // Whoever was first: a link that was in time joins, one that was late is held.
        match applied.held {
            0 => assert_eq!(resolved, (old_holder, HolderOrigin::Linked)),
            _ => assert_eq!(resolved.1, HolderOrigin::New),
        }
        assert_eq!(
            resolve(&holders, new).await,
            (resolved.0, HolderOrigin::Known)
        );
    }
}

pub(crate) async fn a_first_use_does_not_wait_for_the_end_of_a_long_file(databases: Databases) {
    let (holders, other_process) = (databases.holders().await, databases.holders().await);
    let key = HolderKey::new(&[1; 32]);
    let hash = |serial: u32| serial_hash(&key, AUTHORITY, &serial.to_be_bytes());
    let links: Vec<_> = (1..=3_000)
        .map(|serial| SerialLink {
            old: hash(serial),
            new: hash(serial + 1_000_000),
        })
        .collect();
    let applying = tokio::spawn(async move {
        let applied = holders.apply_links(AUTHORITY, 1, &links, 200).await;
        (applied.unwrap(), holders)
    });
    resolve(&other_process, 200).await;
    assert!(!applying.is_finished(), "it was not waited for");
    assert_eq!(other_process.links_number(AUTHORITY).await.unwrap(), None);
    let (applied, holders) = applying.await.unwrap();
    assert_eq!(applied.added + applied.held, 3_000);
    assert_eq!(holders.links_number(AUTHORITY).await.unwrap(), Some(1));
}

pub(crate) async fn a_file_is_applied_when_its_last_link_is(databases: Databases) {
    let holders = databases.holders().await;
    let key = HolderKey::new(&[1; 32]);
    let hash = |serial: u32| serial_hash(&key, AUTHORITY, &serial.to_be_bytes());
    let link = |serial| SerialLink {
        old: hash(serial),
        new: hash(serial + 1_000_000),
    };
    let mut links: Vec<_> = (1..=250).map(link).collect();
    let to_itself = SerialLink {
        old: hash(9),
        new: hash(9),
    };
    let broken = [links.as_slice(), &[to_itself]].concat();
    assert!(
        holders
            .apply_links(AUTHORITY, 7, &broken, 200)
            .await
            .is_err()
    );
    assert_eq!(holders.links_number(AUTHORITY).await.unwrap(), None);
    links.push(link(251));
    let again = apply(&holders, 7, &links).await;
    assert_eq!(again, applied(51, 0, 200));
    assert_eq!(holders.links_number(AUTHORITY).await.unwrap(), Some(7));
    assert_eq!(apply(&holders, 8, &[]).await, applied(0, 0, 0));
    assert_eq!(apply(&holders, 9, &links[..200]).await, applied(0, 0, 200));
    let older = holders.apply_links(AUTHORITY, 8, &links, 200).await;
    assert!(matches!(older, Err(ApplyLinksError::NumberFalling { .. })));
}

pub(crate) async fn authorities_do_not_share_serials(databases: Databases) {
    let holders = databases.holders().await;
    let key = HolderKey::new(&[1; 32]);
    assert_ne!(serial_hash(&key, "a", &[1]), serial_hash(&key, "b", &[1]));
    assert_ne!(
        serial_hash(&HolderKey::new(&[2; 32]), "a", &[1]),
        serial_hash(&key, "a", &[1])
    );
    assert_eq!(format!("{key:?}"), "HolderKey(..)");
    let one = holders.resolve("a", &hash(1), 0).await.unwrap();
    let other = holders.resolve("b", &hash(1), 0).await.unwrap();
    assert_ne!(one.holder_id, other.holder_id);
}
