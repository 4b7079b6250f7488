"""How old entries were that were taken out: what checkpoints show, and what excuses nobody."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from flask_guesterase.core.checkpoint import open_checkpoint, sign_checkpoint
from flask_guesterase.core.cosignature import cosign, witness_key
from tests.tampering import catalogue, forge
from tests.tampering.catalogue import LATER, OLD, TAKEN, World
from tests.tampering.forge import SECONDS, WITNESS, edge_line, public, root, signer
from tests.test_verify import ask, wrong

EARLY = timedelta(hours=1)
SIX = timedelta(days=6 * 365)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    """The honest hotel."""
    return catalogue.honest(tmp_path_factory.mktemp("ages"))


def put(folder: Path, name: str, text: str | list[str]) -> Path:
    """Write a file."""
    path = folder / name
    path.write_text(text if isinstance(text, str) else "".join(line + "\n" for line in text))
    return path


def note(world: World, of: str, at: datetime | None = None, key: str = "hotel-a") -> str:
    """A checkpoint of the honest hotel, signed at another time or with another key."""
    head = open_checkpoint(of, world.key)
    when = head.at if at is None else at.strftime(SECONDS)
    return sign_checkpoint(head.origin, head.size, head.root, when, signer(key))


def at_of(line: str) -> datetime:
    """When an entry was written."""
    return datetime.strptime(json.loads(line)["at"], SECONDS)


def ages(folder: Path, lines: list[str], *notes: str, more: tuple[str, ...] = ()) -> list[object]:
    """What is said of the age of what is not here."""
    given = [put(folder, "journal.jsonl", lines), *more]
    for place, text in enumerate(notes):
        given += ["--checkpoint", put(folder, f"{place}.txt", text)]
    return [item["shown"] for item in ask(*given)[1]["findings"] if item["id"] == "age"]


def test_nothing_is_said_of_a_journal_that_is_whole(world: World, tmp_path: Path) -> None:
    """Who has every entry reads for himself when it was written; so with one that just begins."""
    whole = catalogue.pruned(world).lines[TAKEN - len(world.lines) - 1 :]
    assert ages(tmp_path, [*world.lines[:TAKEN], *whole], world.old) == []
    assert ages(tmp_path, catalogue.headless(world).lines, world.old) == []


def test_what_an_old_checkpoint_has_seen(world: World, tmp_path: Path) -> None:
    """One that had seen all of them, as old as they must be, shows it; not without its key."""
    lines = catalogue.pruned(world).lines
    key = ("--key", world.key.hex())
    assert ages(tmp_path, lines, world.newest, more=key) == [True]
    assert ages(tmp_path, lines, world.old, world.newest, more=key) == [True]
    assert ages(tmp_path, lines, world.old, more=key) == [None]
    assert ages(tmp_path, lines, note(world, world.newest, key="stranger")) == [None]
    stranger = ("--key", public(signer("stranger")).hex())
    assert ages(tmp_path, lines, world.newest, more=stranger) == [None]
    other = note(world, catalogue.split(world).newest)
    assert ages(tmp_path, lines, other) == [None], "it has seen another journal"


def test_a_witness_knows_when_it_was(world: World, tmp_path: Path) -> None:
    """What is dated back shows no age: the witness saw it when it was there."""
    more = ("--witness", witness_key(*WITNESS).text())
    lines = catalogue.pruned(world).lines
    assert ages(tmp_path, lines, forge.cosigned(world.newest), more=more) == [None]
    seconds = int(datetime(2019, 11, 3, tzinfo=UTC).timestamp())
    seen = cosign(world.newest, *WITNESS, seconds)
    assert ages(tmp_path, lines, world.newest + seen, more=more) == [True]


@pytest.mark.parametrize(("days", "shown"), [(-1, None), (30, None), (32, False), (300, False)])
def test_a_month_less_is_old_enough(
    days: int, shown: bool | None, world: World, tmp_path: Path
) -> None:
    """An entry of the host's may have waited for its place behind a younger checkpoint."""
    hotel = forge.anew(tmp_path / "h.sqlite", forge.drafts(world.lines)[: TAKEN - 1])
    hotel.time += timedelta(days=20)
    hotel.append(2)
    stays = hotel.time
    hotel.time = stays + SIX - timedelta(days=days)
    hotel.append(action="journal-pruned", request=None, counts={"entries": TAKEN, "epoch": 0},
                 marks={"root": root(hotel.lines()[:TAKEN])})  # fmt: skip
    lines = hotel.lines()
    hotel.close()
    young = note(world, world.old, stays)
    part = [edge_line(lines, TAKEN, world.key), *lines[TAKEN:]]
    assert ages(tmp_path, part, young) == [shown]
    assert ages(tmp_path, part, note(world, world.old, stays, "stranger")) == [None]


def test_a_clock_that_was_ahead(world: World, tmp_path: Path) -> None:
    """What stays is days older than the checkpoint of fewer entries: it was dated ahead."""
    made = catalogue.pruned(world)
    stays = at_of(made.lines[1])
    for days, shown in ((1, None), (400, None)):
        ahead = note(world, world.old, stays + timedelta(days=days))
        assert ages(tmp_path, made.lines, ahead) == [shown]
        given = tmp_path / "journal.jsonl", "--checkpoint", tmp_path / "0.txt"
        assert wrong(ask(*given)[1]) == set()
    early = catalogue.pruned(world, after=EARLY).lines
    assert ages(tmp_path, early, world.old) == [False]


def test_who_repeats_it_later_said_it_before(world: World, tmp_path: Path) -> None:
    """The first entry about it counts, whatever another one says years later."""
    early = catalogue.pruned(world, after=EARLY).lines
    hotel = forge.anew(
        tmp_path / "h.sqlite", [*forge.drafts(world.lines), *forge.drafts(early[-2:])]
    )
    hotel.time += LATER
    hotel.append(action="journal-pruned", request=None, counts={"entries": TAKEN, "epoch": 0},
                 marks={"root": root(world.lines[:TAKEN])})  # fmt: skip
    lines = [early[0], *hotel.lines()[TAKEN:]]
    hotel.close()
    assert ages(tmp_path, lines, world.old) == [False]


def test_an_entry_that_is_dated_ahead_of_today(world: World, tmp_path: Path) -> None:
    """Nothing was taken out on a day that has not come, and nothing grows old by saying so."""
    taken = forge.anew(tmp_path / "h.sqlite", forge.drafts(world.lines))
    taken.time = datetime.now(UTC).replace(tzinfo=None) - timedelta(days=2)
    taken.append(2)
    old = taken.checkpoint()
    taken.append(3)
    lines = taken.lines()
    taken.time += LATER
    taken.append(action="journal-pruned", request=None, counts={"entries": 20, "epoch": 0},
                 marks={"root": root(lines[:20])})  # fmt: skip
    part = [edge_line(lines, 20, world.key), *taken.lines()[20:]]
    taken.close()
    assert ages(tmp_path, part, old) == [False]


def test_a_certificate_beside_a_journal_that_lost_young_entries(
    world: World, tmp_path: Path
) -> None:
    """The checkpoint in the guest's hand shows it, without any other."""
    certificate = put(tmp_path, "c.json", world.certificate.to_json())
    for after, found in ((LATER, set()), (EARLY, {"age"})):
        journal = put(tmp_path, "j.jsonl", catalogue.pruned(world, after=after).lines)
        code, answer = ask(certificate, "--journal", journal)
        assert (code, wrong(answer)) == (bool(found), found)
    assert open_checkpoint(world.certificate.proof.checkpoint, world.key).size in range(OLD, TAKEN)
