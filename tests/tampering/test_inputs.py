"""What else can be given: proofs, several files and hotels, folders, keys, checkpoints alone."""

from __future__ import annotations

import json
import tracemalloc
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from benchmarks.journal import generate
from flask_guesterase import verify as offline
from flask_guesterase.core.checkpoint import sign_checkpoint, verifier_key
from flask_guesterase.core.cosignature import cosign, request, witness_key
from flask_guesterase.core.scanned import signed
from tests.tampering import catalogue, forge
from tests.tampering.catalogue import OLD, TAKEN, World
from tests.tampering.forge import WITNESS, Hotel, changed, edge_line, public, signer
from tests.test_verify import ask, cannot, verdicts, wrong


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    """The honest hotel."""
    return catalogue.honest(tmp_path_factory.mktemp("inputs"))


@pytest.fixture
def hotel(world: World, tmp_path: Path) -> Iterator[Hotel]:
    """The honest hotel once more, with its database."""
    made = forge.anew(tmp_path / "hotel.sqlite", forge.drafts(world.lines))
    yield made
    made.close()


def put(folder: Path, name: str, text: str | list[str]) -> Path:
    """Write a file."""
    path = folder / name
    path.write_text(text if isinstance(text, str) else "".join(line + "\n" for line in text))
    return path


def test_a_proof_reaches_into_what_was_pruned(world: World, hotel: Hotel, tmp_path: Path) -> None:
    """An old checkpoint of entries that are not here is joined to the journal by a proof."""
    first = edge_line(world.lines, TAKEN, world.key)
    path = put(tmp_path, "journal.jsonl", [first, *world.lines[TAKEN:]])
    old = put(tmp_path, "old.txt", world.old)
    given = [path, "--key", world.key.hex(), "--checkpoint", old]
    assert "outside" in cannot(ask(*given)[1])
    proof = request(OLD, hotel.consistency(OLD), world.newest)
    code, answer = ask(*given, "--proof", put(tmp_path, "proof.txt", proof))
    assert (code, cannot(answer)) == (0, {"pruned", "later"})
    assert ("proof", True) in verdicts(answer)
    other = put(tmp_path, "other.txt", request(3, hotel.consistency(3), world.newest))
    code, answer = ask(*given, "--proof", other, "--proof", tmp_path / "proof.txt")
    assert (code, cannot(answer)) == (0, {"pruned", "later", "proof"}), "each is for its own size"
    for number in range(len(hotel.consistency(OLD))):
        path_ = list(hotel.consistency(OLD))
        path_[number] = bytes(32)
        bad = put(tmp_path, "bad.txt", request(OLD, path_, world.newest))
        code, answer = ask(*given, "--proof", bad)
        assert (code, "proof" in wrong(answer)) == (1, True)


def test_proofs_join_checkpoints_alone(world: World, hotel: Hotel, tmp_path: Path) -> None:
    """Two checkpoints of different sizes are joined by a proof; without it nobody can tell."""
    old, newest = put(tmp_path, "a.txt", world.old), put(tmp_path, "b.txt", world.newest)
    given = [newest, "--checkpoint", old, "--key", world.key.hex()]
    code, answer = ask(*given)
    assert (code, cannot(answer)) == (0, {"outside", "later"})
    text = request(OLD, hotel.consistency(OLD), world.newest)
    for head in ("", "guesterase/consistency/v1\n"):
        proof = put(tmp_path, "p.txt", head + text)
        code, answer = ask(*given, "--proof", proof)
        assert (code, wrong(answer), cannot(answer)) == (0, set(), {"later"})
    assert "outside-signature" in cannot(ask(newest)[1])
    middle = forge.anew(tmp_path / "middle.sqlite", forge.drafts(world.lines)[:11])
    between = request(OLD, middle.consistency(OLD), middle.checkpoint())
    middle.close()
    code, answer = ask(newest, "--checkpoint", old, "--proof", put(tmp_path, "m.txt", between))
    assert (code, wrong(answer)) == (0, set()), "it is of another size"
    hotel.append()
    inside, certificate = offline.Checkpoint(world.certificate.proof.checkpoint).size, put(
        tmp_path, "c.json", world.certificate.to_json()
    )
    longer = request(inside, hotel.consistency(inside), hotel.checkpoint())
    given = ["--checkpoint", newest, "--proof", put(tmp_path, "longer.txt", longer)]
    answer = ask(certificate, *given)[1]
    said = [item for item in answer["findings"] if item["id"] == "outside"]
    assert [item["shown"] for item in said] == [None, True]
    assert said[0]["text"].startswith("Whether")
    given = [newest, "--checkpoint", old, "--key", world.key.hex()]
    split = put(tmp_path, "c.txt", catalogue.split(world).newest)
    code, answer = ask(*given, "--checkpoint", split)
    assert (code, wrong(answer)) == (1, {"outside", "split"})
    assert ask(newest, "--journal", put(tmp_path, "j.jsonl", world.lines))[0] == 0


@pytest.mark.parametrize("size", range(1, 17))
def test_every_proof(size: int, world: World, hotel: Hotel, tmp_path: Path) -> None:
    """Proofs of every older size are followed as RFC 9162 defines them."""
    leaves = [offline.leaf(line.encode()) for line in world.lines]
    found = offline.roots(leaves, set(range(17)))
    path = list(hotel.consistency(size))
    assert offline.continues(size, 16, found[size], found[16], path)
    assert not offline.continues(size, 16, found[size - 1], found[16], path)
    assert not offline.continues(size, 16, found[size], found[15], path)
    assert not offline.continues(size, 16, found[size], found[16], [*path, bytes(32)])


def test_hotels_and_epochs_in_one_folder(world: World, tmp_path: Path) -> None:
    """A folder that takes checkpoints is read as it is: journals, epochs, checkpoints."""
    made = catalogue.honest_epoch(world)
    one = [line for line in made.lines if '"epoch":0' in line]
    two = [line for line in made.lines if '"epoch":1' in line]
    other = Hotel(tmp_path / "b.sqlite", "hotel-b", "hotel-a")
    other.append(3)
    folder = tmp_path / "folder"
    folder.mkdir()
    put(folder, "hotel-a-0.jsonl", one)
    put(folder, "hotel-a-1.jsonl", two)
    put(folder, "hotel-b-0.jsonl", other.lines())
    put(folder, "hotel-a.checkpoints", f"{world.old}\n{world.newest}")
    put(folder, "hotel-b.checkpoints", other.checkpoint())
    other.close()
    code, answer = ask(folder, "--key", world.key.hex())
    assert (code, wrong(answer)) == (0, set())
    assert len(answer["says"]) == 3
    assert "lost" in cannot(answer)
    lines = (folder / "hotel-b-0.jsonl").read_text().splitlines()
    put(folder, "hotel-b-0.jsonl", lines[:-1])
    code, answer = ask(folder)
    assert (code, wrong(answer)) == (1, {"outside"})
    code, answer = ask(folder / "hotel-a-0.jsonl", folder / "hotel-a-1.jsonl")
    assert (code, len(answer["says"])) == (0, 2)


def test_a_folder_of_many_years(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each hour's checkpoint is looked at a few times, not compared with each other one."""
    hotel, count, notes = Hotel(tmp_path / "years.sqlite"), 200, []
    for _ in range(count):
        hotel.append()
        notes.append(hotel.checkpoint())
    put(tmp_path, "hotel-a-0.jsonl", hotel.lines())
    put(tmp_path, "hotel-a.checkpoints", "\n".join(notes))
    asked: Counter[str] = Counter()
    for name in ("verifies", "moment"):
        true = getattr(offline, name)

        def counted(*given: Any, name: str = name, true: Any = true) -> Any:
            asked[name] += 1
            return true(*given)

        monkeypatch.setattr(offline, name, counted)
    code, answer = ask(tmp_path, "--key", forge.public(hotel.key).hex())
    assert (code, wrong(answer), cannot(answer)) == (0, set(), {"later"})
    assert asked["verifies"] <= 4 * count
    assert asked["moment"] <= 6 * count
    hotel.close()


@pytest.mark.parametrize("said", ["clock-doubted", "clock-confirmed"])
def test_a_clock_that_was_set_right(said: str, tmp_path: Path) -> None:
    """It was hours ahead: a later checkpoint says it is older, and the journal says why."""
    hotel = Hotel(tmp_path / "clock.sqlite")
    hotel.append(4)
    ahead = put(tmp_path, "ahead", hotel.checkpoint())
    hotel.time -= timedelta(hours=9)
    hotel.append()
    early = put(tmp_path, "early", hotel.checkpoint())
    given = ["--checkpoint", ahead, "--checkpoint", early, "--key", forge.public(hotel.key).hex()]
    code, answer = ask(put(tmp_path, "silent.jsonl", hotel.lines()), *given)
    assert (code, wrong(answer)) == (1, {"split"}), "nothing says that a clock ran back"
    hotel.append(action=said, request=None)
    for journal in (put(tmp_path, "journal.jsonl", hotel.lines()), ahead):
        code, answer = ask(journal, *given)
        assert (code, wrong(answer)) == (0, set())
        assert "split" in cannot(answer)
    hotel.close()


@pytest.mark.parametrize(("seconds", "shown"), [(3600, True), (3601, False)])
def test_clocks_that_differ_by_an_hour(
    seconds: int, shown: bool, world: World, hotel: Hotel, tmp_path: Path
) -> None:
    """A larger checkpoint may say it is older by that; what a declared restore lost, by more."""
    small, large = (forge.open_checkpoint(text, world.key) for text in (world.old, world.newest))
    notes = [world.old]
    for head, back in ((small, 0), (large, seconds)):
        at = forge.datetime.strptime(small.at, "%Y-%m-%dT%H:%M:%SZ") - timedelta(seconds=back)
        notes.append(sign_checkpoint(
            head.origin, head.size, head.root, f"{at:%Y-%m-%dT%H:%M:%SZ}", hotel.key
        ))  # fmt: skip
    given = ["--key", world.key.hex(), "--key", bytes(32).hex()]
    given += ["--checkpoint", str(put(tmp_path, "notes", "\n".join(notes)))]
    journal = put(tmp_path, "journal.jsonl", world.lines)
    for files in ([journal], [put(tmp_path, "alone", notes[0]), "--journal", journal]):
        code, answer = ask(*files, *given)
        assert (code, wrong(answer)) == ((0, set()) if shown else (1, {"split"}))
    lines = catalogue.honest_epoch(world).lines
    code, answer = ask(put(tmp_path, "epoch.jsonl", lines), *given)
    assert (code, wrong(answer), "split" in cannot(answer)) == (0, set(), not shown)


def test_a_clock_that_goes_back_by_little_and_little(
    world: World, hotel: Hotel, tmp_path: Path
) -> None:
    """Each checkpoint is compared with the latest before it, not with the last one."""
    small, large = (forge.open_checkpoint(text, world.key) for text in (world.old, world.newest))
    start = forge.datetime.strptime(small.at, "%Y-%m-%dT%H:%M:%SZ")
    notes = []
    for head, back in ((small, 0), (small, -50), (large, 40)):
        at = f"{start - timedelta(minutes=back):%Y-%m-%dT%H:%M:%SZ}"
        notes.append(sign_checkpoint(head.origin, head.size, head.root, at, hotel.key))
    middle = bytes.fromhex(forge.root(world.lines[:8]))
    at = f"{start - timedelta(minutes=5):%Y-%m-%dT%H:%M:%SZ}"
    notes.insert(2, sign_checkpoint(small.origin, 8, middle, at, hotel.key))
    given = ["--checkpoint", put(tmp_path, "notes", "\n".join(notes)), "--key", world.key.hex()]
    code, answer = ask(put(tmp_path, "journal.jsonl", world.lines), *given)
    assert (code, wrong(answer)) == (1, {"split"})


def test_two_checkpoints_that_differ_by_keys_of_two_times(world: World, tmp_path: Path) -> None:
    """Each is signed by one of the keys that are known: neither has to be by all of them."""
    split = put(tmp_path, "split", catalogue.split(world).newest)
    given = ["--checkpoint", put(tmp_path, "newest", world.newest), "--key", bytes(32).hex()]
    code, answer = ask(split, *given, "--key", world.key.hex())
    assert (code, "split" in wrong(answer)) == (1, True)
    made = catalogue.changed_key(world)
    journal = put(tmp_path, "journal.jsonl", made.lines)
    code, answer = ask(journal, *given[:2], "--checkpoint", split)
    assert (code, "split" in wrong(answer)) == (1, True)


def test_a_certificate_signed_with_a_key_that_was_changed(hotel: Hotel, tmp_path: Path) -> None:
    """Who kept an old key of the hotel's issues none: from the change on the new one signs."""
    hotel.number = 40
    before = put(tmp_path, "before.json", hotel.certificate().to_json())
    old = hotel.key
    hotel.change_key("hotel-a-2")
    hotel.number = 50
    after = put(tmp_path, "after.json", hotel.certificate().to_json())
    new, hotel.key, hotel.number = public(hotel.key), old, 60
    with forge.transaction(hotel.engine) as conn:
        conn.execute(forge.update(forge.tables.tree).values(public_key=public(old).hex()))
    stolen = put(tmp_path, "stolen.json", hotel.certificate().to_json())
    given = ["--journal", put(tmp_path, "journal.jsonl", hotel.lines()), "--key", public(old).hex()]
    assert [wrong(ask(file, *given)[1]) for file in (before, after)] == [set(), set()]
    for more in ([], ["--key", new.hex()]):
        code, answer = ask(stolen, *given, *more)
        assert (code, wrong(answer)) == (1, {"outside-signature"})


def test_a_clock_in_doubt_of_which_a_part_says_nothing(tmp_path: Path) -> None:
    """What was exported since a checkpoint begins behind the entry that doubts its clock."""
    hotel = Hotel(tmp_path / "doubt.sqlite")
    hotel.append(2)
    hotel.append(action="clock-doubted", request=None)
    hotel.append()
    notes = [hotel.checkpoint()]
    hotel.time -= timedelta(hours=9)
    hotel.append(3)
    notes.append(hotel.checkpoint())
    lines, key = hotel.lines(), public(hotel.key)
    hotel.close()
    given = ["--checkpoint", put(tmp_path, "notes", "\n".join(notes)), "--key", key.hex()]
    for size, shown in ((0, None), (3, None), (5, None), (6, None)):
        first = [edge_line(lines, size, key)] if size else []
        code, answer = ask(put(tmp_path, "part.jsonl", [*first, *lines[size:]]), *given)
        found = {item["shown"] for item in answer["findings"] if item["id"] == "split"}
        assert (code, found) == (0, {shown})
    hotel = forge.anew(tmp_path / "anew.sqlite", [replace(draft, action="clock-confirmed")
                       if draft.action == "clock-doubted" else draft
                       for draft in forge.drafts(lines)])  # fmt: skip
    assert wrong(ask(put(tmp_path, "believed.jsonl", hotel.lines()), *given)[1]) >= {"split"}
    hotel.close()


def test_a_torn_note(world: World, tmp_path: Path) -> None:
    """A checkpoint that a crash left half written is none; alone it is wrong use."""
    journal = put(tmp_path, "journal.jsonl", world.lines)
    for end in (1, 5, len(world.newest) - 60):
        torn = put(tmp_path, "torn.txt", f"{world.old}\n{world.newest[:-end]}")
        code, answer = ask(journal, "--checkpoint", torn)
        assert (code, wrong(answer), cannot(answer)) == (0, set(), {"key", "later"})
        alone = put(tmp_path, "alone.txt", world.newest[: -len(world.newest) + 30])
        assert offline.main([str(journal), "--checkpoint", str(alone)]) == 2


@pytest.mark.parametrize("damage", [b"\xff", b"\n", b"x"])
@pytest.mark.parametrize("where", ["gue", "rase/", "\nat ", "at ", "Z\n", "\n\n", "\u2014"])
def test_a_damaged_note_costs_no_other_one(
    damage: bytes, where: str, world: World, hotel: Hotel, tmp_path: Path
) -> None:
    """A disk that forgot a byte: the note is named by its line, and the others are compared."""
    hotel.append(2)
    notes = [world.old, world.newest, hotel.checkpoint()]
    lines = hotel.lines()
    folder = tmp_path / "folder"
    folder.mkdir()
    put(folder, "hotel-a-0.jsonl", lines)
    for broken in range(3):
        texts = [note.encode() for note in notes]
        text, place = texts[broken], texts[broken].index(where.encode())
        if text[place : place + 1] == damage:
            continue
        texts[broken] = text[:place] + damage + text[place + 1 :]
        file = folder / "hotel-a.checkpoints"
        file.write_bytes(b"\n".join(texts))
        line = b"\n".join([*texts[:broken], b"x"]).count(b"\n") + 1
        line += texts[broken].startswith(b"\n")
        code, answer = ask(folder, "--key", world.key.hex())
        said = [item for item in answer["findings"] if f"{file}:{line} said" in item["text"]]
        assert [(item["id"], item["shown"]) for item in said] == [("damaged", None)]
        whole = [item for item in answer["findings"] if item["id"] == "outside" and item["shown"]]
        assert (code, len(whole)) == (0, 2)


def test_a_damaged_note_hides_nothing(world: World, hotel: Hotel, tmp_path: Path) -> None:
    """Whoever spoils the note that tells against them is named, and told by the next one."""
    hotel.append(2)
    last = hotel.checkpoint()
    spoilt = world.newest.replace("\nat 2019", "\nxx 2019")
    journal = put(tmp_path, "journal.jsonl", world.lines[:12])
    notes = put(tmp_path, "notes.txt", f"{world.old}\n{spoilt}\n{last}")
    code, answer = ask(journal, "--checkpoint", notes)
    assert (code, wrong(answer)) == (1, {"outside"})
    notes = put(tmp_path, "notes.txt", f"{world.old}\n{spoilt}")
    code, answer = ask(journal, "--checkpoint", notes)
    assert (code, "damaged" in cannot(answer)) == (0, True)
    certificate = put(tmp_path, "c.json", world.certificate.to_json())
    assert "damaged" in cannot(ask(certificate, "--checkpoint", notes)[1])
    assert "damaged" in cannot(ask(notes)[1])
    alone = put(tmp_path, "alone.txt", spoilt)
    assert offline.main([str(journal), "--checkpoint", str(alone)]) == 2


def test_a_damaged_file_stops_no_folder(world: World, tmp_path: Path) -> None:
    """Of several hotels in one folder each is judged by what is whole; alone it is wrong use."""
    folder = tmp_path / "folder"
    folder.mkdir()
    put(folder, "hotel-a-0.jsonl", world.lines)
    put(folder, "hotel-a.checkpoints", world.newest)
    other = put(folder, "hotel-b.checkpoints", "guesterase/hotel-b/0\n3\nhalf a no")
    code, answer = ask(folder, "--key", world.key.hex())
    assert (code, wrong(answer), cannot(answer)) == (0, set(), {"damaged", "later"})
    assert offline.main([str(other)]) == 2


@pytest.mark.parametrize("cut", [1, 40, 200])
def test_half_a_line_in_a_folder(cut: int, world: World, tmp_path: Path) -> None:
    """A crash left it, and nobody vouches for it; it is named, and all before it is judged."""
    folder = tmp_path / "folder"
    folder.mkdir()
    put(folder, "hotel-a.checkpoints", world.newest)
    file = put(folder, "hotel-a-0.jsonl", world.lines)
    torn = changed(world.lines[-1], index=len(world.lines))
    file.write_text(file.read_text() + torn[:-cut])
    code, answer = ask(folder, "--key", world.key.hex())
    assert (code, wrong(answer), cannot(answer)) == (0, set(), {"damaged", "later"})
    assert any(f"{file}:{len(world.lines) + 1} " in item["text"] for item in answer["findings"])
    assert ask("census", folder, "--journal", folder)[0] == 0
    certificate = put(tmp_path, "c.json", world.certificate.to_json())
    code, answer = ask(certificate, "--journal", folder, "--key", world.key.hex())
    assert (code, "damaged" in cannot(answer)) == (0, True)
    assert "revoked" in cannot(answer), "the half line may say so"


def test_half_a_line_hides_nothing_that_was_seen(
    world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whoever cuts the last entry in two cuts what a checkpoint has seen; of another one it is said
    that somebody did."""
    journal = put(tmp_path, "journal.jsonl", "\n".join(world.lines)[:-7])
    code, answer = ask(journal, "--checkpoint", put(tmp_path, "newest", world.newest))
    assert (code, wrong(answer)) == (1, {"outside"})
    lines = [*world.lines[:5], world.lines[5][:-7], *world.lines[6:]]
    middle = put(tmp_path, "middle.jsonl", lines)
    capsys.readouterr()
    assert offline.main([str(middle)]) == 2
    assert "Line 6 of" in (said := capsys.readouterr().err)
    assert "it was changed" in said


def test_a_later_epoch_alone(world: World, tmp_path: Path) -> None:
    """Of an epoch that is not here nobody can tell; the same entries twice are wrong."""
    made = catalogue.honest_epoch(world)
    two = put(tmp_path, "two.jsonl", [line for line in made.lines if '"epoch":1' in line])
    code, answer = ask(two)
    assert (code, "epochs" in cannot(answer)) == (0, True)
    twice = put(tmp_path, "twice.jsonl", two.read_text() * 2)
    code, answer = ask(twice)
    assert (code, "entries" in wrong(answer)) == (1, True)


def test_old_and_new_key(world: World, tmp_path: Path) -> None:
    """Who knows the old key believes the new one; who knows the new one, what it signed."""
    made = catalogue.changed_key(world)
    journal = put(tmp_path, "journal.jsonl", made.lines)
    old, new = put(tmp_path, "old.txt", world.old), put(tmp_path, "new.txt", made.newest)
    fresh = public(signer("hotel-a-2"))
    both = ["--checkpoint", old, "--checkpoint", new]
    for key in (world.key.hex(), verifier_key("guesterase/hotel-a/0", fresh)):
        code, answer = ask(journal, *both, "--key", key)
        assert (code, wrong(answer), cannot(answer)) == (0, set(), {"later"})
    code, answer = ask(journal, *both, "--key", fresh.hex(), "--key", bytes(32).hex())
    assert (code, wrong(answer), cannot(answer)) == (0, set(), {"later"})
    code, answer = ask(journal, "--checkpoint", old, "--key", fresh.hex())
    assert (code, "outside-signature" in cannot(answer)) == (0, True)
    head = forge.open_checkpoint(made.newest, fresh)
    backdated = sign_checkpoint(head.origin, head.size, head.root, head.at, signer("hotel-a"))
    code, answer = ask(journal, "--checkpoint", put(tmp_path, "back.txt", backdated))
    assert (code, wrong(answer)) == (1, {"outside-signature"})
    certificate = put(tmp_path, "c.json", world.certificate.to_json())
    code, answer = ask(certificate, "--key", fresh.hex())
    assert (code, wrong(answer)) == (1, {"key"})
    given = ["--key", world.key.hex(), "--key", fresh.hex(), "--checkpoint", new]
    code, answer = ask(certificate, *given)
    assert (code, ("outside-signature", True) in verdicts(answer)) == (0, True)
    given = ["--key", fresh.hex(), "--journal", journal, "--checkpoint", new]
    code, answer = ask(certificate, *given)
    assert (code, wrong(answer), cannot(answer)) == (0, set(), {"scope"})


def test_witnesses(world: World, tmp_path: Path) -> None:
    """A cosignature is shown, missing, or wrong; a key of no witness is wrong use."""
    journal = put(tmp_path, "journal.jsonl", world.lines)
    key = witness_key(*WITNESS).text()
    good = forge.cosigned(world.newest)
    _, answer = ask(journal, "--checkpoint", put(tmp_path, "good.txt", good), "--witness", key)
    assert ("witness", True) in verdicts(answer)
    _, answer = ask(journal, "--witness", key)
    assert "witness" in cannot(answer)
    line = good.removeprefix(world.newest)
    moved = put(tmp_path, "moved.txt", world.old + line)
    certificate = put(tmp_path, "c.json", world.certificate.to_json())
    for file in (journal, certificate):
        code, answer = ask(file, "--checkpoint", moved, "--witness", key)
        assert (code, wrong(answer)) == (1, {"witness"})
    assert ask(journal, "--checkpoint", moved)[0] == 0
    both = ["--checkpoint", tmp_path / "good.txt", "--witness", key]
    seen = put(tmp_path, "seen.txt", forge.cosigned(world.old))
    answer = ask(journal, *both, "--checkpoint", seen)[1]
    assert [item["text"] for item in answer["findings"] if item["id"] == "witness"] == [
        f"guesterase/hotel-a/0: {WITNESS[0]} saw 16 entries on 2026-11-18T11:06:40Z, "
        "continuing all it had seen before."
    ]
    for more, found in ((moved, [False]), (put(tmp_path, "plain.txt", world.newest), [None])):
        answer = ask(journal, *both[2:], "--checkpoint", more)[1]
        assert [one["shown"] for one in answer["findings"] if one["id"] == "witness"] == found
    assert offline.main([str(journal), "--witness", world.key.hex()]) == 2


def test_a_certificate_beside_what_is_not_of_its_journal(hotel: Hotel, tmp_path: Path) -> None:
    """Of another hotel's journal nobody can tell; an epoch that quotes its own one tells."""
    copy = hotel.backup(tmp_path / "copy.sqlite")
    hotel.number = 30
    good = put(tmp_path, "good.json", hotel.certificate().to_json())
    note = hotel.checkpoint()
    hotel.restore(copy)
    lie = put(tmp_path, "lie.json", hotel.certificate(state="sealed").to_json())
    hotel.restore(copy)
    hotel.begin_epoch(note)
    later = put(tmp_path, "1.jsonl", [line for line in hotel.lines() if '"epoch":1' in line])
    other = Hotel(tmp_path / "b.sqlite", "hotel-b", "hotel-a")
    other.append(offline.Checkpoint(note).size - 1)
    theirs, beside = put(tmp_path, "b.jsonl", other.lines()), put(tmp_path, "b", other.checkpoint())
    other.close()
    key = ["--key", public(hotel.key).hex()]
    code, answer = ask(good, *key, "--checkpoint", beside)
    assert (code, wrong(answer), "outside" in cannot(answer)) == (0, set(), True)
    code, answer = ask(good, *key, "--journal", theirs)
    assert (code, wrong(answer), {"journal", "revoked"} <= cannot(answer)) == (0, set(), True)
    code, answer = ask(good, *key, "--journal", later)
    assert (code, wrong(answer), ("journal", True) in verdicts(answer)) == (0, set(), True)
    code, answer = ask(lie, *key, "--journal", later)
    assert (code, wrong(answer)) == (1, {"journal"})


def test_a_certificate_issued_after_another_was_revoked(hotel: Hotel, tmp_path: Path) -> None:
    """The erasure was taken back and made again: the new one stands, and the old one does not."""
    hotel.number = 30
    old = put(tmp_path, "old.json", hotel.certificate().to_json())
    hotel.append(action="certificate-revoked", request="E-31")
    hotel.number = 30
    new = put(tmp_path, "new.json", hotel.certificate().to_json())
    note = hotel.checkpoint()
    hotel.begin_epoch(note)
    hotel.append(6)
    hotel.begin_epoch(hotel.checkpoint())
    zero, one, two = ([line for line in hotel.lines() if f'"epoch":{n}' in line] for n in range(3))
    journal = put(tmp_path, "journal.jsonl", [*zero, *one, *two])
    code, answer = ask(new, "--journal", journal)
    assert (code, ("revoked", True) in verdicts(answer)) == (0, True)
    assert wrong(ask(old, "--journal", journal)[1]) == {"revoked"}
    without = put(tmp_path, "without.jsonl", [*zero, *two])
    assert wrong(ask(old, "--journal", without)[1]) == {"revoked"}, "missing is no excuse"
    first = changed(edge_line(one, 3, public(hotel.key)), epoch=1)
    part = put(tmp_path, "part.jsonl", [*zero, first, *one[3:], *two])
    code, answer = ask(new, "--journal", part)
    assert (code, wrong(answer), "revoked" in cannot(answer)) == (0, set(), True)


def test_lines_of_several_signers_in_any_order(world: World, tmp_path: Path) -> None:
    """Each key is asked about its own line: of others', of an older key of that name, nothing."""
    journal = put(tmp_path, "journal.jsonl", world.lines)
    name, secret = WITNESS
    others = [(name, signer("elm before")), ("guesterase-witness/ash", signer("ash"))]
    body, _, own = world.newest.rpartition("\n\n")
    lines = [cosign(world.newest, *other, 1_795_000_000) for other in others]
    ours = cosign(world.newest, name, secret, 1_795_000_000)
    given = ["--key", world.key.hex(), "--witness", witness_key(*WITNESS).text()]
    for number, order in enumerate(([*lines, ours, own], [own, ours, *lines[::-1]])):
        note = put(tmp_path, f"note-{number}", f"{body}\n\n{''.join(order)}")
        code, answer = ask(journal, "--checkpoint", note, *given)
        assert (code, wrong(answer), cannot(answer)) == (0, set(), {"later"})
    without = put(tmp_path, "without", f"{body}\n\n{own}{''.join(lines)}")
    code, answer = ask(journal, "--checkpoint", without, *given)
    assert (code, wrong(answer), cannot(answer)) == (0, set(), {"later", "witness"})
    spoilt = put(tmp_path, "spoilt", (without.read_text()).replace("\nat 2019", "\nat 2018"))
    certificate = put(tmp_path, "c.json", world.certificate.to_json())
    for files in ([journal], [certificate], [certificate, "--journal", journal]):
        code, answer = ask(*files, "--checkpoint", spoilt, *given[:2])
        assert (code, wrong(answer)) == (1, {"outside-signature"})


def test_an_excerpt(world: World, tmp_path: Path) -> None:
    """What follows a checkpoint is whole for whoever has that checkpoint."""
    lines = [edge_line(world.lines, OLD, world.key), *world.lines[OLD:]]
    path, old = put(tmp_path, "part.jsonl", lines), put(tmp_path, "old.txt", world.old)
    newest = put(tmp_path, "new.txt", world.newest)
    both = ["--checkpoint", old, "--checkpoint", newest, "--key", world.key.hex()]
    code, answer = ask(path, *both)
    assert (code, wrong(answer), cannot(answer)) == (0, set(), {"later"})


@pytest.mark.parametrize("change", [{"guest": "Li Wei"}, {"epoch": False}, {"size": 7.0}])
def test_an_excerpt_without_its_form(
    change: dict[str, Any], world: World, tmp_path: Path
) -> None:
    """A line for entries that are not here says what such a line says, and nothing else."""
    said = json.loads(edge_line(world.lines, OLD, world.key)) | change
    line = json.dumps(said, sort_keys=True, separators=(",", ":"))
    path = put(tmp_path, "part.jsonl", [line, *world.lines[OLD:]])
    assert ask(path)[0] != 0


def test_a_proof_from_what_the_journal_itself_was(
    world: World, hotel: Hotel, tmp_path: Path
) -> None:
    """The journal knows the root of the older size; of one that nothing knows, nothing is shown."""
    journal = put(tmp_path, "journal.jsonl", world.lines)
    proof = put(tmp_path, "proof", request(OLD, hotel.consistency(OLD), world.newest))

    def told(*given: object) -> list[object]:
        answer = ask(*given, "--proof", proof)[1]
        return [item["shown"] for item in answer["findings"] if item["id"] == "proof"]

    assert told(journal) == [True]
    assert told(put(tmp_path, "edited.jsonl", catalogue.edited(world).lines)) == [False]
    newest = put(tmp_path, "newest", world.newest)
    assert told(newest) == [None]
    old, split = put(tmp_path, "old", world.old), sign_checkpoint(
        "guesterase/hotel-a/0", OLD, bytes(32), "2019-11-01T08:00:00Z", hotel.key
    )  # fmt: skip
    both = ["--checkpoint", old, "--checkpoint", put(tmp_path, "split", split)]
    assert told(newest, *both[:2]) == [True]
    assert told(newest, *both[2:]) == [False]
    assert told(newest, *both) == [False]


def test_checkpoints_without_and_with_a_journal(world: World, tmp_path: Path) -> None:
    """Each is named with what it says; whose key was changed gives both keys, or the journal."""
    made = catalogue.changed_key(world)
    notes = put(tmp_path, "notes.txt", f"{world.old}\n{made.newest}")
    keys = [world.key.hex(), public(signer("hotel-a-2")).hex()]
    code, answer = ask(notes, "--key", keys[0], "--key", keys[1])
    assert (code, wrong(answer)) == (0, set())
    heads = [forge.open_checkpoint(world.old, world.key).at, offline.Checkpoint(made.newest).at]
    assert [line.partition(" (")[0] for line in answer["says"]] == [
        f"guesterase/hotel-a/0: 7 entries, signed {heads[0]}",
        f"guesterase/hotel-a/0: 19 entries, signed {heads[1]}",
    ]
    code, answer = ask(notes, "--key", keys[0])
    (said,) = [item["text"] for item in answer["findings"] if item["shown"] is False]
    assert (code, "or the key of that time too" in said) == (1, True)
    journal = put(tmp_path, "journal.jsonl", made.lines)
    code, answer = ask(notes, "--key", keys[0], "--journal", journal)
    assert (code, wrong(answer), cannot(answer)) == (0, set(), {"later"})
    lied = forge.renumbered([*made.lines[:3], *made.lines[4:]])
    other = put(tmp_path, "other.jsonl", lied)
    assert "outside" in wrong(ask(notes, "--key", keys[0], "--journal", other)[1])


def test_checkpoints_that_contradict_beside_a_certificate(
    world: World, hotel: Hotel, tmp_path: Path
) -> None:
    """Two of one size, or one that says it is older than the smaller one inside."""
    certificate = put(tmp_path, "c.json", world.certificate.to_json())
    newest, split = world.newest, catalogue.split(world).newest
    notes = put(tmp_path, "notes", f"{newest}\n{split}")
    code, answer = ask(certificate, "--checkpoint", notes, "--key", world.key.hex())
    assert (code, wrong(answer)) == (1, {"split"})
    inside = offline.Checkpoint(world.certificate.proof.checkpoint)
    for minutes, found in ((60, set()), (61, {"split"})):
        at = forge.datetime.strptime(inside.at, "%Y-%m-%dT%H:%M:%SZ") - timedelta(minutes=minutes)
        head = forge.open_checkpoint(newest, world.key)
        note = sign_checkpoint(head.origin, head.size, head.root, f"{at:%Y-%m-%dT%H:%M:%SZ}",
                               hotel.key)  # fmt: skip
        given = ["--checkpoint", put(tmp_path, "older", note)]
        code, answer = ask(certificate, *given)
        assert (code, cannot(answer) & {"split"}) == (0, found)
        code, answer = ask(certificate, *given, "--journal", put(tmp_path, "j.jsonl", world.lines))
        assert wrong(answer) == found


def looked_again(hotel: Hotel) -> str:
    """What a guest is told who asks again what is left, signed by the real code."""
    said = {
        "format": "guesterase/scan/v1", "number": "E-1", "property": "hz1", "controller": "hotel-a",
        "at": hotel.at(), "scope": "everything", "rows": 9, "left": [], "unsearched": [],
    }  # fmt: skip
    return forge.canonical(signed(said, hotel.key)).decode()


def test_a_certificate_from_before_its_key_was_changed(hotel: Hotel, tmp_path: Path) -> None:
    """The new key alone cannot vouch for the old one, nor does it say that the old one is wrong."""
    hotel.number = 40
    documents = [
        put(tmp_path, "before.json", hotel.certificate().to_json()),
        put(tmp_path, "answer.json", looked_again(hotel)),
    ]
    hotel.change_key("hotel-a-2")
    hotel.append(3)
    journal, new = put(tmp_path, "journal.jsonl", hotel.lines()), public(hotel.key).hex()
    given = ["--journal", journal, "--key", new]
    note = put(tmp_path, "note", hotel.checkpoint())
    for document in documents:
        code, answer = ask(document, *given)
        assert (code, wrong(answer), "key" in cannot(answer)) == (0, set(), True)
        (said,) = [item["text"] for item in answer["findings"] if item["id"] == "key"]
        assert "Give a checkpoint signed with that, or the key of that time" in said
        answer = ask(document, *given, "--checkpoint", note)[1]
        assert ("key", True) in verdicts(answer)
        assert wrong(ask(document, *given[:3], public(signer("other")).hex())[1]) == {"key"}


def test_an_older_key_that_an_earlier_epoch_named(hotel: Hotel, tmp_path: Path) -> None:
    """The chain goes on in later epochs; it is followed from the certificate's own."""
    certificate = put(tmp_path, "c.json", hotel.certificate().to_json())
    hotel.begin_epoch(hotel.checkpoint())
    before, new = put(tmp_path, "before.jsonl", hotel.lines()), public(signer("hotel-a-2")).hex()
    said = b"guesterase/key-change/v1\n" + forge.canonical(["hotel-a", 1, new])
    marks = {"public-key": new, "signature": hotel.key.sign(said).hex()}
    hotel.append(action="signing-key-changed", request=None, marks=marks)
    journal = put(tmp_path, "journal.jsonl", hotel.lines())
    code, answer = ask(certificate, "--journal", journal, "--key", new)
    assert (code, wrong(answer), "key" in cannot(answer)) == (0, set(), True)
    assert wrong(ask(certificate, "--journal", before, "--key", new)[1]) == {"key"}


@pytest.mark.parametrize("signed_by", ["thief", "stranger"])
def test_a_chain_that_a_forger_led_to_the_published_key(
    signed_by: str, world: World, tmp_path: Path
) -> None:
    """Anybody can name a key that is published: it shows nothing, and a bad signature is wrong."""
    forged = forge.anew(tmp_path / "forged.sqlite", forge.drafts(world.lines), key="thief")
    certificate = put(tmp_path, "c.json", forged.certificate().to_json())
    note = put(tmp_path, "note", forged.checkpoint())
    forged.change_key("hotel-a", signed_by=signer(signed_by))
    journal = put(tmp_path, "journal.jsonl", forged.lines())
    forged.close()
    given = ["--journal", journal, "--key", world.key.hex()]
    for more in ([], ["--checkpoint", note]):
        answer = ask(certificate, *given, *more)[1]
        assert ("key", True) not in verdicts(answer)
        assert ("key" in wrong(answer)) is (signed_by == "stranger")


def test_a_changed_key_and_a_new_epoch(hotel: Hotel, tmp_path: Path) -> None:
    """The new key signs there, says the old one; whoever kept the old one begins no epoch."""
    old, seen = hotel.key, put(tmp_path, "seen", hotel.checkpoint())
    hotel.change_key("hotel-a-2")
    hotel.append(2)
    note, copy = hotel.checkpoint(), hotel.backup(tmp_path / "copy.sqlite")
    new = public(hotel.key)
    hotel.begin_epoch(note)
    hotel.number = 50
    certificate = put(tmp_path, "honest.json", hotel.certificate().to_json())
    given = ["--checkpoint", seen, "--checkpoint", put(tmp_path, "note", note),
             "--checkpoint", put(tmp_path, "last", hotel.checkpoint())]  # fmt: skip
    journal = put(tmp_path, "journal.jsonl", hotel.lines())
    code, answer = ask(journal, *given, "--key", public(old).hex())
    assert (code, wrong(answer), cannot(answer)) == (0, set(), {"later"})
    for more in (["--journal", journal], ["--journal", put(tmp_path, "0.jsonl", [
        line for line in hotel.lines() if '"epoch":0' in line])]):  # fmt: skip
        answer = ask(certificate, *more, "--key", public(old).hex())[1]
        assert ("key", True) in verdicts(answer)
    hotel.restore(copy)
    head = forge.open_checkpoint(note, new)
    with forge.transaction(hotel.engine) as conn:
        forge.journal.begin_epoch(conn, hotel.name, hotel.at(), public(old), head)
    hotel.key, hotel.number = old, 60
    stolen = put(tmp_path, "stolen.json", hotel.certificate().to_json())
    lines = hotel.lines()
    whole = put(tmp_path, "whole.jsonl", lines)
    first = put(tmp_path, "first.jsonl", [line for line in lines if '"epoch":0' in line])
    for shown in (whole, first):
        code, answer = ask(stolen, "--journal", shown, *given[:4], "--key", new.hex())
        assert (code, "key" in wrong(answer)) == (1, True)


def test_a_key_that_nobody_signed_for(world: World, hotel: Hotel, tmp_path: Path) -> None:
    """Neither a line instead of no entries nor a second opening makes the hotel's key vouch."""
    forged = catalogue.other_key(world)
    note = put(tmp_path, "forged.txt", forged.newest)
    line = edge_line([], 0, world.key)
    journal = put(tmp_path, "edge.jsonl", [line, *forged.lines])
    given = ["--checkpoint", note, "--key", world.key.hex()]
    assert ask(journal, *given)[0] != 0
    assert ask(put(tmp_path, "c.json", forged.certificate), "--journal", journal, *given)[0] != 0
    stranger = signer("stranger")
    hotel.append(action="epoch-opened", request=None, grounds=("start",),
                 marks={"public-key": public(stranger).hex()})  # fmt: skip
    opened = put(tmp_path, "opened.jsonl", hotel.lines())
    head = forge.open_checkpoint(hotel.checkpoint(), world.key)
    theirs = sign_checkpoint(head.origin, head.size, head.root, head.at, stranger)
    signed = put(tmp_path, "signed.txt", theirs)
    code, answer = ask(opened, "--checkpoint", signed, "--key", world.key.hex())
    assert (code, wrong(answer)) == (1, {"outside-signature"})


def test_a_key_that_a_line_alone_names(world: World, tmp_path: Path) -> None:
    """The line for entries left out is in no tree: who signed one vouches for no key of that."""
    stranger = Hotel(tmp_path / "stranger.sqlite", key="stranger")
    with forge.transaction(stranger.engine) as conn:
        head = forge.open_checkpoint(world.newest, world.key)
        forge.journal.begin_epoch(conn, stranger.name, stranger.at(), public(stranger.key), head)
    certificate = put(tmp_path, "c.json", stranger.certificate().to_json())
    theirs = [line for line in stranger.lines() if '"epoch":1' in line]
    stranger.close()
    line = edge_line(world.lines, len(world.lines), public(stranger.key))
    journal = put(tmp_path, "journal.jsonl", [line, *theirs])
    given = ["--checkpoint", put(tmp_path, "newest", world.newest), "--key", world.key.hex()]
    code, answer = ask(certificate, "--journal", journal, *given)
    assert (code, "key" in wrong(answer)) == (1, True)
    thief = forge.anew(tmp_path / "thief.sqlite", forge.drafts(world.lines))
    thief.key, thief.number = signer("thief"), 60
    with forge.transaction(thief.engine) as conn:
        conn.execute(forge.update(forge.tables.tree).values(public_key=public(thief.key).hex()))
    forged = put(tmp_path, "forged.json", thief.certificate().to_json())
    thief.begin_epoch(thief.checkpoint())
    grown = thief.lines()
    thief.close()
    first = edge_line(grown, len(world.lines), public(thief.key))
    behind = put(tmp_path, "behind.jsonl", [first, *grown[len(world.lines):]])
    code, answer = ask(forged, "--journal", behind, *given)
    assert (code, "key" in wrong(answer)) == (1, True)
    made = catalogue.changed_key(world)
    lines = [edge_line(made.lines, OLD, world.key), *made.lines[OLD:]]
    honest = put(tmp_path, "honest.jsonl", lines)
    old = put(tmp_path, "old.json", world.certificate.to_json())
    given = ["--checkpoint", put(tmp_path, "signed", made.newest)]
    fresh = public(signer("hotel-a-2")).hex()
    code, answer = ask(old, "--journal", honest, *given, "--key", fresh)
    assert (code, ("key", True) in verdicts(answer)) == (0, True), "it signed who came next"


def test_lost_checkpoints_need_a_proof(world: World, hotel: Hotel, tmp_path: Path) -> None:
    """A checkpoint of lost entries, smaller than the one that is quoted, is joined by a proof."""
    made = catalogue.honest_epoch(world)
    journal = put(tmp_path, "journal.jsonl", made.lines)
    leaves = [offline.leaf(line.encode()) for line in world.lines]
    root = offline.roots(leaves, {14})[14]
    note = sign_checkpoint("guesterase/hotel-a/0", 14, root, "2019-11-01T13:00:00Z", hotel.key)
    given = [journal, "--checkpoint", put(tmp_path, "lost.txt", note), "--key", world.key.hex()]
    code, answer = ask(*given)
    assert (code, {"outside", "lost"} <= cannot(answer)) == (0, True)
    proof = request(14, hotel.consistency(14), world.newest)
    code, answer = ask(*given, "--proof", put(tmp_path, "proof.txt", proof))
    assert (code, ("outside", True) in verdicts(answer)) == (0, True)
    fork = sign_checkpoint("guesterase/hotel-a/0", 14, bytes(32), "2019-11-01T13:00:00Z", hotel.key)
    given[2] = put(tmp_path, "fork.txt", fork)
    code, answer = ask(*given, "--proof", tmp_path / "proof.txt")
    assert (code, "outside" in wrong(answer)) == (1, True)


def test_memory_of_a_whole_file_does_not_grow(tmp_path: Path) -> None:
    """A journal of ten times the entries is verified with the memory of the shorter one."""
    most = {}
    for size in (300, 300, 3000):
        path = tmp_path / f"{size}.jsonl"
        generate(path, size)
        tracemalloc.start()
        code = offline.main([str(path), "--checkpoint", f"{path}.note"])
        most[size] = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert code == 0
    assert most[3000] < most[300] * 1.2


def test_memory_does_not_grow() -> None:
    """Of a journal the verifier keeps as many hashes as its length has binary digits."""
    tree = offline.Tree()
    for number in range(5000):
        tree.append(offline.leaf(str(number).encode()))
        assert len(tree.edge) == tree.size.bit_count()
    assert tree.root() == offline.roots(
        (offline.leaf(str(number).encode()) for number in range(5000)), {5000}
    )[5000]  # fmt: skip
