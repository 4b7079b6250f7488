"""What a test meets in the long run only, so that the short one ends in ten minutes.

Every promise is tried in the short run too: on SQLite, mostly on one server as well, and on all
three where engines differ in what the promise rests on.
"""

from __future__ import annotations

import re

import pytest

LATER: dict[str, tuple[str, ...]] = {
    "tests/binds/test_forward.py::test_what_a_trigger_copies_goes_as_well":
        ("mariadb-None", "mariadb-after_intent"),
    "tests/browser/test_alone.py": ("zh-CN", ""),
    "tests/browser/test_cases.py::test_a_complaint_is_overturned": ("",),
    "tests/browser/test_cases.py::test_an_incident_with_its_clock": ("",),
    "tests/browser/test_colours.py::test_where_a_case_stands_is_seen_in_a_readers_own_colours":
        ("",),
    "tests/browser/test_officer.py::test_a_review_is_closed_by_a_second_person": ("",),
    "tests/browser/test_officer.py::test_an_answer_takes_longer_once": ("",),
    "tests/browser/test_officer.py::test_an_officers_day": ("en",),
    "tests/browser/test_pages.py::test_every_page_on_a_telephone_at_night": ("",),
    "tests/browser/test_paper.py::test_a_guest_prints_how_their_case_stands": ("",),
    "tests/browser/test_paper.py::test_a_printed_request_says_what_is_folded_on_the_screen": ("",),
    "tests/browser/test_reception.py": ("en",),
    "tests/browser/test_walk.py::test_a_guest_asks_and_holds_a_certificate": ("en",),
    "tests/browser/test_walk.py::test_the_other_pages_are_in_good_order": ("",),
    "tests/browser/test_walk.py::test_two_people_take_an_erasure_back": ("",),
    "tests/browser/test_watch.py": ("",),
    "tests/chaos/test_short.py": ("forget", "rotate"),
    "tests/example/test_acceptance.py::test_after_erasing_a_guest_nothing_tells_the_twins_apart":
        ("booker", "organiser", "mailbox-postgresql", "mailbox-mariadb", "companion"),
    "tests/example/test_acceptance.py::test_one_of_two_who_share_mailbox_and_phone_asks":
        ("mariadb", "postgresql"),
    "tests/example/test_acceptance.py::test_only_what_the_plan_names_changes":
        ("mariadb", "postgresql", "chen.jing", "clara", "zoe", "wang.fang", "li.wei"),
    "tests/example/test_canary.py": ("mariadb",),
    "tests/example/test_canary.py::test_a_test_guest_books_stays_goes_and_is_seen_nowhere":
        ("postgresql",),
    "tests/example/test_canary.py::test_no_real_row_goes_with_a_test_guest": ("postgresql",),
    "tests/example/test_canary_name.py": ("",),
    "tests/example/test_cli.py::test_check_says_what_makes_it_a_demo": ("",),
    "tests/example/test_cli.py::test_fresh_drops_nothing_but_the_demos_own_hotels":
        ("mariadb", "postgresql"),
    "tests/example/test_cli.py::test_migrations_make_what_the_models_say": ("",),
    "tests/example/test_cli.py::test_seed_once_then_only_afresh": ("",),
    "tests/example/test_cli.py::test_staff_lists_everybody_who_is_needed": ("",),
    "tests/example/test_cli.py::test_wrong_use_is_named": ("words1",),
    "tests/example/test_gap.py": ("mariadb", "postgresql"),
    "tests/example/test_replay.py": ("mariadb",),
    "tests/example/test_replay.py::test_a_crash_between_intent_and_outcome":
        ("postgresql", "sqlite-before"),
    "tests/example/test_replay.py::test_after_a_crash_the_house_goes_on": ("before",),
    "tests/example/test_replay.py::test_many_processes_write_one_register": ("postgresql",),
    "tests/example/test_replay.py::test_the_right_ones_are_gone_and_nobody_else": ("postgresql",),
    "tests/oracle/test_random.py::test_random_hosts_on_servers": ("postgresql",),
    "tests/oracle/test_random.py::test_random_hosts_on_sqlite": ("1", "2"),
    "tests/oracle/test_restored.py": ("postgresql",),
    "tests/resistance/test_alone.py": ("mariadb", "postgresql"),
    "tests/resistance/test_law.py::test_a_property_moved_to_its_guests_country": ("True",),
    "tests/resistance/test_law.py::test_a_property_that_is_read_elsewhere": ("guest.house",),
    "tests/resistance/test_law.py::test_an_owner_path_to_somebody_else": ("record",),
    "tests/resistance/test_people.py::test_a_record_given_to_an_erased_guest": ("True",),
    "tests/resistance/test_people.py::test_a_record_given_to_another_guest": ("record",),
    "tests/resistance/test_register.py::test_a_sealed_line_hidden_at_night":
        ("table", "property", "doubled", "nights"),
    "tests/shapes/test_all.py": ("postgresql",),
    "tests/shapes/test_hosts.py": ("postgresql",),
    "tests/shapes/test_shapes.py": ("postgresql",),
    "tests/store/test_affected.py": ("mariadb", "postgresql"),
    "tests/store/test_asked_anew.py": ("mariadb",),
    "tests/store/test_at_once.py::test_a_register_that_is_being_counted_is_not_counted_by_another":
        ("mariadb", "sqlite"),
    "tests/store/test_at_once.py::test_of_two_that_find_the_time_of_a_key_over_one_makes_it_anew":
        ("mariadb",),
    "tests/store/test_batches.py": ("mariadb",),
    "tests/store/test_beside.py": ("mariadb",),
    "tests/store/test_blockers.py": ("mariadb",),
    "tests/store/test_brake.py": ("postgresql",),
    "tests/store/test_carried.py": ("mariadb",),
    "tests/store/test_carried.py::test_a_held_record_keeps_what_a_cascade_would_change":
        ("postgresql",),
    "tests/store/test_carried.py::test_rows_go_by_day_before_what_they_point_at_is_overwritten":
        ("postgresql",),
    "tests/store/test_carried.py::test_what_the_hotel_needs_is_not_changed_by_a_cascade":
        ("postgresql",),
    "tests/store/test_census.py": ("mariadb", "postgresql"),
    "tests/store/test_census.py::test_a_box_that_vanished_is_missed":
        ("payload", "forgotten", "emptied"),
    "tests/store/test_census_lines.py": ("mariadb", "postgresql"),
    "tests/store/test_checked_masks.py": ("mariadb",),
    "tests/store/test_checkpoints.py": ("mariadb",),
    "tests/store/test_checkpoints.py::test_a_certificate_that_a_restore_has_overtaken_is_not_called_wrong":
        ("postgresql-True",),
    "tests/store/test_checkpoints.py::test_lost_entries_are_put_back_exactly": ("postgresql",),
    "tests/store/test_checkpoints.py::test_no_two_epochs_have_one_number": ("postgresql",),
    "tests/store/test_checkpoints.py::test_what_a_restore_lost_was_taken_away_by_nobody":
        ("postgresql",),
    "tests/store/test_checkpoints.py::test_what_was_put_back_accuses_nobody_of_writing_past_us":
        ("postgresql",),
    "tests/store/test_claims_model.py": ("mariadb",),
    "tests/store/test_clocks.py": ("mariadb",),
    "tests/store/test_complaints.py": ("mariadb",),
    "tests/store/test_completing.py": ("postgresql",),
    "tests/store/test_copied_beyond.py": ("mariadb",),
    "tests/store/test_copied_later.py": ("mariadb", "postgresql"),
    "tests/store/test_copied_since.py": ("mariadb",),
    "tests/store/test_copied_swept.py": ("mariadb", "postgresql"),
    "tests/store/test_copies.py": ("mariadb",),
    "tests/store/test_copying.py": ("mariadb",),
    "tests/store/test_copying.py::test_a_copy_lies_ready_to_the_end_of_the_day_that_was_told":
        ("1-Asia/Shanghai", "9-Pacific/Honolulu", "9-Pacific/Kiritimati", "1-Pacific/Honolulu"),
    "tests/store/test_cutoff.py::test_a_recipient_that_drips_is_cut_off": ("headers", "closed"),
    "tests/store/test_deadlines.py": ("postgresql",),
    "tests/store/test_doubles.py": ("mariadb",),
    "tests/store/test_due.py": ("postgresql",),
    "tests/store/test_due.py::test_a_form_is_found_on_its_day_and_not_before": ("mariadb",),
    "tests/store/test_due.py::test_a_row_that_is_refused_stands_alone_and_waits": ("mariadb",),
    "tests/store/test_due.py::test_a_second_sweep_joins_the_one_that_leads": ("mariadb",),
    "tests/store/test_due.py::test_an_import_of_old_rows_is_found_at_once_or_within_a_week":
        ("mariadb",),
    "tests/store/test_due.py::test_guests_of_one_hotel_go_together": ("mariadb",),
    "tests/store/test_due.py::test_what_one_claimed_does_not_wait_for_what_another_claimed":
        ("postponed",),
    "tests/store/test_due.py::test_what_somebody_else_holds_is_tried_soon_and_does_not_count":
        ("mariadb",),
    "tests/store/test_equal.py": ("mariadb",),
    "tests/store/test_eraser.py": ("postgresql",),
    "tests/store/test_expiry.py": ("mariadb", "postgresql"),
    "tests/store/test_failures.py": ("mariadb",),
    "tests/store/test_figures.py": ("mariadb", "postgresql"),
    "tests/store/test_figures.py::test_the_oldest_record_is_the_oldest_that_still_holds_something":
        ("postgresql",),
    "tests/store/test_figures_counted.py": ("mariadb", "postgresql"),
    "tests/store/test_finder.py": ("postgresql",),
    "tests/store/test_finishing.py": ("postgresql",),
    "tests/store/test_gaps.py": ("mariadb",),
    "tests/store/test_gone_once.py": ("mariadb",),
    "tests/store/test_gone_once.py::test_a_row_goes_once_and_again_when_somebody_is_written_into_it":
        ("mariadb-short", "mariadb-uuid-text", "postgresql-short",
         "postgresql-uuid-text"),
    "tests/store/test_guard.py": ("postgresql",),
    "tests/store/test_guard.py::test_by_every_door_who_comes_back_is_seen_and_gone_again":
        ("mariadb",),
    "tests/store/test_halting.py": ("mariadb",),
    "tests/store/test_heard_in_time.py": ("mariadb", "postgresql"),
    "tests/store/test_heldcopies.py": ("",),
    "tests/store/test_heldgone.py": ("mariadb", "postgresql"),
    "tests/store/test_heldhome.py": ("postgresql", "mariadb"),
    "tests/store/test_heldhome.py::test_a_copy_in_which_the_hold_lives_on_is_held_beyond_the_day":
        ("mariadb",),
    "tests/store/test_heldhome.py::test_what_a_hold_keeps_besides_follows_a_later_day":
        ("mariadb",),
    "tests/store/test_heldshared.py": ("mariadb", "postgresql"),
    "tests/store/test_heldswept.py": ("mariadb", "postgresql"),
    "tests/store/test_history_sealed.py": ("mariadb",),
    "tests/store/test_holds.py": ("mariadb",),
    "tests/store/test_holds.py::test_a_file_that_a_worker_has_in_hand_waits_when_its_owner_is_held":
        ("postgresql",),
    "tests/store/test_holds.py::test_a_file_that_was_tried_and_is_held_now_keeps_no_answer_waiting":
        ("postgresql",),
    "tests/store/test_holds.py::test_a_file_waits_in_the_outbox_while_its_owner_is_held":
        ("postgresql",),
    "tests/store/test_holds.py::test_a_freeze_of_what_the_register_does_not_know_is_told_apart":
        ("postgresql",),
    "tests/store/test_holds.py::test_a_frozen_property_is_everything_there": ("postgresql",),
    "tests/store/test_holds.py::test_a_frozen_room_is_found_as_the_register_finds_it":
        ("postgresql",),
    "tests/store/test_holds.py::test_a_held_person_survives_the_request_and_goes_after_lifting_by_itself":
        ("postgresql",),
    "tests/store/test_holds.py::test_a_held_record_survives_the_request": ("postgresql",),
    "tests/store/test_holds.py::test_a_hold_survives_bulk": ("postgresql",),
    "tests/store/test_holds.py::test_a_line_of_no_property_that_anybody_can_tell_is_of_each_frozen_night":
        ("postgresql",),
    "tests/store/test_holds.py::test_a_safety_copy_outlives_its_window_and_the_others_day_key_dies_on_time":
        ("postgresql",),
    "tests/store/test_holds.py::test_a_sealed_line_under_no_night_is_of_each_frozen_night":
        ("postgresql",),
    "tests/store/test_holds.py::test_an_unconfirmed_freeze_is_told_every_day_and_does_not_lapse":
        ("postgresql",),
    "tests/store/test_holds.py::test_another_hotels_hold_is_a_duty_of_law_even_to_who_may_hold":
        ("postgresql",),
    "tests/store/test_holds.py::test_by_a_clock_that_nobody_believes_nothing_ends_when_a_hold_is_lifted":
        ("postgresql",),
    "tests/store/test_holds.py::test_each_scope_covers_its_rows": ("postgresql",),
    "tests/store/test_holds.py::test_what_was_approved_under_a_freeze_goes_on_when_it_is_lifted":
        ("postgresql",),
    "tests/store/test_holds.py::test_who_freezes_again_takes_back_what_was_said_for_lifting":
        ("postgresql",),
    "tests/store/test_holds_placed.py::test_what_is_held_while_a_sweep_erases_it_stays":
        ("mariadb-place", "postgresql-subject", "postgresql-place", "mariadb-subject"),
    "tests/store/test_holds_placed.py::test_who_freezes_the_same_place_at_the_same_moment_makes_one_freeze":
        ("postgresql",),
    "tests/store/test_incidents.py": ("postgresql",),
    "tests/store/test_indexing.py": ("mariadb",),
    "tests/store/test_indexing.py::test_the_statement_it_names_ends_the_finding_and_the_scan":
        ("stamps", "one column"),
    "tests/store/test_journal.py": ("mariadb",),
    "tests/store/test_journal.py::test_eight_writers_append_without_fork_or_loss": ("postgresql",),
    "tests/store/test_keyed.py": ("mariadb",),
    "tests/store/test_laternotice.py": ("postgresql", "mariadb"),
    "tests/store/test_laternotice.py::test_who_takes_it_back_is_never_told": ("mariadb-before",),
    "tests/store/test_left.py": ("mariadb",),
    "tests/store/test_links.py": ("postgresql",),
    "tests/store/test_listed.py": ("mariadb",),
    "tests/store/test_long_keys.py": ("mariadb",),
    "tests/store/test_looked_through.py::test_a_line_that_was_changed_is_found_on_whatever_page_it_stands":
        ("2",
         "6"),
    "tests/store/test_looks.py::test_a_look_at_much_that_is_new_goes_on_where_it_was_cut_off":
        ("over midnight",),
    "tests/store/test_looks.py::test_a_row_whose_key_is_too_long_to_be_written_down_goes_as_well":
        ("mariadb",),
    "tests/store/test_mapped.py": ("mariadb", "postgresql"),
    "tests/store/test_meanwhile.py::test_an_invoice_made_out_before_the_check_is_one_that_stays":
        ("mariadb",),
    "tests/store/test_meetings.py":
        ("mariadb", "approve-(?!approve)[a-z]+", "(refuse|withdraw|book|bill)-[a-z]+",
         "erase-(book|hold|withdraw)"),
    "tests/store/test_meetings.py::test_two_that_meet_end_in_one_outcome":
        ("postgresql-erase-bill",),
    "tests/store/test_mentions.py": ("postgresql",),
    "tests/store/test_minors.py": ("mariadb",),
    "tests/store/test_needed_whole.py": ("mariadb", "postgresql"),
    "tests/store/test_nights.py::test_of_two_sweeps_that_start_at_one_moment_one_leads":
        ("postgresql",),
    "tests/store/test_nights.py::test_what_ended_by_itself_waits_for_it_too": ("joins",),
    "tests/store/test_nights.py::test_who_has_had_their_time_comes_before_what_has_no_day":
        ("joins",),
    "tests/store/test_office.py": ("mariadb",),
    "tests/store/test_office_erasure.py": ("mariadb",),
    "tests/store/test_office_intake.py": ("mariadb",),
    "tests/store/test_outbox.py::test_many_workers_send_each_message_once": ("postgresql",),
    "tests/store/test_own_keys.py": ("mariadb", "postgresql"),
    "tests/store/test_owndata.py": ("mariadb",),
    "tests/store/test_passage.py": ("mariadb",),
    "tests/store/test_physical.py::test_postgresql_keeps_old_rows_until_tables_are_rewritten_without_a_snapshot":
        ("snapshot",),
    "tests/store/test_physical.py::test_postgresql_reaches_its_log_where_no_old_segment_is_left":
        ("recycling",),
    "tests/store/test_pins.py": ("mariadb", "postgresql"),
    "tests/store/test_pointing.py": ("mariadb",),
    "tests/store/test_pruning.py::test_it_may_be_cut_off_after_each_batch": ("1", "3"),
    "tests/store/test_recipients.py": ("mariadb", "postgresql"),
    "tests/store/test_redating.py": ("mariadb", "postgresql"),
    "tests/store/test_refilled.py::test_a_look_ends_at_no_empty_profile_for_good_when_it_laid_enough_before_staff":
        ("",),
    "tests/store/test_register.py": ("mariadb",),
    "tests/store/test_residue.py": ("mariadb",),
    "tests/store/test_residue_rows.py": ("mariadb",),
    "tests/store/test_restated.py": ("mariadb", "postgresql"),
    "tests/store/test_restore.py": ("mariadb",),
    "tests/store/test_restored_parts.py": ("mariadb", "postgresql"),
    "tests/store/test_rings.py": ("mariadb",),
    "tests/store/test_rotation.py": ("postgresql",),
    "tests/store/test_rows_read.py": ("postgresql",),
    "tests/store/test_rulebook.py": ("mariadb", "postgresql"),
    "tests/store/test_settling.py": ("postgresql",),
    "tests/store/test_shown_meanwhile.py": ("mariadb", "postgresql"),
    "tests/store/test_signing.py": ("mariadb",),
    "tests/store/test_still_needed.py": ("mariadb", "postgresql"),
    "tests/store/test_sweep.py": ("mariadb", "postgresql"),
    "tests/store/test_sweep.py::test_after_a_change_it_only_shows_again":
        ("region", "fiscal year", "country"),
    "tests/store/test_tasks.py": ("postgresql",),
    "tests/store/test_telling.py": ("mariadb",),
    "tests/store/test_told_rightly.py": ("mariadb",),
    "tests/store/test_traces.py": ("mariadb", "postgresql"),
    "tests/store/test_training.py": ("mariadb",),
    "tests/store/test_transaction.py::test_of_two_that_meet_one_is_run_again": ("begin_nested",),
    "tests/store/test_transaction.py::test_on_a_server_we_wait_two_seconds_for_the_rows_alone":
        ("mariadb_url",),
    "tests/store/test_transaction.py::test_on_an_sqlite_file_we_wait_two_seconds": ("2",),
    "tests/store/test_transaction.py::test_the_pool_gets_its_connection_back_as_it_was":
        ("mariadb-True", "postgresql-True"),
    "tests/store/test_unended.py": ("mariadb", "postgresql"),
    "tests/store/test_uninstall.py": ("postgresql",),
    "tests/store/test_unplaced.py": ("mariadb", "postgresql"),
    "tests/store/test_unsound.py": ("mariadb",),
    "tests/store/test_upgrade.py::test_an_upgrade_waits_no_longer_than_asked":
        ("postgresql", "sqlite"),
    "tests/store/test_upgrade.py::test_four_processes_upgrade_at_once": ("mariadb", "postgresql"),
    "tests/store/test_upgrade.py::test_sql_run_by_hand_is_an_upgrade": ("mariadb",),
    "tests/store/test_vault.py": ("mariadb",),
    "tests/store/test_veil.py": ("mariadb",),
    "tests/store/test_veil_keys.py": ("postgresql",),
    "tests/store/test_vouched.py": ("mariadb",),
    "tests/store/test_waiting.py": ("postgresql",),
    "tests/store/test_waiting.py::test_after_ninety_days_the_officer_is_asked_to_look":
        ("mariadb",),
    "tests/store/test_waiting.py::test_who_owes_nothing_does_not_wait_for_the_operators_bill":
        ("mariadb",),
    "tests/store/test_walking.py::test_one_statement_finds_what_a_statement_a_table_does":
        ("mariadb", "postgresql"),
    "tests/store/test_written_back.py": ("mariadb",),
    "tests/store/test_xray.py": ("mariadb",),
    "tests/test_census_offline.py::test_a_clock_that_leapt_and_was_set_right": ("4000",),
    "tests/test_census_offline.py::test_honest_nights_pass_over_the_end_of_a_month": ("",),
    "tests/test_census_restored.py::test_steps_of_an_epoch_before_are_not_those_of_the_next": ("",),
    "tests/test_engines.py::test_servers_end_with_their_session": ("end", "kill"),
    "tests/test_engines.py::test_session_without_engines": ("",),
    "tests/test_engines.py::test_xdist_workers_share_one_server": ("",),
    "tests/test_restore_drill.py": ("postgresql",),
    "tests/test_testing.py": ("mariadb", "postgresql"),
    "tests/web/test_anew.py::test_a_guest_and_a_clerk_who_confirm_at_once_are_both_told_what_is":
        ("mariadb",),
    "tests/web/test_check.py": ("mariadb", "postgresql"),
    "tests/web/test_cli.py::test_the_main_job_by_commands": ("mariadb",),
    "tests/web/test_depth.py": ("postgresql",),
    "tests/web/test_desk_words.py::test_a_hold_placed_without_training_changes_no_page":
        ("clerk", "auditor"),
    "tests/web/test_doors_again.py::test_a_forked_process_counts_its_own_reviews": ("free",),
    "tests/web/test_holds.py": ("zh",),
    "tests/web/test_holds.py::test_a_silent_hold_on_somebody_else_changes_no_page":
        ("porter", "auditor"),
    "tests/web/test_holds.py::test_a_silent_hold_on_the_guest_looks_like_a_duty_of_law":
        ("auditor", "clerk"),
    "tests/web/test_migrate.py::test_a_host_upgrades_autogenerates_and_downgrades": ("",),
    "tests/web/test_migrate.py::test_an_environment_with_its_own_filter_still_runs": ("",),
    "tests/web/test_migrate.py::test_without_the_filter_our_tables_would_be_dropped": ("",),
    "tests/web/test_mixing.py::test_no_guest_page_mixes_languages":
        ("walk-(?!ja)[a-z]+", "prove-(?!de)[a-z]+", "copy-(?!es)[a-z]+", "dispute-(?!fr)[a-z]+"),
    "tests/web/test_pressing.py::test_a_deed_in_two_tabs_is_no_error": ("refuse",),
    "tests/web/test_pressing.py::test_any_other_decision_stays_refused":
        ("page", "later", "person-refuse"),
    "tests/web/test_pressing.py::test_anything_else_in_another_tab_stays_refused": ("later",),
    "tests/web/test_pressing.py::test_nobody_else_gets_the_code_of_a_used_link": ("False",),
    "tests/web/test_rounds.py::test_a_forked_process_starts_a_thread_of_its_own": ("free",),
    "tests/web/test_staff.py::test_routes_by_roles_by_properties": ("mu",),
    "tests/web/test_typed.py": ("mariadb",),
    "tests/web/test_watching.py::test_each_ill_is_told_by_its_word":
        ("ill_clock", "ill_tables", "ill_keys", "ill_root", "ill_head", "ill_register"),
}
"""File, or file and test -> words of the parameters; an empty one is every case."""

FIRST = (
    "tests/chaos/test_mariadb.py",
    "tests/chaos/test_postgresql.py",
    "tests/chaos/test_sqlite.py",
    "tests/chaos/test_servers.py",
    "tests/example/test_decade.py",
    "tests/store/test_chronicle.py",
    "tests/realhosts/",
    "tests/store/test_resumed.py",
)
"""Files that take longest, by beginnings: begun first, so that no process ends alone with one."""


def order(items: list[pytest.Item]) -> None:
    """Put first what takes longest, and leave the rest in its order."""
    items.sort(
        key=lambda item: next(
            (place for place, name in enumerate(FIRST) if item.nodeid.startswith(name)), len(FIRST)
        )
    )


def mark(items: list[pytest.Item]) -> None:
    """Mark as long what the table leaves to the long run."""
    for item in items:
        name, _, words = item.nodeid.partition("[")
        later = (*LATER.get(name.partition("::")[0], ()), *LATER.get(name, ()))
        if any(re.search(rf"(?<![a-z0-9]){word}(?![a-z0-9])", words) for word in later):
            item.add_marker(pytest.mark.long)
