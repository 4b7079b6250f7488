"""Attacks on who got an erased guest's number: a copy of the database gives it once more."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, update

from flask_guesterase.core.errors import TransitionError
from flask_guesterase.store.returning.replay import replay
from tests.store.lodge import ANN, Booking, Guest, Lodge, put_back

BO = {"full_name": "Bo Lund", "email": "bo@mail.example", "document_no": "BB 445566"}
EVA = {
    "full_name": "Eva Roe", "email": "eva@mail.example", "phone": "+86 120 0000 5555",
    "document_no": "EE 5",
}  # fmt: skip
LIKE_ANN = {"full_name": ANN["full_name"], "email": ANN["email"], "document_no": None}


@pytest.fixture
def lodge(sqlite_url: str, tmp_path: Path) -> Iterator[Lodge]:
    """A hotel whose copy knows nothing of Ann, who came since, and was erased."""
    made = Lodge(sqlite_url, tmp_path)
    made.add(Guest(id=1, house="sh", full_name="Di Rau", made_on=date(2025, 11, 1)))
    made.stayed(id=2, full_name="Cy Moe", email="cy@mail.example", document_no="CC 1", phone=None)
    made.erased_guest(document_no="CC 1")
    made.sweep()
    with put_back(made, tmp_path):
        made.stayed(id=5, ref="OB-77005")
        made.erased_guest()
    yield made
    made.close()


def came(lodge: Lodge, dated: str, **typed: Any) -> None:
    """Let Bo be the next guest of the restored hotel, and a clerk type into his profile."""
    made = lodge.now.date() if dated == "guest" else None
    lodge.add(Guest(**{"id": 5, "house": "sh", "made_on": made, **BO, **typed}))
    if dated == "booking":
        at = lodge.now.replace(tzinfo=None)
        lodge.add(Booking(id=5, guest_id=5, external_ref="OB-77009", wishes="late", made_at=at))


def said(lodge: Lodge) -> list[dict[str, Any]]:
    """Let the clerk say of whatever waits that it is Ann's; return what waited."""
    waiting = list(lodge.run(lambda office: office.returns("clerk", "replay")))
    for row in waiting:
        with pytest.raises(TransitionError) as refused:
            lodge.run(lambda office, row=row: office.settle_return(row["id"], "clerk", True))
        assert "File a request" in refused.value.hint
    return waiting


@pytest.mark.parametrize("dated", ["guest", "booking", "nothing"])
@pytest.mark.parametrize("typed", [
    {}, {"email": ANN["email"]}, {"email": ANN["email"], "document_no": None}, LIKE_ANN,
    {**LIKE_ANN, "phone": ANN["phone"]}, ANN,
])  # fmt: skip
def test_a_living_guest_under_a_number_that_a_copy_gave_again(
    lodge: Lodge, typed: dict[str, Any], dated: str
) -> None:
    """Whose the number was before goes by no word of one person, and by none alone."""
    came(lodge, dated, **typed)
    before = lodge.rows(Guest), lodge.rows(Booking)
    assert not replay(lodge.run).restored
    said(lodge)
    lodge.worker()
    assert (lodge.rows(Guest), lodge.rows(Booking)) == before


@pytest.mark.parametrize("when", ["asked", "said"])
def test_a_living_guest_who_gets_the_number_of_a_row_that_a_copy_brought(
    lodge: Lodge, tmp_path: Path, when: str
) -> None:
    """What a clerk says of a row is said of whose it was: she is gone, and Bo has her number."""
    assert not replay(lodge.run).restored
    lodge.stayed(id=6, ref="OB-77006", **EVA)
    lodge.sweep()
    with put_back(lodge, tmp_path):
        with lodge.engine.begin() as conn:
            conn.execute(update(Guest).where(Guest.id == 6).values(phone="+86 120 0000 9999"))
        lodge.erased_guest(document_no=EVA["document_no"])
    assert not replay(lodge.run).restored
    (waiting,) = lodge.run(lambda office: office.returns("clerk"))
    assert waiting["why"] == "changed"
    if when == "said":
        lodge.run(lambda office: office.settle_return(waiting["id"], "clerk", True))
    with lodge.engine.begin() as conn:
        conn.execute(delete(Booking).where(Booking.guest_id == 6))
        conn.execute(delete(Guest).where(Guest.id == 6))
    came(lodge, "nothing", id=6)
    before = lodge.rows(Guest), lodge.rows(Booking)
    if when == "asked":
        lodge.run(lambda office: office.settle_return(waiting["id"], "clerk", True))
    assert lodge.worker() == {"gone": 1}
    assert (lodge.rows(Guest), lodge.rows(Booking)) == before
