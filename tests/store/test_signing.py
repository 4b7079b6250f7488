"""The signing key: changed by two people, said by the old one, finished whatever happens."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy import Engine, select, update

from flask_guesterase.core import certified
from flask_guesterase.core.checkpoint import open_checkpoint
from flask_guesterase.core.errors import (
    ForbiddenError,
    FourEyesError,
    KeyMissingError,
    SealError,
    SetupError,
    TamperedError,
)
from flask_guesterase.core.keychange import statement
from flask_guesterase.core.log import read_entry
from flask_guesterase.core.tree import Frontier, leaf_hash
from flask_guesterase.store import tables
from flask_guesterase.store.journaling import journal, signing
from flask_guesterase.store.keys import installation
from flask_guesterase.store.keys.custodian import FolderCustodian
from flask_guesterase.store.remembrance.erasures import Register
from flask_guesterase.store.transaction import transaction
from flask_guesterase.store.upkeep import upgrade
from tests.engines import SERVERS
from tests.store.hotel import Hotel


def granted(hotel: Hotel) -> Hotel:
    for user in ("officer", "second"):
        hotel.grants[user].add("law")
    upgrade.upgrade(hotel.engine)
    upgrade.make_keys(hotel.engine, hotel.custodian, hotel.now)
    return hotel


@pytest.fixture
def lawful(hotel: Hotel) -> Hotel:
    """A hotel whose database knows its keys, where two people may decide about the law."""
    return granted(hotel)


def change(hotel: Hotel) -> str:
    """Change the key up to the commit, without what comes after it."""
    with hotel.begin() as office:
        return office.renew_signing("officer", "second")


def settle(hotel: Hotel) -> bool:
    with hotel.begin() as office:
        return signing.settle(office)


def erased(hotel: Hotel, id: int) -> dict[str, Any]:
    """Erase a guest; return the certificate."""
    hotel.guest(id, name="Ann Berg", email=f"ann{id}@example.com")
    number = hotel.approved(email=f"ann{id}@example.com")
    hotel.erased(number)
    with hotel.begin() as office:
        return office.certificate(number)


def checkpoint(hotel: Hotel) -> str:
    with hotel.begin() as office:
        return office.checkpoint("pine-ltd-" + slug_end(office))


def slug_end(office: Any) -> str:
    found = office.work.conn.execute(select(tables.tree.c.controller)).scalars().all()
    return next(name for name in found if name.startswith("pine-ltd-")).removeprefix("pine-ltd-")


def entries(hotel: Hotel) -> list[Any]:
    return [read_entry(row["body"].encode()) for row in hotel.ours("entry")]


def test_the_old_key_says_so_in_every_journal(any_hotel: Hotel) -> None:
    """One entry each, signed by the old key; from its size on the new one signs."""
    hotel = granted(any_hotel)
    first = erased(hotel, 1)
    old = hotel.custodian.public_key()
    before = checkpoint(hotel)
    new = change(hotel)
    assert settle(hotel)
    assert hotel.custodian.public_key().hex() == new != old.hex()
    assert FolderCustodian(hotel.custodian.path).public_key().hex() == new
    changed = [e for e in entries(hotel) if e.draft.action == "signing-key-changed"]
    opened = {row["controller"] for row in hotel.ours("tree") if row["open"]}
    assert {e.draft.controller for e in changed} == opened
    for each in changed:
        marks = each.draft.marks
        assert marks["public-key"] == new
        said = statement(each.draft.controller, each.epoch, new)
        Ed25519PublicKey.from_public_bytes(old).verify(bytes.fromhex(marks["signature"]), said)
        with pytest.raises(InvalidSignature):
            Ed25519PublicKey.from_public_bytes(bytes.fromhex(new)).verify(
                bytes.fromhex(marks["signature"]), said
            )
    assert {row["public_key"] for row in hotel.ours("tree")} == {new}
    head = open_checkpoint(checkpoint(hotel), bytes.fromhex(new))
    assert head.size > next(e.index for e in changed if e.draft.controller == head.controller)
    with pytest.raises(TamperedError):
        open_checkpoint(checkpoint(hotel), old)
    # What was signed before stays what it was.
    open_checkpoint(before, old)
    again = certified.from_json(json.dumps(first))
    assert all(c.passed for c in certified.check(again, old) if c.id != "content")
    second = certified.from_json(json.dumps(erased(hotel, 2)))
    assert all(c.passed is not False for c in certified.check(second, bytes.fromhex(new)))


def test_the_statement_is_what_was_agreed() -> None:
    """The bytes that the old key signs: a line, then canonical JSON."""
    assert statement("hotel-a", 0, "ab" * 32) == (
        b'guesterase/key-change/v1\n["hotel-a",0,"' + b"ab" * 32 + b'"]'
    )


def test_every_key_is_shown_with_where_it_begins(lawful: Hotel) -> None:
    """Verifiers get a line for each part of each journal."""
    erased(lawful, 1)
    old = lawful.custodian.public_key().hex()
    new = change(lawful)
    settle(lawful)
    with lawful.begin() as office:
        shown = [s for s in office.signing_keys() if s["controller"].startswith("pine")]
        name = shown[0]["controller"]
        assert [s["public_key"] for s in shown] == [old, new]
        assert shown[0]["since_size"] == 1 < shown[1]["since_size"]
        assert all(s["verifier_key"].startswith(f"guesterase/{name}/0+") for s in shown)


def test_two_people_are_needed(lawful: Hotel) -> None:
    """One person twice, and somebody without the right, are refused; nothing was made."""
    for by, second, error in (
        ("officer", "officer", FourEyesError),
        ("clerk", "second", ForbiddenError),
        ("officer", "clerk", ForbiddenError),
    ):
        with pytest.raises(error), lawful.begin() as office:
            office.renew_signing(by, second)
    assert not lawful.custodian.renewing()


def test_a_crash_before_the_commit_changes_nothing(lawful: Hotel) -> None:
    """The new key is on the disk, the database names the old one: it goes on with the old one."""
    erased(lawful, 1)
    old = lawful.custodian.public_key()

    def failing() -> None:
        with lawful.begin() as office:
            office.renew_signing("officer", "second")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        failing()
    assert lawful.custodian.renewing()
    open_checkpoint(checkpoint(lawful), old)
    assert settle(lawful)
    assert not settle(lawful)
    assert lawful.custodian.public_key() == old
    assert not list(lawful.custodian.path.glob("secret-signing-next.json"))
    new = change(lawful)
    settle(lawful)
    assert lawful.custodian.public_key().hex() == new


def interrupted(keeper: FolderCustodian, step: int) -> Iterator[None]:
    """Do the first steps of `settle_signing` as they lie on the disk."""
    signing_file = keeper.path / "secret-signing.json"
    if step >= 1:
        signing_file.unlink()
    if step >= 2:
        new = FolderCustodian(keeper.path).renew().private_bytes_raw()
        FolderCustodian(keeper.path)._ring.store(signing_file.name, "signing", new)
    yield


@pytest.mark.parametrize("step", [0, 1, 2])
def test_a_crash_after_the_commit_is_finished(lawful: Hotel, step: int) -> None:
    """Whatever of the old key is left, the new one signs at once, and the next sweep ends it."""
    erased(lawful, 1)
    old = (lawful.custodian.path / "secret-signing.json").read_bytes()
    new = change(lawful)
    for _ in interrupted(lawful.custodian, step):
        lawful.custodian = FolderCustodian(lawful.custodian.path)
    open_checkpoint(checkpoint(lawful), bytes.fromhex(new))
    said = certified.from_json(json.dumps(erased(lawful, 2)))
    assert said.public_key == new
    assert settle(lawful)
    fresh = FolderCustodian(lawful.custodian.path)
    assert (fresh.public_key().hex(), fresh.renewing()) == (new, False)
    assert (fresh.path / "secret-signing.json").read_bytes() != old


def test_the_old_private_key_is_gone(lawful: Hotel) -> None:
    """After the change nothing in the folder signs as the old key."""
    old = lawful.custodian.public_key().hex()
    change(lawful)
    settle(lawful)
    with pytest.raises(SealError, match="not in the key folder"):
        lawful.custodian.signing_key(old)
    with pytest.raises(SealError):
        FolderCustodian(lawful.custodian.path).signing_key(old)


def test_a_key_changes_twice(lawful: Hotel) -> None:
    """The second change is signed by the first change's key."""
    erased(lawful, 1)
    one = change(lawful)
    two = change(lawful)  # settles the first one by itself
    settle(lawful)
    last = [e for e in entries(lawful) if e.draft.action == "signing-key-changed"][-1]
    Ed25519PublicKey.from_public_bytes(bytes.fromhex(one)).verify(
        bytes.fromhex(last.draft.marks["signature"]),
        statement(last.draft.controller, last.epoch, two),
    )


def test_a_journal_that_begins_meanwhile_begins_with_the_key_in_force(lawful: Hotel) -> None:
    """Whoever still holds the old key begins no journal with it: the database says which."""
    old = lawful.custodian.public_key()
    new = change(lawful)
    with lawful.begin() as office:
        item = journal.Draft("late-house", journal.stamp(office.work.now), "sweep-done")
        journal.append(office.work.conn, [item], old)
        _, _, public = journal.head(office.work.conn, "late-house")
    assert public == new


@pytest.mark.parametrize("database_url", SERVERS, indirect=True)
def test_who_begins_a_journal_waits_for_a_change_under_way(any_hotel: Hotel) -> None:
    """The row of the key in force is what both take turns on, before the commit too."""
    hotel = granted(any_hotel)
    erased(hotel, 1)
    old = hotel.custodian.public_key()
    named: list[str] = []

    def begin() -> None:
        with transaction(hotel.engine) as conn:
            item = journal.Draft("late-house", "2026-03-10T09:00:00Z", "sweep-done")
            journal.append(conn, [item], old)
            named.append(journal.head(conn, "late-house")[2])

    with hotel.begin() as office:
        new = office.renew_signing("officer", "second")
        beginning = threading.Thread(target=begin)
        beginning.start()
        beginning.join(0.5)
        assert beginning.is_alive()
    beginning.join(60)
    assert named == [new]


def test_a_journal_whose_first_entries_were_taken_out_still_names_its_key(lawful: Hotel) -> None:
    """The head names the key in force where no entry does any more."""
    erased(lawful, 1)
    public = lawful.custodian.public_key()
    with lawful.begin() as office:
        conn = office.work.conn
        conn.execute(tables.entry.delete().where(tables.entry.c.action == "epoch-opened"))
        conn.execute(update(tables.tree).values(pruned=3))
        assert {s["since_size"] for s in office.signing_keys()} == {4}
        assert {s["public_key"] for s in office.signing_keys()} == {public.hex()}


def test_the_root_of_a_journal_with_a_change_is_that_of_its_entries(lawful: Hotel) -> None:
    """The entry is a leaf like every other one."""
    erased(lawful, 1)
    new = change(lawful)
    settle(lawful)
    head = open_checkpoint(checkpoint(lawful), bytes.fromhex(new))
    leaves = [
        leaf_hash(row["body"].encode())
        for row in sorted(lawful.ours("entry"), key=lambda r: r["position"])
        if row["controller"] == head.controller
    ]
    assert Frontier().extend(leaves)[0].root() == head.root


def test_a_register_keeps_its_name(lawful: Hotel, tmp_path: Path) -> None:
    """The register's file hangs on a secret that lasts; one of the old name is taken over."""
    folder = tmp_path / "register"
    folder.mkdir()
    file = Register(folder, lawful.custodian)
    old = file._named(lawful.custodian.public_key())
    assert old != file.path
    old.write_bytes(b"{}\n")
    assert Register(folder, lawful.custodian).path == file.path
    assert file.path.read_bytes() == b"{}\n"
    assert not old.exists()
    change(lawful)
    settle(lawful)
    assert Register(folder, lawful.custodian).path == file.path
    # With both there, nothing is written over.
    other = file._named(lawful.custodian.public_key())
    other.write_bytes(b"other\n")
    assert Register(folder, lawful.custodian).path.read_bytes() == b"{}\n"
    assert other.exists()


def test_a_key_is_not_changed_while_the_register_is_away(lawful: Hotel, tmp_path: Path) -> None:
    """Otherwise a register of the old name could not be found any more."""
    lawful.settings = type(lawful.settings)(
        **{**vars(lawful.settings), "register": str(tmp_path / "register")}
    )
    erased(lawful, 1)
    Register(tmp_path / "register", lawful.custodian).path.rename(tmp_path / "away")
    with pytest.raises(SetupError, match="not where it was"):
        change(lawful)


# keys of another installation


def foreign(folder: Path) -> FolderCustodian:
    made = FolderCustodian(folder)
    made.create()
    return made


def test_keys_of_another_house_are_refused(any_hotel: Hotel, tmp_path: Path) -> None:
    """The database knows its keys; a folder of another installation is named as one."""
    hotel = granted(any_hotel)
    with transaction(hotel.engine) as conn:
        installation.require(conn, hotel.custodian)
        with pytest.raises(KeyMissingError, match="another installation"):
            installation.require(conn, foreign(tmp_path / "other"))


def test_a_copy_is_no_stranger(lawful: Hotel, tmp_path: Path) -> None:
    """Copies, rotated folders and changed signing keys belong as before."""
    lawful.custodian.copy(tmp_path / "copy", roots=True)
    lawful.custodian.rotate()
    change(lawful)
    settle(lawful)
    with transaction(lawful.engine) as conn:
        for folder in (tmp_path / "copy", lawful.custodian.path):
            mine = FolderCustodian(folder)
            installation.require(conn, mine)
            assert installation.mark(mine) == installation.known(conn, installation.FOLDER)


def test_an_older_database_learns_its_keys_once(hotel: Hotel, tmp_path: Path) -> None:
    """Journals that name another key keep a stranger's folder from being written down."""
    erased(hotel, 1)
    assert hotel.ours("key") == []
    with pytest.raises(KeyMissingError, match="another installation"):
        claim(hotel.engine, foreign(tmp_path / "other"))
    assert hotel.ours("key") == []
    claim(hotel.engine, hotel.custodian)
    assert {row["name"] for row in hotel.ours("key")} == {"folder", "signing"}
    claim(hotel.engine, hotel.custodian)
    with pytest.raises(KeyMissingError):
        claim(hotel.engine, foreign(tmp_path / "third"))


def claim(engine: Engine, custodian: FolderCustodian) -> None:
    with transaction(engine) as conn:
        installation.claim(conn, custodian, datetime(2026, 3, 10, 9))


def test_a_restored_database_goes_on_with_what_the_folder_holds(lawful: Hotel) -> None:
    """A database of before the change names a key that is gone: a new epoch has another one."""
    erased(lawful, 1)
    old = lawful.custodian.public_key().hex()
    new = change(lawful)
    settle(lawful)
    with lawful.engine.begin() as conn:
        conn.execute(update(tables.epoch_key).values(mark=old).where(
            tables.epoch_key.c.name == installation.SIGNING
        ))
        conn.execute(update(tables.tree).values(public_key=old))
    with pytest.raises(SealError, match="not in the key folder"):
        checkpoint(lawful)
    with pytest.raises(SealError, match="not in the key folder"):
        change(lawful)
    with lawful.begin() as office:
        assert signing.in_force(office.work).hex() == new
