"""The one-file verifier: it shares no code with the writer and says what it cannot tell."""

from __future__ import annotations

import ast
import base64
import contextlib
import hashlib
import io
import json
import os
import shutil
import subprocess
import sys
import tempfile
import tracemalloc
from dataclasses import asdict, replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import create_engine, delete, update

from flask_guesterase import verify as offline
from flask_guesterase.core.certificate import (
    CONTENT_MARK,
    Certificate,
    Content,
    Gone,
    Left,
    Shared,
    Stay,
)
from flask_guesterase.core.certified import issue
from flask_guesterase.core.checkpoint import (
    key_id,
    open_checkpoint,
    sign_checkpoint,
    verifier_key,
)
from flask_guesterase.core.image import Change, Image, Images, cell
from flask_guesterase.core.log import Draft, canonical
from flask_guesterase.core.payload import encode
from flask_guesterase.core.seal import Terms
from flask_guesterase.store import tables
from flask_guesterase.store.boxes import boxing, vault
from flask_guesterase.store.journaling import journal, witness
from flask_guesterase.store.keys.custodian import FolderCustodian
from flask_guesterase.store.transaction import transaction
from tests.accounts import shut
from tests.core.test_certificate import CONTENT, KEY, PUBLIC, entries_for, proof_of
from tests.engines import build

AT = "2026-11-24T10:00:00Z"
FILE = Path(offline.__file__)


def ask(*arguments):
    """Run the verifier and return exit code and answer."""
    output = io.StringIO()
    with contextlib.redirect_stdout(output):
        code = offline.main([str(item) for item in (*arguments, "--json")])
    answer = json.loads(output.getvalue()) if output.getvalue() else None
    return code, answer


def verdicts(answer):
    return {(item["id"], item["shown"]) for item in answer["findings"]}


def wrong(answer):
    return {item["id"] for item in answer["findings"] if item["shown"] is False}


def cannot(answer):
    return {item["id"] for item in answer["findings"] if item["shown"] is None}


class House:
    """A hotel with keys, a journal, a certificate and files of them."""

    def __init__(self, folder):
        self.folder = folder
        self.keeper = FolderCustodian(folder / "keyring")
        self.keeper.create()
        self.engine = create_engine(f"sqlite:///{folder}/db.sqlite")
        build(self.engine, tables.metadata)
        self.number = 0

    def append(self, count=1, **fields):
        with transaction(self.engine) as conn:
            self.number += count
            numbers = range(self.number - count + 1, self.number + 1)
            items = [
                Draft(
                    **{
                        "controller": "hotel-a",
                        "at": AT,
                        "action": "check-completed",
                        "request": f"E-{n}",
                        **fields,
                    }
                )
                for n in numbers
            ]
            return journal.append(conn, items, self.keeper.public_key())

    def content(self, **fields):
        said = {
            "number": f"E-{self.number + 1}",
            "controller": "hotel-a",
            "property": "hz1",
            "received": "2026-11-01",
            "decided": "2026-11-10",
            "erased": "2026-11-24",
            "state": "sealed",
            "went": (Gone("guests", 1, ("name",), "overwritten"), Gone("notes", 2, (), "deleted")),
            "stays": (
                Stay("invoices", 2, ("billed_to",), "invoice", "art-147-ao", "2034-12-31"),
                Stay("register", 1, ("name",), "register"),
            ),
            "shared": (Shared("bookings", 1, ("remarks",)),),
            "recovery_until": "2026-12-01",
        }
        return Content(**{**said, **fields})

    def certificate(self, marks=True, **fields):
        said = self.content(**fields)
        (entry,) = self.append(marks={CONTENT_MARK: said.mark()} if marks else {})
        with transaction(self.engine) as conn:
            proof = witness.proof(conn, entry, self.keeper.signing_key(), AT)
        return issue(said, proof, self.keeper.signing_key())

    def file(self, name, text):
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        return path

    def checkpoint(self, name="checkpoint.txt"):
        with transaction(self.engine, write=False) as conn:
            text = witness.checkpoint(conn, "hotel-a", self.keeper.signing_key(), AT)
        return self.file(name, text)

    def journal(self, name="journal.jsonl"):
        with transaction(self.engine, write=False) as conn:
            return self.file(name, "".join(line + "\n" for line in journal.lines(conn)))

    @property
    def key(self):
        return self.keeper.public_key().hex()


@pytest.fixture
def house(tmp_path):
    made = House(tmp_path)
    made.append(5)
    yield made
    made.engine.dispose()


def test_it_shares_no_code():
    """The verifier imports the standard library and cryptography, and nothing of the package."""
    names = set()
    for item in ast.walk(ast.parse(FILE.read_text())):
        if isinstance(item, ast.Import):
            names |= {alias.name.split(".")[0] for alias in item.names}
        if isinstance(item, ast.ImportFrom):
            assert item.level == 0
            names.add((item.module or "").split(".")[0])
    assert names - set(sys.stdlib_module_names) == {"cryptography"}


def test_it_runs_alone(house, tmp_path):
    """Copied elsewhere it checks a certificate as a program, in words and without the package."""
    shutil.copy(FILE, tmp_path / "alone.py")
    path = house.file("certificate.json", house.certificate().to_json())
    done = subprocess.run(
        [sys.executable, "-I", tmp_path / "alone.py", path, "--key", house.key],
        capture_output=True,
        text=True,
        check=False,
        env={"PYTHONIOENCODING": "ascii"},
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "Request E-6 to hz1 (hotel-a)" in done.stdout
    assert "gone: notes, 2 rows deleted: whole rows" in done.stdout
    assert "stays until 2034-12-31: invoices, 2 rows: billed_to" in done.stdout
    assert "CANNOT TELL" in done.stdout
    assert done.stdout.endswith("Nothing speaks against it.\n")


def test_a_certificate_alone(house):
    """What one file shows is shown; whose key it is and who else sees this journal is not."""
    path = house.file("certificate.json", house.certificate().to_json())
    code, answer = ask(path)
    assert code == 0
    assert cannot(answer) == {"key", "outside", "revoked", "scope"}
    shown = {"signature", "checkpoint", "inclusion", "entry", "content"}
    assert {item["id"] for item in answer["findings"] if item["shown"]} == shown


def test_a_certificate_whose_entry_names_no_text(house):
    """A text that was edited is signed anew over another entry of its request, which names none."""
    good = house.certificate()
    number = good.content.number
    (entry,) = house.append(action="certificate-issued", request=number)
    with transaction(house.engine) as conn:
        proof = witness.proof(conn, entry, house.keeper.signing_key(), AT)
    lie = signed(house, house.content(number=number, state="erased"), proof)
    code, answer = ask(house.file("certificate.json", lie.to_json()), "--key", house.key)
    assert (code, wrong(answer)) == (1, {"content"})


@pytest.mark.parametrize("form", ["hex", "base64", "vkey", "file"])
def test_the_key_in_every_form(house, form):
    """The key is taken as hex, base 64, verifier key or file, and shown to be the same."""
    raw = house.keeper.public_key()
    text = {
        "hex": raw.hex(),
        "base64": base64.b64encode(raw).decode(),
        "vkey": verifier_key("guesterase/hotel-a/0", raw),
        "file": str(house.file("key.txt", raw.hex() + "\n")),
    }[form]
    path = house.file("certificate.json", house.certificate().to_json())
    code, answer = ask(path, "--key", text)
    assert code == 0
    assert ("key", True) in verdicts(answer)


def test_another_key(house, tmp_path):
    """A certificate under another key than the published one is wrong."""
    path = house.file("certificate.json", house.certificate().to_json())
    code, answer = ask(path, "--key", "00" * 32)
    assert (code, wrong(answer)) == (1, {"key"})


def changes():
    return {
        "state": lambda d: d["content"].update(state="erased"),
        "rows": lambda d: d["content"]["went"][0].update(rows=2),
        "hidden": lambda d: d["content"].update(partial=[]),
        "path": lambda d: d["proof"]["path"].reverse(),
        "size": lambda d: d["proof"].update(size=d["proof"]["size"] + 1),
        "entry": lambda d: d["proof"].update(entry=d["proof"]["entry"].replace("E-", "F-")),
        "signature": lambda d: d.update(signature="00" * 64),
        "missing": lambda d: d.pop("proof"),
        "kind": lambda d: d.update(content=[]),
        "surrogate": lambda d: d["content"].update(name="\ud800"),
        "checkpoint": lambda d: d["proof"].update(checkpoint="x"),
    }


@pytest.mark.parametrize("name", list(changes()))
def test_changed_certificates(house, name):
    """Whatever is changed, the exit code is 1 and no traceback is shown."""
    left = (Left("mails", 1, "left"),)
    document = json.loads(house.certificate(state="partial", partial=left).to_json())
    changes()[name](document)
    code, answer = ask(house.file("certificate.json", json.dumps(document)))
    assert code == 1
    assert wrong(answer)


def test_it_agrees_with_the_package_about_signed_lies(house):
    """A text that was signed anew with the right key is still not the one the journal names."""
    good = house.certificate()
    content = house.content(number=good.content.number, state="erased")
    forged = signed(house, content, good.proof)
    code, answer = ask(house.file("certificate.json", forged.to_json()))
    assert (code, wrong(answer)) == (1, {"content"})


def signed(house, content, proof):
    """Sign whatever is given, as the hotel itself could."""
    lie = Certificate(content, proof, house.key)
    return replace(lie, signature=house.keeper.signing_key().sign(lie.signed()).hex())


def test_what_the_journal_says_of_a_request(house):
    """Who did what when about the request, and about no other, is told beside its certificate."""
    number = f"E-{house.number + 3}"
    house.append(action="erasure-requested", request=number, actor="a1", grounds=("letter",))
    house.append(action="erasure-approved", request=number, actor="a2")
    said = house.certificate()
    assert said.content.number == number
    path = house.file("certificate.json", said.to_json())
    _, answer = ask(path, "--journal", house.journal())
    told = [line for line in answer["says"] if line.startswith("journal, ")]
    assert told == [
        f"journal, entry 6, {AT}: erasure-requested by a1 (letter)",
        f"journal, entry 7, {AT}: erasure-approved by a2",
        f"journal, entry 8, {AT}: check-completed by system",
    ]
    assert ("newest", True) in verdicts(answer)
    assert not [line for line in ask(path)[1]["says"] if line.startswith("journal")]


def test_what_journals_of_two_epochs_say_of_a_request(house):
    """Each epoch counts anew, so a line about an entry names the epoch as well."""
    number = f"E-{house.number + 3}"
    house.append(action="erasure-requested", request=number, actor="a1", grounds=("letter",))
    seen = open_checkpoint(house.checkpoint("old.txt").read_text(), house.keeper.public_key())
    with transaction(house.engine) as conn:
        journal.begin_epoch(conn, "hotel-a", AT, house.keeper.public_key(), seen)
    house.append(action="erasure-approved", request=number, actor="a2")
    said = house.certificate()
    assert said.content.number == number
    path = house.file("certificate.json", said.to_json())
    _, answer = ask(path, "--journal", house.journal())
    told = [line.partition(" by ")[0] for line in answer["says"] if line.startswith("journal, ")]
    assert told == [
        f"journal, epoch 0, entry 6, {AT}: erasure-requested",
        f"journal, epoch 1, entry 1, {AT}: erasure-approved",
        f"journal, epoch 1, entry 2, {AT}: check-completed",
    ]


@pytest.mark.parametrize("several", [True, False])
def test_the_entry_of_a_later_certificate_is_named_with_its_epoch(house, several):
    """Where two epochs were given their entries have the same numbers."""
    first = house.certificate()
    seen = open_checkpoint(house.checkpoint("old.txt").read_text(), house.keeper.public_key())
    if several:
        with transaction(house.engine) as conn:
            journal.begin_epoch(conn, "hotel-a", AT, house.keeper.public_key(), seen)
    house.append(request=first.content.number, marks={CONTENT_MARK: "00" * 32})
    path = house.file("certificate.json", first.to_json())
    _, answer = ask(path, "--journal", house.journal())
    (told,) = [each["text"] for each in answer["findings"] if each["id"] == "newest"]
    assert (f"as entry 1 of epoch 1 of {AT} says" in told) is several
    assert ("epoch" in told) is several


def test_a_refusal_that_did_not_stand_is_told_beside_its_certificate(house):
    """Who reads that a request was refused and then carried out reads what came between."""
    number = f"E-{house.number + 5}"
    course = ["erasure-refused", "refusal-contested", "refusal-overturned", "erasure-approved"]
    for action in course:
        house.append(action=action, request=number, actor="a1")
    path = house.file("certificate.json", house.certificate().to_json())
    _, answer = ask(path, "--journal", house.journal())
    told = [line for line in answer["says"] if line.startswith("journal, ")]
    assert [line.partition("Z: ")[2].partition(" by ")[0] for line in told][:4] == course


@pytest.mark.parametrize(
    ("said", "told"),
    [({"erased": "2026-11-20"}, 1), ({"erased": "2026-11-23"}, 0), ({"erased": "2026-11-25"}, 0),
     ({"received": "2026-11-26"}, 1), ({"received": "2026-11-25"}, 0),
     ({"received": "2026-10-01"}, 0)],
    ids=str,
)  # fmt: skip
def test_days_that_are_not_the_journals(said, told, house):
    """A day that the entries do not bear out is named; a day more or less is another calendar."""
    number = f"E-{house.number + 3}"
    house.append(action="erasure-requested", request=number)
    house.append(action="subject-erased", request=number)
    path = house.file("certificate.json", house.certificate(**said).to_json())
    code, answer = ask(path, "--journal", house.journal())
    assert code == 0
    assert len([each for each in answer["findings"] if each["id"] == "days"]) == told


def test_of_a_request_with_many_entries_the_newest_certificate_counts(house):
    """What is kept of a request has an end, and of each entry; that a later certificate was issued,
    and how many entries there are besides, is told all the same."""
    first = house.certificate()
    number = first.content.number
    for _ in range(2):
        house.append(
            offline.STEPS, request=number, action="subject-returned",
            grounds=tuple(f"w{n}" for n in range(300)),
        )  # fmt: skip
    house.append(request=number, marks={CONTENT_MARK: "00" * 32})
    path = house.file("certificate.json", first.to_json())
    code, answer = ask(path, "--journal", house.journal())
    assert (code, "newest" in cannot(answer)) == (0, True)
    told = [line for line in answer["says"] if line.startswith("journal, ")]
    assert len(told) == offline.STEPS
    assert max(map(len, told)) < 200
    assert f"journal: {offline.STEPS + 2} further entries of this request" in answer["says"]


def test_an_entry_of_another_request(house):
    """A certificate that shows the entry of another request is wrong, whoever signed it."""
    good = house.certificate(marks=False)
    lie = signed(house, replace(good.content, number="E-1"), good.proof)
    code, answer = ask(house.file("certificate.json", lie.to_json()))
    assert (code, wrong(answer)) == (1, {"entry", "content"})


def test_a_checkpoint_of_another_journal_inside(house):
    """A checkpoint of another journal over the same entries proves nothing."""
    good = house.certificate()
    head = open_checkpoint(good.proof.checkpoint, house.keeper.public_key())
    other = sign_checkpoint(
        "guesterase/hotel-b/0", head.size, head.root, AT, house.keeper.signing_key()
    )
    lie = signed(house, good.content, replace(good.proof, checkpoint=other))
    code, answer = ask(house.file("certificate.json", lie.to_json()))
    assert (code, wrong(answer)) == (1, {"inclusion"})


def test_a_checkpoint_inside_that_somebody_else_signed(house):
    """Who signs a certificate has signed the journal that proves it."""
    good = house.certificate()
    head = open_checkpoint(good.proof.checkpoint, house.keeper.public_key())
    other = sign_checkpoint(
        head.origin, head.size, head.root, head.at, Ed25519PrivateKey.from_private_bytes(b"s" * 32)
    )
    lie = signed(house, good.content, replace(good.proof, checkpoint=other))
    code, answer = ask(house.file("certificate.json", lie.to_json()))
    assert (code, wrong(answer)) == (1, {"checkpoint"})


def test_a_certificate_that_says_itself_it_was_revoked(house):
    """The day beside what was signed counts, though nobody signed it; nobody asks for it then."""
    value = json.loads(house.certificate().to_json()) | {"revoked": "2026-12-01"}
    code, answer = ask(house.file("certificate.json", json.dumps(value)))
    assert (code, wrong(answer)) == (1, {"revoked"})
    assert "revoked" not in cannot(answer)
    assert "REVOKED on 2026-12-01" in answer["findings"][0]["text"]
    # Nor where what it was told of is not in what is beside it.
    house.append(2)
    torn = house.file("torn.jsonl", house.journal().read_text(encoding="utf-8")[:-9])
    code, answer = ask(house.file("certificate.json", json.dumps(value)), "--journal", torn)
    assert (code, "revoked" in wrong(answer), "revoked" in cannot(answer)) == (1, True, False)
    del value["revoked"]
    _, answer = ask(house.file("certificate.json", json.dumps(value)), "--journal", torn)
    assert "revoked" in cannot(answer)


class Raw:
    """A line of a journal that no writer of ours made."""

    def __init__(self, entry, spaced=False, **other):
        said = {**json.loads(entry.body()), **other}
        self.text = json.dumps(said, separators=(", ", ": ") if spaced else (",", ":"))

    def body(self):
        return self.text.encode()

    def leaf(self):
        return offline.leaf(self.body())


def lies():
    """Certificates that a hotel signs with its key: content, proof, and which answer is wrong."""
    entries = entries_for(CONTENT)
    good, other = proof_of(entries, 4), replace(CONTENT, controller="hotel-b")
    short = entries_for(CONTENT, size=4, index=1)
    odd = {"format": Raw(entries[4], format="guesterase/entry/v9"), "form": Raw(entries[4], True)}
    made = {
        "in no tree": (CONTENT, replace(good, entry=Raw(entries[4], at=LATER).text), "inclusion"),
        # The path of an entry at the start of four leads to the same root as one of three.
        "another size": (CONTENT, replace(proof_of(short, 1), size=3), "inclusion"),
        "another controller": (other, proof_of(entries_for(other), 4), "entry"),
        "another step": (CONTENT, proof_of(entries_for(CONTENT, action=ASKED), 4), "entry"),
    }
    return made | {
        name: (CONTENT, proof_of([*entries[:4], line, entries[5]], 4), "entry")
        for name, line in odd.items()
    }


LATER, ASKED = "2026-11-25T10:00:00Z", "erasure-requested"


@pytest.mark.parametrize("name", lies())
def test_what_a_hotel_signs_and_its_journal_does_not_show(tmp_path, name):
    """Its signature holds and everything else; the one thing that is not so is told."""
    content, proof, id_ = lies()[name]
    lie = Certificate(content, proof, PUBLIC.hex())
    path = tmp_path / "certificate.json"
    path.write_text(replace(lie, signature=KEY.sign(lie.signed()).hex()).to_json())
    code, answer = ask(path, "--key", PUBLIC.hex())
    assert (code, wrong(answer)) == (1, {id_})


def test_checkpoints_from_elsewhere(house):
    """A checkpoint of the same size decides; one of another size needs the journal between."""
    path = house.file("certificate.json", house.certificate().to_json())
    same = house.checkpoint("same.txt")
    house.append(4)
    later = house.checkpoint("later.txt")
    code, answer = ask(path, "--checkpoint", same)
    assert (code, ("outside", True) in verdicts(answer)) == (0, True)
    code, answer = ask(path, "--checkpoint", later)
    assert (code, "outside" in cannot(answer)) == (0, True)
    code, answer = ask(path, "--checkpoint", later, "--journal", house.journal())
    assert (code, ("outside", True) in verdicts(answer)) == (0, True)


def rewrite(house):
    """Write the whole journal anew, as somebody could who owns the database and the key."""
    with transaction(house.engine) as conn:
        for table in (tables.tree, tables.entry, tables.node):
            conn.execute(delete(table))
    house.number = 50
    house.append(5)


def test_a_second_journal_is_shown(house):
    """A certificate from a journal written anew disagrees with the checkpoint kept elsewhere."""
    house.append()
    seen = house.checkpoint("seen.txt")
    rewrite(house)
    path = house.file("certificate.json", house.certificate().to_json())
    assert ask(path)[0] == 0
    code, answer = ask(path, "--checkpoint", seen)
    assert (code, wrong(answer)) == (1, {"outside", "split"})
    house.append()
    code, answer = ask(path, "--checkpoint", house.checkpoint("b.txt"), "--journal",
                       house.journal())
    assert code == 0


def test_a_checkpoint_of_another_hotel(house):
    """A checkpoint of another journal tells nothing, and says so."""
    path = house.file("certificate.json", house.certificate().to_json())
    house.append(controller="hotel-b")
    with transaction(house.engine, write=False) as conn:
        text = witness.checkpoint(conn, "hotel-b", house.keeper.signing_key(), AT)
    code, answer = ask(path, "--checkpoint", house.file("b.txt", text))
    assert (code, "outside" in cannot(answer)) == (0, True)


def test_a_journal(house):
    """A journal agrees with its checkpoints of any age; without one it cannot tell."""
    old = house.checkpoint("old.txt")
    house.append(7)
    path = house.journal()
    code, answer = ask(path, "--checkpoint", old, "--checkpoint", house.checkpoint(),
                       "--key", house.key)
    assert (code, wrong(answer), cannot(answer)) == (0, set(), {"later"})
    code, answer = ask(path, "--checkpoint", old)
    assert (code, cannot(answer)) == (0, {"key", "later"})
    code, answer = ask(path)
    assert (code, cannot(answer)) == (0, {"outside"})
    assert answer["says"] == ["guesterase/hotel-a/0: 13 entries"]


@pytest.mark.parametrize(
    ("change", "id_"),
    [
        (lambda lines: lines[:3] + lines[4:], "entries"),
        (lambda lines: [lines[1], lines[0], *lines[2:]], "entries"),
        (lambda lines: [lines[0].replace('"index":0', '"index": 0'), *lines[1:]], "entries"),
        (lambda lines: [*lines[:2], lines[2].replace("E-2", "E-9"), *lines[3:]], "outside"),
        (lambda lines: lines[:-1], "outside"),
    ],
)
def test_changed_journals(house, change, id_):
    """Entries that are missing, moved, rewritten or cut off at the end are shown."""
    lines = house.journal().read_text().splitlines()
    path = house.file("changed.jsonl", "\n".join(change(lines)) + "\n")
    code, answer = ask(path, "--checkpoint", house.checkpoint(), "--key", house.key)
    assert code == 1
    assert id_ in wrong(answer)


def test_a_forged_checkpoint(house):
    """A checkpoint that was not signed with the key is wrong."""
    path = house.journal()
    text = house.checkpoint().read_text()
    forged = house.file("forged.txt", text.replace("at 2026", "at 2025"))
    for given in (["--key", house.key], []):
        code, answer = ask(path, "--checkpoint", forged, *given)
        assert (code, wrong(answer)) == (1, {"outside-signature"})


def test_epochs_are_chained(house):
    """An epoch after a restore quotes the one before; a quote of something else is shown."""
    old = house.checkpoint("old.txt")
    seen = open_checkpoint(old.read_text(), house.keeper.public_key())
    with transaction(house.engine) as conn:
        journal.begin_epoch(conn, "hotel-a", AT, house.keeper.public_key(), seen)
    house.append()
    path = house.journal()
    code, answer = ask(path, "--checkpoint", old, "--checkpoint", house.checkpoint())
    assert (code, ("epochs", True) in verdicts(answer)) == (0, True)
    text = path.read_text().replace(seen.root.hex(), "00" * 32)
    forged = house.file("forged.jsonl", text)
    code, answer = ask(forged)
    assert (code, "lost" in cannot(answer)) == (0, True)
    code, answer = ask(forged, "--checkpoint", old)
    assert (code, wrong(answer)) == (1, {"epochs"})
    last = path.read_text().splitlines()[-2:]
    code, answer = ask(house.file("last.jsonl", "\n".join(last)))
    assert (code, "epochs" in cannot(answer)) == (0, True)


@pytest.fixture
def export(house):
    """An export folder: two boxes of a day, one of another, and a copy of the keys."""
    row = Image(
        "guests",
        (cell("id", "integer", 7),),
        Change.DELETED,
        (
            cell("name", "text", "Anna Beispiel\x1b[2J"),
            cell("photo", "blob", b"\x01\x02"),
            cell("weight", "real", 0.5),
            cell("phone", "text", None),
        ),
        1,
    )
    payload = encode(Images("sqlite", "3.46", (row,)))
    things = [
        boxing.Item(payload, Terms("hotel-a", "retention", "2034-12-31")),
        boxing.Item(b"plain text", Terms("hotel-a", "contact", "2034-12-31")),
        boxing.Item(b"x" * 9000, Terms("hotel-a", "recovery", "2026-12-01")),
    ]
    with transaction(house.engine) as conn:
        ids = boxing.put(conn, house.keeper, things, "2026-11-24")
        lines = list(vault.lines(conn))
    folder = house.folder / "export"
    folder.mkdir()
    (folder / "boxes.jsonl").write_text("\n".join(lines) + "\n")
    shutil.copytree(house.keeper.path, folder / "keys")
    return folder, ids


def test_boxes_open(export):
    """Every box of an export opens with the copied keys; one shows what it holds."""
    folder, ids = export
    code, answer = ask("box", folder)
    assert (code, len(answer["findings"]), answer["says"]) == (0, 3, [])
    code, answer = ask("box", folder / "boxes.jsonl", "--id", ids[0])
    assert code == 0
    assert answer["says"] == [
        f"{ids[0]}: 1 rows of sqlite 3.46",
        "  guests [id=7] deleted",
        "    name (text): Anna Beispiel\x1b[2J",
        "    photo (blob): hex:0102",
        "    weight (real): 0.5",
        "    phone (text): NULL",
    ]
    code, answer = ask("box", folder, "--all")
    assert f"{ids[1]}: plain text" in answer["says"]
    assert f"{ids[2]}: {'x' * 9000}" in answer["says"]


def test_words_do_not_steer_the_terminal(export, capsys):
    """Control characters of a retained value are shown as text."""
    folder, ids = export
    assert offline.main(["box", str(folder), "--id", ids[0]]) == 0
    output = capsys.readouterr().out
    assert "\x1b" not in output
    assert "Anna Beispiel\\u001b[2J" in output


def test_a_forgotten_day(export):
    """A box whose key was destroyed cannot be told, which is what forgetting is for."""
    folder, _ = export
    (folder / "keys" / "key-day-2026-12-01.json").unlink()
    code, answer = ask("box", folder)
    assert code == 0
    assert sorted(str(item["shown"]) for item in answer["findings"]) == ["None", "True", "True"]


def test_a_key_that_is_missed_early(export):
    """A key that is gone before the last day of its box is not called as it should be."""
    folder, _ = export
    path = folder / "boxes.jsonl"
    path.write_text(path.read_text().replace("2034-12-31", "2999-12-31"))
    code, answer = ask("box", folder)
    early = [item["text"] for item in answer["findings"] if "day:2999" in item["text"]]
    assert code == 0
    assert len(early) == 2
    assert all("last day is not over" in text for text in early)


def test_a_day_that_was_moved_excuses_no_key(export):
    """The last day of a box is no secret of it: the key that is gone is called after its own."""
    folder, _ = export
    key = folder / "keys" / "key-day-2034-12-31.json"
    key.unlink()
    path = folder / "boxes.jsonl"
    old = '"last_day":"2034-12-31"'
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, '"last_day":"2026-01-01"'))
    _, answer = ask("box", folder)
    texts = [item["text"] for item in answer["findings"] if item["shown"] is None]
    assert texts
    assert not any("as it should be" in text for text in texts)


def test_a_changed_box(export):
    """A box with another controller, label or payload does not open, and that is wrong."""
    folder, ids = export
    path = folder / "boxes.jsonl"
    good = path.read_text()
    for old, new in [
        ('"controller":"hotel-a"', '"controller":"hotel-b"'),
        ('"label":"day:2034-12-31"', '"label":"day:2026-12-01"'),
        ('"label":"day:2034-12-31"', '"label":"../x"'),
        (ids[0], "b" + "0" * 32),
        ('"wrapped":"', '"wrapped":"AAAA'),
    ]:
        path.write_text(good.replace(old, new))
        code, answer = ask("box", folder)
        assert (code, wrong(answer)) == (1, {"box"})


@pytest.mark.parametrize(
    "arguments",
    [
        ["missing.json"],
        ["box", "missing"],
        ["a", "b"],
        ["box"],
        ["{file}", "--key", "short"],
        ["{file}", "--key", "é" * 10],
        ["{file}", "--checkpoint", "missing"],
        ["{file}", "--checkpoint", "{file}"],
        ["{file}", "--checkpoint", "{file}", "--journal", "{binary}"],
        ["{binary}"],
        ["{other}"],
        ["box", "{other}"],
        ["box", "{export}", "--id", "b1"],
    ],
)
def test_wrong_use(house, export, arguments, capsys):
    """What cannot be read is a sentence on the error stream and exit code 2."""
    known = {
        "{file}": house.file("certificate.json", house.certificate().to_json()),
        "{other}": house.file("other.json", '{"format":"something"}'),
        "{binary}": house.folder / "binary",
        "{export}": export[0],
    }
    known["{binary}"].write_bytes(b"\xff\xfe\x00")
    code = offline.main([str(known.get(item, item)) for item in arguments])
    captured = capsys.readouterr()
    assert code == 2
    assert captured.out == ""
    assert captured.err.count("\n") == 1
    assert "--help" in captured.err


@pytest.mark.parametrize("inner", [False, True])
@pytest.mark.parametrize("about", [["{}"], ["census", "{}", "--journal", "{}"]])
def test_a_folder_that_is_closed_is_not_an_empty_one(inner, about, capsys):
    """Nothing is said to be missing that the reader was only not let see."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "taken"
        folder.mkdir()
        folder.parent.chmod(0o711)
        for file in ("journal.jsonl", "census-fir.json"):
            (folder / file).write_text("{}")
        with shut(folder if inner else folder.parent):
            code = offline.main([item.format(folder) for item in about])
    said = capsys.readouterr()
    assert (code, said.out) == (2, "")
    assert "cannot be read: Permission denied" in said.err


def test_no_arguments(capsys):
    """Without a file the usage is shown, with exit code 2."""
    with pytest.raises(SystemExit) as caught:
        offline.main([])
    assert caught.value.code == 2
    assert "usage" in capsys.readouterr().err


def test_without_cryptography_it_says_what_it_needs() -> None:
    """Whoever was given this file and a fresh Python reads what to install; 1 would be "wrong"."""
    program = str(offline.__file__)
    done = subprocess.run(
        [sys.executable, "-I", "-S", program, "certificate.json"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert done.returncode == 2
    assert "pip install cryptography" in done.stderr
    assert "Traceback" not in done.stderr


def scan(house):
    """An answer to who asks again, signed with today's key."""
    answer = {
        "format": "guesterase/scan/v1", "number": "E-1", "property": "hz1", "controller": "hotel-a",
        "at": AT, "scope": "everything", "rows": 7, "left": [], "unsearched": [],
        "public_key": house.key,
    }  # fmt: skip
    said = b"guesterase/scan/v1\n" + canonical(answer)
    return {**answer, "signature": house.keeper.signing_key().sign(said).hex()}


def change_key(house):
    """Change the signing key as the hotel does; return the new one."""
    new, old = Ed25519PrivateKey.from_private_bytes(b"n" * 32), house.keeper.signing_key()
    public = new.public_key().public_bytes_raw()
    said = b"guesterase/key-change/v1\n" + canonical(["hotel-a", 0, public.hex()])
    marks = {"public-key": public.hex(), "signature": old.sign(said).hex()}
    house.append(action="signing-key-changed", request=None, marks=marks)
    with transaction(house.engine) as conn:
        conn.execute(update(tables.tree).values(public_key=public.hex()))
        note = witness.checkpoint(conn, "hotel-a", new, AT)
    return public.hex(), house.file("changed.txt", note)


def test_what_an_answer_says(house):
    """What is left stands in it, and what was not searched where there is such a place."""
    answer = scan(house)
    assert len(ask(house.file("scan.json", json.dumps(answer)))[1]["says"]) == 1
    left = [{"place": "mails", "reason": "kept", "rows": 3, "kinds": ["name"]}]
    answer |= {"left": left, "unsearched": ["attachments"]}
    del answer["signature"]
    said = b"guesterase/scan/v1\n" + canonical(answer)
    answer["signature"] = house.keeper.signing_key().sign(said).hex()
    code, found = ask(house.file("scan.json", json.dumps(answer)))
    assert (code, found["says"][1:]) == (
        0, ["LEFT: mails, 3 rows: kept", "not searched: attachments"]
    )  # fmt: skip
    assert cannot(found) == {"key", "scope"}


def test_an_answer_from_before_the_key_was_changed(house):
    """The journal vouches for the key of an answer as it does for that of a certificate."""
    path = house.file("scan.json", json.dumps(scan(house)))
    new, note = change_key(house)
    assert (ask(path)[0], ask(path, "--key", house.key)[0]) == (0, 0)
    assert wrong(ask(path, "--key", new)[1]) == {"key"}
    code, answer = ask(path, "--key", new, "--journal", house.journal(), "--checkpoint", note)
    assert (code, ("key", True) in verdicts(answer)) == (0, True)
    path.write_text(path.read_text().replace('"rows": 7', '"rows": 8'))
    assert wrong(ask(path)[1]) == {"signature"}


@pytest.mark.parametrize("first", ["other", None])
def test_what_is_said_twice(first, house):
    """Of two fields of one name a reader may take the first, and sees another text."""
    for name, good in (
        ("certificate.json", house.certificate().to_json()), ("scan.json", json.dumps(scan(house)))
    ):  # fmt: skip
        document = json.loads(good)
        said = json.dumps({"property": "hz1"})[1:-1]
        other = json.dumps({"property": first or "hz1"})[1:-1]
        path = house.file(name, json.dumps(document).replace(said, f"{other}, {said}"))
        code, answer = ask(path)
        assert (code, wrong(answer)) == (1, {"form"})


def test_a_number_that_readers_read_differently(house):
    """Beyond 2^53 one reader rounds, and another does not: no such number is signed."""
    answer = scan(house)
    answer |= {"rows": 2**53 + 1}
    answer.pop("signature")
    text = json.dumps(answer, sort_keys=True, separators=(",", ":"))
    said = b"guesterase/scan/v1\n" + text.encode()
    answer |= {"signature": house.keeper.signing_key().sign(said).hex()}
    code, found = ask(house.file("scan.json", json.dumps(answer)))
    assert (code, wrong(found)) == (1, {"form"})


def test_a_signature_with_a_blank_in_it(house):
    """A note with such a line is none; nothing ends in a traceback."""
    journal_, note = house.journal(), house.checkpoint()
    good = note.read_text(encoding="utf-8")
    note.write_text(good[:-21] + " " + good[-21:], encoding="utf-8")
    assert offline.main([str(journal_), "--checkpoint", str(note)]) == 2
    document = json.loads(house.certificate().to_json())
    document["proof"]["checkpoint"] = note.read_text(encoding="utf-8")
    code, answer = ask(house.file("certificate.json", json.dumps(document)))
    assert (code, "form" in wrong(answer)) == (1, True)


@pytest.mark.parametrize("option", ["--key", "--witness"])
@pytest.mark.parametrize("name", ["{}/inside/key", "ä" * 200])
def test_a_key_nobody_lets_us_read(option, name, house, capsys):
    """A folder that is closed, or a name too long for one, is wrong use and nothing wrong."""
    path = house.file("certificate.json", house.certificate().to_json())
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o711)
        (Path(folder) / "inside").mkdir()
        (Path(folder) / "file.json").write_text(path.read_text())
        with shut(Path(folder) / "inside"):
            code = offline.main([f"{folder}/file.json", option, name.format(folder)])
    assert code == 2
    assert "See --help." in capsys.readouterr().err


def test_keys_nobody_lets_us_read(export, capsys):
    """Keys that cannot be read say nothing about a box."""
    folder, _ = export
    with tempfile.TemporaryDirectory() as place:
        keys, boxes = Path(place) / "keys", Path(place) / "boxes.jsonl"
        shutil.copytree(folder / "keys", keys)
        Path(place).chmod(0o711)
        boxes.write_text((folder / "boxes.jsonl").read_text())
        with shut(keys):
            assert offline.main(["box", str(boxes)]) == 2
        assert "cannot be read: Permission denied" in capsys.readouterr().err
        assert offline.main(["box", str(boxes), "--keys", str(boxes)]) == 2
    assert "cannot be read: Not a directory" in capsys.readouterr().err


@pytest.mark.parametrize(("old", "new"), [
    ('"wrapped":"', '"wrapped":"\\u0020'), ('=","purpose"', '=\\n","purpose"'),
    ('"payload":"', '"payload":"!'),
])  # fmt: skip
def test_a_box_spelt_another_way(old, new, export):
    """Base 64 has one spelling in a box as everywhere."""
    folder, _ = export
    path = folder / "boxes.jsonl"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    code, answer = ask("box", folder)
    assert (code, wrong(answer)) == (1, {"box"})


@pytest.mark.parametrize(("old", "new"), [
    ('"facts":{},', ""), ('"grounds":[]', '"grounds":[],"guest":"Li Wei"'),
    ('"facts":{}', '"facts":{"name":"Li Wei"}'), ('"facts":{}', '"facts":[]'),
    ('"facts":{}', '"facts":{"long":"n123456789"}'), ('"facts":{}', '"facts":{"n":true}'),
    ('"counts":{}', '"counts":{"rows":-1}'), ('"counts":{}', '"counts":{"rows":"1"}'),
    ('"counts":{}', '"counts":{"rows":9007199254740993}'), ('"counts":{}', '"counts":{"a b":1}'),
    ('"grounds":[]', '"grounds":{}'), ('"grounds":[]', '"grounds":["Li Wei"]'),
    ('"grounds":[]', '"grounds":[[]]'), ('"marks":{}', '"marks":{"who":"AB"}'),
    ('"marks":{}', '"marks":{"who":"' + "A" * 64 + '"}'), ('"epoch":0', '"epoch":false'),
    ('"actor":"system"', '"actor":"Li Wei"'), ('"actor":"system"', '"actor":null'),
    ('"request":"E-3"', '"request":{}'), ('"request":"E-3"', '"request":"Li Wei"'),
    ('"action":"check-completed"', '"action":"Li Wei"'),
    (AT, "2026-11-31T10:00:00Z"), (AT, "2026-11-24 10:00:00"), (AT, "2026-11-24T10:00:00Z\\n"),
])  # fmt: skip
def test_an_entry_that_no_hotel_writes(old, new, house):
    """An entry without its form is not as it was written, whoever signed it."""
    path = house.journal()
    lines = path.read_text().splitlines()
    place = 3
    assert old in lines[place]
    lines[place] = lines[place].replace(old, new)
    path.write_text("".join(line + "\n" for line in lines))
    code, answer = ask(path)
    assert (code, wrong(answer)) == (1, {"entries"})


def lie(house, change):
    """A certificate that says whatever is wanted, which the hotel's journal and key vouch for."""
    document = json.loads(house.certificate(partial=(Left("mails", 1, "left"),)).to_json())
    content = document["content"]
    change(content)
    said = canonical([document["format"], {**content, "name": "", "stay": ""}])
    (entry,) = house.append(
        marks={CONTENT_MARK: hashlib.sha256(said).hexdigest()}, request=content["number"]
    )
    with transaction(house.engine) as conn:
        proof = witness.proof(conn, entry, house.keeper.signing_key(), AT)
    document["proof"] = asdict(proof) | {"path": list(proof.path)}
    return resigned(house, document)


def resigned(house, document):
    unsigned = {name: value for name, value in document.items() if name != "signature"}
    text = document["format"].encode() + b"\n" + canonical(unsigned)
    return json.dumps({**unsigned, "signature": house.keeper.signing_key().sign(text).hex()})


def test_a_text_that_is_said_anew(house):
    """What the tests below change is all that is wrong with them."""
    code, answer = ask(house.file("certificate.json", lie(house, lambda said: said)))
    assert (code, wrong(answer)) == (0, set())


@pytest.mark.parametrize("change", [
    lambda said: said.pop("scope"),
    lambda said: said["scope"].remove("cannot-show-paper"),
    lambda said: said["scope"].append("shows-everything"),
    lambda said: said.pop("partial"),
    lambda said: said.pop("recipients"),
    lambda said: said.pop("supplement"),
    lambda said: said.update(promise="nothing is left anywhere"),
    lambda said: said["partial"][0].update(rows=-1),
    lambda said: said["partial"][0].update(note="not really"),
    lambda said: said["went"][0].update(columns="name"),
    lambda said: said["went"][0].update(rows="1"),
    lambda said: said.update(level="L5"),
    lambda said: said.update(level={}),
    lambda said: said.update(state="gone"),
    lambda said: said.update(erased="soon"),
    lambda said: said.update(copies_until="long ago"),
    lambda said: said.update(four_eyes="approved-by-second-person"),
    lambda said: said.update(shared_values=True),
])  # fmt: skip
def test_a_text_that_no_hotel_writes(change, house):
    """A certificate without its form is malformed, whoever signed it."""
    code, answer = ask(house.file("certificate.json", lie(house, change)))
    assert (code, wrong(answer)) == (1, {"form"})


@pytest.mark.parametrize("change", [
    lambda document: document.update(note="x"),
    lambda document: document["proof"].update(note="x"),
    lambda document: document["proof"].update(size=True),
    lambda document: document["proof"].update(path="x"),
])  # fmt: skip
def test_more_than_a_certificate_has(change, house):
    """Beside what is said there is no room for anything either."""
    document = json.loads(lie(house, lambda said: said))
    change(document)
    code, answer = ask(house.file("certificate.json", resigned(house, document)))
    assert (code, "form" in wrong(answer)) == (1, True)


def test_a_certificate_of_an_entry_that_no_hotel_writes(house):
    """An entry without its form proves nothing."""
    document = json.loads(house.certificate().to_json())
    entry = json.loads(document["proof"]["entry"]) | {"actor": "Li Wei", "index": 0}
    leaf = canonical(entry)
    note = sign_checkpoint(
        "guesterase/hotel-a/0", 1, offline.leaf(leaf), AT, house.keeper.signing_key()
    )
    document["proof"] = {"entry": leaf.decode(), "size": 1, "path": [], "checkpoint": note}
    code, answer = ask(house.file("certificate.json", resigned(house, document)))
    assert (code, wrong(answer)) == (1, {"entry"})


@pytest.mark.parametrize("change", [
    lambda said: said.pop("unsearched"),
    lambda said: said.update(left="nothing"),
    lambda said: said.update(rows=-1),
    lambda said: said.update(promise="nothing is left anywhere"),
    lambda said: said.update(at="yesterday"),
    lambda said: said.update(scope="mapped"),
])  # fmt: skip
def test_an_answer_that_no_hotel_writes(change, house):
    """An answer without its form is malformed, whoever signed it."""
    said = scan(house)
    change(said)
    code, answer = ask(house.file("scan.json", resigned(house, said)))
    assert (code, wrong(answer)) == (1, {"form"})


def test_a_journal_through_a_pipe(house):
    """A pipe can be read once: it is refused, and no revoked certificate stands by an empty one."""
    good = house.certificate()
    path = house.file("certificate.json", good.to_json())
    house.append(action="certificate-revoked", request=good.content.number)
    journal_ = house.journal()
    assert wrong(ask(path, "--journal", journal_)[1]) == {"revoked"}
    for given in ([path, "--journal", "/dev/stdin"], ["/dev/stdin"]):
        done = subprocess.run(
            [sys.executable, FILE, *given], input=journal_.read_text(), check=False,
            capture_output=True, text=True,
        )  # fmt: skip
        assert (done.returncode, done.stdout) == (2, ""), done.stdout
        assert "/dev/stdin is no file" in done.stderr


@pytest.mark.parametrize("to", ["/dev/full", ""])
def test_an_answer_nobody_can_read(to, house):
    """Where an answer cannot be written, on a full disk or into a closed pipe, none is given."""
    path = house.file("certificate.json", house.certificate().to_json())
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "w") as pipe, Path(to or os.devnull).open("w") as full:
        done = subprocess.run(
            [sys.executable, FILE, path], stdout=full if to else pipe, stderr=subprocess.PIPE,
            text=True, check=False,
        )  # fmt: skip
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "The answer cannot be written" in done.stderr


def test_memory_of_many_boxes(export):
    """Boxes with scans are larger than any memory; they are read one at a time."""
    folder, _ = export
    path = folder / "boxes.jsonl"
    line = json.loads(path.read_text().splitlines()[0])
    with path.open("w") as file:
        for number in range(100):
            other = {"id": f"b{number:032x}", "payload": "A" * 400_000}
            file.write(json.dumps(line | other) + "\n")
        file.write(json.dumps(line) + "\n")
    tracemalloc.start()
    try:
        code, answer = ask("box", folder, "--id", line["id"])
        assert tracemalloc.get_traced_memory()[1] < 8_000_000
    finally:
        tracemalloc.stop()
    assert (code, len(answer["findings"])) == (0, 1)


@pytest.mark.parametrize(("old", "new"), [
    ("T10:00:00Z", "T9:00:00Z"), ("2026-11-24T", "2026-11-4T"), ("", "nothing is left anywhere\n"),
    ("", "\u2014 elm\x1cAAAA\n"),
])  # fmt: skip
def test_a_checkpoint_that_no_hotel_writes(old, new, house):
    """A note has one form, whoever signed it."""
    journal_, note = house.journal(), house.checkpoint().read_text(encoding="utf-8")
    body = note.rpartition("\n\n")[0] + "\n"
    other = body.replace(old, new) if old else body
    name = "guesterase/hotel-a/0"
    blob = key_id(name, house.keeper.public_key()) + house.keeper.signing_key().sign(other.encode())
    line = f"\u2014 {name} {base64.b64encode(blob).decode()}\n"
    path = house.file("note.txt", f"{other}\n{line}")
    assert offline.main([str(journal_), "--checkpoint", str(path)]) == (2 if old else 0)
    document = json.loads(house.certificate().to_json())
    document["proof"]["checkpoint"] = f"{other}\n{line}" + ("" if old else new)
    code, answer = ask(house.file("certificate.json", resigned(house, document)))
    assert (code, "form" in wrong(answer)) == (1, True)
