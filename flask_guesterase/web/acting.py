"""Who acts at a console: named by the host's id, proved by a one-time code of their own."""

from __future__ import annotations

import click

from ..core.errors import UnknownError
from .current import current

by = click.option("--by", metavar="WHO", required=True, help="Who acts: their id at the host.")
code = click.option(
    "--code", metavar="CODE", required=True, help="Their one-time code, from their own login."
)


def acting(who: str) -> str:
    """Return the host's id of a user, by the host's own user loader.

    :raises UnknownError: the host knows no such user.
    """
    user = current.user(who)
    if user is None:
        raise UnknownError(
            "The host knows no such user.", "Give the id by which its user loader finds them."
        )
    return str(user.get_id()) if hasattr(user, "get_id") else who


def trying(who: str) -> str:
    """Return the host's id of a user, and count their try of a code in a transaction of its own.

    :raises UnknownError: the host knows no such user.
    :raises LimitError: they tried too often.
    """
    found = acting(who)
    with current.begin() as office:
        office.attempt("code", found)
    return found
