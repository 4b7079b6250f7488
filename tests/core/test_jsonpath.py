"""Promise: a path reaches what it says in a document, and nothing else of the document moves."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flask_guesterase.core.copying import Copy, outline
from flask_guesterase.core.document import is_document, legible, read, written
from flask_guesterase.core.errors import PolicyError
from flask_guesterase.core.jsonpath import parse
from flask_guesterase.core.mentions import edited
from flask_guesterase.core.parts import applied, is_applied
from flask_guesterase.core.treatment import Inside, inside, keep, null, redact

TEXT = """ {"guest" : {"name":"A \\"B\\"", "name": "C"}, "sum": 1.50,
  "notes": [{"text":"x"}, {"text":"\\u00e9"}, 7], "房间 备注": ["一", "二"], "a.b": null, "":{}} """

PATHS = {
    "$.guest": ['{"name":"A \\"B\\"", "name": "C"}'],
    "$.guest.name": ['"A \\"B\\""', '"C"'],
    "$.sum": ["1.50"],
    "$.notes[*].text": ['"x"', '"\\u00e9"'],
    "$.notes[-1]": ["7"],
    "$.notes[3]": [],
    "$['房间 备注'][0]": ['"一"'],
    '$["a.b"]': ["null"],
    '$."a.b"': ["null"],
    "$[''].x": [],
    "$.guest[0]": [],
    "$.notes.text": [],
    "$.*[*].text": ['"x"', '"\\u00e9"'],
}


@pytest.mark.parametrize("path", PATHS)
def test_a_path_selects_values_as_they_are_written(path: str) -> None:
    """Doubled keys both; members of another shape and missing ones nowhere."""
    root = read(TEXT)
    assert root is not None
    assert [TEXT[n.start : n.end] for n in parse(path).select(root)] == PATHS[path]


@pytest.mark.parametrize(
    "path", ["", "$", "guest.name", "$guest", "$.", "$..name", "$.a b", "$[01]", "$['a]", '$."\\x"',
             "$.a[", "$[?(@.x)]", "$.1a", "$.a "]
)  # fmt: skip
def test_what_is_no_path_is_refused_when_it_is_written(path: str) -> None:
    """A vendor hears it at the declaration, not on the day of the first erasure."""
    with pytest.raises(PolicyError):
        inside({path: null})


@pytest.mark.parametrize(
    ("parts", "otherwise"),
    [({}, None), ({"$.a": inside({"$.b": null})}, None), ({"$.a": null}, keep("why")),
     ({"$.a": keep("why"), "$.b": keep("why")}, None)],
)  # fmt: skip
def test_rules_that_cannot_be_used_within_json(parts: dict[str, Any], otherwise: Any) -> None:
    """Rules of a whole column are refused inside one, and so is keeping what is no JSON, or all."""
    with pytest.raises(PolicyError):
        inside(parts, otherwise)


def erased(rule: Inside, text: str) -> str | None:
    """Apply a rule that needs nobody's name."""
    return applied(rule, text, lambda part, path, old: None if part is null else "[erased]",
                   lambda node, text: [])  # fmt: skip


def test_only_listed_values_change() -> None:
    """Numbers, spaces, escapes and unlisted members stay as they were written."""
    rule = inside({"$.guest": null, "$.guest.name": redact, "$.notes[*].text": redact})

    assert erased(rule, TEXT) == TEXT.replace(
        '{"name":"A \\"B\\"", "name": "C"}', "null"
    ).replace('"x"', '"[erased]"').replace('"\\u00e9"', '"[erased]"')
    assert erased(rule, "{broken") is None
    for text, left in ((TEXT, False), (erased(rule, TEXT) or "", True), ("{broken", False)):
        assert is_applied(rule, text, lambda part, path, value: value in (None, "[erased]")) is left


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda each: st.lists(each, max_size=4) | st.dictionaries(st.text(), each, max_size=4),
    max_leaves=12,
)


@given(JSON, st.booleans(), st.sampled_from([None, 1, "\t"]))
def test_every_leaf_is_where_it_is_said_to_be(value: Any, ascii_: bool, indent: Any) -> None:
    """Whatever the document: replacing each leaf at its place gives a document of that shape."""
    text = json.dumps(value, ensure_ascii=ascii_, indent=indent)
    root = read(text)
    assert root is not None
    leaves = list(root.leaves())
    same = edited(
        text, [(n.start, n.end, written(json.loads(text[n.start : n.end]), text)) for n in leaves]
    )
    assert json.loads(same) == value
    assert is_document(text) == isinstance(value, dict | list)


@given(st.text())
def test_any_text_is_read_or_is_none(text: str) -> None:
    """No text of a hotel breaks the reader."""
    try:
        json.loads(text)
        valid = True
    except ValueError:
        valid = False
    assert (read(text) is not None) == valid


@pytest.mark.parametrize(
    ("kept", "shown"),
    [
        (r' {"\u59d3": "\u5b59", "sum": 1.50}', ' {"姓": "孙", "sum": 1.50}'),
        (r'["\ud83d\ude00 \u00fc", "\u0022\u005c\n"]', r'["😀 ü", "\"\\\n"]'),
        (r'["\ud83d"]', r'["\ud83d"]'),
        (r'["C:\\u5b59"]', r'["C:\\u5b59"]'),
        (r"Room \u5b59", r"Room \u5b59"),
        (r'{"a": "\u5b59"', r'{"a": "\u5b59"'),
        ("", ""),
    ],
)
def test_people_read_letters_where_a_document_has_escapes(kept: str, shown: str) -> None:
    """It stays a document that means the same; what is none stays as it is written."""
    assert legible(kept) == shown


def test_who_releases_a_copy_reads_its_texts_as_letters() -> None:
    """They are asked whether somebody else is named in them."""
    texts = [("guests", "likes", r'{"with": "\u738b\u82b3"}')]
    assert outline(Copy("GR-ABCD2345", "sh", "Pine", "2026-03-01"), texts).texts == (
        ("guests", "likes", '{"with": "王芳"}'),
    )  # fmt: skip


def test_nesting_without_an_end_is_no_document() -> None:
    """A column full of brackets is handled as what is no JSON."""
    assert read("[" * 100_000 + "]" * 100_000) is None
