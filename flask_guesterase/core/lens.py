"""Views of a text in which the spellings of one value look alike, each with the way back."""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from .letters import SHAPES

_LETTERS = {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "æ": "ae", "œ": "oe", "ı": "i"}
_DIGITS = {
    point: str(unicodedata.decimal(chr(point)))
    for point in range(0x80, 0x20000)
    if chr(point).isdecimal()
}
_PLAIN = {chr(point): plain for point, plain in (str.maketrans(_LETTERS) | _DIGITS).items()}

_FIRST_RARE, _LAST_RARE = chr(0x10000), chr(0x1FFFF)
_COMMON = re.escape("".join(c for c in _PLAIN if c < _FIRST_RARE))
_UNLIKE = re.compile(f"[{_COMMON}{_FIRST_RARE}-{_LAST_RARE}]")
"""What may have to be written plainly: the rare ones as one range, for each of them alone would be
compared with every letter of a text."""

_DROPPED = re.compile(
    # Accents of Latin, Greek and Cyrillic letters once they stand apart, points of Hebrew and
    # Arabic ones, which most people leave out, and what has no width: copied telephone numbers
    # bring marks of direction along, Japanese names what chooses the shape of a character.
    "[\u0300-\u036f\u0483-\u0487\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f"
    "\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u0640\u064b-\u065f\u0670"
    f"\u00ad\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff{SHAPES}]"
)

SEPARATORS = frozenset(" \t\u00a0\u202f-\u2010\u2011\u2012\u2013\u2014\u2212./()_·•・\u3000+")
"""What people put between the parts of a number or of a Chinese name; a web form writes ``+``."""

_SQUEEZE = re.compile(f"[{re.escape(''.join(SEPARATORS))}]+")
_LOWER = bytes(range(256)).lower()
_NARROW = "".join(c for c in SEPARATORS if c.isascii()).encode()


def fold(text: str) -> str:
    """Return a text without case, accents, width and the digits of other scripts.

    The letters stay decomposed, so that a part of a folded text is the fold of that part.

    :param text: any text.
    """
    if text.isascii():
        return text.lower()
    apart = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    return _UNLIKE.sub(lambda match: _PLAIN.get(match[0], match[0]), _DROPPED.sub("", apart))


def squeeze(folded: str) -> str:
    """Return a folded text without what people put between the parts of a number.

    :param folded: what `fold` gave.
    """
    if folded.isascii():
        # Ten times as fast as the translation of a text, and most cells of a hotel are this.
        return folded.encode("ascii").translate(_LOWER, _NARROW).decode("ascii")
    return _SQUEEZE.sub("", folded)


_UMLAUTS = {"ä": "ae", "ö": "oe", "ü": "ue", "å": "aa", "ø": "oe", "Ä": "ae", "Ö": "oe", "Ü": "ue"}
_SPELLED_OUT = str.maketrans(_UMLAUTS)


def spell_out(text: str) -> str:
    """Return a text with umlauts written out, as the machine-readable zone of a passport does.

    :param text: any text.
    """
    return unicodedata.normalize("NFC", text).translate(_SPELLED_OUT)


@lru_cache(maxsize=4096)
def _fold_one(c: str) -> str:
    return fold(c)


@dataclass(frozen=True)
class View:
    """A text as it looks after something was done to it, and where each character came from.

    :param text: the text to look into.
    :param starts: per character the offset in the first text at which its source begins; None
        when nothing was moved.
    :param ends: per character the offset in the first text behind its source.
    """

    text: str
    starts: tuple[int, ...] | None = None
    ends: tuple[int, ...] | None = None

    def origin(self, start: int, end: int) -> tuple[int, int]:
        """Return where in the first text a part of this one came from.

        :param start: offset of its first character.
        :param end: offset behind its last character, larger than `start`.
        """
        if self.starts is None or self.ends is None:
            return start, end
        return self.starts[start], self.ends[end - 1]

    def folded(self, spelled_out: bool = False) -> View:
        """Return the view without case, accents and width (see `fold`).

        :param spelled_out: umlauts become two letters instead of one.
        """
        if self.text.isascii():
            return View(self.text.lower(), self.starts, self.ends)
        return self._made(
            (_fold_one(_UMLAUTS.get(c, c) if spelled_out else c), at, at + 1)
            for at, c in enumerate(self.text)
        )

    def squeezed(self) -> View:
        """Return the view of a folded one without separators (see `squeeze`)."""
        return self._made(
            (c, at, at + 1) for at, c in enumerate(self.text) if c not in SEPARATORS
        )

    def _made(self, pieces: Iterator[tuple[str, int, int]]) -> View:
        """Return the view that consists of pieces, each with its place in this view."""
        text: list[str] = []
        starts: list[int] = []
        ends: list[int] = []
        for piece, begin, behind in pieces:
            start, end = self.origin(begin, behind)
            text.append(piece)
            starts += [start] * len(piece)
            ends += [end] * len(piece)
        return View("".join(text), tuple(starts), tuple(ends))


_ESCAPE = re.compile(
    r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\u[0-9a-fA-F]{4}"
    r"|\\[nrtbf\"'\\/]"
    r"|%[0-7][0-9a-fA-F]|(?:%[c-fC-F][0-9a-fA-F])(?:%[89abAB][0-9a-fA-F])+"
    r"|&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z]{2,8});"
)
ROUNDS = 3
"""JSON within JSON within a URL; what is wrapped more often is not looked into."""

_SHORT = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f"}


def has_escapes(text: str) -> bool:
    """Return whether a text has anything that `views` would resolve.

    :param text: any text.
    """
    return ("\\" in text or "%" in text or "&" in text) and _ESCAPE.search(text) is not None


def resolve(text: str) -> str:
    """Return a text with one layer of JSON, URL and HTML escapes resolved.

    :param text: any text.
    """
    return _ESCAPE.sub(_read, text)


def views(text: str) -> Iterator[View]:
    """Yield a text as it is, and as it reads when JSON, URL and HTML escapes are resolved.

    :param text: any text.
    """
    view = View(text)
    yield view
    for _ in range(ROUNDS):
        if not has_escapes(view.text):
            return
        view = view._made(_resolved(view.text))
        yield view


def _resolved(text: str) -> Iterator[tuple[str, int, int]]:
    done = 0
    for match in _ESCAPE.finditer(text):
        yield from ((text[at], at, at + 1) for at in range(done, match.start()))
        yield _meaning(match[0]), match.start(), match.end()
        done = match.end()
    yield from ((text[at], at, at + 1) for at in range(done, len(text)))


def _read(match: re.Match[str]) -> str:
    return _meaning(match[0])


@lru_cache(maxsize=4096)
def _meaning(escape: str) -> str:
    if escape.startswith("\\u"):
        units = bytes.fromhex(escape.replace("\\u", ""))
        return units.decode("utf-16-be", "replace")
    if escape.startswith("\\"):
        return _SHORT.get(escape[1], escape[1])
    if escape.startswith("%"):
        return bytes.fromhex(escape.replace("%", "")).decode("utf-8", "replace")
    return html.unescape(escape)
