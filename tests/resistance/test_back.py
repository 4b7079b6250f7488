"""Attacks that call a guest who lives one who was erased and came back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, update

from flask_guesterase.core.errors import TransitionError
from tests.store.lodge import ANN, Booking, Guest, Lodge

REF = "OB-77001"
BO = {"full_name": "Bo Lund", "email": "bo@mail.example", "document_no": "BB 445566"}
LIKE_ANN = {"full_name": ANN["full_name"], "document_no": None}
"""What a clerk makes of Bo first; without a document nothing speaks for him."""


@pytest.fixture(params=["before", "since"])
def lodge(sqlite_url: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Lodge]:
    """A hotel in which Ann was erased, and Bo lives, a guest before that or since."""
    made, since = Lodge(sqlite_url, tmp_path), request.param == "since"
    made.stayed()
    if since:
        made.erased_guest()
        made.later(hours=40)
    day = made.now.date() if since else date(2025, 11, 1)
    made.add(Guest(id=2, house="sh", made_on=day, **BO))
    made.add(Booking(
        id=2, guest_id=2, external_ref="OB-77002", wishes="late",
        made_at=None if since else datetime(2025, 11, 1, 8),
    ))  # fmt: skip
    if since:
        made.later(hours=100)
    else:
        made.erased_guest()
    made.sweep()
    yield made
    made.close()


Typed = Callable[..., None]


@pytest.fixture(params=["saved", "statement", "past us"])
def typed(lodge: Lodge, request: pytest.FixtureRequest) -> Typed:
    """Types values into a row: in the host's session, by a statement of it, or past it."""

    def write(model: Any, id: int, **values: Any) -> None:
        if request.param == "past us":
            with lodge.engine.begin() as conn:
                conn.execute(update(model).where(model.id == id).values(**values))
            return
        if request.param == "saved":
            row = lodge.session.get(model, id)
            for name, value in values.items():
                setattr(row, name, value)
        else:
            lodge.session.execute(update(model).where(model.id == id).values(**values))
        lodge.session.commit()

    return write


def _nobody_goes(lodge: Lodge) -> None:
    """Let two nights pass, and the clerk say of whatever waits that it is Ann's."""
    before = lodge.rows(Guest), lodge.rows(Booking)
    for _ in range(2):
        lodge.worker()
        lodge.later(hours=20)
        lodge.sweep()
    waiting = lodge.run(lambda office: office.returns("clerk"))
    assert [(row["state"], row["why"]) for row in waiting] == [("staff", "perhaps-another")]
    with pytest.raises(TransitionError) as refused:
        lodge.run(lambda office: office.settle_return(waiting[0]["id"], "clerk", True))
    assert "File a request" in refused.value.hint
    lodge.worker()
    assert (lodge.rows(Guest), lodge.rows(Booking)) == before


@pytest.mark.parametrize("more", [{}, {"document_no": None}, {"phone": ANN["phone"]}])
def test_a_living_guest_given_an_erased_guests_name(
    lodge: Lodge, typed: Typed, more: dict[str, Any]
) -> None:
    """Whose profile was there all along goes by no word of one person, whatever is typed there."""
    typed(Guest, 2, full_name=ANN["full_name"], email=ANN["email"], **more)
    _nobody_goes(lodge)


@pytest.mark.parametrize("named", [False, True])
def test_a_living_guests_booking_given_an_erased_number(
    lodge: Lodge, typed: Typed, named: bool
) -> None:
    """Neither the booking goes by one word, nor by itself with everything of whose it is."""
    if named:
        typed(Guest, 2, **LIKE_ANN)
    typed(Booking, 2, external_ref=REF)
    _nobody_goes(lodge)


@pytest.mark.parametrize("typed", ["saved", "statement"], indirect=True)
def test_an_undated_guests_booking_given_an_erased_number(lodge: Lodge, typed: Typed) -> None:
    """No sweep has read of the guest, and the booking was there before it was typed into."""
    lodge.add(Guest(id=3, house="sh", full_name=ANN["full_name"], email="cy@mail.example"))
    lodge.add(Booking(
        id=3, guest_id=3, external_ref="OB-77003", made_at=datetime(2025, 11, 1, 8),
    ))  # fmt: skip
    typed(Booking, 3, external_ref=REF)
    _nobody_goes(lodge)


@pytest.mark.parametrize("statement", [False, True])
def test_an_erased_guests_booking_made_for_a_living_guest(lodge: Lodge, statement: bool) -> None:
    """That the booking is new says nothing of whose it is."""
    for name, value in LIKE_ANN.items():
        setattr(lodge.session.get(Guest, 2), name, value)
    values = {"id": 3, "guest_id": 2, "external_ref": REF, "wishes": "a view", "amount": 100}
    if statement:
        lodge.session.execute(insert(Booking).values(**values))
    else:
        lodge.session.add(Booking(**values))
    lodge.session.commit()
    _nobody_goes(lodge)


def test_a_living_guest_under_a_number_that_was_given_again(lodge: Lodge) -> None:
    """What was asked about was another row, which is gone; the new one carries nothing of hers."""
    lodge.session.add(Guest(id=9, house="sh", email=ANN["email"]))
    lodge.session.commit()
    assert lodge.worker() == {"staff": 1}
    lodge.session.delete(lodge.session.get(Guest, 9))
    lodge.session.commit()
    lodge.session.add(Guest(id=9, house="sh", full_name="Cy Moe", email="cy@mail.example"))
    lodge.session.commit()
    before = lodge.rows(Guest)
    (waiting,) = lodge.run(lambda office: office.returns("clerk"))
    lodge.run(lambda office: office.settle_return(waiting["id"], "clerk", True))
    assert lodge.worker() == {"gone": 1}
    assert lodge.rows(Guest) == before
