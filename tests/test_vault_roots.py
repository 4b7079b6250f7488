"""Roots in a key service, spoken to in its own protocol on loopback."""

from __future__ import annotations

import json
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from flask import Flask
from sqlalchemy import create_engine
from sqlalchemy.orm import scoped_session, sessionmaker

from flask_guesterase import Guesterase, Property, verify
from flask_guesterase.core.errors import KeyMissingError, SealError, SetupError
from flask_guesterase.core.seal import Terms, close, open_box
from flask_guesterase.store.keys.custodian import FolderCustodian
from flask_guesterase.store.keys.ours import leave
from flask_guesterase.store.keys.roots import Roots
from flask_guesterase.store.keys.wrapped import COPY_OF
from tests.store.forms import Base
from tests.vaultserver import ROOT_TOKEN, Transit, serving
from tests.web.test_cli import Console

pytest.importorskip("hvac", reason="the extra vault is not installed")

from flask_guesterase.vault import VaultRoots

DAY = "day:2026-12-01"


@pytest.fixture
def transit() -> Transit:
    return Transit()


@pytest.fixture
def address(transit: Transit) -> Iterator[str]:
    with serving(transit) as url:
        yield url


@pytest.fixture
def roots(address: str) -> VaultRoots:
    return VaultRoots(address, lambda: ROOT_TOKEN, timeout=5)


@pytest.fixture
def keeper(tmp_path: Path, roots: VaultRoots) -> FolderCustodian:
    made = FolderCustodian(tmp_path / "keys", roots=roots)
    made.create("2026-11-01")
    return made


def names(transit: Transit) -> set[str]:
    return set(transit.keys)


def test_a_root_lives_in_the_service_alone(
    keeper: FolderCustodian, transit: Transit, roots: VaultRoots
) -> None:
    """The folder holds the root's name; boxes open through the service, in a new process too."""
    seam: Roots = roots
    assert seam.exists(keeper.root_id())
    keeper.ensure(DAY)
    box = close(b"a guest", Terms("a", "recovery", "2026-12-01"), keeper)
    assert names(transit) == {f"guesterase-{keeper.root_id()}"}
    assert not list(keeper.path.glob("root-*.key"))
    stub = json.loads((keeper.path / f"root-{keeper.root_id()}.json").read_bytes())
    assert stub == {"format": "guesterase/root/v1", "kept": "vault", "root": keeper.root_id()}
    kept = json.loads((keeper.path / "key-day-2026-12-01.json").read_bytes())
    assert kept["format"] == "guesterase/key/v2"
    assert kept["sealed"].startswith("vault:v1:")
    assert open_box(box, FolderCustodian(keeper.path, roots=roots)) == b"a guest"
    with pytest.raises(KeyMissingError, match="lies in a key service"):
        open_box(box, FolderCustodian(keeper.path))


def test_a_rotation_makes_every_copy_worthless_at_once(
    keeper: FolderCustodian, transit: Transit, roots: VaultRoots, tmp_path: Path
) -> None:
    """The old root is deleted in the service: a full copy of the folder opens nothing any more."""
    keeper.ensure(DAY)
    box = close(b"a guest", Terms("a", "recovery", "2026-12-01"), keeper)
    shutil.copytree(keeper.path, tmp_path / "copy")
    copy = FolderCustodian(tmp_path / "copy", roots=roots)
    assert open_box(box, copy) == b"a guest"
    mark = keeper.fingerprint()
    keeper.prepare()
    assert len(names(transit)) == 2
    keeper.rotate("2026-12-01")
    assert names(transit) == {f"guesterase-{keeper.root_id()}"}
    assert open_box(box, FolderCustodian(keeper.path, roots=roots)) == b"a guest"
    with pytest.raises(KeyMissingError, match="destroyed"):
        open_box(box, FolderCustodian(tmp_path / "copy", roots=roots))
    # Nobody has to copy the new root by hand.
    assert keeper.fingerprint() == mark


@pytest.mark.parametrize("begun", [False, True])
def test_a_copy_ends_no_root_of_the_installation_it_was_made_from(
    keeper: FolderCustodian, transit: Transit, roots: VaultRoots, tmp_path: Path, begun: bool
) -> None:
    """A staging system has the keys in use of production; also where it was copied as these
    rotate."""
    keeper.ensure(DAY)
    box = close(b"a guest", Terms("a", "recovery", "2026-12-01"), keeper)
    keeper.prepare()
    if begun:
        steps = keeper._ring.rotating("2026-12-01")
        while next(steps) != "pointer":
            pass
        steps.close()
    there = names(transit)
    keeper.copy(tmp_path / "copy")
    copy = FolderCustodian(tmp_path / "copy", roots=roots)
    leave(keeper, copy.path)
    for _ in range(2):
        with pytest.raises(SetupError, match="is a copy") as told:
            copy.rotate("2026-12-01")
    assert "copy-of" in told.value.hint
    assert names(transit) == there
    assert open_box(box, keeper) == open_box(box, copy) == b"a guest"
    (copy.path / COPY_OF).unlink()
    copy.rotate("2026-12-01")
    assert open_box(box, copy) == b"a guest"
    assert names(transit) == {f"guesterase-{copy.root_id()}"}


def test_a_copy_with_roots_of_its_own_ends_them(tmp_path: Path) -> None:
    """They are files in it, and no other folder's."""
    keeper = FolderCustodian(tmp_path / "keys")
    keeper.create("2026-11-01")
    keeper.copy(tmp_path / "copy", roots=True)
    leave(keeper, tmp_path / "copy")
    copy = FolderCustodian(tmp_path / "copy")
    copy.rotate("2026-12-01")
    assert copy.root_id() != keeper.root_id()
    assert len(keeper.pepper("a")) == 32


def test_many_keys_take_few_calls(keeper: FolderCustodian, transit: Transit) -> None:
    """A rotation over many days asks in batches, not once a key."""
    for number in range(60):
        keeper.ensure(f"case:E{number}")
    transit.calls.clear()
    keeper.rotate()
    assert len(keeper.labels()) == 60
    assert len(transit.calls) < 20


@pytest.mark.parametrize("stop", range(9))
def test_a_crash_at_any_step_is_finished(
    keeper: FolderCustodian, transit: Transit, roots: VaultRoots, stop: int
) -> None:
    """Killed after any step, every key still opens; then one root is left, here and there."""
    keeper.ensure(DAY)
    wrapped = keeper.wrap(DAY, b"d" * 32, b"")
    steps = keeper._ring.rotating()
    for _ in range(stop):
        next(steps, None)
    steps.close()
    fresh = FolderCustodian(keeper.path, roots=roots)
    assert fresh.unwrap(DAY, wrapped, b"") == b"d" * 32
    fresh.settle()
    assert fresh.unwrap(DAY, wrapped, b"") == b"d" * 32
    assert names(transit) == {f"guesterase-{fresh.root_id()}"}
    assert len(list(keeper.path.glob("root-*.json"))) == 1


@pytest.mark.parametrize("call", range(1, 8))
def test_an_error_at_any_call_leaves_nothing_half_done(
    keeper: FolderCustodian, transit: Transit, roots: VaultRoots, call: int
) -> None:
    """A 5xx at any call of a rotation is a clear error; all keys open and the next one ends it."""
    keeper.ensure(DAY)
    wrapped = keeper.wrap(DAY, b"d" * 32, b"")
    answer, count = transit.answer, 0

    def failing(method, path, token, body):  # type: ignore[no-untyped-def]
        nonlocal count
        count += 1
        if count == call:
            transit.failing.append(502)
        return answer(method, path, token, body)

    transit.answer = failing  # type: ignore[method-assign]
    with pytest.raises(SealError, match="cannot be used now"):
        keeper.rotate()
    transit.answer = answer  # type: ignore[method-assign]
    fresh = FolderCustodian(keeper.path, roots=roots)
    assert fresh.unwrap(DAY, wrapped, b"") == b"d" * 32
    fresh.rotate()
    assert fresh.unwrap(DAY, wrapped, b"") == b"d" * 32
    assert names(transit) == {f"guesterase-{fresh.root_id()}"}


def test_what_goes_wrong_is_said(
    keeper: FolderCustodian, transit: Transit, roots: VaultRoots, address: str, tmp_path: Path
) -> None:
    """403, sealed, 5xx, a wrong mount, no answer in time, nobody there: cause and next step."""

    def fresh(**other: object) -> FolderCustodian:
        given = {"url": address, "token": lambda: ROOT_TOKEN, "timeout": 5, **other}
        return FolderCustodian(keeper.path, roots=VaultRoots(**given))  # type: ignore[arg-type]

    keeper.ensure(DAY)
    with pytest.raises(SealError, match=r"permission denied\. Renew its token"):
        fresh(token=lambda: "expired").ensure(DAY)
    with pytest.raises(SealError, match="no transit engine"):
        fresh(mount="elsewhere").ensure(DAY)

    def lost() -> str:
        raise FileNotFoundError("/run/agent/invented-token")

    with pytest.raises(SealError, match="token for the key service cannot be had") as caught:
        fresh(token=lost).ensure(DAY)
    assert "invented-token" not in str(caught.value)
    transit.sealed = True
    with pytest.raises(SealError, match="sealed"):
        fresh().ensure(DAY)
    transit.sealed = False
    transit.failing.append(500)
    with pytest.raises(SealError, match="InternalServerError"):
        fresh().ensure(DAY)
    transit.delay = 0.5
    with pytest.raises(SealError, match="Timeout"):
        fresh(timeout=0.1).ensure(DAY)
    transit.delay = 0.0
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        nobody = f"http://127.0.0.1:{busy.getsockname()[1]}"
        with pytest.raises(SealError, match="ConnectionError"):
            fresh(url=nobody).ensure(DAY)
    fresh().ensure(DAY)
    for words in ("expired", ROOT_TOKEN):
        with pytest.raises(SealError) as caught:
            fresh(token=lambda words=words: words, mount="elsewhere").ensure(DAY)
        assert words not in str(caught.value)


def test_a_wrong_mount_destroys_nothing(roots: VaultRoots, address: str, transit: Transit) -> None:
    """What cannot be asked is not taken for destroyed."""
    roots.make("a" * 16)
    with pytest.raises(SealError):
        VaultRoots(address, lambda: ROOT_TOKEN, "elsewhere").destroy("a" * 16)
    assert names(transit) == {"guesterase-" + "a" * 16}
    roots.destroy("a" * 16)
    roots.destroy("a" * 16)
    assert names(transit) == set()


def test_exchanged_keys_are_refused(keeper: FolderCustodian, roots: VaultRoots) -> None:
    """A wrapped key is bound to its name by the service: another file's text does not open."""
    keeper.ensure(DAY)
    keeper.ensure("day:2026-12-02")
    one, two = (keeper.path / f"key-day-2026-12-0{n}.json" for n in (1, 2))
    value = json.loads(one.read_bytes())
    value["sealed"] = json.loads(two.read_bytes())["sealed"]
    one.write_text(json.dumps(value))
    with pytest.raises(SealError, match="not as it was wrapped"):
        FolderCustodian(keeper.path, roots=roots).ensure(DAY)


@pytest.mark.parametrize("partial", [200, 400])
def test_old_and_new_versions_tell_of_a_bad_item(partial: int) -> None:
    """A batch of which one item does not open is an error in either way of saying so."""
    transit = Transit(partial=partial)
    with serving(transit) as url:
        roots = VaultRoots(url, lambda: ROOT_TOKEN)
        roots.make("b" * 16)
        good = roots.wrap("b" * 16, [(b"k" * 32, b"a"), (b"l" * 32, b"b")])
        assert roots.unwrap("b" * 16, [(good[0], b"a"), (good[1], b"b")]) == [b"k" * 32, b"l" * 32]
        with pytest.raises(SealError, match="not as it was wrapped"):
            roots.unwrap("b" * 16, [(good[0], b"a"), (good[1], b"a")])


def test_a_service_that_binds_nothing_is_refused(tmp_path: Path) -> None:
    """A version from before associated_data would pass over it; no keys are made there."""
    with serving(Transit(binds=False)) as url:
        keeper = FolderCustodian(tmp_path / "keys", roots=VaultRoots(url, lambda: ROOT_TOKEN))
        with pytest.raises(SealError, match="associated_data"):
            keeper.create()
        assert not keeper.exists()


def test_the_documented_policy_is_enough(transit: Transit, address: str, tmp_path: Path) -> None:
    """The policy of the page is enough for all of it, and makes no root by encrypting."""
    page = (Path(__file__).parent.parent / "docs/how-to/key-service.md").read_text()
    policy = page.split("```hcl\n")[1].split("```")[0]
    granted: dict[str, set[str]] = {}
    for line in policy.replace("\n", " ").split("path ")[1:]:
        path, _, rest = line.partition("{")
        capabilities = rest.split("[")[1].split("]")[0]
        granted[path.strip().strip('"')] = {c.strip().strip('"') for c in capabilities.split(",")}
    transit.policies["limited"] = granted
    roots = VaultRoots(address, lambda: "limited")
    keeper = FolderCustodian(tmp_path / "limited", roots=roots)
    keeper.create()
    keeper.ensure(DAY)
    old = keeper.root_id()
    keeper.rotate()
    keeper.settle()
    assert names(transit) == {f"guesterase-{keeper.root_id()}"}
    with pytest.raises(SealError):
        roots.wrap(old, [(bytes(32), b"")])
    assert names(transit) == {f"guesterase-{keeper.root_id()}"}
    with pytest.raises(SealError):
        VaultRoots(address, lambda: "limited", prefix="other").make("c" * 16)


def test_a_folder_moves_into_the_service_and_out_again(
    tmp_path: Path, roots: VaultRoots, transit: Transit
) -> None:
    """One rotation moves the root there; an export has a root of its own and needs no service."""
    plain = FolderCustodian(tmp_path / "keys")
    plain.create()
    plain.ensure(DAY)
    wrapped, public = plain.wrap(DAY, b"d" * 32, b""), plain.public_key()
    moved = FolderCustodian(tmp_path / "keys", roots=roots)
    assert moved.unwrap(DAY, wrapped, b"") == b"d" * 32
    assert moved.service() == "folder"
    moved.rotate()
    assert moved.service() == "vault"
    assert not list(moved.path.glob("root-*.key"))
    assert moved.unwrap(DAY, wrapped, b"") == b"d" * 32
    moved.copy(tmp_path / "export", roots=True)
    export = FolderCustodian(tmp_path / "export")
    assert export.unwrap(DAY, wrapped, b"") == b"d" * 32
    assert export.public_key() == public
    assert len(names(transit)) == 1
    # The one-file reader needs no service either.
    read = AESGCM(verify.wrapping_key(tmp_path / "export", DAY))
    assert read.decrypt(wrapped[:12], wrapped[12:], b"") == b"d" * 32


def test_the_extension_takes_the_service(
    tmp_path: Path, roots: VaultRoots, transit: Transit
) -> None:
    """One argument: keys are made under a root there, and the commands know it."""
    engine = create_engine(f"sqlite:///{tmp_path / 'test.sqlite'}")
    app = Flask("hotel", instance_path=str(tmp_path))
    app.config.update(SECRET_KEY="only-for-tests", TESTING=True)
    extension = Guesterase(
        scoped_session(sessionmaker(engine)), models=Base, roots=roots,
        properties=[Property("mu", "Fir", "Fir GmbH", "DE", "Europe/Berlin", "de")],
    )  # fmt: skip
    extension.init_app(app)
    Base.metadata.create_all(engine)
    console = Console(app)
    assert console.json("db", "upgrade")["keys_made"] is True
    with app.app_context():
        root = extension.custodian.root_id()
    assert names(transit) == {f"guesterase-{root}"}
    assert console.json("keys", "check")["faults"] == []
    console.json("keys", "copy", "--to", str(tmp_path / "copy"))
    assert console.json("keys", "drill", "--folder", str(tmp_path / "copy"))["faults"] == []
    wanted = ("keys", "copy", "--to", str(tmp_path / "more"), "--with-roots")
    assert console.error(*wanted) == "input"
    transit.sealed = True
    with app.app_context():
        extension.custodian._known.clear()
    (fault,) = console.json("keys", "check", code=1)["faults"]
    assert fault["message"].startswith("The key service")
    engine.dispose()
