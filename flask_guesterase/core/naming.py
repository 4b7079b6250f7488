"""Full names: what is looked for of one, and by which another spelling of it is known."""

from __future__ import annotations

import re
from unicodedata import category, normalize

from .lens import fold, spell_out
from .letters import ABUGIDAS, HAN, HANGUL, KANA, KATAKANA, NAME, SOLID, VARIANTS, is_mark

_APOSTROPHES = re.compile("['’ʼ`´]")

_SIGNED = re.compile(f"[{ABUGIDAS}]")

_KOREAN = re.compile(f"[{HANGUL}]+")

_KATAKANA = re.compile(f"[{KATAKANA}]+")

_CHINESE = re.compile(f"[{HAN}]")

_TITLES = frozenset(
    {"mr", "mrs", "ms", "mme", "madame", "mlle", "monsieur", "frau", "dr", "prof"}
)
"""Titles that are nobody's name, as Herr and Miss may be."""

_BEHIND = re.compile(r"(?:先生|女士|小姐|様|さま|さん|선생님|고객님|님|씨)\Z")
"""A title behind a name that ends no name, as 君 and 哥 may."""

_SURE = re.compile(f"[{HAN}]{{3,}}(?:先生|女士|小姐)")
"""A Chinese name with a title: a surname alone has at most two characters."""

FEWEST_KANA = 4
"""Letters of the shortest full name in kana where nothing stands between its parts."""

_READ = re.compile(
    f"(?<=[^{HANGUL}]{{2}})(?=[{HANGUL}]+\\Z)|(?<=[{HANGUL}])(?=[^{HANGUL}]+\\Z)"
    f"|(?<=[{HAN}])(?=[{KATAKANA}]{{{FEWEST_KANA},}}\\Z)"
    f"|(?<=[{KATAKANA}]{{{FEWEST_KANA}}})(?=[{HAN}]+\\Z)"
)
"""Where a name meets its reading without a space: 金秀賢김수현. The ノ of 一ノ瀬 is no reading, and
金 of 金아름이 no name."""


def names(value: str) -> list[str]:
    """Return the forms of a full name; none when it has only one part, which is no full name.

    :param value: a name as it is on file.
    """
    plain = _plain(value)
    rest = SOLID.sub(" ", plain).casefold()
    # Some write O'Brien as one word without the mark, and in a text with it stand two.
    ways = [_parts(rest.replace("'", between)) for between in ("", " ")]
    own = [[part for part in parts if part not in _TITLES] for parts in ways]
    spaced = list(dict.fromkeys(" ".join(parts) for parts in own if _is_full(parts)))
    runs = SOLID.findall(plain)
    bare = untitled(runs)
    part = len(bare) == 1 and _is_part(bare[0])
    # 太郎 of Tanaka 太郎 is every Taro; 李伟 of Li Wei 李伟 is all of a name.
    half = part and any(ways) and not spaced
    # 田中様 is many people, and 田中 many more; 王 alone is looked for in neither way.
    if part and _is_solid(bare) and not _SURE.fullmatch("".join(runs)):
        bare = runs
    if half or not _is_solid(bare):
        return spaced
    # 고객님 of 王小明 고객님 is every guest, and no name in another script.
    return ["".join(bare), *("".join(each) for each in scripts(bare) if untitled(each)), *spaced]


def _parts(text: str) -> list[str]:
    """Return the words of a name, in order of the alphabet."""
    parts = "".join(c if c.isalnum() or is_mark(c, 0) else " " for c in text).split()
    return sorted((part for part in parts if not part.isdecimal()), key=fold)


def untitled(runs: list[str]) -> list[str]:
    """Return the letters of a name that stand on end, without a title behind them.

    :param runs: as they stand in the name, in scripts without spaces.
    """
    ends = [*runs[:-1], *(_BEHIND.sub("", run) for run in runs[-1:])]
    return [run for run in ends if run]


def _is_full(parts: list[str]) -> bool:
    return len([part for part in parts if len(fold(part)) >= 2]) >= 2


def _is_solid(runs: list[str]) -> bool:
    """Return whether letters of scripts without spaces are enough for a full name."""
    solid = "".join(runs)
    # In kana two or three letters are one part of a name, and a piece of many words.
    fewest = FEWEST_KANA if len(runs) == 1 and KANA.fullmatch(solid) else 2
    return len(solid) >= fewest


def _is_part(run: str) -> bool:
    """Return whether letters on end may be one part of a name that goes on in another script."""
    # 健太郎 is a part; three syllables of Hangul are a surname and a given name.
    longest = 2 if _KOREAN.fullmatch(run) else 3
    return len(run) <= longest or KANA.fullmatch(run) is not None


def scripts(runs: list[str]) -> list[list[str]]:
    """Return what is the whole name by itself of one that is written in several scripts on end.

    :param runs: the letters of a name that stand on end, in scripts without spaces.
    """
    groups = _groups(apart(runs))
    full = [group for group in groups if len(group) > 1 or not _is_part(group[0])]
    if len(groups) < 2 or not full:
        return []
    return [group for group in groups if group in full or _is_said(group, full)]


def apart(runs: list[str]) -> list[str]:
    """Return the letters of a name that is all on end, apart from its reading in another script.

    Where something stands apart, that is the reading: 金 of 金민수 (김민수) is a part of the name.

    :param runs: as they stand in the name, in scripts without spaces.
    """
    return _READ.split(runs[0]) if len(runs) == 1 else runs


def _groups(runs: list[str]) -> list[list[str]]:
    """Return letters on end by their script; さくら of 田中 さくら is a part of the same name."""
    korean = [run for run in runs if _KOREAN.fullmatch(run)]
    rest = [run for run in runs if not _KOREAN.fullmatch(run)]
    kana = [run for run in rest if _KATAKANA.fullmatch(run)]
    others = [run for run in rest if not _KATAKANA.fullmatch(run)]
    if not any(map(_CHINESE.search, others)):
        kana, others = [], rest
    return [group for group in (korean, others, kana) if group]


def _is_said(group: list[str], full: list[list[str]]) -> bool:
    """Return whether letters that may be half a name are all of it beside others that are."""
    if _KATAKANA.fullmatch(group[0]):
        return _is_solid(group)
    # 長谷川 beside two words in Katakana is a surname, and 社長 beside 김민수 a title.
    return len(group[0]) > 2 and any(_KOREAN.fullmatch(each[0]) for each in full)


def keys(text: str) -> set[tuple[str, ...]]:
    """Return what two names have in common that are the same one.

    That is the parts in order of the alphabet, titles apart, both ways to write an umlaut; of a
    name without spaces its letters, in both orders of the parts that stand apart, with a title
    behind them and without.

    :param text: a name, and nothing else.
    """
    if text.isascii():
        return _sorted(text, [text])
    plain = _plain(text)
    found: set[tuple[str, ...]] = set()
    if runs := SOLID.findall(plain):
        bare = untitled(runs)
        # Sealed values of before have the title still.
        for those in (runs, bare, *scripts(bare)):
            found |= {("".join(those),), ("".join(reversed(those)),)}
        plain = SOLID.sub(" ", plain)
    return (found | _sorted(plain, [plain, spell_out(plain)])) - {("",)}


def _sorted(text: str, ways: list[str]) -> set[tuple[str, ...]]:
    joins = ("", " ") if _APOSTROPHES.search(text) else ("",)
    return {
        tuple(sorted(each for each in _words(way, join) if each not in _TITLES))
        for way in ways
        for join in joins
    } - {()}


def _words(text: str, join: str) -> list[str]:
    return NAME.findall(_APOSTROPHES.sub(join, fold(text)))


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
