"""What is kept of a row that nobody can place goes by no house's law, nor by the asked one's."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from flask_guesterase.core.log import canonical
from flask_guesterase.core.treatment import keep, retain
from flask_guesterase.store import tables
from flask_guesterase.store.executing import finishing, forgetting, settling
from flask_guesterase.store.mapping.datamap import resolve
from flask_guesterase.store.retaining import vouching
from flask_guesterase.store.settings import Property
from tests.store.test_expiry import BILLS, METADATA, PEOPLE, Inn, boxed
from tests.zealand import law as pack
from tests.zealand import rule

FAR = Property("far", "Masi", "Kauri Ltd", "FJ", "Pacific/Fiji", "en")


class Pair(Inn):
    """Hotels in two countries, and lines of a register that say at which of them they are."""

    pack = pack(
        rule(
            "foreigners", "guest_register", 1, 'floor = "P2Y"', 'clock = ["last_activity"]',
            "when = { foreign = true }",
        ),
        rule(
            "locals", "guest_register", 2, 'floor = "P1Y"', 'clock = ["last_activity"]',
            "when = { foreign = false }",
        ),
        # What the column was called first binds it still.
        rule("scans", "identity_document_copy", 3, 'floor = "P1Y"', 'clock = ["last_activity"]'),
    )  # fmt: skip

    def __init__(self, url: str, folder: Path) -> None:
        super().__init__(url, folder)
        file = folder / "FJ.toml"
        file.write_text(self.pack.replace("NZ", "FJ"), encoding="utf-8")
        self.settings = replace(
            self.settings, packs=(*self.settings.packs, str(file)),
            properties={**self.settings.properties, "far": FAR},
        )  # fmt: skip
        people, bills = (self.datamap.tables[name].policy for name in ("people", "bills"))
        columns = {
            **bills.columns, "payer": keep("which house"), "letter": keep("whose"),
            "role": keep("a country"), "scan": retain("guest_register"),
        }  # fmt: skip
        bills = replace(
            bills, columns=columns, place="payer", facts={"nationality": "role"},
            clock={"last_activity": "dated"},
        )  # fmt: skip
        people = replace(people, columns={**people.columns, "visa": keep("nothing")})
        self.datamap = resolve([(PEOPLE, people), (BILLS, bills)], METADATA.tables.values(), [])

    def line(self, code: str | None, sealed: bool, nation: str = "NZ") -> str:
        """Erase a guest of the first house, and with them a line of a code; return the number."""
        if sealed:
            boxed(self)
        self.person(1, date(2026, 3, 1), visa=None)
        self.bill(1, one=1, scan="LINE", payer=code, role=nation)
        number = self.approved(email="p1@mail.example")
        assert self.erased(number) == "sealed"
        return number

    def nights(self, *days: int) -> tuple[str, bool]:
        """Let nights go by; return why the line is kept without an end, and whether it still is."""
        for each in days:
            self.later(days=each)
            finishing.finish(self.run)
            settling.settled(self.run)
            forgetting.forget(self.run)
        (kept,) = [row for row in self.ours("kept") if not row["ended_at"]] or [{"open": ""}]
        boxes = [b for b in self.ours("box") if b["purpose"] == "retention"]
        stays = any(not b["forgotten_at"] for b in boxes) if boxes else self.read(BILLS)["scan"]
        return str(kept["open"]), bool(stays)


@pytest.fixture
def pair(sqlite_url: str, tmp_path: Path) -> Iterator[Pair]:
    """The two hotels on SQLite."""
    made = Pair(sqlite_url, tmp_path)
    yield made
    made.engine.dispose()


@pytest.mark.parametrize("sealed", [True, False], ids=["sealed", "in its row"])
@pytest.mark.parametrize("code", ["old", "  ", None], ids=["gone", "blank", "none"])
def test_what_nobody_can_place_is_kept_until_somebody_can(
    pair: Pair, code: str | None, sealed: bool
) -> None:
    """The house that was asked has a law for its own lines; this one may be the other country's."""
    pair.line(code, sealed)
    assert pair.nights(0, 1, 400, 800) == ("no-place", True)


def test_what_nobody_can_place_is_kept_where_a_house_came_since(pair: Pair) -> None:
    """Its rules are written down by the erasure that first asks them, after those of others."""
    pair.line("old", False)
    new = replace(FAR, code="new", controller="Rimu Ltd")
    pair.settings = replace(pair.settings, properties={**pair.settings.properties, "new": new})
    pair.person(2, date(2026, 3, 1), visa=None)
    pair.bill(2, one=2, scan="LINE", payer="old", role="NZ")
    assert pair.erased(pair.approved(email="p2@mail.example")) == "sealed"


@pytest.mark.parametrize("sealed", [True, False], ids=["sealed", "in its row"])
def test_what_lies_at_the_house_that_was_asked_goes_on_its_day(
    pair: Pair, sealed: bool
) -> None:
    """Its line says so, and nothing is in doubt."""
    pair.line("sh", sealed)
    assert pair.nights(0, 1) == ("", True)
    assert pair.nights(400) == ("", False)


@pytest.mark.parametrize("since", ["as now", "before"])
def test_what_its_row_says_by_now_to_lie_at_the_house_that_was_asked_goes_on_its_day(
    pair: Pair, since: str
) -> None:
    """The host wrote down which house it is, and by the law of that one it ends."""
    pair.line("old", True)
    if since == "before":
        before(pair, "")
    pair.set(BILLS, 1, payer="sh")
    assert pair.nights(0, 1) == ("", True)
    assert told(pair)["place"] == "sh"
    assert pair.nights(400) == ("", False)


def test_what_its_row_says_by_now_to_lie_at_another_house_stays(pair: Pair) -> None:
    """Its key, and in whose name it is kept, are those of the house that was asked."""
    pair.line("old", True)
    pair.set(BILLS, 1, payer="far")
    assert pair.nights(0, 1, 400, 800) == ("no-place", True)


def told(pair: Pair) -> dict[str, Any]:
    """Return what is written down of the one row that is kept."""
    (text,) = {row["facts"] for row in pair.ours("kept") if not row["ended_at"]}
    return dict(json.loads(text))


@pytest.mark.parametrize(
    ("nation", "said"),
    [("NZ", {"nationality": "NZ"}), ("DE", {"foreign": True})],
    ids=["of one house", "of neither"],
)
def test_what_the_rules_of_any_house_ask_is_written_down(
    pair: Pair, nation: str, said: dict[str, Any]
) -> None:
    """Whichever it turns out to be: who is a foreigner at one of them may be none at the other."""
    pair.line("", True, nation)
    assert told(pair)["answers"] == said


def before(pair: Pair, word: str | None = None) -> None:
    """Let what is kept be written down as it was before facts said where their row lay."""
    kept = tables.kept
    with pair.begin() as office:
        for line in office.work.conn.execute(select(kept)).all():
            facts = {k: v for k, v in json.loads(line.facts).items() if k not in ("place", "mark")}
            marked = vouching.vouched(office.work, line._mapping, facts)
            values = {"facts": canonical(marked).decode()}
            values |= {} if word is None else {"open": word}
            office.work.conn.execute(update(kept).where(kept.c.id == line.id).values(values))


@pytest.mark.parametrize("sealed", [True, False], ids=["sealed", "in its row"])
def test_what_was_written_down_before_is_not_believed_to_lie_at_the_house_that_was_asked(
    pair: Pair, sealed: bool
) -> None:
    """A night may have taken the reason from it already, and given it the day of that house."""
    pair.line("old", sealed)
    before(pair, "")
    assert pair.nights(0, 1, 400, 800) == ("no-place", True)


def test_where_one_house_is_all_there_is_what_was_written_down_before_goes_on_its_day(
    pair: Pair,
) -> None:
    """Its law is the only one there can be, unless it was said that nobody could place the row."""
    houses = {"sh": pair.settings.properties["sh"]}
    pair.settings = replace(pair.settings, properties=houses)
    pair.line("sh", True)
    before(pair)
    assert pair.nights(0, 1) == ("", True)
    assert pair.nights(400) == ("", False)


def test_the_place_is_bound_to_the_facts(pair: Pair) -> None:
    """Who can write into the database alone ends nothing by naming a house, nor by naming none."""
    pair.line("old", True)
    kept = tables.kept
    for said in ({"place": "sh"}, {}):
        text = canonical({k: v for k, v in told(pair).items() if k != "place"} | said).decode()
        with pair.begin() as office:
            office.work.conn.execute(update(kept).values(facts=text, open=""))
            (line,) = office.work.conn.execute(select(kept)).all()
            assert not vouching.bound(office.work, line)
            assert vouching.read_facts(office.work, line).place == ""
