"""By which key the row of a hold is known now: the host may have written its keys in capitals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from ...core.plan import Key, key_text
from ..checking.gaps import lacks
from ..erasing import people
from ..erasing.keyform import fitting
from ..mapping.declared import Declared
from .living import Hold

if TYPE_CHECKING:
    from ..work import Work


def now(work: Work, holds: Sequence[Hold]) -> list[Hold]:
    """Return holds with the keys of their rows as these spell them now.

    Nothing is asked of the database but about rows whose keys are texts.

    :param work: the open transaction.
    :param holds: living holds, by the keys that were noted as they were placed.
    """
    noted: dict[str, dict[str, Key]] = {}
    for hold in holds:
        declared = work.datamap.tables.get(hold.table) if hold.row else None
        if declared is None or not people.is_spelt(declared):
            continue
        if lacks(work.whole(), declared.key):
            # No row has it to spell it otherwise; the rows of other tables do not wait for it.
            continue
        key = people.plain_key(declared, hold.row) if fitting(work, declared)(hold.row) else None
        if key is not None:
            noted.setdefault(hold.table, {})[hold.row] = key
    said = {
        (table, text): new for table, keys in noted.items()
        for text, new in _spelt(work, work.datamap.declared(table), keys).items()
    }  # fmt: skip
    if not said:
        return list(holds)
    return [replace(each, row=said.get((each.table, each.row), each.row)) for each in holds]


def _spelt(work: Work, declared: Declared, keys: dict[str, Key]) -> dict[str, str]:
    """Return of the keys, as text, those that are spelt otherwise now, with how."""
    there, exact = people.now(work, declared, keys.values()), set(keys.values())
    if there <= exact:
        return {}
    lost = [(text, key) for text, key in keys.items() if key not in there]
    return {text: key_text(new) for text, key in lost for new in people.now(work, declared, [key])}
