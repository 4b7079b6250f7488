"""Boxes open with their key and as they were sealed, and in no other way."""

from __future__ import annotations

from dataclasses import replace

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st

from flask_guesterase.core.errors import KeyMissingError, SealError
from flask_guesterase.core.seal import (
    Box,
    Custodian,
    Terms,
    close,
    fingerprint,
    new_box_id,
    open_box,
    rewrap,
)


class MemoryCustodian:
    """A second custodian, so that the seam is more than one class."""

    def __init__(self):
        self.keys = {}

    def ensure(self, label):
        self.keys.setdefault(label, AESGCM.generate_key(256))

    def _key(self, label):
        if label not in self.keys:
            raise KeyMissingError("gone")
        return AESGCM(self.keys[label])

    def wrap(self, label, data_key, aad):
        return b"n" * 12 + self._key(label).encrypt(b"n" * 12, data_key, aad)

    def unwrap(self, label, wrapped, aad):
        try:
            return self._key(label).decrypt(wrapped[:12], wrapped[12:], aad)
        except (InvalidTag, ValueError):
            raise SealError("wrong") from None

    def forget(self, label):
        self.keys.pop(label, None)

    def rotate(self):
        raise NotImplementedError


def data_key(custodian, box):
    aad = f'{{"box":"{box.id}","label":"{box.label}"}}'
    return custodian.unwrap(box.label, box.wrapped, aad.encode())


TERMS = Terms("hotel-a", "recovery", "2026-12-01")


@pytest.fixture
def custodian():
    keeper = MemoryCustodian()
    keeper.ensure(TERMS.label)
    return keeper


def sealed(payload=b"a guest", terms=TERMS):
    keeper: Custodian = MemoryCustodian()
    keeper.ensure(terms.label)
    return close(payload, terms, keeper), keeper


@given(st.binary(max_size=5000))
def test_a_box_opens(payload):
    """What was sealed comes back, of any length."""
    box, keeper = sealed(payload)
    assert open_box(box, keeper) == payload
    assert Box.from_json(box.to_json()) == box


@given(st.binary(max_size=200))
def test_length_and_content_are_hidden(payload):
    """Small payloads have one length, and the payload is not in the box."""
    box, _ = sealed(payload)
    assert len(box.payload) == 12 + 256 + 16
    assert len(payload) < 8 or payload not in box.payload


def test_long_text_is_compressed():
    """Text that repeats takes less room sealed than open."""
    payload = b"booking " * 10_000
    box, keeper = sealed(payload)
    assert len(box.payload) < 2_000
    assert open_box(box, keeper) == payload


@given(st.data())
def test_any_change_is_seen(data):
    """A changed controller, id, label, wrapped key or payload does not open."""
    box, keeper = sealed()
    keeper.keys["day:2027-01-01"] = keeper.keys[box.label]
    name = data.draw(st.sampled_from(["controller", "id", "label", "wrapped", "payload"]))
    value = getattr(box, name)
    if name == "label":
        changed = "day:2027-01-01"
    elif isinstance(value, str):
        changed = data.draw(st.text(st.characters(codec="utf-8")).filter(lambda t: t != value))
    else:
        place = data.draw(st.integers(0, len(value) - 1))
        changed = bytearray(value)
        changed[place] ^= data.draw(st.integers(1, 255))
        changed = bytes(changed)
    with pytest.raises(SealError):
        open_box(replace(box, **{name: changed}), keeper)


@given(st.integers(0, 300))
def test_a_truncated_box_is_seen(length):
    """A box that lost bytes does not open."""
    box, keeper = sealed()
    with pytest.raises(SealError):
        open_box(replace(box, payload=box.payload[: min(length, len(box.payload) - 1)]), keeper)
    with pytest.raises(SealError):
        open_box(replace(box, wrapped=box.wrapped[: min(length, len(box.wrapped) - 1)]), keeper)


def test_swapped_boxes_do_not_open(custodian):
    """Neither payloads nor wrapped keys can be exchanged between boxes."""
    one, two = (close(text, TERMS, custodian) for text in (b"one", b"two"))
    with pytest.raises(SealError):
        open_box(replace(one, payload=two.payload), custodian)
    with pytest.raises(SealError):
        open_box(replace(one, wrapped=two.wrapped), custodian)
    with pytest.raises(SealError):
        open_box(replace(one, wrapped=two.wrapped, payload=two.payload), custodian)


def test_forgetting_ends_every_box_of_the_day(custodian):
    """When the key of a day is forgotten none of its boxes opens; those of other days do."""
    other = Terms("hotel-a", "recovery", "2026-12-02")
    custodian.ensure(other.label)
    box, later = close(b"x", TERMS, custodian), close(b"y", other, custodian)
    custodian.forget(TERMS.label)
    with pytest.raises(KeyMissingError):
        open_box(box, custodian)
    assert open_box(later, custodian) == b"y"
    with pytest.raises(KeyMissingError):
        close(b"z", TERMS, custodian)


def test_a_hold_outlives_the_day(custodian):
    """A box wrapped for a hold opens after its day ended, and ends with the hold."""
    held, other = close(b"held", TERMS, custodian), close(b"other", TERMS, custodian)
    custodian.ensure("hold:h1")
    moved = rewrap(held, "hold:h1", custodian)
    assert moved.payload == held.payload
    custodian.forget(TERMS.label)
    assert open_box(moved, custodian) == b"held"
    with pytest.raises(KeyMissingError):
        open_box(other, custodian)
    custodian.forget("hold:h1")
    with pytest.raises(KeyMissingError):
        open_box(moved, custodian)


def test_keys_and_identifiers_are_new_each_time(custodian):
    """The same payload twice gives two boxes that share nothing."""
    one, two = close(b"x", TERMS, custodian), close(b"x", TERMS, custodian)
    assert one.id != two.id
    assert one.payload[:12] != two.payload[:12]
    assert data_key(custodian, one) != data_key(custodian, two)
    assert len(new_box_id()) == 33


@pytest.mark.parametrize("line", ["", "{}", "[]", "null", '{"format":"guesterase/box/v2"}'])
def test_a_line_that_is_no_box_is_refused(line):
    """Lines of another format are refused with an error of ours."""
    with pytest.raises(SealError):
        Box.from_json(line)
    with pytest.raises(SealError):
        Box.from_json(sealed()[0].to_json().replace('"payload":"', '"payload":"!'))
    with pytest.raises(SealError):
        Box.from_json(sealed()[0].to_json().replace('"purpose"', '"reason"'))


def test_a_payload_of_another_layout_is_refused(custodian):
    """A box sealed with the right key but by another format is refused, not guessed at."""
    wrongs = (b"\7" + bytes(255), bytes(4) + b"\xff" + bytes(251), bytes(255) + b"x", b"", b"\1")
    for padded in wrongs:
        box = close(b"x", TERMS, custodian)
        key = data_key(custodian, box)
        aad = f'{{"box":"{box.id}","controller":"hotel-a","format":"guesterase/box/v1"}}'
        forged = b"m" * 12 + AESGCM(key).encrypt(b"m" * 12, padded, aad.encode())
        with pytest.raises(SealError):
            open_box(replace(box, payload=forged), custodian)


def test_a_box_needs_a_day():
    """Nothing is sealed without a last day."""
    with pytest.raises(SealError):
        Terms("hotel-a", "recovery", "some day")
    assert Terms("hotel-a", "contact", "2026-12-01", "hold:h1").label == "hold:h1"


@given(st.text(), st.text())
def test_marks_tell_values_apart_and_nothing_else(one, two):
    """Marks are equal when key, kind and value are, and only then."""
    key = b"k" * 32
    assert (fingerprint(key, "email", one) == fingerprint(key, "email", two)) == (one == two)
    assert fingerprint(key, "email", one) != fingerprint(key, "phone", one)
    assert fingerprint(key, "email", one) != fingerprint(b"l" * 32, "email", one)


def test_marks_need_a_real_key():
    """A short key, by which values could be guessed, is refused."""
    with pytest.raises(SealError):
        fingerprint(b"short", "email", "x")
    with pytest.raises(SealError):
        fingerprint(b"k" * 32, "e\0mail", "x")
