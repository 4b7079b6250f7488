"""What a button gives that is pressed twice: the same case code, the same one thing it made.

A browser lets go of the first answer when its button is pressed again, and a telephone may lose the
line: the link is used up by then, and nobody has seen the code. So a code is not thrown like dice,
but made of the link and of a mark that this browser has carried since it opened the page. What a
form makes is remembered for a day by the token of its page and all that was in it, and what a
button does for some minutes; whoever sends it once more reads that it was done before. So does who
presses it in a second tab, where there is nothing left to do.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from hashlib import sha256
from hmac import digest
from time import time as clock

from flask import current_app, request, session

from ...core.errors import TokenError
from ...store.access import filed
from ...store.access.tokens import spelt
from ...store.casework.cases import plain_number
from ...store.office import Office
from ..current import current

_MARK = "guesterase_pressing"

_BEFORE = "guesterase_sent_before"

_DONE = "guesterase_done"

_THANKED = "guesterase_thanked"

MOMENT = timedelta(minutes=5)
"""For how long a deed that is asked for again is the same press: later it is meant anew."""


def ready() -> None:
    """Give this browser a mark, before a button is pressed for the first time."""
    session.setdefault(_MARK, secrets.token_urlsafe(16))


def code(secret: str) -> str:
    """Return the case code that this browser gets for a link or a slip, however often it asks.

    :param secret: what the link or the slip holds; it proves the guest, this only names a code.
    """
    ready()
    return made_of(f"{session[_MARK]}:{secret}")


def made_of(whole: str) -> str:
    """Return the case code that this application makes of something, the same each time.

    :param whole: what nobody else sends, with the mark of a browser or the number of a token in it.
    """
    key = current_app.secret_key or b""
    key = key.encode() if isinstance(key, str) else key
    return spelt(digest(key, f"{_MARK}:{whole}".encode(), "sha256"))


def once(
    office: Office, make: Callable[[], object], by: str = "", lasting: timedelta | None = None
) -> str:
    """Do what a form asks for, once however often it is sent; return the number of what it made.

    The page opened anew, or sent with anything else in it, is another press. Where nothing was
    done, because it was done before, the next page says so.

    :param office: the open office.
    :param make: does it; returns the number of what it made, if of anything.
    :param by: the host's id of who acts, or what it is about: with another it is another press.
    :param lasting: for how long it is the same press; a day when left out.
    """
    sent = json.dumps([request.path, sorted(request.form.items(multi=True))])
    press = sha256(sent.encode()).hexdigest()
    made: list[str] = []

    def first() -> str:
        made[:] = [str(make() or "")]
        return made[0]

    number = filed.once(office.work, f"form:{by}", press, {}, first, lasting)
    if not made:
        repeat()
    return number


def note(press: str) -> None:
    """Remember in this browser what a button did a moment ago, for the same one in another tab.

    :param press: who pressed which button, and what it sent; the browser keeps a mark of it.
    """
    # Made with our key: a form of a shared login holds a PIN, and who has the cookie could try all.
    session[_DONE] = (code(press), int(clock()))


def noted(press: str) -> bool:
    """Return whether the same was done in this browser a moment ago; the next page says so then.

    :param press: as of `note`.
    """
    mark, at = session.get(_DONE, ("", 0))
    same = bool(mark == code(press) and clock() - at < MOMENT.total_seconds())
    if same:
        repeat()
    return same


def repeat() -> None:
    """Let the next page say that what this browser sent last was done before."""
    session[_BEFORE] = True


def before() -> bool:
    """Return whether what this browser sent last was sent before, and forget it: it is told now."""
    return bool(session.pop(_BEFORE, False))


def thank() -> None:
    """Let the next page say that a press is noted: what was pressed is gone from it."""
    session[_THANKED] = True


def thanked() -> bool:
    """Return whether the page says that a press is noted, and forget it: it is told now."""
    return bool(session.pop(_THANKED, False))


def opened(code: str, number: str) -> bool:
    """Return whether a code of this browser opens a request: its button was pressed before.

    :param code: as `code` made it.
    :param number: number of the request, as people write it.
    """
    with suppress(TokenError), current.begin(write=False) as office:
        return office.case(code).number == plain_number(number)
    return False


def drop() -> None:
    """Forget the mark: from here on the same button gives nothing in this browser."""
    session.pop(_MARK, None)
