"""Who is back goes under the decision made before: the same plan, the same guards, nothing more."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import insert, select, update

from example_pms import db
from example_pms.models import Booking, Guest, MarketingConsent
from flask_guesterase.core.errors import TransitionError, UnknownError
from flask_guesterase.core.holding import Wanted
from flask_guesterase.core.log import slug
from flask_guesterase.core.plan import key_text
from flask_guesterase.store import tables
from flask_guesterase.store.retaining.keeping import Origin
from flask_guesterase.store.returning import returned
from flask_guesterase.store.returning.again import Fate
from tests.example.test_acceptance import House, house

WHO = {
    "name": "Wanda Returner", "email": "wanda@returner.example", "phone": "+4915112345678",
    "document_no": "X9988776", "notes": "asked for a quiet room",
}  # fmt: skip


@pytest.fixture
def hotel(sqlite_url: str, tmp_path: Path) -> Iterator[House]:
    """The demo hotel."""
    with house(sqlite_url, tmp_path, 20) as one:
        yield one


def add(**values: Any) -> int:
    """Write a guest past every guard, as another program does; return the row's id."""
    db.session.remove()
    template = {"property_code": "SHA", "created_on": "2026-11-01", "vip": False,
                "newsletter": False, "document_type": "passport"}  # fmt: skip
    names = {c.name for c in Guest.__table__.c}
    with db.engine.begin() as conn:
        row = {k: v for k, v in {**template, **WHO, **values}.items() if k in names}
        row["created_on"] = Guest.created_on.type.python_type.fromisoformat(row["created_on"])
        made = conn.execute(insert(Guest.__table__).values(row)).inserted_primary_key
    assert made is not None
    return int(made[0])


def agree(id: int) -> None:
    """Write a consent of a guest past every guard."""
    table = MarketingConsent.__table__
    with db.engine.begin() as conn:
        first = conn.execute(select(table)).mappings().first()
        assert first is not None
        conn.execute(insert(table).values({**first, "id": uuid4(), "guest_id": id}))


def fill(id: int, **values: Any) -> None:
    """Write a person into a guest's row past every guard."""
    db.session.remove()
    with db.engine.begin() as conn:
        table = Guest.__table__
        conn.execute(update(table).where(table.c.id == id).values(**WHO | values))


def erased(hotel: House) -> tuple[str, int]:
    """Erase a guest who is new; return the request's number and the row's id."""
    id = add()
    shown = hotel.erase({"email": WHO["email"]}, "SHA")
    assert shown["state"] == "erased"
    return shown["number"], id


def seen(hotel: House, number: str | None, id: int, fate: Fate = Fate.OPEN) -> int:
    """Note that somebody is back in a guest's row; return the note's number."""
    with hotel.guesterase.begin() as office:
        controller = slug(office.work.settings.property("SHA").controller)
        origin = Origin(number, controller, "SHA")
        note = returned.Seen(origin, "guests", key_text((id,)), "same-key", "test", fate)
        assert returned.note(office.work, note)
        assert not returned.note(office.work, note)
        ids = office.work.conn.execute(select(tables.returned.c.id)).scalars()
        return max(ids)


def fate(hotel: House, id: int) -> tuple[str, str]:
    """Return what became of a noted row, and why it is there."""
    with hotel.guesterase.begin(write=False) as office:
        table = tables.returned
        row = office.work.conn.execute(select(table).where(table.c.id == id)).one()
        return row.state, row.why


def due(hotel: House) -> None:
    """Let everything that waits be tried now."""
    with db.engine.begin() as conn:
        conn.execute(update(tables.returned).values(try_at=None))


def test_who_is_back_in_their_row_is_erased_again(hotel: House) -> None:
    number, id = erased(hotel)
    gone = hotel.dump()
    fill(id)
    assert hotel.dump()["guests"] != gone["guests"]
    note = seen(hotel, number, id)
    report = hotel.guesterase.work()
    assert report.problems == {}
    assert report.counts["erased-again"] == 1
    assert fate(hotel, note)[0] == Fate.ERASED
    assert hotel.dump()["guests"] == gone["guests"]
    assert "erased-again" not in hotel.guesterase.work().counts


def test_who_is_back_in_another_row_is_erased_with_what_came_along(hotel: House) -> None:
    first = add()
    agree(first)
    number = hotel.erase({"email": WHO["email"]}, "SHA")["number"]
    other = add()
    before = hotel.dump()
    agree(other)
    note = seen(hotel, number, other)
    assert hotel.guesterase.work().counts["erased-again"] == 1
    assert fate(hotel, note)[0] == Fate.ERASED
    after = hotel.dump()
    assert after["marketing_consents"] == before["marketing_consents"]
    assert db.session.get(Guest, other).name != WHO["name"]  # type: ignore[union-attr]
    with hotel.guesterase.begin(write=False) as office:
        buried = office.work.conn.execute(
            select(tables.subject.c.erased_at).where(
                tables.subject.c.request == number, tables.subject.c.row_key == f"int:{other}"
            )
        ).scalar_one()
        assert buried is not None


def test_a_hold_keeps_them_and_the_rest_follows_when_it_is_lifted(hotel: House) -> None:
    number, id = erased(hotel)
    fill(id)
    note = seen(hotel, number, id)
    with hotel.guesterase.begin() as office:
        wanted = Wanted("subject", "legal-claim", "guests", str(id), review_on="2027-01-01")
        hold = office.place_hold(wanted, "sha.officer")
    assert hotel.guesterase.work().counts["returned-waiting"] == 1
    assert fate(hotel, note)[0] == Fate.OPEN
    assert db.session.get(Guest, id).name == WHO["name"]  # type: ignore[union-attr]
    db.session.remove()
    for who in ("sha.officer", "sha.officer2"):
        with hotel.guesterase.begin() as office:
            office.lift(hold, who)
    assert "returned-waiting" not in hotel.guesterase.work().counts, "tried later, not at once"
    due(hotel)
    assert hotel.guesterase.work().counts["erased-again"] == 1


def test_what_was_not_approved_before_is_laid_before_staff(hotel: House) -> None:
    """The request decided nothing about bookings: who is back with one is not erased with it."""
    number, id = erased(hotel)
    fill(id)
    with db.engine.begin() as conn:
        table = tables.request
        said = conn.execute(select(table.c.decisions).where(table.c.number == number)).scalar_one()
        conn.execute(update(table).where(table.c.number == number).values(
            decisions=said.replace('"notes",', "")
        ))
    note = seen(hotel, number, id)
    assert hotel.guesterase.work().counts["returned-unclear"] == 1
    assert fate(hotel, note) == (Fate.STAFF, returned.NOT_DECIDED)
    db.session.remove()
    assert db.session.get(Guest, id).name == WHO["name"]  # type: ignore[union-attr]
    with hotel.guesterase.begin() as office, pytest.raises(TransitionError):
        office.settle_return(note, "sha.desk", True)


def test_staff_say_whose_row_it_is(hotel: House) -> None:
    number, id = erased(hotel)
    fill(id)
    note = seen(hotel, number, id, Fate.STAFF)
    assert "erased-again" not in hotel.guesterase.work().counts
    with hotel.guesterase.begin() as office:
        (row,) = office.returns("sha.desk")
        assert (row["id"], row["name"], row["why"]) == (note, WHO["name"], "same-key")
        assert office.returns("lej.desk") == []
        assert [row["name"] for row in office.returns()] == [""]
        with pytest.raises(UnknownError):
            office.settle_return(note, "lej.desk", True)
        office.settle_return(note, "sha.desk", True)
    assert hotel.guesterase.work().counts["erased-again"] == 1
    fill(id)
    other = seen(hotel, number, id, Fate.STAFF)
    with hotel.guesterase.begin() as office:
        office.settle_return(other, "sha.desk", False)
        with pytest.raises(TransitionError):
            office.settle_return(other, "sha.desk", True)
    assert "erased-again" not in hotel.guesterase.work().counts
    assert fate(hotel, other)[0] == Fate.LIVES


def test_who_had_their_time_goes_again_only_where_a_sweep_was_confirmed(hotel: House) -> None:
    id = add()
    note = seen(hotel, None, id)
    assert hotel.guesterase.work().counts["returned-waiting"] == 1
    assert fate(hotel, note)[0] == Fate.OPEN


def test_a_request_that_stands_no_more_erases_nothing(hotel: House) -> None:
    number, id = erased(hotel)
    fill(id)
    with db.engine.begin() as conn:
        conn.execute(update(tables.request).values(state="restored"))
    note = seen(hotel, number, id)
    hotel.guesterase.work()
    assert fate(hotel, note)[0] == Fate.STAFF


def test_a_row_of_another_table_that_was_not_decided_about_is_asked_about(hotel: House) -> None:
    number, _ = erased(hotel)
    with db.engine.connect() as conn:
        booking = conn.execute(select(Booking.__table__.c.id)).scalars().first()
    note = seen(hotel, number, 1, Fate.OPEN)
    with db.engine.begin() as conn:
        conn.execute(update(tables.returned).values(
            table_name="bookings", row_key=key_text((booking,))
        ))
    before = hotel.dump()
    hotel.guesterase.work()
    assert fate(hotel, note) == (Fate.STAFF, returned.NOT_DECIDED)
    assert hotel.dump()["bookings"] == before["bookings"]
