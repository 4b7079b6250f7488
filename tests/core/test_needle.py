"""Promise: a value of a person is found however it was written, and is not seen where it is not."""

from __future__ import annotations

import html
import json
import random
import unicodedata
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flask_guesterase.core.naming import keys
from flask_guesterase.core.needle import LOYALTY, Needle, Searcher, Strength, needles
from flask_guesterase.core.several import every

MAIL = "Anna.Weber@post.example"
WEBER = (
    *needles("email", MAIL),
    *needles("phone", "+49 89 1234567", "DE"),
    *needles("phone", "138 0013 8000", "CN"),
    *needles("document", "E12345678"),
    *needles("document", "L01X0"),
    *needles("booking", "BK-2024/117"),
    *needles(LOYALTY, "GW 778899"),
    *needles("name", "Anna Müller-Weber"),
    *needles("name", "张伟"),
)
SEARCHER = Searcher(WEBER)


def escaped(text: str) -> str:
    return "".join(f"\\u{ord(c):04x}" for c in text)


def wide(text: str) -> str:
    return "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text)


FOUND = {
    "upper case": ("email", f"to {MAIL.upper()}."),
    "end of a sentence": ("email", f"Write to {MAIL}. Thanks"),
    "behind Chinese": ("email", f"邮箱{MAIL}。"),
    "a link": ("email", f"<a href='mailto:{MAIL}?subject=x'>"),
    "a URL": ("email", f"/guests?mail={quote(MAIL, safe='')}&x=1"),
    "a URL within a URL": ("email", quote("?next=" + quote("m=" + MAIL, safe=""), safe="")),
    "HTML entities": ("email", "".join(f"&#{ord(c)};" for c in MAIL)),
    "an HTML text": ("name", html.escape("<b>Anna</b> & Müller-Weber")),
    "JSON": ("email", json.dumps({"note": f"first line\n{MAIL}"})),
    "JSON escapes": ("email", f'{{"m":"{escaped(MAIL)}"}}'),
    "JSON within JSON": ("name", json.dumps(json.dumps({"who": "张伟"}))),
    "a file name": ("email", f"scan_{MAIL}.pdf"),
    "a file name with more words": ("email", f"passport_{MAIL}_front.jpg"),
    "a file name with a dash": ("email", f"{MAIL}-front.pdf"),
    "marked in a text": ("email", f"to *{MAIL}_* only"),
    "full width": ("email", wide(MAIL)),
    "zero width": ("email", MAIL.replace("@", "\u200b@")),
    "national": ("phone", "call 089/1234567 first"),
    "national with groups": ("phone", "(089) 123 45-67"),
    "international": ("phone", "+49 (0)89 1234567"),
    "00": ("phone", "0049 89 1234567"),
    "no plus": ("phone", "49891234567"),
    "full-width digits": ("phone", "０８９１２３４５６７"),
    "Arabic digits": ("phone", "٠٨٩١٢٣٤٥٦٧"),
    "Adlam digits": ("phone", "".join(chr(0x1E950 + int(c)) for c in "0891234567")),
    "a sent form": ("phone", "tel=%2B49+89+1234567&room=7"),
    "a sent form, national": ("phone", "tel=089+12+34+567&room=7"),
    "marks of direction": ("phone", "\u202a+49 89 1234567\u202c"),
    "Chinese mobile": ("phone", "手机13800138000"),
    "Chinese mobile, grouped": ("phone", "+86-138-0013-8000"),
    "a scan": ("document", "scanE12345678.jpg"),
    "spaces": ("document", "e 1234 5678"),
    "a short document": ("document", "Pass: l01x0"),
    "a booking, other separators": ("booking", "bk 2024-117"),
    "a member": ("loyalty", "card GW-778899"),
    "family name first": ("name", "MÜLLER-WEBER, Anna"),
    "passport spelling": ("name", "Anna Mueller-Weber"),
    "no accents": ("name", "anna muller weber"),
    "decomposed": ("name", unicodedata.normalize("NFD", "Anna Müller-Weber")),
    "a middle name": ("name", "Anna Maria Müller-Weber"),
    "JSON members": ("name", '{"first_name": "Anna", "last_name": "Müller Weber"}'),
    "spaces in Chinese": ("name", "客人张 伟先生"),
    "Chinese in a sent form": ("name", f"who={quote('张')}+{quote('伟')}"),
}


@pytest.mark.parametrize("case", FOUND)
def test_found_however_it_is_written(case: str) -> None:
    kind, text = FOUND[case]
    assert {needle.kind for needle in SEARCHER.hits(text)} == {kind}
    assert [at for at, _ in SEARCHER.among(["", "nothing", text, "x"])] == [2]


@pytest.mark.parametrize(
    "text",
    [
        f"{MAIL}.au",
        f"x{MAIL}",
        f"jo.{MAIL}",
        f"scan_{MAIL}",
        "9913800138000",
        "138001380001",
        "1380013-80000",
        "+1 13800138000",
        "tel=%2B1+13800138000",
        "891234567890",
        "E123456789",
        "WE1234567",
        "BK-2024/1171",
        "xL01X0",
        "d41d8e12345678b204e9800998ecf8427e",
        "13800138-0000-4000-8000-13800138000f",
        "Anna",
        "Müller Weber",
        "Annabel Müller-Weber",
        "Anna met Peter. Later Müller-Weber",
        "张三伟",
        "",
        "anna@mueller-weber.example.org, and nobody else",
    ],
)
def test_not_seen_where_it_is_not(text: str) -> None:
    assert SEARCHER.hits(text) == set()


@pytest.mark.parametrize(
    ("value", "region"),
    [("+86 120 0000 98765", ""), ("+86 120 0000 98765", "CN"), ("0171 2345678", "DE")],
)
def test_a_phone_is_found_as_it_was_written(value: str, region: str) -> None:
    """Also where its normal form is another: a prefix of a network is no part of a number."""
    found = Searcher(needles("phone", value, region), region).spans(f"call {value}.")
    assert {(span.start, span.end) for span in found} == {(5, 5 + len(value))}


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("email", "none"),
        ("email", "-"),
        ("phone", "0"),
        ("phone", "1234"),
        ("phone", "1111111111"),
        ("document", "000"),
        ("document", "xxx"),
        ("booking", " "),
        ("name", "Anna"),
        ("name", "J. Q."),
        ("name", "王"),
    ],
)
def test_a_value_that_means_nobody_is_not_looked_for(kind: str, value: str) -> None:
    assert needles(kind, value) == ()


@pytest.mark.parametrize("value", ["A1", "12345", "471100"])
def test_a_short_number_counts_only_when_the_cell_holds_nothing_else(value: str) -> None:
    (needle,) = needles("booking", value)
    assert needle.whole
    searcher = Searcher([needle])
    assert searcher.hits(f" {value} ") == {needle}
    assert searcher.hits(f"paid {value} today") == set()


@pytest.mark.parametrize("on_file", ["Pat O'Brien", "O’BRIEN, Pat"])
@pytest.mark.parametrize(
    "text", ["met Pat O'Brien", "met O’Brien, Pat", "met PAT OBRIEN", "<b>Pat O&#x27;Brien</b>"]
)
def test_a_name_with_an_apostrophe_is_found(on_file: str, text: str) -> None:
    """As it is on file, and without the mark; one who lives and bears it is the same namesake."""
    wanted = needles("name", on_file)
    searcher = Searcher(wanted)
    assert searcher.hits(text)
    assert searcher.hits("met Pat Brien") == set()
    assert searcher.bearers(on_file) == set(wanted)


@pytest.mark.parametrize(
    ("kind", "cell", "values"),
    [
        ("email", "ada@post.example; a@b.example", {"ada@post.example", "a@b.example"}),
        ("email", "Ada Invented <ada@post.example>", {"ada@post.example"}),
        ("email", "ada@post.example,b@x.example", {"ada@post.example", "b@x.example"}),
        ("email", "o'neill@post.example", {"o'neill@post.example"}),
        ("phone", "0171 2345678 / 030 23125001", {"+491712345678", "+493023125001"}),
        ("phone", "0171/2345678", {"+491712345678"}),
        ("phone", "+49 (0) 171 / 234 56 78", {"+491712345678"}),
        ("phone", "0171 2345678 dad", {"+491712345678"}),
        ("phone", "mobile +49 171 2345678, desk 030-23125001", {"+491712345678", "+493023125001"}),
        ("phone", "0171 2345678 ext. 12", {"+491712345678"}),
        ("document", "E1234567, F7654321", {"E1234567F7654321"}),
    ],
)
def test_a_cell_may_hold_several_values(kind: str, cell: str, values: set[str]) -> None:
    """Each is looked for, and none is one of which a part is missing or a word is left."""
    assert {needle.value for needle in every(kind, cell, "DE")} == values


@pytest.mark.timeout(20)
def test_a_text_that_holds_one_value_very_often_takes_no_longer_than_its_length() -> None:
    """An export of a mail box in one cell must not keep all other guests waiting."""
    assert len(SEARCHER.spans(f"{MAIL}, " * 50_000)) == 50_000


def test_names_are_weak_and_all_else_is_strong() -> None:
    assert {n.kind for n in WEBER if n.strength is Strength.WEAK} == {"name"}


def test_a_national_number_is_one_of_its_own_country_only() -> None:
    (german,) = needles("phone", "+49 89 1234567", "CN")
    assert Searcher([german]).hits("089 1234567") == set()
    assert Searcher([german]).hits("+49 89 1234567") == {german}


def test_the_names_and_offsets_of_one_text() -> None:
    text = f'{{"a":"Z\\u00fcrich: M\\u00fcller-Weber, Anna","b":"{MAIL}"}}'
    found = [(text[s.start : s.end], s.needle.kind) for s in SEARCHER.spans(text)]
    assert found == [("M\\u00fcller-Weber, Anna", "name"), (MAIL, "email")]


LETTERS = st.text("abcdefghijklmnopqrstuvwxyz0123456789", min_size=1, max_size=8)
MAILS = st.builds("{}{}@{}.example".format, st.sampled_from("abcxyz"), LETTERS, LETTERS)
NUMBERS = st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True)
DOCUMENTS = st.from_regex(r"[A-Z][1-9][0-9]{7}", fullmatch=True)
NAMES = st.from_regex(r"[A-Z][a-zäöüéñ]{2,8} [A-Z][a-zäöüßø]{2,8}", fullmatch=True)
NOISE = st.text(st.characters(exclude_categories=["Cs", "Nd", "L", "Mn", "Mc", "Me"]), max_size=9)
VALUES = st.one_of(
    st.tuples(st.just("email"), MAILS),
    st.tuples(st.just("phone"), NUMBERS),
    st.tuples(st.just("document"), DOCUMENTS),
    st.tuples(st.just("name"), NAMES),
)
LOOKS = [str.upper, str.title, wide, lambda text: unicodedata.normalize("NFD", text)]
ESCAPES = [escaped, json.dumps, html.escape, lambda text: quote(text, safe="")]
DISGUISES = st.tuples(
    st.lists(st.sampled_from(LOOKS), max_size=2), st.lists(st.sampled_from(ESCAPES), max_size=2)
)


@given(VALUES, DISGUISES, NOISE, NOISE)
def test_found_in_every_mix_of_disguises(
    pair: tuple[str, str], disguises: tuple[list, list], before: str, after: str
) -> None:
    """Whatever stands around it: an escaped text is not one that merely looks like one."""
    kind, value = pair
    wanted = needles(kind, value, "CN")
    searcher = Searcher(wanted)
    text = value
    for disguise in [*disguises[0], *disguises[1]]:
        text = disguise(text)
    glue = ("+", "\\", "%", "&", "#", "@", "-", "_", ".", "/", "(", "·", ";", "'", "`", "’", "0")
    around = [part.strip("".join(glue)) for part in (before, after)]
    text = f"{around[0]} {text} {around[1]}"
    assert searcher.hits(text) == set(wanted)


@given(st.lists(st.one_of(st.text(max_size=40), st.sampled_from([t for _, t in FOUND.values()]))))
def test_many_texts_at_once_give_what_each_gives(texts: list[str]) -> None:
    one_by_one = {at: SEARCHER.hits(text) for at, text in enumerate(texts)}
    assert dict(SEARCHER.among(texts)) == {at: hit for at, hit in one_by_one.items() if hit}


MARKS = ["\x1e", "\x1f", "\\u001e", "%1E", "&#30;", "%5Cu001e", "\\\\u001f"]
"""What stands between texts that are read as one, as itself and wrapped."""

PIECES = st.sampled_from([*MARKS, *(text for _, text in FOUND.values()), "&amp;", "\\n"])


@given(st.lists(st.lists(PIECES, max_size=3).map("".join), min_size=1, max_size=6))
def test_many_texts_at_once_may_hold_what_stands_between_them(texts: list[str]) -> None:
    """A picture has every byte, and a text may hide one behind an escape."""
    one_by_one = {at: SEARCHER.hits(text) for at, text in enumerate(texts)}
    assert dict(SEARCHER.among(texts)) == {at: hit for at, hit in one_by_one.items() if hit}


def test_only_texts_that_may_hold_something_are_looked_at_closely() -> None:
    """Pictures, forms and links do not make everything beside them worth a closer look."""
    looked: list[str] = []

    class Watched(Searcher):
        def hits(self, text: str) -> set[Needle]:
            looked.append(text)
            return super().hits(text)

    pictures = [bytes(random.Random(n).randbytes(300)).decode("latin-1") for n in range(200)]
    texts = [*pictures, *(f"{mark} room {n}" for n in range(20) for mark in MARKS)]
    texts.insert(77, f"\x1e{MAIL}\x1e")
    assert [at for at, _ in Watched(WEBER).among(texts)] == [77]
    assert looked == [texts[77]]


def test_a_value_with_the_mark_in_it_is_found() -> None:
    odd = Needle("document", "AB\x1e12345", Strength.STRONG)
    assert dict(Searcher([odd]).among(["no", "of AB\x1e12345"])) == {1: {odd}}


@given(st.text(max_size=60))
def test_spans_lie_in_the_text_and_hold_the_value(text: str) -> None:
    for span in SEARCHER.spans(f"{text} {MAIL} {text}"):
        assert isinstance(span.needle, Needle)
        piece = f"{text} {MAIL} {text}"[span.start : span.end]
        assert span.needle in SEARCHER.hits(piece)


@given(VALUES, VALUES)
def test_another_person_is_not_found(mine: tuple[str, str], other: tuple[str, str]) -> None:
    wanted, theirs = needles(*mine, "CN"), needles(*other, "CN")
    if set(wanted) & set(theirs):
        return
    hit = Searcher(wanted).hits(f"x {other[1]} y")
    # Who leaves accents out writes Penä as Pena, and either may be meant.
    assert not hit or (mine[0] == "name" and keys(mine[1]) & keys(other[1]))
