"""Row images: what a row held before it was erased, in the engine's own form, exactly."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import chain
from types import MappingProxyType

from .errors import SealError

IMAGE_FORMAT = "guesterase/image/v3"
SECOND_FORMAT = "guesterase/image/v2"
FIRST_FORMAT = "guesterase/image/v1"
FORMATS = (FIRST_FORMAT, SECOND_FORMAT, IMAGE_FORMAT)
"""What can be read; the newest is written."""

Native = str | bytes | int | float | None
"""What a database driver gives and takes without a type of the host in between."""


class Form(StrEnum):
    """How a value is written down."""

    NULL = "null"
    TEXT = "text"
    HEX = "hex"
    INT = "int"
    REAL = "real-hex"


class Change(StrEnum):
    """What was done to the row."""

    DELETED = "deleted"
    OVERWRITTEN = "overwritten"


@dataclass(frozen=True)
class Cell:
    """One column of one row.

    :param name: column name in the database.
    :param type: the engine's own type text, for example ``numeric(10,2)``.
    :param form: how `value` is written.
    :param value: the value as text; empty for NULL.
    """

    name: str
    type: str
    form: Form
    value: str = ""

    def native(self) -> Native:
        """Return the value in the form the driver takes.

        :raises SealError: the text does not fit the form.
        """
        try:
            return _READ[self.form](self.value)
        except ValueError:
            raise SealError("A sealed value does not have its form.", "Do not use it.") from None


_READ: Mapping[Form, Callable[[str], Native]] = {
    Form.NULL: lambda text: None,
    Form.TEXT: lambda text: text,
    Form.HEX: bytes.fromhex,
    Form.INT: int,
    Form.REAL: float.fromhex,
}


def cell(name: str, type: str, value: object) -> Cell:
    """Write down what the driver gave for a column.

    :param name: column name in the database.
    :param type: the engine's own type text.
    :param value: text, bytes, a whole number, a float or None. Anything else (decimals, dates,
        JSON) must be read as the engine's own text, because drivers change it on the way.
    :raises SealError: the value could not be brought back exactly.
    """
    if value is None:
        return Cell(name, type, Form.NULL)
    if isinstance(value, bool):
        return Cell(name, type, Form.INT, str(int(value)))
    if isinstance(value, int):
        return Cell(name, type, Form.INT, str(value))
    if isinstance(value, float):
        return Cell(name, type, Form.REAL, value.hex())
    if isinstance(value, (bytes, bytearray, memoryview)):
        return Cell(name, type, Form.HEX, bytes(value).hex())
    if isinstance(value, str) and _encodes(value):
        return Cell(name, type, Form.TEXT, value)
    raise SealError(
        f"A value of type {type} could not be brought back exactly.",
        "Read the column as the engine's own text or bytes.",
    )


def _encodes(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


@dataclass(frozen=True)
class Image:
    """One row before it was erased.

    :param table: table name, with its schema when that is not the default one.
    :param key: the cells that identify the row.
    :param change: what was done to it.
    :param columns: the cells that were lost; all of them when it was deleted.
    :param order: place in the order of changes; a restore goes backwards.
    :param after: the same cells as the erasure left them, by which newer data is told; empty when
        the row was deleted, and in the first version.
    """

    table: str
    key: tuple[Cell, ...]
    change: Change
    columns: tuple[Cell, ...]
    order: int
    after: tuple[Cell, ...] = ()

    def now(self) -> tuple[Cell, ...]:
        """Return the cells that identify the row since the change."""
        left = {cell.name: cell for cell in self.after}
        return tuple(left.get(cell.name, cell) for cell in self.key)


Columns = tuple[tuple[str, str], ...]
"""Name and the engine's own type text of some columns."""

Line = tuple[object, ...]
"""One row of a strip: its order, then what the driver gave for its columns, its key, and what is
left of it."""


@dataclass(frozen=True)
class Strip:
    """Rows of one table that changed alike, with names and types said once.

    :param table: table name, with its schema when that is not the default one.
    :param change: what was done to the rows.
    :param columns: what was lost.
    :param key: what identifies a row.
    :param after: what is left of the columns; empty when the rows were deleted.
    :param lines: the rows.
    """

    table: str
    change: Change
    columns: Columns
    key: Columns
    after: Columns
    lines: Sequence[Line]

    def images(self) -> Iterator[Image]:
        """Yield the image of each row.

        :raises SealError: a value could not be brought back exactly.
        """
        first, second = 1 + len(self.columns), 1 + len(self.columns) + len(self.key)
        for line in self.lines:
            yield Image(
                self.table,
                _cells(self.key, line[first:second]),
                self.change,
                _cells(self.columns, line[1:first]),
                int(str(line[0])),
                _cells(self.after, line[second:]),
            )


def _cells(columns: Columns, values: Sequence[object]) -> tuple[Cell, ...]:
    return tuple(
        cell(name, type_, value) for (name, type_), value in zip(columns, values, strict=True)
    )


def strips(images: Iterable[Image]) -> list[Strip]:
    """Return images as strips, in their order."""
    found: list[tuple[tuple[object, ...], Strip, list[Line]]] = []
    for image in images:
        columns, key, after = map(_named, (image.columns, image.key, image.after))
        alike = image.table, image.change, columns, key, after
        cells = *image.columns, *image.key, *image.after
        line = image.order, *(each.native() for each in cells)
        if not found or found[-1][0] != alike:
            lines: list[Line] = []
            strip = Strip(image.table, image.change, columns, key, after, lines)
            found.append((alike, strip, lines))
        found[-1][2].append(line)
    return [strip for _, strip, _ in found]


def _named(cells: Iterable[Cell]) -> Columns:
    return tuple((each.name, each.type) for each in cells)


@dataclass(frozen=True)
class Images:
    """The images of one box.

    :param dialect: ``sqlite``, ``postgresql`` or ``mariadb``.
    :param version: the engine's version text.
    :param rows: the images.
    :param at: when the rows were changed, RFC 3339 in UTC; empty in the first version.
    """

    dialect: str
    version: str
    rows: tuple[Image, ...]
    at: str = ""


def encode(images: Images) -> bytes:
    """Return images as the payload of a box: canonical JSON of ``guesterase/image/v3``."""
    return encode_strips(images.dialect, images.version, images.at, strips(images.rows))


def encode_strips(dialect: str, version: str, at: str, found: Iterable[Strip]) -> bytes:
    """Return strips as the payload of a box: canonical JSON of ``guesterase/image/v3``.

    :param dialect: ``sqlite``, ``postgresql`` or ``mariadb``.
    :param version: the engine's version text.
    :param at: when the rows were changed, RFC 3339 in UTC.
    :param found: the strips, in their order.
    :raises SealError: a value could not be brought back exactly.
    """
    # In the order in which names sort, so that it is canonical as it is written.
    value = {
        "at": at,
        "dialect": dialect,
        "format": IMAGE_FORMAT,
        "strips": [
            {
                "after": each.after,
                "change": each.change.value,
                "columns": each.columns,
                "key": each.key,
                "rows": _lines(each),
                "table": each.table,
            }
            for each in found
        ],
        "version": version,
    }
    try:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    except UnicodeEncodeError:
        raise SealError(
            "A text could not be brought back exactly.", "Read the column as bytes."
        ) from None


_WHOLE = 2**53 - 1
"""Largest whole number that every reader of JSON reads exactly."""


def _lines(strip: Strip) -> Sequence[Sequence[object]]:
    """Return the rows as JSON takes them, as they are where it takes all of them."""
    values = list(chain.from_iterable(strip.lines))
    if set(map(type, values)) <= {str, int, type(None)}:
        whole = [value for value in values if type(value) is int]
        if not whole or -_WHOLE <= min(whole) <= max(whole) <= _WHOLE:
            return strip.lines
    return [[_said(value) for value in line] for line in strip.lines]


def _said(value: object) -> object:
    """Return a value as JSON takes it: NULL, text, a whole number, or its form and its text."""
    if value is None or isinstance(value, str):
        return value
    if type(value) is int and abs(value) <= _WHOLE:
        return value
    made = cell("", "", value)
    number = int(made.value) if made.form is Form.INT else None
    if number is not None and abs(number) <= _WHOLE:
        return number
    return [made.form.value, made.value]


def decode(payload: bytes) -> Images:
    """Return the images that a payload holds.

    :raises SealError: it does not hold images of this format.
    """
    try:
        value = json.loads(payload)
        if value["format"] not in FORMATS:
            raise ValueError("another format")
        new = value["format"] != FIRST_FORMAT
        at = str(value["at"]) if new else ""
        if value["format"] == IMAGE_FORMAT:
            rows = tuple(image for strip in value["strips"] for image in _strip(strip).images())
        else:
            rows = tuple(_image(row, new) for row in value["rows"])
        return Images(value["dialect"], value["version"], rows, at)
    except (ValueError, TypeError, KeyError, RecursionError):
        raise SealError(
            "This box does not hold row images.", f"{' or '.join(FORMATS)} is expected."
        ) from None


Told = tuple[str, Columns, list[tuple[Native, ...]]]
"""A table, the columns that identify its rows and others behind them, and what they hold in each
row."""

Beside = Mapping[str, Collection[str]]
"""Table -> names of columns."""


def keys(payload: bytes, beside: Beside = MappingProxyType({})) -> list[Told]:
    """Return of which rows a payload holds images, without what else the rows held.

    :param payload: what a box held.
    :param beside: columns that are told as well where they were lost.
    :raises SealError: it does not hold images of this format.
    """
    try:
        value = json.loads(payload)
        if value["format"] == IMAGE_FORMAT:
            return [_keys(strip, beside) for strip in value["strips"]]
    except (ValueError, TypeError, KeyError, RecursionError):
        pass
    found = []
    for row in decode(payload).rows:
        cells = *row.key, *(c for c in row.columns if c.name in beside.get(row.table, ()))
        found.append((row.table, _named(cells), [tuple(each.native() for each in cells)]))
    return found


def _keys(strip: Mapping[str, object], beside: Beside) -> Told:
    table, lost, key = str(strip["table"]), _columns(strip["columns"]), _columns(strip["key"])
    first, last = 1 + len(lost), 1 + len(lost) + len(key)
    more = {at: each for at, each in enumerate(lost, 1) if each[0] in beside.get(table, ())}
    lines = list(map(_listed, _listed(strip["rows"])))
    if any(len(line) < last for line in lines):
        raise ValueError("a key is not whole")
    rows = [tuple(map(_native, [*line[first:last], *(line[at] for at in more)])) for line in lines]
    return table, (*key, *more.values()), rows


def _strip(value: Mapping[str, object]) -> Strip:
    after, columns, key = (_columns(value[name]) for name in ("after", "columns", "key"))
    lines = [_line(line) for line in _listed(value["rows"])]
    return Strip(str(value["table"]), Change(str(value["change"])), columns, key, after, lines)


def _columns(value: object) -> Columns:
    return tuple((str(name), str(type_)) for name, type_ in map(_listed, _listed(value)))


def _line(value: object) -> Line:
    order, *values = _listed(value)
    if type(order) is not int:
        raise TypeError("an order number is expected")
    return order, *map(_native, values)


def _native(value: object) -> Native:
    if value is None or isinstance(value, str):
        return value
    if type(value) is int:
        return value
    form, text = _listed(value)
    return Cell("", "", Form(str(form)), str(text)).native()


def _listed(value: object) -> list[object]:
    if not isinstance(value, list):
        raise TypeError("a list is expected")
    return value


def _image(row: Mapping[str, object], new: bool) -> Image:
    order = row["order"]
    if type(order) is not int:
        raise TypeError("an order number is expected")
    return Image(
        table=str(row["table"]),
        key=_read_cells(row["key"]),
        change=Change(str(row["change"])),
        columns=_read_cells(row["columns"]),
        order=order,
        after=_read_cells(row["after"]) if new else (),
    )


def _read_cells(cells: object) -> tuple[Cell, ...]:
    if not isinstance(cells, list):
        raise TypeError("a list is expected")
    return tuple(Cell(c["name"], c["type"], Form(c["form"]), c["value"]) for c in cells)
