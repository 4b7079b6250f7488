"""Keys in real files: durable, private, forgotten when told to, and safe at every step."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from flask_guesterase.core.errors import KeyMissingError, SealError, SetupError
from flask_guesterase.core.seal import Custodian, Terms, close, open_box
from flask_guesterase.store.keys.custodian import FolderCustodian
from flask_guesterase.store.keys.keyring import Keyring
from flask_guesterase.store.keys.roots import decrypt

DAY = "day:2026-12-01"


@pytest.fixture
def keeper(tmp_path):
    custodian = FolderCustodian(tmp_path / "keys")
    custodian.create()
    return custodian


def files(keeper):
    return sorted(path.name for path in keeper.path.iterdir() if path.name != "lock")


def test_wrapped_keys_open(keeper):
    """What is wrapped under a label opens again, in another process too."""
    seam: Custodian = keeper
    seam.ensure(DAY)
    wrapped = seam.wrap(DAY, b"d" * 32, b"bound")
    assert seam.unwrap(DAY, wrapped, b"bound") == b"d" * 32
    assert FolderCustodian(keeper.path).unwrap(DAY, wrapped, b"bound") == b"d" * 32
    with pytest.raises(SealError):
        seam.unwrap(DAY, wrapped, b"other")
    with pytest.raises(SealError):
        seam.unwrap(DAY, wrapped[:20], b"bound")


def test_everything_is_private(keeper):
    """Folder and files are readable for their owner only."""
    keeper.ensure(DAY)
    assert keeper.path.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in keeper.path.iterdir()} == {0o600}
    assert files(keeper) == [
        "current.json",
        "key-day-2026-12-01.json",
        f"root-{keeper.root_id()}.key",
        "secret-pepper.json",
        "secret-signing.json",
    ]
    assert keeper.labels() == {DAY}


@pytest.mark.parametrize("mode", [0o750, 0o705, 0o701])
def test_an_open_folder_is_refused(keeper, mode):
    """A folder that others can enter is refused, with the command that closes it."""
    keeper.path.chmod(mode)
    with pytest.raises(SealError, match="chmod 700"):
        FolderCustodian(keeper.path).public_key()
    with pytest.raises(SealError, match="chmod 700"):
        keeper.ensure(DAY)


def test_nothing_is_made_up(tmp_path):
    """A folder that is missing or empty is an error, never a reason to make new keys."""
    keeper = FolderCustodian(tmp_path / "keys")
    for use in (keeper.signing_key, lambda: keeper.pepper("a"), lambda: keeper.ensure(DAY)):
        with pytest.raises(KeyMissingError, match="keys") as missed:
            use()
        assert "flask guesterase db upgrade" in missed.value.hint
    keeper.path.mkdir(mode=0o700)
    assert not keeper.exists()
    with pytest.raises(KeyMissingError, match=r"secret-signing\.json"):
        keeper.signing_key()
    with pytest.raises(KeyMissingError, match=r"current\.json"):
        keeper.ensure(DAY)
    assert [path.name for path in keeper.path.iterdir()] == ["lock"]


def test_create_is_for_once(keeper):
    """Creating keys where there are some is refused and changes nothing."""
    before = {path: path.read_bytes() for path in keeper.path.iterdir()}
    with pytest.raises(SetupError):
        keeper.create()
    assert {path: path.read_bytes() for path in keeper.path.iterdir()} == before


def test_secrets_last(keeper):
    """Signing key and peppers are the same after a restart and a rotation."""
    public, pepper = keeper.public_key(), keeper.pepper("actor")
    keeper.rotate()
    again = FolderCustodian(keeper.path)
    assert (again.public_key(), again.pepper("actor")) == (public, pepper)
    assert isinstance(again.signing_key(), Ed25519PrivateKey)
    assert len({again.pepper("actor"), again.pepper("match"), public}) == 3


def test_mortal_secrets_end_with_their_label(keeper):
    """A secret of a case cannot be had once the label of the case is forgotten."""
    keeper.ensure("case:E-12")
    secret = keeper.mortal("case:E-12", "people")
    assert FolderCustodian(keeper.path).mortal("case:E-12", "people") == secret
    assert keeper.mortal("case:E-12", "other") != secret
    keeper.forget("case:E-12")
    with pytest.raises(KeyMissingError):
        keeper.mortal("case:E-12", "people")
    keeper.ensure("case:E-12")
    assert keeper.mortal("case:E-12", "people") != secret


def test_forgetting_reaches_other_processes(keeper):
    """A key that one process forgot is not used from the memory of another."""
    other = FolderCustodian(keeper.path)
    keeper.ensure(DAY)
    wrapped = other.wrap(DAY, b"d" * 32, b"")
    keeper.forget(DAY)
    keeper.forget(DAY)
    with pytest.raises(KeyMissingError):
        other.unwrap(DAY, wrapped, b"")
    keeper.ensure(DAY)
    with pytest.raises(SealError):
        other.unwrap(DAY, wrapped, b"")


def test_a_changed_signing_key_reaches_other_processes(keeper):
    """The public half is that of the key which lies in the folder now, or of none."""
    before, other = keeper.public_key(), FolderCustodian(keeper.path)
    new = other.renew().public_key().public_bytes_raw()
    assert keeper.public_key() == before
    other.settle_signing(new.hex())
    assert keeper.public_key() == new != before
    keeper.rotate()
    assert other.public_key() == new
    (keeper.path / "secret-signing.json").unlink()
    with pytest.raises(KeyMissingError):
        keeper.public_key()


def test_a_key_made_anew_reaches_other_processes(keeper):
    """A label that was forgotten and made anew is not answered from the memory of another."""
    other = FolderCustodian(keeper.path)
    keeper.ensure(DAY)
    other.wrap(DAY, b"d" * 32, b"")
    keeper.forget(DAY)
    keeper.ensure(DAY)
    assert keeper.unwrap(DAY, other.wrap(DAY, b"e" * 32, b""), b"") == b"e" * 32


def test_a_rotation_between_two_reads_is_survived(keeper):
    """When another process rotates between reading a key file and its root, it is read again."""
    keeper.ensure(DAY)
    wrapped = keeper.wrap(DAY, b"d" * 32, b"")

    class Overtaken(Keyring):
        done = False

        def _roots(self, root):
            if not self.done:
                self.done = True
                keeper.rotate()
            return super()._roots(root)

    ring = Overtaken(keeper.path, os.urandom)
    name, key = ring.read("key-day-2026-12-01.json")
    assert (name, ring.done) == (DAY, True)
    assert decrypt(key, wrapped, b"") == b"d" * 32


def test_one_changes_the_folder_at_a_time(keeper):
    """Whoever wants a new key waits for a rotation that is under way, and gets it after."""
    rotation = Keyring(keeper.path, os.urandom).rotating()
    next(rotation)
    waiting = threading.Thread(target=FolderCustodian(keeper.path).ensure, args=(DAY,))
    waiting.start()
    waiting.join(timeout=0.3)
    assert waiting.is_alive()
    for _ in rotation:
        assert keeper.labels() == frozenset()
    waiting.join(timeout=60)
    assert keeper.labels() == {DAY}
    keeper.wrap(DAY, b"d" * 32, b"")


@pytest.mark.parametrize(
    "label", ["", "day", "day:", ":x", "Day:x", "day:../x", "day:a/b", "day:a b", "a:" + "x" * 90]
)
def test_labels_cannot_leave_the_folder(keeper, label):
    """Only a label's form is accepted, so that no label names a file elsewhere."""
    for use in (keeper.ensure, keeper.forget, lambda name: keeper.wrap(name, b"", b"")):
        with pytest.raises(SealError):
            use(label)


def test_an_old_copy_dies_with_its_root(keeper, tmp_path):
    """After a rotation a copy of the folder without its root file opens nothing."""
    keeper.ensure(DAY)
    box = close(b"a guest", Terms("a", "recovery", "2026-12-01"), keeper)
    old_root = f"root-{keeper.root_id()}.key"
    shutil.copytree(keeper.path, tmp_path / "copy")
    keeper.rotate()
    assert not (keeper.path / old_root).exists()
    assert open_box(box, FolderCustodian(keeper.path)) == b"a guest"
    # The copy still holds its root: this is the window that a rotation cannot close.
    assert open_box(box, FolderCustodian(tmp_path / "copy")) == b"a guest"
    (tmp_path / "copy" / old_root).unlink()
    shutil.copy(keeper.path / f"root-{keeper.root_id()}.key", tmp_path / "copy")
    with pytest.raises(KeyMissingError, match=old_root):
        open_box(box, FolderCustodian(tmp_path / "copy"))


def test_forgetting_overwrites(keeper, monkeypatch):
    """The bytes of a forgotten key are overwritten before the file goes."""
    keeper.ensure(DAY)
    path = keeper.path / "key-day-2026-12-01.json"
    twin = keeper.path.parent / "twin"
    os.link(path, twin)
    keeper.forget(DAY)
    assert set(twin.read_bytes()) == {0}


def test_a_lost_root_stops_and_destroys_nothing(keeper):
    """When the root is gone, keys are not made under it and a rotation leaves all as it was."""
    keeper.ensure(DAY)
    (keeper.path / f"root-{keeper.root_id()}.key").rename(keeper.path.parent / "kept.key")
    before = files(keeper)
    fresh = FolderCustodian(keeper.path)
    for use in (fresh.rotate, lambda: fresh.ensure("day:2027-01-01"), lambda: fresh.ensure(DAY)):
        with pytest.raises(KeyMissingError, match="root-"):
            use()
    with pytest.raises(KeyMissingError, match="root-"):
        keeper.ensure("day:2027-01-01")
    assert files(keeper) == before


@pytest.mark.parametrize("content", [b"", b"{}", b"null", b'{"root":1,"name":2,"nonce":"zz"}'])
def test_damaged_files_are_named(keeper, content):
    """A damaged key file is an error that names the file."""
    keeper.ensure(DAY)
    (keeper.path / "key-day-2026-12-01.json").write_bytes(content)
    with pytest.raises(SealError, match=r"key-day-2026-12-01\.json"):
        FolderCustodian(keeper.path).ensure(DAY)


def test_exchanged_files_are_noticed(keeper):
    """Files that changed places do not pass for each other."""
    keeper.ensure(DAY)
    keeper.ensure("day:2026-12-02")
    shutil.copy(
        keeper.path / "key-day-2026-12-02.json", keeper.path / "key-day-2026-12-01.json"
    )
    with pytest.raises(SealError, match=r"key-day-2026-12-01\.json"):
        FolderCustodian(keeper.path).wrap(DAY, b"d" * 32, b"")
    shutil.copy(keeper.path / "secret-pepper.json", keeper.path / "secret-signing.json")
    with pytest.raises(SealError, match=r"secret-signing\.json"):
        FolderCustodian(keeper.path).signing_key()
    root = keeper.path / f"root-{keeper.root_id()}.key"
    root.write_bytes(b"short")
    with pytest.raises(SealError, match=root.name):
        FolderCustodian(keeper.path).pepper("a")
    (keeper.path / "current.json").write_bytes(b"{}")
    with pytest.raises(SealError, match=r"current\.json"):
        FolderCustodian(keeper.path).root_id()


def steps_of(make):
    """Return how many steps a sequence has, by running it once in a folder of its own."""
    with tempfile.TemporaryDirectory() as folder:
        return sum(1 for _ in make(Path(folder) / "keys"))


def creating(path):
    return Keyring(path, os.urandom).creating(("signing", "pepper"))


@pytest.mark.parametrize("survived", range(steps_of(creating)))
def test_create_starts_again_after_a_crash(tmp_path, survived):
    """Killed after any step but the last, creating starts again and leaves no stray key."""
    steps = creating(tmp_path / "keys")
    for _ in range(survived):
        next(steps)
    steps.close()
    (tmp_path / "keys").mkdir(mode=0o700, exist_ok=True)
    (tmp_path / "keys" / ".new-0011").write_bytes(b"half a root")
    keeper = FolderCustodian(tmp_path / "keys")
    assert not keeper.exists()
    keeper.create()
    assert len(files(keeper)) == 4
    keeper.signing_key()


# root, pointer, three files, destroyed, before which there is the settling of the start
ROTATION_STEPS = 7


@pytest.mark.parametrize("survived", range(ROTATION_STEPS))
def test_rotation_goes_on_after_a_crash(keeper, survived):
    """Killed after any step, every key still opens, and the next rotation finishes."""
    keeper.ensure(DAY)
    keeper.ensure("hold:h1")
    wrapped = keeper.wrap(DAY, b"d" * 32, b"")
    held = keeper.wrap("hold:h1", b"h" * 32, b"")
    steps = Keyring(keeper.path, os.urandom).rotating()
    taken = [next(steps) for _ in range(survived)]
    steps.close()
    assert len(taken) == survived
    for finish in (None, FolderCustodian.settle, FolderCustodian.rotate):
        fresh = FolderCustodian(keeper.path)
        if finish is not None:
            finish(fresh)
            assert sum(name.startswith("root-") for name in files(fresh)) == 1
        assert fresh.unwrap(DAY, wrapped, b"") == b"d" * 32
        assert fresh.unwrap("hold:h1", held, b"") == b"h" * 32
        assert fresh.public_key() == keeper.public_key()
        fresh.ensure("day:2027-01-01")
        fresh.wrap("day:2027-01-01", b"x" * 32, b"")


def test_the_rotation_has_the_steps_the_crash_test_takes(keeper):
    """The crash test above stops after each step there is, with two keys and two secrets."""
    keeper.ensure(DAY)
    keeper.ensure("hold:h1")
    steps = list(Keyring(keeper.path, os.urandom).rotating())
    assert len(steps) == ROTATION_STEPS + 1
    assert steps[:3] == ["destroyed", "root", "pointer"]
    assert steps[-1] == "destroyed"


def test_half_forgotten_keys_are_finished(keeper):
    """Killed after the rename, a forgotten key does not open, and forgetting again removes it."""
    keeper.ensure(DAY)
    path = keeper.path / "key-day-2026-12-01.json"
    path.rename(keeper.path / ".gone-key-day-2026-12-01.json")
    with pytest.raises(KeyMissingError):
        FolderCustodian(keeper.path).wrap(DAY, b"d" * 32, b"")
    keeper.forget(DAY)
    assert not any(name.startswith(".gone-") for name in files(keeper))


WORKER = """
import sys
from flask_guesterase.store.keys.custodian import FolderCustodian
keeper = FolderCustodian(sys.argv[1])
for number in range(15):
    label = f"day:2027-01-{number + 1:02d}"
    keeper.ensure(label)
    print(label, keeper.wrap(label, b"d" * 32, b"").hex())
    if sys.argv[2] == "rotates" and number % 3 == 0:
        keeper.rotate()
"""


def test_who_reads_the_mark_of_a_root_beside_rotations_reads_one(keeper):
    """Neither a root that just ended nor one that comes next is told to be missing."""
    ends, over = set(), threading.Event()

    def read():
        while not over.is_set():
            try:
                keeper.fingerprint()
            except Exception as problem:
                ends.add(type(problem).__name__)

    readers = [threading.Thread(target=read) for _ in range(2)]
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        for each in readers:
            each.start()
        for custodian in (keeper, FolderCustodian(keeper.path)) * 20:
            custodian.rotate()
    finally:
        over.set()
        for each in readers:
            each.join()
        sys.setswitchinterval(before)
    assert ends == set()


def test_several_processes_make_one_key(keeper):
    """Processes that make the same labels while one rotates agree on every key."""
    workers = [
        subprocess.Popen(
            [sys.executable, "-c", WORKER, str(keeper.path), role],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for role in ("rotates", "wraps", "wraps")
    ]
    lines = []
    for worker in workers:
        out, err = worker.communicate(timeout=120)
        assert worker.returncode == 0, err
        lines += out.splitlines()
    assert len(lines) == 45
    for line in lines:
        label, wrapped = line.split()
        assert keeper.unwrap(label, bytes.fromhex(wrapped), b"") == b"d" * 32


LABELS = st.sampled_from([f"day:2026-12-{day:02d}" for day in range(1, 5)])


class KeyFolder(RuleBasedStateMachine):
    """Any order of making, forgetting, rotating, crashing and restarting keeps what it must."""

    def __init__(self):
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.path = Path(self.folder.name) / "keys"
        self.keeper = FolderCustodian(self.path)
        self.keeper.create()
        self.public = self.keeper.public_key()
        self.living = {}
        self.dead = []

    def teardown(self):
        self.folder.cleanup()

    @rule(label=LABELS)
    def make(self, label):
        self.keeper.ensure(label)
        self.living.setdefault(label, []).append(self.keeper.wrap(label, b"d" * 32, b"a"))

    @rule(label=LABELS)
    def forget(self, label):
        self.keeper.forget(label)
        self.dead += [(label, wrapped) for wrapped in self.living.pop(label, [])]

    @rule()
    def rotate(self):
        before = self.keeper.root_id()
        self.keeper.rotate()
        assert self.keeper.root_id() != before
        assert len(list(self.path.glob("root-*"))) == 1

    @rule(steps=st.integers(0, 9))
    def crash_while_rotating(self, steps):
        rotation = Keyring(self.path, os.urandom).rotating()
        for _ in range(steps):
            next(rotation, None)
        rotation.close()

    @rule()
    def restart(self):
        self.keeper = FolderCustodian(self.path)

    @precondition(lambda self: self.dead)
    @rule(data=st.data())
    def the_dead_stay_dead(self, data):
        label, wrapped = data.draw(st.sampled_from(self.dead))
        with pytest.raises(SealError):
            self.keeper.unwrap(label, wrapped, b"a")

    @invariant()
    def the_living_open(self):
        assert self.keeper.labels() == set(self.living)
        for label, wraps in self.living.items():
            assert self.keeper.unwrap(label, wraps[-1], b"a") == b"d" * 32
        assert FolderCustodian(self.path).public_key() == self.public


TestKeyFolder = KeyFolder.TestCase
TestKeyFolder.settings = settings(max_examples=25, stateful_step_count=15)
