"""A pytest plugin: a host's own tests run on applications that have the extension installed.

``python -m pytest -p with_privacy``, with the folder of the host's ``privacy`` module on the
path. Our tables are made in every database, so their tests live with them.
"""

from __future__ import annotations

import os
from typing import Any

import pages
import privacy
import pytest
from flask import Flask

_ready: list[int] = []


def _make_tables(app: Flask) -> None:
    code, output = pages.command(app, "db", "upgrade")
    if code != 0:
        raise RuntimeError(output)
    _ready.append(code)


privacy.DEFAULTS["GUESTERASE_KEYS"] = os.environ["GUESTERASE_TEST_KEYS"]
privacy.ON_INSTALLED.append(_make_tables)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> Any:
    """Say in how many applications the extension was, which the outer test reads."""
    terminalreporter.write_line(f"installed in {len(_ready)} applications")
