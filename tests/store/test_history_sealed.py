"""A copy that a trigger makes of a line of the guest register goes into a box as the line does."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import Column, Date, Identity, Integer, MetaData, String, Table, select

from flask_guesterase.core.payload import decode
from flask_guesterase.core.policy import Equal, Policy
from flask_guesterase.core.treatment import keep, retain
from flask_guesterase.store.boxes import vault
from flask_guesterase.store.mapping.datamap import resolve
from tests.store.inn import run
from tests.store.test_eraser import on_update
from tests.store.test_expiry import BILLS, PEOPLE, Inn, any_inn, boxed

__all__ = ["any_inn"]

METADATA = MetaData()
PERSON, BILL = PEOPLE.to_metadata(METADATA), BILLS.to_metadata(METADATA)
PAST = Table(
    "people_past", METADATA, Column("id", Integer, Identity(), primary_key=True),
    Column("person", Integer), Column("visa", String(40)), Column("seen", Date),
)  # fmt: skip


def remembering(inn: Inn) -> None:
    """Let the host keep what a guest's row said before each change of it."""
    boxed(inn)
    people = replace(inn.datamap.tables["people"].policy, triggers={"past": "goes the same way"})
    bills = inn.datamap.tables["bills"].policy
    past = Policy(
        {"visa": retain("guest_register"), "seen": keep("statistics")},
        via=Equal({"person": "id"}, to="people"), clock={"last_activity": "seen"},
    )  # fmt: skip
    inn.datamap = resolve(
        [(PERSON, people), (BILL, bills), (PAST, past)], METADATA.tables.values(), []
    )
    PAST.create(inn.engine)
    body = "INSERT INTO people_past (person, visa, seen) VALUES (OLD.id, OLD.visa, OLD.seen);"
    with inn.engine.begin() as conn:
        script = on_update(inn.engine.dialect.name, "past", body, "AFTER")
        run(conn, script.replace(" guests", " people"))


@pytest.mark.parametrize("earlier", [False, True])
def test_what_a_trigger_copies_of_the_register_lies_in_a_box(any_inn: Inn, earlier: bool) -> None:
    """With an earlier copy under the same decision and without: none is left and none is lost."""
    inn = any_inn
    remembering(inn)
    inn.person(1, date(2026, 3, 1))
    if earlier:
        inn.set(PEOPLE, 1, visa="V2")
    visa = inn.read(PEOPLE)["visa"]
    number = inn.approved(email="p1@mail.example")
    assert inn.erased(number) == "sealed"
    with inn.engine.connect() as conn:
        past = {row.id: row.visa for row in conn.execute(select(PAST))}
    assert len(past) >= 1 + earlier
    assert set(past.values()) == {None}
    kept = [row for row in inn.ours("kept") if row["mode"] == "sealed"]
    texts = {("people", "int:1"), *(("people_past", f"int:{id}") for id in past)}
    assert {(row["table_name"], row["row_key"]) for row in kept} == texts
    assert len(kept) == len(texts)
    assert {row["until"] for row in kept} == {"2027-03-01"}
    with inn.begin() as office:
        payloads = vault.unseal(office.work.conn, inn.custodian, [row["box"] for row in kept])
    boxes = {c.value for each in payloads for image in decode(each).rows for c in image.columns}
    assert boxes == {"V1", visa}
    stays = inn.content(number)["stays"]
    assert sum(each["rows"] for each in stays) == len(kept)
