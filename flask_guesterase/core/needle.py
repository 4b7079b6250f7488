"""What is looked for of a person, and whether a text holds it however it was written."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

import ahocorasick
import phonenumbers

from .edges import INSIDE, is_code, is_mailbox, is_number, is_unbroken, is_word, together
from .errors import MatchError
from .identity import Kind, normal, sent
from .lens import ROUNDS, View, fold, has_escapes, resolve, spell_out, squeeze, views
from .letters import is_solid
from .naming import keys, names

LOYALTY = "loyalty"
"""Kind of a member's number, which `identity` does not know because nobody proves one."""


class Strength(StrEnum):
    """How much it says that a value was found."""

    STRONG = "strong"
    WEAK = "weak"


@dataclass(frozen=True)
class Needle:
    """One value that is looked for.

    :param kind: ``email``, ``phone``, ``document``, ``booking``, ``loyalty`` or ``name``.
    :param value: its normal form (see `identity.normal`); a name keeps its umlauts, because both
        ways to write them without are looked for.
    :param strength: whether finding it says that the person is there.
    :param region: ISO 3166-1 alpha-2 code of the country whose national phone numbers are meant.
    """

    kind: str
    value: str
    strength: Strength
    region: str = ""

    @property
    def whole(self) -> bool:
        """Whether it is so short that only a cell that holds nothing else says something."""
        bare = squeeze(fold(self.value)).lstrip("+")
        if self.kind in (Kind.EMAIL, Kind.NAME):
            return False
        return len(bare) < (FEWEST_DIGITS if bare.isdecimal() else FEWEST)


UNSOUGHT = Needle(Kind.NAME, "", Strength.WEAK)
"""Stands among what is looked for of a person with a name that gives nothing to look for."""

FEWEST = 5
"""Characters of the shortest number with letters that is looked for within a text."""

FEWEST_DIGITS = 7
"""Digits of the shortest number without letters: shorter ones are prices, rooms and postcodes."""

LOOSE = 9
"""Digits from which a number is looked for in its national form where no country is known."""


@dataclass(frozen=True)
class Span:
    """Where a value stands in a text.

    :param start: offset of its first character.
    :param end: offset behind its last character.
    :param needle: the value.
    """

    start: int
    end: int
    needle: Needle


def needles(kind: str, value: str, region: str = "") -> tuple[Needle, ...]:
    """Return what to look for when a person had a value; nothing for one that means nobody.

    :param kind: ``email``, ``phone``, ``document``, ``booking``, ``loyalty`` or ``name``.
    :param value: as it stood in the person's row.
    :param region: ISO 3166-1 alpha-2 code of the country whose national phone numbers are meant.
    """
    try:
        form = normal(Kind.DOCUMENT if kind == LOYALTY else kind, value, region)
    except MatchError:
        return ()
    if kind == Kind.NAME:
        return tuple(Needle(kind, each, Strength.WEAK) for each in names(value))
    bare = squeeze(fold(form)).lstrip("+")
    if len(set(bare)) < 2 or (kind == Kind.PHONE and not bare.isdecimal()):
        return ()
    if kind != Kind.PHONE:
        return (Needle(kind, form, Strength.STRONG),)
    found = Needle(kind, form, Strength.STRONG, region.upper())
    # The normal form may lose digits that a network's prefix is made of; the text did not.
    digits = squeeze(fold(value.strip())).lstrip("+")
    if not digits.isdecimal() or digits in _phone_forms(form, found.region):
        return (found,)
    return found, Needle(kind, digits, Strength.STRONG, found.region)


class _Rule(StrEnum):
    """How the surroundings of a form decide."""

    MAILBOX = "mailbox"
    DIGITS = "digits"
    CODE = "code"
    SOLID = "solid"
    PART = "part"


@dataclass(frozen=True)
class _Form:
    text: str
    rule: _Rule
    needle: Needle


class Searcher:
    """Finds the values of many people in one reading of a text.

    :param wanted: what to look for.
    :param region: ISO 3166-1 alpha-2 code of the country whose national phone numbers are meant,
        for values that bring none of their own.
    """

    def __init__(self, wanted: Iterable[Needle], region: str = "") -> None:
        self.needles = tuple(dict.fromkeys(wanted))
        plain: dict[str, list[_Form]] = defaultdict(list)
        narrow: dict[str, list[_Form]] = defaultdict(list)
        anchors: dict[str, list[_Form]] = defaultdict(list)
        self._names: dict[Needle, list[frozenset[str]]] = {}
        for needle in self.needles:
            for form in _forms(needle, region):
                squeezed = form.rule not in (_Rule.MAILBOX, _Rule.PART)
                (narrow if squeezed else plain)[form.text].append(form)
                if form.rule is _Rule.MAILBOX or form.text in _rarest(needle):
                    anchors[form.text].append(form)
            if needle.kind == Kind.NAME and not is_solid(needle.value):
                self._names[needle] = [_ways(part) for part in needle.value.split()]
        self._bearers: dict[tuple[str, ...], set[Needle]] = defaultdict(set)
        for needle in (each for each in self.needles if each.kind == Kind.NAME):
            for key in keys(needle.value):
                self._bearers[key].add(needle)
        self._holds_marks = any(mark in form for form in (*plain, *narrow) for mark in _MARKS)
        self._plain, self._narrow = _automaton(plain), _automaton(narrow)
        # A text without the longest part of a name needs no closer look.
        self._anchors = _automaton(anchors)

    def hits(self, text: str) -> set[Needle]:
        """Return which values a text holds.

        :param text: any text.
        """
        return {span.needle for span in self.spans(text)}

    def among(self, texts: Sequence[str]) -> Iterator[tuple[int, set[Needle]]]:
        """Yield which of many texts hold something, by their place in the list, and what.

        :param texts: the texts, for example a column's values in a chunk of rows.
        """
        for at in self._candidates(texts):
            found = self.hits(texts[at])
            if found:
                yield at, found

    def bearers(self, text: str) -> set[Needle]:
        """Return the names that a name on file is: the same person's, or a namesake's.

        :param text: a name, and nothing else.
        """
        if not self._bearers or not text:
            return set()
        return {needle for key in keys(text) for needle in self._bearers.get(key, ())}

    def spans(self, text: str) -> list[Span]:
        """Return where the values stand, in the order of the text.

        :param text: any text.
        """
        return sorted(_outermost(self.every_span(text)), key=lambda span: (span.start, span.end))

    def every_span(self, text: str) -> set[Span]:
        """Return where the values stand, those as well that lie within the span of another.

        :param text: any text.
        """
        found: set[Span] = set()
        for view in views(text) if self.needles and text else ():
            folded = view.folded()
            found.update(self._numbers(folded))
            found.update(self._words(folded))
            if self._names and not view.text.isascii():
                found.update(self._words(view.folded(spelled_out=True)))
        return found

    def _candidates(self, texts: Sequence[str]) -> Iterable[int]:
        """Return the texts that may hold something: all that do, and few others."""
        if self._holds_marks:
            return range(len(texts))
        found: set[int] = set()
        places: Sequence[int] = range(len(texts))
        for _ in range(ROUNDS + 1):
            joined = _joined(texts)
            found.update(places[at] for at in self._sifted(fold(joined)))
            if not has_escapes(joined):
                break
            wrapped = [at for at, text in enumerate(texts) if has_escapes(text)]
            places = [places[at] for at in wrapped]
            texts = [resolve(texts[at]) for at in wrapped]
        return sorted(found)

    def _sifted(self, folded: str) -> set[int]:
        """Return the texts, by their place among those that were joined, that hold some form."""
        found: set[int] = set()
        for automaton, text in ((self._anchors, folded), (self._narrow, squeeze(folded))):
            ends = [end for end, _ in automaton.iter(text)] if automaton else []
            if ends:
                cuts = [match.start() for match in _CUT.finditer(text)]
                found.update(bisect_right(cuts, end) for end in ends)
        return found

    def _words(self, view: View) -> Iterator[Span]:
        """Yield mailboxes and names of a folded view."""
        text = view.text
        parts: dict[Needle, list[tuple[int, int, str]]] = defaultdict(list)
        for end, forms in self._plain.iter(text) if self._plain else ():
            for form in forms:
                start, behind = end + 1 - len(form.text), end + 1
                if form.rule is _Rule.MAILBOX:
                    if is_mailbox(text, start, behind):
                        yield Span(*view.origin(start, behind), form.needle)
                elif is_word(text, start, behind):
                    parts[form.needle].append((start, behind, form.text))
        for needle, places in parts.items():
            for start, behind in together(text, places, self._names[needle]):
                yield Span(*view.origin(start, behind), needle)

    def _numbers(self, view: View) -> Iterator[Span]:
        """Yield phones, documents, numbers and Chinese names of a folded view."""
        if not self._narrow:
            return
        narrow = squeeze(view.text)
        seen = list(self._narrow.iter(narrow))
        if not seen:
            return
        apart = View(view.text).squeezed()
        for end, forms in seen:
            for form in forms:
                start, behind = apart.origin(end + 1 - len(form.text), end + 1)
                if form.needle.whole:
                    held = narrow.strip("+ ") == form.text
                else:
                    held = _stands(view.text, start, behind, form)
                if held:
                    start -= form.rule is _Rule.DIGITS and view.text[start - 1 : start] == "+"
                    yield Span(*view.origin(start, behind), form.needle)


_MARKS = _BETWEEN, _INSTEAD = "\x1e\x1f"
"""What stands between texts that are read as one, and instead of it where a text has it itself, as
every picture has: neither is part of a number or a name."""

_CUT = re.compile(_BETWEEN)


def _joined(texts: Sequence[str]) -> str:
    """Return many texts as one, which has as many marks as there are places between them."""
    joined = _BETWEEN.join(texts)
    if joined.count(_BETWEEN) == len(texts) - 1:
        return joined
    return _BETWEEN.join(text.replace(_BETWEEN, _INSTEAD) for text in texts)


def _automaton(forms: dict[str, list[_Form]]) -> ahocorasick.Automaton | None:
    if not forms:
        return None
    built = ahocorasick.Automaton()
    for text, those in forms.items():
        built.add_word(text, tuple(those))
    built.make_automaton()
    return built


def _forms(needle: Needle, region: str) -> list[_Form]:
    """Return the folded texts by which a value is found."""
    if needle.kind == Kind.EMAIL:
        mailboxes = sorted({fold(needle.value), fold(sent(needle.value))})
        return [_Form(mailbox, _Rule.MAILBOX, needle) for mailbox in mailboxes]
    if needle.kind == Kind.PHONE:
        digits = _phone_forms(needle.value, needle.region or region.upper())
        return [_Form(text, _Rule.DIGITS, needle) for text in sorted(digits)]
    if needle.kind != Kind.NAME:
        return [_Form(squeeze(fold(needle.value)), _Rule.CODE, needle)]
    if is_solid(needle.value):
        return [_Form(squeeze(fold(needle.value)), _Rule.SOLID, needle)]
    ways = {way for part in needle.value.split() for way in _ways(part)}
    return [_Form(way, _Rule.PART, needle) for way in sorted(ways)]


def _rarest(needle: Needle) -> frozenset[str]:
    if needle.kind != Kind.NAME or not needle.value or is_solid(needle.value):
        return frozenset()
    return _ways(max(needle.value.split(), key=len))


def _ways(part: str) -> frozenset[str]:
    return frozenset({fold(part), fold(spell_out(part))})


def _phone_forms(value: str, region: str) -> set[str]:
    """Return the digits of a number in every spelling: national, with trunk, international."""
    digits = value.lstrip("+")
    try:
        parsed = phonenumbers.parse(value, region or None)
    except phonenumbers.NumberParseException:
        bare = digits.lstrip("0")
        return {digits, *({bare} if len(bare) >= INSIDE else ())}
    country = str(parsed.country_code)
    national = phonenumbers.national_significant_number(parsed)
    found = {digits}
    for start in ("", "00", "011"):
        found |= {f"{start}{country}{national}", f"{start}{country}0{national}"}
    ours = phonenumbers.country_code_for_region(region) if region else 0
    if parsed.country_code == ours or (not ours and len(national) >= LOOSE):
        found |= {national, f"0{national}"} if len(national) >= FEWEST_DIGITS else set()
    return found


def _stands(text: str, start: int, end: int, form: _Form) -> bool:
    """Return whether a number or a Chinese name is a whole one."""
    if form.rule is _Rule.DIGITS:
        return is_number(text, start, end, form.needle.value)
    if form.rule is _Rule.CODE:
        return is_code(text, start, end, form.text, form.needle.value)
    return is_unbroken(text, start, end)


def _outermost(found: Iterable[Span]) -> set[Span]:
    """Return the spans without those of the same value that lie in a longer one."""
    kept: set[Span] = set()
    reach: dict[Needle, int] = {}
    for span in sorted(found, key=lambda each: (each.start, -each.end)):
        # What began earlier and ends no sooner holds it: no other need be compared.
        if span.end > reach.get(span.needle, -1):
            kept.add(span)
            reach[span.needle] = span.end
    return kept
