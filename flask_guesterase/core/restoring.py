"""Why an erasure may be taken back, and what a report of it says."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from .log import canonical


class RestoreGround(StrEnum):
    """On which grounds two people may take an erasure back inside its recovery window."""

    PERSON = "wrong-person"
    PLAN = "wrong-plan"
    WISH = "guest-wish"
    ORDER = "binding-order"


@dataclass(frozen=True)
class Table:
    """What came back of one table.

    :param restored: rows that were put back.
    :param already: rows that were as before.
    :param refused: reason -> rows that did not come back.
    :param gone: columns that the table does not have any more; the rest of their rows came back.
    """

    restored: int = 0
    already: int = 0
    refused: Mapping[str, int] = field(default_factory=dict)
    gone: tuple[str, ...] = ()


@dataclass(frozen=True)
class Report:
    """What became of an erasure that was taken back: counts, no row and nobody's data.

    :param tables: table -> what came back of it.
    :param files: word -> how many files: ``kept`` were not removed yet, ``back`` are put back.
    :param recipients: who was told of the erasure, and must be told that it was taken back.
    :param restored: whether the request is restored; not when nothing came back at all.
    :param uncopied: table -> columns of which no safety copy was made, so that they did not come
        back; ``*`` for whole rows.
    :param unfound: how many files that rows name again lie nowhere, and are not put back.
    """

    tables: Mapping[str, Table] = field(default_factory=dict)
    files: Mapping[str, int] = field(default_factory=dict)
    recipients: tuple[str, ...] = ()
    restored: bool = True
    uncopied: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    unfound: int = 0

    @property
    def counts(self) -> dict[str, int]:
        """Return what the journal is told: rows restored and refused, and files."""
        return {
            "restored": sum(each.restored for each in self.tables.values()),
            "refused": sum(sum(each.refused.values()) for each in self.tables.values()),
            "files": sum(self.files.values()),
        }

    def as_dict(self) -> dict[str, Any]:
        """Return it as plain values."""
        return {
            "files": dict(self.files),
            "recipients": list(self.recipients),
            "restored": self.restored,
            "tables": {
                name: {
                    "already": each.already, "gone": list(each.gone),
                    "refused": dict(each.refused), "restored": each.restored,
                }
                for name, each in self.tables.items()
            },
            "uncopied": {name: list(columns) for name, columns in self.uncopied.items()},
            "unfound": self.unfound,
        }  # fmt: skip

    def to_json(self) -> str:
        """Return it as canonical JSON."""
        return canonical(self.as_dict()).decode()


def read_report(text: str) -> Report:
    """Return the report that JSON holds."""
    value = json.loads(text)
    tables = {
        name: Table(each["restored"], each["already"], each["refused"], tuple(each["gone"]))
        for name, each in value["tables"].items()
    }
    # Reports of before say neither of what there was no copy, nor which files are missing.
    uncopied = {name: tuple(each) for name, each in value.get("uncopied", {}).items()}
    told = tuple(value["recipients"])
    lost = value.get("unfound", 0)
    return Report(tables, value["files"], told, value["restored"], uncopied, lost)
