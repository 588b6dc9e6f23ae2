//! What Akashi says and keeps when something goes wrong: killed processes, lists that stop, lie or are missing, a
//! database that goes away, comes back older or has no room left, and an orderly end.
//!
//! Each fault, what is expected, and the test that shows it; `c:` is `crl-sync/tests/sync`, `r:`
//! `services/revocation-lookup/tests/service`, and a name alone is a file of this folder. Everywhere: no answer is wrong,
//! the last good list is not lost, and nobody has to put anything right by hand.
//!
//! | Fault | Expected | Test |
//! |---|---|---|
//! | a list truncated, cut short, with an octet too many | refused, counted by its rule; the last good one answers; the right one is taken | `hostile_lists.rs every_hostile_list_is_refused_and_the_last_good_one_answers`, `c:faults.rs octets_behind_a_list_are_refused_however_many_are_announced` |
//! | oversized, endless | refused as soon as that is known, in the first octets where they say so | `c:faults.rs a_list_wrong_in_its_first_octets_is_refused_before_the_rest_comes`, `c:lists.rs a_list_cut_off_or_too_large_is_refused_and_the_whole_one_accepted` |
//! | wrong signature, lower number, wrong partition, expired, of another key or authority, a delta, unknown critical extension | refused, each by its own rule, its twin taken | `hostile_lists.rs every_hostile_list_is_refused_and_the_last_good_one_answers`, `c:lists.rs a_list_that_breaks_a_rule_leaves_the_last_good_one_in_force_and_its_twin_replaces_it` |
//! | shrunken | in force; those that left count as revoked until an operator decides | `c:removals.rs many_at_once_stay_revoked_while_everything_else_takes_effect` |
//! | ten million tiny entries | in force if genuine, refused if forged or above the limit; memory for the index alone | `c:hostile.rs ten_million_tiny_entries_are_in_force_if_genuine_and_refused_if_forged_or_above_the_limit`, `c:faults.rs a_list_of_very_many_tiny_entries_is_in_force_if_it_is_genuine_and_refused_if_it_is_not`, `c:memory.rs a_list_of_a_million_entries_takes_memory_for_its_index_and_not_for_its_octets` |
//! | gigabytes in a length field, whichever | refused | `c:hostile.rs a_gigabyte_in_any_length_field_of_a_list_is_refused_and_the_right_list_taken` |
//! | stalls in the middle | failed after the read time-out | `c:faults.rs a_list_that_stops_in_the_middle_is_a_failure_and_nothing_of_it_is_in_force` |
//! | drips, lies about its length, is packed, though nobody asked | failed after the whole time-out; refused | `c:hostile.rs an_answer_that_lies_about_its_length_or_form_or_drips_puts_nothing_in_force` |
//! | redirects | refused | `hostile_lists.rs every_hostile_list_is_refused_and_the_last_good_one_answers` |
//! | the publisher is away past the next update | *unknown: stale*, revocations stay; back by itself | `stale.rs stale_lists_make_answers_unknown_until_the_list_server_is_back` |
//! | a partition is missing | its certificates are *unknown* | `missing_partition.rs a_leaf_whose_own_partition_never_came_is_unknown_until_it_does` |
//! | kill -9 of crl-sync or revocation-lookup in any phase | every answer true by the list that it names, none goes back; stored is the list before or the next one, whole; back when started | `kills.rs twenty_kills_spread_over_every_phase_leave_every_answer_true`, `kills.rs two_hundred_kills_at_least_ten_in_every_phase_leave_every_answer_true`, `killed.rs a_killed_process_leaves_the_last_good_list_on_sqlite`, `killed.rs a_killed_process_leaves_the_last_good_list_on_postgresql` |
//! | PostgreSQL stopped and started, under load | lookups from memory, all true, none missing; lists go on by themselves | `database_under_load.rs postgresql_stopped_and_started_under_load_makes_no_answer_wrong`, `no_database.rs lookups_outlive_their_database_and_verification_comes_back_with_it` |
//! | away for longer than `max_feed_age`, or silent | *unknown: feed* | `r:outages.rs without_its_store_it_answers_until_the_feed_is_too_old`, `r:stalled_store.rs a_store_that_falls_silent_shows_in_gauges_and_health_until_it_speaks_again` |
//! | the disk is full | the last good list answers; the refused sync is counted for an alert; a check that cannot be recorded is not answered; goes on once there is room | `disk_full.rs a_full_disk_leaves_the_last_good_list_and_answers_no_check_unrecorded_on_sqlite`, `disk_full.rs a_full_disk_leaves_the_last_good_list_and_answers_no_check_unrecorded_on_postgresql` |
//! | the clock is set back | *unknown: clock*, also where the store and every process are new | `r:freshness.rs a_clock_that_goes_back_turns_good_into_unknown`, `r:stalled_store.rs a_clock_set_back_does_not_keep_a_silent_store_young`, `r:restored.rs a_clock_set_back_between_two_starts_is_told_from_what_was_served_before` |
//! | the database restored from an older copy, everything started anew | nobody good by the older list, lower numbers refused, told in log, metric and alert; the next list mends it | `restored.rs a_restored_database_takes_back_no_list_that_was_served_on_sqlite`, `restored.rs a_restored_database_takes_back_no_list_that_was_served_on_postgresql`, `c:restored.rs a_restored_store_takes_no_number_below_the_highest_that_was_accepted`, `r:restored.rs a_replica_that_starts_over_an_older_copy_calls_nothing_good_by_it` |
//! | the same under a running replica | the newer list stays | `r:outages.rs a_store_restored_from_an_old_copy_does_not_take_a_newer_list_back` |
//! | SIGTERM | what was begun is finished | `drain.rs sigterm_finishes_what_was_begun_and_ends_with_0` |

mod ask;
mod database_under_load;
mod disk_full;
mod drain;
mod hostile_lists;
mod killed;
mod kills;
mod lock;
mod missing_partition;
mod no_database;
mod restored;
mod scrape;
mod stale;
mod witness;

use std::future::Future;
use std::time::Duration;

use anyhow::{Context as _, Result};
use e2e::system::{Plan, Shape};
use sandbox::deployment::Lists;
use sandbox::mint::CaKind;

const USER: CaKind = CaKind::UserAuthentication;
const KEY_COMPROMISE: u8 = 1;

/// What a signature needs to be verified; the other roles take no part in these tests.
const VERIFYING: [&str; 3] = ["crl-sync", "revocation-lookup", "signature-verification"];

/// No test here may take longer; most take a quarter of a minute.
const LIMIT: Duration = Duration::from_mins(4);

/// Ends what takes too long.
async fn bounded(test: impl Future<Output = Result<()>>) -> Result<()> {
    tokio::time::timeout(LIMIT, Box::pin(test))
        .await
        .context("the test took too long")?
}

/// The full list of each authority alone: one source an authority, so that a phase of its sync is one moment.
fn full_lists_only(shape: Shape) -> Plan {
    let lists = Lists {
        municipalities: Vec::new(),
        ..Lists::all()
    };
    Plan {
        lists,
        ..Plan::of(shape)
    }
}

/// The table above names tests that are there.
#[test]
fn every_test_that_the_table_names_is_there() -> Result<()> {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut named = 0;
    let table = include_str!("faults.rs").lines();
    for row in table.take_while(|line| line.starts_with("//!")) {
        for test in row.split('`').filter(|word| word.contains(".rs ")) {
            let (file, name) = test.split_once(' ').context("a file and a test")?;
            let path = match file.split_once(':') {
                Some(("c", file)) => root.join("crl-sync/tests/sync").join(file),
                Some(("r", file)) => root
                    .join("services/revocation-lookup/tests/service")
                    .join(file),
                _ => root.join("tests/e2e/tests/e2e/faults").join(file),
            };
            let text = std::fs::read_to_string(&path).with_context(|| file.to_owned())?;
            let is_there = text.contains(&format!("async fn {name}("));
            anyhow::ensure!(is_there, "{file} has no test {name}");
            named += 1;
        }
    }
    anyhow::ensure!(named > 30, "the table names {named} tests");
    Ok(())
}
