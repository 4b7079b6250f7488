"""Cosignatures as values: the specification's own example, what is refused, and every size."""

from __future__ import annotations

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from flask_guesterase.core.checkpoint import (
    key_id,
    read_verifier_key,
    sign_checkpoint,
    verifier_key,
)
from flask_guesterase.core.cosignature import (
    Judgement,
    Seen,
    WitnessKey,
    cosign,
    cosigned,
    judge,
    read_request,
    read_witness_key,
    request,
    witness_key,
)
from flask_guesterase.core.errors import InputError, TamperedError
from flask_guesterase.core.tree import Frontier, consistency_path, leaf_hash

AT = "2026-11-24T10:00:00Z"
LOG = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
WITNESS = Ed25519PrivateKey.from_private_bytes(b"w" * 32)
PUBLIC = LOG.public_key().public_bytes_raw()
ORIGIN = "guesterase/hotel-a/0"


def tree(size: int, fork: bytes = b"") -> tuple[str, dict[tuple[int, int], bytes], bytes]:
    """A signed checkpoint of so many entries, its nodes, and its root."""
    leaves = [leaf_hash(fork + str(n).encode()) for n in range(size)]
    frontier, made = Frontier().extend(leaves)
    nodes = {(0, n): value for n, value in enumerate(leaves)}
    nodes.update({(level, index): value for level, index, value in made})
    return sign_checkpoint(ORIGIN, size, frontier.root(), AT, LOG), nodes, frontier.root()


def proof(nodes: dict[tuple[int, int], bytes], old: int, size: int) -> tuple[bytes, ...]:
    """A consistency proof."""
    return consistency_path(old, size, lambda level, index: nodes[level, index])


def test_the_signed_text_is_that_of_the_specification() -> None:
    """Key identifier, blob and message are put together as C2SP tlog-cosignature says."""
    note, _, _ = tree(3)
    line = cosign(note, "witness.example/w1", WITNESS, 1679315147)
    name, encoded = line.removeprefix("\u2014 ").rstrip("\n").split(" ")
    blob = base64.b64decode(encoded)
    assert name == "witness.example/w1"
    assert len(blob) == 4 + 8 + 64
    assert blob[4:12] == (1679315147).to_bytes(8, "big")
    body = note.split("\n\n")[0] + "\n"
    message = b"cosignature/v1\ntime 1679315147\n" + body.encode()
    WITNESS.public_key().verify(blob[12:], message)


def test_a_key_goes_there_and_back() -> None:
    """The verifier key of a witness, or of a log, is read as it was written."""
    key = witness_key("witness.example/w1", WITNESS)
    assert read_witness_key(key.text() + "\n") == key
    assert read_verifier_key(verifier_key(ORIGIN, PUBLIC)) == PUBLIC
    assert key.id != key_id(key.name, key.key)
    for text in ("", "x", "a+b+c", verifier_key(ORIGIN, PUBLIC), key.text().replace("w1", "w2")):
        with pytest.raises(InputError):
            read_witness_key(text)
    for text in ("", "a+b+c", key.text()):
        with pytest.raises(InputError):
            read_verifier_key(text)


@given(st.binary(min_size=32, max_size=32))
def test_every_key_is_read_in_one_spelling_only(raw: bytes) -> None:
    """Plus signs are part of some; what a decoder would pass over is not read."""
    key = WitnessKey("witness.example/w1", raw)
    text = key.text()
    assert read_witness_key(text) == key
    for other in (text[:-4] + "!" + text[-4:], text + "AAAA", text[:-4]):
        with pytest.raises(InputError):
            read_witness_key(other)


def test_a_key_that_names_itself_rightly_may_still_be_none() -> None:
    """The identifier fits, and the name has a blank, the key another length or another kind."""
    good = WitnessKey("w", bytes(32))
    kind = base64.b64encode(b"\x01" + bytes(32)).decode()
    for text in (
        WitnessKey("our witness", bytes(32)).text(), WitnessKey("w" * 121, bytes(32)).text(),
        WitnessKey("w", bytes(31)).text(), WitnessKey("w", bytes(33)).text(),
        WitnessKey("", bytes(32)).text(), f"w+{good.id.hex()}+{kind}",
    ):  # fmt: skip
        with pytest.raises(InputError):
            read_witness_key(text)


def test_lines_of_others_are_passed_over() -> None:
    """A line is found among others; a changed one is wrong, that of another key is none."""
    note, _, _ = tree(3)
    key = witness_key("w", WITNESS)
    line = cosign(note, "w", WITNESS, 5)
    other = cosign(note, "w", LOG, 5)
    assert cosigned(note, other + line, key) == (line, 5)
    assert cosigned(note, other + "\u2014 w ???\n", key) is None
    assert cosigned(note, "", WitnessKey("v", key.key)) is None
    longer, _, _ = tree(4)
    with pytest.raises(TamperedError):
        cosigned(longer, line, key)


@given(st.integers(0, 20), st.integers(0, 20), st.integers(0, 20), st.booleans())
def test_only_what_grew_is_consistent(seen: int, old: int, size: int, forked: bool) -> None:
    """For every size seen, claimed and brought: consistent exactly when the tree only grew."""
    _, _, root = tree(seen)
    note, nodes, _ = tree(size, b"fork" if forked else b"")
    path = proof(nodes, old, size) if old <= size else ()
    found, head = judge(Seen(PUBLIC, seen, root), old, path, note)
    assert head is not None
    if old > size:
        assert found is Judgement.MALFORMED
    elif old != seen:
        assert found is Judgement.MOVED
    else:
        assert found is (Judgement.FORKED if forked and seen else Judgement.CONSISTENT)


def test_somebody_elses_signature() -> None:
    """A checkpoint that the trusted key did not sign is not looked at."""
    note, _, _ = tree(3)
    assert judge(Seen(bytes(32)), 0, (), note) == (Judgement.UNSIGNED, None)


def test_a_request_goes_there_and_back() -> None:
    """What a witness is asked is read as it was written; anything else is refused."""
    note, nodes, _ = tree(7)
    path = proof(nodes, 3, 7)
    assert read_request(request(3, path, note)) == (3, path, note)
    assert read_request(request(0, (), note)) == (0, (), note)
    hashes = "A" * 43 + "=\n"
    for text in (
        "", "old 3", f"old 03\n\n{note}", f"old -1\n\n{note}", f"new 3\n\n{note}",
        f"old 3\nAAAA\n\n{note}", f"old 3\n???\n\n{note}", f"old 3\n{hashes * 64}\n{note}",
        request(3, path, note + "x" * 70_000),
    ):  # fmt: skip
        with pytest.raises(InputError):
            read_request(text)
    assert len(read_request(f"old 3\n{hashes * 63}\n{note}")[1]) == 63
