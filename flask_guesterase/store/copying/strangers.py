"""What lies sealed of a row that is only other people's by now: no link makes it the guest's."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from ...core.image import Change
from ...core.mentions import Known
from ...core.plan import Key, Person, Row
from ..checking.gaps import unreadable
from ..erasing.finder import owners
from ..texts.mentioned import values_in
from ..work import Work
from . import departed
from .boxed import Sealed
from .sheets import spoken_of


def strange(
    work: Work,
    sealed: Iterable[Sealed],
    found: Mapping[str, Sequence[Row]],
    people: Collection[Person],
) -> dict[str, list[Row]]:
    """Return the rows that are not the guest's any more, and another person's: by table.

    An erasure takes away by what the guest had a part in somebody else's row, and keeps the whole
    of a text out of which it struck them, or of a row that goes with any of its people.

    :param work: the open transaction.
    :param sealed: what was found in boxes.
    :param found: table -> the guest's rows.
    :param people: the rows that were taken for the copy, also those that are not the guest's now.
    """
    whole = work.whole()
    closed, mine = unreadable(whole), frozenset(people)
    here = {name: {row.key for row in rows} for name, rows in found.items()}
    there: dict[str, dict[Key, None]] = {}
    gone: dict[str, list[Sealed]] = {}
    for each in sealed:
        declared = whole.tables.get(each.image.table)
        if declared is None or not declared.keyed or declared.name in closed:
            continue
        if each.image.change is Change.DELETED:
            # That its number is there says nothing: another row may have it since.
            gone.setdefault(declared.name, []).append(each)
        elif each.key not in here.get(declared.name, ()):
            there.setdefault(declared.name, {})[each.key] = None
    result: dict[str, list[Row]] = {}
    for name in {**there, **gone}:
        declared = whole.tables[name]
        known = owners(work.conn, work.datamap, declared, list(there.get(name, ())))
        known |= departed.owners(work, declared, gone.get(name, ()))
        for key, whose in known.items():
            left = frozenset(each for each in whose if each[0] not in mine)
            if left:
                result.setdefault(name, []).append(Row(key, frozenset(whose) - left, left))
    return result


def remembered(
    work: Work, sealed: Iterable[Sealed], region: str
) -> dict[Person, list[Known]]:
    """Return what an erased guest was known by, from what lies sealed of their profiles.

    :param work: the open transaction.
    :param sealed: what was found in boxes.
    :param region: country whose national telephone numbers are meant.
    """
    found: dict[Person, list[Known]] = {}
    for each in sealed:
        name = each.image.table
        if each.sure and name in work.datamap.subjects:
            declared = work.datamap.declared(name)
            said = spoken_of(work, declared, each.image.columns)
            found.setdefault((name, each.key), []).extend(
                values_in(work.datamap, name, said, region)
            )
    return found
