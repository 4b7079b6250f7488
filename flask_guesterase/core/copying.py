"""A copy of what is held about a guest: what stands in it, and the forms it is handed out in."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import chain, count
from typing import Any

from .document import legible
from .errors import SealError
from .log import canonical
from .register import as_csv

FORMAT = "guesterase/copy/v1"

DAYS = 14
"""How long a copy that was released lies ready; then its key is destroyed."""


@dataclass(frozen=True)
class Term:
    """Why some columns of a record are kept, and until when.

    :param columns: names of the columns.
    :param category: retention category, or the purpose the vendor wrote.
    :param until: last day, ISO, or empty when it is not known.
    :param article: what asks for it, or empty.
    :param open: why the last day is not known, in enumerated words.
    :param keeps: whether the law keeps them, so that an erasure would not take them.
    """

    columns: tuple[str, ...]
    category: str = ""
    until: str = ""
    article: str = ""
    open: tuple[str, ...] = ()
    keeps: bool = False


@dataclass(frozen=True)
class Record:
    """One row of a table, as far as it is the guest's.

    :param values: column -> value as text, None where there is none.
    :param boxed: columns whose values came from sealed boxes.
    :param shared: whether the row is another person's too, so that it is not all here.
    :param terms: why and how long.
    """

    values: Mapping[str, str | None]
    boxed: tuple[str, ...] = ()
    shared: bool = False
    terms: tuple[Term, ...] = ()


@dataclass(frozen=True)
class Part:
    """What one table holds of the guest.

    :param table: name of the table.
    :param source: where it comes from, in the vendor's words, or empty.
    :param purpose: category of the table's records, or empty.
    :param columns: names of the columns, sorted.
    :param records: the rows.
    """

    table: str
    source: str
    purpose: str
    columns: tuple[str, ...]
    records: tuple[Record, ...]


@dataclass(frozen=True)
class Withheld:
    """What is not in the copy, and why.

    :param table: name of the table.
    :param columns: the columns; empty for whole rows.
    :param rows: how many rows.
    :param why: ``another-persons``, ``gap``, ``unopened`` or ``written-since``.
    """

    table: str
    columns: tuple[str, ...]
    rows: int
    why: str


@dataclass(frozen=True)
class Copy:
    """Everything that is held about a guest.

    :param number: number of the request.
    :param property: code of the property.
    :param controller: who answers for the data.
    :param made_on: day on which it was read, ISO.
    :param parts: table by table.
    :param withheld: what is not here, and why.
    :param recipients: names of the systems that are given data of guests.
    :param masked: how many mentions of other people were struck out of texts.
    :param boxes: how many sealed boxes were opened.
    """

    number: str
    property: str
    controller: str
    made_on: str
    parts: tuple[Part, ...] = ()
    withheld: tuple[Withheld, ...] = ()
    recipients: tuple[str, ...] = ()
    masked: int = 0
    boxes: int = 0

    def rows(self) -> int:
        """Return how many rows it holds."""
        return sum(len(part.records) for part in self.parts)

    def to_json(self) -> str:
        """Return it as canonical JSON of ``guesterase/copy/v1``."""
        return canonical({"format": FORMAT, **asdict(self)}).decode()


def read_copy(text: str) -> Copy:
    """Return a copy from its JSON.

    :raises SealError: it is none.
    """
    try:
        value = json.loads(text)
        if value.pop("format") != FORMAT:
            raise ValueError("another format")
        parts = tuple(_part(part) for part in value.pop("parts"))
        withheld = tuple(
            Withheld(**{**each, "columns": tuple(each["columns"])})
            for each in value.pop("withheld")
        )
        recipients = tuple(value.pop("recipients"))
        return Copy(parts=parts, withheld=withheld, recipients=recipients, **value)
    except (ValueError, TypeError, KeyError, AttributeError):
        raise SealError("This is no copy of a guest's data.", f"{FORMAT} is expected.") from None


def _part(value: dict[str, Any]) -> Part:
    records = tuple(_record(each) for each in value.pop("records"))
    return Part(columns=tuple(value.pop("columns")), records=records, **value)


def _record(value: dict[str, Any]) -> Record:
    terms = tuple(
        Term(**{**each, "columns": tuple(each["columns"]), "open": tuple(each["open"])})
        for each in value["terms"]
    )
    return Record(value["values"], tuple(value["boxed"]), value["shared"], terms)


@dataclass(frozen=True)
class Outline:
    """What a copy would hold, as staff read it before they release it: nobody's values.

    :param lines: table -> columns, rows, and rows of which something is sealed.
    :param withheld: what would not be in it, and why.
    :param masked: how many mentions of other people would be struck out.
    :param boxes: how many boxes would be opened.
    :param texts: table, column and text of what was written freely, others struck out; empty for
        who may not release.
    """

    lines: tuple[tuple[str, tuple[str, ...], int, int], ...]
    withheld: tuple[Withheld, ...] = ()
    masked: int = 0
    boxes: int = 0
    texts: tuple[tuple[str, str, str], ...] = field(default=(), repr=False)


def outline(copy: Copy, texts: Sequence[tuple[str, str, str]] = ()) -> Outline:
    """Return what a copy holds without its values.

    :param copy: the copy.
    :param texts: what was written freely, for who may see it.
    """
    lines = tuple(
        (part.table, part.columns, len(part.records), sum(bool(r.boxed) for r in part.records))
        for part in copy.parts
    )
    read = tuple((table, column, legible(text)) for table, column, text in texts)
    return Outline(lines, copy.withheld, copy.masked, copy.boxes, read)


def decided(copy: Copy) -> dict[str, object]:
    """Return what a release decides: tables, columns and what is withheld; never values, counts."""
    return {
        "parts": sorted([part.table, *part.columns] for part in copy.parts),
        "withheld": sorted([each.table, each.why, *each.columns] for each in copy.withheld),
    }


_NAME = re.compile(r"[^\w.-]+")


def as_files(
    copy: Copy,
    about: Iterable[tuple[str, str, str, str, str]],
    missing: Iterable[tuple[str, str, str, str]] = (),
) -> dict[str, str]:
    """Return file name -> text: one CSV for each table, and one that says why and how long.

    What is not in the copy, and who else is given data of guests, are files of their own where
    there is any: who saved this alone reads them too.

    :param copy: the copy.
    :param about: table, columns, purpose, until and article, in the guest's words.
    :param missing: table, columns, how many and why, in the guest's words.
    """
    files = {"about.csv": _listed(("table", "columns", "purpose", "until", "article"), about)}
    if left := list(missing):
        files["missing.csv"] = _listed(("table", "columns", "rows", "why"), left)
    if copy.recipients:
        files["recipients.csv"] = _listed(("name",), ((name,) for name in copy.recipients))
    for part in copy.parts:
        rows = [
            {name: legible(text) for name, text in record.values.items() if text is not None}
            for record in part.records
        ]
        files[_free(_NAME.sub("_", part.table), files)] = as_csv(part.columns, rows)
    return files


def _listed(heads: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    return as_csv(heads, [dict(zip(heads, line, strict=True)) for line in lines])


def _free(name: str, files: Mapping[str, str]) -> str:
    """Return a name for one more file that no device takes for another's."""
    taken = {each.casefold() for each in files}
    tries = chain([f"{name}.csv"], (f"{name}-{n}.csv" for n in count(2)))
    return next(each for each in tries if each.casefold() not in taken)


def zipped(files: Mapping[str, str]) -> bytes:
    """Return files as one ZIP archive, the same bytes for the same files."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in sorted(files.items()):
            archive.writestr(zipfile.ZipInfo(name), text.encode("utf-8"))
    return packed.getvalue()
