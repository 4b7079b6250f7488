"""A mailbox whose domain is in letters of its own is known again, however it was written."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from flask_guesterase.core import identity
from flask_guesterase.core.identity import Kind, normal
from flask_guesterase.store.comeback import marks
from tests.store.lodge import ANN, Guest, Lodge
from tests.store.test_replayed_again import taken_back

WAYS = "ann@müller.example", "ann@xn--mller-kva.example"


def as_written(patched: pytest.MonkeyPatch) -> None:
    """Let a mailbox be marked as it is written alone, as it was before both spellings were one."""
    patched.setattr(identity, "_lettered", str)
    patched.setattr(marks, "sent", str)


def erase(
    lodge: Lodge, monkeypatch: pytest.MonkeyPatch,
    before: Callable[[pytest.MonkeyPatch], None] | None,
) -> None:
    """Erase the guest, whose mailbox is marked as it was before, or as it is now."""
    with monkeypatch.context() as patched:
        if before is not None:
            before(patched)
        lodge.erased_guest()


def fill(lodge: Lodge) -> None:
    """Let the host fill the erased row again."""
    guest = lodge.session.get_one(Guest, 1)
    for name, value in ANN.items():
        setattr(guest, name, value)
    lodge.session.commit()


@pytest.mark.parametrize("back", WAYS)
@pytest.mark.parametrize("gone", WAYS)
@pytest.mark.parametrize("before", [True, False])
def test_who_was_erased_is_known_in_either_spelling(
    sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    gone: str, back: str, before: bool,
) -> None:
    """Also by a mark of before both were one, which is of what was written."""
    lodge = Lodge(sqlite_url, tmp_path)
    lodge.stayed(email=gone)
    erase(lodge, monkeypatch, as_written if before else None)
    values = {"full_name": ANN["full_name"], "email": back}
    lodge.session.add(Guest(id=9, house="sh", made_on=lodge.now.date(), **values))
    lodge.session.commit()
    lodge.worker()
    assert [(key, why) for _, key, why, _ in lodge.returns()] == [("int:9", "erased-contact")]
    lodge.close()


ALIKE = [
    ("ann@fußball.example", "ann@fussball.example"),
    ("ann@fussball.example", "ann@fußball.example"),
    ("fußball@mail.example", "fussball@mail.example"),
    ("ann@λόγος.example", "ann@λόγοσ.example"),
]


def folded(kind: str, place: str, told: str, *_: object) -> set[tuple[str, str]]:
    """Return kind and text as they were before mailboxes that fold alike were two."""
    return {(kind, normal(kind, told).casefold())}


def folded_whole(patched: pytest.MonkeyPatch) -> None:
    """Let mailboxes be marked as they were before."""
    of = marks._forms
    patched.setattr(marks, "_forms", lambda kind, *given: (
        folded(kind, *given) if kind == Kind.EMAIL else of(kind, *given)
    ))


@pytest.mark.parametrize(("gone", "other"), ALIKE)
@pytest.mark.parametrize("before", [True, False])
def test_mailboxes_that_fold_alike_are_two_people(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    gone: str, other: str, before: bool,
) -> None:
    """Whose mark is of before may be either, and is known by both; nobody loses one."""
    lodge = Lodge(database_url, tmp_path)
    lodge.stayed(email=gone)
    erase(lodge, monkeypatch, folded_whole if before else None)
    for id, email in ((8, other), (9, gone)):
        values = {"full_name": ANN["full_name"], "email": email}
        lodge.session.add(Guest(id=id, house="sh", made_on=lodge.now.date(), **values))
        lodge.session.commit()
    lodge.worker()
    known = ["int:8", "int:9"] if before else ["int:9"]
    assert [(key, why) for _, key, why, _ in lodge.returns()] == [
        (key, "erased-contact") for key in known
    ]
    lodge.close()


@pytest.mark.parametrize(("before", "days"), [(True, 0), (False, 0), (False, 366)])
def test_who_was_erased_twice_and_taken_back_stays(
    sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, before: bool, days: int
) -> None:
    """The second erasure took the marks of the first, of any year, and goes with its own."""
    lodge = Lodge(sqlite_url, tmp_path)
    for who in ("officer", "second"):
        lodge.grants[who] |= {"restore"}
    lodge.stayed()
    erase(lodge, monkeypatch, folded_whole if before else None)
    lodge.later(days=days)
    fill(lodge)
    number = lodge.erased_guest()
    assert taken_back(lodge, number)
    lodge.sweep()
    assert lodge.returns() == []
    assert (lodge.one(Guest, 1) or {})["email"] == ANN["email"]
    lodge.close()


def test_a_damaged_key_of_the_year_before_keeps_nobody_from_being_erased_again(
    sqlite_url: str, tmp_path: Path
) -> None:
    """Nor does it keep those whom nobody erased before; `check` says that it is damaged."""
    lodge = Lodge(sqlite_url, tmp_path)
    lodge.stayed()
    lodge.erased_guest()
    (lodge.custodian.path / f"key-returning-{lodge.now.year}.json").write_bytes(b"")
    lodge.later(days=366)
    fill(lodge)
    lodge.erased_guest()
    assert (lodge.one(Guest, 1) or {})["email"] != ANN["email"]
    lodge.close()
