"""How a person is called by a part of the name: ``Frau Weber``, ``Anna``, ``王先生``, ``小明``."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from .lens import View, fold, spell_out, views

_LETTERS = re.compile(r"[^\W\d_]+")

_SOLID = r"\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
"""Scripts that write names without spaces and put the surname first."""

_SOLID_RUN = re.compile(f"[{_SOLID}]+")

_TITLES = "先生|女士|小姐|太太|夫人|老师|教授|医生|师傅|阿姨|叔叔|总|姐|哥"

_TWO = frozenset(re.findall(
    "..",
    "欧阳司马上官诸葛东方皇甫尉迟公孙慕容令狐夏侯司徒司空端木南宫独孤长孙宇文轩辕西门百里呼延"
    "歐陽司馬諸葛東方尉遲公孫獨孤長孫軒轅西門",
))
"""Surnames of two characters."""

_PARTICLES = frozenset(re.findall(
    r"\w+",
    "von van der den de da di du do dos das del della la le el al bin ibn abu zu zum zur und and "
    "y e mac mc st san mr mrs ms miss dr prof herr frau sir lord lady mme mlle monsieur madame "
    "mademoiselle don dona senor senora signor signora ing mag dipl jr sr",
))
"""Words within names that name nobody."""

SURE = 4
"""Letters from which a part of a name is one in any case; shorter ones need their capital."""


@dataclass(frozen=True)
class Called:
    """What a person may be called in a text about them.

    :param words: folded parts of names in scripts with spaces.
    :param solid: pattern of given names, and surnames with a title, or None.
    """

    words: frozenset[str]
    solid: re.Pattern[str] | None

    def places(self, text: str) -> list[tuple[int, int]]:
        """Return where a text calls the person by a part of the name.

        :param text: any text.
        """
        found: set[tuple[int, int]] = set()
        for view in views(text) if self.words or self.solid else ():
            for ready in (view.folded(), view.folded(spelled_out=True)):
                found.update(self._in(text, ready))
        return sorted(found)

    def _in(self, text: str, view: View) -> Iterable[tuple[int, int]]:
        for match in _LETTERS.finditer(view.text) if self.words else ():
            if match[0] in self.words:
                start, end = view.origin(*match.span())
                if len(match[0]) >= SURE or text[start].isupper() or text[start] in "\\%&":
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
        runs = _SOLID_RUN.findall(name)
        for run in runs:
            solid.update(_solid(run, part if len(runs) == 1 else _apart(run)))
        rest = _SOLID_RUN.sub(" ", name)
        for way in (fold(rest), fold(spell_out(rest))):
            words.update(w for w in _LETTERS.findall(way) if len(w) > 1 and w not in _PARTICLES)
    pattern = re.compile("|".join(sorted(solid, key=lambda s: (-len(s), s)))) if solid else None
    return Called(frozenset(words), pattern)


def _apart(run: str) -> Part:
    """Return which part of a name characters are that stand apart from the others."""
    return Part.FAMILY if len(run) == 1 or run in _TWO else Part.GIVEN


def _solid(run: str, part: Part) -> Iterable[str]:
    """Yield patterns of a name in characters; a surname alone is too many people's."""
    if not run:
        return
    family = {Part.GIVEN: 0, Part.FAMILY: len(run)}.get(part, 2 if run[:2] in _TWO else 1)
    surname, given = fold(run[:family]), fold(run[family:])
    if surname:
        yield f"{re.escape(surname)}(?:{_TITLES})"
        # Between other characters it is a part of a word; by itself, in a row of hers, it is she.
        yield f"(?<![{_SOLID}]){re.escape(surname)}(?![{_SOLID}])"
    if len(run) - family >= 2:
        yield re.escape(given)
    if len(run) > family > 0:
        yield re.escape(surname + given)
