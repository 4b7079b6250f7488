"""What a test meets in the long run only: the table that `deep` goes by."""

from __future__ import annotations

LATER: dict[str, tuple[str, ...]] = {
    "tests/benchmarks/test_estate.py::test_both_sides_leave_the_same_rows": ("",),
    "tests/benchmarks/test_idle.py::test_nobody_listens_to_what_each_statement_passes": ("",),
    "tests/binds/test_away.py::test_what_follows_a_look_in_its_transaction_concludes_nothing_from_what_was_left_out":
        ("",),
    "tests/binds/test_computed.py::test_a_row_somebody_came_into_that_is_done_twice":
        ("before_mark",),
    "tests/binds/test_forward.py::test_a_fault_before_the_intent_leaves_all_as_it_was":
        ("rehearsal",),
    "tests/binds/test_forward.py::test_a_fault_between_two_databases_goes_forward": ("",),
    "tests/binds/test_forward.py::test_a_row_that_cannot_be_read_keeps_no_other_erasure": ("",),
    "tests/binds/test_forward.py::test_what_a_trigger_copies_goes_as_well":
        ("mariadb-None", "mariadb-after_intent", "sqlite-None"),
    "tests/binds/test_joined.py::test_of_a_row_of_both_as_much_goes_where_it_is_done_twice":
        ("before_home",),
    "tests/binds/test_joined.py::test_of_a_row_of_both_goes_what_goes_of_every_such_row":
        ("archive",),
    "tests/binds/test_joined.py::test_who_was_erased_before_keeps_nothing": ("",),
    "tests/binds/test_shared.py::test_a_file_of_both_stays_with_whoever_came_back_before_it_was_removed":
        ("passes",),
    "tests/binds/test_shared.py::test_a_file_of_both_waits_for_a_hold_on_whoever_ended_first":
        ("begun", "papers-ended", "passes-queued", "passes-ended"),
    "tests/binds/test_shared.py::test_a_file_of_both_waits_for_a_hold_that_came_after_they_had_begun":
        ("",),
    "tests/binds/test_shared.py::test_a_file_of_both_waits_for_no_hold_on_somebody_else_who_went_meanwhile":
        ("passes",),
    "tests/binds/test_shared.py::test_a_file_of_one_alone_waits_for_no_hold_on_whom_they_share_another_with":
        ("",),
    "tests/binds/test_shared.py::test_a_file_that_a_hold_put_off_is_not_counted_as_removed": ("",),
    "tests/binds/test_shared.py::test_a_file_waits_for_a_hold_on_who_let_its_row_go_and_had_not_ended":
        ("",),
    "tests/binds/test_shared.py::test_a_file_waits_for_a_hold_on_whoever_named_it_by_its_whole_path":
        ("",),
    "tests/binds/test_shared.py::test_a_file_waits_for_a_hold_on_whom_a_sweep_under_way_takes_it_from":
        ("2",),
    "tests/binds/test_shared.py::test_a_file_waits_for_its_own_row_that_was_not_changed_yet":
        ("papers",),
    "tests/binds/test_shared.py::test_a_file_waits_while_copies_of_whoever_had_it_as_well_are_to_be_looked_through":
        ("",),
    "tests/binds/test_shared.py::test_a_file_waits_while_the_key_cannot_be_read_of_a_hold_on_who_had_it_as_well":
        ("passes",),
    "tests/binds/test_shared.py::test_of_several_files_each_waits_for_holds_on_a_row_of_those_alone_who_had_it":
        ("papers", "passes-ann"),
    "tests/binds/test_shared.py::test_of_several_files_each_waits_for_holds_on_those_alone_who_had_it":
        ("",),
    "tests/binds/test_shared.py::test_two_who_share_a_file_and_of_whom_one_was_cut_off":
        ("passes-before_home", "papers-after_intent", "papers-before_home"),
    "tests/binds/test_shared.py::test_two_who_share_a_file_on_servers": ("False-passes", "True"),
    "tests/binds/test_shared.py::test_two_who_share_a_file_while_a_database_is_down": ("papers",),
    "tests/binds/test_shared.py::test_what_a_sweep_left_to_an_erasure_under_way_waits_for_a_hold_on_whom_it_took":
        ("",),
    "tests/binds/test_shared.py::test_what_a_sweep_takes_waits_for_a_hold_on_who_had_the_file_as_well":
        ("False",),
    "tests/binds/test_shared.py::test_what_an_earlier_version_noted_of_files_is_of_all_of_them":
        ("",),
    "tests/binds/test_shared.py::test_what_goes_later_of_a_request_goes_where_nobody_holds_it":
        ("passes", "rest"),
    "tests/binds/test_shared.py::test_what_goes_later_of_a_request_waits_for_a_hold_on_who_had_the_file_as_well":
        ("papers-after", "papers-before-back", "passes-after-rest", "passes-before",
         "papers-before-rest"),
    "tests/binds/test_shared.py::test_what_goes_later_of_a_request_waits_on_servers": ("",),
    "tests/binds/test_shared.py::test_what_is_noted_of_a_shared_file_does_not_say_its_name":
        ("papers",),
    "tests/browser/test_alone.py": ("zh-CN", ""),
    "tests/browser/test_cases.py::test_a_complaint_is_overturned": ("",),
    "tests/browser/test_cases.py::test_an_incident_with_its_clock": ("",),
    "tests/browser/test_claim.py": ("",),
    "tests/browser/test_colours.py::test_where_a_case_stands_is_seen_in_a_readers_own_colours":
        ("",),
    "tests/browser/test_labels.py::test_a_label_is_not_broken_within_a_word": ("",),
    "tests/browser/test_officer.py": ("",),
    "tests/browser/test_pages.py::test_every_page_on_a_telephone_at_night": ("",),
    "tests/browser/test_pages.py::test_the_register_of_a_night_fits_where_words_are_long": ("",),
    "tests/browser/test_paper.py": ("",),
    "tests/browser/test_reception.py": ("",),
    "tests/browser/test_walk.py::test_a_guest_asks_and_holds_a_certificate": ("en",),
    "tests/browser/test_walk.py::test_the_other_pages_are_in_good_order": ("",),
    "tests/browser/test_walk.py::test_two_people_take_an_erasure_back": ("",),
    "tests/browser/test_watch.py": ("",),
    "tests/chaos/test_short.py": ("forget", "rotate"),
    "tests/core/test_adopted.py::test_no_record_goes_earlier_because_its_hotel_has_another_code":
        ("",),
    "tests/core/test_rulebook.py::test_what_no_rule_is_about_goes_by_no_later_one_for_thirty_days":
        ("",),
    "tests/example/test_acceptance.py::test_a_mailbox_that_was_corrected_goes_from_the_audit_log":
        ("",),
    "tests/example/test_acceptance.py::test_after_erasing_a_guest_nothing_tells_the_twins_apart":
        ("booker", "organiser", "booked", "companion"),
    "tests/example/test_acceptance.py::test_only_what_the_plan_names_changes":
        ("chen.jing", "clara", "zoe", "wang.fang", "li.wei", "omer"),
    "tests/example/test_acceptance.py::test_what_the_desk_writes_of_who_did_not_book_goes_with_them":
        ("",),
    "tests/example/test_again.py::test_a_hold_keeps_them_and_the_rest_follows_when_it_is_lifted":
        ("",),
    "tests/example/test_again.py::test_a_row_of_another_table_that_was_not_decided_about_is_asked_about":
        ("",),
    "tests/example/test_again.py::test_staff_say_whose_row_it_is": ("",),
    "tests/example/test_blockers.py::test_a_guest_in_house_asks_checks_out_pays_and_is_erased":
        ("",),
    "tests/example/test_canary.py::test_a_backup_of_the_host_is_used": ("",),
    "tests/example/test_canary.py::test_a_replayed_test_guest_is_still_one": ("",),
    "tests/example/test_canary.py::test_it_is_looked_for_again_when_it_should_be_forgotten": ("",),
    "tests/example/test_canary.py::test_one_that_was_stopped_goes_once_nothing_else_would": ("",),
    "tests/example/test_canary.py::test_shared_connections_are_refused": ("",),
    "tests/example/test_canary.py::test_what_of_it_goes_later_is_not_remembered_either": ("",),
    "tests/example/test_canary_name.py": ("",),
    "tests/example/test_cli.py::test_check_says_what_makes_it_a_demo": ("",),
    "tests/example/test_cli.py::test_migrations_make_what_the_models_say": ("",),
    "tests/example/test_cli.py::test_seed_once_then_only_afresh": ("",),
    "tests/example/test_cli.py::test_staff_lists_everybody_who_is_needed": ("",),
    "tests/example/test_cli.py::test_wrong_use_is_named": ("words1",),
    "tests/example/test_copy.py::test_a_copy_holds_everything_of_a_guest_and_nothing_of_another":
        ("wang.fang",),
    "tests/example/test_gap.py::test_with_a_gap_the_hotel_goes_on_and_only_who_reaches_it_waits":
        ("",),
    "tests/example/test_law.py::test_a_floor_nobody_knows_ends_when_two_people_say_so": ("",),
    "tests/example/test_law.py::test_a_period_that_was_set_is_no_sign_of_a_forger": ("",),
    "tests/example/test_law.py::test_a_person_of_two_houses_waits_for_the_one_that_did_not_confirm":
        ("",),
    "tests/example/test_law.py::test_a_sealed_line_is_found_by_the_key_of_its_box": ("over",),
    "tests/example/test_law.py::test_records_run_out_without_a_request": ("",),
    "tests/example/test_law.py::test_what_is_kept_ends_by_itself_on_its_day": ("",),
    "tests/example/test_law.py::test_what_nobody_knows_the_end_of_is_on_the_officers_list": ("",),
    "tests/example/test_pages.py::test_some_pages_need_a_permission":
        ("auditor-/register", "desk-/audit", "officer-/register"),
    "tests/example/test_recipients.py::test_the_demo_tells_its_recipients": ("",),
    "tests/example/test_refilled.py::test_what_came_back_goes_and_what_the_law_keeps_is_kept_once":
        ("",),
    "tests/example/test_register.py::test_the_register_of_a_night_half_of_it_erased": ("",),
    "tests/example/test_replay.py::test_a_changed_line_is_counted_and_the_others_are_replayed":
        ("",),
    "tests/example/test_replay.py::test_a_contact_that_changed_since_is_asked_about": ("",),
    "tests/example/test_replay.py::test_a_crash_between_intent_and_outcome": ("before",),
    "tests/example/test_replay.py::test_after_a_crash_the_house_goes_on": ("",),
    "tests/example/test_replay.py::test_the_same_person_who_returned_lives": ("",),
    "tests/example/test_replay.py::test_what_was_held_since_is_not_erased": ("",),
    "tests/example/test_replay.py::test_what_was_overwritten_before_is_left_alone": ("",),
    "tests/example/test_replay.py::test_what_was_taken_back_since_a_copy_of_between_is_asked_of_people":
        ("",),
    "tests/example/test_replay.py::test_without_a_date_a_person_decides": ("",),
    "tests/example/test_replay.py::test_without_a_register_to_write_to_nothing_is_erased": ("",),
    "tests/example/test_restored.py::test_a_guest_who_is_taken_back_was_never_gone": ("",),
    "tests/example/test_returns.py::test_a_guest_who_is_synchronised_back_goes_again_and_a_new_stay_lives":
        ("",),
    "tests/example/test_returns.py::test_the_demo_works_without_our_tables": ("",),
    "tests/example/test_told_today.py::test_case_and_certificate_say_what_is_so_today": ("",),
    "tests/example/test_two_processes.py::test_two_processes_end_in_one_erasure": ("",),
    "tests/example/test_why.py::test_what_an_erasure_left_is_told_and_that_it_ended": ("",),
    "tests/example/test_xray.py::test_what_the_button_missed_and_what_an_erasure_leaves": ("",),
    "tests/oracle/test_restored.py::test_what_was_erased_comes_back_on_servers": ("",),
    "tests/resistance/test_alone.py::test_a_notice_rewritten_by_sql": ("template",),
    "tests/resistance/test_alone.py::test_a_notice_that_left_by_a_clock_that_ran_ahead_begins_no_72_hours":
        ("approval",),
    "tests/resistance/test_back.py::test_a_living_guests_booking_given_an_erased_number":
        ("(before-saved|before-past us|since-statement)-True",
         "(since-saved|since-past us|before-statement)-False"),
    "tests/resistance/test_given_again.py::test_a_living_guest_under_a_number_that_a_copy_gave_again":
        ("typed1", "typed3", "typed0-(booking|nothing)", "typed2-(guest|nothing)",
         "typed4-(guest|booking)", "typed5-(guest|nothing)"),
    "tests/resistance/test_impostors.py::test_a_copy_opened_by_who_released_it": ("officer",),
    "tests/resistance/test_law.py::test_a_clock_set_forward_in_steps_with_a_start_for_each": ("",),
    "tests/resistance/test_law.py::test_a_property_moved_to_its_guests_country": ("True", "leaves"),
    "tests/resistance/test_law.py::test_a_property_that_is_read_elsewhere":
        ("guest.house", "across_the_border"),
    "tests/resistance/test_law.py::test_an_owner_path_to_somebody_else": ("record",),
    "tests/resistance/test_own.py::test_an_incident_or_a_complaint_that_vanishes":
        ("complaint-ended and gone",),
    "tests/resistance/test_own.py::test_facts_of_a_kept_line_backdated": ("False",),
    "tests/resistance/test_people.py::test_a_record_given_to_an_erased_guest": ("",),
    "tests/resistance/test_people.py::test_a_record_given_to_another_guest": ("record",),
    "tests/resistance/test_people.py::test_a_silent_hold_told_by_its_reminders": ("True",),
    "tests/resistance/test_register.py::test_a_raw_delete_on_the_register":
        ("_in_bulk", "_by_connection"),
    "tests/resistance/test_register.py::test_a_sealed_line_hidden_at_night":
        ("table", "property", "doubled", "nights", "room"),
    "tests/resistance/test_register.py::test_a_stay_that_is_dated_back":
        ("True-by a request", "False-by its day"),
    "tests/resistance/test_register.py::test_counts_forged_night_after_night": ("",),
    "tests/servers/test_teardown.py::test_answers_are_the_same_and_do_not_wait_for_the_round":
        ("development",),
    "tests/store/test_affected.py::test_what_was_erased_at_a_sister_hotel_is_evidence_where_the_guest_was":
        ("of both-be", "of this one-sh", "of the sister alone-sh"),
    "tests/store/test_affected.py::test_who_cannot_be_asked_for_at_a_sister_hotel_may_have_been_a_guest":
        ("lose_column", "lose_table"),
    "tests/store/test_at_once.py::test_a_register_that_is_being_counted_is_not_counted_by_another":
        ("mariadb", "sqlite"),
    "tests/store/test_at_once.py::test_of_two_periods_of_the_house_set_at_once_one_takes_the_place_of_the_other":
        ("mariadb-[02]", "postgresql-[13]"),
    "tests/store/test_at_once.py::test_of_two_that_confirm_what_a_sweep_shows_one_does":
        ("1", "0-postgresql"),
    "tests/store/test_at_once.py::test_of_two_that_find_the_time_of_a_key_over_one_makes_it_anew":
        ("",),
    "tests/store/test_at_once.py::test_who_holds_and_who_erases_lock_in_one_order": ("sqlite",),
    "tests/store/test_at_once.py::test_who_proposes_an_end_while_another_period_is_set_has_proposed_it":
        ("mariadb-[13]", "postgresql-[024]"),
    "tests/store/test_at_once.py::test_who_uses_a_code_for_a_pin_and_who_gives_another_lock_in_one_order":
        ("sqlite",),
    "tests/store/test_beside.py::test_two_end_what_was_kept_at_the_same_time": ("",),
    "tests/store/test_called.py::test_mariadb_calls_no_function_somebody_made_that_is_not_seen":
        ("",),
    "tests/store/test_carried.py::test_a_held_record_keeps_what_a_cascade_would_change":
        ("None-False", "whole1-True", "whole2-True", "whole3-False", "whole1-False", "whole3-True",
         "None-True"),
    "tests/store/test_carried.py::test_rows_go_before_what_they_point_at_is_overwritten":
        ("postgresql-(nicked|pictured)",),
    "tests/store/test_carried.py::test_rows_go_by_day_before_what_they_point_at_is_overwritten":
        ("nicked", "lettered"),
    "tests/store/test_carried.py::test_what_the_hotel_needs_is_not_changed_by_a_cascade": ("True",),
    "tests/store/test_census.py::test_a_box_that_vanished_is_missed":
        ("payload", "forgotten", "emptied", "kept"),
    "tests/store/test_census.py::test_a_house_that_another_company_had_for_some_nights": ("",),
    "tests/store/test_census.py::test_a_line_departs_once_however_often_its_guest_asks": ("",),
    "tests/store/test_census.py::test_a_line_that_stayed_in_its_row_departs_once_on_its_day":
        ("True",),
    "tests/store/test_census.py::test_a_list_that_was_touched_is_told": ("deleted", "edited"),
    "tests/store/test_census.py::test_a_register_that_is_not_counted_any_more_is_told": ("",),
    "tests/store/test_census.py::test_an_erasure_explains_lines_at_each_hotel_of_the_company_that_was_asked":
        ("",),
    "tests/store/test_census.py::test_over_the_end_of_a_month": ("",),
    "tests/store/test_census.py::test_what_is_missed_at_a_hotel_whose_code_is_a_number_is_told_by_its_code":
        ("",),
    "tests/store/test_checkpoints.py::test_a_certificate_that_a_restore_has_overtaken_is_not_called_wrong":
        ("True",),
    "tests/store/test_checkpoints.py::test_a_damaged_note_costs_no_other_one": ("30",),
    "tests/store/test_checkpoints.py::test_entries_are_put_back_into_a_copy_of_some_days_ago":
        ("people", "worker"),
    "tests/store/test_checkpoints.py::test_no_epoch_begins_while_the_folder_with_the_lost_entries_is_away":
        ("no-folder",),
    "tests/store/test_chronicle.py::test_what_a_restore_lost_is_told_when_its_entry_was_taken_out":
        ("",),
    "tests/store/test_completing.py::test_a_request_of_which_something_is_kept_again_meanwhile_does_not_end":
        ("sqlite",),
    "tests/store/test_completing.py::test_a_request_that_ends_while_a_hold_is_placed_keeps_nobody_from_placing_it":
        ("",),
    "tests/store/test_copied_later.py::test_a_copy_goes_in_whatever_words_it_is_written_over":
        ("body2",),
    "tests/store/test_copying.py::test_a_copy_lies_ready_to_the_end_of_the_day_that_was_told":
        ("1-Asia/Shanghai", "9-Pacific/Honolulu", "9-Pacific/Kiritimati", "1-Pacific/Honolulu",
         "22-Pacific/Kiritimati", "9-Asia/Shanghai", "1-Pacific/Kiritimati",
         "22-Pacific/Honolulu"),
    "tests/store/test_couple.py::test_a_foreigners_form_ends_on_its_day_whoever_of_two_was_erased":
        ("nations0", "nations1-order1-(?!Carded)[A-Za-z]+", "nations2-order2-(?!Marked)[A-Za-z]+",
         "nations3-order3-(?!Pointed)[A-Za-z]+", "nations4",
         "(nations2-order2-Marked|nations1-order1-Carded)"),
    "tests/store/test_couple.py::test_a_guests_card_that_says_nothing_is_no_second_guest":
        ("None",),
    "tests/store/test_couple.py::test_the_form_of_a_foreigner_goes_on_its_day_whoever_else_signed_it":
        ("nations3", "nations0"),
    "tests/store/test_couple.py::test_the_form_of_two_who_are_at_home_goes_with_them": ("Marked",),
    "tests/store/test_couple.py::test_what_the_law_keeps_of_a_foreigner_is_a_germans_alone_after_its_day":
        ("",),
    "tests/store/test_cutoff.py::test_a_recipient_that_drips_is_cut_off": ("headers", "closed"),
    "tests/store/test_cutoff.py::test_a_witness_that_drips_is_cut_off": ("headers", "closed"),
    "tests/store/test_depth_sqlite.py::test_a_sweep_rewrites_the_file_also_of_rows_nobody_asked_about":
        ("",),
    "tests/store/test_due.py::test_a_date_that_was_set_back_is_found_within_a_week": ("",),
    "tests/store/test_due.py::test_what_one_claimed_does_not_wait_for_what_another_claimed":
        ("postponed",),
    "tests/store/test_eraser.py::test_rows_that_point_at_each_other_go":
        ("(None-True|CASCADE-False)-order[12]",),
    "tests/store/test_files_left.py::test_a_file_that_fails_once_its_share_is_back_is_tried_as_often_as_any_other":
        ("",),
    "tests/store/test_files_left.py::test_a_file_whose_turn_comes_late_goes_when_what_went_before_it_is_forgotten":
        ("",),
    "tests/store/test_files_left.py::test_a_guest_does_not_read_last_that_a_file_stays_that_is_gone":
        ("(failed|claimed)",),
    "tests/store/test_files_left.py::test_a_name_is_kept_where_the_key_of_its_next_day_cannot_be_had":
        ("2-False-damaged", "31-True-lost"),
    "tests/store/test_files_left.py::test_a_share_that_is_away_for_long_is_waited_for":
        ("40-False", "0-True"),
    "tests/store/test_files_left.py::test_what_the_hotel_kept_is_gone_with_its_file_and_not_before":
        ("True",),
    "tests/store/test_files_named.py::test_a_file_stays_with_whoever_came_back_while_it_was_under_a_hold":
        ("",),
    "tests/store/test_files_named.py::test_a_file_that_is_removed_in_the_moment_in_which_its_row_comes_back_is_missing":
        ("",),
    "tests/store/test_files_named.py::test_whoever_takes_back_what_waits_for_its_file_meets_nobody_who_leaves_that":
        ("sqlite",),
    "tests/store/test_files_shared.py::test_two_who_share_a_file_and_go_at_once": ("",),
    "tests/store/test_gone_once.py::test_so_does_one_of_what_only_postgresql_has": ("",),
    "tests/store/test_guard.py::test_the_host_works_where_our_tables_are_not": ("postgresql",),
    "tests/store/test_heard_in_time.py::test_the_day_counts_as_it_is_on_the_wall_of_the_hotel":
        ("",),
    "tests/store/test_heldcopies.py": ("",),
    "tests/store/test_heldhome.py::test_a_key_made_anew_under_the_name_of_a_lost_one_ends_nothing":
        ("one-key",),
    "tests/store/test_heldhome.py::test_a_key_that_cannot_be_read_now_ends_nothing": ("hold",),
    "tests/store/test_heldhome.py::test_what_a_lifted_hold_kept_waits_for_the_lost_key_of_its_day":
        ("never",),
    "tests/store/test_heldshared.py::"
    "test_a_file_that_a_lifted_hold_kept_stays_with_another_that_reaches_a_copy":
        ("",),
    "tests/store/test_heldshared.py::test_nothing_ends_between_a_hold_and_the_look":
        ("by an earlier version",),
    "tests/store/test_heldshared.py::test_the_file_of_a_shared_row_is_held_with_who_lives":
        ("removed",),
    "tests/store/test_heldshared.py::"
    "test_the_name_of_a_file_waits_for_a_copy_that_cannot_be_read":
        ("",),
    "tests/store/test_heldshared.py::"
    "test_what_a_replay_took_with_another_guest_is_held_with_who_lives":
        ("False",),
    "tests/store/test_heldshared.py::"
    "test_where_nobody_can_tell_whom_a_request_touched_the_rows_tell":
        ("damaged",),
    "tests/store/test_heldswept.py::test_a_query_holds_what_was_deleted_of_whom_it_names":
        ("people-1", "stays-7"),
    "tests/store/test_heldswept.py::test_what_names_a_row_that_names_one_that_went_may_be_anybodys":
        ("0", "2"),
    "tests/store/test_heldswept.py::test_what_stands_and_names_a_row_that_went_may_be_anybodys":
        ("0", "1"),
    "tests/store/test_heldtogether.py::test_ten_copies_take_the_statements_of_two": ("",),
    "tests/store/test_holds.py::test_a_frozen_room_is_found_by_letters_that_are_no_ascii":
        ("HAUS",),
    "tests/store/test_holds.py::test_lifted_without_its_key_a_box_waits_for_it_until_its_day":
        ("True",),
    "tests/store/test_holds_placed.py::test_who_freezes_the_same_place_at_the_same_moment_makes_one_freeze":
        ("sqlite",),
    "tests/store/test_indexing.py::test_the_statement_it_names_ends_the_finding_and_the_scan":
        ("stamps", "one column"),
    "tests/store/test_judged.py::test_a_record_that_is_renewed_while_a_sweep_is_at_work_stays":
        ("",),
    "tests/store/test_judged.py::test_who_comes_back_while_a_sweep_is_at_work_stays": ("",),
    "tests/store/test_kept_again.py::test_what_stayed_besides_is_no_word_about_what_comes_later":
        ("",),
    "tests/store/test_keyed.py::test_a_row_is_held_and_explained_by_its_key":
        ("(plain|text|date)-False", "(binary|uuid|word)-True"),
    "tests/store/test_laternotice.py::test_the_certificate_says_when_old_copies_of_its_key_are_worthless":
        ("told", "day-over"),
    "tests/store/test_law_again.py::test_a_rule_for_rows_does_not_walk_around_thirty_days":
        ("policy[02]-False", "policy[13]-True"),
    "tests/store/test_like_masks.py::test_the_sweep_takes_them_on_their_day": ("mariadb",),
    "tests/store/test_live.py::test_a_database_named_in_another_case_is_read_where_the_server_folds_names":
        ("",),
    "tests/store/test_looked_through.py::test_a_line_that_was_changed_is_found_on_whatever_page_it_stands":
        ("2", "6", "5"),
    "tests/store/test_looked_through.py::test_nothing_is_looked_through_by_a_clock_that_nobody_believes":
        ("",),
    "tests/store/test_looks.py::test_a_look_at_much_that_is_new_goes_on_where_it_was_cut_off":
        ("over midnight",),
    "tests/store/test_looks.py::test_a_row_that_cannot_be_read_keeps_no_other": ("everything",),
    "tests/store/test_looks.py::test_a_row_whose_key_is_too_long_to_be_written_down_goes_as_well":
        ("postgresql",),
    "tests/store/test_looks.py::test_rows_that_cannot_be_read_leave_the_preview_as_it_is": ("",),
    "tests/store/test_looks.py::test_what_a_period_ends_that_waited_goes_on_its_first_day": ("",),
    "tests/store/test_lost.py::test_what_a_hold_had_kept_and_was_erased_later_is_known_again_too":
        ("True",),
    "tests/store/test_many_finds.py::test_what_the_law_keeps_in_many_rows_is_not_left": ("sqlite",),
    "tests/store/test_meetings.py":
        ("approve-(?!approve)[a-z]+", "(hold|refuse|withdraw|book|bill)-[a-z]+",
         "erase-(book|hold|withdraw|bill)"),
    "tests/store/test_memory.py::test_python_tidies_up_in_a_process_that_was_forked_during_a_batch":
        ("",),
    "tests/store/test_monthly.py::test_words_of_what_is_open_outlive_their_day": ("",),
    "tests/store/test_moved.py::test_a_row_whose_key_has_another_form_is_not_taken_for_gone":
        ("parts-asked", "type-swept"),
    "tests/store/test_needed_anew.py::test_a_part_that_a_hold_keeps_meanwhile_waits_as_well":
        ("False-True", "True-False"),
    "tests/store/test_needed_anew.py::test_a_part_that_was_written_anew_past_every_look_is_laid_before_staff":
        ("full_name",),
    "tests/store/test_needed_whole.py::test_a_profile_of_which_all_is_needed_is_theirs_again_by_its_day":
        ("False-rules0", "True-rules1"),
    "tests/store/test_needed_whole.py::test_a_profile_of_who_is_back_does_not_go_whole":
        ("False-rules0", "True-rules1"),
    "tests/store/test_nights.py::test_a_kept_row_waits_for_the_end_of_the_audit": ("",),
    "tests/store/test_nights.py::test_a_lock_does_not_keep_for_a_week_what_a_lifted_hold_kept":
        ("",),
    "tests/store/test_nights.py::test_a_round_goes_on_among_requests_too": ("",),
    "tests/store/test_nights.py::test_a_round_goes_on_where_time_was_over": ("",),
    "tests/store/test_nights.py::test_a_row_that_fails_is_tried_each_night_although_nights_are_not_of_one_length":
        ("",),
    "tests/store/test_nights.py::test_a_rule_reaches_boxes_although_their_look_failed_that_night":
        ("",),
    "tests/store/test_nights.py::test_a_rule_that_changed_while_erasing_was_stopped_is_applied":
        ("",),
    "tests/store/test_nights.py::test_one_kept_row_that_is_blocked_lets_the_others_go": ("",),
    "tests/store/test_nights.py::test_rows_bound_the_kept_rows_of_requests": ("",),
    "tests/store/test_nights.py::test_the_stop_switch_reaches_the_kept_rows_of_requests": ("",),
    "tests/store/test_nights.py::test_what_a_round_of_kept_rows_did_is_told_where_it_is_cut_off":
        ("lease",),
    "tests/store/test_nights.py::test_what_ended_by_itself_waits_for_it_too": ("",),
    "tests/store/test_nights.py::test_who_has_had_their_time_comes_before_what_has_no_day": ("",),
    "tests/store/test_no_room.py::test_a_database_that_goes_at_the_end_takes_no_report_along":
        ("",),
    "tests/store/test_no_room.py::test_a_full_disk_ends_the_erasing": ("4", "0"),
    "tests/store/test_no_room.py::test_what_was_kept_for_requests_waits_for_room_as_well": ("",),
    "tests/store/test_order.py::test_a_long_circle_stays_together": ("",),
    "tests/store/test_outbox.py::test_many_workers_send_each_message_once": ("postgresql",),
    "tests/store/test_physical.py::test_postgresql_keeps_old_rows_until_tables_are_rewritten_without_a_snapshot":
        ("snapshot",),
    "tests/store/test_physical.py::test_postgresql_reaches_its_log_where_no_old_segment_is_left":
        ("",),
    "tests/store/test_physical.py::test_postgresql_refuses_where_somebody_sees_the_statistics_of_before":
        ("",),
    "tests/store/test_physical.py::test_postgresql_rewrites_rows_beside_the_reader_of_a_logical_slot":
        ("",),
    "tests/store/test_physical.py::test_postgresql_waits_for_who_writes_in_another_database": ("",),
    "tests/store/test_placeless.py::test_what_lies_at_the_house_that_was_asked_goes_on_its_day":
        ("in its row",),
    "tests/store/test_placeless.py::test_what_nobody_can_place_is_kept_until_somebody_can":
        ("blank-sealed", "gone-in", "none-sealed"),
    "tests/store/test_placeless.py::test_what_was_written_down_before_is_not_believed_to_lie_at_the_house_that_was_asked":
        ("sealed",),
    "tests/store/test_poisoned.py::test_the_others_go_and_the_one_is_reported_without_a_word_about_him":
        ("",),
    "tests/store/test_promised.py::test_of_two_whom_a_request_erased_one_tells_what_rule_kept_something_of_the_other":
        ("2",),
    "tests/store/test_pruning.py::test_it_may_be_cut_off_after_each_batch": ("1", "3", "8"),
    "tests/store/test_public_notice.py::test_nobody_confirms_while_a_letter_is_given_up": ("",),
    "tests/store/test_recipients.py::test_a_system_that_never_finishes_is_given_up_in_time":
        ("hang",),
    "tests/store/test_recipients.py::test_what_another_try_cannot_cure_is_a_dead_letter_at_once":
        ("401",),
    "tests/store/test_redating.py::test_a_day_that_becomes_known_is_certified": ("in its row",),
    "tests/store/test_redating.py::test_what_is_not_complete_names_its_day_too": ("",),
    "tests/store/test_refilled.py::test_a_look_ends_at_no_empty_profile_for_good_when_it_laid_enough_before_staff":
        ("",),
    "tests/store/test_refilled.py::test_a_look_that_laid_enough_before_staff_goes_on_where_it_ended":
        ("",),
    "tests/store/test_refilled.py::test_who_went_because_their_time_was_over_is_looked_for_too":
        ("",),
    "tests/store/test_register_meanwhile.py::test_a_line_that_moves_while_it_is_asked_for_comes_once":
        ("sealed-name", "put back-night"),
    "tests/store/test_replay.py::test_a_record_that_had_its_time_goes_again": ("",),
    "tests/store/test_replay.py::test_marks_tell_nothing_when_no_backup_of_their_time_is_left":
        ("",),
    "tests/store/test_replayed.py::test_a_replay_knows_who_went_with_the_whole_row_without_a_rule_for_any_column":
        ("True",),
    "tests/store/test_restore.py::test_a_row_that_is_too_large_for_the_server_is_said_to_be":
        ("3",),
    "tests/store/test_restore.py::test_the_last_day_of_the_copy_is_a_whole_day_of_the_hotel":
        ("America", "Asia", "9-Pacific/(Honolulu|Kiritimati)", "22-Pacific/Kiritimati",
         "1-Pacific/Honolulu"),
    "tests/store/test_resumed.py::test_two_workers_share_a_hotel_and_take_nobody_twice": ("160",),
    "tests/store/test_room.py::test_a_host_that_writes_beside_a_sweep_on_sqlite_is_let_in": ("",),
    "tests/store/test_room.py::test_so_does_the_worker_between_two_requests": ("",),
    "tests/store/test_room.py::test_so_does_what_was_kept_for_requests": ("",),
    "tests/store/test_room.py::test_what_another_connection_of_the_pool_wrote_may_be_our_own":
        ("",),
    "tests/store/test_room.py::test_what_reads_many_rows_leaves_room_by_the_page": ("",),
    "tests/store/test_rotation.py::test_after_the_window_nothing_opens": ("mariadb", "postgresql"),
    "tests/store/test_rows_read.py::test_a_guest_costs_as_many_rows_in_a_big_hotel":
        ("postgresql",),
    "tests/store/test_rows_read.py::test_a_round_reads_as_much_however_much_is_sealed": ("",),
    "tests/store/test_rules_meanwhile.py::test_a_floor_that_is_set_while_a_sweep_erases_binds_what_it_erases":
        ("",),
    "tests/store/test_settling.py::test_what_else_becomes_of_a_row_moves_no_box": ("elsewhere",),
    "tests/store/test_still_needed.py::test_a_record_of_who_lives_has_time_again_only_by_a_day_that_is_known":
        ("None-None-2", "Ann Berg-None"),
    "tests/store/test_still_needed.py::test_what_is_needed_is_not_erased_about_every_night":
        ("True",),
    "tests/store/test_stranger.py::test_a_stranger_does_not_say_the_country_of_whose_row_it_was":
        ("Couples-AT", "Boxed-DE", "Kept", "Couples-DE"),
    "tests/store/test_stranger.py::test_a_stranger_says_neither_day_nor_hotel_of_whose_row_it_was":
        ("",),
    "tests/store/test_stranger.py::test_a_stranger_who_was_erased_as_well_leaves_no_country_of_whose_row_it_was":
        ("",),
    "tests/store/test_stranger.py::test_staff_settle_what_a_guest_did_not_say_whose_profile_went_after_their_form_was_kept":
        ("",),
    "tests/store/test_stranger.py::test_what_the_law_keeps_of_a_foreigner_ends_by_no_strangers_country":
        ("mariadb-another", "sqlite-<lambda>"),
    "tests/store/test_streamed.py::test_every_row_of_a_stream_comes": ("mariadb-select",),
    "tests/store/test_sweep.py::test_a_leap_in_the_middle_of_a_round_forgets_no_key": ("5",),
    "tests/store/test_sweep.py::test_a_leap_stops_sweep_requests_and_forgetting": ("",),
    "tests/store/test_sweep.py::test_a_task_is_late_by_the_day_of_its_hotel": ("",),
    "tests/store/test_sweep.py::test_a_wrong_clock_stops_sweep_requests_and_forgetting":
        ("a little too far", "years back"),
    "tests/store/test_sweep.py::test_after_a_change_it_only_shows_again":
        ("region", "fiscal year", "country", "zone"),
    "tests/store/test_sweep.py::test_after_a_confirmation_the_wrong_hours_entries_count_no_more":
        ("",),
    "tests/store/test_sweep.py::test_changed_back_is_changed_twice": ("",),
    "tests/store/test_text_days.py::test_a_text_that_nobody_can_read_may_be_the_latest":
        ("31.12.2018", "whenever", "2026W102", "1900-02-29", "20190229", "2019-06-31",
         "2019-13-01", "20190732", "2019-05-06T12:61"),
    "tests/store/test_theirs.py::test_a_row_of_two_is_told_alike_by_each_way": ("key",),
    "tests/store/test_theirs.py::test_what_was_left_to_another_is_told_again_after_a_replay": ("",),
    "tests/store/test_transaction.py::test_of_two_that_meet_one_is_run_again": ("begin_nested",),
    "tests/store/test_transaction.py::test_on_a_server_we_wait_two_seconds_for_the_rows_alone":
        ("mariadb_url",),
    "tests/store/test_transaction.py::test_on_an_sqlite_file_we_wait_two_seconds": ("2",),
    "tests/store/test_transaction.py::test_the_pool_gets_its_connection_back_as_it_was":
        ("mariadb-True", "postgresql-True"),
    "tests/store/test_two_steps.py::test_who_is_typed_anew_under_an_erased_number_is_asked_about":
        ("values0-session", "values1-sweep", "values2-session"),
    "tests/store/test_two_steps.py::test_who_was_given_a_number_between_two_steps_is_asked_about":
        ("True-delete", "False-None"),
    "tests/store/test_unended.py::test_what_a_draft_asks_nothing_of_stays_until_somebody_signs_it":
        ("",),
    "tests/store/test_unplaced.py::test_a_hold_on_a_person_keeps_what_a_sweep_ended_of_them_and_of_nobody_else":
        ("record",),
    "tests/store/test_unplaced.py::test_a_hold_on_what_belongs_to_a_guest_keeps_all_of_that_guest_and_nobody_else":
        ("freeze", "silent"),
    "tests/store/test_unread.py::test_a_check_that_cannot_read_a_row_keeps_no_other_certificate":
        ("",),
    "tests/store/test_unread.py::test_a_kept_row_that_cannot_be_read_keeps_no_other_request": ("",),
    "tests/store/test_unread.py::test_a_round_in_which_nothing_can_be_read_is_left_to_the_next_night":
        ("",),
    "tests/store/test_unread.py::test_a_search_that_cannot_read_a_row_keeps_no_other_certificate":
        ("",),
    "tests/store/test_unread.py::test_what_failed_in_its_time_to_be_taken_back_goes_no_earlier":
        ("",),
    "tests/store/test_unread.py::test_who_cured_it_need_not_wait": ("page",),
    "tests/store/test_unruled.py::test_a_column_that_came_back_and_that_the_policy_leaves_is_not_called_gone":
        ("(copy|host)",),
    "tests/store/test_unsaid.py::test_a_companion_who_moves_up_on_the_form_does_not_answer_for_another":
        ("",),
    "tests/store/test_unsaid.py::test_a_guest_who_is_on_the_form_no_more_says_nothing_by_that":
        ("",),
    "tests/store/test_unsaid.py::test_a_policy_that_asks_for_a_country_no_more_keeps_no_night_from_its_end":
        ("",),
    "tests/store/test_unsaid.py::test_a_sealed_form_ends_once_who_is_there_says_their_country":
        ("DE",),
    "tests/store/test_unsaid.py::test_the_country_of_an_erased_guest_stays_unknown_and_on_the_list":
        ("nations0", "<lambda>0", "nations1-<lambda>1"),
    "tests/store/test_unsaid.py::test_the_form_ends_on_its_day_once_the_country_that_was_missing_is_on_record":
        ("Carded",),
    "tests/store/test_unsaid.py::test_the_form_of_one_guest_ends_once_staff_say_the_country_in_their_row":
        ("AT",),
    "tests/store/test_unsaid.py::test_the_form_of_two_of_whom_one_turns_out_to_be_at_home_is_theirs_alone":
        ("",),
    "tests/store/test_unsaid.py::test_the_form_with_one_companion_ends_once_their_country_is_on_record":
        ("",),
    "tests/store/test_unsaid.py::test_what_was_said_last_counts_where_both_were_erased": ("",),
    "tests/store/test_unseen.py::test_a_bed_that_an_erasure_emptied_is_nobodys_without_a_country":
        ("",),
    "tests/store/test_unseen.py::test_a_form_stays_that_a_guest_without_a_card_signed": ("",),
    "tests/store/test_unseen.py::test_a_form_stays_until_it_is_filled_in_whose_bed_it_was":
        ("AT-sealed",),
    "tests/store/test_upgrade.py::test_an_upgrade_cut_off_half_way_is_before_or_can_be_run_again":
        ("postgresql",),
    "tests/store/test_upgrade.py::test_an_upgrade_waits_no_longer_than_asked": ("",),
    "tests/store/test_upgrade.py::test_four_processes_upgrade_at_once": ("",),
    "tests/store/test_upgrade.py::test_sql_run_by_hand_is_an_upgrade": ("mariadb", "postgresql"),
    "tests/store/test_whole_needed.py::test_a_profile_that_a_bill_needed_whole_is_laid_before_staff_where_a_stay_was_booked":
        ("bill-True",),
    "tests/test_census_offline.py::test_a_clock_set_back_hides_no_silence": ("",),
    "tests/test_census_offline.py::test_a_clock_that_leapt_and_was_set_right": ("",),
    "tests/test_census_offline.py::test_a_missing_list_cannot_be_told": ("",),
    "tests/test_census_offline.py::test_a_register_that_is_counted_no_more_is_named": ("",),
    "tests/test_census_offline.py::test_a_vanished_row_blamed_on_a_lawful_step_is_named": ("",),
    "tests/test_census_offline.py::test_a_vanished_row_that_its_list_keeps_quiet_about_is_named":
        ("",),
    "tests/test_census_offline.py::test_an_entry_dated_at_an_end_of_the_calendar_is_answered":
        ("0001-01-01T00:00:00Z",),
    "tests/test_census_offline.py::test_honest_nights_of_two_hotels_whose_lines_ended_in_one_batch_pass":
        ("",),
    "tests/test_census_offline.py::test_honest_nights_pass_over_the_end_of_a_month": ("",),
    "tests/test_census_restored.py::test_a_line_that_vanished_after_a_restore_is_named": ("",),
    "tests/test_census_restored.py::test_a_line_that_vanished_with_a_restore_is_named": ("",),
    "tests/test_census_restored.py::test_entries_put_back_accuse_nobody": ("",),
    "tests/test_census_restored.py::test_one_epoch_alone_accuses_nobody": ("",),
    "tests/test_census_restored.py::test_steps_of_an_epoch_before_are_not_those_of_the_next": ("",),
    "tests/test_engines.py::test_servers_end_with_their_session": ("end", "kill"),
    "tests/test_engines.py::test_session_without_engines": ("",),
    "tests/test_engines.py::test_xdist_workers_share_one_server": ("",),
    "tests/test_restore_drill.py::test_a_replay_that_leaves_the_guest_fails_the_host": ("",),
    "tests/test_restore_drill.py::test_one_officer_is_not_two": ("",),
    "tests/test_restore_drill.py::test_without_a_window_the_guest_stays_gone": ("",),
    "tests/web/test_anew.py::test_a_guest_and_a_clerk_who_confirm_at_once_are_both_told_what_is":
        ("",),
    "tests/web/test_answer.py::test_letter_and_pages_name_every_article_and_day":
        ("CN-en", "DE-zh"),
    "tests/web/test_answer.py::test_letter_and_pages_say_where_to_complain_and_what_is_out_of_reach":
        ("CN-zh", "DE-en"),
    "tests/web/test_api_restores.py::test_two_people_take_it_back_by_whichever_door":
        ("api-api", "page-page"),
    "tests/web/test_api_returns.py::test_a_program_says_whose_a_row_is_as_a_clerk_does":
        ("lives-lives-page", "theirs-open-api"),
    "tests/web/test_cited.py::test_a_reason_that_the_law_does_not_know_is_refused_in_chinese":
        ("harm", "law-requires", "leaked", "period-expired", "public-interest", "purpose-achieved",
         "unlawful"),
    "tests/web/test_cited.py::test_the_staffs_pages_under_every_pack_are_chinese": ("",),
    "tests/web/test_copied.py::test_a_copy_of_a_request_of_its_own_is_told_to_go_with_the_erasure":
        ("",),
    "tests/web/test_copied.py::test_it_is_told_in_every_language_that_a_copy_goes_along":
        ("es", "fr", "(de|es|fr|ja)"),
    "tests/web/test_desk_words.py::test_a_hold_placed_without_training_changes_no_page":
        ("clerk", "auditor"),
    "tests/web/test_doors_again.py::test_a_forked_process_counts_its_own_reviews": ("",),
    "tests/web/test_doors_again.py::test_the_page_about_installing_is_followed_step_by_step": ("",),
    "tests/web/test_doors_again.py::test_the_worker_outlives_an_outage_of_the_database":
        ("postgresql",),
    "tests/web/test_doors_again.py::test_the_worker_outlives_an_outage_that_ends_the_hosts_session":
        ("",),
    "tests/web/test_elsewhere.py::test_no_body_tells_what_is_at_another_hotel": ("",),
    "tests/web/test_elsewhere.py::test_no_form_tells_what_is_at_another_hotel": ("",),
    "tests/web/test_guest_words.py::test_a_form_that_met_a_busy_database_leads_back_to_itself":
        ("form",),
    "tests/web/test_guest_words.py::test_nobody_is_led_to_a_page_that_says_that_it_was_done":
        ("slip", "copy"),
    "tests/web/test_holds.py": ("zh",),
    "tests/web/test_holds.py::test_a_silent_hold_on_somebody_else_changes_no_page":
        ("porter", "auditor", "officer"),
    "tests/web/test_holds.py::test_a_silent_hold_on_the_guest_looks_like_a_duty_of_law":
        ("auditor", "clerk"),
    "tests/web/test_holds.py::test_a_whole_person_under_a_silent_hold_waits_for_a_duty_of_law":
        ("",),
    "tests/web/test_holds.py::test_what_stands_in_the_way_never_tells_a_silent_hold_from_an_open_one":
        ("auditor",),
    "tests/web/test_laternotice.py::test_a_guest_takes_it_back": ("before",),
    "tests/web/test_migrate.py::test_a_host_upgrades_autogenerates_and_downgrades": ("",),
    "tests/web/test_migrate.py::test_an_environment_with_its_own_filter_still_runs": ("",),
    "tests/web/test_migrate.py::test_without_the_filter_our_tables_would_be_dropped": ("",),
    "tests/web/test_mixing.py::test_no_guest_page_mixes_languages":
        ("walk-(?!ja)[a-z]+", "prove-(?!de)[a-z]+", "copy-(?!es)[a-z]+", "dispute-(?!fr)[a-z]+",
         "copy-es"),
    "tests/web/test_mixing.py::test_no_letter_mixes_languages": ("de", "es", "fr"),
    "tests/web/test_pressing.py::test_a_deed_in_two_tabs_is_no_error": ("refuse",),
    "tests/web/test_pressing.py::test_a_pin_set_by_two_presses_is_not_called_wrong": ("",),
    "tests/web/test_pressing.py::test_any_other_decision_stays_refused":
        ("page", "later", "person-refuse"),
    "tests/web/test_pressing.py::test_anything_else_in_another_tab_stays_refused": ("later",),
    "tests/web/test_pressing.py::test_nobody_else_gets_the_code_of_a_used_link": ("False",),
    "tests/web/test_relatives.py::test_a_relative_reads_whose_data_are_meant": ("de", "es", "fr"),
    "tests/web/test_rescan.py::test_the_answer_is_checked_offline": ("",),
    "tests/web/test_restoring.py::test_stored_views_show_the_guest_again":
        ("page-lower", "api-lower", "console-upper", "api-upper", "page-upper"),
    "tests/web/test_returns.py::test_of_a_table_that_was_put_back_one_answer_is_enough": ("",),
    "tests/web/test_rounds.py::test_a_forked_process_starts_a_thread_of_its_own": ("",),
    "tests/web/test_slips.py::test_a_case_code_promises_no_longer_than_it_opens":
        ("de", "es", "fr"),
    "tests/web/test_slips.py::test_the_slip_of_a_request_is_in_the_language_of_its_guest":
        ("en", "es", "fr"),
    "tests/web/test_sweep.py::test_a_run_takes_what_it_wrote_itself_for_nobody_elses": ("sweep",),
    "tests/web/test_sweep.py::test_an_older_version_erases_nothing_by_tables_of_a_newer_one":
        ("replay",),
    "tests/web/test_sweep.py::test_rules_that_changed_are_reported_before_the_next_sweep": ("",),
    "tests/web/test_sweep.py::test_stop_and_go_on_at_a_console": ("",),
    "tests/web/test_sweep.py::test_the_pages_can_be_read_in_chinese": ("tasks",),
    "tests/web/test_tabs.py::test_a_form_is_about_the_case_it_was_opened_for":
        ("feedback", "again"),
    "tests/web/test_typed.py::test_whoever_looks_again_in_small_letters_sees_to_the_stored_view":
        ("",),
    "tests/web/test_watching.py::test_each_ill_is_told_by_its_word":
        ("ill_clock", "ill_tables", "ill_keys", "ill_root", "ill_head", "ill_register", "ill_text"),
}
"""File, or file and test -> words of the parameters; an empty one is every case."""
