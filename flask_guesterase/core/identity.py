"""Whether two values mean the same person: e-mail, phone, document, booking number and name."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from enum import StrEnum
from functools import lru_cache

import phonenumbers
from phonenumbers import PhoneNumber, PhoneNumberFormat

from .errors import MatchError


class Kind(StrEnum):
    """What a match value is, so that it is compared the way people write it."""

    EMAIL = "email"
    PHONE = "phone"
    DOCUMENT = "document"
    BOOKING = "booking"
    NAME = "name"


_WORDS: tuple[tuple[Kind, frozenset[str], tuple[str, ...]], ...] = (
    (Kind.EMAIL, frozenset({"mail"}), ("email", "邮箱", "邮件")),
    (
        Kind.PHONE,
        frozenset({"tel", "cell", "handy", "mob", "msisdn"}),
        ("phone", "mobile", "手机", "电话"),
    ),
    (
        Kind.DOCUMENT,
        frozenset({"doc", "docno", "idno", "idcard"}),
        ("document", "passport", "证件", "护照", "身份证"),
    ),
    (
        Kind.BOOKING,
        frozenset({"confirmation", "reference"}),
        ("booking", "reservation", "预订", "订单"),
    ),
    (Kind.NAME, frozenset({"name"}), ("name", "姓名")),
)
"""Per kind: parts of a column's name that are it, and words that may stand inside a part."""

LONGEST = 320
"""Characters of the longest value anybody is looked for by: the longest e-mail address."""


@lru_cache(maxsize=4096)
def kind_of(key: str) -> Kind | None:
    """Guess from the name of a match key or column what its values are.

    :param key: for example "guest_email", "mobileNo" or "手机".
    :return: the kind, or None when the name says nothing.
    """
    parts = name_parts(key)
    parts.append("".join(parts))
    for kind, whole, inside in _WORDS:
        if any(part in whole or any(word in part for word in inside) for part in parts):
            return kind
    return None


def name_parts(name: str) -> list[str]:
    """Return the parts of a column's name, folded and without digits around them."""
    plain = unicodedata.normalize("NFKC", name)
    return [part.casefold().strip("0123456789") for part in _PARTS.findall(plain)]


_PARTS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[^\W_A-Z]+")


_SAYING, _BLANK, _MARKS = re.compile(r"[^\W_0]"), re.compile(r"\s"), re.compile(r"[\W_]+")


def normal(kind: str | None, value: str, region: str = "") -> str:
    """Return the one form in which values of this kind are compared.

    :param kind: a `Kind`, or None for a value that is only trimmed.
    :param value: as somebody wrote it.
    :param region: ISO 3166-1 alpha-2 code of the country whose national phone numbers are meant.
    :raises MatchError: the value means nobody: empty, only zeros or punctuation, too long, an
        e-mail address without its parts, a phone number with hardly a digit.
    """
    text = unicodedata.normalize("NFKC", value).strip()
    if len(text) > LONGEST:
        raise MatchError("This value is too long to mean anyone.", "Look at it again.")
    if not _SAYING.search(text):
        raise MatchError(
            "An empty value, only zeros or only punctuation means nobody.",
            "Give an e-mail address, a phone number, a document or a booking number.",
        )
    match kind:
        case Kind.EMAIL:
            return _email(text)
        case Kind.PHONE:
            return _phone(text, region)
        case Kind.DOCUMENT:
            return _MARKS.sub("", text.upper())
        case Kind.BOOKING:
            return _composed(text.upper())
        case Kind.NAME:
            return " ".join(sorted(_tokens(text))) or _composed(text.casefold())
    return text


def spellings(kind: str | None, value: str, region: str = "") -> frozenset[str]:
    """Return the ways in which a hotel may have written a value of this kind.

    :param kind: a `Kind`, or None for a value that is only trimmed.
    :param value: as somebody wrote it.
    :param region: ISO 3166-1 alpha-2 code of the country whose national phone numbers are meant.
    :return: the forms to look for, the normal one among them; compare e-mail addresses, documents
        and bookings without regard to case.
    :raises MatchError: the value means nobody (see `normal`).
    """
    text = unicodedata.normalize("NFKC", value).strip()
    found = {normal(kind, value, region), value.strip(), text}
    if kind in (Kind.EMAIL, Kind.NAME, Kind.BOOKING):
        found |= {text.lower(), text.upper()}
    if kind == Kind.EMAIL:
        found.add(sent(normal(kind, value)))
    if kind in (Kind.NAME, Kind.BOOKING):
        found.add(text.casefold())
    if kind == Kind.DOCUMENT:
        found |= {text.upper(), text.lower(), normal(kind, value).lower()}
    if kind == Kind.PHONE:
        found |= _phone_spellings(text, region)
    return frozenset(found)


def same(kind: str | None, one: str, other: str, region: str = "") -> bool:
    """Return whether two values of a kind mean the same; values that mean nobody never do.

    :param kind: a `Kind`, or None.
    :param one: a value.
    :param other: another one.
    :param region: ISO 3166-1 alpha-2 code of the country whose national phone numbers are meant.
    """
    try:
        forms = normal(kind, one, region), normal(kind, other, region)
    except MatchError:
        return False
    if kind == Kind.NAME:
        return not contradicts(one, other)
    return forms[0] == forms[1]


def contradicts(given: str, on_file: str) -> bool:
    """Return whether a name that was given speaks against a name on file.

    Case, accents, punctuation and the order of the parts do not matter; "ü" is "u" or "ue".
    Chinese characters are compared exactly, without spaces. A part more or less is a
    contradiction, since father and son may share a mailbox; so is another script, because nobody
    can tell. An empty name on either side says nothing.

    :param given: the name the guest gave.
    :param on_file: the name in the hotel's row.
    """
    return apart(readings(given), readings(on_file))


Readings = Sequence[frozenset[str]]
"""The ways to read each part of a name, the alphabetic one first; or marks of these."""


def apart(one: Readings, other: Readings) -> bool:
    """Return whether two names, each as `readings` gives it, speak against each other.

    What is compared may be marks of the readings as well, so that no name need be known.

    :param one: the readings of a name.
    :param other: those of another.
    """
    if not any(one) or not any(other):
        return False
    shared = False
    for mine, theirs in zip(one, other, strict=True):
        if mine and theirs:
            shared = True
            if not mine & theirs:
                return True
    return not shared


def _email(text: str) -> str:
    local, at, domain = text.rpartition("@")
    if not at or not local or not domain.strip(".") or _BLANK.search(text):
        raise MatchError(
            "This is not an e-mail address.", "It has a part before and a part after the @ sign."
        )
    # Not folded: "ß" and "ss" are two mailboxes, whose domains anybody can register. How a capital
    # sigma is written small depends on where its word ends, and that is not at the next dot.
    plain = text.isascii()
    form = text.lower() if plain else _composed(_WORD.sub(lambda word: word[0].lower(), text))
    if _ACE not in form:
        return form
    local, _, domain = form.rpartition("@")
    return f"{local}@{'.'.join(map(_lettered, domain.split('.')))}"


def sent(address: str) -> str:
    """Return an e-mail address with its domain as it is sent: a name in other letters as "xn--".

    :param address: in its normal form.
    """
    local, _, domain = address.rpartition("@")
    if domain.isascii():
        return address
    return f"{local}@{'.'.join(map(_sent, domain.split('.')))}"


def _sent(label: str) -> str:
    return label if label.isascii() else f"{_ACE}{label.encode('punycode').decode('ascii')}"


def _lettered(label: str) -> str:
    """Return a part of a domain in its own letters; as it is, where that could mean another one."""
    if not label.startswith(_ACE) or not label.isascii():
        return label
    try:
        letters = label[len(_ACE) :].encode("ascii").decode("punycode")
    except UnicodeError:
        return label
    # Neither a sign that mail takes for a dot, nor letters that are compared in another form.
    plain = all(c == "-" or c.isalnum() or unicodedata.category(c) in ("Mn", "Mc") for c in letters)
    alike = letters == _composed(_WORD.sub(lambda word: word[0].lower(), letters))
    return letters if plain and alike and _sent(letters) == label else label


_ACE = "xn--"
_WORD = re.compile(r"\w+")


def _composed(text: str) -> str:
    """Return a text whose case was changed in one form: some letters come apart by it."""
    return unicodedata.normalize("NFKC", text)


FEWEST_DIGITS = 5
"""A phone number with fewer digits could be a room extension, and means nobody."""


def _phone(text: str, region: str) -> str:
    parsed = _parse(text, region)
    if parsed is not None:
        return phonenumbers.format_number(parsed, PhoneNumberFormat.E164)
    digits = _digits(text)
    if len(digits) < FEWEST_DIGITS or not digits.strip("0"):
        raise MatchError(
            "This is not a phone number.", "Write it with its country, for example +49 89 123456."
        )
    return f"+{digits}" if text.lstrip("( ").startswith("+") else digits


def _parse(text: str, region: str) -> PhoneNumber | None:
    """Return the number that a text means, or None when no country claims it."""
    written = text if not text.startswith("00") else "+" + text[2:]
    try:
        parsed = phonenumbers.parse(written, region.upper() or None)
    except phonenumbers.NumberParseException:
        return None
    return parsed if phonenumbers.is_possible_number(parsed) else None


def _phone_spellings(text: str, region: str) -> set[str]:
    digits = _digits(text)
    found = {digits}
    parsed = _parse(text, region)
    if parsed is not None:
        country = str(parsed.country_code)
        significant = phonenumbers.national_significant_number(parsed)
        international = phonenumbers.format_number(parsed, PhoneNumberFormat.INTERNATIONAL)
        national = phonenumbers.format_number(parsed, PhoneNumberFormat.NATIONAL)
        found |= {f"+{country}{significant}", f"00{country}{significant}", country + significant}
        found |= {international, international.replace("-", " "), f"+{country} {significant}"}
        if region and parsed.country_code == _country_code(region):
            found |= {national, _digits(national), significant}
            found |= {national.replace(" ", "-"), national.replace("-", " ")}
    found |= {_wide(form) for form in found}
    return {form for form in found if len(_digits(form)) >= FEWEST_DIGITS}


def _country_code(region: str) -> int:
    return phonenumbers.country_code_for_region(region.upper())


def _digits(text: str) -> str:
    plain = unicodedata.normalize("NFKC", text)
    return "".join(str(unicodedata.digit(c)) for c in plain if c.isdecimal())


_WIDE = {ord(c): 0xFF10 + int(c) for c in "0123456789"}


def _wide(text: str) -> str:
    """Return a text with the full-width digits that Chinese input methods produce."""
    return text.translate(_WIDE)


def _is_hanzi(c: str) -> bool:
    return unicodedata.name(c, "").startswith("CJK ")


def readings(name: str) -> tuple[frozenset[str], frozenset[str]]:
    """Return the ways to read the alphabetic part and the Chinese part of a name."""
    if name.isascii():
        return frozenset({" ".join(sorted(_tokens(name)))}) - {""}, frozenset()
    text = unicodedata.normalize("NFKC", name)
    hanzi = "".join(c for c in text if _is_hanzi(c))
    rest = "".join(" " if _is_hanzi(c) else c for c in text)
    ways = frozenset(" ".join(sorted(_tokens(way))) for way in (rest, _umlauts(rest)))
    return ways - {""}, frozenset({hanzi} if hanzi else ())


def _tokens(text: str) -> list[str]:
    """Return the parts of a name, folded; apostrophes join, all else that is no letter splits."""
    parts = _ALNUM.findall(_fold(text).translate(_JOINING))
    return [part for part in parts if part.strip("0")]


_ALNUM, _JOINING = re.compile(r"[^\W_]+"), dict.fromkeys(map(ord, "'’ʼ`´"))


_LETTERS = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ð": "d", "æ": "ae", "œ": "oe", "ı": "i"})
_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "å": "aa", "ø": "oe"})


def _umlauts(text: str) -> str:
    """Return a text with umlauts written out, as the machine-readable zone of a passport does."""
    return unicodedata.normalize("NFKC", text).casefold().translate(_UMLAUTS)


def _fold(text: str) -> str:
    """Return a text without case and without the accents of Latin, Greek and Cyrillic letters."""
    if text.isascii():
        return text.casefold()
    apart = unicodedata.normalize("NFKD", text).casefold()
    kept: list[str] = []
    base = ""
    for c in unicodedata.normalize("NFKD", apart):
        if unicodedata.combining(c):
            if base.startswith(("LATIN", "GREEK", "CYRILLIC")):
                continue
        else:
            base = unicodedata.name(c, "")
        kept.append(c)
    return unicodedata.normalize("NFKC", "".join(kept)).translate(_LETTERS)


def masked(kind: str, value: str) -> str:
    """Return a contact so that who knows it recognises it and nobody else can use it.

    :param kind: "email" or "phone".
    :param value: the contact.
    """
    if kind == Kind.EMAIL and "@" in value:
        local, _, domain = value.rpartition("@")
        return f"{local[:1]}…@{domain}"
    return f"…{_digits(value)[-2:]}"
