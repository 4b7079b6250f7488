"""Medians, spreads, and the facts of the machine that every figure stands beside."""

from __future__ import annotations

import os
import platform
import sqlite3
import statistics
import sys
from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import create_engine


def middle(values: Sequence[float]) -> float:
    """Return the median; nan of nothing."""
    return statistics.median(values) if values else float("nan")


def quantile(values: Sequence[float], share: float) -> float:
    """Return the value below which a share of the values lies."""
    ranked = sorted(values)
    return ranked[min(len(ranked) - 1, int(len(ranked) * share))]


def told(values: Sequence[float], digits: int = 0) -> str:
    """Return the median, and in brackets the middle half of the values."""
    if not values:
        return "none"
    low, high = quantile(values, 0.25), quantile(values, 0.75)
    return f"{middle(values):,.{digits}f} ({low:,.{digits}f}-{high:,.{digits}f})"


def size(text: str) -> int:
    """Return a number written as 10k, 1M or 10000."""
    factor = {"k": 1000, "m": 1_000_000}.get(text[-1:].lower(), 1)
    return int(float(text[:-1] if factor > 1 else text) * factor)


def short(number: int) -> str:
    """Return a number as `size` reads it."""
    for factor, letter in ((1_000_000, "M"), (1000, "k")):
        if number >= factor and number % factor == 0:
            return f"{number // factor}{letter}"
    return str(number)


def load() -> str:
    """Return how many wanted a core in the last minute."""
    return f"load {os.getloadavg()[0]:.1f}"


def machine() -> str:
    """Return what this machine is."""
    model = platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        lines = info.read_text(encoding="utf-8").splitlines()
        model = next((x.split(":", 1)[1].strip() for x in lines if "model name" in x), model)
    return (
        f"{model}, {os.cpu_count()} cores, Python {platform.python_version()}, "
        f"SQLite {sqlite3.sqlite_version}, {load()}"
    )


def version(url: str) -> str:
    """Return name and version of a database."""
    engine = create_engine(url)
    with engine.connect() as conn:
        number = ".".join(map(str, conn.dialect.server_version_info or ()))
    engine.dispose()
    return f"{engine.dialect.name} {number}"


def say(text: str = "") -> None:
    """Print a line now, so that a long run can be followed."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def resident(word: str = "VmRSS") -> float:
    """Return the memory of this process now, or the most it ever held (VmHWM), in MiB.

    Source: proc(5).
    """
    with open("/proc/self/status", encoding="ascii") as status:
        return next(int(x.split()[1]) for x in status if x.startswith(word)) / 1024
