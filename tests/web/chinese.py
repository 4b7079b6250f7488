"""What somebody reads on a Chinese page, and which of it is English."""

from __future__ import annotations

import re
from html.parser import HTMLParser

_RUN = re.compile(r"(?<![\w./@_-])[A-Za-z][A-Za-z’']*(?: [a-z][a-z’']+)+(?![\w/@_])")
_COMMAND = re.compile(r"flask guesterase(?: [a-z-]+){0,2}")
_LATIN = re.compile(r"(?<![A-Za-z])[A-Za-z]{2,}")
_VOID = frozenset({"area", "br", "col", "hr", "img", "input", "link", "meta", "wbr"})
_UNREAD = frozenset({"code", "script", "style"})

LAWS = ("Code de commerce", "codice civile")
"""Names of laws that are cited in their own language everywhere."""


def english(text: str) -> list[str]:
    """Return the runs of English words in a Chinese text: a word and small ones behind it."""
    text = _COMMAND.sub("", text)
    for name in LAWS:
        text = text.replace(name, "")
    return [found[0] for found in _RUN.finditer(text)]


def latin(text: str) -> list[str]:
    """Return every word in Latin letters; marks of a fact, such as F031, are none."""
    return _LATIN.findall(text)


_SIGNS = "\u3400-\u9fff《》（）。，；：“”"
_NARROW = re.compile(
    rf"[{_SIGNS}] ?[,;:()!?](?![\w/])|[{_SIGNS}] ?\(\w\w|[,;(] ?[{_SIGNS}]"
    rf"|(?<!mailto): ?[{_SIGNS}]|[{_SIGNS}]\.(?!\w)"
)
_ADDRESS = re.compile(r"https?://[^ <]+")
_BLOCKS = frozenset({
    "a", "article", "blockquote", "br", "button", "dd", "div", "dt", "fieldset", "h1", "h2", "h3",
    "label", "legend", "li", "option", "p", "pre", "section", "summary", "td", "th", "title", "tr",
})  # fmt: skip


def narrow(text: str) -> list[str]:
    """Return the signs of punctuation beside Chinese that are as narrow as Latin letters."""
    return [found[0] for found in _NARROW.finditer(_ADDRESS.sub("", text))]


class Lines(HTMLParser):
    """The text of a page in lines, as somebody sees them: what is within one runs on."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found = [""]
        self._mono: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begin a line with a block, and leave out what is code."""
        if tag in _UNREAD or "mono" in (dict(attrs).get("class") or "").split():
            self._mono.append(tag)
        self.found += [""] if tag in _BLOCKS else []

    def handle_endtag(self, tag: str) -> None:
        """End a line with its block."""
        if self._mono and self._mono[-1] == tag:
            self._mono.pop()
        self.found += [""] if tag in _BLOCKS else []

    def handle_data(self, data: str) -> None:
        """Go on with a line; a letter has several."""
        if not self._mono:
            first, *rest = data.split("\n")
            self.found[-1] += first
            self.found += rest


def lines(page: str) -> list[str]:
    """Return the lines of a page that hold anything."""
    return [" ".join(line.split()) for line in Lines(page).found if line.strip()]


class Read(HTMLParser):
    """The text of a page in pieces, without what is code or says that it is of another language."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.pieces: list[str] = []
        self._open: list[tuple[str, bool]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Go into an element, and read what it says of itself."""
        given = {name: value or "" for name, value in attrs}
        lang = given.get("lang", "zh")
        aside = tag in _UNREAD or "mono" in given.get("class", "").split() or lang[:2] != "zh"
        aside = aside or any(hidden for _, hidden in self._open)
        if not aside:
            said = (given.get(n, "") for n in ("aria-label", "title", "alt", "placeholder"))
            self.pieces += filter(None, said)
        if tag not in _VOID:
            self._open.append((tag, aside))

    def handle_endtag(self, tag: str) -> None:
        """Leave an element, and all in it that nobody closed."""
        while any(name == tag for name, _ in self._open):
            if self._open.pop()[0] == tag:
                break

    def handle_data(self, data: str) -> None:
        """Read a piece of text."""
        if data.strip() and not any(hidden for _, hidden in self._open):
            self.pieces.append(" ".join(data.split()))


def read(page: str) -> list[str]:
    """Return the pieces of text that a reader of a Chinese page sees."""
    return Read(page).pieces
