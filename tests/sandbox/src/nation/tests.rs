use pki::{CrlLimits, CrossCheck, Verifier, verify_crl};

use super::*;

const PLAN: Plan = Plan {
    revoked: 3_001,
    partitions: 4,
    full: true,
    serials: Serials::Dense,
    seed: 1,
    days: 30,
};

#[test]
fn every_list_is_one_that_akashi_accepts_and_has_its_entries() {
    let folder = tempfile::tempdir().unwrap();
    let mut last = None;
    let told = |progress| last = Some(progress);
    let nation = Nation::mint(folder.path(), PLAN, crate::now(), told).unwrap();
    let verifier = Verifier::new(CrossCheck::All);
    let (mut lists, mut octets) = (0, 0);
    for list in nation.all_lists() {
        let der = fs::read(nation.file(list)).unwrap();
        let authority = nation
            .authority(list.kind)
            .trusted(pki::CrlSigner::NewestKey);
        let read = verify_crl(&der, &authority, &CrlLimits::default(), &verifier).unwrap();
        assert_eq!(read.entries().len() as u64, nation.entries(list));
        let serial = |place: usize| read.entries()[place].serial.as_bytes().to_vec();
        assert!((1..read.entries().len()).all(|place| serial(place - 1) < serial(place)));
        assert!(der.len() as u64 <= PLAN.octets(nation.entries(list)));
        (lists, octets) = (lists + 1, octets + der.len() as u64);
    }
    assert_eq!(lists, 10);
    let of = lists;
    assert_eq!(last, Some(Progress { lists, of, octets }));
}

#[test]
fn a_nation_minted_anew_has_the_next_number_and_everybody_is_revoked_a_second_later() {
    let folder = tempfile::tempdir().unwrap();
    let mut nation = Nation::mint(folder.path(), PLAN, crate::now(), |_| {}).unwrap();
    let read = |nation: &Nation| {
        let list = ListId {
            kind: CaKind::UserAuthentication,
            partition: Some(1),
        };
        let authority = nation.authority(list.kind);
        let authority = authority.trusted(pki::CrlSigner::NewestKey);
        let der = fs::read(nation.file(list)).unwrap();
        let verifier = Verifier::new(CrossCheck::Off);
        let read = verify_crl(&der, &authority, &CrlLimits::default(), &verifier).unwrap();
        let entries = read.entries().iter();
        let entries = entries.map(|entry| (entry.serial.clone(), entry.revoked_at.secs()));
        (read.facts().this_update, entries.collect::<Vec<_>>())
    };
    let (_, before) = read(&nation);
    let later = crate::now().plus_secs(100);
    nation.renew(later).unwrap();
    let (this_update, after) = read(&nation);
    assert_eq!((nation.number(), this_update), (1_002, later));
    let a_second_later = before.into_iter().map(|(serial, at)| (serial, at + 1));
    assert_eq!(a_second_later.collect::<Vec<_>>(), after);
    assert_eq!(Nation::seconds_later(nation.number()), 1);
}

#[test]
fn the_same_seed_gives_the_same_entries_and_no_key_twice() {
    let [one, other] = [(); 2].map(|()| {
        let folder = tempfile::tempdir().unwrap();
        let nation = Nation::mint(folder.path(), PLAN, crate::now(), |_| {}).unwrap();
        (nation, folder)
    });
    let kind = CaKind::DigitalSignature;
    let (one, other) = (&one.0, &other.0);
    assert_eq!(one.numbers(kind).at(77), other.numbers(kind).at(77));
    let key = |nation: &Nation| nation.authority(kind).newest().key.key_id();
    assert_ne!(key(one), key(other));
}

#[test]
fn a_folder_with_something_in_it_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("thesis.txt"), "mine").unwrap();
    let refused = Nation::mint(folder.path(), PLAN, crate::now(), |_| {}).unwrap_err();
    assert!(refused.to_string().contains("is not empty"), "{refused}");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn what_cannot_be_is_refused_before_anything_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let plan = |revoked, partitions, full| Plan {
        revoked,
        partitions,
        full,
        ..PLAN
    };
    let wide = Plan {
        serials: Serials::Wide20,
        ..plan(80_000_000, 1_900, true)
    };
    for (plan, word) in [
        (plan(0, 4, true), "1 to 80000000"),
        (plan(100, 0, false), "--full"),
        (plan(80_000_001, 1_900, false), "1 to 80000000"),
        (wide, "fewer --revoked"),
    ] {
        let refused = Nation::mint(folder.path(), plan, crate::now(), |_| {}).unwrap_err();
        assert!(refused.to_string().contains(word), "{refused}");
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn a_disk_without_room_is_told_before_anything_is_written() {
    let told = PLAN.check_room(Path::new("/there"), 200_000).unwrap_err();
    assert_eq!(
        told.to_string(),
        "the lists need 1 MB, and /there has room for 0"
    );
    PLAN.check_room(Path::new("/there"), 1_000_000).unwrap();
}
