"""Hosts on which a random run once found the eraser wrong, each as small as it gets."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import Column, Integer, MetaData, String, Table, TypeDecorator, insert

from flask_guesterase.core.policy import Equal, Policy, Subject
from flask_guesterase.core.treatment import exempt, keep, null, placeholder, redact
from flask_guesterase.store.erasing.eraser import plan
from tests.store import inn

from .hosts import memory
from .test_random import compare_requests
from .world import Field, Ref, Spec, Step, Through, World

ID = Field("id", "int")
GUESTS = Spec("guests", (ID, Field("ref", "text", length=20)), ("id",))
GUEST = Policy({"ref": redact}, subject=Subject(match=["ref"]))
LINKS = Spec(
    "links", (Field("guest", "int"), Field("stay", "int")), ("guest", "stay"),
    (Ref(("guest",), "guests", ("id",)), Ref(("stay",), "stays", ("id",))),
)
OVER_LINKS = Through((
    Step(("id",), "links", ("stay",)), Step(("guest",), "guests", ("id",)),
))
TWO_GUESTS = [{"id": 1, "ref": "R1"}, {"id": 2, "ref": "R2"}]


def select_beneath_a_path() -> World:
    """A line belongs to whoever the vendor's select finds for its stay."""
    stays = Spec("stays", (ID,), ("id",))
    lines = Spec(
        "lines", (ID, Field("stay", "int"), Field("text", "text", length=40)), ("id",),
        (Ref(("stay",), "stays", ("id",)),),
    )
    return World(
        {s.name: s for s in (GUESTS, stays, LINKS, lines)},
        {"guests": GUEST, "stays": Policy({}, via=OVER_LINKS), "links": exempt("keys"),
         "lines": Policy({"text": redact}, via="stay")},
        {"guests": TWO_GUESTS, "stays": [{"id": 1}, {"id": 2}],
         "links": [{"guest": 1, "stay": 1}, {"guest": 2, "stay": 2}],
         "lines": [{"id": i, "stay": i, "text": "wine"} for i in (1, 2)]},
        [[("guests", (1,))]],
    )  # fmt: skip


def columns_alone_over_a_path_with_several_owners() -> World:
    """What is the stay's alone is nobody's alone while another guest of the stay lives."""
    stays = Spec(
        "stays", (ID, Field("booker", "int")), ("id",), (Ref(("booker",), "guests", ("id",)),)
    )
    notes = Spec(
        "notes", (ID, Field("stay", "int"), Field("text", "text", length=40)), ("id",),
        (Ref(("stay",), "stays", ("id",)),),
    )
    return World(
        {s.name: s for s in (GUESTS, stays, LINKS, notes)},
        {"guests": GUEST, "stays": Policy({}, via=["booker", OVER_LINKS]),
         "links": exempt("keys"), "notes": Policy({"text": redact}, via={"stay": ["text"]})},
        {"guests": TWO_GUESTS, "stays": [{"id": 1, "booker": 1}],
         "links": [{"guest": 2, "stay": 1}],
         "notes": [{"id": 1, "stay": 1, "text": "both snore"}]},
        [[("guests", (1,))], [("guests", (2,))]],
    )  # fmt: skip


def placeholders_in_rows_without_a_key() -> World:
    """A row that is what it holds is another row once overwritten, and is not erased twice."""
    visits = Spec(
        "visits",
        (Field("guest", "int"), Field("name", "text", length=40), Field("code", "text", length=40)),
        (), (Ref(("guest",), "guests", ("id",)),),
    )
    return World(
        {"guests": GUESTS, "visits": visits},
        {"guests": GUEST, "visits": Policy({"name": redact, "code": placeholder}, via="guest")},
        {"guests": TWO_GUESTS,
         "visits": [{"guest": g, "name": "Ada", "code": c}
                    for g, c in ((1, "a"), (1, "b"), (2, "c"))]},
        [[("guests", (1,))]],
    )  # fmt: skip


def masks_that_are_equal() -> World:
    """Two rows that hold the same mask are no link between two people."""
    letters = Spec(
        "letters",
        (ID, Field("ref", "text", length=20), Field("body", "text", nullable=True, length=40)),
        ("id",),
    )
    return World(
        {"guests": GUESTS, "letters": letters},
        {"guests": GUEST, "letters": Policy(
            {"ref": keep("shown"), "body": null}, via=Equal({"ref": "ref"}, "guests")
        )},
        {"guests": TWO_GUESTS,
         "letters": [{"id": i, "ref": r, "body": "hi"} for i, r in ((1, "R1"), (2, "[erased]"))]},
        [[("guests", (1,))], [("guests", (2,))]],
    )  # fmt: skip


@pytest.mark.parametrize("host", [
    select_beneath_a_path, columns_alone_over_a_path_with_several_owners,
    placeholders_in_rows_without_a_key, masks_that_are_equal,
])  # fmt: skip
def test_once_wrong(host: Callable[[], World]) -> None:
    """Plan and database are the oracle's."""
    with memory() as conn:
        compare_requests(conn, host())


class Lowered(TypeDecorator[str]):
    """A host's own type: text that is always in small letters."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: object) -> str | None:
        return value.lower() if value is not None else None


def test_empty_values_of_a_hosts_own_type_match_nobody(database_url: str) -> None:
    """Letters to nobody belong to no guest without an address, whatever type the column has."""
    metadata = MetaData()
    guests, letters = (
        Table(
            name, metadata, Column("id", Integer, primary_key=True),
            Column("email", Lowered(40), nullable=False), Column("text", String(40)),
        )
        for name in ("guests", "letters")
    )  # fmt: skip
    declared = inn.datamap(metadata, {
        guests: Policy({"email": placeholder, "text": null}, subject=Subject(match=["email"])),
        letters: Policy({"email": redact, "text": null}, via=Equal({"email": "email"}, "guests")),
    })
    with inn.host(database_url, metadata) as engine, engine.begin() as conn:
        for table in (guests, letters):
            conn.execute(insert(table), [
                {"id": 1, "email": "", "text": "x"}, {"id": 2, "email": "Ada@x", "text": "x"},
                {"id": 3, "email": "0", "text": "x"},
            ])
        steps = plan(conn, declared, [("guests", (i,)) for i in (1, 2, 3)]).steps
        assert [row.key for s in steps if s.decision.table == "letters" for row in s.rows] == [(2,)]
