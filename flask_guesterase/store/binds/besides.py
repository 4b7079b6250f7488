"""Which requests had left a file to one another, of those under way at once over databases.

What a request says of it, anybody may read who reaches the database: a file stands there as a mark
whose key lies sealed in the other one's intent, and ends with it.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Collection, Mapping
from contextlib import suppress
from typing import Any

from sqlalchemy import select

from ...core.errors import UnknownError
from ...core.plan import Person, key_text
from .. import tables
from ..boxes import safe
from ..casework.cases import load, step
from ..erasing.taking import Erased
from ..work import Work

BESIDE = "files-beside"
"""Under which word stand the intents that had left some of a request's files, and their marks."""

ANY = ""
"""Stands for all files of an intent, where nobody could tell which it had left."""


def mark(seed: bytes, path: str) -> str:
    """Return what stands for a file.

    :param seed: that of the intent which had left it.
    :param path: where it lies.
    """
    return hmac.digest(seed, path.encode("utf-8", "surrogatepass"), "sha256").hex()[:16]


def text(person: Person) -> str:
    """Return what stands for a person among requests where nobody asked; it is kept sealed.

    :param person: table and key of their row.
    """
    return json.dumps([person[0], key_text(person[1])])


def noted(erased: Erased, before: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return what a request says of the intents that had left some of its files.

    :param erased: what was done now.
    :param before: what was noted with it already.
    """
    said = _said(before or {})
    for number, left in erased.beside.items():
        said[number] = sorted({*said.get(number, ()), *left.marks.values()})
    return {BESIDE: said} if said else {}


def _said(decisions: Mapping[str, Any]) -> dict[str, Collection[str]]:
    said = decisions.get(BESIDE, {})
    # An earlier version noted no files.
    return dict(said) if isinstance(said, dict) else {number: [ANY] for number in said}


def note(work: Work, number: str | None, erased: Erased) -> None:
    """Write that down with a request of which more goes after it was carried out.

    :param work: the open transaction.
    :param number: number of the request; None where nobody asked.
    :param erased: what was done now.
    """
    if number is None or not erased.beside:
        return
    with suppress(UnknownError):
        case = load(work, number, lock=True)
        said = case.decisions or {}
        step(work, case, decisions={**said, **noted(erased, said)})


def owners(
    work: Work, intent: str, label: str, seed: bytes, known: Mapping[str, Collection[str]],
    paths: Collection[str],
) -> dict[str, list[str]]:
    """Return of each of an intent's files who had it as well while it was under way.

    Of two that were under way at once, whichever went on last has noted the other.

    :param work: the open transaction.
    :param intent: its number, which nobody else has noted.
    :param label: label of its key, under which lies what was noted where nobody asked.
    :param seed: its seed.
    :param known: what it has noted itself: request or person -> where the files lie.
    :param paths: where its files lie.
    """
    found = {path: {who for who, left in known.items() if path in left} for path in paths}
    here = tables.request.c
    wanted = select(here.number, here.decisions).where(here.decisions.contains(intent))
    for number, text in work.conn.execute(wanted):
        marks = _said(json.loads(text)).get(intent, ())
        for path in paths:
            if not {ANY, mark(seed, path)}.isdisjoint(marks):
                found[path].add(number)
    box = tables.box.c
    sealed = select(box.id).where(box.label == label, box.purpose == BESIDE)
    for id in work.conn.execute(sealed).scalars().all():
        for who, left in safe.read(work, id).items():
            for path in {*left}.intersection(paths):
                found[path].add(who)
    return {path: sorted(those) for path, those in found.items()}
