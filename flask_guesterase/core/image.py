"""Row images: what a row held before it was erased, in the engine's own form, exactly."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from .errors import SealError
from .log import canonical

IMAGE_FORMAT = "guesterase/image/v2"
FIRST_FORMAT = "guesterase/image/v1"
FORMATS = (FIRST_FORMAT, IMAGE_FORMAT)
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
    """Return images as the payload of a box: canonical JSON of ``guesterase/image/v2``."""
    return canonical(
        {
            "at": images.at,
            "dialect": images.dialect,
            "format": IMAGE_FORMAT,
            "rows": [_row(row) for row in images.rows],
            "version": images.version,
        }
    )


def _row(row: Image) -> dict[str, object]:
    return {
        "after": _cells(row.after),
        "change": row.change.value,
        "columns": _cells(row.columns),
        "key": _cells(row.key),
        "order": row.order,
        "table": row.table,
    }


def _cells(cells: Iterable[Cell]) -> list[dict[str, str]]:
    return [
        {"form": c.form.value, "name": c.name, "type": c.type, "value": c.value} for c in cells
    ]


def decode(payload: bytes) -> Images:
    """Return the images that a payload holds.

    :raises SealError: it does not hold images of this format.
    """
    try:
        value = json.loads(payload)
        if value["format"] not in FORMATS:
            raise ValueError("another format")
        new = value["format"] == IMAGE_FORMAT
        rows = tuple(_image(row, new) for row in value["rows"])
        at = str(value["at"]) if new else ""
        return Images(value["dialect"], value["version"], rows, at)
    except (ValueError, TypeError, KeyError, RecursionError):
        raise SealError(
            "This box does not hold row images.", f"{' or '.join(FORMATS)} is expected."
        ) from None


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
