"""The key folder and the register's: whose files they hold, and what is said of closed ones."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import sqlalchemy as sa

from flask_guesterase.core.errors import DeliveryError, InputError, SetupError
from flask_guesterase.core.remembrance import Kind, Line, Note
from flask_guesterase.store.keys import keyring
from flask_guesterase.store.keys.custodian import FolderCustodian
from flask_guesterase.store.keys.keyfile import destroy
from flask_guesterase.store.keys.roots import FolderRoots
from flask_guesterase.store.release.folder import Folder
from flask_guesterase.store.remembrance.erasures import Register, Tail
from flask_guesterase.store.statements import folder
from flask_guesterase.store.upkeep import upgrade, watch
from tests.accounts import shut
from tests.store import forms
from tests.store.forms import RIGHTS, Forms
from tests.store.hotel import Hotel

DAY = "day:2026-12-01"
THEIRS = {
    "service-account.json": '{"private_key": "of another program"}',
    "keys.json": "[]",
    "root.key": "theirs",
}
"""Files of other programs: name -> content."""


@pytest.fixture
def keeper(tmp_path: Path) -> FolderCustodian:
    """Keys of an installation."""
    made = FolderCustodian(tmp_path / "keys")
    made.create()
    return made


@pytest.fixture
def house(sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Forms]:
    """Two hotels that keep a register of erasures."""
    rights = {code: RIGHTS | {"watch"} for code in ("mu", "be")}
    monkeypatch.setitem(forms.GRANTS, "officer", rights)
    made = Forms(sqlite_url, tmp_path)
    made.settings = replace(made.settings, register=str(tmp_path / "register"))
    yield made
    made.engine.dispose()


def lay(folder: Path) -> None:
    """Let other programs keep files in a folder."""
    folder.mkdir(mode=0o700, exist_ok=True)
    for name, text in THEIRS.items():
        (folder / name).write_text(text, encoding="utf-8")


def theirs(folder: Path) -> dict[str, str]:
    """Return what is left of these files."""
    return {name: (folder / name).read_text("utf-8") for name in THEIRS if (folder / name).exists()}


def contents(folder: Path) -> dict[str, bytes]:
    """Return every file of a folder, but for the lock."""
    return {p.name: p.read_bytes() for p in folder.iterdir() if p.name != "lock"}


# whose files these are


def test_files_of_others_in_the_key_folder_are_left_alone(tmp_path: Path) -> None:
    """Keys made in a folder that another program uses too take none of its files away."""
    lay(tmp_path / "shared")
    keeper = FolderCustodian(tmp_path / "shared")
    keeper.create()
    keeper.ensure(DAY)
    keeper.rotate()
    keeper.settle()
    assert theirs(tmp_path / "shared") == THEIRS


def test_files_of_others_where_a_copy_lies_are_left_alone(
    keeper: FolderCustodian, tmp_path: Path
) -> None:
    """A copy takes what is no key any more from its folder, and nothing else."""
    lay(tmp_path / "copy")
    (tmp_path / "copy" / "secret-of-theirs.json").write_text("{}")
    keeper.ensure(DAY)
    keeper.copy(tmp_path / "copy", roots=True)
    keeper.forget(DAY)
    keeper.copy(tmp_path / "copy")
    assert theirs(tmp_path / "copy") == THEIRS
    left = contents(tmp_path / "copy").keys() - THEIRS.keys()
    assert left == {
        "current.json", "secret-of-theirs.json", "secret-pepper.json", "secret-signing.json",
    }  # fmt: skip


def test_keys_that_lost_their_pointer_are_not_replaced(
    keeper: FolderCustodian, tmp_path: Path, sqlite_url: str
) -> None:
    """A copy of the folder without ``current.json`` can still be mended: nothing is destroyed."""
    keeper.ensure(DAY)
    (keeper.path / "current.json").unlink()
    before = contents(keeper.path)
    engine = sa.create_engine(sqlite_url)
    upgrade.upgrade(engine)
    with pytest.raises(SetupError, match=r"current\.json"):
        upgrade.make_keys(engine, FolderCustodian(keeper.path))
    engine.dispose()
    assert contents(keeper.path) == before


def test_a_copy_knows_the_signing_keys_that_were_in_force(
    keeper: FolderCustodian, tmp_path: Path
) -> None:
    """By them alone a restored database is known to be older, whichever copy took their place."""
    first = keeper.public_key()
    keeper.settle_signing(keeper.renew().public_key().public_bytes_raw().hex())
    assert keeper.past_keys() == (first,)
    for roots in (True, False):
        count = keeper.copy(tmp_path / "copy", roots=roots)
        assert FolderCustodian(tmp_path / "copy").past_keys() == (first,)
        assert count == len(contents(tmp_path / "copy"))


# what the system refuses


def test_a_key_folder_the_system_refuses_is_named(
    keeper: FolderCustodian, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever runs into it reads which folder it is, why, and what to do; nothing is half made."""

    def full(path: Path, content: bytes) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))

    monkeypatch.setattr(keyring, "write", full)
    with pytest.raises(SetupError, match="No space left") as caught:
        keeper.ensure(DAY)
    assert str(keeper.path) in caught.value.message
    assert "free space" in caught.value.hint
    assert keeper.labels() == frozenset()


def test_keys_of_another_account_are_no_missing_keys(
    keeper: FolderCustodian, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Keys that only another account may read, as when it made them, are not taken for lost."""
    keeper.ensure(DAY)
    fresh = FolderCustodian(keeper.path)

    def closed(path: Path, *rest: Any, **more: Any) -> bytes:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))

    for name in ("read_bytes", "stat"):
        monkeypatch.setattr(Path, name, closed)
    uses = (
        fresh.exists, fresh.root, fresh.public_key, lambda: fresh.ensure(DAY),
        lambda: fresh.unwrap(DAY, b"", b""),
    )  # fmt: skip
    for use in uses:
        with pytest.raises(SetupError, match="Permission denied"):
            use()


def test_what_cannot_be_seen_is_not_taken_for_gone(keeper: FolderCustodian, tmp_path: Path) -> None:
    """No key counts as destroyed, no journal as unknown and no register as empty by that."""
    keeper.ensure(DAY)
    outside, register = Folder(tmp_path / "out"), Register(tmp_path / "reg", keeper)
    outside.path.mkdir()
    (outside.path / "fir-1.jsonl").write_text("{}\n")
    with register.locked():
        register.append(Tail(), [Line(Note(Kind.BEGUN), 1, "2026-03-10T12:00:00Z")])
    key = next(keeper.path.glob("key-*.json"))
    uses: list[tuple[Path, Callable[[], object]]] = [
        (keeper.path, lambda: destroy(key)),
        (keeper.path, keeper.labels),
        (keeper.path, keeper.renewing),
        (keeper.path, lambda: FolderRoots(keeper.path, os.urandom).exists("a")),
        (outside.path, lambda: outside.epochs("fir")),
        (outside.path, lambda: outside.notes("fir")),
        (register.folder, register.tail),
        (register.folder, register.lines),
    ]
    for folder_, use in uses:
        with shut(folder_), pytest.raises((OSError, SetupError, DeliveryError)):
            use()
    assert keeper.labels() == {DAY}
    assert outside.epochs("fir") == [1]
    assert register.tail().number == 1


@pytest.mark.parametrize("which", range(1, 13))
def test_no_root_goes_while_its_keys_cannot_be_listed(
    keeper: FolderCustodian, monkeypatch: pytest.MonkeyPatch, which: int
) -> None:
    """A rotation in which the folder cannot be read for a moment loses no key."""
    keeper.ensure(DAY)
    tries = list[str]()

    def sometimes(name: str, list_: Callable[..., Any]) -> Callable[..., Any]:
        def listed(*args: Any) -> Any:
            tries.append(name)
            if len(tries) == which:
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
            return list_(*args)

        return listed

    with monkeypatch.context() as patch:
        for name in ("listdir", "scandir"):
            patch.setattr(os, name, sometimes(name, getattr(os, name)))
        with suppress(OSError, SetupError):
            keeper.rotate()
    assert tries
    FolderCustodian(keeper.path).opens(DAY)
    keeper.rotate()
    FolderCustodian(keeper.path).opens(DAY)


def test_requests_that_came_in_outlive_a_mount_that_is_gone(hotel: Hotel) -> None:
    """What a guest asked for waits for the keys, and is looked at when they are back."""
    hotel.guest(1, name="Ann", email="ann@example.com")
    hotel.ask(name="Ann", email="ann@example.com")
    keys = hotel.custodian.path
    keys.rename(keys.with_name("away"))
    hotel.later(hours=30)
    assert hotel.look() == 0
    keys.with_name("away").rename(keys)
    assert hotel.look() == 1
    assert [row["state"] for row in hotel.ours("request")] == ["received"]


def test_a_copy_that_cannot_be_written_says_so_and_names_nobody(
    keeper: FolderCustodian, tmp_path: Path
) -> None:
    """What was typed is not repeated, and the keys are not blamed."""
    (tmp_path / "Zebrafinch").write_text("no folder")
    with pytest.raises(InputError, match="copy of the keys") as caught:
        keeper.copy(tmp_path / "Zebrafinch" / "copy")
    assert "Zebrafinch" not in str(caught.value)


def test_what_root_makes_belongs_to_whom_the_folder_belongs(
    keeper: FolderCustodian, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A sweep in root's crontab locks the application out of neither keys nor register."""
    register = tmp_path / "register"
    register.mkdir(mode=0o700)
    (keeper.path / "lock").unlink()
    if os.geteuid() == 0:
        for folder in (keeper.path, register):
            os.chown(folder, 65534, 65534)
    else:
        monkeypatch.setattr(os, "geteuid", lambda: 0)
    given: list[tuple[int, int]] = []
    monkeypatch.setattr(os, "fchown", lambda handle, *owner: given.append(owner))
    owner = keeper.path.stat().st_uid, keeper.path.stat().st_gid
    keeper.ensure(DAY)
    assert given == [owner] * 2, "the lock and the key"
    remembered = Register(register, keeper)
    with remembered.locked():
        remembered.append(Tail(), [Line(Note(Kind.BEGUN), 1, "2026-03-10T12:00:00Z")])
    assert given == [owner] * 4, "the lock and the register as well"
    keeper.ensure(DAY)
    (keeper.path / "lock").unlink()
    (keeper.path / "lock").symlink_to(tmp_path / "of-root")
    (tmp_path / "of-root").write_text("")
    keeper.forget(DAY)
    assert given == [owner] * 4, "a link that was laid there gives nothing away"


def test_the_name_of_a_folder_that_is_made_is_durable(
    keeper: FolderCustodian, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A power failure leaves no line of the register, and no key, in a folder nobody finds."""
    synced: set[str] = set()
    fsync = os.fsync

    def note(handle: int) -> None:
        synced.add(os.readlink(f"/proc/self/fd/{handle}"))
        fsync(handle)

    monkeypatch.setattr(os, "fsync", note)
    register = Register(tmp_path / "new" / "register", keeper)
    with register.locked():
        register.append(Tail(), [Line(Note(Kind.BEGUN), 1, "2026-03-10T09:00:00Z")])
    keeper.copy(tmp_path / "away" / "copy")
    FolderCustodian(tmp_path / "other" / "keys").create()
    every = {str(tmp_path / name) for name in ("", "new", "away", "other")}
    assert every - synced == set()


def _room(**given: int) -> Any:
    return SimpleNamespace(**{"f_flag": 0, "f_blocks": 9, "f_bfree": 9, "f_bavail": 9} | given)


def test_why_a_folder_is_closed_is_told_without_writing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody else's, read-only, full, no folder at all; one that is not there yet is open."""
    (tmp_path / "file").write_text("")
    here, inside = tmp_path / "here", tmp_path / "here" / "inside"
    assert folder.closed(inside) == ""
    assert not here.exists()
    assert folder.closed(tmp_path / "file" / "inside") == "Not a directory"
    for room, why in (
        (_room(f_flag=os.ST_RDONLY), "Read-only file system"),
        (_room(f_bfree=0, f_bavail=0), "No space left on device"),
        (_room(f_blocks=0, f_bfree=0, f_bavail=0), ""),
    ):
        monkeypatch.setattr(os, "statvfs", lambda path, room=room: room)
        assert folder.closed(inside) == why
    file = tmp_path / "file"
    for refused in (tmp_path, file):
        monkeypatch.setattr(os, "access", lambda path, how, refused=refused: path != refused)
        assert folder.closed(tmp_path, (file, tmp_path / "none")) == "Permission denied"


def test_a_closed_register_is_watched_before_an_erasure_needs_it(
    house: Forms, tmp_path: Path
) -> None:
    """It opens an alert of its own, and closes when the folder is open again."""
    (tmp_path / "register").write_text("no folder")

    def about() -> set[str]:
        with house.begin() as office:
            office.look_over()
        with house.begin() as office:
            return {each["about"] for each in office.alerts("officer")}

    assert "register-closed" in about()
    (tmp_path / "register").unlink()
    assert "register-closed" not in about()


def test_a_register_that_was_changed_hides_nothing_else(house: Forms, tmp_path: Path) -> None:
    """`check` and failure watch go on past a register nobody can read, and name it."""
    house.form(1, date(2025, 2, 1))
    house.confirmed()
    (path,) = (tmp_path / "register").glob("*.jsonl")
    path.write_bytes(path.read_bytes().replace(b'"kind":"outcome"', b'"kind":"abandoned"'))
    with house.begin() as office:
        found = {each.id: each for each in watch.findings(office.work)}
    assert "not as it was written" in found["register-closed"].message
    assert "checkpoint-missing" in found
