"""The languages of pages and letters: one catalog a language, read with Babel at first use."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from io import BytesIO
from pathlib import Path
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import (
    format_date,
    format_datetime,
    format_skeleton,
    get_timezone,
    get_timezone_name,
)
from babel.lists import format_list
from babel.localedata import exists
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal
from babel.support import NullTranslations, Translations
from flask import current_app, has_app_context

_FOLDER = Path(__file__).parents[1] / "translations"

_NAMES = {
    "zh": "简体中文", "en": "English", "ja": "日本語", "de": "Deutsch", "es": "Español",
    "fr": "Français",
}  # fmt: skip

LANGUAGES = {code: name for code, name in _NAMES.items() if (_FOLDER / code).is_dir()}
"""Code of a catalog -> what its readers call it; the order in which pages offer them."""

FALLBACK = "en"

SORRY = {
    "zh-Hant": "本頁尚無繁體中文版，請選擇一種語言。",
    "ko": "이 페이지는 한국어로 제공되지 않습니다. 언어를 선택해 주세요.",
    "it": "Questa pagina non è disponibile in italiano. Scelga una lingua.",
    "pt": "Esta página não está disponível em português. Escolha um idioma.",
    "cs": "Tato stránka není k dispozici v češtině. Vyberte si prosím jazyk.",
}
"""Language tag -> what readers of a language without a catalog are told in their own."""

_LOCALES = {"zh": "zh_Hans_CN"}
_TAGS = {"zh": "zh-Hans"}
_WIDE = frozenset({"zh", "ja"})
"""Languages whose signs are as wide as their letters."""

_COLONS = {"zh": "：", "ja": "：", "fr": "\u00a0: "}
_SEMICOLONS = {"zh": "；", "ja": "；", "fr": "\u00a0; "}
_MANDARIN = "cmn"
_TRADITIONAL = frozenset({"hant", "tw", "hk", "mo"})
_ABOUT = re.compile(r"(?P<year>\d{4})(-(?P<month>0[1-9]|1[0-2])(-(?P<day>\d\d))?)?")
_PLACEHOLDERS = re.compile(r"%\((\w+)\)s")


def N_(message: str) -> str:
    """Mark a message for the catalogs where it is not shown yet, and return it as it is."""
    return message


def known(tag: str | None) -> str:
    """Return the catalog for a language tag, or an empty string when there is none.

    Traditional Chinese finds none: who reads it is offered a choice.

    :param tag: BCP 47 tag or POSIX locale, in any case: ``zh-CN``, ``zh_Hans``, ``en-GB``.
    """
    code = _parts(tag)[0]
    return code if code in LANGUAGES and not _traditional(tag) else ""


def is_language(tag: str) -> bool:
    """Return whether a tag names a language there is, with a catalog or without.

    :param tag: as of `known`.
    """
    code = _parts(tag)[0]
    # Babel writes in some languages, and has names of many more.
    return bool(exists(code)) or code in Locale(FALLBACK).languages


def choose(wishes: Iterable[str | None]) -> str:
    """Return the catalog of the first wish there is one for, English when there is none.

    :param wishes: language tags, the strongest wish first; None and unknown ones are passed over.
    """
    return next((code for code in map(known, wishes) if code), FALLBACK)


def meant(tags: Iterable[str]) -> list[str]:
    """Return what a reader wishes for, without what their browser adds of its own accord.

    :param tags: language tags of ``Accept-Language``, the strongest first. A browser set to
        ``zh-TW`` asks for a bare ``zh`` too, which does not mean simplified Chinese then.
    """
    wishes = [tag for tag in tags if tag != "*"]
    if any(map(_traditional, wishes)):
        wishes = [tag for tag in wishes if tag.casefold() != "zh"]
    return wishes


def sorry(tag: str) -> tuple[str, str]:
    """Return the tag of a language without a catalog, and what its readers are told in it.

    :param tag: language tag; both are empty where nothing is written for its readers.
    """
    code = "zh-Hant" if _traditional(tag) else _parts(tag)[0]
    return (code, SORRY[code]) if code in SORRY else ("", "")


def _parts(tag: str | None) -> list[str]:
    code, *rest = re.split("[-_.@]", (tag or "").strip().casefold())
    return ["zh" if code == _MANDARIN else code, *rest]


def _traditional(tag: str | None) -> bool:
    code, *rest = _parts(tag)
    return code == "zh" and "hans" not in rest and not _TRADITIONAL.isdisjoint(rest)


@cache
def catalog(code: str, host: str = "") -> NullTranslations:
    """Return the messages of one language; what it lacks is said in English.

    :param code: key of `LANGUAGES`.
    :param host: folder of the host's own translations, whose texts win; read once.
    """
    messages = _read(_FOLDER, code)
    for own in _read(Path(host), code) if host else ():
        ours = messages.get(own.id)
        # What fills in something that our text does not name would fail on the page.
        if own.string and ours is not None and _filled(own.string) <= _filled(own.id):
            messages.delete(own.id)
            messages[own.id] = own
    compiled = BytesIO()
    write_mo(compiled, messages)
    compiled.seek(0)
    return Translations(compiled, domain="guesterase")


def _read(folder: Path, code: str) -> Catalog:
    source = folder / code / "LC_MESSAGES" / "guesterase.po"
    if not source.is_file():
        return Catalog(locale=code)
    with source.open("rb") as file:
        return read_po(file, locale=code)


def _filled(text: str | Iterable[str]) -> set[str]:
    """Return the names of what is filled into a message, all of its forms together."""
    return set(_PLACEHOLDERS.findall(text if isinstance(text, str) else "".join(text)))


def _host() -> str:
    """Return the folder in which the host keeps translations, as Flask-Babel would have it."""
    return str(Path(current_app.root_path) / "translations") if has_app_context() else ""


@dataclass(frozen=True)
class Language:
    """One language, and everything a page or a letter says in it.

    :param code: key of `LANGUAGES`.
    :param zone: IANA time zone that moments are told in.
    """

    code: str
    zone: str = "UTC"

    @property
    def tag(self) -> str:
        """Return the BCP 47 tag for the ``lang`` attribute."""
        return _TAGS.get(self.code, self.code)

    @property
    def locale(self) -> str:
        """Return the name Babel knows the language by."""
        return _LOCALES.get(self.code, self.code)

    def gettext(self, message: str, **values: object) -> str:
        """Return a message in this language, with ``%(name)s`` filled in."""
        # The empty message is the head of the catalog.
        text: str = catalog(self.code, _host()).gettext(message) if message else ""
        return text % values if values else text

    def ngettext(self, one: str, many: str, num: int, **values: object) -> str:
        """Return a message that counts something, with ``%(num)s`` filled in."""
        text: str = catalog(self.code, _host()).ngettext(one, many, num)
        return text % {"num": self.number(num), **values}

    def day(self, value: date | datetime | str | None) -> str:
        """Return a day in words, of a moment that in this language's zone; empty stays empty."""
        if not value:
            return ""
        if isinstance(value, str):
            value = datetime.fromisoformat(value) if len(value) > 10 else date.fromisoformat(value)
        day = self._local(value) if isinstance(value, datetime) else value
        return self._ordinal(format_date(day, "long", locale=self.locale))

    def about(self, value: str) -> str:
        """Return a day, a month or a year in words; what is none of them stays as it is.

        :param value: ``2025-04-19``, ``2025-04`` or ``2025``.
        """
        found = _ABOUT.fullmatch(value)
        if found is None:
            return value
        if found["day"]:
            return self.day(value)
        first = date(int(found["year"]), int(found["month"] or 1), 1)
        return format_skeleton("yMMMM" if found["month"] else "y", first, locale=self.locale)

    def yearly(self, value: str) -> str:
        """Return a day of every year in words.

        :param value: ``03-31``.
        """
        # A leap year has all of them.
        day = date.fromisoformat(f"2000-{value}")
        return self._ordinal(format_skeleton("MMMMd", day, locale=self.locale))

    def moment(self, value: datetime | str | None) -> str:
        """Return a day and time in words, in this language's zone; naive values are UTC."""
        if not value:
            return ""
        moment = datetime.fromisoformat(value) if isinstance(value, str) else value
        return self._ordinal(format_datetime(self._local(moment), "medium", locale=self.locale))

    def _ordinal(self, text: str) -> str:
        # Unicode's patterns know no ordinals; in French the first of a month has one, and no other.
        return f"1er {text[2:]}" if self.code == "fr" and text.startswith("1 ") else text

    @property
    def clock(self) -> str:
        """Return what this language calls its zone; Babel has no words for those of no place."""
        if self.zone.startswith("Etc/") or "/" not in self.zone:
            return self.zone
        return get_timezone_name(get_timezone(self.zone), locale=self.locale)

    def number(self, value: float) -> str:
        """Return a number as it is written in this language."""
        return format_decimal(value, locale=self.locale)

    def listed(self, items: Iterable[str]) -> str:
        """Return several words as one list."""
        return format_list(list(items), style="standard", locale=self.locale)

    @property
    def colon(self) -> str:
        """Return what stands between a name and what it is, with the blanks of this language."""
        return _COLONS.get(self.code, ": ")

    @property
    def comma(self) -> str:
        """Return what stands between parts of one clause."""
        return "，" if self.code == "zh" else "、" if self.code == "ja" else ", "

    @property
    def semicolon(self) -> str:
        """Return what stands between clauses."""
        return _SEMICOLONS.get(self.code, "; ")

    @property
    def stop(self) -> str:
        """Return what ends a sentence before the next."""
        return "。" if self.code in _WIDE else ". "

    @property
    def gap(self) -> str:
        """Return what stands between two sentences that end themselves."""
        return "" if self.code in _WIDE else " "

    def aside(self, text: object) -> str:
        """Return what is said by the way, in brackets behind a word."""
        return f"（{text}）" if self.code in _WIDE else f" ({text})"

    def clauses(self, items: Iterable[str]) -> str:
        """Return several clauses, each of which may hold commas of its own, one after the other."""
        return self.semicolon.join(items)

    def _local(self, value: datetime) -> datetime:
        aware = value if value.tzinfo else value.replace(tzinfo=ZoneInfo("UTC"))
        return aware.astimezone(ZoneInfo(self.zone))
