"""Claim codes: printed for a guest whom a clerk saw, proof of this person once, at this hotel.

Who finds the slip has no name from it, and the code alone opens nothing: it goes with the name on
file. It is proof for an erasure, never for a copy, and a second person decides.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Row, delete, insert, select, update

from ...core.errors import InputError, TokenError, TransitionError, UnknownError
from ...core.events import GUEST, ClaimPrinted
from ...core.identity import LONGEST, Kind, apart, readings
from ...core.lifecycle import State
from ...core.log import slug
from ...core.permissions import Permission
from ...core.plan import Person, key_text
from ...core.seal import Terms
from .. import tables
from ..access import actors, pulse, tokens
from ..boxes import safe
from ..casework.cases import Case, Opening, day_at
from ..casework.matching import Match, by_clerk
from ..deciding import review
from ..erasing import people
from ..erasing.carrying import known
from ..erasing.finder import erased_before
from ..mapping.days import end_of, last_utc_day
from ..noted import Refusal
from ..requests.intake import file_for, open_already
from ..settings import Property
from ..work import Work

DAYS = 180
"""How long a code is good for: a guest thinks of it weeks after the stay, not years."""

TRIES = 5
"""How often a name may be tried with one code; a guest whose code ended asks for a new one."""

LENGTH = 16
"""Characters of a code, about 78 bits: nobody guesses one."""

PURPOSE = "claim"


@dataclass(frozen=True)
class Claim:
    """A code that was printed, shown once.

    :param code: in groups of four.
    :param property: code of the hotel at which it proves somebody.
    :param until: last day on which it can be entered, at the hotel.
    :param rows: profiles it proves.
    """

    code: str
    property: str
    until: date
    rows: int


def print_code(work: Work, match: Mapping[str, str], code: str, by: str) -> Claim:
    """Return a new claim code for a guest who stands before a clerk; earlier ones of theirs end.

    Only profiles that carry everything that was given, the name among it, are proved by it.

    :param work: the open transaction.
    :param match: match key -> value, as it stands in the profile, and "name".
    :param code: code of the property.
    :param by: the host's id of the clerk, who saw who the guest is.
    :raises ForbiddenError: they may not verify at this property.
    :raises MatchError: nothing was given by which anybody can be found.
    :raises InputError: no name was given, or the profile has none.
    :raises UnknownError: nobody is on file under all of it, or there is no such property.
    """
    hotel = work.settings.property(code)
    actor = actors.allow(work, by, Permission.VERIFY, hotel.code)
    if not match.get(Kind.NAME, "").strip():
        raise InputError(
            "A claim code goes with the guest's name.", "Give it as it stands in the profile."
        )
    found = by_clerk(work, match, hotel)
    if not found.taken:
        raise UnknownError(
            "Nobody is on file under all of this at this property.", "Try another key or spelling."
        )
    # Who prints for the same guest at the same time waits here: neither would end the other's code.
    pulse.turn(work.conn, f"claim-{found.mark[:2]}", work.stamp)
    secret = tokens.letters(LENGTH)
    said = {"hash": _hash(secret), "property": hotel.code, "mark": found.mark}
    last = day_at(hotel, work.now) + timedelta(days=DAYS)
    _drop(work, tables.claim.c.mark == found.mark)
    work.conn.execute(
        insert(tables.claim).values(
            controller=slug(hotel.controller), tries=0, printed_by=actor, printed_at=work.stamp,
            ends_at=end_of(last, hotel.zone),
            box=_sealed(work, hotel, found, last, {"by": by, **said}), **said,
        )
    )  # fmt: skip
    rows = len(found.taken)
    work.events.append(ClaimPrinted(slug(hotel.controller), hotel.code, "", actor, {"rows": rows}))
    return Claim(tokens.grouped(secret), hotel.code, last, rows)


def _sealed(
    work: Work, hotel: Property, found: Match, last: date, said: Mapping[str, str]
) -> str:
    """Seal whose rows a code proves, under which names, and what else is said of it."""
    mine = [j.found for j in found.judged if j.found.person in set(found.taken)]
    names = sorted({each.name for each in mine if any(readings(each.name))})
    if not names:
        raise InputError(
            "The profile has no name that could be compared.", "Write it into the profile first."
        )
    rows = [[table, key_text(key)] for table, key in found.taken]
    terms = Terms(slug(hotel.controller), PURPOSE, last_utc_day(last, hotel.zone).isoformat())
    return safe.keep(work, terms, {"rows": rows, "names": names, **said})


def attempt(work: Work, code: str) -> None:
    """Count a try of a name on one code; commit it before `enter`.

    :param work: a transaction of its own.
    :param code: as it was typed.
    """
    table = tables.claim
    work.conn.execute(
        update(table).where(table.c.hash == _hash(code)).values(tries=table.c.tries + 1)
    )


def enter(work: Work, code: str, name: str, lang: str, case_code: str = "") -> str:
    """Use a claim code up: its guest is proved. Return the case code of their request.

    An open request of theirs that waits to be proved goes on; otherwise one is recorded. Code
    and name that do not go together send the same statements and are told in the same words,
    whichever is wrong.

    :param work: the open transaction.
    :param code: as it was typed.
    :param name: the guest's name.
    :param lang: language of the guest.
    :param case_code: the case code to give; a random one where it is empty.
    :raises TokenError: they do not go together, or the code is unknown, used or expired.
    :raises TransitionError: their open request was proved before.
    """
    table = tables.claim
    row = work.conn.execute(select(table).where(table.c.hash == _hash(code))).one_or_none()
    held = safe.peek(work, "none" if row is None else row.box) or _NOTHING
    named = _named(name[:LONGEST], held["names"])
    whose = [] if row is None else _living(work, row, held, name)
    if row is None or not named or not whose:
        raise _refused(work)
    done = work.conn.execute(
        update(table)
        .where(table.c.id == row.id, table.c.used_at.is_(None))
        .values(used_at=work.stamp)
    )
    if done.rowcount != 1:
        raise _refused(work)
    safe.drop(work, row.box)
    return review.claimed(work, _asked(work, row, whose, lang), held["by"], case_code)


_NOTHING: Mapping[str, Any] = {"rows": [], "names": [""], "by": ""}


def _named(given: str, names: Iterable[str]) -> bool:
    """Return whether a name is one of those on file; the time it takes tells nothing of them."""
    key = secrets.token_bytes(32)
    mine = _marked(key, given)
    found = [any(mine) and not apart(mine, _marked(key, name)) and bool(name) for name in names]
    return any(found)


def _marked(key: bytes, name: str) -> list[frozenset[str]]:
    return [
        frozenset(hmac.new(key, way.encode(), hashlib.sha256).hexdigest() for way in ways)
        for ways in readings(name)
    ]


def _living(work: Work, row: Row[Any], held: Mapping[str, Any], name: str) -> list[Person]:
    """Return the rows a code proves that are still this person's, or none when it has ended."""
    over = row.used_at is not None or row.ends_at <= work.stamp or row.tries > TRIES
    # Who can write into the table turns no slip into somebody else's.
    over = over or any(held.get(name) != row._mapping[name] for name in _SEALED)
    if over or not _named(name[:LONGEST], held["names"]):
        return []
    there: list[Person] = []
    for table, text in held["rows"]:
        with suppress(UnknownError):
            there.append((table, people.read_key(work, table, text)))
    # The host may have given a row to somebody else since the code was printed.
    still = known(work.conn, work.datamap, there)
    gone = erased_before(work.conn, work.datamap, there)
    return [p for p in there if p in still and p not in gone and _named(name, [still[p].name])]


_SEALED = ("hash", "property", "mark")
"""What a row says that lies in its box as well, whose key is outside the database."""


def _refused(work: Work) -> TokenError:
    # Not at the code's own hotel: that a code is known would show in what is written.
    work.refused.append(Refusal("", ("claim-code",)))
    return TokenError("This code and this name do not go together.", "Ask at the reception.")


def _asked(work: Work, row: Row[Any], whose: list[Person], lang: str) -> Case:
    """Return the request that is proved: theirs that waits for it, or a new one."""
    hotel = work.settings.home(row.property)
    opening = Opening(
        hotel, "form", lang or hotel.lang, day_at(hotel, work.now), work.stamp, None, row.mark
    )
    case = open_already(work, opening)
    if case is None:
        return file_for(work, opening, whose, (GUEST, None))
    if case.state is not State.RECEIVED:
        raise TransitionError(
            "A request about this is open and was proved before.",
            "Open it with its case code, or ask at the reception.",
        )
    return case


def forget(work: Work) -> int:
    """Delete codes that ended, or were used, more than a day ago; return how many."""
    table, over = tables.claim, work.stamp - timedelta(days=1)
    return _drop(work, (table.c.ends_at < over) | (table.c.used_at < over))


def _drop(work: Work, condition: Any) -> int:
    table = tables.claim
    for box in work.conn.execute(select(table.c.box).where(condition)).scalars():
        safe.drop(work, box)
    return work.conn.execute(delete(table).where(condition)).rowcount


def _hash(code: str) -> str:
    return hashlib.sha256(f"{PURPOSE}:{tokens.plain(code)}".encode()).hexdigest()
