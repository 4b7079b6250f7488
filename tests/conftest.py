"""Fixtures every test may ask for: real databases, a real browser."""

from __future__ import annotations

import gc
import importlib
import itertools
import multiprocessing
import os
import re
import shutil
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from playwright.sync_api import Browser, sync_playwright

from flask_guesterase.store import transaction
from flask_guesterase.store.statements import lent
from flask_guesterase.store.sweeping import claiming
from tests import deep, engines
from tests.post import Post, post_office

pytest_plugins = ["tests.compiled", "tests.onlysurgery"]

# A slow machine is no wrong answer; CI draws the same examples each time.
settings.register_profile(
    "guesterase", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("ci", settings.get_profile("guesterase"), derandomize=True)
settings.load_profile("ci" if engines.strict() else "guesterase")

# Tests keep much and drop little in circles: looking for those took a sixth of their time.
gc.set_threshold(50_000, 20, 100)

_HERE = Path(__file__).resolve().parent
_PLACES = itertools.count()

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
BROWSER_ARGS = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def pytest_configure(config: pytest.Config) -> None:
    """Own the session's folder before xdist starts its workers, which inherit its name."""
    engines.session_folder()


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop the servers the session started; a no-op in a worker, which owns none."""
    engines.end_session()


@pytest.hookimpl(tryfirst=True)
def pytest_collection(session: pytest.Session) -> None:
    """Let each of several workers begin to import elsewhere: what one compiled the others read.

    Side by side from the first file on, each would compile all of them.
    """
    worker = getattr(session.config, "workerinput", None)
    if worker is None or session.config.args_source is not pytest.Config.ArgsSource.TESTPATHS:
        return
    files = sorted(_HERE.rglob("test_*.py"))
    first = len(files) * int(worker["workerid"].removeprefix("gw")) // worker["workercount"]
    for file in (*files[first:], *files[:first]):
        # What is wrong with a file is said where it is collected.
        with suppress(Exception, pytest.skip.Exception):
            importlib.import_module(".".join(file.relative_to(_HERE.parent).with_suffix("").parts))


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave to the long run what is tried on another engine here, and out what is huge."""
    if "huge" not in str(config.option.markexpr):
        huge = [item for item in items if item.get_closest_marker("huge")]
        config.hook.pytest_deselected(items=huge)
        items[:] = [item for item in items if item not in huge]
    deep.mark(items)
    deep.order(items)
    gc.freeze()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Count the tests that a missing engine left out, engine by engine."""
    counts: Counter[str] = Counter()
    for report in terminalreporter.getreports("skipped"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else ""
        if engines.MISSING in reason:
            counts[reason.partition(engines.MISSING)[2]] += 1
    for name, count in sorted(counts.items()):
        terminalreporter.write_line(f"{engines.MISSING}{name}: {count} tests skipped", yellow=True)


@pytest.fixture
def tmp_path(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of the test's own, numbered by counting: pytest would read all names there are."""
    name = re.sub(r"\W", "_", request.node.name)[:30]
    made = tmp_path_factory.getbasetemp() / f"{name}-{next(_PLACES)}"
    made.mkdir(mode=0o700)
    return made


@pytest.fixture
def post() -> Iterator[tuple[Post, str]]:
    """A real mail server and its address."""
    handler = Post()
    with post_office(handler) as address:
        yield handler, address


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let our transactions give a lock up as soon as each engine can, for tests of what follows."""
    monkeypatch.setattr(transaction, "LOCK_SECONDS", 0.2)
    local = tuple(line.replace("'2s'", "'200ms'") for line in transaction._LOCAL["postgresql"])
    assert local != transaction._LOCAL["postgresql"]
    monkeypatch.setitem(transaction._LOCAL, "postgresql", local)
    for name in ("innodb_lock_wait_timeout", "lock_wait_timeout"):
        assert lent.SESSION[name] == "2"
        monkeypatch.setitem(lent.SESSION, name, "1")


@pytest.fixture(autouse=True)
def restless(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a round rest only while a thread or a process of the test may wait for the database.

    Where nobody does, the room it leaves would be left to nobody.
    """
    before, sleep = _others(), claiming.sleep
    monkeypatch.setattr(
        claiming, "sleep", lambda seconds: sleep(seconds) if _others() - before else None
    )


def _others() -> set[object]:
    """Return this process, its threads, and the processes that were forked from it."""
    return {os.getpid(), *threading.enumerate(), *multiprocessing.active_children()}


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """The address of an SQLite file that does not exist yet."""
    return f"sqlite:///{tmp_path / 'test.sqlite'}"


@pytest.fixture
def postgresql_url() -> Iterator[str]:
    """The address of an empty PostgreSQL database, dropped after the test."""
    with engines.fresh_database("postgresql") as url:
        yield url


@pytest.fixture
def mariadb_url() -> Iterator[str]:
    """The address of an empty MariaDB database, dropped after the test."""
    with engines.fresh_database("mariadb") as url:
        yield url


@pytest.fixture(params=engines.ENGINES)
def database_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """The address of an empty database, on each of the three engines in turn."""
    with engines.fresh_database(request.param) as url:
        yield url


# Not for the whole session: its event loop would be "running" for every test that follows.
@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """A running Chromium of the system, driven through Playwright; open your own context in it."""
    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    if path is None:
        engines.missing("chromium", f"none of {', '.join(BROWSERS)} on PATH")
    # Chromium's own sandbox refuses root, which is what a container's tests usually run as.
    args = [*BROWSER_ARGS, *(["--no-sandbox"] if os.geteuid() == 0 else [])]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=args)
        yield browser
        browser.close()
