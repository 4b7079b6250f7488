"""Other packages on the same rows, each in a throw-away environment outside the project.

They are installed when a package index can be reached. What is not run is printed with the figures
that were published of it, and their date; those are of another run: no ratio is made of them.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import make_url

from tests.engines import clone_database, fresh_database

from .. import loop
from ..estate import built, engine_of
from ..figures import load, say, told
from ..rows import Shape

HERE = Path(__file__).resolve().parent
GUESTS, ERASED, TURNS = 2_000, 10, 4
"""Guests of the hotel; guests erased in a turn; turns."""

PUBLISHED = "2026-11-24, PostgreSQL, 100,000 guests, two other cores"


@dataclass(frozen=True)
class Peer:
    """Another package.

    :param name: its name on the package index, with the version measured.
    :param script: what erases with it, in this folder.
    :param needs: what else is installed beside it.
    :param known: guests a second that were measured before, without backup or journal.
    """

    name: str
    script: str
    needs: tuple[str, ...] = ()
    known: str = ""


PEERS = (
    Peer("django-gdpr-assist==1.4.2", "assist.py", ("django<4.3",), "12-27, in bulk 94-109"),
    Peer("django-GDPR==0.2.23", "purposes.py", ("django<4", "python-dateutil"), "13-15"),
    Peer("effaced==0.1.0", "planner.py", ("sqlalchemy<2.2",)),
)


def report(given: argparse.Namespace) -> None:
    """Run what installs, in turns with the naive loop, on SQLite; print the rest as published."""
    for peer in PEERS:
        known = f"; published: {peer.known} guests/s ({PUBLISHED})" if peer.known else ""
        with tempfile.TemporaryDirectory(prefix="guesterase-peer-") as folder:
            python = _installed(peer, Path(folder))
            if python is None:
                say(f"{peer.name}: not run, it could not be installed{known}")
                continue
            _beside(peer, python, known)


def _installed(peer: Peer, folder: Path) -> Path | None:
    """Return the Python of an environment with a peer, or None where that cannot be made."""
    python = folder / "bin" / "python"
    install = [str(python), "-m", "pip", "--quiet", "install", peer.name, *peer.needs]
    for command in ([sys.executable, "-m", "venv", str(folder)], install):
        if subprocess.run(command, capture_output=True, check=False).returncode:
            return None
    return python


def _beside(peer: Peer, python: Path, known: str) -> None:
    """Erase with a peer and with the naive loop in turns."""
    shape = Shape(GUESTS)
    took: dict[str, list[float]] = {"peer": [], "loop": []}
    with fresh_database("sqlite") as url:
        built(url, shape)
        with clone_database(url) as copy:
            engine = engine_of(copy)
            for turn in range(TURNS):
                ids = range(1 + turn * ERASED, 1 + (turn + 1) * ERASED)
                command = [str(python), str(HERE / peer.script), str(make_url(url).database)]
                done = subprocess.run(
                    [*command, *map(str, ids)], capture_output=True, text=True, check=False
                )
                if done.returncode:
                    say(f"{peer.name}: not run, it fails with this Python{known}")
                    break
                took["peer"].append(ERASED / float(done.stdout))
                start = time.perf_counter()
                loop.erase(engine, ids)
                took["loop"].append(ERASED / (time.perf_counter() - start))
            engine.dispose()
    if not took["peer"]:
        return
    say(
        f"{peer.name}, SQLite, {GUESTS:,} guests, erasing only: {told(took['peer'], 1)} guests/s; "
        f"the naive loop {told(took['loop'], 1)} ({load()}){known}"
    )
