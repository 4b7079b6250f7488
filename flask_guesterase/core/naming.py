"""Full names: what is looked for of one, and by which another spelling of it is known."""

from __future__ import annotations

import re
from unicodedata import category, normalize

from .lens import fold, spell_out
from .letters import ABUGIDAS, KANA, NAME, SOLID, VARIANTS, is_mark

_APOSTROPHES = re.compile("['’ʼ`´]")

_SIGNED = re.compile(f"[{ABUGIDAS}]")

FEWEST_KANA = 4
"""Letters of the shortest full name in kana where nothing stands between its parts."""


def names(value: str) -> list[str]:
    """Return the forms of a full name; none when it has only one part, which is no full name.

    :param value: a name as it is on file.
    """
    plain = _plain(value)
    runs = SOLID.findall(plain)
    solid = "".join(runs)
    rest = SOLID.sub(" ", plain).casefold()
    # In kana two or three letters are one part of a name, and a piece of many words.
    fewest = FEWEST_KANA if len(runs) == 1 and KANA.fullmatch(solid) else 2
    found = [solid] if len(solid) >= fewest else []
    # Some write O'Brien as one word without the mark, and in a text with it stand two.
    for way in dict.fromkeys(rest.replace("'", between) for between in ("", " ")):
        parts = "".join(c if c.isalnum() or is_mark(c, 0) else " " for c in way).split()
        parts = sorted((part for part in parts if not part.isdecimal()), key=fold)
        if len([part for part in parts if len(fold(part)) >= 2]) >= 2:
            found.append(" ".join(parts))
    return found


def keys(text: str) -> set[tuple[str, ...]]:
    """Return what two names have in common that are the same one.

    That is the parts in order of the alphabet, both ways to write an umlaut; of a name without
    spaces its letters, in both orders of the parts that stand apart.

    :param text: a name, and nothing else.
    """
    if text.isascii():
        return _sorted(text, [text])
    plain = _plain(text)
    found: set[tuple[str, ...]] = set()
    if runs := SOLID.findall(plain):
        found |= {("".join(runs),), ("".join(reversed(runs)),)}
        plain = SOLID.sub(" ", plain)
    return found | _sorted(plain, [plain, spell_out(plain)])


def _sorted(text: str, ways: list[str]) -> set[tuple[str, ...]]:
    joins = ("", " ") if _APOSTROPHES.search(text) else ("",)
    return {
        tuple(sorted(NAME.findall(_APOSTROPHES.sub(join, fold(way)))))
        for way in ways
        for join in joins
    } - {()}


def is_bare(name: str) -> bool:
    """Return whether a name lacks the vowel signs of its script, or was split at the dot of an İ.

    :param name: a name as it was once looked for.
    """
    # A small İ is an i and a dot: İsmail became two words.
    if "i" in name.split():
        return True
    return _SIGNED.search(name) is not None and not any(category(c)[0] == "M" for c in name)


def _plain(value: str) -> str:
    """Return a name in letters of one width, without what is not seen."""
    # An accent that stands by itself would become a space.
    plain = VARIANTS.sub("", normalize("NFKC", _APOSTROPHES.sub("'", value)))
    return plain if plain.isprintable() else "".join(c for c in plain if category(c) != "Cf")
