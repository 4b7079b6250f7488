"""Signed messages: what holds, what does not, and what an answer may say."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from flask_guesterase.core.errors import InputError
from flask_guesterase.core.recipient import Identity, Notice, Stage, reached
from flask_guesterase.core.webhook import (
    WINDOW,
    Signed,
    Way,
    body_of,
    by_key,
    by_secret,
    holds,
    read_answer,
    signed_bytes,
)

NOW = datetime(2026, 3, 10, 9, 0, tzinfo=UTC)
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = KEY.public_key().public_bytes_raw().hex()
PARTS = st.tuples(st.binary(max_size=80), st.integers(0, 10**11).map(str))


@given(parts=PARTS, secret=st.binary(min_size=16, max_size=40), flip=st.integers(0, 10**6))
def test_one_bit_changed_is_not_believed(
    parts: tuple[bytes, str], secret: bytes, flip: int
) -> None:
    """Whatever was signed holds, by secret and by key; with any bit of it changed nothing does."""
    body, stamp = parts
    message = signed_bytes(Way.ANSWER, "partner.example", stamp, body)
    for signature, key in ((by_secret(secret, message), ""), (by_key(KEY.sign(message)), PUBLIC)):
        assert holds(Signed(body, stamp, signature), "partner.example", secret, key)
        changed = bytearray(body or b"\0")
        changed[flip % len(changed)] ^= 1 << flip % 8
        for other in (
            Signed(bytes(changed), stamp, signature),
            Signed(body, f"1{stamp}", signature),
            Signed(body, stamp, signature[:-1] + ("0" if signature[-1] != "0" else "1")),
            Signed(body, stamp, signature.partition("=")[2]),
        ):
            assert not holds(other, "partner.example", secret, key)
        assert not holds(Signed(body, stamp, signature), "other.example", secret, key)


def test_a_notice_is_no_answer() -> None:
    """What the house signed cannot be sent back to it as if a recipient had."""
    message = signed_bytes(Way.NOTICE, "partner.example", "1", b"{}")
    signed = Signed(b"{}", "1", by_secret(b"s" * 16, message))
    assert not holds(signed, "partner.example", b"s" * 16, "")


def test_parts_cannot_be_shifted_into_each_other() -> None:
    """A line feed in the body makes no other message out of the same bytes."""
    one = signed_bytes(Way.ANSWER, "a.example", "1", b"2\n{}")
    other = signed_bytes(Way.ANSWER, "a.example", "1\n2", b"{}")
    assert one == other, "only the form of the timestamp keeps them apart"
    assert not Signed(b"{}", "1\n2", "").timely(NOW)


@pytest.mark.parametrize("away", [-WINDOW, timedelta(), WINDOW])
def test_about_now_is_five_minutes_either_way(away: timedelta) -> None:
    """The window is closed one second later, and nothing but digits is a time."""
    second = timedelta(seconds=1 if away >= timedelta() else -1)
    inside, outside = NOW + away, NOW + (away or WINDOW) + second
    assert Signed(b"", str(int(inside.timestamp())), "").timely(NOW)
    assert not Signed(b"", str(int(outside.timestamp())), "").timely(NOW)
    for wrong in ("", "-1", "1e9", " 1", "٣", "9" * 13):
        assert not Signed(b"", wrong, "").timely(NOW)


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"{}", b"\xff", b'{"subject_request_id":"r"}', b'{"request_status":"completed"}',
     b'{"subject_request_id":"zzz","request_status":"completed"}', b"[" * 9000,
     b'{"subject_request_id":"r","request_status":["completed"]}',
     b'{"subject_request_id":"r","request_status":"COMPLETED"}'],
)  # fmt: skip
def test_what_is_no_answer_is_refused(body: bytes) -> None:
    """Without its text, which may hold anything."""
    with pytest.raises(InputError) as refused:
        read_answer(body, "r")
    assert "zzz" not in str(refused.value)


def test_the_body_holds_what_is_given_and_no_more() -> None:
    """No row keys, no request number, no address where there is none to answer to."""
    notice = Notice("r", "crm", "pine", "sh", "2026-03-10", (Identity("email", "a@mail.example"),),
                    (("guests", (1,)),))  # fmt: skip
    value = json.loads(body_of(notice))
    assert set(value) == {
        "api_version", "controller_id", "property_id", "subject_identities", "subject_request_id",
        "subject_request_type", "submitted_time",
    }  # fmt: skip
    assert "a@mail.example" not in repr(notice)


def test_how_far_all_got_is_how_far_the_last_one_got() -> None:
    """One that was not told, or failed, holds all of them back."""
    assert reached([]) == 0
    assert reached([Stage.DONE, Stage.ACKNOWLEDGED]) == 2
    assert reached([Stage.DONE, Stage.RECEIVED]) == reached([Stage.SENT]) == 1
    assert reached([Stage.DONE, Stage.FAILED]) == reached([Stage.QUEUED, Stage.SENT]) == 0
