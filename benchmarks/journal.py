"""The one-file verifier over long journals: entries a second, and the most memory it held."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from flask_guesterase.core.checkpoint import sign_checkpoint
from flask_guesterase.core.log import Draft, Entry, genesis
from flask_guesterase.core.tree import Frontier

ROOT = Path(__file__).resolve().parents[1]
SIZES = (10_000, 100_000, 1_000_000)
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))

_RUN = """
import sys, time
sys.path.insert(0, {folder!r})
{work}
start, worked = time.perf_counter(), time.process_time()
run({path!r})
took, computed = time.perf_counter() - start, time.process_time() - worked
# Not ru_maxrss, which begins with what the parent held. Source: proc(5), VmHWM.
with open("/proc/self/status") as status:
    most = next(line.split()[1] for line in status if line.startswith("VmHWM"))
print(took, computed, int(most) / 1024)
"""

_VERIFY = """
import contextlib, io
import verify
def run(path):
    with contextlib.redirect_stdout(io.StringIO()):
        assert verify.main([path, '--checkpoint', path + '.note', '--key', {key!r}]) == 0
"""

_BARE = """
import hashlib, json
def run(path):
    with open(path, 'rb') as lines:
        for line in lines:
            json.loads(line)
            hashlib.sha256(line).digest()
"""


def generate(path: Path, size: int) -> None:
    """Write a journal of so many entries, as the real code writes them, and its checkpoint.

    :param path: the file; its checkpoint goes beside it, named ``.note``.
    :param size: how many entries.
    """
    public = KEY.public_key().public_bytes_raw()
    frontier, at = Frontier(), "2026-11-24T10:00:00Z"
    with path.open("wb") as file:
        for start in range(0, size, 1000):
            leaves = []
            for index in range(start, min(start + 1000, size)):
                draft = _draft(index, at) if index else genesis("hotel-a", at, public)
                body = Entry(draft, 0, index).body()
                leaves.append(hashlib.sha256(b"\0" + body).digest())
                file.write(body + b"\n")
            frontier, _ = frontier.extend(leaves)
    note = sign_checkpoint("guesterase/hotel-a/0", size, frontier.root(), at, KEY)
    Path(f"{path}.note").write_text(note, encoding="utf-8")


def _draft(index: int, at: str) -> Draft:
    return Draft(
        "hotel-a", at, "subject-erased", f"a{index % 40 + 1}", f"E-{index}",
        counts={"guests": 1, "bookings": index % 7, "messages": index % 11},
        grounds=("guest-request",), marks={"plan": "0f" * 32}, facts={"property": "hz1"},
    )  # fmt: skip


def run(path: Path, work: str) -> tuple[float, float, float]:
    """Return seconds, those computed, and the most memory, MiB, of work in its own process."""
    key = KEY.public_key().public_bytes_raw().hex()
    work = work.replace("{key!r}", f"{key!r}")
    code = _RUN.format(folder=str(ROOT / "flask_guesterase"), path=str(path), work=work)
    done = subprocess.run(
        [sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True
    )
    took, computed, memory = done.stdout.split()
    return float(took), float(computed), float(memory)


def report(sizes: tuple[int, ...] = SIZES) -> None:
    """Measure and print, each size beside a bare loop over the same lines."""
    for size in sizes:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "journal.jsonl"
            start = time.perf_counter()
            generate(path, size)
            wrote = time.perf_counter() - start
            took, computed, memory = run(path, _VERIFY)
            bare, thought, least = run(path, _BARE)
            length = path.stat().st_size / 1e6
        sys.stdout.write(
            f"journal of {size:,} entries, {length:,.0f} MB (written in {wrote:.0f} s)\n"
            f"  verified in {took:.2f} s, {size / took:,.0f} entries/s; of computing alone "
            f"{computed:.2f} s, {size / computed:,.0f} entries/s; memory at most {memory:.0f} MiB\n"
            f"  json.loads and sha256 over the same lines: {bare:.2f} s, computing {thought:.2f} "
            f"s, {least:.0f} MiB; ratio {took / bare:.2f}, of computing {computed / thought:.2f}\n"
        )
