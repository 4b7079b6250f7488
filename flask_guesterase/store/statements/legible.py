"""Whether a text is a day, or a moment, that Python reads: asked of the database, row by row.

It says of a text what `days.moment_of` does, as far as any engine can: so that nothing is taken for
dated that nobody can read, such as a 30 February or a leap second.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import reduce
from typing import Any

from sqlalchemy import ColumnElement, String, and_, func, literal_column, or_

_TWO = [f"{number:02}" for number in range(60)]
_LONG = ("01", "03", "05", "07", "08", "10", "12")
_LEAP = [f"{number:02}" for number in range(4, 100, 4)]
_CENTURIES = ["00", *_LEAP]


def legible(text: ColumnElement[Any]) -> ColumnElement[bool]:
    """Return the condition that a text can be read, without blanks around it.

    :param text: ``2026-03-09``, ``20260309``, or either with a time behind it.
    """
    signed = and_(text.like("____-__-__%"), _is_day(text, 6, 9), _is_end(text, 11))
    return or_(signed, and_(_is_day(text, 5, 7), _is_end(text, 9)))


def _is_day(text: ColumnElement[Any], month_at: int, day_at: int) -> ColumnElement[bool]:
    """Return the condition that some calendar has the day; where month and day stand differs."""
    century, year = _part(text, 1, 2), _part(text, 3, 2)
    month, day = _part(text, month_at, 2), _part(text, day_at, 2)
    leap = or_(
        _among(year, _LEAP), and_(_among(year, ["00"]), _among(century, _CENTURIES))
    )
    return and_(
        *(_is_digit(_part(text, place, 1)) for place in range(1, 5)),
        _among(month, _TWO[1:13]), _among(day, _TWO[1:32]),
        or_(~_among(day, ["31"]), _among(month, _LONG)),
        or_(
            ~_among(month, ["02"]), _among(day, _TWO[1:29]), and_(_among(day, ["29"]), leap)
        ),
    )  # fmt: skip


def _is_end(text: ColumnElement[Any], at: int) -> ColumnElement[bool]:
    """Return the condition that nothing stands behind the day, or a time does."""
    time = func.substr(text, at + 1, type_=String())
    rest = reduce(lambda left, sign: func.replace(left, sign, ""), "0123456789:.,+-Z", time)
    third, fifth, sixth = _part(time, 3, 1), _part(time, 5, 1), _part(time, 6, 1)
    signed = and_(
        _among(third, ":"), _among(_part(time, 4, 2), _TWO),
        or_(~_among(sixth, ":"), _among(_part(time, 7, 2), _TWO)),
    )  # fmt: skip
    plain = and_(
        _is_digit(third), _among(_part(time, 3, 2), _TWO),
        or_(~_is_digit(fifth), _among(_part(time, 5, 2), _TWO)),
    )  # fmt: skip
    said = and_(
        _among(_part(text, at, 1), "T "), _among(_part(time, 1, 2), _TWO[:24]), rest == "",
        or_(_among(third, ["", "+", "-", "Z"]), signed, plain),
    )  # fmt: skip
    # A single blank is as good as nothing to MariaDB.
    return or_(func.substr(text, at, type_=String()) == "", said)


def _part(text: ColumnElement[Any], at: int, many: int) -> ColumnElement[Any]:
    return func.substr(text, at, many, type_=String())


def _is_digit(sign: ColumnElement[Any]) -> ColumnElement[bool]:
    return _among(sign, "0123456789")


def _among(part: ColumnElement[Any], words: Iterable[str]) -> ColumnElement[bool]:
    # They are ours and few: as parameters they would be hundreds.
    return part.in_([literal_column(f"'{word}'", String()) for word in words])
