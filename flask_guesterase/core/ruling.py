"""What keeps parts of a row: the law, a hold, a precondition of the hotel."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Reason:
    """Why the law keeps the columns of one category of one row.

    :param rule: what ends it, in a word without a date.
    :param basis: article that asks for it, or the word for a period that the house alone set; empty
        when nobody knows one.
    :param until: last day, ``YYYY-MM-DD``, or empty when it is not known.
    :param open: why the end is not known, empty when it is.
    :param grade: how sure the rule is.
    :param conflicts: rules that keep it though the general law may not recognise their rank.
    """

    rule: str = ""
    basis: str = ""
    until: str = ""
    open: tuple[str, ...] = ()
    grade: str = ""
    conflicts: tuple[str, ...] = ()


@dataclass(frozen=True)
class Ruling:
    """What keeps parts of one row, for whatever reason.

    :param law: category -> why its columns stay; a category that is not there may go.
    :param sealed: categories that lie in a box already, so that the row holds nothing of them.
    :param held: legal holds and freezes that cover the row; it stays as it is.
    :param needed: column -> precondition of the hotel that still needs it.
    :param place: code of the row's property, empty when nobody can tell or nothing asks.
    :param told: what the host said of it to the law, in the form in which it is written down.
    :param only: the columns this plan may touch, where it finishes what an earlier one kept; None
        for all of them.
    """

    law: Mapping[str, Reason] = field(default_factory=dict)
    sealed: frozenset[str] = frozenset()
    held: tuple[int, ...] = ()
    needed: Mapping[str, str] = field(default_factory=dict)
    place: str = ""
    told: Mapping[str, object] = field(default_factory=dict)
    only: frozenset[str] | None = None

    def may_touch(self, column: str) -> bool:
        """Return whether this plan is about a column."""
        return self.only is None or column in self.only
