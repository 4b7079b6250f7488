"""Signed heads of the journal."""

from __future__ import annotations

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from flask_guesterase.core.checkpoint import (
    key_id,
    open_checkpoint,
    origin,
    sign_checkpoint,
)
from flask_guesterase.core.errors import TamperedError

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = KEY.public_key().public_bytes_raw()
AT = "2026-11-24T10:00:00Z"
NOTE = sign_checkpoint(origin("hotel-a", 3), 12, b"r" * 32, AT, KEY)


def sign(body, name="guesterase/hotel-a/3", key=KEY):
    public = key.public_key().public_bytes_raw()
    blob = key_id(name, public) + key.sign(body.encode())
    return f"{body}\n\u2014 {name} {base64.b64encode(blob).decode()}\n"


def test_a_checkpoint_reads_back():
    """What was signed is what is read: controller, epoch, size, root and time."""
    head = open_checkpoint(NOTE, PUBLIC)
    assert (head.controller, head.epoch, head.size, head.at) == ("hotel-a", 3, 12, AT)
    assert head.root == b"r" * 32


def test_the_note_has_its_published_form():
    """Four lines, a blank one, and a signature line as C2SP signed-note describes it."""
    lines = NOTE.split("\n")
    assert lines[:2] == ["guesterase/hotel-a/3", "12"]
    assert base64.b64decode(lines[2]) == b"r" * 32
    assert lines[3:5] == [f"at {AT}", ""]
    assert lines[5].startswith("\u2014 guesterase/hotel-a/3 ")
    assert lines[6:] == [""]


@given(st.data())
def test_any_changed_character_is_seen(data):
    """A checkpoint with one character changed is not accepted."""
    place = data.draw(st.integers(0, len(NOTE) - 1))
    other = data.draw(st.characters(codec="utf-8").filter(lambda c: c != NOTE[place]))
    with pytest.raises(TamperedError):
        open_checkpoint(NOTE[:place] + other + NOTE[place + 1 :], PUBLIC)


def test_a_signature_has_one_spelling():
    """Spare bits at the end of base 64 make no second note of the same signature."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    last = alphabet.index(NOTE[-3])
    other = NOTE[:-3] + alphabet[last ^ 1] + NOTE[-2:]
    signatures = [base64.b64decode(text.split(" ")[-1]) for text in (NOTE, other)]
    assert signatures[0] == signatures[1]
    with pytest.raises(TamperedError):
        open_checkpoint(other, PUBLIC)


@pytest.mark.parametrize("line", ["\u2014 a !!!!", "\u2014 a", "- a AAAAAAAA", "\u2014  AAAAAAAA"])
def test_a_broken_signature_line_is_refused(line):
    """A line that is no signature line makes the whole note unreadable, ours beside it or not."""
    with pytest.raises(TamperedError, match="broken"):
        open_checkpoint(NOTE.replace("\n\n", f"\n\n{line}\n"), PUBLIC)


@given(st.integers(0, len(NOTE) - 1))
def test_a_truncated_note_is_refused(length):
    """Any beginning of a checkpoint is not one."""
    with pytest.raises(TamperedError):
        open_checkpoint(NOTE[:length], PUBLIC)


def test_another_key_is_refused():
    """A checkpoint signed by anybody else is not accepted."""
    other = Ed25519PrivateKey.from_private_bytes(b"o" * 32)
    with pytest.raises(TamperedError, match="not signed by this key"):
        open_checkpoint(NOTE, other.public_key().public_bytes_raw())
    body = NOTE.rpartition("\n\n")[0] + "\n"
    with pytest.raises(TamperedError):
        open_checkpoint(sign(body, key=other), PUBLIC)


def test_witnesses_are_passed_over():
    """Signature lines of others, before or after ours, do not disturb."""
    body, _, line = NOTE.rpartition("\n\n")
    witness = "\u2014 witness.example/w " + base64.b64encode(b"k" * 80).decode() + "\n"
    assert open_checkpoint(f"{body}\n\n{witness}{line}{witness}", PUBLIC).size == 12
    with pytest.raises(TamperedError):
        open_checkpoint(f"{body}\n\n{witness}", PUBLIC)


@pytest.mark.parametrize(
    "body",
    [
        "guesterase/hotel-a/3\n12\n" + "A" * 44 + f"\nat {AT}\n",
        "guesterase/hotel-a/03\n12\nROOT\nat AT\n",
        "guesterase/Hotel A/3\n12\nROOT\nat AT\n",
        "example.org/log\n12\nROOT\nat AT\n",
        "guesterase/hotel-a/3\n012\nROOT\nat AT\n",
        "guesterase/hotel-a/3\n-1\nROOT\nat AT\n",
        "guesterase/hotel-a/3\n12\nROOT\nAT\n",
        "guesterase/hotel-a/3\n12\nROOT\nat 2026-02-30T10:00:00Z\n",
        "guesterase/hotel-a/3\n12\nROOT\n",
        "guesterase/hotel-a/3\n12\nROOT\nat AT\nextra\n",
    ],
)
def test_a_signed_note_of_another_form_is_refused(body):
    """Even under the right key, lines that are not those of a checkpoint are refused."""
    text = body.replace("ROOT", base64.b64encode(b"r" * 32).decode()).replace("at AT", f"at {AT}")
    with pytest.raises(TamperedError):
        open_checkpoint(sign(text, name=text.split("\n")[0]), PUBLIC)


def test_signing_refuses_what_could_not_be_opened():
    """Nothing is signed that `open_checkpoint` would refuse."""
    for start, root, at in [
        ("guesterase/Hotel A/0", b"r" * 32, AT),
        (origin("a", 0), b"short", AT),
        (origin("a", 0), b"r" * 32, "today"),
    ]:
        with pytest.raises(TamperedError):
            sign_checkpoint(start, 1, root, at, KEY)
