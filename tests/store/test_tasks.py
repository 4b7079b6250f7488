"""Tasks that two processes ask for at the same moment: each once, with the right count."""

from __future__ import annotations

import threading
from datetime import date

from flask_guesterase.store import byday, tasks
from flask_guesterase.store.office import Office
from tests.store.hotel import Hotel


def test_of_two_sweeps_that_end_at_once_one_asks_for_the_paper(any_hotel: Hotel) -> None:
    """Both have read what ended; who destroys the paper is told of each record once."""
    hotel, asked = any_hotel, list[int]()
    with hotel.begin() as office:
        tasks.note(office.work, {("sh", "guest_register"): 3})

    def other() -> None:
        with hotel.begin() as office:
            asked.append(byday._papered(office))

    second = threading.Thread(target=other)
    with hotel.begin() as office:
        assert byday._papered(office) == 1
        second.start()
        second.join(0.5)
    second.join()
    assert asked == [0]
    (task,) = hotel.ours("task")
    assert task["count"] == 3


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
