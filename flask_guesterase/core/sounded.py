"""Names in kana and Hangul, and parts of them: which are the name, and not a piece of a word."""

from __future__ import annotations

import re
from collections.abc import Iterator
from unicodedata import normalize

from .lens import SEPARATORS, fold, squeeze
from .letters import HANGUL, HIRAGANA, KATAKANA, count
from .naming import FEWEST_KANA, names

JAPANESE = fold("様|さま|サマ|さん|サン|氏|君|くん|クン|ちゃん|チャン|殿|どの")
"""Titles behind a Japanese name, folded, as a part of a pattern."""

OTHERS = fold(
    "先生|女士|小姐|太太|夫人|老师|教授|医生|师傅|阿姨|叔叔|总|姐|哥"
    "|님|씨|선생|고객|손님|사장|부장|과장|여사"
)
"""Titles behind a Chinese or Korean name, folded, as a part of a pattern."""

TITLES = f"{OTHERS}|{JAPANESE}"
"""What stands behind the name of a person who is spoken of, folded, as a part of a pattern."""

_SCRIPTS = {
    # A sound mark stands behind its letter once a text is folded, and Hangul in its sounds.
    re.compile(f"[{HIRAGANA}][{HIRAGANA}ー]*"): rf"{HIRAGANA}ー\u3099\u309a",
    re.compile(f"[{KATAKANA}]+"): rf"{KATAKANA}\u3099\u309a",
    re.compile(f"[{HANGUL}]+"): r"\u1100-\u11ff",
}
"""Letters of one script -> the members of a pattern that they are in a folded text."""

_WITHIN_HIRAGANA, _WITHIN_KATAKANA, _WITHIN_HANGUL = _SCRIPTS.values()

_BEHIND = {
    _WITHIN_HIRAGANA: fold("(?:[はのをにともへや]|が|で|から)"),
    _WITHIN_HANGUL: fold(
        "(?:이)?(?:가|를|의|도|에|께서|랑|야|은|을|네|고|며|라고|처럼|보다|입니다|인데"
        "|(?:와|과|로|으로|하고|에게|에서|한테|께|부터|까지)?(?:는|도|만)?)?"
    ) + rf"(?![{_WITHIN_HANGUL}])",
}  # fmt: skip
"""Small words that are written at the end of a name."""

_KOREAN_TWO = frozenset({"남궁", "황보", "제갈", "사공", "선우", "서문", "독고", "동방"})
"""Surnames of two syllables."""

_KANA = re.compile(rf"[{HIRAGANA}{KATAKANA}\u3099\u309a]+")
_PIECE = re.compile(
    rf"(?=[{KATAKANA}])(?:(?<=[{KATAKANA}])|(?<=[{KATAKANA}][\u3099\u309a]))"
    "(?<!ミスター)(?<!ミセス)"
    # Small words stand before a name without a space, and so does a title.
    rf"|(?=[{HIRAGANA}])(?:(?<=[{HIRAGANA}])|(?<=[{HIRAGANA}][\u3099\u309a]))"
    + "(?<![のとやにはもへを])" + fold("(?<!が)(?<!で)(?<!から)(?<!さま)(?<!さん)")
)
"""Matches where a name would begin within a word."""

_TITLED = re.compile(rf"\s?(?:{TITLES})")
_CLOSED = re.compile(
    rf"{_TITLED.pattern}|(?:(?<=[{KATAKANA}])|(?<=[{KATAKANA}][\u3099\u309a]))(?![{KATAKANA}])"
    rf"|(?:(?<=[{HIRAGANA}])|(?<=[{HIRAGANA}][\u3099\u309a]))"
    rf"(?:(?![{HIRAGANA}])|{_BEHIND[_WITHIN_HIRAGANA]})"
)
"""Matches where a name may end: at a title, at letters of another script, at a small word."""

_HANGUL = re.compile(f"[{HANGUL}]+")
_SOUNDS = re.compile(f"[{_WITHIN_HANGUL}]+")
# Who writes no space behind 고객 or 101호 means the guest.
_WITHIN = re.compile(
    f"(?<=[{_WITHIN_HANGUL}])" + fold(r"(?<!고객)(?<!님)(?<!예약자)(?<!투숙객)(?<!입금자)(?<!\d호)")
)
_RANKS = (
    "고객|선생|회원|대표|회장|사장|이사|전무|상무|본부장|부장|차장|과장|팀장|실장|대리|주임|원장"
    "|소장|국장|지점장|점장|지배인|매니저|교수|박사|의원|위원|변호사|감독|작가|기사|목사|여사|사모"
)
# 이용 고객 are those who use something, whoever they are; 이용 고객님 is somebody.
_MEANT = re.compile(
    rf"\s?(?:{fold(f'(?:{_RANKS})?님')}"
    rf"|(?!{fold('고객|손님')})(?:{TITLES}){_BEHIND[_WITHIN_HANGUL]})"
)

# 수영장 이용 고객님들 are all who use a pool; 이용 고객님들 may close a list of names.
_USE = fold("이용")
_USED = re.compile(
    rf"(?:{fold('모든|전체|수영장|사우나|조식|뷔페|주차|주차장|셔틀버스|헬스장|피트니스|스파')}"
    rf"|{fold('라운지|레스토랑|식당|카페|시설|객실|서비스|호텔|리조트|연회장|회의실')})"
    rf"(?:{fold('을|를')})? ?\Z"
)
_ALL = re.compile(
    rf" ?{fold('(?:고객|회원)님')}(?:{fold('들')}| ?(?:{fold('여러분|모두|전원|일동')}))"
)
"""What stands before and behind a word that is no name there, whoever may bear it."""

_LABELS = "(?:예약자|투숙객|입금자)(?:명)?|고객명|성명|이름|성함|name"
_CELLS = [
    (re.compile(rf"{opens}\s*\Z"), re.compile(rf"\s*{closes}"))
    for opens, closes in (
        (r"\A\s*[\"']?", r"[\"']?\s*\Z"),
        # Strings of JSON, of CSV and of Python.
        ('"', r'"\s*[,;:\n})\]]'),
        ("'", r"'\s*[,;:\n})\]]"),
        (">", "<"),
        ("=", "&"),
    )
] + [
    (
        re.compile(rf"(?:{fold(_LABELS)})\s*[:=]\s*[\"']?\s*\Z"),
        re.compile(_BEHIND[_WITHIN_HANGUL]),
    )
]
"""What stands before a cell and behind it, where a cell may be a part of a text."""

# All of it would be copied once for each name in a text.
_NEAR = 24
"""Characters of a text that are read before a name."""

_GAP = f"[{re.escape(''.join(sorted(SEPARATORS - set('./()_-'))))}]*"
"""What may stand between the syllables of a name."""

CLEAR = 6
"""Letters from which a full name in kana is one whatever stands behind it."""

LONG = 3
"""Letters of kana, and syllables of a full Korean name, that are the name of somebody where fewer
are too often a word: さき, まい, 이용."""


def is_named(text: str, start: int, end: int) -> bool:
    """Return whether a full name stands there, and no word or piece of one: ``タイミング``.

    :param text: a folded text.
    :param start: offset of the first letter.
    :param end: offset behind the last one.
    """
    bare = squeeze(text[start:end])
    if _SOUNDS.fullmatch(bare):
        return _is_korean(text, start, end, len(normalize("NFC", bare)))
    if not _KANA.fullmatch(bare):
        return True
    if _PIECE.match(text, start):
        return False
    letters = count(bare)
    if letters < FEWEST_KANA and len(bare) == end - start:
        return _TITLED.match(text, end) is not None
    return letters >= CLEAR or _CLOSED.match(text, end) is not None


def _is_korean(text: str, start: int, end: int, syllables: int) -> bool:
    """Return whether a full name in Hangul stands there, and no word."""
    # A compound that begins with somebody's name is rarer than a particle that nobody thought of.
    if syllables >= LONG:
        return True
    before = text[max(0, start - _NEAR) : start]
    if text[start:end] == _USE and _USED.search(before) and _ALL.match(text, end):
        return False
    if not _WITHIN.match(text, start) and _MEANT.match(text, end):
        return True
    return any(opens.search(before) and closes.match(text, end) for opens, closes in _CELLS)


def short(name: str) -> Iterator[str]:
    """Yield the pattern of a full Korean name that may be a word as well, wherever it stands.

    :param name: a full name.
    """
    for each in names(name):
        if _HANGUL.fullmatch(each) and len(each) < LONG:
            # 이요 is a piece of 이용 once a text is folded.
            yield rf"{_GAP.join(map(fold, each))}(?![\u11a8-\u11ff])"


def sounded(text: str) -> Iterator[str]:
    """Yield patterns of a name in kana or Hangul, in a folded text.

    :param text: a full name, or a part of one.
    """
    for script, within in _SCRIPTS.items():
        for run in script.findall(text):
            yield from _named(run, within)
            told = _named if within == _WITHIN_HANGUL else _titled
            for part in _parts(run, within):
                yield from told(part, within)


def _parts(run: str, within: str) -> list[str]:
    """Return what may be the surname and the given name, where nothing stands between them."""
    if within == _WITHIN_HANGUL:
        at = 2 if run[:2] in _KOREAN_TWO else 1
        return [run[:at], run[at:]] if len(run) - at >= 1 else []
    return [part for at in range(2, len(run) - 1) for part in (run[:at], run[at:])]


def _named(name: str, within: str) -> Iterator[str]:
    """Yield patterns of a part of a name with a title, and of one that stands by itself."""
    yield from _titled(name, within)
    if len(name) < 2:
        return
    alone = f"(?<![{within}]){re.escape(fold(name))}"
    yield f"{alone}(?![{within}])"
    if within in _BEHIND and (within == _WITHIN_HANGUL or len(name) >= LONG):
        yield f"{alone}(?={_BEHIND[within]})"


def _titled(name: str, within: str) -> Iterator[str]:
    # A short one may be the end of a word, and 이 손님 is this guest, where 이손님 is Mr. Lee.
    before = "" if len(name) >= LONG else f"(?<![{within}])"
    space = r"\s?" if len(name) >= 2 else ""
    yield f"{before}{re.escape(fold(name))}(?={space}(?:{TITLES}))"
