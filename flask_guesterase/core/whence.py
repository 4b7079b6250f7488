"""Lines of the rulebook that say where a table has what the law asks of its rows.

Another column for a date is another period, and one for the property another law. So what once was
read binds like a label, until people let it go.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date

from .rulebook import Line, LineKind, binding, named

CLOCK, FACTS, PLACE = "clock", "facts", "place"
"""What a path leads to: the date of an event, the answer to a question, or the property's code."""

Paths = Mapping[tuple[str, str], tuple[str, ...]]
"""What is asked, as ``clock``, ``facts`` or ``place`` and its name -> the paths it is read by."""


def line(table: str, what: str, name: str, path: str) -> Line:
    """Return the line that says where one table has a date, or an answer.

    :param table: name of the table.
    :param what: CLOCK, FACTS or PLACE.
    :param name: event, name of the answer, or ``property``.
    :param path: path of the column.
    """
    body = {"table": table, "what": what, "name": name, "path": path}
    return Line(LineKind.LABEL, named(f"{table}@{what}.{name}"), body, signed=True)


def paths(lines: Iterable[Line], today: date) -> dict[str, Paths]:
    """Return table -> what is asked of it -> the paths that bind it, sorted.

    :param lines: the labels of the rulebook.
    :param today: the day.
    """
    found: dict[str, dict[tuple[str, str], set[str]]] = {}
    for each in binding(lines, today):
        if each.kind is LineKind.LABEL and "path" in each.body:
            mine = found.setdefault(each.body["table"], {})
            mine.setdefault((each.body["what"], each.body["name"]), set()).add(each.body["path"])
    return {
        table: {asked: tuple(sorted(known)) for asked, known in mine.items()}
        for table, mine in found.items()
    }
