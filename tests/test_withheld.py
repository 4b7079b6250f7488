"""What a hotel leaves out of what it shows is no proof that it is not there."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from flask_guesterase.core.checkpoint import open_checkpoint, sign_checkpoint
from flask_guesterase.core.log import pruned
from flask_guesterase.core.tree import Frontier, leaf_hash
from flask_guesterase.store.journaling import journal, witness
from flask_guesterase.store.transaction import transaction
from tests.test_verify import AT, House, ask, cannot, wrong


@pytest.fixture
def house(tmp_path: Path) -> Any:
    """A hotel whose certificate is followed by other entries."""
    made: Any = House(tmp_path)
    made.append(2)
    yield made
    made.engine.dispose()


def revoked(house: Any, journal: Path) -> bool | None:
    """Return what a part of the journal shows of the certificate: it stands, or not, or unknown."""
    _, answer = ask(
        house.folder / "certificate.json", "--journal", journal,
        "--checkpoint", house.checkpoint(), "--key", house.key,
    )  # fmt: skip
    (found,) = [item for item in answer["findings"] if item["id"] == "revoked"]
    shown: bool | None = found["shown"]
    return shown


def part(house: Any, first: int) -> Path:
    """Return the journal from an entry on, as it is after those before were taken out."""
    lines = house.journal().read_text(encoding="utf-8").splitlines()
    frontier, _ = Frontier().extend([leaf_hash(line.encode()) for line in lines[:first]])
    head = pruned("hotel-a", 0, frontier, house.keeper.public_key()).decode()
    text = "\n".join([head, *lines[first:]]) + "\n"
    path: Path = house.file(f"from-{first}.jsonl", text)
    return path


@pytest.mark.parametrize(
    ("first", "shown"), [(0, False), (3, False), (4, False), (5, None), (7, None)]
)
def test_a_revocation_that_was_left_out(house: Any, first: int, shown: bool | None) -> None:
    """Entry 3 is the certificate's and 4 revokes it; the journal is shown from some entry on."""
    made = house.certificate()
    house.file("certificate.json", made.to_json())
    house.append(action="certificate-revoked", request=made.content.number)
    house.append(5)
    journal = part(house, first) if first else house.journal()
    assert revoked(house, journal) is shown


@pytest.mark.parametrize("change", [
    lambda lines: [*lines[:4], *lines[5:]],
    lambda lines: [*lines[:4], lines[4].replace('"actor":"system"', '"actor":null'), *lines[5:]],
    lambda lines: [*lines[:4], lines[5], lines[4], *lines[6:]],
])  # fmt: skip
def test_a_revocation_that_was_cut_out(change: Any, house: Any) -> None:
    """A journal with a hole is wrong beside a certificate as it is alone."""
    made = house.certificate()
    file = house.file("certificate.json", made.to_json())
    house.append(action="certificate-revoked", request=made.content.number)
    house.append(5)
    lines = change(house.journal().read_text(encoding="utf-8").splitlines())
    journal = house.file("cut.jsonl", "\n".join(lines) + "\n")
    assert wrong(ask(journal)[1]) == {"entries"}
    assert revoked(house, journal) is not True
    code, answer = ask(file, "--journal", journal)
    assert (code, "entries" in wrong(answer)) == (1, True)


def test_a_key_that_named_itself_beside_a_certificate(house: Any) -> None:
    """A change of keys that the old one did not sign is wrong beside a certificate too."""
    file = house.file("certificate.json", house.certificate().to_json())
    house.append(
        action="signing-key-changed", request=None,
        marks={"public-key": "00" * 32, "signature": "00" * 64},
    )  # fmt: skip
    assert wrong(ask(file, "--journal", house.journal())[1]) == {"key-change"}


@pytest.mark.parametrize(("first", "shown"), [(0, True), (4, True), (5, None)])
def test_a_certificate_that_stands(house: Any, first: int, shown: bool | None) -> None:
    """Whoever has every entry behind the certificate is told that none revokes it."""
    house.file("certificate.json", house.certificate().to_json())
    house.append(6)
    journal = part(house, first) if first else house.journal()
    assert revoked(house, journal) is shown


@pytest.mark.parametrize(("left_out", "shown"), [(0, True), (1, None)])
def test_a_certificate_that_stands_before_a_restore(
    house: Any, left_out: int, shown: bool | None
) -> None:
    """The next epoch says how many entries the one before had: all of them are looked through."""
    house.file("certificate.json", house.certificate().to_json())
    house.append(3)
    lines = house.journal().read_text(encoding="utf-8").splitlines()
    begin_epoch(house)
    whole = house.journal().read_text(encoding="utf-8").splitlines()
    kept = lines[: len(lines) - left_out]
    text = "\n".join([*kept, *whole[len(lines) :]]) + "\n"
    assert revoked(house, house.file("both.jsonl", text)) is shown


def begin_epoch(house: Any, seen: Any = None) -> None:
    """Begin an epoch that quotes a checkpoint, or the journal as it is."""
    seen = seen or checkpoint(house)
    with transaction(house.engine) as conn:
        journal.begin_epoch(conn, "hotel-a", AT, house.keeper.public_key(), seen)


def checkpoint(house: Any) -> Any:
    """Return the journal's checkpoint as it is now."""
    text = house.checkpoint().read_text(encoding="utf-8")
    return open_checkpoint(text, house.keeper.public_key())


def restore(house: Any, copy: Path, grown: int) -> None:
    """Put an earlier copy in the database's place, let entries grow in it, and declare it."""
    seen = checkpoint(house)
    house.engine.dispose()
    shutil.copy(copy, house.folder / "db.sqlite")
    house.append(grown)
    begin_epoch(house, seen)


def epochs(house: Any) -> list[list[str]]:
    """Return the lines of the journal by epoch."""
    lines = house.journal().read_text(encoding="utf-8").splitlines()
    last = json.loads(lines[-1])["epoch"]
    return [[one for one in lines if f'"epoch":{n},' in one] for n in range(last + 1)]


@pytest.mark.parametrize("grown", [0, 1, 2, 5])
def test_a_revocation_that_a_restore_lost(grown: int, house: Any) -> None:
    """As many entries as were lost may have grown in their place: they are others."""
    house.file("certificate.json", house.certificate().to_json())
    copy = house.folder / "copy.sqlite"
    shutil.copy(house.folder / "db.sqlite", copy)
    house.append(action="certificate-revoked", request="E-3")
    house.append()
    restore(house, copy, grown)
    assert revoked(house, house.journal()) is None


@pytest.mark.parametrize("grown", [0, 1, 4])
def test_a_certificate_that_a_restore_lost(grown: int, house: Any) -> None:
    """What grew in its place came behind something else."""
    copy = house.folder / "copy.sqlite"
    shutil.copy(house.folder / "db.sqlite", copy)
    house.file("certificate.json", house.certificate().to_json())
    restore(house, copy, grown)
    assert revoked(house, house.journal()) is None


def test_a_revocation_in_an_epoch_that_was_cut(house: Any) -> None:
    """A checkpoint of a later epoch tells of what it has seen beside a certificate too."""
    made = house.certificate()
    file = house.file("certificate.json", made.to_json())
    begin_epoch(house)
    house.append(2)
    house.append(action="certificate-revoked", request=made.content.number)
    newest = house.checkpoint()
    first, second = epochs(house)
    given = ["--key", house.key, "--checkpoint", newest]
    stranger = Ed25519PrivateKey.generate()
    head = open_checkpoint(newest.read_text("utf-8"), house.keeper.public_key())
    note = sign_checkpoint(head.origin, head.size, head.root, head.at, stranger)
    theirs = ["--checkpoint", house.file("theirs.txt", note)]
    code, answer = ask(file, "--journal", house.journal(), *theirs)
    assert wrong(answer) == {"outside-signature", "revoked"}
    cut = house.file("cut.jsonl", "\n".join([*first, *second[:-1]]) + "\n")
    code, answer = ask(file, "--journal", cut, *given)
    assert (code, "outside" in wrong(answer)) == (1, True)
    alone = house.file("alone.jsonl", "\n".join(first) + "\n")
    code, answer = ask(file, "--journal", alone, *given)
    assert (code, "outside" in wrong(answer)) == (1, True)
    code, answer = ask(file, "--journal", house.journal(), *given)
    assert wrong(answer) == {"revoked"}
    code, answer = ask(file, *given)
    assert (code, "outside" in cannot(answer)) == (0, True)


def test_each_checkpoint_beside_a_certificate_is_spoken_of_once(house: Any) -> None:
    """One of its journal is compared; of another company's, or of whose nobody knows, no word."""
    made = house.certificate()
    file, newest = house.file("certificate.json", made.to_json()), house.checkpoint()
    house.append(controller="hotel-b", count=2)
    with transaction(house.engine) as conn:
        text = witness.checkpoint(conn, "hotel-b", house.keeper.signing_key(), AT)
    head = open_checkpoint(made.proof.checkpoint, house.keeper.public_key())
    stranger = Ed25519PrivateKey.generate()
    odd = sign_checkpoint(head.origin, head.size, bytes(32), head.at, stranger)
    texts = {"newest": newest.read_text("utf-8"), "b": text.replace("at 2026", "at 2025"),
             "odd": odd}  # fmt: skip

    def told(name: str, *more: object) -> list[object]:
        note = house.file(f"{name}.txt", texts[name])
        answer = ask(file, "--checkpoint", note, *more)[1]
        return [one["shown"] for one in answer["findings"] if one["id"].startswith("outside")]

    assert told("newest") == [True, True]
    assert told("newest", "--journal", house.journal()) == [True, True]
    assert told("b") == [None]
    assert told("b", "--journal", house.journal()) == [None]
    assert told("odd") == [None]


def test_a_certificate_of_an_epoch_nobody_else_is_shown(house: Any) -> None:
    """A journal that ends before the certificate's epoch is not all of it."""
    shown = house.journal("shown.jsonl")
    begin_epoch(house)
    file = house.file("certificate.json", house.certificate().to_json())
    code, answer = ask(file, "--journal", shown, "--key", house.key)
    assert (code, wrong(answer)) == (1, {"journal"})


@pytest.mark.parametrize("quoted", [True, False])
def test_a_certificate_of_an_epoch_that_was_lost_whole(quoted: bool, house: Any) -> None:
    """Nothing of it had left but the certificate, which the register of erasures remembers.

    Who leaves a number out, and quotes the epoch before that as the last one, hides an epoch.
    """
    copy = house.folder / "copy.sqlite"
    shutil.copy(house.folder / "db.sqlite", copy)
    seen = open_checkpoint(house.checkpoint().read_text("utf-8"), house.keeper.public_key())
    begin_epoch(house)
    file = house.file("certificate.json", house.certificate().to_json())
    note = house.checkpoint("lost.txt")
    lost = checkpoint(house)
    house.engine.dispose()
    shutil.copy(copy, house.folder / "db.sqlite")
    last, more = (lost, [seen]) if quoted else (seen, [])
    with transaction(house.engine) as conn:
        journal.begin_epoch(conn, "hotel-a", AT, house.keeper.public_key(), last, more, before=1)
    shown = house.journal()
    code, answer = ask(file, "--journal", shown, "--key", house.key)
    assert (code, wrong(answer)) == ((0, set()) if quoted else (1, {"journal"}))
    code, answer = ask(shown, "--checkpoint", note, "--key", house.key)
    assert (code, wrong(answer)) == ((0, set()) if quoted else (1, {"outside"}))
    assert ("epochs" if quoted else "lost") in cannot(ask(shown)[1]), "it is told as not here"


def test_a_revocation_in_an_epoch_that_was_left_out(house: Any) -> None:
    """The epoch between two others is not shown: whether one of its entries revokes is unknown."""
    made = house.certificate()
    house.file("certificate.json", made.to_json())
    ends = []
    for number in (1, 2):
        text = house.checkpoint().read_text(encoding="utf-8")
        seen = open_checkpoint(text, house.keeper.public_key())
        ends.append(len(house.journal().read_text(encoding="utf-8").splitlines()))
        with transaction(house.engine) as conn:
            journal.begin_epoch(conn, "hotel-a", AT, house.keeper.public_key(), seen)
        if number == 1:
            house.append(action="certificate-revoked", request=made.content.number)
    lines = house.journal().read_text(encoding="utf-8").splitlines()
    assert revoked(house, house.journal()) is False
    first, last = ends
    text = "\n".join([*lines[:first], *lines[last:]]) + "\n"
    assert revoked(house, house.file("two.jsonl", text)) is None
    edited = house.file("edited.jsonl", text.replace('"counts":{}', '"counts":{"guests":9}', 2))
    code, answer = ask(house.folder / "certificate.json", "--journal", edited)
    assert (code, wrong(answer)) == (1, {"journal"}), "what is there is compared"


def test_a_checkpoint_that_names_a_key_it_was_not_signed_with(house: Any) -> None:
    """Beside the certificate alone it is wrong: no other key can have made it."""
    file = house.file("certificate.json", house.certificate().to_json())
    text = house.checkpoint().read_text(encoding="utf-8")
    forged = house.file("forged.txt", text.replace("at 2026", "at 2025"))
    for more in ([], ["--key", bytes(32).hex()]):
        code, answer = ask(file, "--checkpoint", forged, "--key", house.key, *more)
        assert (code, wrong(answer)) == (1, {"outside-signature"})


@pytest.mark.parametrize("ground", ["restore", "tart"])
def test_an_opening_that_says_why_and_quotes_nothing(ground: str, house: Any) -> None:
    """The first entry says a start, or a restore with what the world had seen."""
    text = house.journal().read_text(encoding="utf-8").replace('["start"]', f'["{ground}"]')
    assert wrong(ask(house.file("other.jsonl", text))[1]) == {"first"}


def test_a_journal_without_entries_is_none(house: Any, capsys: pytest.CaptureFixture[str]) -> None:
    """An emptied folder is not a journal against which nothing speaks."""
    folder = house.folder / "shown"
    folder.mkdir()
    (folder / "hotel-a-0.jsonl").write_text("", encoding="utf-8")
    code, _ = ask(folder, "--key", house.key)
    assert code == 2
    assert "no entry of a journal" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("old", "new"),
    [("hotel-a/0\n", "hotel-a/00\n"), ("\n2\n", "\n+2\n"), ("\n2\n", "\n02\n")],
)
def test_a_number_has_one_spelling(
    house: Any, old: str, new: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A head of another origin would be compared with nothing."""
    size = house.journal().read_text(encoding="utf-8").count("\n")
    text = house.checkpoint().read_text(encoding="utf-8").replace(f"\n{size}\n", "\n2\n", 1)
    assert old in text
    odd = house.file("odd.txt", text.replace(old, new, 1))
    code, _ = ask(house.journal(), "--checkpoint", odd, "--key", house.key)
    assert code == 2
    assert "does not hold a checkpoint" in capsys.readouterr().err


def test_a_signature_that_lost_signs_is_wrong_use(
    house: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    """A file that was cut is told as one, and is no accident of the program's."""
    text = house.checkpoint().read_text(encoding="utf-8")
    cut = house.file("cut.txt", text.rstrip("\n")[:-3] + "\n")
    code, _ = ask(house.journal(), "--checkpoint", cut, "--key", house.key)
    assert code == 2
    assert "does not hold a checkpoint" in capsys.readouterr().err
