"""A database server of our own that is killed, with all its processes, and started again."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psycopg
from sqlalchemy import make_url

from tests import engines, serve
from tests.serve import RECIPES, Running


@dataclass
class Plug:
    """A server that writes through to the disk.

    :param kind: name of the engine.
    :param home: its folder.
    :param running: its process and address.
    """

    kind: str
    home: Path
    running: Running

    @property
    def pid(self) -> int:
        """Return the number of its first process."""
        return self.running.process.pid

    def checkpoint(self) -> None:
        """Let PostgreSQL write down what it has.

        It logs a number of a sequence ahead; of a sequence that was copied with its database it
        takes the numbers logged ahead for logged, and would give them again after a crash.
        """
        if self.kind == "postgresql":
            parts = make_url(self.running.url)
            with psycopg.connect(
                host=parts.host, port=parts.port, user=parts.username, password=parts.password,
                dbname="postgres", autocommit=True,
            ) as conn:  # fmt: skip
                conn.execute("CHECKPOINT")

    def again(self) -> None:
        """Start it again after it was killed; it recovers by itself."""
        self.running.process.wait(20)
        self.running.process = serve.restart(RECIPES[self.kind], self.home, self.running.url)


def pull(pid: int) -> None:
    """Kill a server and every process it started."""
    with open(f"/proc/{pid}/task/{pid}/children") as file:
        children = [int(each) for each in file.read().split()]
    for each in (pid, *children):
        with suppress(ProcessLookupError):
            os.kill(each, signal.SIGKILL)


@contextmanager
def plugged(kind: str) -> Iterator[Plug]:
    """Run a server of our own until the block ends.

    Skips the running test where the machine has no such server.
    """
    folder = Path(tempfile.mkdtemp(prefix="guesterase-plug-"))
    folder.chmod(0o711)
    home = folder / kind
    try:
        try:
            running = serve.start(RECIPES[kind], home, True)
        except serve.MissingEngine as error:
            engines.missing(kind, str(error))
        plug = Plug(kind, home, running)
        try:
            yield plug
        finally:
            with suppress(FileNotFoundError):
                pull(plug.pid)
            plug.running.process.wait(20)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
