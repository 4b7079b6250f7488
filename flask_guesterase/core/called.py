"""How a person is called by a part of the name: ``Frau Weber``, ``Anna``, ``王先生``, ``小明``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from unicodedata import normalize

from .lens import View, fold, spell_out, views
from .letters import FEWEST, HAN, MARKS, NAME, SOLID, VARIANTS, count, is_unspaced
from .naming import apart, scripts, untitled
from .sounded import JAPANESE, OTHERS, TITLES, short, sounded

_TWO = frozenset(re.findall(
    "..",
    "欧阳司马上官诸葛东方皇甫尉迟公孙慕容令狐夏侯司徒司空端木南宫独孤长孙宇文轩辕西门百里呼延"
    "歐陽司馬諸葛東方尉遲公孫獨孤長孫軒轅西門",
))
"""Surnames of two characters."""

_PARTICLES = frozenset(NAME.findall(fold(
    "von van der den de da di du do dos das del della la le el al bin ibn abu zu zum zur und and "
    "y e mac mc st san mr mrs ms miss dr prof herr frau sir lord lady mme mlle monsieur madame "
    "mademoiselle don dona senor senora signor signora ing mag dipl jr sr "
    "بن ابن بنت ابو ام ال عبد الله בן בת בר श्री श्रीमती जी คุณ นาย นาง นางสาว",
)))
"""Words within names that name nobody."""

SURE = 4
"""Letters from which a part of a name is one in any case; shorter ones need their capital, where
their script has any."""

_GEORGIAN = re.compile("[\u10d0-\u10ff]")
"""Letters with capitals that nobody begins a name with."""


@dataclass(frozen=True)
class Called:
    """What a person may be called in a text about them.

    :param words: folded parts of names in scripts with spaces.
    :param solid: pattern of parts in other scripts: given names, surnames with a title; or None.
    """

    words: frozenset[str]
    solid: re.Pattern[str] | None

    def __bool__(self) -> bool:
        """Return whether a text can be searched for any of it."""
        return bool(self.words or self.solid)

    def places(self, text: str) -> list[tuple[int, int]]:
        """Return where a text calls the person by a part of the name.

        :param text: any text.
        """
        found: set[tuple[int, int]] = set()
        for view in views(text) if self else ():
            for ready in (view.folded(), view.folded(spelled_out=True)):
                found.update(self._in(text, ready))
        return sorted(found)

    def _in(self, text: str, view: View) -> Iterable[tuple[int, int]]:
        for match in NAME.finditer(view.text) if self.words else ():
            if match[0] in self.words:
                start, end = view.origin(*match.span())
                if len(match[0]) >= SURE or not _is_small(text[start]):
                    yield start, end
        for match in self.solid.finditer(view.text) if self.solid else ():
            yield view.origin(*match.span())


class Part(StrEnum):
    """Which part of a name a value is."""

    FULL = "full"
    FAMILY = "family"
    GIVEN = "given"


def calls(names: Iterable[tuple[str, Part]]) -> Called:
    """Return what somebody with these names may be called.

    :param names: names, as the hotel wrote them, and which part each is.
    """
    words: set[str] = set()
    solid: set[str] = set()
    for name, part in names:
        plain = VARIANTS.sub("", normalize("NFKC", name))
        written = untitled(SOLID.findall(plain))
        runs = apart(written)
        # 高橋우, as a part of a name may be written, stays one: what it is made of may be words.
        whole = (run for run in written if run not in runs and _HAN_RUN.search(run))
        solid.update(re.escape(fold(run)) for run in whole)
        for run in runs:
            alone = len(runs) == 1 or [run] in scripts(runs)
            alone = alone and (part is Part.FULL or run in written)
            solid.update(_solid(run, part if alone else _apart(run)))
        if part is Part.FULL:
            solid.update(short(name))
        rest = SOLID.sub(" ", plain)
        for way in (fold(rest), fold(spell_out(rest))):
            mine = [word for word in NAME.findall(way) if word not in _PARTICLES]
            words.update(word for word in mine if count(word) > 1)
            solid.update(
                f"{re.escape(word)}(?![{MARKS}])"
                for word in mine
                if is_unspaced(word) and count(word) >= FEWEST
            )
    pattern = re.compile("|".join(sorted(solid, key=lambda s: (-len(s), s)))) if solid else None
    return Called(frozenset(words), pattern)


def _is_small(letter: str) -> bool:
    """Return whether the first letter of a name would have to be another one."""
    # Neither Arabic letters have a capital nor what an escape begins with.
    return letter.upper() != letter and not _GEORGIAN.match(letter)


_HAN_RUN = re.compile(f"[{HAN}]+(?:[ノツケヶヵ][{HAN}]+)*")
"""Characters, and the small words between them in surnames such as 一ノ瀬."""


def _solid(word: str, part: Part) -> Iterator[str]:
    """Yield patterns of a name, or of a part of one, in scripts that are written without spaces."""
    runs = _HAN_RUN.findall(word)
    others = _HAN_RUN.sub(" ", word).split()
    if len(runs) + len(others) > 1:
        yield re.escape(fold(word))
    for run in runs:
        yield from _characters(run, part if runs == [word] else _apart(run))
    for run in others:
        yield from sounded(run)


def _apart(run: str) -> Part:
    """Return which part of a name characters are that stand apart from the others."""
    return Part.FAMILY if len(run) == 1 or run in _TWO else Part.GIVEN


def _characters(run: str, part: Part) -> Iterator[str]:
    """Yield patterns of a name in characters; a surname alone is too many people's."""
    cuts = _cuts(run, part)
    for at in cuts:
        surname, given = fold(run[:at]), fold(run[at:])
        if len(surname) == 1:
            # 小林様 is Mr. Kobayashi and not Mr. Hayashi.
            yield f"{surname}(?:{OTHERS})"
            yield f"(?<![{HAN}]){surname}(?:{JAPANESE})"
        elif surname:
            yield f"{re.escape(surname)}(?:{TITLES})"
        if surname and (at == cuts[0] or (at > 1 and len(given) > 1)):
            # Between other characters it is a part of a word; alone, in a row of hers, it is she.
            yield f"(?<![{HAN}]){re.escape(surname)}(?![{HAN}])"
        if len(given) >= 2:
            yield re.escape(given)
        if given and surname:
            yield re.escape(surname + given)


def _cuts(run: str, part: Part) -> Sequence[int]:
    """Return how many characters a surname may have of those on end, the likeliest first."""
    if part is not Part.FULL:
        return [len(run) if part is Part.FAMILY else 0]
    if run[:2] in _TWO:
        return [2]
    # A Chinese surname has one, a Japanese one mostly two, and four characters are rarely Chinese.
    return [1, 2][: max(1, len(run) - 1)] if len(run) < 4 else [2, 3, 1]
