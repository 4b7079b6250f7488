"""Who acts: the host's answer to who may, and an opaque number for who did."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from typing import TYPE_CHECKING

from sqlalchemy import func, insert, select
from sqlalchemy.exc import IntegrityError

from ...core.errors import ForbiddenError, InputError
from ...core.permissions import Permission
from ...core.seal import fingerprint
from .. import tables
from ..noted import Refusal

if TYPE_CHECKING:
    from ..work import Work


def allow(work: Work, user_id: str | None, permission: Permission, property_: str) -> str:
    """Return the opaque number of a person whom the host lets do this, and only then.

    :param work: the open transaction.
    :param user_id: the host's id of the person.
    :param permission: what they want to do.
    :param property_: code of the property the object belongs to.
    :raises ForbiddenError: the host does not say yes, or several people share this login.
    """
    require(work, user_id, permission, property_)
    return acting(work, str(user_id))


def acting(work: Work, user_id: str) -> str:
    """Return the opaque number of a person who acts, whatever else was asked of them before.

    :param work: the open transaction.
    :param user_id: the host's id of the person.
    :raises ForbiddenError: several people share this login.
    """
    if work.shared(user_id):
        raise ForbiddenError(
            "Several people share this login, so it does not act.",
            "Whoever acts gives their own name and PIN.",
        )
    return number(work, user_id)


def require(work: Work, user_id: str | None, permission: Permission, property_: str) -> None:
    """Go on only when the host lets a person do this; nothing is written.

    :raises ForbiddenError: the host does not say yes.
    """
    if not user_id or not may(work, user_id, permission, property_):
        if user_id:
            what = ("not-permitted", permission.value)
            work.refused.append(Refusal(property_, what, user=user_id))
        raise refusal(
            work, user_id, property_, f"This needs the permission '{permission}' at this property."
        )


def refusal(work: Work, user_id: str | None, property_: str, message: str) -> ForbiddenError:
    """Return the error for who may not do something at a property, and perhaps nothing there.

    :param work: the open transaction.
    :param user_id: the host's id of the person.
    :param property_: code of the property the object belongs to.
    :param message: what they lack.
    """
    refused = ForbiddenError(message, "Ask whoever gives permissions at your hotel.")
    refused.elsewhere = not user_id or not works(work, user_id, property_)
    return refused


def may(work: Work, user_id: str, permission: Permission, property_: str) -> bool:
    """Return whether the host grants a permission; anything but a plain True is a no.

    :param work: the open transaction.
    :param user_id: the host's id of the person.
    :param permission: what they want to do.
    :param property_: code of the property the object belongs to.
    :raises InputError: the id is no text, but a number as hosts keep it.
    """
    _require_text(user_id)
    return work.authorize(user_id, permission.value, property_) is True


def _require_text(user_id: object) -> None:
    if not isinstance(user_id, str):
        # Many hosts find a user by a number as well; what we keep of a person is made of a text.
        raise InputError(
            "The id of a person is a text.", "Give what Flask-Login keeps: str(user.get_id())."
        )


def works(work: Work, user_id: str, property_: str) -> bool:
    """Return whether the host lets a person do anything at a property.

    :param work: the open transaction.
    :param user_id: the host's id of the person, or what was typed for one.
    :param property_: code of the property.
    """
    return bool(user_id) and any(may(work, user_id, each, property_) for each in Permission)


def number(work: Work, user_id: str) -> str:
    """Return the opaque number of a person, for example "a12"; the same person keeps it.

    :param work: the open transaction.
    :param user_id: the host's id of the person.
    :raises InputError: the id is no text, but a number as hosts keep it.
    """
    mark = _mark(work, user_id)
    known = _look(work, mark)
    if known is None:
        try:
            with work.conn.begin_nested():
                work.conn.execute(insert(tables.actor).values(mark=mark))
        except IntegrityError:
            # Somebody else's transaction gave the same person a number first.
            pass
        known = _look(work, mark)
    return f"a{known}"


def pass_over(work: Work, named: Iterable[str]) -> None:
    """Give out no number of these, or below: people had them whom this database has forgotten.

    Journal, register and certificates go on naming them, and must not name whoever acts next.

    :param work: the open transaction.
    :param named: opaque numbers; words that are none are passed over.
    """
    numbers = (name.removeprefix("a") for name in named if name.startswith("a"))
    highest = max((int(text) for text in numbers if text.isdecimal()), default=0)
    table = tables.actor
    if (work.conn.execute(select(func.max(table.c.number))).scalar() or 0) >= highest:
        return
    work.conn.execute(insert(table).values(number=highest, mark=secrets.token_hex(32)))
    if work.conn.dialect.name == "postgresql":
        # A sequence does not see what was written beside it; the other engines go on behind it.
        sequence = func.pg_get_serial_sequence(table.name, table.c.number.name)
        work.conn.execute(select(func.setval(sequence, highest)))


def known(work: Work, user_id: str) -> str | None:
    """Return the opaque number of a person, or None when they never acted; nothing is written."""
    found = _look(work, _mark(work, user_id))
    return None if found is None else f"a{found}"


def _mark(work: Work, user_id: str) -> str:
    _require_text(user_id)
    return fingerprint(work.custodian.pepper("actor"), "user", user_id)


def _look(work: Work, mark: str) -> int | None:
    found: int | None = work.conn.execute(
        select(tables.actor.c.number).where(tables.actor.c.mark == mark)
    ).scalar()
    return found
