"""Our rows compared with the journal while somebody acts: that is no forgery."""

from __future__ import annotations

from typing import Any

import pytest

from flask_guesterase.core.holding import Wanted
from flask_guesterase.store.journaling import binding
from flask_guesterase.store.upkeep import consistency
from tests.web.house import House
from tests.web.test_cli import Console, approved


def verified(house: House) -> list[str]:
    """Verify as the page and the command do; return what is said."""
    with house.app.app_context(), house.extension.begin(write=False) as office:
        return [problem.message for problem in office.verify()]


def test_a_hold_that_is_placed_meanwhile(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """The journal is read, a hold is placed, the holds are read."""
    read = binding.newest

    def then_placed(work: Any, word: str) -> set[binding.Said]:
        said = read(work, word)
        monkeypatch.undo()
        with house.app.app_context(), house.extension.begin() as office:
            office.place_hold(Wanted("subject", "court-order", "guests", "1"), "holder")
        return said

    with house.app.app_context(), house.extension.begin() as office:
        office.freeze("sh", "holder")
    monkeypatch.setattr(binding, "newest", then_placed)
    assert verified(house) == []
    assert len(house.hotel.ours("hold")) == 2


def test_an_approval_that_is_carried_out_meanwhile(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What runs is listed, one of it is erased, then each is looked at."""
    number = approved(Console(house.app), house)
    read = consistency.load

    def then_erased(work: Any, number: str) -> Any:
        monkeypatch.undo()
        house.worker()
        return read(work, number)

    monkeypatch.setattr(consistency, "load", then_erased)
    assert verified(house) == []
    assert house.state(number) == "sealed"
