"""How often somebody may try, counted in the database so that it holds in every process."""

from __future__ import annotations

from datetime import timedelta
from ipaddress import IPv4Address, IPv6Address, ip_address

from sqlalchemy import delete, func, insert, select

from ...core.errors import LimitError
from ...core.seal import fingerprint
from .. import tables
from ..noted import Refusal
from ..work import Work
from . import pulse

LIMITS = {
    "intake": (20, timedelta(hours=1)),
    "link": (20, timedelta(hours=1)),
    "case": (20, timedelta(hours=1)),
    "objection": (10, timedelta(hours=1)),
    "again": (5, timedelta(days=1)),
    "complaint": (10, timedelta(hours=1)),
    "answer": (60, timedelta(minutes=10)),
    "witness": (60, timedelta(minutes=10)),
    "copy": (5, timedelta(days=1)),
    "claim": (20, timedelta(hours=1)),
    "bearer": (20, timedelta(hours=1)),
    "api": (600, timedelta(minutes=10)),
    "code": (5, timedelta(minutes=10)),
    "pin": (5, timedelta(minutes=10)),
    "pins": (100, timedelta(minutes=10)),
}
"""Action -> how many tries in how long."""

KEPT = timedelta(days=1)


def attempt(work: Work, action: str, who: str) -> None:
    """Count one try.

    A try counts when its transaction commits, so whoever checks a secret counts the try in a
    transaction of its own, before the one that may fail. Tries beyond the limit are not counted:
    they do not lock anybody out for longer.

    :param work: the open transaction.
    :param action: a key of `LIMITS`.
    :param who: whose tries are counted (a remote address, a user's id); kept as a keyed mark. An
        address of IPv6 counts as its network of 64 bits, which is one holder's.
    :raises LimitError: there were too many.
    """
    most, window = LIMITS[action]
    mark = _mark(work, action, who)
    table = tables.attempt
    # Who tries at the same time waits here: neither would see the other's try.
    pulse.turn(work.conn, f"limits-{mark[:2]}", work.stamp)
    work.conn.execute(insert(table).values(action=action, mark=mark, at=work.stamp))
    count = work.conn.execute(
        select(func.count())
        .select_from(table)
        .where(
            table.c.action == action, table.c.mark == mark,
            # By a clock that ran ahead somebody would be locked out until its time has come.
            table.c.at > work.stamp - window, table.c.at <= work.stamp + window,
        )
    ).scalar_one()
    if count > most:
        work.refused.append(Refusal("", ("too-many-tries", action)))
        seconds = int(window.total_seconds())
        raise LimitError(
            "There were too many tries in a short time.",
            f"Try again in {seconds // 60} minutes.",
            seconds,
        )


def succeed(work: Work, action: str, who: str) -> None:
    """Forget the tries of somebody who was right: only failures may add up."""
    table = tables.attempt
    work.conn.execute(
        delete(table).where(table.c.action == action, table.c.mark == _mark(work, action, who))
    )


def _mark(work: Work, action: str, who: str) -> str:
    return fingerprint(work.custodian.pepper("attempt"), action, _holder(who))


def _holder(who: str) -> str:
    """Return an address as its holder is counted; anything else as it is.

    Source: RFC 4291 sections 2.5.1 and 2.5.5.2; RFC 6052 section 2.1.
    """
    try:
        address = ip_address(who)
    except ValueError:
        return who
    if isinstance(address, IPv4Address):
        return str(address)
    number = int(address)
    if number >> 32 in _CARRYING:
        return str(IPv4Address(number & 0xFFFF_FFFF))
    return f"{number >> 64:016x}/64"


_CARRYING = {int(IPv6Address(start)) >> 32 for start in ("::ffff:0:0", "64:ff9b::")}
"""First 96 bits of the IPv6 addresses that carry one of IPv4: mapped, and translated."""


def forget(work: Work) -> int:
    """Delete tries that no limit looks at any more; return how many."""
    table = tables.attempt
    kept = table.c.at.between(work.stamp - KEPT, work.stamp + KEPT)
    return work.conn.execute(delete(table).where(~kept)).rowcount
