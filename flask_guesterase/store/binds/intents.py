"""What was decided for several databases, sealed before any of them changes."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import Row as Line
from sqlalchemy import insert, select, update

from ...core.called import Part
from ...core.errors import SealError, UnknownError
from ...core.image import Cell, Form
from ...core.mentions import Known, Pen
from ...core.plan import Decision, Key, Outcome, Person, Plan, Row, key_text
from ...core.seal import Terms
from .. import tables
from ..boxes import safe
from ..erasing import eraser
from ..erasing.eraser import Locked, Scope
from ..erasing.taking import Erased, Left, Naming, path_of
from ..mapping.crossing import HOME, Binds, Crossing, binds_of
from ..mapping.masks import Seeded
from ..mapping.raw import reader
from ..retaining.keeping import FOREVER, Origin
from ..texts.mentioned import Hand, known_of
from ..work import Work
from . import besides

FORMAT = "guesterase/intent/v1"
PURPOSE = "intent"

OPEN, DONE = "open", "done"
"""States of one database of an intent."""


@dataclass(frozen=True)
class Entry:
    """One row that goes, as it was and as it will be.

    :param key: its key, as text.
    :param owners: the people of the erasure it belongs to: table and key as text.
    :param others: living people it belongs to as well.
    :param before: the cells that change, or all of a row that is deleted.
    :param after: the same cells as the plan leaves them; empty when the row is deleted, or found
        under another key afterwards.
    """

    key: str
    owners: frozenset[Person]
    others: frozenset[Person]
    before: tuple[Cell, ...]
    after: tuple[Cell, ...]


@dataclass(frozen=True)
class Intent:
    """What one database has to do.

    :param steps: decisions with their rows, in the order of changes.
    :param held: people whose own row stays for now.
    :param counts: table -> rows of all databases, for the journal.
    :param files: files whose removal was queued.
    :param seed: from which what is random in it is made.
    :param people: the people of the erasure.
    :param known: what they are known by in texts.
    :param strangers: those of whom no text can be searched.
    :param over: tables whose rows' own time is over.
    :param binds: all databases of it, in the order in which they are changed.
    :param stays: files that were left to others who named them; the key of each row as text.
    :param beside: who had left one of its files when this began, and where those lie.
    :param whose: people whose files these are, where nobody asked, and where they lie.
    :param others: what people are known by who stay and share its rows.
    """

    steps: tuple[tuple[Decision, tuple[Entry, ...]], ...]
    held: frozenset[Person] = frozenset()
    counts: Mapping[str, int] = field(default_factory=dict)
    files: int = 0
    seed: bytes = b""
    people: frozenset[Person] = frozenset()
    known: Mapping[Person, Sequence[Known]] = field(default_factory=dict)
    strangers: tuple[Person, ...] = ()
    over: frozenset[str] = frozenset()
    binds: tuple[str, ...] = ()
    stays: tuple[Naming, ...] = ()
    beside: Mapping[str, Collection[str]] = field(default_factory=dict)
    whose: Mapping[str, Collection[str]] = field(default_factory=dict)
    others: tuple[Known, ...] = ()

    @property
    def hand(self) -> Hand:
        """Return the hand that strikes these people out of texts."""
        pen = Pen(self.known, self.strangers, self.others)
        return Hand(pen, self.people, Seeded(self.seed), self.over)


def erase(work: Work, origin: Origin, given: Plan | Locked, scope: Scope) -> Erased:
    """Carry out a plan: at once where it lies in one database, else as far as that can be.

    Over several databases the whole is carried out before anything is committed, so that whatever
    cannot be done stops it while all is as before. What the default database would do is taken
    back, and done last; the others commit right after the intent.

    :param work: the open transaction.
    :param origin: on whose behalf.
    :param given: the plan, drawn in this transaction.
    :param scope: what it is about.
    """
    conn = work.conn
    binds = binds_of(conn)
    drawn = given.plan if isinstance(given, Locked) else given
    others = binds.named(step.decision.table for step in drawn.changing())
    if not others or not isinstance(conn, Crossing):
        if isinstance(given, Locked):
            erased = eraser.carry_out(given, scope)
        else:
            erased = eraser.erase(conn, work.whole(), drawn, work.live(), scope=scope)
        erased.beside = _beside(work, erased) if isinstance(conn, Crossing) else {}
        _note(work, origin, erased)
        return erased
    for name in others:
        conn.write(name)
    seed = secrets.token_bytes(32)
    foreseen = _if_joined(work, drawn)
    known = known_of(conn, work.whole(), foreseen, frozenset(scope.people), scope.regions)
    with conn.begin_nested() as rehearsed:
        erased = eraser.erase(conn, work.whole(), drawn, work.live(), Seeded(seed), scope)
        rows = _entries(work, erased)
        rehearsed.rollback()
    erased.rehearsed = _only_there(binds, drawn, erased)
    erased.beside = _beside(work, erased)
    _note(work, origin, erased)
    shared = {
        "beside": erased.owners(file for _, _, file in erased.stays),
        "binds": [*others, HOME],
        "counts": dict(erased.counts),
        "files": len(set(erased.files)),
        "held": _texts(drawn.spared()),
        "known": [
            [*_text(who), [_sealed(each) for each in those]] for who, those in known[0].items()
        ],
        "others": [_sealed(each) for each in known[2]],
        "over": sorted(scope.over),
        "people": _texts(scope.people),
        "seed": base64.b64encode(seed).decode(),
        "stays": [[table, key_text(key), column, *file]
                  for (table, key), column, file in erased.stays],
        "strangers": _texts(known[1]),
        "whose": _whose(origin, erased),
    }
    work.begun.append(_put(work, origin, rows, shared, (*others, HOME)))
    return erased


def _if_joined(work: Work, drawn: Plan) -> Plan:
    """Return a plan with what would be overwritten of rows that go, if somebody came into them."""
    steps = tuple(
        replace(step, decision=replace(
            step.decision, columns=tuple(work.datamap.declared(step.decision.table).erase)
        ))
        if step.decision.outcome is Outcome.DELETE else step
        for step in drawn.steps
    )  # fmt: skip
    return replace(drawn, steps=steps)


def _only_there(binds: Binds, drawn: Plan, erased: Erased) -> frozenset[tuple[str, Key]]:
    """Return the rows that a trigger wrote in the rehearsal: rolled back, they are no row's copy.

    What a trigger wrote in another database is committed as it was rehearsed.
    """
    known = {(s.decision.table, row.key) for s in drawn.changing() for row in s.rows}
    took = ((decision.table, row.key) for decision, row in erased.took)
    return frozenset(each for each in took if binds.of(each[0]) == HOME and each not in known)


def _entries(work: Work, erased: Erased) -> list[tuple[Decision, dict[str, Any]]]:
    """Return the rows that were changed, as they were and as they are."""
    found = []
    wanted: dict[Decision, list[Row]] = {}
    for decision, row in erased.took:
        wanted.setdefault(decision, []).append(row)
    after = {}
    for decision, rows in wanted.items():
        declared = work.datamap.declared(decision.table)
        if decision.outcome is Outcome.DELETE or declared.keyed_by(decision.columns):
            continue
        reads = reader(work.conn, declared, work.live())
        after[decision] = reads.read([row.key for row in rows], decision.columns)
    for (decision, row), image in zip(erased.took, erased.images, strict=True):
        found.append((decision, {
            "after": _cells(after.get(decision, {}).get(row.key, ())),
            "before": _cells(image.columns),
            "key": key_text(row.key),
            "others": _texts(person for person, _ in row.others),
            "owners": _texts(person for person, _ in row.owners),
        }))
    return found


def _put(
    work: Work,
    origin: Origin,
    rows: Sequence[tuple[Decision, dict[str, Any]]],
    shared: Mapping[str, Any],
    names: Sequence[str],
) -> str:
    """Seal what each database has to do and write it down; return the intent's number."""
    binds, number = binds_of(work.conn), f"in{secrets.token_hex(12)}"
    for name in names:
        steps: dict[Decision, list[dict[str, Any]]] = {}
        for decision, row in rows:
            if binds.of(decision.table) == name:
                steps.setdefault(decision, []).append(row)
        value = {
            **shared,
            "bind": name,
            "format": FORMAT,
            "number": number,
            "steps": [{"decision": _plain(d), "rows": each} for d, each in steps.items()],
        }
        terms = Terms(origin.controller, PURPOSE, FOREVER, label(number))
        work.conn.execute(insert(tables.intent).values(
            number=number, request=origin.number, controller=origin.controller,
            property=origin.property, bind=name, state=OPEN, begun_at=work.stamp,
            box=safe.keep(work, terms, value), attempts=0, try_at=work.stamp,
        ))  # fmt: skip
    return number


def label(number: str) -> str:
    """Return the label of an intent's own key, which ends with it."""
    return f"{PURPOSE}:{number}"


def parts(work: Work, number: str) -> list[Line[Any]]:
    """Return the databases of an intent in the order of changes, locked; the default one last."""
    table = tables.intent
    wanted = select(table).where(table.c.number == number).order_by(table.c.id)
    return list(work.conn.execute(wanted.with_for_update()).all())


def _beside(work: Work, erased: Erased) -> dict[str, Left]:
    """Return the intents that have left some of these files: number -> which, and whose."""
    paths = {path_of(file) for file in (*erased.files, *(file for _, _, file in erased.stays))}
    mine = tables.intent.c.bind == HOME, tables.intent.c.state == OPEN
    under_way = work.conn.execute(select(tables.intent).where(*mine)).all() if paths else ()
    found = {part.number: _left(work, part, paths) for part in under_way}
    return {number: each for number, each in found.items() if each.marks}


def _left(work: Work, part: Line[Any], paths: set[str]) -> Left:
    """Return which of these files an intent has left."""
    try:
        intent = read(work, part)
    except (SealError, UnknownError):
        # Nobody can tell now: a hold on them rather keeps too much than too little.
        whose = {part.request: paths} if part.request else {}
        return Left(whose, dict.fromkeys(paths, besides.ANY))
    mine = paths & {path_of(file) for _, _, file in intent.stays}
    whose = {part.request: mine} if part.request else {
        who: left for who, each in intent.whose.items() if (left := mine & {*each})
    }
    return Left(whose, {path: besides.mark(intent.seed, path) for path in mine})


def _note(work: Work, origin: Origin, erased: Erased) -> None:
    """Note with each erasure under way whose the files are as well, where no request can say so."""
    whose = _whose(origin, erased) if erased.beside else {}
    for number, left in erased.beside.items():
        both = {who: left.marks.keys() & {*each} for who, each in whose.items()}
        mine = {who: sorted(each) for who, each in both.items() if each}
        # One whose key is lost takes no file, and needs no other key in the place of that one.
        if mine and not work.custodian.lost(label(number)):
            terms = Terms(origin.controller, besides.BESIDE, FOREVER, label(number))
            safe.keep(work, terms, mine)


def _whose(origin: Origin, erased: Erased) -> dict[str, list[str]]:
    """Return the people whose files were left to others, where no request says whose they are."""
    rows = {(decision.table, row.key): row for decision, row in erased.took}
    found = dict[str, set[str]]()
    for place, _, file in erased.stays if origin.number is None else ():
        for person, _ in (*rows[place].owners, *rows[place].others):
            found.setdefault(besides.text(person), set()).add(path_of(file))
    return {who: sorted(left) for who, left in found.items()}


def read(work: Work, part: Line[Any]) -> Intent:
    """Return what one database has to do.

    :raises SealError: the box does not open, or does not belong to this row.
    :raises UnknownError: the box is not there any more.
    """
    value = safe.read(work, part.box)
    if (value["format"], value["number"], value["bind"]) != (FORMAT, part.number, part.bind):
        raise SealError(
            "What was decided for several databases lies in another's box.",
            "Nothing was done; look at who can write to guesterase_intent.",
        )
    return Intent(
        tuple(
            (_decision(step["decision"]), tuple(map(_entry, step["rows"])))
            for step in value["steps"]
        ),
        _people(value["held"]),
        value["counts"],
        value["files"],
        base64.b64decode(value["seed"]),
        _people(value["people"]),
        {
            (table, (key,)): [_opened(each) for each in those]
            for table, key, those in value["known"]
        },
        tuple(sorted(_people(value["strangers"]))),
        frozenset(value["over"]),
        tuple(value["binds"]),
        tuple(
            ((table, (key,)), column, (root, name))
            # What an earlier version sealed says nothing of them.
            for table, key, column, root, name in value.get("stays", ())
        ),
        _noted(value),
        value.get("whose", {}),
        tuple(map(_opened, value.get("others", ()))),
    )  # fmt: skip


def _sealed(known: Known) -> list[str]:
    return [known.kind, known.value, known.region, known.part.value]


def _opened(known: Sequence[str]) -> Known:
    kind, value, region, part = known
    return Known(kind, value, region, Part(part))


def _noted(value: Mapping[str, Any]) -> dict[str, Collection[str]]:
    """Return which requests had left which of an intent's files."""
    said = value.get("beside", {})
    every = [path_of((root, name)) for *_, root, name in value.get("stays", ())]
    # An earlier version sealed no files with them.
    return said if isinstance(said, dict) else dict.fromkeys(said, every)


def note(work: Work, part: Line[Any], **values: Any) -> None:
    """Write down how far one database of an intent is."""
    work.conn.execute(
        update(tables.intent).where(tables.intent.c.id == part.id).values(**values)
    )


def _text(person: Person) -> list[str]:
    return [person[0], key_text(person[1])]


def _texts(people: Iterable[Person]) -> list[list[str]]:
    return sorted(map(_text, set(people)))


def _people(texts: Iterable[Sequence[str]]) -> frozenset[Person]:
    """Return people whose keys are known as text, which is enough to tell them apart."""
    return frozenset((table, (key,)) for table, key in texts)


def _cells(cells: Iterable[Cell]) -> list[list[str]]:
    return [[c.name, c.type, c.form.value, c.value] for c in cells]


def _read_cells(value: Iterable[Sequence[str]]) -> tuple[Cell, ...]:
    return tuple(Cell(name, type_, Form(form), text) for name, type_, form, text in value)


def _entry(value: Mapping[str, Any]) -> Entry:
    return Entry(
        value["key"], _people(value["owners"]), _people(value["others"]),
        _read_cells(value["before"]), _read_cells(value["after"]),
    )  # fmt: skip


def _plain(decision: Decision) -> dict[str, Any]:
    return {
        "columns": list(decision.columns), "ground": decision.ground,
        "outcome": decision.outcome.value, "rules": list(decision.rules),
        "table": decision.table, "until": decision.until,
    }  # fmt: skip


def _decision(value: Mapping[str, Any]) -> Decision:
    return Decision(
        value["table"], Outcome(value["outcome"]), tuple(value["columns"]),
        tuple(value["rules"]), value["ground"], value["until"],
    )  # fmt: skip
