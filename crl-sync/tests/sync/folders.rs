//! Folders of lists: every file is a list, and every scope among them a source of its own.

use std::path::PathBuf;

use crl_sync::{Outcome, SourceOutcome};
use sandbox::mint::{ListKind, ListSigner, MUNICIPALITIES};
use store::{CrlReader, CrlWriter, SourceState};

use crate::service::eventually;
use crate::world::{FULL, HOUR, World, accepted, partition, revocation, rule, unchanged};

const CITY: ListKind = ListKind {
    signer: ListSigner::Newest,
    municipality: Some(&MUNICIPALITIES[0]),
};

impl World {
    fn lists(&self) -> PathBuf {
        let path = self.folder.path().join("lists");
        std::fs::create_dir_all(&path).unwrap();
        path
    }

    fn put(&self, file: &str, octets: Vec<u8>) {
        // As programs that copy files do: whole, under its last name.
        let part = self.lists().join(format!(".{file}.part"));
        std::fs::write(&part, octets).unwrap();
        std::fs::rename(part, self.lists().join(file)).unwrap();
    }

    fn folder_text(&self, more: &str) -> String {
        format!(
            "[[folder]]\nname = \"lists\"\ncertification_authority = \"user-authentication\"\n\
             path = \"{}\"\ninterval_seconds = 1\njitter_seconds = 0\nretry_seconds = 1\n{more}\n",
            self.lists().display()
        )
    }

    async fn sync_folder(&self, more: &str) -> Vec<(String, Outcome)> {
        let config = self.config("newest_key", &self.folder_text(more));
        self.sync(config).await.into_iter().map(by_file).collect()
    }

    async fn sources(&self) -> Vec<SourceState> {
        let reader = CrlReader::open(&self.url("crl.db")).unwrap();
        reader.manifest().await.unwrap().sources
    }

    /// The name of the folder's source of a scope.
    async fn source_of(&self, scope: &ListKind) -> String {
        let partitioned = scope.municipality.is_some();
        let sources = self.sources().await.into_iter();
        let mut names = sources
            .filter(|state| {
                let scope_key = state.registration.expected_scope_key.as_ref();
                scope_key.is_some_and(|key| !key.is_empty()) == partitioned
            })
            .map(|state| state.registration.source);
        let name = names.next().unwrap();
        assert_eq!(names.next(), None);
        name
    }
}

/// The outcome by the file's name, or by the source's where no file has its list.
fn by_file(outcome: SourceOutcome) -> (String, Outcome) {
    let SourceOutcome { source, outcome } = outcome;
    let file = source
        .split_once(" (")
        .map(|(_, file)| file.trim_end_matches(')').to_owned());
    (file.unwrap_or(source), outcome)
}

fn outcome_of<'a>(outcomes: &'a [(String, Outcome)], file: &str) -> &'a Outcome {
    let mut found = outcomes.iter().filter(|(name, _)| name == file);
    let (_, outcome) = found.next().unwrap();
    assert!(found.next().is_none());
    outcome
}

#[tokio::test]
async fn every_scope_among_the_files_is_a_source_whatever_the_files_are_called() {
    let world = World::new().await;
    world.put("a.crl", world.list(&CITY, 1001));
    world.put("b.crl", world.list(&FULL, 1001));
    world.put("readme.txt", b"not a list".to_vec());
    world.put(".c.crl", b"being copied".to_vec());
    let outcomes = world.sync_folder("").await;
    let both = [
        ("a.crl".to_owned(), accepted(1001)),
        ("b.crl".to_owned(), accepted(1001)),
    ];
    assert_eq!(outcomes, both);
    let (city, full) = (world.source_of(&CITY).await, world.source_of(&FULL).await);
    assert!(world.look_up(&city, 101).await.is_some());
    assert!(world.look_up(&city, 103).await.is_none());
    assert!(world.look_up(&full, 103).await.is_some());

    // The other way round: the lists still go where they belong.
    world.put("a.crl", world.list(&FULL, 1002));
    world.put("b.crl", world.list(&CITY, 1002));
    let outcomes = world.sync_folder("").await;
    assert_eq!(*outcome_of(&outcomes, "a.crl"), accepted(1002));
    assert_eq!(world.source_of(&CITY).await, city);
    assert!(world.look_up(&city, 103).await.is_none());
    assert_eq!(world.number(&city).await, Some(vec![0x03, 0xea]));
    assert_eq!(world.number(&full).await, Some(vec![0x03, 0xea]));
}

#[tokio::test]
async fn the_highest_number_of_a_scope_counts_and_older_files_beside_it_are_no_fault() {
    let world = World::new().await;
    world.put("b.crl", world.list(&FULL, 1002));
    world.put("c.crl", world.list(&FULL, 1001));
    let new = |number| vec![("b.crl".to_owned(), number)];
    assert_eq!(world.sync_folder("").await, new(accepted(1002)));
    // A new process has read none of them before, and meets an older one first.
    world.put("a.crl", world.list(&FULL, 1000));
    assert_eq!(world.sync_folder("").await, new(unchanged(1002)));
    let full = world.source_of(&FULL).await;
    assert_eq!(world.number(&full).await, Some(vec![0x03, 0xea]));
    // The older one alone is an attempt to go back.
    std::fs::remove_file(world.lists().join("b.crl")).unwrap();
    let outcomes = world.sync_folder("").await;
    let refused = ("refused", "number_falling");
    assert_eq!(rule(outcome_of(&outcomes, "c.crl")), refused);
    assert_eq!(world.number(&full).await, Some(vec![0x03, 0xea]));
    let state = world.state(&full).await;
    assert_eq!(state.last_refusal.as_deref(), Some("number_falling"));
}

#[tokio::test]
async fn a_file_that_is_bad_or_gone_costs_no_other_list_and_the_last_good_one_stays() {
    let world = World::new().await;
    world.put("city.crl", world.list(&CITY, 1001));
    world.put("full.crl", world.list(&FULL, 1001));
    let _accepted = world.sync_folder("").await;
    let (city, full) = (world.source_of(&CITY).await, world.source_of(&FULL).await);

    let whole = world.list(&CITY, 1002);
    world.put("city.crl", whole[..whole.len() - 1].to_vec());
    world.put("full.crl", world.list(&FULL, 1002));
    let outcomes = world.sync_folder("").await;
    assert_eq!(
        rule(outcome_of(&outcomes, "city.crl")),
        ("refused", "not_der")
    );
    assert_eq!(*outcome_of(&outcomes, "full.crl"), accepted(1002));
    assert!(world.look_up(&city, 101).await.is_some());

    std::fs::remove_file(world.lists().join("city.crl")).unwrap();
    let outcomes = world.sync_folder("").await;
    assert_eq!(*outcome_of(&outcomes, "full.crl"), unchanged(1002));
    assert_eq!(
        rule(outcome_of(&outcomes, &city)),
        ("failed", "file_missing")
    );
    assert!(world.look_up(&city, 101).await.is_some());
    let state = world.state(&city).await;
    assert_eq!(state.last_refusal.as_deref(), Some("file_missing"));

    std::fs::remove_file(world.lists().join("full.crl")).unwrap();
    let outcomes = world.sync_folder("").await;
    assert_eq!(rule(&outcomes[0].1), ("failed", "folder_empty"));
    std::fs::remove_dir_all(world.lists()).unwrap();
    let config = world.folder_text("");
    std::fs::remove_dir(world.lists()).unwrap();
    let outcomes = world.sync(world.config("newest_key", &config)).await;
    assert_eq!(rule(&outcomes[0].outcome), ("failed", "folder_unreadable"));
    let state = world.state(&full).await;
    assert_eq!(state.last_refusal.as_deref(), Some("folder_unreadable"));
    assert!(world.look_up(&full, 103).await.is_some());
}

#[tokio::test]
async fn delta_lists_among_the_files_change_the_lists_of_their_scope() {
    let mut world = World::new().await;
    // The delta list's name comes first: it is read last all the same.
    world.put("z.crl", world.list(&FULL, 1001));
    let revoked = revocation(900, 2, 0, world.now());
    world.authority.revocations = vec![revoked];
    let delta = world.spec(&FULL, 1002).as_delta_of(1001);
    let signer = world.authority.list_signer(FULL.signer);
    world.put("a.crl", delta.sign(&signer.key));
    let outcomes = world.sync_folder("").await;
    assert_eq!(*outcome_of(&outcomes, "z.crl"), accepted(1001));
    assert_eq!(*outcome_of(&outcomes, "a.crl"), accepted(1002));
    let full = world.source_of(&FULL).await;
    assert!(world.look_up(&full, 900).await.is_none());
    assert!(world.look_up_delta(&full, 900).await.is_some());
    let outcomes = world.sync_folder("").await;
    assert_eq!(*outcome_of(&outcomes, "a.crl"), unchanged(1002));
}

#[tokio::test]
async fn a_scope_that_another_source_delivers_or_that_is_retired_is_refused() {
    let world = World::new().await;
    world.put("city.crl", world.list(&CITY, 1001));
    world.put("full.crl", world.list(&FULL, 1001));
    world.publish("full", world.list(&FULL, 1001));
    let both = world.source("full", "") + &world.folder_text("");
    let outcomes = world.sync(world.config("newest_key", &both)).await;
    assert_eq!(outcomes[0].outcome, accepted(1001));
    let outcomes: Vec<_> = outcomes.into_iter().map(by_file).collect();
    assert_eq!(*outcome_of(&outcomes, "city.crl"), accepted(1001));
    let refused = ("refused", "scope_taken");
    assert_eq!(rule(outcome_of(&outcomes, "full.crl")), refused);

    let city = world.source_of(&CITY).await;
    let outcomes = world.sync_folder(&format!("retired = [\"{city}\"]")).await;
    assert_eq!(
        rule(outcome_of(&outcomes, "city.crl")),
        ("refused", "retired")
    );
    let names = world.sources().await.into_iter();
    let names: Vec<_> = names.map(|state| state.registration.source).collect();
    assert!(!names.contains(&city), "{names:?}");
}

#[tokio::test]
async fn every_key_of_an_authority_may_have_lists_of_its_own_in_the_folder() {
    let world = World::new().await;
    for (file, generation) in [("old.crl", 1), ("new.crl", 2)] {
        let kind = partition(ListSigner::Own(generation), &MUNICIPALITIES[0]);
        world.put(file, world.list(&kind, 1001));
    }
    let config = world.config("own_key", &world.folder_text(""));
    let outcomes = world.sync(config).await;
    assert!(
        outcomes.iter().all(SourceOutcome::succeeded),
        "{outcomes:?}"
    );
    let sources = world.sources().await;
    let signers: Vec<_> = sources
        .iter()
        .map(|state| &state.current.as_ref().unwrap().facts.signer_key_id)
        .collect();
    assert_eq!(signers.len(), 2);
    assert_ne!(signers[0], signers[1]);
}

#[tokio::test]
async fn a_service_reads_what_is_new_in_the_folder_and_minds_no_older_file() {
    let world = World::new().await;
    world.put("1.crl", world.list(&FULL, 1001));
    let config = world.config("newest_key", &world.folder_text(""));
    // Prepares the database, which is read before the service has done so.
    CrlWriter::open(&world.url("crl.db")).await.unwrap();
    let context = world.context().await;
    let service = tokio::spawn(crl_sync::serve(config, context.clone()));
    let in_force = async |number: u64| {
        for _ in 0..600 {
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            let sources = world.sources().await;
            let current = sources.iter().find_map(|state| state.current.as_ref());
            let octets = &number.to_be_bytes()[6..];
            if current.is_some_and(|current| current.facts.crl_number == octets) {
                return;
            }
        }
        panic!("number {number} is not in force");
    };
    in_force(1001).await;
    world.put("2.crl", world.list(&FULL, 1002));
    in_force(1002).await;
    world.clock.advance(HOUR);
    world.put("3.crl", world.list(&FULL, 1003));
    in_force(1003).await;
    // An attempt is counted after its list is in force.
    let accepted = "outcome=\"accepted\",role=\"crl-sync\"} 3";
    eventually(async || context.metrics.render().contains(accepted)).await;
    world.shutdown.begin();
    service.await.unwrap().unwrap();
    let metrics = context.metrics.render();
    let refused = "outcome=\"refused\",role=\"crl-sync\"} 0";
    assert!(metrics.contains(accepted), "{metrics}");
    assert!(metrics.contains(refused), "{metrics}");
}
