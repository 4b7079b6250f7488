"""Row images as the payload of a box: canonical JSON, of three formats that can be read."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import chain
from types import MappingProxyType

from .errors import SealError
from .image import (
    Cell,
    Change,
    Columns,
    Form,
    Image,
    Images,
    Line,
    Native,
    Strip,
    cell,
    named,
    strips,
)

IMAGE_FORMAT = "guesterase/image/v3"
SECOND_FORMAT = "guesterase/image/v2"
FIRST_FORMAT = "guesterase/image/v1"
FORMATS = (FIRST_FORMAT, SECOND_FORMAT, IMAGE_FORMAT)
"""What can be read; the newest is written."""


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
    return [
        [value if value is None or type(value) is str else _said(value) for value in line]
        for line in strip.lines
    ]


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


def keys_in(payload: bytes, beside: Beside = MappingProxyType({})) -> list[Told]:
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
        found.append((row.table, named(cells), [tuple(each.native() for each in cells)]))
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
