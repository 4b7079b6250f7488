"""What was judged due is due still when it goes; a record that must stay holds up no other."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Column, Date, ForeignKey, Integer, MetaData, String, Table, insert, select

from flask_guesterase.core.policy import Policy, Subject
from flask_guesterase.core.treatment import delete, keep, null
from flask_guesterase.store.certificates import planning
from flask_guesterase.store.executing import expiry
from tests import engines
from tests.store.crowd import GUESTS, NEW, OLD, Crowd

PAPERS = MetaData()
PEOPLE = Table(
    "people", PAPERS,
    Column("id", Integer, primary_key=True),
    Column("hotel", String(10), nullable=False),
    Column("email", String(120)),
)  # fmt: skip
SCANS = Table(
    "scans", PAPERS,
    Column("id", Integer, primary_key=True),
    Column("person_id", ForeignKey("people.id"), nullable=False, index=True),
    Column("hotel", String(10), nullable=False),
    Column("name", String(80)),
    Column("made_on", Date, nullable=False, index=True),
)  # fmt: skip
SCORES = Table(
    "scores", PAPERS,
    Column("id", Integer, primary_key=True),
    Column("scan_id", ForeignKey("scans.id"), nullable=False, index=True),
    Column("points", Integer, nullable=False),
)  # fmt: skip


def policies() -> list[tuple[Any, Policy]]:
    """Return what the vendor declares: scans go by their day, and a score that stays needs one."""
    return [
        (PEOPLE, Policy(
            {"hotel": keep("which house"), "email": null},
            subject=Subject(match=["email"], contact=["email"], property="hotel"),
        )),
        (SCANS, Policy(
            {"hotel": keep("which house"), "name": null, "made_on": keep("statistics")},
            rows=delete, via="person_id", category="reservation", place="hotel",
            clock={"last_activity": "made_on"},
        )),
        (SCORES, Policy(
            {"points": keep("nobody is known by them"), "scan_id": keep("a key")},
            via="scan_id.person_id",
        )),
    ]  # fmt: skip


class Papers(Crowd):
    """A hotel whose scans go by their day, each by itself."""

    schema = PAPERS
    declared = staticmethod(policies)

    def scanned(self, many: int) -> None:
        """Put people in, each with an old scan."""
        numbers = range(1, many + 1)
        with self.engine.begin() as conn:
            conn.execute(insert(PEOPLE), [
                {"id": n, "hotel": "sh", "email": f"p{n}@mail.example"} for n in numbers
            ])
            conn.execute(insert(SCANS), [
                {"id": n, "person_id": n, "hotel": "sh", "name": f"Ada {n}", "made_on": OLD}
                for n in numbers
            ])  # fmt: skip

    def scans(self) -> set[int]:
        """Return the numbers of the scans that are there."""
        with self.engine.connect() as conn:
            return set(conn.execute(select(SCANS.c.id)).scalars())


@pytest.fixture(params=["postgresql", pytest.param("mariadb", marks=pytest.mark.long)])
def address(request: pytest.FixtureRequest) -> Iterator[str]:
    """An empty database of a server, where the host writes while a sweep is at work."""
    with engines.fresh_database(request.param) as url:
        yield url


@pytest.fixture
def meanwhile(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], object]], None]:
    """Let the host do something once, after rows were judged and before they are locked."""

    def arrange(deed: Callable[[], object]) -> None:
        locked, waiting = planning.locked, [deed]

        def late(*given: Any, **more: Any) -> Any:
            if waiting:
                waiting.pop()()
            return locked(*given, **more)

        monkeypatch.setattr(expiry.planning, "locked", late)

    return arrange


def change(made: Crowd, table: Table, id: int, **values: object) -> None:
    """Change a row as the host does, in a transaction of its own."""
    with made.engine.begin() as conn:
        conn.execute(table.update().where(table.c.id == id).values(values))


def test_who_comes_back_while_a_sweep_is_at_work_stays(
    address: str, tmp_path: Path, meanwhile: Callable[[Callable[[], object]], None]
) -> None:
    """Of three whose time is over one arrives after they were judged; the other two go."""
    made = Crowd(address, tmp_path)
    made.build()
    made.confirmed()
    made.fill(range(1, 4), OLD)
    made.later(hours=1)
    meanwhile(lambda: change(made, GUESTS, 2, seen=NEW, name="Guest 2 is back"))
    report = made.sweep()
    assert (made.there(), made.halves(), report.problems) == ({2}, [], {})
    assert report.counts["people"] == 2
    with made.engine.connect() as conn:
        back = conn.execute(select(GUESTS.c.name, GUESTS.c.seen).where(GUESTS.c.id == 2)).one()
    assert tuple(back) == ("Guest 2 is back", NEW)
    made.engine.dispose()


def test_a_record_that_is_renewed_while_a_sweep_is_at_work_stays(
    address: str, tmp_path: Path, meanwhile: Callable[[Callable[[], object]], None]
) -> None:
    """Of three old scans one is made anew after they were judged."""
    made = Papers(address, tmp_path)
    made.build()
    made.confirmed()
    made.scanned(3)
    made.later(hours=1)
    meanwhile(lambda: change(made, SCANS, 3, made_on=date(2026, 3, 1)))
    report = made.sweep()
    assert (made.scans(), report.problems) == ({3}, {})
    assert report.counts["expired"] == 2
    made.engine.dispose()


@pytest.mark.parametrize("kind", engines.DEEP)
def test_a_record_that_must_stay_holds_up_no_other(kind: str, tmp_path: Path) -> None:
    """A score the hotel keeps points at one scan of twenty: nineteen go, and one waits."""
    with engines.fresh_database(kind) as url:
        made = Papers(url, tmp_path)
        made.build()
        made.confirmed()
        made.scanned(20)
        with made.engine.begin() as conn:
            conn.execute(insert(SCORES).values(id=1, scan_id=7, points=3))
        made.later(days=1)
        report = made.sweep()
        assert (made.scans(), report.problems) == ({7}, {})
        assert (report.counts["expired"], report.counts["waiting"]) == (19, 1)
        assert [(line["table"], line["rows"]) for line in report.backlog] == [("scans", 1)]
        with made.engine.begin() as conn:
            conn.execute(SCORES.delete())
        made.later(days=1)
        assert made.sweep().counts["expired"] == 1
        assert made.scans() == set()
        made.engine.dispose()
