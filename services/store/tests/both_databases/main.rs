//! The store's promises, each kept on SQLite and on PostgreSQL: one suite, run twice; and what a gateway may keep in memory,
//! there too.

#![expect(clippy::unwrap_used, reason = "in a test, failing is the report")]

mod audit;
mod databases;
mod deltas;
mod departures;
mod following;
mod gateway_devices;
mod gateway_grants;
mod gateway_pushed_requests;
mod gateway_signatures;
mod gateway_state;
mod history;
mod holder_links;
mod lists;
mod lists_race;
mod originals;
mod together;
mod upkeep;

use databases::Databases;

/// Each named function becomes one test on each of these.
macro_rules! kept_by {
    (@ $keeper:ident { $($module:ident :: $test:ident),* $(,)? }) => {
        mod $keeper {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $test() {
                    crate::$module::$test(crate::Databases::$keeper().await).await;
                }
            )*
        }
    };
    ($($keeper:ident),+: $tests:tt) => {
        $( kept_by!(@ $keeper $tests); )+
    };
}

/// What a gateway needs of whoever keeps its state.
mod every_keeper {
    kept_by! { memory, sqlite, postgres: {
        gateway_state::a_sign_in_walks_from_the_request_to_the_claims,
        gateway_state::a_challenge_stays_until_it_ends_and_then_is_another,
        gateway_state::a_challenge_is_not_spent_before_it_is_issued_or_after_its_end,
        gateway_state::of_many_answers_one_spends_the_challenge,
        gateway_state::a_verdict_is_recorded_once,
        gateway_state::the_way_back_needs_the_token_and_the_browser_and_is_taken_once,
        gateway_state::consent_needs_the_browser_s_new_secret,
        gateway_state::of_many_consents_one_makes_a_code,
        gateway_state::a_denial_forgets_who_it_was_and_ends_the_sign_in,
        gateway_devices::a_code_is_offered_only_by_the_browser_that_began,
        gateway_devices::of_many_devices_one_opens_the_code,
        gateway_devices::a_device_answers_in_time_and_only_if_it_opened_the_code,
        gateway_devices::another_code_ends_the_device_and_its_challenge,
        gateway_devices::a_key_is_published_once_and_held_for_as_long_as_it_is_said,
        gateway_grants::of_many_redemptions_one_gets_the_token,
        gateway_grants::a_redemption_that_does_not_fit_spends_nothing,
        gateway_grants::a_code_that_comes_again_ends_its_token,
        gateway_grants::only_its_client_revokes_an_access_token,
        gateway_grants::an_assertion_is_used_by_one_of_many,
        gateway_grants::a_sweep_removes_what_ended_and_nothing_else,
        gateway_grants::a_sweep_takes_no_more_rows_than_it_is_told,
        gateway_pushed_requests::a_pushed_request_is_its_client_s_until_it_ends_or_is_answered,
        gateway_pushed_requests::of_many_sign_ins_one_answers_a_pushed_request,
        gateway_pushed_requests::a_pushed_request_is_counted_and_kept_as_long_as_a_sign_in_may_answer_it,
        gateway_pushed_requests::a_code_bound_to_a_key_is_redeemed_with_that_key_alone,
        gateway_pushed_requests::a_code_that_is_not_bound_binds_its_token_to_the_key_that_came,
        gateway_signatures::of_many_sign_ins_one_uses_the_transaction,
        gateway_signatures::a_transaction_that_does_not_fit_is_not_used,
        gateway_signatures::a_result_is_stored_with_its_sign_in_or_not_at_all,
        gateway_signatures::a_result_is_fetched_as_often_as_it_may_be_and_by_its_sign_in,
        gateway_signatures::signatures_and_their_tokens_are_counted_and_swept,
        gateway_signatures::only_its_client_revokes_a_signing_token,
    }}
}

mod both_databases {
    kept_by! { sqlite, postgres: {
        audit::a_check_is_readable_by_others_as_soon_as_it_is_appended,
        audit::many_checks_at_once_are_all_committed,
        audit::a_record_that_cannot_be_stored_does_not_take_others_along,
        audit::refusals_have_records_up_to_the_limit_and_are_counted_beyond_it,
        audit::the_ledger_adds_up_what_is_flushed,
        audit::text_that_only_one_database_would_store_is_refused_by_both,
        following::only_what_changed_is_read,
        following::a_store_that_is_another_one_voids_what_was_read,
        following::what_an_operator_accepts_is_a_change,
        following::readers_are_told_of_changes_where_the_database_can,
        following::one_of_several_writers_gets_the_lease,
        gateway_grants::what_was_used_stays_used_after_a_restart,
        audit::an_agency_s_assertion_is_used_by_one_of_many,
        holder_links::a_first_certificate_gets_a_new_holder_and_keeps_it,
        holder_links::a_renewed_certificate_inherits_its_holder,
        holder_links::a_chain_of_renewals_is_followed_to_its_beginning,
        holder_links::predecessors_used_later_are_the_same_holders,
        holder_links::a_link_that_comes_late_joins_nothing_until_it_is_accepted,
        holder_links::a_link_to_a_certificate_already_seen_joins_nothing_by_itself,
        holder_links::a_second_predecessor_or_a_circle_waits_for_a_decision,
        holder_links::accepting_a_corrected_link_takes_nobody_else_along,
        holder_links::a_corrected_link_from_an_unused_certificate_joins_nobody_s_account,
        holder_links::a_certificate_that_was_named_wrongly_and_never_used_inherits_nothing,
        holder_links::the_same_file_again_changes_nothing_and_an_older_one_is_refused,
        holder_links::one_serial_resolved_by_many_at_once_is_one_holder,
        holder_links::links_and_first_use_at_once_never_split_or_lose_a_holder,
        holder_links::a_first_use_does_not_wait_for_the_end_of_a_long_file,
        holder_links::a_file_is_applied_when_its_last_link_is,
        holder_links::authorities_do_not_share_serials,
        deltas::a_delta_list_stands_beside_its_list_until_a_list_ends_it,
        deltas::numbers_of_delta_lists_rise_beside_those_of_lists,
        departures::what_is_held_is_read_with_its_list,
        departures::a_list_replaces_only_what_was_seen_to_be_held,
        departures::an_operator_lets_go_what_is_held_of_the_list_that_was_looked_at,
        departures::what_cannot_be_compared_leaves_what_is_held,
        departures::recent_departures_add_up_without_those_held,
        departures::what_is_held_goes_with_its_source,
        history::what_was_in_force_and_what_left_is_read_by_scope_and_source,
        history::what_is_forgotten_is_not_read,
        originals::a_list_is_kept_as_it_was_fetched_until_its_time_is_over,
        originals::octets_that_are_not_the_list_are_kept_by_nobody,
        lists::a_list_comes_into_force_with_its_facts_and_octets,
        lists::a_number_that_does_not_rise_is_refused,
        lists::the_highest_number_outlives_the_list_and_its_source,
        lists::the_same_list_may_come_into_force_again_under_another_source,
        lists::a_rising_number_with_an_older_this_update_is_refused,
        lists::scopes_and_signers_have_numbers_of_their_own,
        lists::a_source_must_be_registered_for_the_authority_and_scope,
        lists::attempts_are_recorded_without_a_new_generation,
        departures::a_list_and_that_it_was_accepted_are_one_commit,
        lists::registration_replaces_the_sources_of_the_authorities_it_names,
        lists::facts_that_contradict_each_other_are_refused,
        lists::a_reader_waits_for_the_writer_to_prepare_the_schema,
        together::lists_that_are_ready_together_have_generations_of_their_own,
        together::one_that_is_refused_takes_no_other_with_it,
        together::lists_that_cannot_share_a_transaction_follow_one_another,
        together::when_the_database_fails_all_have_failed,
        together::of_writers_that_race_one_has_each_source,
        together::what_is_in_force_and_the_highest_number_are_read_at_once,
        together::chunks_are_stored_in_large_pages_and_uncompressed,
        together::what_was_committed_is_moved_into_the_file,
        upkeep::the_segment_of_a_large_list_goes_after_it_was_replaced,
        upkeep::what_a_writer_has_left_goes_with_the_next,
        together::a_database_of_an_earlier_version_is_brought_up_to_this_one,
        lists_race::of_many_writers_exactly_one_replaces_a_generation,
        lists_race::writers_of_different_sources_both_succeed,
        lists_race::an_abandoned_transaction_leaves_the_old_list,
        lists_race::a_reader_never_sees_half_a_list,
        lists_race::many_processes_may_prepare_a_fresh_database,
    }}
}
