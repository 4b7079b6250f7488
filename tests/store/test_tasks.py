"""Tasks that two processes ask for at the same moment: each once, with the right count."""

from __future__ import annotations

import threading
from datetime import date

from flask_guesterase.store.casework import tasks
from flask_guesterase.store.executing import byday
from flask_guesterase.store.office import Office
from flask_guesterase.store.retaining import keeping
from tests.store import kept
from tests.store.hotel import Hotel


def test_of_two_sweeps_that_end_at_once_one_asks_for_the_paper(any_hotel: Hotel) -> None:
    """Both have read what ended; who destroys the paper is told of each record once."""
    hotel, asked = any_hotel, list[int]()
    with hotel.begin() as office:
        tasks.note(office.work, {("sh", "guest_register"): 3})

    def other() -> None:
        with hotel.begin() as office:
            asked.append(byday.papered(office))

    second = threading.Thread(target=other)
    with hotel.begin() as office:
        assert byday.papered(office) == 1
        second.start()
        second.join(0.5)
    second.join()
    assert asked == [0]
    (task,) = hotel.ours("task")
    assert task["count"] == 3


def test_what_ends_while_another_sweep_asks_for_the_paper_is_asked_for_by_the_next(
    any_hotel: Hotel,
) -> None:
    """It began before the other one asked, and was committed after it."""
    hotel = any_hotel
    kept.note(hotel.engine, "guests", "int:1", '["name"]', category="guest_register")

    def ask() -> None:
        hotel.later(minutes=1)
        with hotel.begin() as office:
            assert byday.papered(office) == 0

    leader = threading.Thread(target=ask)
    with hotel.begin() as office:
        keeping.end(office.work, [hotel.ours("kept")[0]["id"]])
        # SQLite lets only one of them in at a time, so they cannot meet there.
        if hotel.engine.dialect.name != "sqlite":
            leader.start()
            leader.join()
    with hotel.begin() as office:
        assert byday.papered(office) == 1
    (task,) = hotel.ours("task")
    assert task["count"] == 1


def test_of_two_that_ask_for_the_same_at_once_both_are_counted(any_hotel: Hotel) -> None:
    """Two erasures that end in one month tell one recipient by hand, in one task."""
    hotel, problems = any_hotel, list[Exception]()

    def ask(office: Office) -> None:
        tasks.ask(office.work, "sh", "sh/locks/2026-03", date(2026, 3, 31), 1)

    def other() -> None:
        try:
            with hotel.begin() as office:
                ask(office)
        except Exception as problem:
            problems.append(problem)

    second = threading.Thread(target=other)
    with hotel.begin() as office:
        ask(office)
        second.start()
        second.join(0.5)
    second.join()
    assert problems == []
    (task,) = hotel.ours("task")
    assert task["count"] == 2
