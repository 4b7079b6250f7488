"""Scripts in a process of their own: what forks, or leaves Python otherwise, is tried there."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def printed(script: str, *given: str) -> list[str]:
    """Run a script until it ends, and return the words that it printed.

    :param script: Python.
    :param given: its arguments.
    """
    # Python warns of a fork beside threads, which is what such scripts are about.
    return subprocess.run(
        [sys.executable, "-W", "ignore", "-c", script, *given], cwd=ROOT, capture_output=True,
        text=True, check=True, timeout=60,
    ).stdout.split()  # fmt: skip
