"""What came of age goes once, whatever its columns hold: no sweep takes a row it has emptied."""

from __future__ import annotations

import enum
import uuid
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Date,
    Enum,
    ForeignKey,
    Integer,
    Interval,
    LargeBinary,
    MetaData,
    Numeric,
    String,
    Table,
    Text,
    Uuid,
    insert,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY, INET, JSONB

from flask_guesterase.core.policy import Policy, Subject
from flask_guesterase.core.treatment import inside, keep, mentions, null, placeholder, redact
from flask_guesterase.store.checking.coverage import coverage
from flask_guesterase.store.executing import expiry
from flask_guesterase.store.mapping.datamap import resolve
from tests.engines import DEEP
from tests.store.test_expiry import Inn


class Shown(enum.Enum):
    """What a guest showed."""

    CARD = "card"
    NONE = "none"


def _year(old: date | None) -> date | None:
    return old and old.replace(month=1, day=1)


def _initial(old: str | None) -> str | None:
    return old and old[:1]


TOKEN = uuid.UUID("a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11")
OLD = date(2024, 1, 1)
TOLD_BY_SQL: dict[str, tuple[Callable[[], Any], Any, Any]] = {
    "uuid": (Uuid, placeholder, TOKEN),
    "uuid-text": (lambda: Uuid(as_uuid=False), placeholder, str(TOKEN)),
    "short": (lambda: String(10), placeholder, "0401234567"),
    "json": (JSON, {}, {"who": "Ann"}),
    "inside": (JSON, inside({"$.who": placeholder}), {"who": "Ann", "n": 1}),
}
KINDS: dict[str, tuple[Callable[[], Any], Any, Any]] = {
    "shorter": (lambda: String(14), placeholder, "ab@cd.example"),
    "text": (Text, placeholder, "Ann"),
    "year": (Date, _year, date(1980, 4, 5)),
    "initial": (lambda: String(40), _initial, "Ann"),
    "rounded": (lambda: Numeric(10, 2), lambda v: v and Decimal(int(v)), Decimal("12.50")),
    "inside-callable": (Text, inside({"$.who": _initial}), '{"who": "Ann", "n": 1}'),
    "inside-mentions": (Text, inside({"$.who": mentions}), '{"who": "Ann", "n": 1}'),
    "bytes": (LargeBinary, b"", b"\x00Ann"),
    "number": (lambda: Numeric(10, 2), Decimal("0.10"), Decimal("12.50")),
    "span": (Interval, timedelta(0), timedelta(days=3)),
    "flag": (Boolean, False, True),
    "day": (Date, date(1900, 1, 1), date(1980, 4, 5)),
    "enum": (lambda: Enum(Shown, length=8), Shown.NONE, Shown.CARD),
    "null": (JSON, null, {"who": "Ann"}),
    "mark": (lambda: String(3), redact, "Ann"),
}
ONLY: dict[str, tuple[Callable[[], Any], Any, Any]] = {
    "jsonb": (JSONB, {}, {"who": "Ann"}),
    "list": (lambda: ARRAY(String), [], ["Ann"]),
    "inet": (INET, "192.0.2.0", "192.0.2.1"),
    "inside-jsonb": (JSONB, inside({"$.who": placeholder}), {"who": "Ann", "n": 1}),
}


def _go_once(url: str, folder: Path, held: dict[str, tuple[Callable[[], Any], Any, Any]]) -> None:
    """Let a slip of each kind of column come of age, be looked at anew, and be written again."""
    metadata = MetaData()
    people = Table(
        "folk", metadata, Column("id", Integer, primary_key=True), Column("house", String(10)),
        Column("email", String(80)),
    )  # fmt: skip
    slips = {
        name: Table(
            f"slips_{name.replace('-', '_')}", metadata, Column("id", Integer, primary_key=True),
            Column("one", ForeignKey("folk.id")), Column("held", kind()), Column("dated", Date),
        )
        for name, (kind, _, _) in held.items()
    }  # fmt: skip
    inn = Inn(url, folder)
    inn.datamap = resolve(
        [
            (people, Policy(
                {"house": keep("which house"), "email": null},
                subject=Subject(match=["email"], contact=["email"], property="house"),
            )),
            *((slips[name], Policy(
                {"held": rule, "dated": keep("statistics")}, via="one", clock="dated",
                category="identity_document_copy",
            )) for name, (_, rule, _) in held.items()),
        ],
        metadata.tables.values(), [], coverage,
    )  # fmt: skip
    assert not inn.datamap.findings, inn.datamap.findings
    metadata.create_all(inn.engine)
    with inn.engine.begin() as conn:
        conn.execute(insert(people).values(id=1, house="sh", email="p1@mail.example"))
        for name, (_, _, value) in held.items():
            conn.execute(insert(slips[name]).values(id=1, one=1, held=value, dated=OLD))

    def there() -> dict[str, Any]:
        with inn.engine.connect() as conn:
            return {
                name: conn.execute(select(table.c.held)).scalar_one()
                for name, table in slips.items()
            }

    assert expiry.expire(inn.run) == {"expired": len(held)}
    left = there()
    assert [name for name, (_, _, value) in held.items() if left[name] == value] == []
    events = len(inn.events)
    inn.later(days=1)
    assert expiry.expire(inn.run) == {}
    assert (len(inn.events), there()) == (events, left)
    with inn.engine.begin() as conn:
        for name, (_, _, value) in held.items():
            conn.execute(update(slips[name]).values(held=value))
    inn.later(days=8)
    assert expiry.expire(inn.run) == {"expired": len(held)}
    inn.engine.dispose()


def test_a_row_goes_once_and_again_when_somebody_is_written_into_it(
    database_url: str, tmp_path: Path
) -> None:
    """The night after, nothing is taken, kept or told of anew; what the host writes in goes."""
    _go_once(database_url, tmp_path, TOLD_BY_SQL)


@pytest.mark.parametrize("engine", DEEP)
def test_so_does_one_that_is_read_to_be_known(
    tmp_path: Path, engine: str, request: pytest.FixtureRequest
) -> None:
    """Callables, documents, and whatever else a column may hold."""
    _go_once(request.getfixturevalue(f"{engine}_url"), tmp_path, KINDS)


def test_so_does_one_of_what_only_postgresql_has(postgresql_url: str, tmp_path: Path) -> None:
    """Types without an order, and some without a notion of equal."""
    _go_once(postgresql_url, tmp_path, ONLY)
