"""Who acts at a console: named by the host's id, proved by a one-time code of their own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial, wraps
from typing import Any

import click

from ...core.errors import UnknownError
from ...store.office import Office
from ..anew import apart
from ..current import current

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

    A command that begins anew is the same try.

    :raises UnknownError: the host knows no such user.
    :raises LimitError: they tried too often.
    """
    found = acting(who)
    apart(partial(current.run, partial(_count, found)))
    return found


def _count(who: str, office: Office) -> None:
    office.attempt("code", who)


_second = click.option(
    "--second", metavar="WHO", required=True, help="The second person: their id at the host."
)
_second_code = click.option(
    "--second-code", metavar="CODE", required=True, help="The second person's one-time code."
)


@dataclass(frozen=True)
class Two:
    """Two people at a console, each with a one-time code of their own.

    :param by: the first one, by the host's id.
    :param code: their code.
    :param second: the second one.
    :param second_code: the second one's code.
    """

    by: str
    code: str
    second: str
    second_code: str

    @contextmanager
    def begin(self) -> Iterator[tuple[Office, str, str]]:
        """Open the office for both, once their codes were used; yields it and the host's ids.

        :raises UnknownError: the host does not know one of them.
        :raises LimitError: one of them tried too often.
        :raises TokenError: a code is not theirs, or is over.
        """
        first, other = trying(self.by), trying(self.second)
        with current.begin() as office:
            office.use_code(first, self.code)
            office.use_code(other, self.second_code)
            yield office, first, other


def two_people(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options of two people; it is called with ``two``, a `Two`."""

    @wraps(function)
    def called(by: str, code: str, second: str, second_code: str, **given: Any) -> Any:
        return function(two=Two(by, code, second, second_code), **given)

    made: Callable[..., Any] = called
    for option in (_second_code, _second, code, by):
        made = option(made)
    return made
