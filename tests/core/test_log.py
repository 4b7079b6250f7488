"""Canonical text and entries that hold nobody's data."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flask_guesterase.core.checkpoint import Checkpoint
from flask_guesterase.core.errors import InputError, TamperedError
from flask_guesterase.core.log import (
    Draft,
    Entry,
    canonical,
    genesis,
    quoted,
    quoting,
    read_draft,
    read_entry,
    slug,
    word,
)

AT = "2026-11-24T10:00:00Z"
MARK = "0f" * 32

values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner) | st.dictionaries(
        st.text(st.characters(exclude_categories=["Cs"])), inner
    ),
    max_leaves=20,
)


def draft(**changes):
    fields = {
        "controller": "hotel-a",
        "at": AT,
        "action": "subject-erased",
        "actor": "a17",
        "request": "E-2026-0001",
        "counts": {"guests": 1, "pms.bookings": 4},
        "grounds": ("also-another-persons",),
        "marks": {"content": MARK},
        "facts": {"property": "hz1", "until": "2026-12-01", "size": 7},
    }
    return Draft(**{**fields, **changes})


@given(values)
def test_canonical_reads_back(value):
    """Canonical text is JSON of the same value, and the canonical form of itself."""
    text = canonical(value)
    assert json.loads(text) == value
    assert canonical(json.loads(text)) == text


def test_canonical_sorts_by_code_units():
    """Names are sorted as RFC 8785 §3.2.3 shows: by UTF-16 code units, not by code points."""
    names = ["\u20ac", "\r", "\ufb33", "1", "\U0001f600", "\u0080", "\u00f6"]
    text = canonical(dict.fromkeys(names, 0)).decode()
    expected = ["\r", "1", "\u0080", "\u00f6", "\u20ac", "\U0001f600", "\ufb33"]
    assert list(json.loads(text)) == expected


def test_canonical_escapes_as_the_rfc_does():
    """Only quotes, backslashes and control characters are escaped, in their shortest form."""
    assert canonical('\u20ac$\u000f\nA\'"\\\u007f/') == b'"\xe2\x82\xac$\\u000f\\nA\'\\"\\\\\x7f/"'
    assert canonical({"b": [1, None, True], "a": ()}) == b'{"a":[],"b":[1,null,true]}'


@pytest.mark.parametrize("value", [1.5, float("nan"), b"x", {1: 2}, {"a": {2.0}}, object()])
def test_canonical_refuses_what_has_no_form(value):
    """Fractions, bytes, sets and names that are not text are refused."""
    with pytest.raises(TypeError):
        canonical(value)


@pytest.mark.parametrize("value", [2**53, -(2**53), "\ud800", ["\udfff"], {"\ud800": 1}])
def test_canonical_refuses_what_would_not_read_back(value):
    """Numbers a reader would round and halves of surrogate pairs are refused."""
    with pytest.raises(ValueError, match="canonical form"):
        canonical(value)


def test_an_entry_reads_back():
    """Canonical bytes of an entry give the same entry."""
    entry = Entry(draft(), 2, 5)
    assert read_entry(entry.body()) == entry
    assert read_draft(canonical(draft().as_dict())) == draft()


@pytest.mark.parametrize(
    "change",
    [
        {"controller": "Hotel A"},
        {"at": "2026-11-24T10:00:00+01:00"},
        {"at": "2026-13-24T10:00:00Z"},
        {"at": "2026-11-24"},
        {"action": "Anna Beispiel"},
        {"actor": "anna"},
        {"actor": "a0"},
        {"request": "anna.beispiel@example.org"},
        {"request": "ANNA"},
        {"counts": {"王小明": 1}},
        {"counts": {"guests": -1}},
        {"counts": {"guests": True}},
        {"counts": {"guests": 1.5}},
        {"grounds": ("she asked me on the phone",)},
        {"grounds": ("Beispiel, Anna",)},
        {"grounds": ("anna@example.org",)},
        {"grounds": ("Müller",)},
        {"grounds": ("+4915112345678",)},
        {"grounds": ("p4915112345678",)},
        {"marks": {"email": "anna@example.org"}},
        {"marks": {"email": "abc"}},
        {"marks": {"e mail": MARK}},
        {"facts": {"phone": "4915112345678"}},
        {"facts": {"name": "Anna Beispiel"}},
        {"facts": {"room": None}},
        {"facts": {"share": 0.5}},
    ],
)
def test_personal_data_cannot_enter(change):
    """Whatever looks like a name, a contact or a number of a person is refused, unrepeated."""
    with pytest.raises(InputError) as caught:
        draft(**change)
    for value in change.values():
        for text in value if isinstance(value, tuple) else [value]:
            assert str(text) not in str(caught.value)


@pytest.mark.parametrize("epoch", [-1, True, 2**53, "1"])
def test_a_place_is_a_whole_number(epoch):
    """Epoch and index are whole numbers that are not negative."""
    with pytest.raises(InputError):
        Entry(draft(), epoch, 0)
    with pytest.raises(InputError):
        Entry(draft(), 0, epoch)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"null",
        b"[" * 100_000,
        b"\xff",
        canonical({**draft().as_dict(), "epoch": 0}),
        canonical({**draft().as_dict(), "epoch": 0, "index": 0, "name": "x"}),
        canonical({**draft().as_dict(), "epoch": 0, "index": 0, "format": "guesterase/entry/v2"}),
        canonical({**draft().as_dict(), "epoch": 0, "index": 0, "grounds": "erased"}),
        canonical({**draft().as_dict(), "epoch": 0, "index": 0, "counts": ["a"]}),
        Entry(draft(), 0, 0).body() + b" ",
        Entry(draft(), 0, 0).body().replace(b'"index":0', b'"index":0,"index":0'),
    ],
)
def test_a_broken_entry_is_tampering(body):
    """Bytes that are not exactly the canonical form of an entry are reported."""
    with pytest.raises(TamperedError):
        read_entry(body)


def test_a_broken_draft_is_tampering():
    """A loose entry that cannot be read is reported."""
    with pytest.raises(TamperedError):
        read_draft(b'{"format":"guesterase/entry/v1"}')


def test_the_first_entry_of_an_epoch():
    """A new epoch names its key, why it began, and the tree it follows."""
    first = genesis("hotel-a", AT, b"k" * 32)
    assert (first.action, first.grounds) == ("epoch-opened", ("start",))
    assert first.marks == {"public-key": "6b" * 32}
    head = Checkpoint("guesterase/hotel-a/4", 12, b"r" * 32, AT)
    later = genesis("hotel-a", AT, b"k" * 32, head)
    assert later.grounds == ("restore",)
    assert later.marks["previous-root"] == "72" * 32
    assert later.facts == {"previous-epoch": 4, "previous-size": 12}
    assert quoted(Entry(first, 0, 0)) == ()
    assert quoted(Entry(later, 5, 0)) == (head,)


def test_the_first_entry_of_an_epoch_quotes_all_that_was_lost():
    """One restore may lose several epochs: of each the newest checkpoint is quoted."""
    head = Checkpoint("guesterase/hotel-a/4", 12, b"r" * 32, AT)
    others = [Checkpoint(f"guesterase/hotel-a/{n}", n, b"s" * 32, AT) for n in (0, 2)]
    entry = Entry(genesis("hotel-a", AT, b"k" * 32, head, others), 5, 0)
    assert quoted(read_entry(entry.body())) == (head, *others)


def test_no_entry_quotes_its_own_epoch_or_a_later_one():
    """What is missing at the end of an epoch is explained by none of its own entries."""
    heads = [Checkpoint(f"guesterase/hotel-a/{n}", 9, b"r" * 32, AT) for n in (1, 2, 3)]
    marks, counts = quoting(heads)
    said = Draft("hotel-a", AT, "journal-pruned", marks=marks, counts=counts)
    assert quoted(Entry(said, 2, 5)) == (heads[0],)


def test_slugs_are_stable_and_distinct():
    """Names of any script become words that differ; a word stays what it is."""
    names = ["hotel-a", "Hotel A", "HOTEL A", "北京饭店", "上海饭店", "Hotel Löwe GmbH", "x" * 90]
    slugs = [slug(name) for name in names]
    assert len(set(slugs)) == len(names)
    assert slugs[0] == "hotel-a"
    assert slugs[5].startswith("hotel-lowe-gmbh-")
    assert [slug(item) for item in slugs] == slugs
    for item in slugs:
        draft(controller=item)
    with pytest.raises(InputError):
        slug("  ")


@given(st.text(min_size=1).filter(lambda text: text.isprintable()))
def test_any_schema_name_has_a_word(name):
    """Every name of a table can be counted under its word."""
    assert draft(counts={word(name): 1})


def test_words_stay():
    """Names that fit stay readable."""
    assert [word(name) for name in ("guests", "pms.Guests", "_x$y")] == [
        "guests",
        "pms.Guests",
        "_x$y",
    ]
    assert word("住客") != word("客房")
