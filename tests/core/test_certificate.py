"""Certificates show what they say, and any change in them."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from flask_guesterase.core.certificate import (
    ALWAYS,
    CONTENT_MARK,
    Certificate,
    Content,
    Gone,
    Left,
    Level,
    Proof,
    Shared,
    Stay,
)
from flask_guesterase.core.certified import check, from_json, issue
from flask_guesterase.core.checkpoint import sign_checkpoint
from flask_guesterase.core.errors import InputError, TamperedError
from flask_guesterase.core.log import Draft, Entry, genesis
from flask_guesterase.core.tree import Frontier, inclusion_path

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = KEY.public_key().public_bytes_raw()
AT = "2026-11-24T10:00:00Z"

CONTENT = Content(
    number="E-2026-0001",
    controller="hotel-a",
    property="hz1",
    received="2026-11-01",
    decided="2026-11-10",
    erased="2026-11-24",
    state="sealed",
    level=Level.LOGICAL,
    evidence=("checked-by-key",),
    went=(Gone("guests", 1, ("email", "name"), "overwritten"), Gone("notes", 3, (), "deleted")),
    stays=(Stay("invoices", 2, ("billed_to",), "invoice", "art-147-ao", "2034-12-31"),),
    shared=(Shared("bookings", 1, ("remarks",)),),
    partial=(Left("mails", 1, "left"),),
    recovery_until="2026-12-01",
    root_until="2027-01-01",
    four_eyes=("approved-by-second-person",),
)


def proof_of(entries, index, key=KEY):
    """Return the proof of one entry in the tree of all."""
    frontier, nodes = Frontier(), {}
    for place, entry in enumerate(entries):
        nodes[0, place] = entry.leaf()
        frontier, made = frontier.append(entry.leaf())
        nodes.update({(level, at): value for level, at, value in made})
    path = inclusion_path(index, frontier.size, lambda level, at: nodes[level, at])
    return Proof(
        entries[index].body().decode(),
        frontier.size,
        tuple(item.hex() for item in path),
        sign_checkpoint("guesterase/hotel-a/0", frontier.size, frontier.root(), AT, key),
    )


def entries_for(content, size=6, index=4, **fields):
    items = [Entry(genesis("hotel-a", AT, PUBLIC), 0, 0)]
    for place in range(1, size):
        other = Draft("hotel-a", AT, "erasure-requested", request=f"E-{place}")
        items.append(Entry(other, 0, place))
    wanted = {
        "controller": "hotel-a",
        "at": AT,
        "action": "check-completed",
        "request": content.number,
        "marks": {CONTENT_MARK: content.mark()},
    }
    items[index] = Entry(Draft(**{**wanted, **fields}), 0, index)
    return items


def certificate(content=CONTENT, **fields):
    return issue(content, proof_of(entries_for(content, **fields), 4), KEY)


CERTIFICATE = certificate()


def wrong(item, key=PUBLIC):
    return {found.id for found in check(item, key) if found.passed is False}


def test_a_certificate_shows_what_it_says():
    """Signature, checkpoint, inclusion, entry and text are shown; the key where it is given."""
    assert {item.id: item.passed for item in check(CERTIFICATE, PUBLIC)} == {
        "key": True,
        "signature": True,
        "checkpoint": True,
        "inclusion": True,
        "entry": True,
        "content": True,
    }
    assert {item.id for item in check(CERTIFICATE) if item.passed is None} == {"key"}


def test_a_certificate_reads_back():
    """JSON gives the same certificate; it has every standing sentence and neither name nor stay."""
    assert from_json(CERTIFICATE.to_json()) == CERTIFICATE
    assert CERTIFICATE.content.scope == ALWAYS
    assert (CERTIFICATE.content.name, CERTIFICATE.content.stay) == ("", "")


def test_the_name_does_not_enter_the_journal():
    """A guest who wants the name on it gets the same mark: a hash of a name could be guessed."""
    named = replace(CONTENT, name="Anna Beispiel", stay="2026-10-01")
    assert named.mark() == CONTENT.mark()
    assert replace(CONTENT, state="erased").mark() != CONTENT.mark()
    assert wrong(certificate(named)) == set()


def walk(value, path=()):
    """Yield the place of every leaf value of a JSON document."""
    if isinstance(value, dict):
        for name, item in value.items():
            yield from walk(item, (*path, name))
    elif isinstance(value, list):
        for place, item in enumerate(value):
            yield from walk(item, (*path, place))
    else:
        yield path


DOCUMENT = json.loads(CERTIFICATE.to_json())


@pytest.mark.parametrize("path", list(walk(DOCUMENT)), ids=lambda path: ".".join(map(str, path)))
def test_every_changed_value_is_seen(path):
    """Whichever value is changed, the certificate does not pass any more."""
    document = json.loads(CERTIFICATE.to_json())
    place = document
    for name in path[:-1]:
        place = place[name]
    old = place[path[-1]]
    if isinstance(old, int):
        place[path[-1]] = old + 1
    else:
        place[path[-1]] = ("1" if old[:1] == "0" else "0") + old[1:]
    try:
        changed = from_json(json.dumps(document))
    except InputError:
        return
    assert wrong(changed)


@given(st.sampled_from(["proof", "signature", "public_key"]), st.data())
def test_every_flipped_character_is_seen(part, data):
    """One character changed in proof, signature or key makes a check fail."""
    document = json.loads(CERTIFICATE.to_json())
    places = [path for path in walk(document) if path[0] == part]
    path = data.draw(st.sampled_from(places))
    place = document
    for name in path[:-1]:
        place = place[name]
    text = place[path[-1]]
    if isinstance(text, int):
        place[path[-1]] = text + data.draw(st.integers(1, 5))
    else:
        at = data.draw(st.integers(0, len(text) - 1))
        other = data.draw(st.characters(codec="utf-8").filter(lambda c: c != text[at]))
        # Hex digits in capitals are other text under the same signature: refused as well.
        place[path[-1]] = text[:at] + other + text[at + 1 :]
    assert wrong(from_json(json.dumps(document)))


def test_another_key_is_seen():
    """A certificate that somebody else signed is shown by the key from elsewhere only."""
    other = Ed25519PrivateKey.from_private_bytes(b"o" * 32)
    forged = issue(CONTENT, proof_of(entries_for(CONTENT), 4, other), other)
    assert wrong(forged) == {"key"}
    assert wrong(forged, other.public_key().public_bytes_raw()) == set()
    mixed = replace(CERTIFICATE, public_key=other.public_key().public_bytes_raw().hex())
    assert {"key", "signature", "checkpoint"} <= wrong(mixed)


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"request": "E-2"}, "something else"),
        ({"action": "erasure-requested"}, "something else"),
        ({"controller": "hotel-b"}, "not in that journal"),
        ({"marks": {CONTENT_MARK: "00" * 32}}, "another text"),
    ],
)
def test_nothing_is_issued_for_another_entry(fields, problem):
    """A certificate is issued only when the journal says just that."""
    with pytest.raises(TamperedError, match=problem):
        certificate(**fields)


def test_a_certificate_is_of_the_controller_whose_journal_proves_it():
    """An entry that names no text would prove a certificate in anybody's name."""
    with pytest.raises(TamperedError, match="something else"):
        certificate(replace(CONTENT, controller="hotel-b"), marks={})


def test_an_entry_without_the_text_cannot_tell():
    """When the entry does not name the text, that is said, not glossed over."""
    item = certificate(marks={})
    assert {c.id: c.passed for c in check(item, PUBLIC)}["content"] is None


def test_a_proof_of_another_tree_is_refused():
    """A path, a size or a checkpoint of another tree proves nothing."""
    good = proof_of(entries_for(CONTENT), 4)
    longer = proof_of(entries_for(CONTENT, size=7), 4)
    for bad in (
        replace(good, checkpoint=longer.checkpoint),
        replace(good, size=7),
        replace(good, path=good.path[:-1]),
        replace(good, path=("zz",)),
        replace(good, entry=good.entry + " "),
        replace(good, checkpoint="nothing"),
        replace(good, checkpoint=good.checkpoint.replace("hotel-a/0", "hotel-a/1")),
    ):
        with pytest.raises(TamperedError):
            issue(CONTENT, bad, KEY)


def test_the_size_is_that_of_the_checkpoint():
    """A size under which the same path would lead to the same root is not accepted."""
    good = proof_of(entries_for(CONTENT, size=3, index=1), 1)
    assert wrong(issue(CONTENT, good, KEY)) == set()
    with pytest.raises(TamperedError, match="not in that journal"):
        issue(CONTENT, replace(good, size=4), KEY)


@pytest.mark.parametrize(
    "change",
    [
        lambda d: d.update(format="guesterase/certificate/v3"),
        lambda d: d.update(format="guesterase/certificate/v1"),
        lambda d: d.pop("proof"),
        lambda d: d.update(extra=1),
        lambda d: d["content"].pop("went"),
        lambda d: d["content"].update(went=[1]),
        lambda d: d["content"].update(supplement="0"),
        lambda d: d["content"].update(supplement=True),
        lambda d: d["content"].update(number=5),
        lambda d: d["content"].update(level="L9"),
        lambda d: d["content"].update(scope=["everything"]),
        lambda d: d["content"].update(evidence=[None]),
        lambda d: d["content"].update(name="\ud800"),
        lambda d: d["proof"].update(size=1.5),
        lambda d: d.update(signature=None),
        lambda d: d["content"]["stays"][0].pop("basis"),
    ],
)
def test_another_document_is_refused(change):
    """What is not a certificate of this format is an error in plain words."""
    document = json.loads(CERTIFICATE.to_json())
    change(document)
    with pytest.raises(InputError):
        from_json(json.dumps(document))


@pytest.mark.parametrize("text", ["", "[]", "null", "1", "[" * 50_000, b"\xff"])
def test_anything_else_is_refused(text):
    """Files of any other kind are an error in plain words."""
    with pytest.raises(InputError):
        from_json(text)


def test_a_certificate_says_nothing_of_its_own():
    """Only what was given is in it: the keys of the document are those of the reference."""
    assert set(DOCUMENT) == {"format", "content", "proof", "public_key", "signature"}
    assert isinstance(CERTIFICATE, Certificate)
