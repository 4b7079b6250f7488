"""For the tests of a host: is every column covered, is a guest really gone, and for good?"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager

from sqlalchemy import Connection, Engine, String, cast, column, func, literal, or_, select, table
from sqlalchemy.sql.elements import quoted_name

from .core.errors import SetupError
from .core.finding import Finding, Severity
from .core.lifecycle import State
from .core.restoring import RestoreGround
from .store.checking.drift import drift
from .store.checking.live import LiveColumn, LiveSchema, LiveTable, read
from .store.invented import rows
from .store.invented.scratch import scratch
from .store.mapping.crossing import of_bind
from .store.mapping.datamap import DataMap
from .store.remembrance.forgotten import Verdict
from .store.returning.replay import Survey
from .store.transaction import transaction
from .web.extension import Guesterase

__all__ = ["assert_covered", "assert_erased", "restore_drill"]


def assert_covered(extension: Guesterase) -> None:
    """Fail when the data map leaves a table or column open, in the mapping or the live database.

    :param extension: the extension; call this inside an application context.
    :raises AssertionError: with every finding that would stop an erasure, and its cure.
    """
    datamap = extension.datamap
    with transaction(extension.host.engine(), False, extension.binds) as conn:
        found = [*datamap.findings, *drift(datamap, read(conn, schemas=datamap.schemas()))]
    open_ = sorted({f for f in found if f.severity is Severity.STOP})
    if open_:
        raise AssertionError("The data map is open:\n" + "\n".join(map(_line, open_)))


def assert_erased(extension: Guesterase, values: Iterable[str]) -> None:
    """Fail when one of these values is still written anywhere in the database.

    Columns that the data map retains are left out. Values are searched as plain text, without
    regard to the case of plain letters, in bytes and in the history of system-versioned tables
    too; escaped and encrypted copies are not seen.

    :param extension: the extension; call this inside an application context.
    :param values: what the guest was known by; values of less than three signs are refused.
    :raises AssertionError: with the places, never the values.
    :raises ValueError: there is no value, or one so short that it is found in anybody's data.
    """
    wanted = list(values)
    if not wanted or any(_is_short(value) for value in wanted):
        raise ValueError("No value, or one of less than three signs, says nothing of anybody.")
    datamap = extension.datamap
    with transaction(extension.host.engine(), False, extension.binds) as conn:
        live = read(conn, schemas=datamap.schemas())
        places: list[str] = []
        for bind, part in live.each():
            retained = _retained(datamap.within(live.places, bind), part)
            places += _places(of_bind(conn, bind), part, wanted, retained)
    if places:
        raise AssertionError("Something is left in: " + ", ".join(places))


def restore_drill(
    extension: Guesterase,
    match: Mapping[str, str],
    *,
    property: str = "",
    by: str,
    officers: tuple[str, str],
    backup: Callable[[], object] | None = None,
    restored: Callable[[], AbstractContextManager[str | Engine]] | None = None,
) -> None:
    """Fail unless yesterday's database and a replay are today's, and an erasure can be taken back.

    A backup is made, then an invented person is erased, as anybody is. In what was restored from
    the backup, beside the database, the replay must change the very rows that the erasure changed
    and no others. Then two people take the erasure back, and each row must be as it was, to the
    letter; where the recovery window is 0 days this part is left out, and the person stays gone.
    Every row is read into memory.

    :param extension: the extension; call this inside an application context.
    :param match: what the person is known by, as `Office.request` takes it; they are on file, and
        nobody else has these values.
    :param property: code of the property; the only one when empty.
    :param by: the host's id of who files the request and sees who asks.
    :param officers: who approves and proposes to take it back, and who confirms that.
    :param backup: callable that makes a backup as you do, or None.
    :param restored: callable returning a context manager that gives the address, or the engine, of
        a database into which that was restored; None for an SQLite file, of which a copy is made.
    :raises AssertionError: with tables and numbers of rows, never what they hold.
    :raises SetupError: there is no way to a restored database, no register is kept, or the rows
        lie in several databases.
    """
    engine, number = extension.host.engine(), ""
    if extension.binds.engines:
        raise SetupError(
            "The rows lie in several databases, and the drill restores one.",
            "Practise it with backups of all of them: docs/how-to/after-a-restore.md.",
        )
    with extension.begin(write=False) as office:
        # It says where there is no register, before anybody is erased.
        office.survey()
    before = _rows(extension, engine)
    with scratch(extension.run, engine, backup, restored) as copy:
        if copy is None or copy.replay is None:
            raise SetupError(
                "Only of an SQLite file is a copy made here.", "Give `backup` and `restored`."
            )
        number = _erase(extension, match, property, by, officers[0])
        erased = rows.changes(before, _rows(extension, engine))
        yesterday = _rows(extension, copy.engine)
        _same(rows.changes(before, yesterday), {}, "The restored copy is not the backup")
        counts = _told(copy.replay())
        replayed = rows.changes(yesterday, _rows(extension, copy.engine))
        _same(replayed, erased, f"The replay ({counts}) changed other rows than the erasure")
    if extension.settings.recovery_days:
        _take_back(extension, number, officers)
        back = rows.changes(before, _rows(extension, engine))
        _same(back, {}, "What was taken back is not as it was")


def _erase(
    extension: Guesterase, match: Mapping[str, str], property_: str, by: str, officer: str
) -> str:
    """Erase a person as anybody is erased; return the number of the request."""
    with extension.begin() as office:
        number = office.request(match, property=property_, by=by)
        office.confirm(number, by=by)
    with extension.begin() as office:
        office.approve(number, by=officer, digest=office.preview(number).digest)
    problems = extension.work().problems
    with extension.begin(write=False) as office:
        shown = office.show(number)
    if problems or shown["state"] not in (State.ERASED, State.SEALED):
        why = ", ".join([*problems.values(), shown["waiting_for"] or "what is left"])
        raise AssertionError(f"The erasure is {shown['state']}, not done: {why}")
    assert_erased(extension, [value for value in match.values() if not _is_short(value)])
    return number


def _told(survey: Survey) -> dict[str, int]:
    """Return what a replay did; fail where it came to no end or leaves rows to a person."""
    if survey.restored:
        raise AssertionError("The replay came to no end: " + " ".join(survey.problems))
    if asked := survey.counts.get(Verdict.ASK):
        raise AssertionError(
            f"The replay leaves {asked} rows to a person. Declare by which day it can tell whose "
            "they are: clock={'created': ...}."
        )
    return dict(survey.counts)


def _take_back(extension: Guesterase, number: str, officers: tuple[str, str]) -> None:
    with extension.begin() as office:
        office.propose_restore(number, officers[0], RestoreGround.PLAN)
    with extension.begin() as office:
        office.restore(number, officers[1])
    problems = extension.work().problems
    if problems:
        raise AssertionError(f"Files were not put back: {', '.join(problems)}")


def _rows(extension: Guesterase, engine: Engine) -> rows.Rows:
    with transaction(engine, False) as conn:
        return rows.every(conn, extension.datamap.schemas())


def _same(
    found: Mapping[str, Counter[rows.Change]], wanted: Mapping[str, Counter[rows.Change]],
    otherwise: str,
) -> None:
    """Fail where two changes of rows are not one, with the tables and how much differs in each."""
    none: Counter[rows.Change] = Counter()
    both = {name: (found.get(name, none), wanted.get(name, none)) for name in (*found, *wanted)}
    differ = {n: ((one - two) + (two - one)).total() for n, (one, two) in sorted(both.items())}
    if any(differ.values()):
        raise AssertionError(f"{otherwise}: {', '.join(n for n, many in differ.items() if many)}")


def _is_short(value: str | None) -> bool:
    return len((value or "").strip()) < 3


def _retained(datamap: DataMap, live: LiveSchema) -> set[tuple[str, str]]:
    """Return the columns the law keeps, spelled as the database does."""
    found = set()
    for name, declared in datamap.tables.items():
        there = live.table(name)
        if there is not None:
            columns = map(there.column, declared.retain)
            found |= {(there.name, each.name) for each in columns if each is not None}
    return found


def _line(finding: Finding) -> str:
    return f"  {finding.id} {finding.place}: {finding.message} {finding.hint}"


_SHAPE = re.compile(r"(multi)?(point|linestring|polygon|geometry)|geometrycollection", re.I)
"""Types that hold no text, and that MariaDB does not turn into any."""


def _places(
    conn: Connection, live: LiveSchema, wanted: list[str], retained: Collection[tuple[str, str]]
) -> Iterator[str]:
    for name, found in sorted(live.tables.items()):
        if found.view or found.shadow:
            continue
        if found.row_security:
            yield f"{name} (row-level security hides rows from this role)"
        for each in found.columns.values():
            if _SHAPE.fullmatch(each.type):
                continue
            if (name, each.name) not in retained and _holds(conn, found, each, wanted):
                yield f"{name}.{each.name}"


def _holds(conn: Connection, found: LiveTable, each: LiveColumn, values: list[str]) -> bool:
    bare = found.name.removeprefix(f"{found.schema}.")
    schema = quoted_name(found.schema, quote=True) if bare != found.name else None
    source = table(
        quoted_name(bare, quote=True), column(quoted_name(each.name, quote=True)), schema=schema
    )
    held = source.c[each.name]
    text = cast(held, String(4000) if conn.dialect.name == "sqlite" else String())
    any_row = select(literal(1)).select_from(source).limit(1)
    if found.versioned:
        any_row = any_row.with_hint(source, "FOR SYSTEM_TIME ALL")
    for value in values:
        condition = text.icontains(value, autoescape=True)
        if each.type == "bytea":
            # As text, PostgreSQL's bytes are digits; escaped, plain letters are themselves.
            plain = func.encode(held, "escape", type_=String()).icontains(value, autoescape=True)
            condition = or_(plain, text.contains(value.encode().hex()))
        if conn.execute(any_row.where(condition)).first():
            return True
    return False
