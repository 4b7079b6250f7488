"""Processes that sweep one hotel and are killed: `python -m tests.store.relay` forks them.

It has everything imported, no thread and no open connection, so that each process it forks costs
little and may be killed at any statement. It reads one JSON object a line and answers with one.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event

from flask_guesterase.core import pace
from flask_guesterase.store.sweep import Limits
from tests.store.crowd import Crowd

SECONDS = 900
ROOT = Path(__file__).parent.parent.parent


class Relay:
    """The process that forks, as the tests see it."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def _ask(self, **ask: Any) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(ask) + "\n")
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline())
        assert "error" not in answer, answer["error"]
        return answer

    def start(self, hotel: Crowd, **how: Any) -> int:
        """Let a process sweep a hotel; return its number.

        :param at: number of the statement before which it is killed; none when 0.
        :param join: take part while another one leads.
        :param batch: most rows of one transaction; as the sweep sees fit when 0.
        """
        place = {"url": hotel.url, "folder": str(hotel.folder), "now": hotel.now.isoformat()}
        return int(self._ask(do="start", **place, **how)["pid"])

    def end(self, pid: int) -> dict[str, Any]:
        """Wait for a process; return what it reports, and the signal that ended it."""
        return dict(self._ask(do="end", pid=pid))

    def sweep(self, hotel: Crowd, **how: Any) -> dict[str, Any]:
        """Let a process sweep a hotel, and wait for it."""
        return self.end(self.start(hotel, **how))


@contextmanager
def relay() -> Iterator[Relay]:
    """Run the process that forks."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.store.relay"], cwd=ROOT, stdin=subprocess.PIPE,
        stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    try:
        yield Relay(process)
    finally:
        process.communicate()


def main() -> None:
    """Serve until nobody asks any more; whoever still works then is killed."""
    answers, asks = os.fdopen(os.dup(1), "w"), os.fdopen(os.dup(0), "r")
    os.dup2(2, 1)
    pipes: dict[int, int] = {}
    for line in asks:
        ask = json.loads(line)
        answer = _start(ask, pipes) if ask["do"] == "start" else _end(ask["pid"], pipes)
        answers.write(json.dumps(answer) + "\n")
        answers.flush()
    for pid in pipes:
        os.kill(pid, signal.SIGKILL)


def _start(ask: dict[str, Any], pipes: dict[int, int]) -> dict[str, Any]:
    reads, writes = os.pipe()
    child = os.fork()
    if child:
        os.close(writes)
        pipes[child] = reads
        return {"pid": child}
    signal.alarm(SECONDS)
    try:
        answer = _sweep(ask)
    except BaseException:
        answer = {"error": traceback.format_exc()}
    with os.fdopen(writes, "w") as told:
        told.write(json.dumps(answer))
    os._exit(0)


def _end(pid: int, pipes: dict[int, int]) -> dict[str, Any]:
    with os.fdopen(pipes.pop(pid)) as told:
        said = told.read()
    _, status = os.waitpid(pid, 0)
    killed = os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
    return {**(json.loads(said) if said else {}), "signal": killed}


def _sweep(ask: dict[str, Any]) -> dict[str, Any]:
    hotel = Crowd(ask["url"], Path(ask["folder"]))
    hotel.now = datetime.fromisoformat(ask["now"])
    if ask.get("batch"):
        # A few guests are then as many batches as a few thousand would be.
        pace.MOST = ask["batch"]
        pace.Pace.__init__.__defaults__ = (ask["batch"], *pace.Pace.__init__.__defaults__[1:])
    steps = _counting(ask.get("at", 0))
    report = hotel.sweep(limits=Limits(join=bool(ask.get("join"))))
    return {
        "counts": dict(report.counts), "problems": dict(report.problems),
        "joined": report.joined, "changes": steps[1:],
    }


def _counting(deadly: int) -> list[int]:
    """Count statements and commits; kill this process before the one of that number.

    What is returned is how many there were, and the numbers of those that change a guest.
    """
    steps = [0]

    def count(*what: Any) -> None:
        steps[0] += 1
        if steps[0] == deadly:
            os.kill(os.getpid(), signal.SIGKILL)
        if len(what) > 2 and what[2].startswith(("UPDATE guests", "UPDATE OR ABORT guests")):
            steps.append(steps[0])

    event.listen(Engine, "before_cursor_execute", count)
    event.listen(Engine, "commit", count)
    return steps


if __name__ == "__main__":
    main()
