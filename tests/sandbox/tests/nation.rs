//! A small nation through crl-sync, as its configuration file says it, and what a reader of the store then finds.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use index::{Hit, Segment};
use runtime::Context;
use runtime::shutdown::Shutdown;
use sandbox::deployment::Ports;
use sandbox::mint::CaKind;
use sandbox::nation::{ListId, Nation, Plan, Serials};
use store::{CrlReader, DatabaseUrl};

const PARTITIONS: u32 = 7;

async fn mint_and_sync(serials: Serials) -> (Nation, CrlReader, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let plan = Plan {
        revoked: 20_000,
        partitions: PARTITIONS,
        full: true,
        serials,
        seed: 11,
        days: 1,
    };
    let nation = Nation::mint(&folder.path().join("nation"), plan, sandbox::now(), |_| {}).unwrap();
    let ports = Ports::free_from(21_000).unwrap();
    let deployment = nation.deploy(ports).unwrap();
    let config = runtime::config::load(&deployment.config_file("crl-sync")).unwrap();
    let context = Context::new("crl-sync", Shutdown::new()).await;
    let outcomes = crl_sync::sync_once(config, context).await.unwrap();
    assert_eq!(outcomes.len(), 2 * (1 + 7));
    for outcome in &outcomes {
        assert!(outcome.succeeded(), "{outcome:?}");
    }
    let database = deployment.folder().join("data/crl.db");
    let reader = CrlReader::open(&DatabaseUrl::sqlite(&database).unwrap()).unwrap();
    (nation, reader, folder)
}

async fn segment(reader: &CrlReader, source: &str) -> Segment {
    let sources = reader.manifest().await.unwrap().sources.into_iter();
    let mut sources = sources.filter(|state| state.registration.source == source);
    let current = sources.next().unwrap().current.unwrap();
    Segment::open(reader.segment(&current).await.unwrap().unwrap()).unwrap()
}

#[tokio::test]
async fn lists_of_every_kind_of_serial_numbers_are_accepted_and_say_who_is_revoked() {
    for serials in [Serials::Dense, Serials::Sparse8, Serials::Wide20] {
        let (nation, reader, _folder) = mint_and_sync(serials).await;
        for kind in CaKind::ALL {
            let numbers = nation.numbers(kind);
            let full = segment(&reader, &format!("{}.full", kind.name())).await;
            assert_eq!(full.len(), 10_000);
            for partition in 0..PARTITIONS {
                let source = format!("{}.p{:04}", kind.name(), partition + 1);
                let list = segment(&reader, &source).await;
                let id = ListId {
                    kind,
                    partition: Some(partition),
                };
                assert_eq!(list.len() as u64, nation.entries(id));
                for number in 0..nation.entries(id) {
                    let revoked = numbers.revoked_in(partition, number);
                    let hit = Some(Hit {
                        revoked_at: revoked.revoked_at,
                        reason: revoked.reason,
                    });
                    assert_eq!(list.lookup(revoked.serial()), hit);
                    assert_eq!(full.lookup(revoked.serial()), hit);
                    assert_eq!(list.lookup(&numbers.good(number)), None);
                    assert_eq!(full.lookup(&numbers.good(number)), None);
                }
                let elsewhere = numbers.revoked_in((partition + 1) % PARTITIONS, 0);
                assert_eq!(list.lookup(elsewhere.serial()), None);
            }
        }
        reader.close().await;
    }
}

/// What a person starts on the folder is what the roles themselves accept, also where it is as long as it gets.
#[tokio::test]
async fn the_files_of_a_nation_with_every_municipality_are_accepted() {
    let folder = tempfile::tempdir().unwrap();
    let plan = Plan {
        revoked: 10_000,
        partitions: 1_900,
        full: true,
        serials: Serials::Dense,
        seed: 1,
        days: 1,
    };
    let place = folder.path().join("a nation");
    let nation = Nation::mint(&place, plan, sandbox::now(), |_| {}).unwrap();
    let deployment = nation.deploy(Ports::free_from(21_100).unwrap()).unwrap();
    let file = deployment.config_file("crl-sync");
    let config: crl_sync::Config = runtime::config::load(&file).unwrap();
    config.check().unwrap();
    assert_eq!(config.source.len(), 3_802);
    let file = deployment.config_file("revocation-lookup");
    let config: revocation_lookup::Config = runtime::config::load(&file).unwrap();
    config.check().unwrap();
    assert!(!deployment.config_file("oidc-gateway").exists());
}
