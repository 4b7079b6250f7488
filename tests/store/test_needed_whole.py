"""What a precondition needed of a row that is to go whole: the row goes once nothing needs it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from sqlalchemy import Column, Date, Integer, MetaData, String, Table, insert, select

from flask_guesterase.core.policy import Blocker, Equal, Policy, Subject
from flask_guesterase.core.treatment import delete, keep, mentions, null, redact
from flask_guesterase.store.mapping.datamap import resolve
from tests.store.test_expiry import Inn, any_inn, inn
from tests.store.test_still_needed import living, night

__all__ = ["any_inn", "inn"]

HOST = MetaData()
LODGERS = Table(
    "lodgers", HOST, Column("id", Integer, primary_key=True), Column("hotel", String(10)),
    Column("name", String(80)), Column("email", String(80)), Column("phone", String(40)),
    Column("seen", Date),
)  # fmt: skip
FOLIOS = Table(
    "folios", HOST, Column("id", Integer, primary_key=True), Column("one", Integer),
    Column("other", Integer), Column("text", String(80)), Column("state", String(10)),
)  # fmt: skip
KEPT = {"hotel": keep("which house"), "seen": keep("statistics")}
LODGER = Policy(
    {**KEPT, "name": redact, "email": null, "phone": null},
    subject=Subject(match=["email"], name="name", contact=["email"], property="hotel"),
    category="reservation", clock={"last_activity": "seen"}, rows=delete,
)  # fmt: skip
FOLIO = Policy(
    {"text": null, "state": keep("open or paid")},
    via={Equal({"one": "id"}, to="lodgers"): [], Equal({"other": "id"}, to="lodgers"): []},
)


def opened(inn: Inn, lodger: Policy = LODGER) -> None:
    """Let a hotel need the address of whose folio is open, and put two guests of one on file."""
    inn.datamap = resolve([(LODGERS, lodger), (FOLIOS, FOLIO)], HOST.tables.values(), [])
    HOST.create_all(inn.engine)
    inn.blockers = (
        Blocker(
            "open-folio", "folios", lambda folios, today: folios.c.state == "open",
            needs={"lodgers": ["email"]},
        ),
    )
    seen = date(2026, 3, 1)
    with inn.engine.begin() as conn:
        for id, name in ((1, "Ann Berg"), (2, "Bo Lind")):
            conn.execute(insert(LODGERS).values(
                id=id, hotel="sh", name=name, email=f"p{id}@mail.example", phone="021", seen=seen
            ))  # fmt: skip
        conn.execute(insert(FOLIOS), [
            {"id": 1, "one": 1, "other": None, "text": None, "state": "open"},
            {"id": 2, "one": 1, "other": 2, "text": "Berg and Lind", "state": "paid"},
        ])  # fmt: skip


def paid(inn: Inn) -> None:
    """Let the bill be paid, and the sweep of the night after be made."""
    inn.set(FOLIOS, 1, state="paid")
    inn.later(days=1)
    night(inn)


def lodgers(inn: Inn) -> dict[int, tuple[Any, ...]]:
    """Return name, address and number of everybody on file."""
    with inn.engine.connect() as conn:
        return {
            row.id: (row.name, row.email, row.phone)
            for row in conn.execute(select(LODGERS).order_by(LODGERS.c.id))
        }


def ruled(*names: str) -> Policy:
    """Return the policy of guests with rules for these columns alone."""
    columns = {name: rule for name, rule in LODGER.columns.items() if name in (*KEPT, *names)}
    return replace(LODGER, columns=columns)


@pytest.mark.parametrize("rules", [("name", "email", "phone"), ("name", "email"), ("name",)])
def test_a_profile_that_was_needed_goes_whole_once_nothing_needs_it(
    any_inn: Inn, rules: tuple[str, ...]
) -> None:
    """Also what has no rule: it goes with the row alone, and the guest reads that it stays."""
    inn = any_inn
    opened(inn, ruled(*rules))
    number = inn.approved(email="p1@mail.example")
    assert inn.erased(number) == "sealed"
    stays = {"email", *({"name", "email", "phone"} - set(rules))}
    assert [item["columns"] for item in inn.content(number)["stays"]] == [sorted(stays)]
    assert lodgers(inn)[1][:2] == ("[erased]", "p1@mail.example")
    paid(inn)
    assert list(lodgers(inn)) == [2]
    assert (inn.state(number), living(inn)) == ("erased", [])


def test_a_profile_whose_rest_is_a_text_goes_whole_as_well(inn: Inn) -> None:
    """Whether somebody was written into such a text again nobody can tell, and it was to go."""
    opened(inn, replace(LODGER, columns={**KEPT, "email": null, "name": mentions}))
    number = inn.approved(email="p1@mail.example")
    inn.erased(number)
    paid(inn)
    assert (list(lodgers(inn)), inn.state(number)) == ([2], "erased")


def test_nothing_that_was_shared_stays_as_a_gone_guests(any_inn: Inn) -> None:
    """The last who is in a record takes all of it along: whose profile went is nobody living."""
    inn = any_inn
    opened(inn)
    inn.erased(inn.approved(email="p1@mail.example"))
    paid(inn)
    assert inn.read(FOLIOS, 2)["text"] == "Berg and Lind"
    assert inn.erased(inn.approved(email="p2@mail.example")) == "erased"
    assert inn.read(FOLIOS, 2)["text"] is None


def test_a_profile_goes_whole_that_was_needed_when_its_time_was_over(any_inn: Inn) -> None:
    """Where nobody asked it is the same, the night after the folio was paid."""
    inn = any_inn
    opened(inn, ruled("name", "email"))
    inn.set(LODGERS, 1, seen=date(2022, 1, 1))
    night(inn)
    assert lodgers(inn)[1] == ("[erased]", "p1@mail.example", "021")
    paid(inn)
    assert list(lodgers(inn)) == [2]
    assert living(inn) == []


@pytest.mark.parametrize("rules", [("name", "email", "phone"), ("name", "email")])
@pytest.mark.parametrize("asked", [False, True])
def test_a_profile_of_who_is_back_does_not_go_whole(
    any_inn: Inn, asked: bool, rules: tuple[str, ...]
) -> None:
    """Whoever stays again in the row that was emptied is there when the old folio is paid."""
    inn = any_inn
    opened(inn, ruled(*rules))
    if asked:
        inn.erased(inn.approved(email="p1@mail.example"))
    else:
        inn.set(LODGERS, 1, seen=date(2022, 1, 1))
        night(inn)
    inn.set(LODGERS, 1, name="Ann Berg", seen=inn.now.date())
    paid(inn)
    assert lodgers(inn)[1][0] == "Ann Berg"


@pytest.mark.parametrize("rules", [("email",), ()])
@pytest.mark.parametrize("back", [True, False])
def test_a_profile_of_which_all_is_needed_is_theirs_again_by_its_day(
    any_inn: Inn, rules: tuple[str, ...], back: bool
) -> None:
    """Nothing else can say that its guest stays again; the day they stayed counts from here on."""
    inn = any_inn
    opened(inn, ruled(*rules))
    inn.set(LODGERS, 1, seen=date(2022, 1, 1))
    night(inn)
    if back:
        inn.set(LODGERS, 1, seen=inn.now.date())
    paid(inn)
    assert (1 in lodgers(inn), living(inn)) == (back, [])
    inn.later(days=4 * 366)
    night(inn)
    assert 1 not in lodgers(inn)


def test_a_profile_that_went_whole_is_taken_back_as_it_was(any_inn: Inn) -> None:
    """Two safety copies hold it: what went at once, and the row that went after."""
    inn = any_inn
    opened(inn, ruled("name", "email"))
    before = lodgers(inn)
    number = inn.approved(email="p1@mail.example")
    inn.erased(number)
    paid(inn)
    assert list(lodgers(inn)) == [2]
    inn.run(lambda office: office.propose_restore(number, "officer", "wrong-person"))
    report = inn.run(lambda office: office.restore(number, "second"))
    assert report.restored
    assert lodgers(inn) == before
