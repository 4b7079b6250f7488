"""A process that erases and is killed at a point: FOLDER NUMBER POINT URL..."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import Any, NoReturn

import pytest

from flask_guesterase.store.binds import intents
from tests.binds import test_forward
from tests.binds.group import Group


def die(*_: Any) -> NoReturn:
    """Be gone, at once."""
    os.kill(os.getpid(), signal.SIGKILL)
    raise SystemExit(1)


def main() -> None:
    """Erase, and die at the point."""
    folder, number, point, *urls = sys.argv[1:]
    intents.secrets = test_forward.fixed()  # type: ignore[attr-defined]
    test_forward.Crash.__init__ = die  # type: ignore[assignment]
    patch = pytest.MonkeyPatch()
    getattr(test_forward, point)(patch)
    Group(urls, Path(folder)).erase(number)


if __name__ == "__main__":
    main()
