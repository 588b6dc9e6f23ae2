//! How much memory a large list takes. A process of its own reads it, so that nothing but reading it counts.

use std::path::Path;
use std::process::Command;
use std::time::Instant;

use pki::UnixTime;
use runtime::Context;
use runtime::shutdown::Shutdown;
use sandbox::mint::CrlEntry;

use crate::world::{FULL, World};

const ENTRIES: u64 = 1_000_000;

/// Octets an entry and octets besides that may be in memory at once: the entries packed, or the index, and a little of the
/// one beside the other; and what the database needs to store it. The list itself has 38 octets an entry, and would be
/// three times as much if it were held as objects.
const OCTETS_PER_ENTRY: u64 = 40;
const OCTETS_BESIDES: u64 = 32 << 20;

#[tokio::test]
async fn a_list_of_a_million_entries_takes_memory_for_its_index_and_not_for_its_octets() {
    takes_memory_for_its_index(1, "").await;
}

#[tokio::test]
async fn a_list_that_is_kept_as_it_was_fetched_takes_no_more() {
    takes_memory_for_its_index(1, "[originals]\nkeep_days = 1\n").await;
}

#[tokio::test]
async fn a_list_of_a_million_entries_far_apart_takes_no_more() {
    takes_memory_for_its_index(1_000, "").await;
}

/// One serial in so many is revoked. A first list, and one that replaces it, from which one in 200 has left.
async fn takes_memory_for_its_index(one_in: u64, more: &str) {
    let world = World::new().await;
    let text = world.config_text("newest_key", &world.file_source("list.crl", ""));
    let text = text.replacen("[fetch]", &format!("{more}[fetch]"), 1);
    std::fs::write(world.folder.path().join("crl-sync.toml"), text).unwrap();
    let at = UnixTime::from_secs(world.now().secs() - 86_400);
    let highest = 20_000_000 + (ENTRIES - 1) * one_in;
    for (number, leaving) in [(1001, 0), (1002, ENTRIES / 200)] {
        let mut spec = world.spec(&FULL, number);
        let serials = (leaving..ENTRIES).map(|nth| 20_000_000 + nth * one_in);
        spec.entries = serials.map(|n| CrlEntry::new(n, at, Some(1))).collect();
        let list = spec.sign(&world.authority.newest().key);
        std::fs::write(world.folder.path().join("list.crl"), &list).unwrap();
        let [before, peak, milliseconds] = sync_in_a_process(world.folder.path());
        println!(
            "{} octets, {ENTRIES} entries: {milliseconds} ms; resident {before} octets before, {peak} at most, \
             {} an entry",
            list.len(),
            (peak - before) / ENTRIES
        );
        assert!(peak < OCTETS_BESIDES + OCTETS_PER_ENTRY * ENTRIES, "{peak}");
        assert!(world.look_up("list.crl", highest).await.is_some());
        let first = world.look_up("list.crl", 20_000_000).await;
        assert_eq!(first.is_some(), leaving == 0);
    }
}

/// Octets in memory before, octets in memory at most, and milliseconds.
fn sync_in_a_process(folder: &Path) -> [u64; 3] {
    let child = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "memory::reads_the_list_of_this_folder",
            "--ignored",
            "--nocapture",
        ])
        .current_dir(folder)
        .output()
        .unwrap();
    let said = String::from_utf8(child.stdout).unwrap();
    assert!(child.status.success(), "{said}");
    let figures = said.lines().find_map(|line| line.split_once("figures: "));
    let figures = figures.unwrap().1.split(' ');
    let figures: Vec<u64> = figures.map(|figure| figure.parse().unwrap()).collect();
    figures.try_into().unwrap()
}

#[tokio::test]
#[ignore = "run by the test above, in a process of its own"]
async fn reads_the_list_of_this_folder() {
    let config = runtime::config::load(Path::new("crl-sync.toml")).unwrap();
    let before = resident("VmRSS:");
    let begun = Instant::now();
    let context = Context::new("crl-sync", Shutdown::new()).await;
    let outcomes = crl_sync::sync_once(config, context).await.unwrap();
    assert!(outcomes[0].succeeded(), "{outcomes:?}");
    let milliseconds = begun.elapsed().as_millis();
    println!("\nfigures: {before} {} {milliseconds}", resident("VmHWM:"));
}

/// Octets of this process in memory, by a name of proc(5).
fn resident(name: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix(name))
        .unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024
}
