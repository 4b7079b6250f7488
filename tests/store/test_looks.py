"""Looks that do not go smoothly: rows nobody can read, odd keys, locks, and little time."""

from __future__ import annotations

import enum
import sqlite3
from collections.abc import Callable, Iterator
from datetime import date
from itertools import count
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import (
    Column,
    Date,
    Enum,
    ForeignKey,
    Integer,
    MetaData,
    String,
    Table,
    TypeDecorator,
    delete,
    insert,
    select,
    update,
)
from sqlalchemy.orm import registry

from flask_guesterase.core.errors import BusyError
from flask_guesterase.core.policy import Policy, Subject
from flask_guesterase.core.treatment import keep, null, placeholder, retain
from flask_guesterase.store import sweep, tables, transaction
from flask_guesterase.store.executing import expiry
from flask_guesterase.store.mapping.datamap import DataMap, resolve
from flask_guesterase.store.office import Office
from flask_guesterase.store.retaining import law
from flask_guesterase.store.sweep import Limits
from flask_guesterase.store.sweeping import (
    backlog,
    basis,
    claiming,
    judged,
    looking,
    narrowing,
    runs,
)
from flask_guesterase.store.sweeping.claiming import Shift
from flask_guesterase.store.sweeping.claims import Bounds
from flask_guesterase.store.sweeping.report import SweepReport
from tests import engines
from tests.store import forms
from tests.store.forms import Form, Forms, Guest, _render
from tests.store.test_expiry import Inn
from tests.store.test_redating import UNKNOWN
from tests.store.test_redating import house as period
from tests.store.test_told_today import REGISTER, changed

OLD = date(2025, 2, 1)
"""A departure whose year is over."""

YOUNG = date(2026, 2, 1)
REFUSED = date(1999, 1, 1)


class Kind(enum.Enum):
    """What a guest showed."""

    PASSPORT = "passport"
    CARD = "card"


class Day(TypeDecorator[date]):
    """A host's own day: one value in the database is none."""

    impl = Date
    cache_ok = True

    def process_result_value(self, value: Any, dialect: Any) -> Any:
        """Refuse one day, in words that name somebody."""
        if value == REFUSED:
            raise ValueError("Ada Roe")
        return value


class Docs(Forms):
    """Two hotels with two tables of what guests showed, the key of one as a test wants it.

    :param url: address of an empty database.
    :param folder: where the keys go.
    :param schema: an empty schema.
    :param key: columns of the key of the first table.
    :param keyed: they are its primary key, and not only what the mapper calls so.
    """

    def __init__(
        self, url: str, folder: Path, schema: MetaData, key: list[Column[Any]], keyed: bool
    ) -> None:
        self.schema, self.registry = schema, registry()
        self.guests = Table(
            "guests", schema, Column("id", Integer, primary_key=True),
            Column("house", String(10), nullable=False), Column("email", String(120)),
        )  # fmt: skip
        self.docs = self._table("docs", key)
        self.visas = self._table("visas", [Column("id", Integer, primary_key=True)])
        self.models = [type(name, (), {}) for name in ("Person", "Doc", "Visa")]
        known = {} if keyed else {"primary_key": [self.docs.c[c.name] for c in key]}
        for model, table in zip(self.models, [self.guests, self.docs, self.visas], strict=True):
            more = known if table is self.docs else {}
            self.registry.map_imperatively(model, table, **more)
        super().__init__(url, folder)

    def _table(self, name: str, key: list[Column[Any]]) -> Table:
        return Table(
            name, self.schema, *key, Column("guest_id", ForeignKey("guests.id")),
            Column("house", String(10)), Column("name", String(80)), Column("nation", String(2)),
            Column("left_on", Day),
        )  # fmt: skip

    def mapped(self, email: Any = placeholder) -> DataMap:  # type: ignore[override]
        """Resolve the policies."""
        person, doc, visa = self.models
        guest = Policy(
            {"house": keep("which house"), "email": email},
            subject=Subject(match=["email"], contact=["email"], property="house"),
        )
        found = [(person, guest), (doc, _shown(self.docs)), (visa, _shown(self.visas))]
        return resolve(found, self.schema.tables.values(), list(self.registry.mappers))

    def show(self, who: int, left: date = OLD, table: str = "docs", **key: Any) -> None:
        """Let a guest from France show something."""
        values = {
            "guest_id": who, "house": "mu", "name": "Ada Roe", "nation": "FR", "left_on": left,
        }  # fmt: skip
        person = {"id": who, "house": "mu", "email": f"g{who}@mail.example"}
        with self.engine.begin() as conn:
            conn.execute(insert(self.guests).values(person))
            conn.execute(insert(self.schema.tables[table]).values(**values, **(key or {"id": who})))

    def kept(self, table: str = "docs") -> set[int]:
        """Return the numbers of the guests of whom a table still has a name."""
        here = self.schema.tables[table].c
        with self.engine.connect() as conn:
            return set(conn.execute(select(here.guest_id).where(here.name.is_not(None))).scalars())


def _shown(table: Table) -> Policy:
    names = [*(c.name for c in table.primary_key), "branch", "house", "nation", "left_on"]
    rules: dict[str, Any] = {name: keep("which one") for name in names if name in table.c}
    return Policy(
        rules | {"name": retain("guest_register", null)}, via="guest_id",
        category="guest_register", clock={"departed": "left_on"}, facts={"nationality": "nation"},
        place="house",
    )  # fmt: skip


Make = Callable[..., Docs]


def number() -> Column[Any]:
    """Return a column that numbers rows."""
    return Column("id", Integer, primary_key=True)


def _maker(url: str, folder: Path, patch: pytest.MonkeyPatch) -> Iterator[Make]:
    made: list[Docs] = []

    def make(*key: Column[Any], keyed: bool = True) -> Docs:
        schema = MetaData()
        patch.setattr(forms, "Base", SimpleNamespace(metadata=schema))
        made.append(Docs(url, folder, schema, list(key), keyed))
        looking.look(made[-1].run)
        made[-1].run(_confirmed)
        return made[-1]

    yield make
    for each in made:
        each.engine.dispose()


def _confirmed(office: Office) -> None:
    """Confirm what a sweep has shown, without the sweep, which does much else."""
    for code in office.work.settings.properties:
        runs.show(office.work, code, [])
    office.confirm_sweep("officer")
    runs.finish(office.work, office.work.stamp, {})


@pytest.fixture
def make(sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Make]:
    """What makes two confirmed hotels on SQLite."""
    yield from _maker(sqlite_url, tmp_path, monkeypatch)


@pytest.fixture(params=engines.DEEP)
def make_any(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Make]:
    """The same on each of the three engines in turn."""
    with engines.fresh_database(request.param) as url:
        yield from _maker(url, tmp_path, monkeypatch)


@pytest.fixture(params=["postgresql", "mariadb"])
def make_served(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Make]:
    """The same on the engines that hold a text to its length."""
    url = request.getfixturevalue(f"{request.param}_url")
    yield from _maker(url, tmp_path, monkeypatch)


@pytest.fixture
def house(sqlite_url: str, tmp_path: Path) -> Iterator[Forms]:
    """Two hotels on SQLite with registration forms, confirmed."""
    made = Forms(sqlite_url, tmp_path)
    made.confirmed()
    yield made
    made.engine.dispose()


class Slice(Shift):
    """A run that may take so many steps."""

    def __init__(self, steps: int) -> None:
        super().__init__()
        self._left = steps

    def over(self) -> bool:
        """Return whether all steps were taken."""
        self._left -= 1
        return self._left < 0


def night(house: Forms, seconds: float = 600) -> SweepReport:
    """Sweep within limits, which only erases by day."""
    return sweep.sweep(house.run, _render, {}, limits=Limits(seconds=seconds))


def left(house: Forms) -> set[int]:
    """Return the numbers of the forms that still have a name."""
    return {id for id, name in house.names().items() if name is not None}


def forms_of(house: Forms, ids: range, left_on: date = OLD) -> None:
    """Put many guests with a form each in."""
    with house.engine.begin() as conn:
        conn.execute(
            insert(Guest),
            [{"id": id, "house": "mu", "email": f"g{id}@mail.example"} for id in ids],
        )
        conn.execute(
            insert(Form),
            [
                {"id": id, "guest_id": id, "house": "mu", "name": "Ada Roe", "nation": "FR",
                 "left_on": left_on}
                for id in ids
            ],
        )  # fmt: skip


def anew(house: Forms) -> None:
    """Let the next look be one at everything."""
    with house.engine.begin() as conn:
        conn.execute(delete(tables.look))


# rows that nobody can read


@pytest.mark.parametrize("whole", [True, False], ids=["everything", "what is new"])
def test_a_row_that_cannot_be_read_keeps_no_other(
    make_any: Make, whole: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It stands alone, is told without a value, is tried again, and goes once it is cured."""
    monkeypatch.setattr(looking, "STRIDE", 8)
    monkeypatch.setattr(looking, "PAGE", 8)
    house = make_any(number())
    for id in range(1, 10):
        house.show(id, REFUSED if id in (3, 9) else OLD)
    house.show(20, table="visas")
    if whole:
        anew(house)
    report = night(house)
    assert (house.kept(), house.kept("visas")) == ({3, 9}, set())
    assert report.problems == {"look:docs": "ValueError"}
    assert [(f["table"], f["property"], f["tries"], f["problem"]) for f in report.failing] == [
        ("docs", "mu", 1, "ValueError")
    ] * 2
    assert "Ada" not in repr(report)
    with house.engine.begin() as conn:
        conn.execute(update(house.docs).where(house.docs.c.id == 3).values(left_on=OLD))
    house.later(minutes=20)
    report = night(house)
    assert house.kept() == {9}
    assert [f["tries"] for f in report.failing] == [2]


def test_a_look_at_everything_ends_behind_rows_that_cannot_be_read(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows that fail are passed over for good, so many in a row that one look gives up at them."""
    monkeypatch.setattr(narrowing, "VAIN", 3)
    house = make(number())
    for id in range(1, 11):
        house.show(id, REFUSED if 2 <= id <= 8 else OLD)
    house.show(20, table="visas")
    anew(house)
    told: dict[str, str] = {}
    assert not looking.look(house.run, told=told)
    assert told == {"look:docs": "ValueError"}
    assert {row["table_name"] for row in house.ours("due")} == {"docs", "visas"}
    assert not looking.look(house.run, told=told)
    assert looking.look(house.run, told=told)
    assert {row["row_key"] for row in house.ours("due") if row["tries"] == 0} == {
        "int:1", "int:9", "int:10", "int:20",
    }  # fmt: skip


def test_rows_that_cannot_be_read_leave_the_preview_as_it_is(make: Make) -> None:
    """What waits to be confirmed is shown without them."""
    house = make(number())
    for id in (1, 2, 3):
        house.show(id, REFUSED if id == 2 else OLD)
    house.change(null)
    report = house.tried()
    assert [(row["table"], row["rows"]) for row in report.previews] == [("docs", 2)]
    house.tried("officer")
    assert house.kept() == {2}


def test_what_is_due_goes_although_a_look_failed(house: Forms) -> None:
    """A look that cannot even begin is told, and is no reason to leave what was found before."""
    house.form(1, OLD)
    looking.look(house.run)
    tables.look.drop(house.engine)
    report = house.tried()
    assert report.problems["look"] == "SetupError"
    assert left(house) == set()


def test_a_row_whose_key_is_too_long_to_be_written_down_goes_as_well(make_served: Make) -> None:
    """A path may be longer than what we write down: it is listed anew, shown, and erased."""
    house = make_served(Column("path", String(500), primary_key=True))
    for id in (1, 2, 3, 4):
        left = YOUNG if id == 4 else OLD
        house.show(id, left, path=f"/{id}" + "x" * 420 * (id in (2, 4)))
    report = night(house)
    assert (house.kept(), report.problems) == ({4}, {})
    house.show(5, path="/5" + "|" * 240)
    house.change(null)
    assert [row["rows"] for row in house.tried().previews] == [1]
    assert house.kept() == {4, 5}
    assert house.tried("officer").problems == {}
    assert house.kept() == {4}


@pytest.mark.long
def test_a_long_key_that_something_keeps_is_told_each_night(
    make_served: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody can write down that it failed, so it counts as unfinished, and keeps no other."""
    house = make_served(Column("path", String(500), primary_key=True))
    for id in (1, 2):
        house.show(id, path=f"/{id}" + "x" * 420 * (id == 2))
    erase = expiry._erase

    def stuck(now: Any, skip: Any, office: Office) -> Any:
        if any(len(item.key[0]) > 400 for item in now):
            raise BusyError("Somebody holds it.", "Wait.")
        return erase(now, skip, office)

    monkeypatch.setattr(expiry, "_erase", stuck)
    for _ in range(2):
        assert night(house).counts["unfinished"] == 1
        assert house.kept() == {2}
    monkeypatch.undo()
    night(house)
    assert house.kept() == set()


# keys


def test_rows_with_an_enum_in_the_key_go(make_any: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """Such a key cannot be read back from text, so they are listed anew by each sweep."""
    monkeypatch.setattr(looking, "STRIDE", 2)
    house = make_any(
        Column("kind", Enum(Kind), primary_key=True),
        Column("id", Integer, primary_key=True, autoincrement=False),
    )
    for id in range(1, 6):
        house.show(id, YOUNG if id == 5 else OLD, kind=list(Kind)[id % 2], id=id)
    anew(house)
    assert looking.look(house.run, Shift(seconds=5))
    night(house)
    assert house.kept() == {5}


def test_a_listed_row_that_cannot_be_read_keeps_no_other(make: Make) -> None:
    """It counts as unfinished each night."""
    house = make(
        Column("kind", Enum(Kind), primary_key=True),
        Column("id", Integer, primary_key=True, autoincrement=False),
    )
    for id in range(1, 6):
        house.show(id, REFUSED if id == 3 else OLD, kind=Kind.CARD, id=id)
    report = night(house)
    assert (house.kept(), report.counts["unfinished"]) == ({3}, 1)


def test_rows_whose_key_may_be_empty_in_part_go(
    make_any: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """NULL is neither before nor after a value, so no look can go on behind such a key."""
    monkeypatch.setattr(looking, "STRIDE", 3)
    monkeypatch.setattr(looking, "PAGE", 3)
    house = make_any(
        Column("branch", String(5)), Column("id", Integer, nullable=False), keyed=False
    )
    for id in range(1, 9):
        house.show(id, branch="B" if id % 2 else None, id=id)
    night(house)
    assert house.kept() == set()


def test_a_place_that_cannot_be_read_is_told(house: Forms) -> None:
    """A look that does not know where to go on begins nothing anew, which would have no end."""
    house.form(1, OLD)
    anew(house)
    with house.engine.begin() as conn:
        conn.execute(update(Form).values(left_on=YOUNG))
    looking.look(house.run)
    with house.engine.begin() as conn:
        conn.execute(update(tables.look).values(after="Kind:Kind.CARD"))
    told: dict[str, str] = {}
    assert not looking.look(house.run, told=told)
    assert told == {"look:forms": "UnknownError"}


def test_a_claim_whose_key_cannot_be_read_failed(house: Forms) -> None:
    """Nobody took the row away, so it is not done."""
    forms_of(house, range(1, 3))
    looking.look(house.run)
    first = tables.due.c.row_key == "int:1"
    with house.engine.begin() as conn:
        conn.execute(update(tables.due).where(first).values(row_key="Kind:Kind.CARD"))
    counts = expiry.erase_due(house.run, Bounds(), Shift(), {})
    assert (left(house), counts["unfinished"]) == ({1}, 1)
    assert [(f.tries, f.problem) for f in house.run(lambda o: backlog.failing(o.work))] == [
        (1, "UnknownError")
    ]


# locks


def test_a_look_waits_for_a_lock_that_is_let_go(
    house: Forms, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The host writes longer than one transaction of ours waits."""
    monkeypatch.setattr(transaction, "LOCK_SECONDS", 0.01)
    house.form(1, OLD)
    host = sqlite3.connect(str(house.engine.url.database), isolation_level=None)
    host.execute("BEGIN IMMEDIATE")
    shift = Shift()

    def rest(seconds: float) -> None:
        if shift.met == 2 and host.in_transaction:
            host.execute("ROLLBACK")

    monkeypatch.setattr(shift, "rest", rest)
    assert looking.look(house.run, shift)
    host.close()
    assert [row["row_key"] for row in house.ours("due")] == ["int:1"]
    assert shift.met == 2


def test_a_look_does_not_wait_for_ever(house: Forms, monkeypatch: pytest.MonkeyPatch) -> None:
    """A lock that stays is told by its class."""
    shift, tries = Shift(), 0
    monkeypatch.setattr(shift, "rest", lambda seconds: None)

    def unit(office: Any) -> None:
        nonlocal tries
        tries += 1
        raise BusyError("Somebody holds it.", "Wait.")

    with pytest.raises(BusyError):
        shift.paced(house.run, unit)
    assert 1 < tries < 20


# little time


@pytest.mark.parametrize("days", [0, 1], ids=["within a day", "over midnight"])
def test_a_look_at_much_that_is_new_goes_on_where_it_was_cut_off(
    house: Forms, monkeypatch: pytest.MonkeyPatch, days: int
) -> None:
    """An import is looked at row by row, each once, whatever the time between two slices."""
    met: list[Any] = []
    judge = judged.judge_rows

    def watched(work: Any, declared: Any, keys: Any) -> Any:
        met.extend(keys)
        return judge(work, declared, keys)

    monkeypatch.setattr(looking, "judge_rows", watched)
    monkeypatch.setattr(looking, "PAGE", 4)
    forms_of(house, range(5000, 5018))
    house.form(6000, date(2025, 3, 11))
    ended = [looking.look(house.run, Slice(1))]
    house.later(days=2 * days)
    ended += [looking.look(house.run, Slice(1)) for _ in range(9)]
    assert (ended[0], ended[-1]) == (False, True)
    found = {row["row_key"] for row in house.ours("due")}
    assert found >= {f"int:{id}" for id in range(5000, 5018)}
    assert ("int:6000" in found) == bool(days)
    assert len([key for key in met if key[0] < 5018]) <= 18 * (2 + 2 * days)
    assert house.run(lambda office: looking.unended(office.work, "forms")).total() == 0


def test_a_short_sweep_erases_while_its_look_has_not_ended(
    house: Forms, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A look that would take all of the time leaves half of it to erase in."""
    monkeypatch.setattr(looking, "PAGE", 1)
    ticks = count()
    monkeypatch.setattr(claiming, "monotonic", lambda: next(ticks) / 10)
    forms_of(house, range(5000, 5400))
    seen = []
    for _ in range(3):
        report = night(house, 6)
        assert report.problems == {}
        assert report.stopped == "time"
        seen.append(len(left(house)))
        house.later(minutes=10)
    assert 400 > seen[0] > seen[1] > seen[2]


def test_what_a_period_ends_that_waited_goes_on_its_first_day(
    sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is no older than the night before, so that nothing of it came of age."""
    monkeypatch.setattr(looking, "OVERLAP", 0)
    inn = Inn(sqlite_url, tmp_path)
    inn.grants["second"].add("law")
    changed(inn, REGISTER, UNKNOWN)
    for id in (1, 2):
        inn.person(id, date(2025, 1, id))
    period(inn, years=1)
    with inn.begin() as office:
        (acts,) = {r.acts_on for r in law.rules_at(office.work, "sh") if r.acts_on is not None}
        confirmed = basis.whole(office.work)
    gone: list[date] = []
    while inn.now.date() <= acts:
        if expiry.expire(inn.run):
            gone.append(inn.now.date())
        inn.later(days=1)
    assert gone == [acts]
    with inn.begin() as office:
        assert basis.whole(office.work) == confirmed
    inn.engine.dispose()
