"""Journals given in parts, in any order, twice, and through other systems."""

from __future__ import annotations

import base64
import hashlib
import json
from datetime import UTC, timedelta
from pathlib import Path

import pytest

from flask_guesterase import verify as offline
from flask_guesterase.core.checkpoint import open_checkpoint, sign_checkpoint
from flask_guesterase.core.cosignature import cosign, witness_key
from tests.tampering import catalogue, forge
from tests.tampering.catalogue import CUT, World
from tests.tampering.forge import WITNESS, Hotel, changed, edge_line, root, signer
from tests.tampering.test_inputs import put
from tests.test_verify import ask, cannot, verdicts, wrong


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    """The honest hotel."""
    return catalogue.honest(tmp_path_factory.mktemp("parts"))


def parts(world: World, folder: Path, *sizes: int) -> list[Path]:
    """Return the journal as it is exported month after month, each since the last."""
    made = []
    for start, end in zip((0, *sizes), (*sizes, len(world.lines)), strict=True):
        head = [edge_line(world.lines, start, world.key)] if start else []
        made.append(put(folder, f"part-{start}.jsonl", [*head, *world.lines[start:end]]))
    return made


def test_parts_make_a_whole(world: World, tmp_path: Path) -> None:
    """An auditor who got it month by month gives all of them, in whatever order."""
    files = parts(world, tmp_path, 5, 11)
    newest = put(tmp_path, "newest", world.newest)
    for given in (files, files[::-1], [files[1], files[2], files[0]]):
        code, answer = ask(*given, "--checkpoint", newest, "--key", world.key.hex())
        assert (code, wrong(answer), cannot(answer)) == (0, set(), {"later"})
        assert answer["says"] == [f"guesterase/hotel-a/0: {len(world.lines)} entries"]
    cut = [put(tmp_path, f"x{n}", world.lines[n : n + 4]) for n in (0, 4, 8, 12)]
    assert ask(*cut[::-1], "--checkpoint", newest)[0] == 0


def test_a_part_of_another_journal(world: World, tmp_path: Path) -> None:
    """A part that goes on from other entries than those before it is seen."""
    first, _, last = parts(world, tmp_path, 5, 11)
    assert wrong(ask(first, last)[1]) == {"entries"}
    spoilt = edge_line(world.lines, 5, world.key, spoil=True)
    other = put(tmp_path, "other.jsonl", [spoilt, *world.lines[5:]])
    assert wrong(ask(first, other)[1]) == {"entries"}


def test_the_same_file_twice(world: World, tmp_path: Path) -> None:
    """It is read once; the same entries from two files are the reader's to sort out."""
    path = put(tmp_path, "journal.jsonl", world.lines)
    for given in ([path, path], [path, "--journal", path], [tmp_path, "--journal", path]):
        code, answer = ask(*given)
        assert (code, wrong(answer)) == (0, set())
    longer = put(tmp_path, "older.jsonl", world.lines[:9])
    assert offline.main([str(path), str(longer)]) == 2
    since = put(tmp_path, "since", [edge_line(world.lines, 5, world.key), *world.lines[5:]])
    assert offline.main([str(path), str(since)]) == 2


def test_a_register_of_erasures_beside_it(world: World, tmp_path: Path) -> None:
    """A folder may hold both; the register is no journal."""
    put(tmp_path, "hotel-a-0.jsonl", world.lines)
    put(tmp_path, "erasures-0123456789ab.jsonl", ["{}"])
    code, answer = ask(tmp_path)
    assert (code, wrong(answer)) == (0, set())


def test_checkpoints_that_came_by_mail(world: World, tmp_path: Path) -> None:
    """A mailbox gives a letter other line ends, and some put a mark before it."""
    journal = put(tmp_path, "journal.jsonl", world.lines)
    text = f"{world.old}\n{world.newest}".replace("\n", "\r\n").encode()
    mail = tmp_path / "mail.txt"
    mail.write_bytes(b"\xef\xbb\xbf" + text)
    code, answer = ask(journal, "--checkpoint", mail, "--key", world.key.hex())
    assert (code, wrong(answer), cannot(answer)) == (0, set(), {"later"})
    assert ask(mail, "--key", world.key.hex())[0] == 0


def test_guests_who_ask_before_a_restore_is_noticed(world: World, tmp_path: Path) -> None:
    """What grew since the restore came from the host and the public form: nobody is a forger."""
    hotel = catalogue.restored(world, "loose.sqlite")
    leaves = [offline.leaf(line.encode()) for line in world.lines]

    def note(size: int) -> str:
        head = offline.roots(leaves, {size})[size]
        at = json.loads(world.lines[size - 1])["at"]
        return sign_checkpoint("guesterase/hotel-a/0", size, head, at, hotel.key)

    for count in range(2):
        stale = forge.Draft("hotel-a", "2019-11-01T02:00:00Z", "check-completed", actor="guest",
                            request=f"E-9{count}")  # fmt: skip
        hotel.write([stale])
    hotel.begin_epoch(world.newest)
    lines = hotel.lines()
    hotel.close()
    given = [item for name, text in (("old", note(CUT)), ("seen", note(CUT + 2)), ("new", note(16)))
             for item in ("--checkpoint", put(tmp_path, name, text))]  # fmt: skip
    code, answer = ask(put(tmp_path, "journal.jsonl", lines), *given)
    assert (code, wrong(answer)) == (0, set())
    code, answer = ask(tmp_path / "journal.jsonl", *given[2:])
    assert (code, wrong(answer)) == (0, set())


def test_a_clock_that_was_ahead_when_its_database_was_lost(world: World, tmp_path: Path) -> None:
    """It was set right, and a copy from before put back: what grew since is no forger's."""
    hotel = catalogue.restored(world, "ahead.sqlite")
    hotel.append(2)
    hotel.time += timedelta(hours=9)
    hotel.append(2)
    ahead = hotel.checkpoint()
    hotel.restore(world.backup)
    hotel.time -= timedelta(hours=8)
    hotel.append(6)
    hotel.begin_epoch(ahead)
    hotel.append(20)
    journal = put(tmp_path, "journal.jsonl", hotel.lines())
    given = ["--checkpoint", put(tmp_path, "ahead", ahead), "--key", world.key.hex()]
    after = put(tmp_path, "after", hotel.checkpoint())
    hotel.close()
    for more in ([], ["--checkpoint", after], ["--checkpoint", put(tmp_path, "old", world.old)]):
        code, answer = ask(journal, *given, *more)
        assert (code, wrong(answer)) == (0, set())
        said = [item["text"] for item in answer["findings"] if item["shown"] is None]
        assert sum("whether a clock was ahead" in text for text in said) == 1
    misquoted = journal.read_text().replace(offline.Checkpoint(ahead).root.hex(), "00" * 32)
    code, answer = ask(put(tmp_path, "misquoted.jsonl", misquoted), *given)
    assert (code, "outside" in wrong(answer)) == (1, True)


def test_a_witness_knows_when_a_clock_was_ahead(world: World, tmp_path: Path) -> None:
    """Its restore was noticed days later; the cosignature says when the checkpoint was signed."""
    hotel = catalogue.restored(world, "days.sqlite")
    hotel.append(2)
    seen = hotel.time.replace(tzinfo=UTC)
    hotel.time += timedelta(hours=9)
    hotel.append(2)
    ahead = hotel.checkpoint()
    hotel.restore(world.backup)
    hotel.time = seen.replace(tzinfo=None)
    hotel.append(6)
    hotel.time += timedelta(days=3)
    hotel.begin_epoch(ahead)
    hotel.append(2)
    journal = put(tmp_path, "journal.jsonl", hotel.lines())
    lied = [changed(line, counts={"guests": 9}) if n == 3 else line
            for n, line in enumerate(hotel.lines())]  # fmt: skip
    hotel.close()
    note = put(tmp_path, "ahead", ahead + cosign(ahead, *WITNESS, int(seen.timestamp())))
    given = ["--checkpoint", note, "--key", world.key.hex()]
    assert wrong(ask(journal, *given)[1]) == {"outside"}
    given += ["--witness", witness_key(*WITNESS).text()]
    plain = put(tmp_path, "plain", ahead)
    assert wrong(ask(journal, "--checkpoint", plain, *given[2:])[1]) == {"outside"}
    code, answer = ask(journal, *given)
    assert (code, wrong(answer), "lost" in cannot(answer)) == (0, set(), True)
    old = put(tmp_path, "old", world.old + cosign(world.old, *WITNESS, int(seen.timestamp())))
    given += ["--checkpoint", old]
    assert ask(journal, *given)[0] == 0
    code, answer = ask(put(tmp_path, "lied.jsonl", lied), *given)
    assert (code, wrong(answer)) == (1, {"outside"})


@pytest.mark.parametrize(("back", "pause"), [(0, 0), (1, 0), (40, 0), (1, 40), (45, 40)])
def test_an_opening_that_is_dated_back(
    back: int, pause: int, world: World, tmp_path: Path
) -> None:
    """An old entry is edited: no hour that an opening may name excuses what was seen before it."""
    lied = forge.lie(forge.drafts(world.lines), 2)
    hotel = forge.anew(tmp_path / "back.sqlite", lied[: len(lied) - 4])
    hotel.time += timedelta(hours=pause)
    hotel.append(4)
    true = forge.anew(tmp_path / "true.sqlite", forge.drafts(world.lines)[: len(lied) - 4])
    middle = true.checkpoint()
    true.time += timedelta(hours=pause)
    true.append(4)
    newest = true.checkpoint()
    hotel.time -= timedelta(hours=back + 1)
    hotel.begin_epoch(newest)
    hotel.append(2)
    journal = put(tmp_path, "journal.jsonl", hotel.lines())
    hotel.close()
    true.close()
    heads = {"old": world.old, "middle": middle, "newest": newest}
    given = [put(tmp_path, name, text) for name, text in heads.items()]
    alone = [ask(journal, "--checkpoint", head) for head in given]
    assert [code for code, _ in alone[:1]] == [1]
    code, answer = ask(journal, *(item for head in given for item in ("--checkpoint", head)))
    assert (code, "outside" in wrong(answer)) == (1, True)
    if back != 1:
        assert [code for code, _ in alone] == [1, 1, 1]


def test_a_second_restore_that_lost_the_epoch_of_the_first(world: World, tmp_path: Path) -> None:
    """What an epoch had lost was told by the next, which is lost itself."""
    first = catalogue.restored(world, "first.sqlite")
    first.begin_epoch(world.newest)
    first.append(2)
    middle = first.checkpoint()
    first.close()
    second = catalogue.restored(world, "second.sqlite")
    second.time = first.time
    second.begin_epoch(middle)
    journal = put(tmp_path, "journal.jsonl", second.lines())
    second.close()
    newest, last = put(tmp_path, "newest", world.newest), put(tmp_path, "middle", middle)
    code, answer = ask(journal, "--checkpoint", newest, "--checkpoint", last)
    assert (code, wrong(answer)) == (0, set())
    assert {"outside", "epochs"} <= cannot(answer)
    lie = [changed(line, counts={"guests": 9}) if n == 2 else line
           for n, line in enumerate(journal.read_text().splitlines())]  # fmt: skip
    old = put(tmp_path, "old", world.old)
    code, answer = ask(put(tmp_path, "lie.jsonl", lie), "--checkpoint", old)
    assert (code, wrong(answer)) == (1, {"outside"})


@pytest.mark.parametrize("grown", [0, 6])
def test_a_restore_that_lost_who_signed(grown: int, world: World, tmp_path: Path) -> None:
    """The key was changed twice since the copy: what named the first of them is lost as well."""
    hotel = forge.anew(tmp_path / "keys.sqlite", forge.drafts(world.lines))
    copy = hotel.backup(tmp_path / "copy.sqlite")
    hotel.change_key("hotel-a-2")
    hotel.append(2)
    seen, signed_by = hotel.checkpoint(), hotel.key
    hotel.change_key("hotel-a-3")
    hotel.restore(copy)
    hotel.append(grown)
    head = open_checkpoint(seen, forge.public(signed_by))
    with forge.transaction(hotel.engine) as conn:
        forge.journal.begin_epoch(
            conn, hotel.name, hotel.at(), forge.public(hotel.key), head
        )  # fmt: skip
    given = [put(tmp_path, "journal.jsonl", hotel.lines()),
             "--checkpoint", put(tmp_path, "seen", seen)]  # fmt: skip
    hotel.append(1)
    hotel.begin_epoch(hotel.checkpoint())
    between = [line for line in hotel.lines() if '"epoch":1' not in line]
    hotel.close()
    for journal in (given[0], put(tmp_path, "between.jsonl", between)):
        code, answer = ask(journal, *given[1:])
        assert (code, wrong(answer), "outside-signature" in cannot(answer)) == (0, set(), True)
    code, answer = ask(*given, "--key", forge.public(signed_by).hex())
    assert ("outside-signature", True) in verdicts(answer)
    said = sign_checkpoint(head.origin, head.size, b"x" * 32, head.at, hotel.key)
    spoilt = put(tmp_path, "spoilt", said.replace("eHh4", "eXh4"))
    assert "outside-signature" in wrong(ask(given[0], "--checkpoint", spoilt)[1])


def test_a_restore_under_a_key_that_nobody_named(world: World, tmp_path: Path) -> None:
    """Who opens an epoch with a key of theirs, and quotes what it signed, is not vouched for."""
    hotel = forge.anew(tmp_path / "theirs.sqlite", forge.drafts(world.lines))
    copy = hotel.backup(tmp_path / "copy.sqlite")
    hotel.change_key("somebody")
    hotel.append(2)
    seen = hotel.checkpoint()
    hotel.restore(copy)
    hotel.begin_epoch(seen)
    given = [put(tmp_path, "journal.jsonl", hotel.lines()),
             "--checkpoint", put(tmp_path, "seen", seen)]  # fmt: skip
    hotel.close()
    code, answer = ask(*given, "--key", world.key.hex())
    assert (code, ("outside-signature", None) in verdicts(answer)) == (0, True)
    code, answer = ask(*given, "--key", forge.public(hotel.key).hex())
    assert (code, ("outside-signature", True) in verdicts(answer)) == (0, True)


def test_a_journal_of_somebody_elses_explained_by_a_restore(world: World, tmp_path: Path) -> None:
    """It quotes a checkpoint of the hotel's: that one vouches for no key of a tree it is not of."""
    hotel = Hotel(tmp_path / "theirs.sqlite", key="somebody")
    hotel.time += timedelta(days=3)
    hotel.append(20)
    head = open_checkpoint(world.newest, world.key)
    with forge.transaction(hotel.engine) as conn:
        forge.journal.begin_epoch(conn, hotel.name, hotel.at(), forge.public(hotel.key), head)
    journal = put(tmp_path, "journal.jsonl", hotel.lines())
    hotel.close()
    given = ["--checkpoint", put(tmp_path, "newest", world.newest), "--key", world.key.hex()]
    code, answer = ask(journal, *given)
    assert (code, "key" in wrong(answer)) == (1, True)


def test_an_epoch_between_is_not_shown(world: World, tmp_path: Path) -> None:
    """What grew since a restore is newer than what was lost; which one lost it that epoch says."""
    hotel = catalogue.restored(world, "between.sqlite")
    hotel.append(6)
    hotel.begin_epoch(world.newest)
    hotel.append(2)
    hotel.begin_epoch(hotel.checkpoint())
    lines = [line for line in hotel.lines() if '"epoch":1' not in line]
    hotel.close()
    given = ["--checkpoint", put(tmp_path, "newest", world.newest), "--key", world.key.hex()]
    code, answer = ask(put(tmp_path, "journal.jsonl", lines), *given)
    assert (code, wrong(answer), "outside" in cannot(answer)) == (0, set(), True)


def test_a_second_restore_that_quotes_what_both_lost(world: World, tmp_path: Path) -> None:
    """What was lost is told for each epoch; what an opening quotes and nobody saw is wrong."""
    first = catalogue.restored(world, "first.sqlite")
    first.begin_epoch(world.newest)
    first.append(2)
    middle = first.checkpoint()
    first.close()
    second = catalogue.restored(world, "second.sqlite")
    second.time = first.time
    second.begin_epoch(middle, world.newest)
    lines = second.lines()
    second.close()
    journal = put(tmp_path, "journal.jsonl", lines)
    given = ["--checkpoint", put(tmp_path, "newest", world.newest),
             "--checkpoint", put(tmp_path, "middle", middle)]  # fmt: skip
    code, answer = ask(journal, *given, "--key", world.key.hex())
    assert (code, wrong(answer)) == (0, set())
    seen = [item["text"] for item in answer["findings"] if item["id"] == "outside"]
    assert sum("agrees with what guesterase/hotel-a/2 quotes" in text for text in seen) == 2
    lost = [item["text"] for item in answer["findings"] if item["id"] == "lost"]
    assert len(lost) == 1
    assert "guesterase/hotel-a/0: what entries 12 to 15" in lost[0]
    spoilt = json.loads(lines[-1])["marks"] | {"previous-root-0": "00" * 32}
    lie = put(tmp_path, "lie.jsonl", [*lines[:-1], changed(lines[-1], marks=spoilt)])
    assert wrong(ask(lie, *given)[1]) == {"epochs", "outside"}
    for old, new in (('"previous-size-0":16', '"previous-size-0":"16"'),
                     ("previous-size-0", "previous-size-1"), ("root-0", "root-x")):  # fmt: skip
        odd = put(tmp_path, "odd.jsonl", [*lines[:-1], lines[-1].replace(old, new)])
        assert offline.main([str(odd)]) == 2


@pytest.mark.parametrize(
    ("place", "old", "new"),
    [
        (-1, '"previous-size":16', '"previous-size":"16"'),
        (-1, '"previous-epoch"', '"next-epoch"'),
        (-1, '"facts":{', '"facts":[],"other":{'),
    ],
)
def test_an_opening_without_its_form(
    place: int, old: str, new: str, world: World, tmp_path: Path
) -> None:
    """It is no entry of a journal, and said in words."""
    hotel = catalogue.restored(world, "form.sqlite")
    hotel.begin_epoch(world.newest)
    lines = hotel.lines()
    hotel.close()
    assert old in lines[place]
    lines[place] = lines[place].replace(old, new)
    assert offline.main([str(put(tmp_path, "journal.jsonl", lines))]) == 2


@pytest.mark.parametrize("grown", [4, 5])
def test_which_entries_a_restore_lost(grown: int, world: World, tmp_path: Path) -> None:
    """What grew in their place hides none of them: they begin behind the last one that is known."""
    lines = catalogue.honest_epoch(world, grown).lines
    journal = put(tmp_path, "journal.jsonl", lines)
    leaves = [offline.leaf(line.encode()) for line in lines]
    seen = [offline.leaf(line.encode()) for line in world.lines]
    heads = offline.roots(leaves, {3, CUT + grown}) | offline.roots(seen, {14})
    notes = {"newest": world.newest, "old": world.old}
    for size, head in heads.items():
        notes[str(size)] = sign_checkpoint(
            "guesterase/hotel-a/0", size, head, "2019-11-02T00:00:00Z", signer("hotel-a")
        )
    given = {name: ["--checkpoint", str(put(tmp_path, name, text))] for name, text in notes.items()}
    for names, first in (
        ("", 0), ("newest", 0), ("old newest", 7), ("newest 3 old", 7), (f"3 {CUT + grown}", 3),
        ("14", 0),
    ):  # fmt: skip
        answer = ask(journal, *(item for name in names.split() for item in given[name]))[1]
        said = [item["text"] for item in answer["findings"] if item["id"] == "lost"]
        assert len(said) == 1
        assert f"guesterase/hotel-a/0: what entries {first} to 15 said" in said[0]


def test_an_epoch_that_lost_nothing(world: World, tmp_path: Path) -> None:
    """It quotes the one before as that is, and nothing is told for lost."""
    hotel = forge.anew(tmp_path / "nothing.sqlite", forge.drafts(world.lines))
    hotel.begin_epoch(hotel.checkpoint())
    hotel.append(action="journal-pruned", request=None, counts={"entries": 5, "epoch": 0},
                 marks={"root": root(world.lines[:5])})  # fmt: skip
    whole = hotel.lines()
    part = [edge_line(whole, 5, world.key), *whole[5:]]
    for lines in (whole, part):
        code, answer = ask(put(tmp_path, "journal.jsonl", lines))
        assert (code, "lost" in cannot(answer), ("epochs", True) in verdicts(answer)) == (
            0, False, True)  # fmt: skip


@pytest.mark.parametrize(
    ("seen", "taken", "found"), [(15, 18, "epochs"), (16, 18, "lost"), (16, 17, "lost")]
)
def test_a_restore_that_never_was_behind_a_pruned_start(
    seen: int, taken: int, found: str, world: World, tmp_path: Path
) -> None:
    """What is quoted is other entries, says the edge; where it does not say, nobody can tell."""
    leaves = [offline.leaf(line.encode()) for line in world.lines]
    head = offline.roots(leaves, {seen})[seen]
    at = json.loads(world.lines[seen - 1])["at"]
    note = sign_checkpoint("guesterase/hotel-a/0", seen, head, at, signer("hotel-a"))
    hotel = forge.anew(tmp_path / "claimed.sqlite", forge.drafts(world.lines)[: CUT - 1])
    hotel.time += timedelta(days=3)
    hotel.append(8)
    gone = hotel.lines()[:taken]
    hotel.begin_epoch(note)
    hotel.append(action="journal-pruned", request=None, counts={"entries": taken, "epoch": 0},
                 marks={"root": root(gone)})  # fmt: skip
    given = [item for name, text in (("seen", note), ("today", hotel.checkpoint()))
             for item in ("--checkpoint", put(tmp_path, name, text))]  # fmt: skip
    lines = [edge_line(gone, taken, world.key), *hotel.lines()[taken:]]
    hotel.close()
    code, answer = ask(put(tmp_path, "journal.jsonl", lines), *given, "--key", world.key.hex())
    assert (code, wrong(answer), cannot(answer)) == (0, set(), {found, "age", "later"})


def test_an_epoch_that_quotes_itself(world: World, tmp_path: Path) -> None:
    """A restore is of what was before it: nothing else is explained by one."""
    hotel = catalogue.restored(world, "itself.sqlite")
    hotel.begin_epoch(world.newest)
    lines = hotel.lines()
    hotel.close()
    facts = json.loads(lines[-1])["facts"] | {"previous-epoch": 1}
    journal = put(tmp_path, "journal.jsonl", [*lines[:-1], changed(lines[-1], facts=facts)])
    code, answer = ask(journal)
    assert (code, wrong(answer)) == (1, {"epochs"})


def test_an_epoch_that_quotes_a_later_one(world: World, tmp_path: Path) -> None:
    """The newest epoch is kept back, and an entry of the one before tells it for lost."""
    hotel = catalogue.restored(world, "later.sqlite")
    copy = hotel.backup(tmp_path / "copy.sqlite")
    hotel.begin_epoch(world.newest)
    hotel.append(3)
    newest = hotel.checkpoint()
    head = open_checkpoint(newest, world.key)
    hotel.restore(copy)
    hotel.append(action="journal-pruned", request=None,
                 counts={"entries": 0, "epoch": 0, "previous-size-1": head.size},
                 marks={"root": hashlib.sha256().hexdigest(), "previous-root-1": head.root.hex()})
    given = ["--checkpoint", put(tmp_path, "newest", newest), "--key", world.key.hex()]
    journal = put(tmp_path, "journal.jsonl", hotel.lines())
    hotel.close()
    certificate = put(tmp_path, "c.json", world.certificate.to_json())
    for file in ([journal], [certificate, "--journal", journal]):
        code, answer = ask(*file, *given)
        assert (code, wrong(answer)) == (1, {"epochs"})


def test_a_pruning_that_names_another_root_beside_a_certificate(
    world: World, tmp_path: Path
) -> None:
    """What is wrong about a journal by itself is wrong there too."""
    certificate = put(tmp_path, "c.json", world.certificate.to_json())
    for spoil, found in (("", set()), ("entry", {"pruned"})):
        lines = catalogue.pruned(world, spoil).lines
        journal = put(tmp_path, "journal.jsonl", lines)
        assert wrong(ask(certificate, "--journal", journal)[1]) == found


def test_a_checkpoint_without_a_time(world: World, tmp_path: Path) -> None:
    """Nobody signs such a thing; it is no checkpoint, and no accident of the program's."""
    key = signer("hotel-a")
    head = open_checkpoint(world.newest, forge.public(key))
    text = f"{head.origin}\n{head.size}\n{world.newest.splitlines()[2]}\nat noon\n"
    name = offline.Checkpoint(world.newest).key_id(forge.public(key))
    signature = base64.b64encode(name + key.sign(text.encode())).decode()
    note = put(tmp_path, "noon", f"{text}\n\u2014 {head.origin} {signature}\n")
    journal = put(tmp_path, "journal.jsonl", world.lines)
    assert offline.main([str(journal), "--checkpoint", str(note)]) == 2


@pytest.mark.parametrize("named", [{}, {"epoch": 0}])
def test_a_pruning_of_an_epoch_before(
    named: dict[str, int], world: World, tmp_path: Path
) -> None:
    """The entry stands in the epoch of today, which has other first entries; no less is a lie."""
    answers = []
    for said in (root(world.lines[:4]), "00" * 32):
        hotel = catalogue.restored(world, "epochs.sqlite")
        hotel.begin_epoch(world.newest)
        hotel.append(6)
        hotel.append(action="journal-pruned", request=None, counts={"entries": 4, **named},
                     marks={"root": said})  # fmt: skip
        lines = [edge_line(hotel.lines(), 4, world.key), *hotel.lines()[4:]]
        hotel.close()
        answers.append(ask(put(tmp_path, "journal.jsonl", lines)))
    (code, answer), (_, lie) = answers
    assert (code, wrong(answer), "pruned" in cannot(answer)) == (0, set(), False)
    assert [item["text"][:20] for item in answer["findings"] if item["id"] == "pruned"] == [
        "guesterase/hotel-a/0"
    ]
    assert wrong(lie) == {"pruned"}


@pytest.mark.parametrize("named", [{}, {"epoch": 0}])
def test_a_part_behind_what_was_pruned(named: dict[str, int], world: World, tmp_path: Path) -> None:
    """What it says was taken out is not here to be compared, nor is who named the key before."""
    hotel = forge.anew(tmp_path / "part.sqlite", forge.drafts(world.lines))
    seen = hotel.checkpoint()
    hotel.change_key("hotel-a-2")
    hotel.append(action="journal-pruned", request=None, counts={"entries": 3, **named},
                 marks={"root": root(world.lines[:3])})  # fmt: skip
    lines, key = hotel.lines(), forge.public(hotel.key)
    hotel.close()
    whole = put(tmp_path, "whole.jsonl", lines)
    note = put(tmp_path, "seen", seen)
    code, answer = ask(whole, "--checkpoint", note, "--key", world.key.hex())
    assert (code, ("outside-signature", True) in verdicts(answer)) == (0, True)
    for size, first in ((6, world.key), (17, key)):
        part = put(tmp_path, f"{size}.jsonl", [edge_line(lines, size, first), *lines[size:]])
        code, answer = ask(part, "--key", world.key.hex())
        assert (code, wrong(answer), "key" in cannot(answer)) == (0, set(), True)


def test_a_pruning_without_a_number(tmp_path: Path) -> None:
    """The number of entries that went is a number."""
    hotel = Hotel(tmp_path / "h.sqlite")
    hotel.append(3)
    hotel.append(action="journal-pruned", request=None, counts={"entries": 2},
                 marks={"root": "00" * 32})  # fmt: skip
    lines = hotel.lines()
    hotel.close()
    lines[-1] = lines[-1].replace('"entries":2', '"entries":[2]')
    assert offline.main([str(put(tmp_path, "journal.jsonl", lines))]) == 2
