"""Programs that act for a person: their tokens, and what they file."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from ..access import filed
from ..requests import bearer
from ..requests.bearer import Bearer
from .desk import Desk
from .requests import Requests


class Machines(Desk):
    """Programs that act for a person: their tokens, and what they file."""

    def issue_token(
        self, for_: str, property: str, permissions: Iterable[str], until: date, by: str
    ) -> str:
        """Return a new token by which a program acts for a person, shown once.

        :param for_: the host's id of the person; what the program does counts as theirs.
        :param property: code of the only property.
        :param permissions: what it may be used for, at most what the person may do.
        :param until: last day, within a year.
        :param by: the host's id of who issues it.
        :raises ForbiddenError: they may not issue tokens there, or the person may not do all of it.
        :raises InputError: a permission is none, or the day is past or too far ahead.
        """
        wish = bearer.Wish(for_, property, bearer.permissions(permissions), until)
        return bearer.issue(self.work, wish, by)

    def bearer(self, secret: str) -> Bearer:
        """Return who comes with a token, and within what; note the day of its use.

        :raises TokenError: it is unknown, revoked or over.
        """
        return bearer.look(self.work, secret)

    def tokens(self, by: str) -> Sequence[dict[str, Any]]:
        """Return tokens of properties where who asks may issue them, and their own."""
        return bearer.listed(self.work, by)

    def revoke_token(self, id: int, by: str) -> None:
        """Let a token end at once.

        :raises UnknownError: there is no such token.
        :raises ForbiddenError: they may not issue tokens at its property, and it is not theirs.
        :raises TransitionError: it was revoked before.
        """
        bearer.revoke(self.work, id, by)

    def file_once(
        self, match: Mapping[str, str], *, whose: str, key: str, by: str, **given: Any
    ) -> str:
        """Record a request, unless the same was filed under this key in the last day.

        :param match: match key -> value.
        :param whose: whose keys these are.
        :param key: the key; empty for none.
        :param by: the host's id of the clerk.
        :param given: what `Office.request` takes besides.
        :return: number of the request, the first one's when it was filed before.
        :raises InputError: something else was filed under this key.
        """
        said = {"match": dict(match), **{name: str(value) for name, value in given.items()}}

        def file() -> str:
            return Requests(self.work).request(match, by=by, **given)

        return filed.once(self.work, whose, key, said, file)

    def once(
        self, said: Mapping[str, Any], make: Callable[[], object], *, whose: str, key: str,
        lasting: timedelta | None = None,
    ) -> str:  # fmt: skip
        """Make what a program asks for, unless the same was made under this key in the last day.

        :param said: what was asked for.
        :param make: makes it; returns its number.
        :param whose: whose keys these are.
        :param key: the key; empty for none.
        :param lasting: for how long a key counts; a day when left out.
        :return: number of what was made, the first one's when it was made before.
        :raises InputError: something else was made under this key.
        """
        told = {name: str(value) for name, value in said.items()}
        return filed.once(self.work, whose, key, told, lambda: str(make()), lasting)
