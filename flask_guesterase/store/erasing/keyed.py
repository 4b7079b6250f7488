"""Rows by the text of their key, as people write it and as we do."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from uuid import UUID

from sqlalchemy import Column, TypeDecorator, select

from ...core.errors import MatchError, UnknownError
from ...core.plan import Key
from ..mapping.declared import Declared
from ..statements.sql import among, host_values, is_text, python_type
from ..work import Work
from . import people
from .carrying import inquire

_HEX = re.compile(r"^(0x|\\x)|-", re.IGNORECASE)
"""What people and engines write in bytes besides their digits: ``0x``, ``\\x``, a UUID's dashes."""


def meant(work: Work, declared: Declared, text: str) -> list[Key]:
    """Return what a text may mean: a key as people write it, or as `key_text` does.

    :param work: the open transaction.
    :param declared: the table.
    :param text: the text; parts of a composite key divided by ``|``.
    """
    found: list[Key] = []
    parts = text.split("|") if len(declared.key) > 1 else [text]
    if len(parts) == len(declared.key):
        values = [_values(column, part) for column, part in zip(declared.key, parts, strict=True)]
        if all(values):
            found.append(tuple(each[0] for each in values))
            found.append(tuple(each[-1] for each in values))
    if ":" in text:
        with suppress(UnknownError):
            found.append(people.read_key(work, declared.name, text))
    return list(dict.fromkeys(found))


def _values(column: Column[object], part: str) -> Sequence[object]:
    if is_text(column.type):
        return [part]
    values = host_values(column.type, [part])
    if isinstance(column.type, TypeDecorator):
        # Many a host keeps a UUID as bytes, and its type takes nothing but a UUID.
        with suppress(ValueError):
            values.append(UUID(part))
    elif python_type(column.type) is bytes:
        with suppress(ValueError):
            values.append(bytes.fromhex(_HEX.sub("", part)))
    return values


def there(work: Work, declared: Declared, key: Key, lock: bool = False) -> Key | None:
    """Return a key as the database gives it, or None where no row has it, or could have it.

    :param work: the open transaction.
    :param declared: the table.
    :param key: the key.
    :param lock: whether to lock the row.
    """
    columns = list(declared.key)
    wanted = select(*columns).where(among(columns, [key]))
    wanted = wanted.with_for_update() if lock else wanted
    try:
        row = inquire(work.conn, declared.name, wanted).first()
    except MatchError:
        return None
    return None if row is None else tuple(row)
