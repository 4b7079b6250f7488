"""A replay brings nobody back whose erasure was taken back, and who was erased again since."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from flask_guesterase.store.returning.replay import replay
from tests.store.lodge import Guest, Lodge, put_back


@pytest.fixture
def lodge(sqlite_url: str, tmp_path: Path) -> Iterator[Lodge]:
    """A watched hotel whose officers take erasures back, with a guest who was erased."""
    made = Lodge(sqlite_url, tmp_path)
    for who in ("officer", "second"):
        made.grants[who] |= {"restore"}
    made.stayed()
    yield made
    made.close()


def taken_back(lodge: Lodge, number: str) -> bool:
    """Let two people take an erasure back; return whether something came."""
    lodge.run(lambda office: office.propose_restore(number, "officer", "wrong-person"))
    done: bool = lodge.run(lambda office: office.restore(number, "second")).restored
    return done


def asked(lodge: Lodge) -> list[str]:
    """Return the requests that staff are to take back again."""
    return [row["name"] for row in lodge.ours("task") if row["kind"] == "undone"]


def buried(lodge: Lodge) -> set[tuple[Any, ...]]:
    """Return request and row of those who are noted as erased."""
    return {
        (row["request"], row["row_key"]) for row in lodge.ours("subject") if row["erased_at"]
    }


@pytest.mark.parametrize("again", [True, False])
def test_nobody_is_asked_to_bring_back_who_was_erased_again_since(
    lodge: Lodge, tmp_path: Path, again: bool
) -> None:
    """The copy knows the first erasure alone; the register knows what came after it."""
    one = lodge.erased_guest()
    two = ""
    with put_back(lodge, tmp_path):
        assert taken_back(lodge, one)
        if again:
            lodge.later(hours=2)
            two = lodge.erased_guest()
    assert not replay(lodge.run).restored
    assert asked(lodge) == ([] if again else [one])
    assert buried(lodge) == ({(one, "int:1"), (two, "int:1")} if again else {(one, "int:1")})


def test_whose_second_erasure_was_taken_back_too_is_asked_about(
    lodge: Lodge, tmp_path: Path
) -> None:
    """Then the guest was on file when the database was lost."""
    one = lodge.erased_guest()
    with put_back(lodge, tmp_path):
        assert taken_back(lodge, one)
        lodge.later(hours=2)
        assert taken_back(lodge, lodge.erased_guest())
    assert not replay(lodge.run).restored
    assert asked(lodge) == [one]


def test_that_another_guest_was_erased_since_is_no_reason_not_to_ask(
    lodge: Lodge, tmp_path: Path
) -> None:
    one = lodge.erased_guest()
    lodge.stayed(id=2, ref="OB-2", full_name="Bo Lind", email="bo@mail.example", phone=None,
                 document_no="BO 1")  # fmt: skip
    with put_back(lodge, tmp_path):
        assert taken_back(lodge, one)
        lodge.later(hours=2)
        lodge.erased_guest(document_no="BO 1")
    assert replay(lodge.run).counts["erased"] == 1
    assert asked(lodge) == [one]


def test_that_one_of_two_was_erased_again_since_is_no_reason_not_to_ask(
    lodge: Lodge, tmp_path: Path
) -> None:
    """The other of the same request was on file when the database was lost."""
    lodge.stayed(id=2, ref="OB-2")
    one = lodge.erased_guest()
    assert buried(lodge) == {(one, "int:1"), (one, "int:2")}
    with put_back(lodge, tmp_path):
        assert taken_back(lodge, one)
        lodge.later(hours=2)
        with lodge.engine.begin() as conn:
            conn.execute(update(Guest).where(Guest.id == 2).values(document_no="BO 1"))
        lodge.erased_guest()
    assert not replay(lodge.run).restored
    assert asked(lodge) == [one]
