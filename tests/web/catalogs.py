"""The catalogs as they lie in their folder, and what is wrong with one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from babel import Locale
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

import flask_guesterase.web

FOLDER = Path(flask_guesterase.web.__file__).parent
CODES = sorted(file.parts[-3] for file in FOLDER.glob("translations/*/LC_MESSAGES/guesterase.po"))
"""Languages whose catalog lies there; nobody lists them."""

KEYWORDS = {"_": None, "N_": None, "gettext": None, "ngettext": (1, 2)}
METHODS = [
    ("**.py", "python"),
    ("**/templates/**.html", "jinja2"),
    ("**/templates/**.txt", "jinja2"),
]
FILLED = re.compile(r"%\(\w+\)s")
_MARKUP = re.compile(r"<[^>]*>")
_SCRIPTS = {"zh": "[\u4e00-\u9fff]", "ja": "[\u3040-\u30ff\u4e00-\u9fff]"}
_SAME_BY_CHANCE = 3
"""Words: a message this short may read the same in two languages, as "No" and "Error" do."""


@cache
def used() -> frozenset[str | tuple[str, ...]]:
    """Return every message the code and the templates say."""
    found = extract_from_dir(
        FOLDER, method_map=METHODS, keywords=KEYWORDS, comment_tags=(), strip_comment_tags=False
    )
    messages = (message for _, _, message, _, _ in found)
    return frozenset(m if isinstance(m, str) else tuple(m) for m in messages)


@cache
def catalog(code: str) -> Catalog:
    """Return one catalog."""
    with (FOLDER / "translations" / code / "LC_MESSAGES" / "guesterase.po").open("rb") as file:
        return read_po(file, locale=code, abort_invalid=True)


def messages(code: str) -> Iterator[Message]:
    """Yield the messages of one catalog."""
    yield from (message for message in catalog(code) if message.id)


def said(text: str | tuple[str, ...] | list[str] | None) -> list[str]:
    """Return the forms of a message: one, or one for each number."""
    return [text] if isinstance(text, str) else list(text or ())


def faults(held: Catalog, code: str) -> list[str]:
    """Return what is wrong with a catalog, each with its message."""
    given = [message for message in held if message.id]
    ids = {m.id if isinstance(m.id, str) else tuple(m.id) for m in given}
    found = [f"missing: {id}" for id in used() - ids] + [f"unused: {id}" for id in ids - used()]
    found += [f"obsolete: {id}" for id in held.obsolete]
    found += [f"fuzzy: {m.id}" for m in given if m.fuzzy]
    found += [f"plural rule: {n}" for n in _miscounted(held, code)]
    if code == "en":
        return found + [f"said twice: {m.id}" for m in given if any(said(m.string))]
    return found + [f"{fault}: {m.id}" for m in given for fault in _wrong(m, held, code)]


def _wrong(message: Message, held: Catalog, code: str) -> Iterator[str]:
    asked, told = said(message.id), said(message.string)
    if len(told) != (held.num_plurals if len(asked) > 1 else 1):
        yield "plural forms"
    for text in told:
        if not text.strip():
            yield "untranslated"
            continue
        # What only puts two texts in order is of no script.
        worded = FILLED.sub("", text).strip()
        if worded and not re.search(_SCRIPTS.get(code, "."), text):
            yield "another script"
        if text == asked[0] and len(text.split()) > _SAME_BY_CHANCE:
            yield "still English"
        if sorted(FILLED.findall(text)) not in [sorted(FILLED.findall(each)) for each in asked]:
            yield "filled in"
        if _MARKUP.findall(text) != _MARKUP.findall(asked[0]):
            yield "markup"
        if _edges(text) != _edges(asked[0]):
            yield "space at an end"
        if FILLED.search(text) and "%" in FILLED.sub("", text).replace("%%", ""):
            yield "a percent sign alone"


def _edges(text: str) -> tuple[int, str, str]:
    lead, trail = len(text) - len(text.lstrip()), len(text.rstrip())
    return text.count("\n"), text[:lead], text[trail:]


def _miscounted(held: Catalog, code: str) -> list[int]:
    """Return numbers that the head of a catalog does not count as CLDR says readers do."""
    rule = Locale.parse(code).plural_form
    counted = [(n, rule(n), _form(held, n)) for n in range(200)]
    pairs = {(word, form) for _, word, form in counted}
    clear = len(pairs) == len({word for word, _ in pairs}) == len({form for _, form in pairs})
    enough = held.num_plurals == len({form for _, form in pairs})
    return [] if clear and enough else [n for n, _, _ in counted[:3]]


def _form(held: Catalog, number: int) -> int:
    expression = held.plural_expr.strip("()").replace("n", str(number)).strip()
    compared = re.fullmatch(r"(\d+)\s*(!=|>)?\s*(\d+)?", expression)
    assert compared is not None, held.plural_expr
    left, sign, right = compared.groups()
    if sign is None:
        return 0
    return int(int(left) != int(right) if sign == "!=" else int(left) > int(right))
