"""What a guest or a clerk wrote and only begins or ends like a placeholder is theirs, not gone."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Date, select, update
from sqlalchemy.orm import Session, scoped_session, sessionmaker

from flask_guesterase.core.treatment import placeholder, retain
from flask_guesterase.store.hiding import veil
from flask_guesterase.store.mapping.datamap import DataMap, resolve
from flask_guesterase.store.mapping.host import Host
from flask_guesterase.store.mapping.masks import is_formed
from tests.store import forms, lodge, test_veil_keys
from tests.store.forms import Forms
from tests.store.forms import policies as of_forms
from tests.store.hotel import Booking, Guest, Hotel, Invoice, policies
from tests.store.test_copied_others import ANN, after, erased_ann, told
from tests.store.test_copying import asked, fetched, release, shown
from tests.store.test_frozen_nights import Island
from tests.store.test_register_nights import produced
from tests.store.test_restore import refused
from tests.store.test_restored_others import declared, erased, moves_in, sealing
from tests.store.test_restored_parts import restore
from tests.store.test_veil_keys import Card, Member

__all__ = ["sealing"]

LI = {"name": "erased-Li Wei", "email": "erased-heart@mail.example", "phone": "erased-and-loved",
      "document_no": "wei@erased.invalid"}  # fmt: skip
"""A guest whose every value begins or ends like a placeholder."""


def placed(hotel: Hotel) -> None:
    """Let an erasure write a placeholder into everything of a guest, and of whom a bill is to."""
    every = policies(str(hotel.files))
    rules = {**every[0][1].columns, **dict.fromkeys(LI, placeholder)}
    every[0] = (Guest, replace(every[0][1], columns=rules))
    for at, (model, policy) in enumerate(every):
        if model is Invoice:
            billed = {"billed_to": retain("invoice_accounting", placeholder)}
            every[at] = (model, replace(policy, columns={**policy.columns, **billed}))
    hotel.datamap = hotel.mapped(every)


def test_who_has_the_row_by_now_gets_nothing_of_who_was_erased(hotel: Hotel) -> None:
    """An erasure that is taken back leaves the row to whoever came in, however they are called."""
    declared(hotel, True)
    number = erased(hotel)
    here = moves_in(hotel, 1, **{**LI, "document_no": None})
    report = restore(hotel, number)
    assert hotel.row(1) == here
    assert set(refused(report)["guests"]) == {"reused-key"}
    assert [row["remark"] for row in hotel.rows(Booking)] == [None, "late", "cot"]


def test_who_has_the_row_by_now_is_in_no_copy_of_who_was_erased(hotel: Hotel) -> None:
    """Neither the other's values nor what is sealed beside them."""
    placed(hotel)
    erasure = erased_ann(hotel)
    moves_in(hotel, 1, **LI)
    text = fetched(hotel, after(hotel, erasure)).to_json()
    assert (told(LI, text), told(ANN, text)) == ([], list(ANN.values()))


def test_their_copy_holds_what_they_wrote(hotel: Hotel) -> None:
    """And nothing of who had the row before, and was erased."""
    placed(hotel)
    erased_ann(hotel)
    moves_in(hotel, 1, **LI)
    hotel.later(minutes=1)
    number = asked(hotel, email=LI["email"])
    shown(hotel, number)
    release(hotel, number)
    text = fetched(hotel, number).to_json()
    assert (told(LI, text), told(ANN, text)) == (list(LI.values()), [])


def test_they_are_erased_whole(any_hotel: Hotel) -> None:
    """By a request, and again after a colleague typed such a value into what was erased."""
    hotel = any_hotel
    placed(hotel)
    hotel.guest(1, **LI)
    assert hotel.erased(hotel.approved(email=LI["email"])) == "erased"
    assert not set(LI.values()) & set(hotel.row(1).values())


def test_a_bill_to_them_is_kept_by_the_law(hotel: Hotel) -> None:
    """The row holds something of it: why it stays is told."""
    placed(hotel)
    hotel.guest(1, **LI)
    hotel.put(Booking, id=1, number="B1", guest_id=1)
    hotel.put(Invoice, id=1, booking_id=1, billed_to=LI["name"], total=9)
    with hotel.begin() as office:
        assert "the row holds nothing of it" not in office.why("invoices", "1")


class Placed(Forms):
    """A hotel whose forms get a placeholder on their day."""

    @staticmethod
    def mapped(email: Any = placeholder) -> DataMap:
        """Resolve the policies."""
        guest, (form, policy) = of_forms(email)
        rules = {**policy.columns, "name": retain("guest_register", placeholder)}
        known = forms.Base.metadata.tables.values(), list(forms.Base.registry.mappers)
        return resolve([guest, (form, replace(policy, columns=rules))], *known)


def test_the_sweep_takes_them_on_their_day(database_url: str, tmp_path: Path) -> None:
    """Once: what it wrote itself it leaves as it is, each night."""
    house = Placed(database_url, tmp_path)
    house.form(1, date(2025, 2, 1))
    with house.engine.begin() as conn:
        conn.execute(update(forms.Form).values(name=LI["name"]))
    house.confirmed()
    (gone,) = house.names().values()
    assert is_formed(str(gone))
    house.later(days=1)
    house.sweep()
    assert list(house.names().values()) == [gone]
    house.engine.dispose()


def test_they_are_known_again(database_url: str, tmp_path: Path) -> None:
    """A channel that sends their mailbox after they were erased is seen."""
    inn = lodge.Lodge(database_url, tmp_path)
    inn.stayed(email=LI["email"])
    inn.erased_guest()
    values = {"full_name": lodge.ANN["full_name"], "email": LI["email"]}
    inn.session.add(lodge.Guest(id=9, house="sh", made_on=inn.now.date(), **values))
    inn.session.commit()
    inn.worker()
    assert [(key, why) for _, key, why, _ in inn.returns()] == [("int:9", "erased-contact")]
    inn.close()


@pytest.mark.parametrize("column", ["name", "passport"])
def test_the_police_are_shown_their_line(tmp_path: Path, sqlite_url: str, column: str) -> None:
    """Whoever was in the house that night, by whatever name and document."""
    island = Island(sqlite_url, tmp_path, Date(), "")
    rules = dict.fromkeys(("name", "passport"), retain("guest_register", placeholder))
    island.policy = replace(island.policy, columns={**island.policy.columns, **rules})
    island.declare(island.policy)
    island.came(1, date(2026, 3, 9), date(2026, 3, 9))
    said = {"name": LI["name"], "passport": None} if column == "name" else {
        "name": None, "passport": "erased-E1234567"
    }
    with island.engine.begin() as conn:
        conn.execute(update(island.arrivals).values(**said))
    assert [(line.name, line.document) for line in produced(island)] == [
        (said["name"] or "", said["passport"] or "")
    ]
    island.engine.dispose()


def test_nothing_of_theirs_is_hidden_for_who_was_erased(
    database_url: str, tmp_path: Path
) -> None:
    """A row is another's unless its key is what an erasure left."""
    hotel = Hotel(database_url, tmp_path)
    factory = scoped_session(sessionmaker(hotel.engine))
    host = Host(factory, models=test_veil_keys.Base)
    hotel.datamap = resolve(host.declarations(), host.tables(), host.mappers())
    test_veil_keys.Base.metadata.create_all(hotel.engine)
    veil.install(host, [])
    with Session(hotel.engine) as writer:
        for id_, email, year in ((1, ANN["email"], 2025), (2, LI["email"], 0)):
            writer.add(Member(id=id_, email=email, hotel="sh"))
            writer.flush()
            writer.add(Card(email=email, year=year, member_id=id_, payer=f"P {id_}", points=1))
        writer.commit()
    hotel.erased(hotel.approved(email=ANN["email"]))
    payers = {card.member_id: str(card.payer) for card in factory.scalars(select(Card))}
    assert payers == {1: "▒▒▒", 2: "P 2"}
    assert host.session is factory  # An application holds its host; here the test does.
    factory.remove()
    hotel.engine.dispose()
