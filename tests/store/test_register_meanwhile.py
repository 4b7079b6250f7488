"""The register that an authority is given while others seal its lines, and put them back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, update

from flask_guesterase.core.register import Asked, Basis
from flask_guesterase.core.treatment import retain
from flask_guesterase.store.boxes import shelf, vault
from flask_guesterase.store.registers.retrieval import Answer, retrieve
from tests.engines import SERVERS
from tests.store.night import LINE, NIGHT, Line, Night

ANN = {"given": "Ann", "family": "Zebrafinch", "nationality": "CN", "passport": "E1"}
BEA = {"given": "Bea", "family": "Quill", "nationality": "DE", "passport": "Q1"}


@pytest.fixture(params=SERVERS)
def night(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Night]:
    """A hotel with an empty register on the engines that let two in at once."""
    made = Night(request.getfixturevalue(f"{request.param}_url"), tmp_path)
    yield made
    made.engine.dispose()


@pytest.fixture
def any_night(database_url: str, tmp_path: Path) -> Iterator[Night]:
    """The same on each of the three engines."""
    made = Night(database_url, tmp_path)
    yield made
    made.engine.dispose()


@contextmanager
def meanwhile(night: Night, at: int | None, act: Callable[[], object]) -> Iterator[list[str]]:
    """Let somebody else act and commit before one of the statements that follow; yields them."""
    said: list[str] = []
    acting: list[bool] = []

    def asked(conn: object, cursor: object, statement: str, *rest: object) -> None:
        if not acting:
            said.append(statement)
            if at is not None and len(said) == at + 1:
                acting.append(True)
                act()
                acting.clear()

    event.listen(night.engine, "before_cursor_execute", asked)
    yield said
    event.remove(night.engine, "before_cursor_execute", asked)


def rewritten(night: Night, id: int, **values: Any) -> None:
    """Write into a row as the front desk does."""
    with night.engine.begin() as conn:
        conn.execute(update(Line).where(Line.id == id).values(**values))


def put_back(night: Night, id: int, box: str) -> None:
    """Do to a sealed line what a recovery does."""
    with night.begin() as office:
        work = office.work
        work.conn.execute(update(Line).where(Line.id == id).values(**ANN))
        vault.empty(work.conn, [box], work.stamp)
        shelf.forget(work)


def beginning(night: Night, what: str, id: int) -> Callable[[], object]:
    """Put a line into the register; return what somebody does to it while it is asked for."""
    night.stay(id, room=str(id), **ANN)
    if what == "put back":
        (box,) = night.seal([id])
        return lambda: put_back(night, id, box)
    if what == "sealed":
        return lambda: night.seal([id])
    if what == "erased":
        gone = dict.fromkeys(ANN) | {"family": "[erased]"}
        return lambda: rewritten(night, id, **gone)
    return lambda: rewritten(night, id, **BEA)


def answered(
    house: Night, what: str, id: int, at: int | None, asked: dict[str, Any]
) -> tuple[Answer, int]:
    """Return what an authority gets while somebody acts, and how many statements that took."""
    act = beginning(house, what, id)
    question = Asked("sh", "Police", "PS-1", "A-1", Basis.POLICE, room=str(id), **asked)
    with house.begin() as office:
        office.work.live()
        with meanwhile(house, at, act) as said:
            return retrieve(office.work, question), len(said)


def answers(house: Night, what: str, **asked: Any) -> list[Answer]:
    """Return what an authority gets, for each statement before which somebody acts."""
    _, told = answered(house, what, 1, None, asked)
    assert told > 4
    return [answered(house, what, 2 + at, at, asked)[0] for at in range(told)]


BY = [{"night": NIGHT}, {"name": "Ann Zebrafinch"}]


@pytest.mark.parametrize("asked", BY, ids=["night", "name"])
@pytest.mark.parametrize("what", ["sealed", "put back"])
def test_a_line_that_moves_while_it_is_asked_for_comes_once(
    night: Night, what: str, asked: dict[str, Any]
) -> None:
    """An erasure takes it out of its row into a box, or a recovery back: it is in the register
    all the time."""
    for at, answer in enumerate(answers(night, what, **asked)):
        assert answer.unopened == 0, at
        assert [(line.name, line.document) for line in answer.lines] == [
            ("Ann Zebrafinch", "E1")
        ], at  # fmt: skip


@pytest.mark.parametrize("what", ["erased", "another's"])
def test_who_goes_while_they_are_asked_for_leaves_no_line_of_nobody_or_another(
    night: Night, what: str
) -> None:
    """An authority that asked for one guest is not shown who has the row by now."""
    found = [
        [line.name for line in answer.lines]
        for answer in answers(night, what, name="Ann Zebrafinch")
    ]
    assert {tuple(names) for names in found} == {(), ("Ann Zebrafinch",)}


def test_each_guest_who_was_sealed_out_of_one_row_is_a_line(any_night: Night) -> None:
    """The host wrote another guest into it, for the same room and nights, and erased them too."""
    night = any_night
    night.stay(1, **ANN)
    night.seal([1])
    rewritten(night, 1, **BEA)
    night.seal([1])
    both = [("Ann Zebrafinch", "E1", True), ("Bea Quill", "Q1", True)]
    assert lines(night) == both
    assert lines(night, name="Bea Quill", night=None) == both[1:]
    rewritten(night, 1, **{**ANN, "given": "Cleo", "passport": "C1"})
    assert lines(night) == [*both[:1], *both[1:], ("Cleo Zebrafinch", "C1", False)]
    rewritten(night, 1, **BEA)
    assert lines(night) == both


def test_what_was_sealed_of_a_line_under_two_categories_is_one_line(any_night: Night) -> None:
    """Its name lies in one box and its document in another."""
    night = any_night
    columns = {**LINE.columns, "passport": retain("identity_document_copy")}
    night.declare(replace(LINE, columns=columns))
    for id in (1, 2, 3):
        night.stay(id, **{**ANN, "given": f"Ann{id}", "passport": f"E{id}"})
    night.seal([1, 2, 3])
    assert len(night.ours("box")) == 2 * 3
    assert lines(night) == [(f"Ann{id} Zebrafinch", f"E{id}", True) for id in (1, 2, 3)]


def lines(house: Night, **asked: Any) -> list[tuple[str, str, bool]]:
    """Return name, document and whether it was sealed, of each line that is produced."""
    return [(line.name, line.document, line.sealed) for line in house.produce(**asked).lines]
