"""Rows that were looked at: what is due is written down, and so is what fails."""

from __future__ import annotations

from collections.abc import Sequence

from ...core.plan import Key, key_text
from ..erasing import people
from ..lawbook.blockers import today_at
from ..lawbook.clocks import places_of
from ..mapping.declared import Declared
from ..work import Work
from . import due
from .ageing import Expired, Unended, judge


def stands(work: Work, declared: Declared, key: Key) -> bool:
    """Return whether a key can be written down, and read again, as the place of a look."""
    text = key_text(key)
    return due.fits(work, text) and people.plain_key(declared, text) is not None


def put_unread(work: Work, declared: Declared, keys: Sequence[Key], word: str) -> None:
    """Write down that rows fail, at the property where they lie."""
    known = places_of(work.conn, work.datamap, work.settings, declared, keys)
    due.put_unread(work, declared, {key: known.get(key, "") for key in keys}, word)


def judge_rows(work: Work, declared: Declared, keys: Sequence[Key]) -> Unended:
    """Write down which of these rows are due, and which an open request keeps for now.

    :return: how many others have no end that is known.
    """
    if not keys:
        return Unended()
    aged = judge(work, declared, keys)
    due.put(work, declared, aged.expired, _as_ended(work, declared, aged.asked))
    return aged.unended


def _as_ended(work: Work, declared: Declared, asked: Sequence[Key]) -> list[Expired]:
    """Return rows that an open request is about, as if they had ended: somebody looks tomorrow."""
    known = places_of(work.conn, work.datamap, work.settings, declared, asked) if asked else {}
    category = declared.policy.category
    return [
        Expired(
            declared.name, key, known.get(key, ""), category,
            today_at(work.settings, work.now, known.get(key, "")), frozenset(), False, False,
        )
        for key in asked
    ]  # fmt: skip
