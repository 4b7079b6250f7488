"""Row images bring back exactly what the driver gave."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from flask_guesterase.core.errors import SealError
from flask_guesterase.core.image import Cell, Change, Form, Image, Images, Strip, cell
from flask_guesterase.core.payload import decode, encode, encode_strips, keys_in

VECTORS = Path(__file__).parents[1] / "vectors"

natives = st.one_of(
    st.none(),
    st.integers(),
    st.floats(),
    st.binary(),
    st.text(st.characters(codec="utf-8")),
)


@given(st.lists(natives, max_size=6), natives)
def test_values_come_back_exactly(values, key):
    """NULL, text, bytes, whole numbers of any size and every float survive the way."""
    columns = tuple(cell(f"c{n}", "text", value) for n, value in enumerate(values))
    images = Images(
        "sqlite", "3.46", (Image("guests", (cell("id", "x", key),), Change.DELETED, columns, 1),)
    )
    back = decode(encode(images))
    assert back == images
    for value, column in zip(values, back.rows[0].columns, strict=True):
        native = column.native()
        assert type(native) is type(value)
        same_nan = isinstance(value, float) and math.isnan(value) and math.isnan(native)
        assert same_nan or native == value
    if isinstance(key, float) and key == 0:
        assert math.copysign(1, back.rows[0].key[0].native()) == math.copysign(1, key)


def test_booleans_and_views_are_written_down():
    """A boolean is kept as 0 or 1, a memory view as its bytes."""
    assert cell("vip", "boolean", True).native() == 1
    assert cell("photo", "blob", memoryview(b"ab")).native() == b"ab"


@pytest.mark.parametrize("value", [object(), 1j, "\ud800", {"a": 1}])
def test_what_cannot_come_back_is_refused(value):
    """A value a driver changes on the way is refused, without repeating it."""
    with pytest.raises(SealError) as caught:
        cell("c", "jsonb", value)
    assert "jsonb" in str(caught.value)


@pytest.mark.parametrize(
    "payload",
    [b"", b"[]", b"null", b'{"format":"guesterase/image/v4"}', b'{"format":"guesterase/image/v1"}',
     b'{"format":"guesterase/image/v3","dialect":"","version":"","at":""}',
     b'{"format":"guesterase/image/v2","dialect":"","version":"","rows":[]}'],
)
def test_another_payload_is_refused(payload):
    """A payload that does not hold images is an error of ours."""
    with pytest.raises(SealError):
        decode(payload)


def test_a_broken_image_is_refused():
    """An unknown form, change or order number is an error of ours."""
    images = Images(
        "sqlite", "3",
        (Image("g", (), Change.OVERWRITTEN, (Cell("a", "t", Form.INT, str(2**60)),), 3),),
    )
    payload = encode(images)
    for old, new in [
        (b'"int"', b'"money"'),
        (b'"overwritten"', b'"moved"'),
        (b'"rows":[[3,', b'"rows":[["3",'),
        (b'"rows":[[3,', b'"rows":[[3,1,'),
        (b'"key":[]', b'"key":{}'),
        (b'[["a","t"]]', b'["a"]'),
    ]:
        assert old in payload
        with pytest.raises(SealError):
            decode(payload.replace(old, new))
    with pytest.raises(SealError):
        Cell("a", "t", Form.INT, "one").native()


@given(st.lists(st.lists(natives, min_size=2, max_size=2), min_size=1, max_size=5))
def test_rows_of_a_strip_come_back_each_by_itself(lines):
    """What is said once for many rows is the same as if each had said it."""
    columns = (("name", "text"),)
    strip = Strip("guests", Change.OVERWRITTEN, columns, (("id", "x"),), columns, [
        (order, old, order, left) for order, (old, left) in enumerate(lines)
    ])
    rows = decode(encode_strips("sqlite", "3.46", "", [strip])).rows
    assert rows == tuple(strip.images())
    assert [(image.order, image.key[0].native()) for image in rows] == [
        (order, order) for order in range(len(lines))
    ]


def keys_of(payload):
    """Return table and key of every row, by way of its image; NaN equals nothing, its text does."""
    return [
        (row.table, {(cell.name, cell.type): repr(cell.native()) for cell in row.key})
        for row in decode(payload).rows
    ]


def told(payload):
    """Return the same without images."""
    return [
        (table, dict(zip(columns, map(repr, row), strict=True)))
        for table, columns, rows in keys_in(payload) for row in rows
    ]  # fmt: skip


@example([[None, None, float("nan")]], False)
@given(st.lists(st.lists(natives, min_size=3, max_size=3), max_size=5), st.booleans())
def test_the_keys_are_those_of_the_images(lines, deleted):
    """Of which rows a box holds images is told without making any."""
    columns, key = (("name", "text"),), (("house", "x"), ("id", "y"))
    after = () if deleted else columns
    change = Change.DELETED if deleted else Change.OVERWRITTEN
    strip = Strip("guests", change, columns, key, after, [
        (order, old, house, id, *(() if deleted else (old,)))
        for order, (old, house, id) in enumerate(lines)
    ])
    payload = encode_strips("sqlite", "3.46", "", [strip, strip])
    assert told(payload) == keys_of(payload)
    assert len(told(payload)) == 2 * len(lines)


@pytest.mark.parametrize("name", ["image.json", "image2.json", "image3.json"])
def test_the_keys_of_every_format_are_told(name):
    """Boxes of an older version are read as they were closed, and so is what was lost besides."""
    payload = json.loads((VECTORS / name).read_text(encoding="utf-8"))["payload"].encode()
    assert told(payload) == keys_of(payload) != []
    for row in decode(payload).rows:
        for lost in row.columns:
            beside = [
                dict(zip(columns, line, strict=True))
                for table, columns, lines in keys_in(payload, {row.table: [lost.name]})
                for line in lines if table == row.table and len(columns) > len(row.key)
            ]  # fmt: skip
            assert {(lost.name, lost.type): lost.native()}.items() <= beside[0].items()


@pytest.mark.parametrize("payload", [b"", b"[]", b'{"format":"guesterase/image/v3"}'])
def test_the_keys_of_another_payload_are_refused(payload):
    with pytest.raises(SealError):
        keys_in(payload)


def test_the_keys_of_a_broken_line_are_refused():
    columns = (("name", "text"),)
    strip = Strip("g", Change.DELETED, columns, (("id", "x"),), (), [(3, "Ann", 1)])
    payload = encode_strips("sqlite", "3", "", [strip])
    with pytest.raises(SealError):
        keys_in(payload.replace(b'[3,"Ann",1]', b'[3,"Ann"]'))


def test_a_value_that_cannot_come_back_is_in_no_strip():
    """Half of a surrogate pair, and what a driver made of a decimal, are refused."""
    for value in ("\ud800", object()):
        strip = Strip("guests", Change.DELETED, (("name", "text"),), (), (), [(0, value)])
        with pytest.raises(SealError):
            encode_strips("sqlite", "3.46", "", [strip])
