"""Fields that several forms have, with the words in which they refuse."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from datetime import date, datetime
from typing import Any

from marshmallow import Schema, ValidationError, fields
from marshmallow.validate import OneOf, Range

from ...core.asking import EARLIEST
from ...core.complaining import says
from ...core.errors import InputError, MatchError
from ...core.identity import Kind, normal
from ..wording.language import N_
from ..wording.problems import OLD_DAY

MISSING = N_("Please fill this in.")
CHOOSE = N_("Please choose one of these.")
DAY = N_("Please give a day, not later than today.")
LONG_AGO = N_(
    "This is more than a year ago. Look at the year; if it is right, send the form once more."
)
EARLY = N_("Please give a day, not before 2000: no request that old is still to be answered.")


def typed(required: bool = False) -> fields.String:
    """Return a field for a text, empty unless it is required."""
    if not required:
        return fields.String(load_default="")
    return fields.String(required=True, validate=_seen, error_messages=said(MISSING))


def _seen(text: str) -> None:
    if not says(text):
        raise ValidationError(MISSING)


def one_of(options: Collection[str]) -> fields.String:
    """Return a field in which one of these must be chosen."""
    return fields.String(
        required=True, validate=OneOf(list(options), error=CHOOSE), error_messages=said(CHOOSE)
    )


def choice(options: Collection[str]) -> fields.String:
    """Return a field in which nothing need be chosen."""
    return fields.String(load_default="", validate=OneOf(["", *options], error=CHOOSE))


def whole() -> fields.Integer:
    """Return a field for a number that a database can hold."""
    return fields.Integer(
        required=True, validate=Range(-_LARGEST, _LARGEST, error=MISSING),
        error_messages={**said(MISSING), "too_large": MISSING},
    )  # fmt: skip


_LARGEST = 2**63 - 1


def day(wrong: str = DAY) -> fields.Date:
    """Return a field for a day.

    :param wrong: what is said where it is none.
    """
    return fields.Date(required=True, error_messages=said(wrong))


def recent(wrong: str) -> fields.Date:
    """Return a field for a day that need not be given, in a year of four figures.

    :param wrong: what is said where it is none.
    """
    return fields.Date(
        load_default=None, validate=Range(min=EARLIEST, error=OLD_DAY),
        error_messages={"invalid": wrong},
    )  # fmt: skip


def received_by(received: date, today: date, sure: str) -> None:
    """Refuse a day of receipt on which nothing that is still open can have come in.

    In January people write last year's number, and the answer would be late at once: a day that
    long ago is asked for twice.

    :param received: the day.
    :param today: day at the desk.
    :param sure: the day that was asked for before, ISO, or empty.
    """
    wrong = DAY if received > today else EARLY if received < EARLIEST else ""
    if not wrong and (today - received).days > 365 and sure != received.isoformat():
        wrong = LONG_AGO
    if wrong:
        raise ValidationError({"received": [wrong]})


def said(wrong: str) -> dict[str, Any]:
    """Return what is said where nothing, or nothing that can be read, came in."""
    return {"required": wrong, "null": wrong, "invalid": wrong}


_ADDRESS = re.compile(r"[^@\s;,<>]+@[^@\s;,<>]+\.[^@\s;,<>]+")


def reaches(kind: Kind, text: str) -> bool:
    """Return whether an e-mail address or a phone number can exist, whoever's it is."""
    try:
        normal(kind, text)
    except MatchError:
        return False
    plain = unicodedata.normalize("NFKC", text)
    return kind is not Kind.EMAIL or _ADDRESS.fullmatch(plain) is not None


def moment(text: str) -> datetime | None:
    """Return what a browser's field of day and time holds, without a zone; None where nothing."""
    try:
        return datetime.fromisoformat(text) if text else None
    except ValueError:
        return None


def understood(schema: Schema, data: Any, cause: str) -> dict[str, Any]:
    """Return what came in as values.

    :param schema: what it should be.
    :param data: what came in.
    :param cause: what to say where it cannot be understood.
    :raises InputError: it cannot; ``fields`` says where.
    """
    try:
        loaded: dict[str, Any] = schema.load(data)
    except ValidationError as problem:
        # `from None`: marshmallow's error carries what was typed.
        raise InputError(cause, "Look at the fields.", _texts(problem.messages)) from None
    return loaded


def _texts(messages: Any) -> dict[str, list[str]]:
    if not isinstance(messages, dict):
        return {"": [str(each) for each in messages]}
    return {
        str(name): [str(each) for each in texts] if isinstance(texts, list) else ["Not valid."]
        for name, texts in messages.items()
    }
