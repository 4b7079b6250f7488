"""Row images: what a row held before it was erased, in the engine's own form, exactly."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from .errors import SealError

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
        columns, key, after = map(named, (image.columns, image.key, image.after))
        alike = image.table, image.change, columns, key, after
        cells = *image.columns, *image.key, *image.after
        line = image.order, *(each.native() for each in cells)
        if not found or found[-1][0] != alike:
            lines: list[Line] = []
            strip = Strip(image.table, image.change, columns, key, after, lines)
            found.append((alike, strip, lines))
        found[-1][2].append(line)
    return [strip for _, strip, _ in found]


def named(cells: Iterable[Cell]) -> Columns:
    """Return the names and types of cells."""
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
