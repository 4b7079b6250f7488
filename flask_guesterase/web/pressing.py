"""What a button gives that is pressed twice: the same case code, to the same browser.

A browser lets go of the first answer when its button is pressed again, and a telephone may lose the
line: the link is used up by then, and nobody has seen the code. So a code is not thrown like dice,
but made of the link and of a mark that this browser has carried since it opened the page.
"""

from __future__ import annotations

import secrets
from contextlib import suppress
from hmac import digest

from flask import current_app, session

from ..core.errors import TokenError
from ..store.tokens import spelt
from .current import current

_MARK = "guesterase_pressing"


def ready() -> None:
    """Give this browser a mark, before a button is pressed for the first time."""
    session.setdefault(_MARK, secrets.token_urlsafe(16))


def code(secret: str) -> str:
    """Return the case code that this browser gets for a link or a slip, however often it asks.

    :param secret: what the link or the slip holds; it proves the guest, this only names a code.
    """
    ready()
    key = current_app.secret_key or b""
    key = key.encode() if isinstance(key, str) else key
    return spelt(digest(key, f"{_MARK}:{session[_MARK]}:{secret}".encode(), "sha256"))


def opened(code: str, number: str) -> bool:
    """Return whether a code of this browser opens a request: its button was pressed before.

    :param code: as `code` made it.
    :param number: number of the request.
    """
    with suppress(TokenError), current.begin(write=False) as office:
        return office.case(code).number == number
    return False


def drop() -> None:
    """Forget the mark: from here on the same button gives nothing in this browser."""
    session.pop(_MARK, None)
