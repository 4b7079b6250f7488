"""The keys by which rows that were erased in a month are known again."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta

from ...core.errors import SealError, SetupError
from ..work import Work
from .remembering import register

LABEL = "register"
"""Kind of the keys that marks of the register are made with, one a month."""


def label(month: str) -> str:
    """Return the label of the key of a month.

    :param month: ``YYYY-MM``.
    """
    return f"{LABEL}:{month}"


def outlived(work: Work) -> list[str]:
    """Return the keys of months of which no backup of the database is left any more.

    Their marks tell nothing once they are destroyed; where nobody said how long backups are kept
    they stay. A month more is waited, for a backup that ends late.

    :param work: the open transaction.
    """
    labels = (each.partition(":") for each in work.custodian.labels())
    return sorted(
        label(month) for kind, _, month in labels if kind == LABEL and is_over(work, month)
    )


def is_over(work: Work, month: str) -> bool:
    """Return whether no backup of a month is left, so that its key may be gone.

    :param work: the open transaction.
    :param month: ``YYYY-MM``.
    """
    days = work.settings.backup_days
    if days is None:
        return False
    return month < (work.now.date() - timedelta(days=days + 31)).isoformat()[:7]


def needed(work: Work) -> set[str]:
    """Return the labels of the keys by which rows of the register are looked for.

    :param work: the open transaction; a read-only one is enough.
    """
    months = frozenset[str]()
    # What keeps the register from being read is told elsewhere.
    with suppress(SealError, SetupError):
        if (file := register(work)) is not None:
            months = file.months()
    return {label(month) for month in months if not is_over(work, month)}
