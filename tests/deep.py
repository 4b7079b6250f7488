"""What a test meets in the long run only, so that the short one ends in ten minutes.

Every promise is tried in the short run too: on SQLite, many of those that can on one server as
well, and on all three where engines differ in what the promise rests on. What is left to the long
run is said

*   by a rule: a case that is tried on each engine meets SQLite and one server, chosen by a
    checksum of its name, so that both servers are met all over; of a test with many such cases
    two meet each server, `FEW`; `EVERY` names what meets all three, `ALONE` what meets no
    server;
*   by a table, `LATER`: further cases of a promise that another case keeps, and tests of a
    promise that a quicker test keeps as well.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from zlib import crc32

import pytest

from tests.engines import SERVERS
from tests.later import LATER

EVERY = frozenset({
    "tests/binds/test_trail.py",
    "tests/example/test_seed.py",
    "tests/oracle/test_found.py",
    "tests/shapes/test_kinds_restored.py",
    "tests/shapes/test_structure.py",
    "tests/store/test_at_once.py",
    "tests/store/test_called.py",
    "tests/store/test_cut_keys.py",
    "tests/store/test_dotted.py",
    "tests/store/test_drift.py",
    "tests/store/test_explained.py",
    "tests/store/test_hostkeys.py",
    "tests/store/test_keyform.py",
    "tests/store/test_limits.py",
    "tests/store/test_live.py",
    "tests/store/test_made.py",
    "tests/store/test_percent.py",
    "tests/store/test_physical.py",
    "tests/store/test_probing.py",
    "tests/store/test_raw.py",
    "tests/store/test_streamed.py",
    "tests/store/test_transaction.py",
    "tests/store/test_uniform.py",
    "tests/store/test_upgrade.py",
    "tests/store/test_walking.py",
    "tests/test_engines.py",
    "tests/web/test_cli.py::test_sql_is_printed_for_the_applications_own_engine",
    "tests/web/test_doors_again.py::test_the_worker_outlives_an_outage_of_the_database",
})
"""Files, and tests, that meet all three: what they are about each engine does in its own way."""

ALONE = frozenset({
    "tests/example/test_acceptance.py::test_after_erasing_a_guest_nothing_tells_the_twins_apart",
    "tests/example/test_acceptance.py::test_one_of_two_who_share_mailbox_and_phone_asks",
    "tests/example/test_acceptance.py::test_only_what_the_plan_names_changes",
    "tests/example/test_canary.py",
    "tests/example/test_cli.py::test_fresh_drops_nothing_but_the_demos_own_hotels",
    "tests/example/test_gap.py",
    "tests/example/test_replay.py",
    "tests/resistance/test_alone.py",
    "tests/shapes/test_all.py",
    "tests/store/test_affected.py",
    "tests/store/test_asked_anew.py",
    "tests/store/test_asked_rows.py::test_a_request_is_not_called_erased_before_somebody_says_whose_a_row_is",
    "tests/store/test_asked_rows.py::test_a_request_that_waits_for_a_line_of_another_request_shows_why",
    "tests/store/test_asked_rows.py::test_a_request_that_waits_for_a_word_asks_the_officer_after_ninety_days",
    "tests/store/test_asked_rows.py::test_a_request_waits_for_a_booking_of_its_guest_that_another_request_names",
    "tests/store/test_boots.py",
    "tests/store/test_bounced.py::test_who_is_gone_counts_once_where_their_letter_fails_after_another_look",
    "tests/store/test_carried.py::test_a_held_record_keeps_what_a_cascade_would_change",
    "tests/store/test_carried.py::test_rows_go_by_day_before_what_they_point_at_is_overwritten",
    "tests/store/test_carried.py::test_what_the_hotel_needs_is_not_changed_by_a_cascade",
    "tests/store/test_carried.py::test_what_was_kept_before_and_still_is_is_not_changed_by_a_cascade",
    "tests/store/test_census.py",
    "tests/store/test_census_lines.py",
    "tests/store/test_checkpoints.py::test_a_certificate_that_a_restore_has_overtaken_is_not_called_wrong",
    "tests/store/test_checkpoints.py::test_a_journal_that_was_cut_is_called_so",
    "tests/store/test_checkpoints.py::test_a_journal_that_went_on_since_the_restore_begins_an_epoch",
    "tests/store/test_checkpoints.py::test_lost_entries_are_put_back_exactly",
    "tests/store/test_checkpoints.py::test_what_a_restore_lost_was_taken_away_by_nobody",
    "tests/store/test_checkpoints.py::test_what_the_copy_had_is_missed_whatever_was_put_back_behind_it",
    "tests/store/test_checkpoints.py::test_what_was_put_back_accuses_nobody_of_writing_past_us",
    "tests/store/test_complaints.py",
    "tests/store/test_copied_beyond.py",
    "tests/store/test_copied_keys.py::test_a_mailbox_that_is_a_key_is_in_the_copy",
    "tests/store/test_copied_later.py",
    "tests/store/test_copied_others.py::test_a_copy_of_who_was_erased_stands_in_nobodys_way_who_has_the_number_now",
    "tests/store/test_copied_since.py",
    "tests/store/test_copied_swept.py",
    "tests/store/test_copying.py",
    "tests/store/test_couple.py",
    "tests/store/test_deadlines.py::test_a_letter_that_was_given_up_tells_nobody_that_it_waits",
    "tests/store/test_deadlines.py::test_people_are_reminded_once_a_day_however_often_it_runs",
    "tests/store/test_deadlines.py::test_who_was_told_by_a_later_letter_stays_told_when_its_parcel_has_had_its_time",
    "tests/store/test_doubles.py::test_what_is_left_counts_each_of_equal_rows",
    "tests/store/test_due.py::test_a_form_is_found_on_its_day_and_not_before",
    "tests/store/test_due.py::test_a_row_that_is_refused_stands_alone_and_waits",
    "tests/store/test_due.py::test_a_second_sweep_joins_the_one_that_leads",
    "tests/store/test_due.py::test_an_import_of_old_rows_is_found_at_once_or_within_a_week",
    "tests/store/test_due.py::test_guests_of_one_hotel_go_together",
    "tests/store/test_expiry.py",
    "tests/store/test_failures.py",
    "tests/store/test_figures.py",
    "tests/store/test_figures_counted.py",
    "tests/store/test_files_left.py::test_a_share_that_is_away_for_long_is_waited_for",
    "tests/store/test_files_left.py::test_the_names_of_many_files_get_another_day_a_hundred_at_a_time",
    "tests/store/test_files_named.py::test_a_file_stays_with_a_row_that_was_written_while_it_waited",
    "tests/store/test_files_named.py::test_a_file_stays_with_whoever_came_back_while_it_waited_for_its_folder",
    "tests/store/test_files_named.py::test_a_file_that_nobody_names_goes_once_its_folder_is_back",
    "tests/store/test_files_named.py::test_a_file_that_the_row_of_another_one_names_under_its_guests_key_is_told_as_anothers",
    "tests/store/test_files_named.py::test_a_file_that_went_with_another_guest_is_missing_when_its_row_comes_back",
    "tests/store/test_finishing.py",
    "tests/store/test_guard.py::test_by_every_door_who_comes_back_is_seen_and_gone_again",
    "tests/store/test_heard_in_time.py",
    "tests/store/test_heldgone.py",
    "tests/store/test_heldhome.py",
    "tests/store/test_heldshared.py",
    "tests/store/test_heldswept.py",
    "tests/store/test_heldtogether.py",
    "tests/store/test_holds.py::test_a_file_that_a_worker_has_in_hand_waits_when_its_owner_is_held",
    "tests/store/test_holds.py::test_a_file_that_was_tried_and_is_held_now_keeps_no_answer_waiting",
    "tests/store/test_holds.py::test_a_file_waits_in_the_outbox_while_its_owner_is_held",
    "tests/store/test_holds.py::test_a_held_person_survives_the_request_and_goes_after_lifting_by_itself",
    "tests/store/test_holds.py::test_a_held_record_survives_the_request",
    "tests/store/test_holds.py::test_a_hold_survives_the_direct_call_of_the_office",
    "tests/store/test_holds.py::test_a_row_that_was_deleted_is_found_in_the_safety_copy",
    "tests/store/test_holds.py::test_a_safety_copy_outlives_its_window_and_the_others_day_key_dies_on_time",
    "tests/store/test_holds.py::test_a_sealed_line_outlives_its_day_and_its_marks_follow_the_hold",
    "tests/store/test_holds.py::test_by_a_clock_that_nobody_believes_nothing_ends_when_a_hold_is_lifted",
    "tests/store/test_holds.py::test_what_was_approved_under_a_freeze_goes_on_when_it_is_lifted",
    "tests/store/test_holds_placed.py::test_what_is_held_while_a_sweep_erases_it_stays",
    "tests/store/test_incidents.py",
    "tests/store/test_journal.py::test_eight_writers_append_without_fork_or_loss",
    "tests/store/test_kept_again.py::test_a_certificate_says_what_of_an_erased_guest_stays_again",
    "tests/store/test_kept_again.py::test_what_a_sealed_request_keeps_besides_is_in_its_certificate_too",
    "tests/store/test_laternotice.py",
    "tests/store/test_looked_again.py::test_a_held_profile_that_is_full_is_not_called_erased",
    "tests/store/test_many_finds.py",
    "tests/store/test_mapped.py",
    "tests/store/test_named_then.py",
    "tests/store/test_needed_anew.py::test_a_part_in_another_table_goes_by_whose_it_is",
    "tests/store/test_needed_anew.py::test_a_part_that_a_hold_keeps_meanwhile_waits_as_well",
    "tests/store/test_needed_anew.py::test_a_part_that_was_written_anew_past_every_look_is_laid_before_staff",
    "tests/store/test_needed_anew.py::test_a_request_for_them_is_the_answer_about_a_part_too",
    "tests/store/test_needed_anew.py::test_the_old_value_of_a_row_with_staff_waits_with_it",
    "tests/store/test_needed_anew.py::test_what_goes_under_a_later_request_is_asked_about_by_no_earlier_one",
    "tests/store/test_needed_anew.py::test_what_was_written_anew_goes_where_staff_say_that_it_is_theirs",
    "tests/store/test_needed_anew.py::test_what_was_written_anew_into_a_part_that_the_law_keeps_does_not_go_on_its_day",
    "tests/store/test_needed_anew.py::test_what_was_written_anew_waits_with_its_row_and_lives_with_it",
    "tests/store/test_needed_back.py::test_a_needed_profile_that_is_full_is_not_called_erased",
    "tests/store/test_needed_whole.py",
    "tests/store/test_new_stay.py::test_a_held_profile_that_nobody_used_since_goes_as_its_hold_ends",
    "tests/store/test_new_stay.py::test_a_word_of_one_person_by_which_a_profile_stays_is_told",
    "tests/store/test_new_stay.py::test_an_officer_hears_of_a_profile_that_nobody_says_anything_about",
    "tests/store/test_new_stay.py::test_what_staff_call_theirs_goes_new_stay_and_all",
    "tests/store/test_new_stay.py::test_what_staff_let_live_stays_for_the_new_stay_until_it_goes_itself",
    "tests/store/test_new_stay.py::test_what_was_approved_under_a_hold_is_decided_anew_once_they_booked",
    "tests/store/test_newer.py",
    "tests/store/test_office_erasure.py::test_a_decision_that_moved_goes_back_to_review_and_that_is_kept",
    "tests/store/test_outlived.py",
    "tests/store/test_own_keys.py",
    "tests/store/test_owndata.py",
    "tests/store/test_pins.py",
    "tests/store/test_promised.py",
    "tests/store/test_pruning.py",
    "tests/store/test_public_notice.py",
    "tests/store/test_recipients.py",
    "tests/store/test_redating.py",
    "tests/store/test_register.py::test_a_departure_that_is_set_right_after_sealing_is_asked_for_too",
    "tests/store/test_register.py::test_a_sealed_line_is_found_whatever_became_of_its_row",
    "tests/store/test_register.py::test_a_second_person_looks_at_it",
    "tests/store/test_register.py::test_the_day_after_nobody_can_open_it",
    "tests/store/test_register.py::test_who_has_the_row_of_a_sealed_line_by_now_is_a_guest_as_any_other",
    "tests/store/test_register_nights.py",
    "tests/store/test_restated.py",
    "tests/store/test_restore.py::test_a_large_copy_lies_in_several_boxes_and_comes_back_whole",
    "tests/store/test_restore.py::test_what_was_taken_does_not_go_into_a_row_of_somebody_else",
    "tests/store/test_restored_others.py",
    "tests/store/test_restored_parts.py",
    "tests/store/test_rings.py::test_a_circle_that_cannot_close_stays_out_as_a_whole",
    "tests/store/test_rulebook.py",
    "tests/store/test_settling.py",
    "tests/store/test_shown_meanwhile.py",
    "tests/store/test_signing.py::test_the_old_key_says_so_in_every_journal",
    "tests/store/test_still_needed.py",
    "tests/store/test_stranger.py",
    "tests/store/test_sweep.py",
    "tests/store/test_telling.py",
    "tests/store/test_theirs.py",
    "tests/store/test_told_rightly.py",
    "tests/store/test_told_today.py::test_a_day_that_the_house_set_since_is_told",
    "tests/store/test_traces.py",
    "tests/store/test_training.py",
    "tests/store/test_two_steps.py::test_a_document_that_the_law_keeps_besides_changes_nothing",
    "tests/store/test_two_steps.py::test_a_hold_that_ends_before_the_bill_leaves_a_profile_known_by_its_key",
    "tests/store/test_two_steps.py::test_a_profile_filled_again_and_not_swept_before_the_bill_is_paid_is_seen",
    "tests/store/test_two_steps.py::test_a_profile_filled_again_between_two_steps_is_not_called_erased",
    "tests/store/test_two_steps.py::test_a_profile_that_went_whole_in_two_steps_leaves_its_number_to_others",
    "tests/store/test_two_steps.py::test_a_row_that_was_loaded_anew_between_two_steps_is_not_taken_for_anothers",
    "tests/store/test_two_steps.py::test_of_two_requests_none_ends_while_the_profile_is_full",
    "tests/store/test_two_steps.py::test_the_key_counts_from_the_last_step_on",
    "tests/store/test_two_steps.py::test_who_booked_between_two_steps_and_is_written_down_behind_them_is_asked_about",
    "tests/store/test_two_steps.py::test_who_was_given_a_number_between_two_steps_is_asked_about",
    "tests/store/test_unended.py",
    "tests/store/test_uninstall.py::test_a_box_that_has_ended_is_not_given_back",
    "tests/store/test_uninstall.py::test_a_revoked_certificate_says_so_in_its_file",
    "tests/store/test_uninstall.py::test_files_that_wait_to_be_removed_are_counted",
    "tests/store/test_uninstall.py::test_nobody_is_left_erased_by_half",
    "tests/store/test_uninstall.py::test_nothing_is_given_back_while_nobody_knows_what_a_hold_reaches",
    "tests/store/test_uninstall.py::test_what_a_court_holds_is_not_to_be_destroyed",
    "tests/store/test_uninstall.py::test_what_stays_in_place_is_listed_with_its_day",
    "tests/store/test_unplaced.py",
    "tests/store/test_unread_keys.py",
    "tests/store/test_unsaid.py",
    "tests/store/test_unseen.py",
    "tests/store/test_upgrade.py::test_four_processes_upgrade_at_once",
    "tests/store/test_vault.py::test_a_hold_outlives_its_day",
    "tests/store/test_vault.py::test_forgetting_ends_a_day_and_no_other",
    "tests/store/test_vault.py::test_intake_lives_a_day_longer_than_its_name",
    "tests/store/test_veil_keys.py::test_what_is_held_keeps_its_key_and_is_hidden_by_it",
    "tests/store/test_waiting.py::test_a_guest_in_house_asks_once_and_is_erased_when_nothing_is_owed_any_more",
    "tests/store/test_waiting.py::test_a_part_that_is_needed_for_ninety_days_goes_to_the_officer_too",
    "tests/store/test_waiting.py::test_a_part_that_is_needed_stays_and_the_rest_goes_at_once",
    "tests/store/test_waiting.py::test_after_ninety_days_the_officer_is_asked_to_look",
    "tests/store/test_waiting.py::test_who_owes_nothing_does_not_wait_for_the_operators_bill",
    "tests/store/test_walking.py::test_one_statement_finds_what_a_statement_a_table_does",
    "tests/store/test_written_back.py",
    "tests/test_restore_drill.py",
    "tests/test_testing.py",
    "tests/web/test_check.py",
    "tests/web/test_typed.py",
})
"""Files, and tests, that meet SQLite alone: they take long, and another test of what they do with
a database meets a server."""

FIRST = (
    "tests/chaos/test_mariadb.py",
    "tests/chaos/test_postgresql.py",
    "tests/chaos/test_sqlite.py",
    "tests/chaos/test_servers.py",
    "tests/chaos/test_short.py",
    "tests/browser/test_walk.py",
    "tests/example/test_decade.py",
    "tests/web/test_staff.py::test_routes_by_roles_by_properties",
    "tests/browser/test_keyboard.py",
    "tests/store/test_chronicle.py",
    "tests/realhosts/",
    "tests/store/test_resumed.py",
)
"""Files and tests that take longest, by beginnings: begun first, so that no process ends alone with
one."""

FEW = 2
"""How many cases of one test meet each server; all of them meet SQLite."""

_SERVER = re.compile(rf"(?<![a-z0-9])({'|'.join(SERVERS)})(?![a-z0-9])")


def order(items: list[pytest.Item]) -> None:
    """Put first what takes longest, and leave the rest in its order."""
    items.sort(
        key=lambda item: next(
            (place for place, name in enumerate(FIRST) if item.nodeid.startswith(name)), len(FIRST)
        )
    )


def mark(items: list[pytest.Item]) -> None:
    """Mark as long what the rule and the table leave to the long run."""
    own = {item.nodeid for item in items if item.get_closest_marker("long")}
    late = elsewhere(item.nodeid for item in items if item.nodeid not in own)
    for item in items:
        if item.nodeid in late or listed(item.nodeid):
            item.add_marker(pytest.mark.long)


def listed(case: str) -> bool:
    """Return whether the table leaves a case to the long run."""
    name, _, words = case.partition("[")
    later = (*LATER.get(name.partition("::")[0], ()), *LATER.get(name, ()))
    return any(re.search(rf"(?<![a-z0-9]){word}(?![a-z0-9])", words) for word in later)


def elsewhere(cases: Iterable[str]) -> set[str]:
    """Return the cases that another engine tries in the short run."""
    alike: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    known = set(cases)
    for case in known:
        name, bracket, words = case.partition("[")
        if len(_SERVER.findall(words)) == 1:
            alike[name, bracket + _SERVER.sub("sqlite", words)].append(case)
    late: set[str] = set()
    met: Counter[tuple[str, str]] = Counter()
    for (name, words), servers in sorted(alike.items(), key=_drawn):
        places = {name, name.partition("::")[0]}
        if places & ALONE:
            late.update(servers)
        elif not places & EVERY:
            late.update(servers)
            chosen = sorted(servers)[_drawn(((name, words), servers))[0] % len(servers)]
            engine = _SERVER.findall(chosen.partition("[")[2])[0]
            met[name, engine] += 1
            twin = name + words
            if met[name, engine] <= FEW or twin not in known or listed(twin):
                late.discard(chosen)
    return late


def _drawn(alike: tuple[tuple[str, str], list[str]]) -> tuple[int, str]:
    name, words = alike[0]
    one = name + words.replace("sqlite", "server")
    return crc32(one.encode()), one
