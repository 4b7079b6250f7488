"""People of whom nothing says at whose hotel they are guests, where several companies run some."""

from __future__ import annotations

from ...core.finding import Finding, Severity
from ...core.log import slug
from ..mapping.datamap import DataMap
from ..mapping.ways import ways
from ..settings import Settings


def findings(datamap: DataMap, settings: Settings) -> list[Finding]:
    """Return the tables of people of which no row, nor one that is theirs, lies at any hotel.

    A profile at no hotel is common to all companies, and stays while something of its person lies
    at the others' hotels. Where nothing lies anywhere, the first one that is asked takes all.

    :param datamap: the resolved data map.
    :param settings: the operator's settings.
    """
    if len({slug(hotel.controller) for hotel in settings.properties.values()}) < 2:
        return []
    return [
        Finding(
            "place-missing", name, "", "Several companies answer for hotels here, and nothing says "
            "at which hotel these people, or anything of theirs, are: what is asked of one company "
            "reaches what another one answers for.",
            "Name the column of the hotel's code with Subject(property=...), or with place= in the "
            "policy of these people or of their stays; where each hotel has tables of its own, a "
            'constant: place=lambda table: literal("code").',
            Severity.WARN,
        )
        for name in sorted(datamap.subjects)
        if not _placed(datamap, name)
    ]  # fmt: skip


def _placed(datamap: DataMap, name: str) -> bool:
    """Return whether people of a table, or what is theirs, lie at a hotel."""
    people = datamap.declared(name)
    theirs = (
        declared
        for declared in datamap.tables.values()
        if declared is people or any(path.subject is people.table for path in declared.paths)
    )
    return any(ways(datamap, declared).place is not None for declared in theirs)
