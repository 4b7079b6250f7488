"""What was sent under a key, by a program or a page: the same once more makes nothing twice."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta

from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError

from ...core.errors import InputError
from ...core.log import canonical
from ...core.seal import fingerprint
from .. import tables
from ..work import Work

LONGEST = 200
"""Characters of a key."""


def once(
    work: Work, whose: str, key: str, said: Mapping[str, object], file: Callable[[], str],
    lasting: timedelta | None = None,
) -> str:  # fmt: skip
    """File a request, unless the same was filed under this key before; return its number.

    Of two that come at once, the second waits for the first.

    :param work: the open transaction.
    :param whose: whose keys these are.
    :param key: the key; nothing is remembered when it is empty.
    :param said: what was sent with it.
    :param file: files it.
    :param lasting: for how long a key counts; as long as it is remembered when left out.
    :raises InputError: something else was sent under this key, or the key is too long.
    """
    if not key:
        return file()
    if len(key) > LONGEST:
        raise InputError("The key is too long.", f"Use at most {LONGEST} characters.")
    pepper, table = work.custodian.pepper("filed"), tables.filed
    mark = fingerprint(pepper, "key", f"{whose}|{key}")
    body = fingerprint(pepper, "body", canonical(said).decode())
    try:
        with work.conn.begin_nested():
            work.conn.execute(insert(table).values(mark=mark, body=body, number="", at=work.stamp))
    except IntegrityError:
        before = select(table).where(table.c.mark == mark)
        row = work.conn.execute(before.with_for_update()).one()
        if row.body != body:
            raise InputError(
                "Something else was filed under this key.", "Use a new key for each request."
            ) from None
        if lasting is None or row.at > work.stamp - lasting:
            return str(row.number)
    number = file()
    filed = update(table).where(table.c.mark == mark)
    work.conn.execute(filed.values(number=number, at=work.stamp))
    return number
