"""What a test meets in the long run only, so that the short one ends in ten minutes.

Every promise is tried in the short run too: on SQLite and one server, and on all three where
engines differ in what the promise rests on.
"""

from __future__ import annotations

import re

import pytest

LATER: dict[str, tuple[str, ...]] = {
    "tests/browser/test_alone.py": ("zh-CN",),
    "tests/browser/test_cases.py::test_a_complaint_is_overturned": ("",),
    "tests/browser/test_cases.py::test_an_incident_with_its_clock": ("",),
    "tests/browser/test_officer.py::test_a_review_is_closed_by_a_second_person": ("",),
    "tests/browser/test_officer.py::test_an_officers_day": ("en",),
    "tests/browser/test_reception.py": ("en",),
    "tests/browser/test_walk.py::test_a_guest_asks_and_holds_a_certificate": ("en",),
    "tests/browser/test_pages.py::test_every_page_on_a_telephone_at_night": ("",),
    "tests/browser/test_walk.py::test_the_other_pages_are_in_good_order": ("",),
    "tests/browser/test_walk.py::test_two_people_take_an_erasure_back": ("",),
    "tests/browser/test_watch.py": ("",),
    "tests/chaos/test_short.py": ("forget", "rotate"),
    "tests/example/test_acceptance.py::test_after_erasing_a_guest_nothing_tells_the_twins_apart":
        ("booker", "organiser", "mailbox-postgresql", "mailbox-mariadb"),
    "tests/example/test_acceptance.py::test_one_of_two_who_share_mailbox_and_phone_asks":
        ("mariadb",),
    "tests/example/test_acceptance.py::test_only_what_the_plan_names_changes":
        ("mariadb", "postgresql"),
    "tests/example/test_canary.py": ("mariadb",),
    "tests/example/test_canary_name.py": ("",),
    "tests/example/test_cli.py::test_migrations_make_what_the_models_say": ("",),
    "tests/example/test_cli.py::test_seed_once_then_only_afresh": ("",),
    "tests/example/test_cli.py::test_staff_lists_everybody_who_is_needed": ("",),
    "tests/example/test_gap.py": ("mariadb",),
    "tests/example/test_replay.py": ("mariadb",),
    "tests/example/test_replay.py::test_a_crash_between_intent_and_outcome":
        ("postgresql", "sqlite-before"),
    "tests/example/test_replay.py::test_many_processes_write_one_register": ("postgresql",),
    "tests/oracle/test_random.py::test_random_hosts_on_servers": ("postgresql",),
    "tests/oracle/test_random.py::test_random_hosts_on_sqlite": ("1", "2"),
    "tests/oracle/test_restored.py": ("postgresql",),
    "tests/shapes/test_all.py": ("postgresql",),
    "tests/resistance/test_alone.py": ("mariadb",),
    "tests/store/test_batches.py": ("mariadb",),
    "tests/store/test_blockers.py": ("mariadb",),
    "tests/store/test_census.py": ("mariadb", "postgresql"),
    "tests/store/test_census_lines.py": ("mariadb", "postgresql"),
    "tests/store/test_checkpoints.py": ("mariadb",),
    "tests/store/test_checkpoints.py::test_lost_entries_are_put_back_exactly": ("postgresql",),
    "tests/store/test_claims_model.py": ("mariadb",),
    "tests/store/test_clocks.py": ("mariadb",),
    "tests/store/test_complaints.py": ("mariadb",),
    "tests/store/test_copies.py": ("mariadb",),
    "tests/store/test_copying.py": ("mariadb",),
    "tests/store/test_due.py": ("postgresql",),
    "tests/store/test_due.py::test_a_form_is_found_on_its_day_and_not_before": ("mariadb",),
    "tests/store/test_due.py::test_a_row_that_is_refused_stands_alone_and_waits": ("mariadb",),
    "tests/store/test_due.py::test_a_second_sweep_joins_the_one_that_leads": ("mariadb",),
    "tests/store/test_due.py::test_what_somebody_else_holds_is_tried_soon_and_does_not_count":
        ("mariadb",),
    "tests/store/test_due.py::test_an_import_of_old_rows_is_found_at_once_or_within_a_week":
        ("mariadb",),
    "tests/store/test_eraser.py": ("postgresql",),
    "tests/store/test_expiry.py": ("mariadb", "postgresql"),
    "tests/store/test_failures.py": ("mariadb",),
    "tests/store/test_figures.py": ("mariadb",),
    "tests/store/test_finder.py": ("postgresql",),
    "tests/store/test_gaps.py": ("mariadb",),
    "tests/store/test_guard.py": ("postgresql",),
    "tests/store/test_halting.py": ("mariadb",),
    "tests/store/test_heldcopies.py": ("",),
    "tests/store/test_holds.py": ("mariadb",),
    "tests/store/test_incidents.py": ("postgresql",),
    "tests/store/test_indexing.py": ("mariadb",),
    "tests/store/test_journal.py": ("mariadb",),
    "tests/store/test_journal.py::test_eight_writers_append_without_fork_or_loss": ("postgresql",),
    "tests/store/test_links.py": ("postgresql",),
    "tests/store/test_looks.py::test_a_row_whose_key_is_too_long_to_be_written_down_goes_as_well":
        ("mariadb",),
    "tests/store/test_mentions.py": ("postgresql",),
    "tests/store/test_owndata.py": ("mariadb",),
    "tests/store/test_pins.py": ("mariadb", "postgresql"),
    "tests/store/test_recipients.py": ("mariadb", "postgresql"),
    "tests/store/test_register.py": ("mariadb",),
    "tests/store/test_residue_rows.py": ("mariadb",),
    "tests/store/test_restore.py": ("mariadb",),
    "tests/store/test_rows_read.py": ("postgresql",),
    "tests/store/test_rulebook.py": ("mariadb", "postgresql"),
    "tests/store/test_sweep.py": ("mariadb", "postgresql"),
    "tests/store/test_training.py": ("mariadb",),
    "tests/store/test_uninstall.py": ("postgresql",),
    "tests/store/test_upgrade.py::test_four_processes_upgrade_at_once": ("mariadb", "postgresql"),
    "tests/store/test_vault.py": ("mariadb",),
    "tests/store/test_veil.py": ("mariadb",),
    "tests/store/test_waiting.py": ("postgresql",),
    "tests/store/test_walking.py::test_one_statement_finds_what_a_statement_a_table_does":
        ("mariadb", "postgresql"),
    "tests/test_census_offline.py::test_honest_nights_pass_over_the_end_of_a_month": ("",),
    "tests/test_engines.py::test_servers_end_with_their_session": ("end", "kill"),
    "tests/test_engines.py::test_session_without_engines": ("",),
    "tests/test_engines.py::test_xdist_workers_share_one_server": ("",),
    "tests/test_testing.py": ("mariadb", "postgresql"),
    "tests/web/test_check.py": ("mariadb",),
    "tests/web/test_holds.py": ("zh",),
    "tests/web/test_migrate.py::test_a_host_upgrades_autogenerates_and_downgrades": ("",),
    "tests/web/test_migrate.py::test_an_environment_with_its_own_filter_still_runs": ("",),
    "tests/web/test_mixing.py::test_no_guest_page_mixes_languages":
        ("walk-(?!ja)[a-z]+", "prove-(?!de)[a-z]+", "copy-(?!es)[a-z]+", "dispute-(?!fr)[a-z]+"),
    "tests/web/test_rounds.py::test_a_forked_process_starts_a_thread_of_its_own": ("free",),
    "tests/web/test_staff.py::test_routes_by_roles_by_properties": ("mu",),
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
