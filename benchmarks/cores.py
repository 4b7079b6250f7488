"""Who computes on which core, so that where the machine puts a host is not what is measured.

A request waits for the database some times, and takes a fifth longer when both share a core: more
than what is asked of the hosts' code. Where a system cannot say (it is Linux that does), or has one
core, everything stays as it is.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path


def _cores() -> list[int]:
    found = sorted(os.sched_getaffinity(1)) if hasattr(os, "sched_getaffinity") else []
    return found if len(found) > 1 else []


def first() -> None:
    """Compute on the first core from now on: a host that is measured."""
    if cores := _cores():
        os.sched_setaffinity(0, cores[:1])


def others() -> None:
    """Compute on all other cores from now on, with what this process started and will start."""
    cores = _cores()
    if not cores:
        return
    for process in _family(os.getpid()):
        for thread in Path(f"/proc/{process}/task").glob("*"):
            with suppress(OSError):
                os.sched_setaffinity(int(thread.name), cores[1:])


def _family(process: int) -> list[int]:
    """Return a process and all that come from it."""
    found = [process]
    for one in found:
        for listed in Path(f"/proc/{one}/task").glob("*/children"):
            with suppress(OSError):
                found += [int(word) for word in listed.read_text(encoding="ascii").split()]
    return found
