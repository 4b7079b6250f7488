"""Any order of what can happen to keys, against a model: what must open opens, the rest never."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from flask_guesterase.core.errors import KeyMissingError, SealError
from flask_guesterase.store.keys.custodian import FolderCustodian
from flask_guesterase.store.keys.keyring import Keyring
from flask_guesterase.store.keys.roots import Pair

LABELS = st.sampled_from(["day:2026-12-01", "day:2026-12-02", "hold:7", "case:GR-1"])
DATA = b"d" * 32


@dataclass
class Elsewhere:
    """Roots that lie in another place, which fails when told to."""

    kind = "elsewhere"
    keys: dict[str, bytes] = field(default_factory=dict)
    fails_in: int = -1

    def _used(self) -> None:
        self.fails_in -= 1
        if self.fails_in == 0:
            raise SealError("It cannot be asked now.", "Try again.")

    def make(self, root: str) -> None:
        self._used()
        self.keys[root] = os.urandom(32)
        self._used()

    def exists(self, root: str) -> bool:
        return root in self.keys

    def _key(self, root: str) -> AESGCM:
        self._used()
        if root not in self.keys:
            raise KeyMissingError("It was destroyed.", "It is gone.")
        return AESGCM(self.keys[root])

    def wrap(self, root: str, pairs: Sequence[Pair]) -> list[bytes]:
        cipher, nonce = self._key(root), os.urandom(12)
        return [(nonce + cipher.encrypt(nonce, key, aad)).hex().encode() for key, aad in pairs]

    def unwrap(self, root: str, pairs: Sequence[Pair]) -> list[bytes]:
        cipher, found = self._key(root), []
        for text, aad in pairs:
            sealed = bytes.fromhex(text.decode())
            try:
                found.append(cipher.decrypt(sealed[:12], sealed[12:], aad))
            except InvalidTag:
                raise SealError("It is not as it was wrapped.", "Compare it.") from None
        return found

    def destroy(self, root: str) -> None:
        self._used()
        self.keys.pop(root, None)
        self._used()

    def mark(self, root: str) -> bytes:
        return bytes(32)


@dataclass
class Copy:
    """A copy of the folder: where it lies, and what opened when it was made."""

    path: Path
    wraps: dict[str, bytes]


class Keys(RuleBasedStateMachine):
    """The key folder, its roots inside or elsewhere, copies of it, crashes and other processes."""

    @initialize(served=st.booleans())
    def begin(self, served: bool) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.base = Path(self.folder.name)
        self.roots = Elsewhere() if served else None
        self.keeper = self.fresh()
        self.keeper.create("2026-11-01")
        self.other = self.fresh()
        self.public = self.keeper.public_key()
        self.pepper = self.keeper.pepper("lasting")
        self.living: dict[str, list[bytes]] = {}
        self.dead: list[tuple[str, bytes]] = []
        self.copies: list[Copy] = []

    def teardown(self) -> None:
        if hasattr(self, "folder"):
            self.folder.cleanup()

    def fresh(self, path: Path | None = None) -> FolderCustodian:
        return FolderCustodian(path or self.base / "keys", roots=self.roots)

    @rule(label=LABELS, theirs=st.booleans())
    def wrap(self, label: str, theirs: bool) -> None:
        keeper = self.other if theirs else self.keeper
        keeper.ensure(label)
        self.living.setdefault(label, []).append(keeper.wrap(label, DATA, label.encode()))

    @rule(label=LABELS)
    def forget(self, label: str) -> None:
        self.keeper.forget(label)
        self.dead += [(label, wrapped) for wrapped in self.living.pop(label, [])]

    @rule()
    def prepare(self) -> None:
        self.keeper.prepare()
        assert self.keeper.root().next
        assert len(self.there()) == 2

    @rule()
    def rotate(self) -> None:
        before = self.keeper.root()
        self.keeper.rotate("2026-12-01", expected=before.root)
        now = self.keeper.root()
        assert now.root == before.next or not before.next
        assert (now.root != before.root, now.next, now.since) == (True, "", "2026-12-01")
        assert self.there() == {now.root}

    @rule()
    def rotate_what_was_rotated(self) -> None:
        """Two sweeps meet: the second one finds another root than it expected."""
        before = self.keeper.root()
        self.other.rotate("2026-12-02", expected="f" * 16)
        assert self.keeper.root() == before

    @rule(steps=st.integers(0, 9), ahead=st.booleans())
    def crash_between_steps(self, steps: int, ahead: bool) -> None:
        ring = Keyring(self.base / "keys", os.urandom, self.roots)
        making = ring.preparing() if ahead else ring.rotating()
        for _ in range(steps):
            next(making, None)
        making.close()

    @precondition(lambda self: self.roots is not None)
    @rule(call=st.integers(1, 8), ahead=st.booleans())
    def fail_at_a_call(self, call: int, ahead: bool) -> None:
        assert self.roots is not None
        self.roots.fails_in = call
        with suppress(SealError):
            (self.fresh().prepare if ahead else self.fresh().rotate)()
        self.roots.fails_in = -1

    @rule()
    def settle(self) -> None:
        self.keeper.settle()
        now = self.keeper.root()
        assert self.there() == {now.root, now.next} - {""}

    @rule(commits=st.booleans(), crashes=st.booleans())
    def change_the_signing_key(self, commits: bool, crashes: bool) -> None:
        new = self.keeper.renew().public_key().public_bytes_raw()
        if commits:
            self.public = new
        if not crashes:
            self.keeper.settle_signing(self.public.hex())
            assert not self.keeper.renewing()
            assert self.fresh().public_key() == self.public

    @rule()
    def restart(self) -> None:
        self.keeper, self.other = self.fresh(), self.fresh()

    @rule(whole=st.booleans(), by_hand=st.booleans())
    def copy(self, whole: bool, by_hand: bool) -> None:
        path = self.base / f"copy-{len(self.copies)}"
        if by_hand:
            shutil.copytree(self.base / "keys", path)
        else:
            self.keeper.copy(path, roots=self.roots is None)
        if not whole:
            for root in path.glob("root-*.key"):
                root.unlink()
        wraps = {label: wraps[-1] for label, wraps in self.living.items()}
        self.copies.append(Copy(path, wraps))

    def there(self) -> set[str]:
        """Return the roots there are, in the folder and elsewhere."""
        names = {path.name[5:21] for path in (self.base / "keys").glob("root-*")}
        if self.roots is not None:
            assert set(self.roots.keys) <= names
        return names

    @precondition(lambda self: self.dead)
    @rule(data=st.data())
    def the_dead_stay_dead(self, data: st.DataObject) -> None:
        label, wrapped = data.draw(st.sampled_from(self.dead))
        for keeper in (self.keeper, self.other, self.fresh()):
            with pytest.raises(SealError):
                keeper.unwrap(label, wrapped, label.encode())

    @precondition(lambda self: self.copies)
    @rule(data=st.data())
    def a_copy_opens_while_its_root_lives(self, data: st.DataObject) -> None:
        copy = data.draw(st.sampled_from(self.copies))
        keeper = self.fresh(copy.path)
        for label, wrapped in copy.wraps.items():
            file = copy.path / f"key-{label.replace(':', '-', 1)}.json"
            root = json.loads(file.read_bytes())["root"]
            lives = (
                (copy.path / f"root-{root}.key").exists()
                if self.roots is None
                else root in self.roots.keys
            )
            if lives:
                assert keeper.unwrap(label, wrapped, label.encode()) == DATA
            else:
                with pytest.raises(KeyMissingError):
                    keeper.unwrap(label, wrapped, label.encode())

    @invariant()
    def the_living_open(self) -> None:
        if not hasattr(self, "keeper"):
            return
        fresh = self.fresh()
        assert self.keeper.labels() == set(self.living)
        for label, wraps in self.living.items():
            for keeper in (self.keeper, self.other, fresh):
                assert keeper.unwrap(label, wraps[-1], label.encode()) == DATA
                with pytest.raises(SealError):
                    keeper.unwrap(label, wraps[-1], b"another")
        assert fresh.pepper("lasting") == self.pepper
        assert fresh.signing_key(self.public.hex())

    @invariant()
    def the_pointer_leads_to_a_root(self) -> None:
        if not hasattr(self, "keeper"):
            return
        now = self.fresh().root()
        assert {now.root, now.next} - {""} <= self.there()
        if self.roots is not None:
            assert now.root in self.roots.keys


TestKeys = Keys.TestCase
TestKeys.settings = settings(max_examples=20, stateful_step_count=20, deadline=None)


@pytest.mark.long
@pytest.mark.timeout(900)
class TestKeysLong(Keys.TestCase):  # type: ignore[name-defined, misc]
    """The same, deeper."""

    settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
