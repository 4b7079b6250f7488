"""A replay erases nothing that a hold keeps which the restored database has forgotten."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, select

from flask_guesterase.core.holding import Wanted
from flask_guesterase.store import worker
from flask_guesterase.store.returning.replay import Survey, replay
from tests.engines import clone_database
from tests.store.forms import GRANTS, Form, Forms
from tests.store.hotel import Booking, Guest, Hotel, policies
from tests.store.test_outbox import render, run
from tests.store.test_replay import OLD

ANN = {"name": "Ann Berg", "email": "ann@mail.example", "document_no": "2026-01-01"}
BO = {"name": "Bo Lind", "email": "bo@mail.example", "document_no": "2026-01-01"}

KEPT = [
    pytest.param(Wanted("record", "court-order", "bookings", "int:1"), id="record"),
    pytest.param(Wanted("record", "court-order", "bookings", "int:1", silent=True), id="silent"),
    pytest.param(None, id="freeze"),
]
"""What is held after the copy was made; None where another hotel of the group is frozen."""


@contextmanager
def backup(house: Hotel | Forms) -> Iterator[str]:
    """Copy the database away; yield the address of the copy."""
    house.engine.dispose()
    with clone_database(house.engine.url.render_as_string(hide_password=False)) as copy:
        yield copy
        house.engine.dispose()


def restore(house: Hotel | Forms, copy: str) -> None:
    """Go on with the copy in place of the database."""
    house.engine.dispose()
    house.engine = create_engine(copy)


@pytest.fixture
def group(any_hotel: Hotel, tmp_path: Path) -> Hotel:
    """Two hotels of one company, whose bookings say at which they are; a guest booked at each."""
    hotel = any_hotel
    places = {c: replace(p, controller="Pine Ltd") for c, p in hotel.settings.properties.items()}
    register = str(tmp_path / "register")
    hotel.settings = replace(hotel.settings, properties=places, register=register)
    hotel.datamap = hotel.mapped([_dated(*each) for each in policies(str(hotel.files))])
    for who in ("officer", "second"):
        hotel.grants[who] |= {"hold", "freeze"}
    hotel.may = lambda user, permission, code: (  # type: ignore[method-assign]
        permission in hotel.grants.get(user, ())
    )
    hotel.guest(1, **ANN)
    hotel.guest(2, **BO)
    hotel.put(Booking, id=1, number="mu", guest_id=1, remark="broke the window")
    hotel.put(Booking, id=2, number="sh", guest_id=2, remark="late")
    return hotel


def _dated(table: Any, policy: Any) -> tuple[Any, Any]:
    if table is Guest:
        return table, replace(policy, clock={"created": "document_no"})
    return table, replace(policy, place="number") if table is Booking else policy


def place(hotel: Hotel, wanted: Wanted | None) -> None:
    """Place a hold, or freeze the other hotel."""
    with hotel.begin() as office:
        if wanted is None:
            office.freeze("mu", "officer")
        else:
            office.place_hold(wanted, "officer")


def told(hotel: Hotel, id: int) -> tuple[str | None, str | None]:
    """Return the address of a guest and the remark of their booking."""
    remarks = {row["id"]: row["remark"] for row in hotel.rows(Booking)}
    return hotel.row(id)["email"], remarks[id]


def replayed(hotel: Hotel) -> Survey:
    """Replay once; the database has caught up then."""
    done = replay(run(hotel))
    assert (done.restored, done.problems) == (False, ())
    return done


@pytest.mark.parametrize("wanted", KEPT)
def test_a_hold_on_what_belongs_to_a_guest_keeps_all_of_that_guest_and_nobody_else(
    group: Hotel, wanted: Wanted | None
) -> None:
    """The register names the guest alone; what is held is their booking, or where it lies."""
    whole = (ANN["email"], "broke the window")
    with backup(group) as copy:
        place(group, wanted)
        for who in (ANN, BO):
            group.erased(group.approved(email=who["email"]))
        restore(group, copy)
        done = replayed(group)
        assert "hold" not in str(done.as_dict())
        assert told(group, 1) == whole
        assert BO["email"] not in told(group, 2)
        with group.begin() as office:
            (asked,) = office.returns("clerk", "replay")
        assert (asked["key"], asked["why"], asked["state"]) == ("int:1", "legal-duty", "staff")
        place(group, wanted)
        with group.begin() as office:
            office.holds_placed("officer")
        with group.begin() as office:
            office.settle_return(asked["id"], "clerk", theirs=True)
        worker.work(run(group), render, {})
        assert told(group, 1)[1] == "broke the window", "it is held by what was placed again"
        if wanted is not None:
            assert ANN["email"] not in told(group, 1), "a person said that it is theirs"


@pytest.mark.parametrize(
    ("scope", "left"), [("subject", {1: "Ada Roe", 2: None}), ("record", {1: None, 2: None})]
)
def test_a_hold_on_a_person_keeps_what_a_sweep_ended_of_them_and_of_nobody_else(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, scope: str,
    left: dict[int, str | None],
) -> None:  # fmt: skip
    """Both forms stand in one line of the register; the guest's own row is another matter."""
    for who in ("officer", "second"):
        monkeypatch.setitem(GRANTS[who], "mu", {*GRANTS[who]["mu"], "hold"})
    forms = Forms(database_url, tmp_path)
    forms.settings = replace(forms.settings, register=str(tmp_path / "register"))
    for id in (1, 2):
        forms.form(id, OLD)
    forms.sweep()
    with backup(forms) as copy:
        forms.sweep("officer")
        assert forms.names() == {1: None, 2: None}
        wanted = Wanted(scope, "court-order", "guests", "1")
        forms.run(lambda office: office.place_hold(wanted, "officer"))
        restore(forms, copy)
        done = replay(forms.run)
        assert (done.restored, done.problems) == (False, ())
        assert forms.names() == left
        asked = forms.run(lambda office: office.returns(None, "replay"))
        kept = [id for id, name in left.items() if name is not None]
        assert [(each["key"], each["why"]) for each in asked] == [
            (f"int:{id}", "legal-duty") for id in kept
        ]
        assert {row.id for row in forms.run(_forms)} == {1, 2}


def _forms(office: Any) -> Any:
    return office.work.conn.execute(select(Form.id)).all()
