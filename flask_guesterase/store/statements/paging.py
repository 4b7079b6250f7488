"""Lists that are read a page at a time."""

from __future__ import annotations

from typing import Any, TypeVar

from sqlalchemy import Select

from ...core.errors import InputError

PAGES = 10_000_000
"""More than any list has; a larger number is no page."""

_Wanted = TypeVar("_Wanted", bound=Select[Any])


def paged(wanted: _Wanted, page: int, size: int, before: int = 0) -> _Wanted:
    """Return a statement for one page, with one row more where another page follows.

    :param wanted: finds all rows, in their order.
    :param page: number of the page; 0 for all rows.
    :param size: rows on a page.
    :param before: how many others stand before all of these in the list.
    :raises InputError: there is no such page.
    """
    if not 0 <= page <= PAGES:
        raise InputError("There is no such page.", "Begin with page 1.")
    if not page:
        return wanted
    first = (page - 1) * size
    others = min(max(0, before - first), size + 1)
    return wanted.limit(size + 1 - others).offset(max(0, first - before))
