"""Whoever the host wrote into a row after its guest was erased: that guest's copy is not theirs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import ColumnElement, Row, exists

from ...core.plan import Person
from .. import tables
from ..work import Work
from .finder import filled_again


def asked_after() -> ColumnElement[bool]:
    """Return whether a copy was asked for after its subject row was erased.

    For a select of our tables `subject`, `request` and `copy`, each under its own name.
    """
    subject, request, copy = tables.subject.c, tables.request.c, tables.copy.c
    # A row that was spared, under a hold for example, still holds the guest of the copy.
    buried = tables.subject.alias().c
    return exists().where(
        buried.request == copy.erasure,
        buried.table_name == subject.table_name,
        buried.row_key == subject.row_key,
        buried.erased_at <= request.received_at,
    )


def without(
    work: Work, table: str, lines: Iterable[Row[Any]], texts: Mapping[str, Person]
) -> list[Row[Any]]:
    """Return the lines about requests without those of a guest who has the row no longer.

    :param work: the open transaction.
    :param table: name of the subject table.
    :param lines: each with the `row_key`, and with `asked_after` as ``after``.
    :param texts: key as text -> table and key.
    """
    # MariaDB finds keys also that end in more blanks, or fewer.
    found = [line for line in lines if line.row_key in texts]
    after = {line.row_key for line in found if line.after}
    theirs = filled_again(work.conn, work.datamap.tables.get(table), after, texts)
    return [line for line in found if not (line.after and line.row_key in theirs)]
