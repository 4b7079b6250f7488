"""Frozen formats: every vector is made again from its inputs and must come out byte for byte.

A vector that changes is a new format and needs a ``/v2`` label; readers of ``/v1`` stay.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import io
import json
import re
from dataclasses import asdict, replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from flask_guesterase import verify as offline
from flask_guesterase.core.census import Gone as Went
from flask_guesterase.core.census import Listed, mark
from flask_guesterase.core.certificate import (
    CONTENT_MARK,
    Content,
    Gone,
    Left,
    Proof,
    Shared,
    Stay,
    Told,
)
from flask_guesterase.core.certified import check, from_json, issue
from flask_guesterase.core.checkpoint import (
    Checkpoint,
    key_id,
    open_checkpoint,
    sign_checkpoint,
    verifier_key,
)
from flask_guesterase.core.cosignature import PROOF_FORMAT, cosign, request, witness_key
from flask_guesterase.core.image import Change, Image, Images, cell
from flask_guesterase.core.keychange import statement
from flask_guesterase.core.log import (
    Draft,
    Entry,
    canonical,
    genesis,
    pruned,
    read_entry,
    slug,
    word,
)
from flask_guesterase.core.payload import decode, encode
from flask_guesterase.core.remembrance import START, Kind, Line, Note, Trace, write
from flask_guesterase.core.scanned import signed
from flask_guesterase.core.seal import Box, Terms, close, fingerprint, open_box
from flask_guesterase.core.tree import (
    Frontier,
    consistency_path,
    inclusion_path,
    leaf_hash,
    verify_consistency,
    verify_inclusion,
)
from flask_guesterase.store.keys.custodian import FolderCustodian
from flask_guesterase.store.keys.wrapped import copy_mark

FOLDER = Path(__file__).parent / "vectors"
AT = "2026-11-24T10:00:00Z"
SEED = bytes(range(32))


class Counter:
    """A source of bytes that is the same each time: 0, 1, 2 ... repeated per call."""

    def __init__(self):
        self.calls = 0

    def __call__(self, size):
        self.calls += 1
        return bytes((self.calls * 16 + n) % 256 for n in range(size))


def signing_key():
    return Ed25519PrivateKey.from_private_bytes(SEED)


def make_canonical(folder):
    values = [
        None,
        True,
        0,
        -1,
        2**53 - 1,
        "",
        "\u20ac$\u000f\nA'B\"\\\\\"/",
        [],
        {},
        {"\u20ac": 1, "\r": 2, "\ufb33": 3, "1": 4, "\U0001f600": 5, "\u0080": 6, "\u00f6": 7},
        {"b": [1, {"d": None, "c": "王小明"}], "a": False},
    ]
    return [{"value": value, "hex": canonical(value).hex()} for value in values]


def make_tree(folder):
    leaves = [f"entry {number}".encode() for number in range(8)]
    nodes = {(0, place): leaf_hash(leaf) for place, leaf in enumerate(leaves)}
    frontier, roots = Frontier(), [Frontier().root().hex()]
    for place in range(8):
        frontier, made = frontier.append(nodes[0, place])
        nodes.update({(level, at): value for level, at, value in made})
        roots.append(frontier.root().hex())

    def node(level, at):
        return nodes[level, at]

    def hexes(path):
        return [item.hex() for item in path]

    return {
        "leaves": [leaf.hex() for leaf in leaves],
        "roots": roots,
        "inclusion": [
            {"index": i, "size": n, "path": hexes(inclusion_path(i, n, node))}
            for n in range(1, 9)
            for i in range(n)
        ],
        "consistency": [
            {"old": m, "size": n, "path": hexes(consistency_path(m, n, node))}
            for n in range(1, 9)
            for m in range(1, n + 1)
        ],
    }


def drafts():
    public = signing_key().public_key().public_bytes_raw()
    head = Checkpoint("guesterase/hotel-a/0", 5, b"r" * 32, AT)
    return [
        genesis("hotel-a", AT, public),
        genesis("hotel-a", AT, public, head),
        Draft("hotel-a", AT, "erasure-requested", "guest", "E-2026-0001", grounds=("form",)),
        Draft(
            "hotel-a",
            AT,
            "subject-erased",
            "a17",
            "E-2026-0001",
            counts={"guests": 1, "pms.Bookings": 4, word("住客"): 2},
            grounds=("invoice_accounting",),
            marks={"subject": "0f" * 32, "signature": "0f" * 64},
            facts={"property": "hz1", "until": "2034-12-31", "files": 2},
        ),
    ]


def make_entry(folder):
    return [
        {"body": entry.body().decode(), "leaf": entry.leaf().hex()}
        for entry in (Entry(draft, 3, place) for place, draft in enumerate(drafts()))
    ]


def make_checkpoint(folder):
    key = signing_key()
    public = key.public_key().public_bytes_raw()
    name = "guesterase/hotel-a/3"
    return {
        "seed": SEED.hex(),
        "public_key": public.hex(),
        "key_id": key_id(name, public).hex(),
        "verifier_key": verifier_key(name, public),
        "note": sign_checkpoint(name, 20852163, b"r" * 32, AT, key),
        "slugs": {name: slug(name) for name in ("hotel-a", "Hotel Löwe GmbH", "北京饭店")},
    }


def images():
    row = Image(
        "guests",
        (cell("id", "integer", 7),),
        Change.OVERWRITTEN,
        (
            cell("name", "character varying(80)", "王小明"),
            cell("photo", "bytea", b"\x00\xff"),
            cell("phone", "text", None),
            cell("points", "bigint", -(2**63)),
            cell("weight", "real", 0.1),
        ),
        1,
    )
    return Images("postgresql", "15.20", (row,))


def images_now():
    """The same row in the newest format, with what the erasure left in it."""
    old = images()
    left = (
        cell("name", "character varying(80)", "***"),
        cell("photo", "bytea", None),
        cell("phone", "text", None),
        cell("points", "bigint", 0),
        cell("weight", "real", 0.0),
    )
    return replace(old, rows=(replace(old.rows[0], after=left),), at=AT)


def make_image(folder):
    return {"payload": encode(images_now()).decode()}


def make_box(folder):
    """Boxes, and the key folder they open with."""
    custodian = FolderCustodian(folder / "keys", Counter())
    custodian.create()
    terms = Terms("hotel-a", "recovery", "2026-12-01")
    custodian.ensure(terms.label)
    random = Counter()
    payloads = [b"", b"a short one", bytes(251)]
    boxes = [close(payload, terms, custodian, random=random) for payload in payloads]
    return {
        "keys": {
            path.name: path.read_bytes().hex()
            for path in sorted(custodian.path.iterdir())
            if path.name != "lock"
        },
        "boxes": [
            {"payload": payload.hex(), "line": box.to_json()}
            for payload, box in zip(payloads, boxes, strict=True)
        ],
        "public_key": custodian.public_key().hex(),
        "pepper": {"actor": custodian.pepper("actor").hex()},
        "mortal": {"people": custodian.mortal(terms.label, "people").hex()},
    }


def make_deflated(folder):
    """Compressed boxes under the same keys; made once, because compressors differ."""
    custodian = FolderCustodian(folder / "keys", Counter())
    custodian.create()
    terms = Terms("hotel-a", "recovery", "2026-12-01")
    custodian.ensure(terms.label)
    payloads = [encode(images()), b"long " * 200]
    return [
        {"payload": item.hex(), "line": close(item, terms, custodian).to_json()}
        for item in payloads
    ]


def make_mark(folder):
    key = bytes(32)
    return [
        {"key": key.hex(), "kind": kind, "value": value, "mark": fingerprint(key, kind, value)}
        for kind, value in [("email", "anna@example.org"), ("person", "guests|int:7"), ("a", "")]
    ]


def make_certificate(folder):
    key = signing_key()
    said = Content(
        number="E-2026-0001",
        controller="hotel-a",
        property="hz1",
        received="2026-11-01",
        decided="2026-11-10",
        erased="2026-11-24",
        state="partial",
        evidence=("checked-by-key",),
        went=(Gone("guests", 1, ("email", "name"), "overwritten"),),
        stays=(Stay("invoices", 2, ("billed_to",), "invoice", "art-147-ao", "2034-12-31"),),
        shared=(Shared("bookings", 1, ("remarks",)),),
        partial=(Left("mails", 1, "left"),),
        recovery_until="2026-12-01",
        root_until="2027-01-01",
        four_eyes=("approved-by-second-person",),
        recipients=(Told("channel-manager", "system", "acknowledged", "2026-11-25"),),
        unsearched=("guests.photo",),
        shared_values=1,
        copies_until="2026-12-29",
    )
    items = [Entry(draft, 0, place) for place, draft in enumerate(drafts())]
    last = Draft(
        "hotel-a", AT, "check-completed", "system", said.number, marks={CONTENT_MARK: said.mark()}
    )
    items.append(Entry(last, 0, len(items)))
    nodes = {(0, place): entry.leaf() for place, entry in enumerate(items)}
    frontier, made = Frontier().extend([entry.leaf() for entry in items])
    nodes.update({(level, at): value for level, at, value in made})
    path = inclusion_path(4, 5, lambda level, at: nodes[level, at])
    proof = Proof(
        items[4].body().decode(),
        5,
        tuple(item.hex() for item in path),
        sign_checkpoint("guesterase/hotel-a/0", 5, frontier.root(), AT, key),
    )
    return {"mark": said.mark(), "certificate": issue(said, proof, key).to_json()}


def make_erasure(folder):
    """A register of four lines: begun, two people erased, their outcome, a hold."""
    row = Trace("guests", "a" * 64, {"match:email": "b" * 64})
    did = {"table": "guests", "outcome": "overwrite", "columns": ["email"], "until": ""}
    notes = [
        (Note(Kind.BEGUN), 0, 0, 0),
        (Note(Kind.INTENT, "hotel-a", "hz1", "GR-7Y3KQ2WX", (row,), (did,), ("c" * 64,),
              {"channel": "desk", "due_on": "2026-12-24"}), 0, 0, 0),
        (Note(Kind.OUTCOME), 2, 2, 2),
        (Note(Kind.HOLD, "hotel-a", "hz1", rows=(Trace("客人", "d" * 64),),
              facts={"hold": "h1:2026-11-24T10:00:00Z", "scope": "subject"}), 0, 0, 0),
    ]  # fmt: skip
    text, previous = b"", START
    for number, (note, first, last, committed) in enumerate(notes, 1):
        raw, previous = write(Line(note, number, AT, first, last, committed), previous, SEED)
        text += raw
    return {"key": SEED.hex(), "lines": text.decode().splitlines()}


def journal_of(size):
    """Entries of a journal, its tree after each, and proofs over it."""
    items = [Entry(genesis("hotel-a", AT, public_half()), 0, 0)]
    items += [
        Entry(Draft("hotel-a", AT, "check-completed", request=f"E-{place}"), 0, place)
        for place in range(1, size)
    ]
    nodes, trees = {}, [Frontier()]
    for place, entry in enumerate(items):
        nodes[0, place] = entry.leaf()
        frontier, made = trees[-1].append(entry.leaf())
        nodes.update({(level, at): value for level, at, value in made})
        trees.append(frontier)
    return items, trees, lambda level, at: nodes[level, at]


def public_half(key=None):
    return (key or signing_key()).public_key().public_bytes_raw()


def make_pruned(folder):
    """A journal of seven entries of which the first five are not there."""
    items, trees, _ = journal_of(7)
    line = pruned("hotel-a", 0, trees[5], public_half()).decode()
    return {
        "lines": [line, *(item.body().decode() for item in items[5:])],
        "left_out": trees[5].root().hex(),
        "root": trees[7].root().hex(),
    }


def make_keychange(folder):
    """The entry by which one key names the next one, and a checkpoint by that."""
    items, trees, _ = journal_of(2)
    new = Ed25519PrivateKey.from_private_bytes(SEED[::-1])
    said = statement("hotel-a", 0, public_half(new).hex())
    marks = {"public-key": public_half(new).hex(), "signature": signing_key().sign(said).hex()}
    entry = Entry(Draft("hotel-a", AT, "signing-key-changed", marks=marks), 0, 2)
    root = trees[2].append(entry.leaf())[0].root()
    return {
        "said": said.decode(),
        "lines": [item.body().decode() for item in (*items, entry)],
        "note": sign_checkpoint("guesterase/hotel-a/0", 3, root, AT, new),
    }


def make_consistency(folder):
    """Two checkpoints, and the proof that the newer one continues the older one."""
    _, trees, node = journal_of(7)
    old, new = (
        sign_checkpoint("guesterase/hotel-a/0", size, trees[size].root(), AT, signing_key())
        for size in (3, 7)
    )
    return {"old": old, "proof": f"{PROOF_FORMAT}\n{request(3, consistency_path(3, 7, node), new)}"}


def make_cosignature(folder):
    """A checkpoint that a witness cosigned."""
    note = vector("consistency")["old"]
    key = Ed25519PrivateKey.from_private_bytes(bytes(32))
    name = f"guesterase-witness/{public_half(key).hex()[:12]}"
    return {
        "witness": witness_key(name, key).text(),
        "note": note + cosign(note, name, key, 1_795_000_000),
    }


def make_scan(folder):
    """The answer to who asked again, and something was left."""
    left = {"place": "mails.body", "reason": "left", "rows": 1, "kinds": ["email"]}
    said = {
        "number": "E-2026-0001", "property": "hz1", "controller": "hotel-a", "at": AT,
        "scope": "everything", "rows": 1200, "left": [left], "unsearched": ["guests.photo"],
    }  # fmt: skip
    return {"scan": canonical(signed(said, signing_key())).decode()}


def make_census(folder):
    """A count of three lines, of which one is new since the night before and one has gone."""
    marks = [mark(bytes(32), "forms", f"int:{row}") for row in range(4)]
    one = Listed("hotel-a", "hz1", "forms", "2026-11-23", "census:2026-11", "", hexes(marks[:3]))
    left = (Went(marks[0].hex(), "retention-ended", 4),)
    two = replace(
        one, night="2026-11-24", previous=one.root(), marks=hexes(marks[1:]), gone=left
    )
    return {each.file(): canonical(each.as_dict()).decode() for each in (one, two)}


def hexes(items):
    return tuple(sorted(item.hex() for item in items))


def make_copy(folder):
    """By what a copy of a key folder is known."""
    secret, root = bytes(32), bytes.fromhex(vector("box")["keys"]["root-1011121314151617.key"])
    return {
        "secret": secret.hex(), "root": root.hex(),
        "copy": copy_mark(secret, hashlib.sha256(root).digest()),
    }  # fmt: skip


MAKERS = {
    "census": make_census,
    "consistency": make_consistency,
    "copy": make_copy,
    "cosignature": make_cosignature,
    "keychange": make_keychange,
    "pruned": make_pruned,
    "scan": make_scan,
    "erasure": make_erasure,
    "canonical": make_canonical,
    "tree": make_tree,
    "entry": make_entry,
    "checkpoint": make_checkpoint,
    "image3": make_image,
    "box": make_box,
    "mark": make_mark,
    "certificate2": make_certificate,
}


OLD = {"deflated", "certificate", "image", "image2"}
"""Made once: compressors differ, and what writers of an older format made is only read."""


def vector(name):
    return json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", MAKERS)
def test_formats_are_frozen(name, tmp_path):
    """The writer of today makes what the writer of the first version made."""
    assert MAKERS[name](tmp_path) == vector(name)


def test_every_vector_is_tested():
    """No vector lies in the folder that nothing makes again."""
    assert {path.stem for path in FOLDER.glob("*.json")} == {*MAKERS, *OLD}


def test_entries_and_notes_are_read():
    """Today's readers read the first version's entries, checkpoints and images."""
    for item in vector("entry"):
        assert read_entry(item["body"].encode()).leaf().hex() == item["leaf"]
        assert offline.leaf(item["body"].encode()).hex() == item["leaf"]
        assert offline.canonical(json.loads(item["body"])).decode() == item["body"]
    notes = vector("checkpoint")
    key = bytes.fromhex(notes["public_key"])
    assert open_checkpoint(notes["note"], key).size == 20852163
    assert offline.Checkpoint(notes["note"]).signed_by(key)
    assert offline.read_key(notes["verifier_key"]) == key
    assert decode(vector("image")["payload"].encode()) == images()
    told = []
    for name in ("image", "image2", "image3"):
        if name != "image":
            assert decode(vector(name)["payload"].encode()) == images_now()
        told.append(offline.contents("b1", vector(name)["payload"].encode()))
        assert told[-1][:2] == ["b1: 1 rows of postgresql 15.20", "  guests [id=7] overwritten"]
        assert told[-1] == told[0]
    for item in vector("canonical"):
        assert offline.canonical(item["value"]).hex() == item["hex"]


def test_proofs_are_read():
    """Both verifiers accept every proof of the vectors."""
    found = vector("tree")
    leaves = [leaf_hash(bytes.fromhex(item)) for item in found["leaves"]]
    roots = [bytes.fromhex(item) for item in found["roots"]]
    assert offline.roots(leaves, set(range(9))) == dict(enumerate(roots))
    for item in found["inclusion"]:
        path = [bytes.fromhex(value) for value in item["path"]]
        index, size = item["index"], item["size"]
        assert verify_inclusion(index, size, leaves[index], path, roots[size])
        assert offline.root_from(index, size, leaves[index], path) == roots[size]
    for item in found["consistency"]:
        path = [bytes.fromhex(value) for value in item["path"]]
        old, size = item["old"], item["size"]
        assert verify_consistency(old, size, roots[old], roots[size], path)


def test_boxes_are_read(tmp_path):
    """The first version's boxes open with its key folder, here and offline."""
    found = vector("box")
    keys = tmp_path / "keys"
    keys.mkdir(mode=0o700)
    for name, content in found["keys"].items():
        (keys / name).write_bytes(bytes.fromhex(content))
    custodian = FolderCustodian(keys)
    assert custodian.public_key().hex() == found["public_key"]
    for item in found["boxes"] + vector("deflated"):
        payload = bytes.fromhex(item["payload"])
        assert open_box(Box.from_json(item["line"]), custodian) == payload
        assert offline.open_box(json.loads(item["line"]), keys) == payload


@pytest.mark.parametrize("name", ["certificate", "certificate2"])
def test_certificates_are_read(name, tmp_path, capsys):
    """The certificates of the first format and of today's pass both verifiers."""
    text = vector(name)["certificate"]
    found = from_json(text)
    assert found.to_json() == text
    assert all(item.passed is not False for item in check(found))
    assert found.content.mark(found.format) == vector(name)["mark"]
    path = tmp_path / "certificate.json"
    path.write_text(text)
    assert offline.main([str(path), "--key", found.public_key]) == 0
    assert "NOT GONE: mails" in capsys.readouterr().out


def test_what_left_the_house_is_read(tmp_path):
    """Part of a journal, a change of keys, a proof, a cosignature, an answer, counts: all hold."""
    key = public_half().hex()

    def file(name, text):
        (tmp_path / name).write_text(text, encoding="utf-8")
        return str(tmp_path / name)

    def lines(name):
        return file(f"{name}.jsonl", "".join(line + "\n" for line in vector(name)["lines"]))

    changed, proof = vector("keychange"), vector("consistency")
    old = file("old.txt", proof["old"])
    cosigned_ = file("cosigned.txt", vector("cosignature")["note"])
    answers = [
        ("outside", [lines("pruned"), "--checkpoint", old, "--proof", file("p", proof["proof"])]),
        ("key-change", [lines("keychange"), "--checkpoint", file("new.txt", changed["note"])]),
        ("proof", [old, "--proof", str(tmp_path / "p")]),
        ("witness", [cosigned_, "--witness", vector("cosignature")["witness"]]),
        ("signature", [file("scan.json", vector("scan")["scan"])]),
    ]
    for id_, arguments in answers:
        with contextlib.redirect_stdout(io.StringIO()) as output:
            assert offline.main([*arguments, "--key", key, "--json"]) == 0, id_
        found = json.loads(output.getvalue())["findings"]
        assert True in {item["shown"] for item in found if item["id"] == id_}, id_
    for name, text in vector("census").items():
        file(name, text)
    report = offline.Report()
    assert len(offline.read_lists(report, tmp_path)) == 2
    assert not report.wrong()


def test_each_format_that_leaves_the_house_has_a_vector():
    """A label that somebody else's reader has to know is frozen by an example."""
    page = (Path(__file__).parent.parent / "docs" / "reference" / "formats.md").read_text()
    labels = set(re.findall(r"guesterase/[a-z-]+/v\d+", page))
    texts = "".join(path.read_text(encoding="utf-8") for path in FOLDER.glob("*.json"))
    computed = {f"guesterase/{name}" for name in ("copy/v2", "mark/v1", "secret/v1", "key/v1")}
    inside = {f"guesterase/{name}" for name in ("intent/v1", "key/v2", "root/v1")}
    missing = {label for label in labels if label not in texts} - computed - inside
    assert missing == set()


def test_the_reference_lists_every_field():
    """The reference page names every field of every format and every file of an export."""
    page = (Path(__file__).parent.parent / "docs" / "reference" / "formats.md").read_text()
    document = json.loads(vector("certificate2")["certificate"])
    box = json.loads(vector("box")["boxes"][0]["line"])
    key_file = json.loads(bytes.fromhex(vector("box")["keys"]["secret-signing.json"]))
    image = asdict(images_now())
    names = {
        *document,
        *document["content"],
        *document["proof"],
        *(name for part in ("went", "stays", "shared", "partial", "recipients") for name in
          document["content"][part][0]),
        *json.loads(vector("entry")[0]["body"]),
        *box,
        *key_file,
        *image,
        *image["rows"][0],
        *image["rows"][0]["columns"][0],
        "boxes.jsonl",
        "journal.jsonl",
        "cases.jsonl",
        "keys/",
        "current.json",
    }
    assert {name for name in names if f"`{name}`" not in page} == set()


def test_the_page_shows_a_key_id():
    """Key identifiers in signature lines are those the specification describes."""
    found = vector("checkpoint")
    line = found["note"].splitlines()[-1].split(" ")[2]
    assert base64.b64decode(line)[:4].hex() == found["key_id"]
