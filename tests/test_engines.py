"""The databases and the browser that the other tests stand on."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import textwrap
import time
from pathlib import Path

import pytest
from playwright.sync_api import Browser
from sqlalchemy import create_engine, inspect, make_url, text

from tests import engines, serve

ROOT = Path(__file__).resolve().parent.parent
VERSION = {
    "sqlite": ("SELECT sqlite_version()", "3."),
    "postgresql": ("SELECT version()", "PostgreSQL"),
    "mariadb": ("SELECT version()", "MariaDB"),
}


def answer(url: str, statement: str) -> object:
    """The first value a statement gives, on a connection of its own."""
    engine = create_engine(url)
    with engine.connect() as conn:
        value = conn.execute(text(statement)).scalar()
    engine.dispose()
    return value


def listens(port: int) -> bool:
    """Whether somebody accepts connections on a loopback port."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def run_python(code: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run code in a process that shares nothing with this session."""
    inherited = {k: v for k, v in os.environ.items() if k not in {engines.SESSION, "CI"}}
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        cwd=ROOT,
        env={**inherited, **environ},
        capture_output=True,
        text=True,
        timeout=120,
    )


def run_pytest(tests: Path, *args: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run a session of its own over a folder of tests, with the fixtures of this project."""
    inherited = {k: v for k, v in os.environ.items() if k not in {engines.SESSION, "CI"}}
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "tests.conftest", "--rootdir", str(tests),
         "-p", "no:cacheprovider", "-rs", *args, str(tests)],
        cwd=ROOT,
        env={**inherited, **environ},
        capture_output=True,
        text=True,
        timeout=240,
    )  # fmt: skip


@pytest.fixture
def without_servers(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine on which no database server was installed."""
    monkeypatch.setattr(serve, "postgresql_bin", _nothing)
    monkeypatch.setattr(serve, "mariadb_programs", _nothing)
    for kind in engines.SERVERS:
        monkeypatch.delenv(f"GUESTERASE_TEST_{kind.upper()}", raising=False)


def _nothing() -> None:
    raise serve.MissingEngine("nothing installed")


def test_engine_answers(database_url: str) -> None:
    """Each engine is the real one and says which version it is."""
    statement, mark = VERSION[make_url(database_url).get_backend_name()]

    assert mark in str(answer(database_url, statement))


def test_each_database_is_empty_and_its_own(database_url: str) -> None:
    """A test finds no table of another test."""
    engine = create_engine(database_url)
    with engine.begin() as conn:
        assert inspect(conn).get_table_names() == []
        conn.execute(text("CREATE TABLE seen (id INTEGER PRIMARY KEY)"))
    engine.dispose()


@pytest.mark.parametrize("kind", engines.SERVERS)
def test_database_is_dropped_though_a_transaction_is_open(kind: str) -> None:
    """A forgotten connection neither blocks the end of a test nor keeps its database."""
    with engines.fresh_database(kind) as url:
        engine = create_engine(url)
        conn = engine.connect()
        conn.execute(text("CREATE TABLE held (id INTEGER PRIMARY KEY)"))
        conn.execute(text("INSERT INTO held VALUES (1)"))
        began = time.monotonic()
    elapsed = time.monotonic() - began
    conn.invalidate()
    engine.dispose()
    gone = create_engine(url)
    with pytest.raises(Exception, match=r"(?i)does not exist|unknown database"):
        gone.connect()

    assert elapsed < 10


@pytest.mark.parametrize("kind", engines.ENGINES)
def test_clone_holds_the_rows_and_is_apart(kind: str) -> None:
    """A clone has the tables and rows of its original; writing to it leaves that as it was."""
    with engines.fresh_database(kind) as url:
        engine = create_engine(url)
        with engine.begin() as conn:
            conn.execute(text("CREATE TABLE parent (id INTEGER PRIMARY KEY, name VARCHAR(20))"))
            conn.execute(
                text("CREATE TABLE child (id INTEGER PRIMARY KEY, parent_id INTEGER,"
                     " FOREIGN KEY (parent_id) REFERENCES parent (id))")
            )  # fmt: skip
            conn.execute(text("INSERT INTO parent VALUES (7, '王小明')"))
            conn.execute(text("INSERT INTO child VALUES (1, 7)"))
        engine.dispose()
        with engines.clone_database(url) as copy:
            joined = "SELECT p.name FROM parent p JOIN child c ON c.parent_id = p.id"
            assert answer(copy, joined) == "王小明"
            twin = create_engine(copy)
            with twin.begin() as conn:
                conn.execute(text("DELETE FROM child"))
            twin.dispose()

        assert answer(url, "SELECT count(*) FROM child") == 1


def test_mariadb_clone_keeps_triggers_and_generated_columns() -> None:
    """A MariaDB clone is table by table, and still does what the original does by itself."""
    with engines.fresh_database("mariadb") as url:
        engine = create_engine(url)
        with engine.begin() as conn:
            conn.execute(text("CREATE TABLE t (a INT PRIMARY KEY, b INT AS (a * 2) STORED)"))
            trigger = "CREATE TRIGGER tt BEFORE INSERT ON t FOR EACH ROW SET NEW.a = NEW.a + 1"
            conn.execute(text(trigger))
            conn.execute(text("INSERT INTO t (a) VALUES (1)"))
        engine.dispose()
        with engines.clone_database(url) as copy:
            twin = create_engine(copy)
            with twin.begin() as conn:
                conn.execute(text("INSERT INTO t (a) VALUES (9)"))
                rows = conn.execute(text("SELECT a, b FROM t ORDER BY a")).all()
            twin.dispose()

    assert [tuple(row) for row in rows] == [(2, 4), (10, 20)]


def test_missing_engine_is_a_named_skip(
    without_servers: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a newcomer's machine a test skips and says which engine it lacked."""
    monkeypatch.delenv("CI", raising=False)
    with (
        pytest.raises(pytest.skip.Exception, match="engine not available: mariadb"),
        engines.fresh_database("mariadb"),
    ):
        pass


def test_missing_engine_fails_where_ci_is_true(
    without_servers: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With CI=true the same test fails."""
    monkeypatch.setenv("CI", "true")
    with (
        pytest.raises(pytest.fail.Exception, match="engine not available: postgresql"),
        engines.fresh_database("postgresql"),
    ):
        pass


@pytest.mark.parametrize(("ci", "code", "said"), [("", 0, "3 skipped"), ("true", 1, "3 errors")])
def test_session_without_engines(tmp_path: Path, ci: str, code: int, said: str) -> None:
    """A whole session without servers and browser ends well with a count, or red where CI=true."""
    (tmp_path / "test_it.py").write_text(
        textwrap.dedent("""
        import shutil, pytest
        from tests import serve

        def nothing():
            raise serve.MissingEngine("nothing installed")

        serve.postgresql_bin = serve.mariadb_programs = nothing
        shutil.which = lambda name: None

        def test_database(database_url): pass

        def test_browser(chromium): pass
        """)
    )
    environ = {f"GUESTERASE_TEST_{kind.upper()}": "" for kind in engines.SERVERS}
    done = run_pytest(tmp_path, CI=ci, **environ)

    assert done.returncode == code, done.stdout
    assert "1 passed" in done.stdout
    assert said in done.stdout
    for name in ("postgresql", "mariadb", "chromium"):
        counted = f"engine not available: {name}: 1 tests skipped"
        assert (counted in done.stdout) == (not ci)


def test_broken_engine_is_never_a_skip() -> None:
    """A server that is installed and does not start is an error with its own words."""
    code = """
        from tests import engines, serve
        try:
            engines.server("mariadb")
        except serve.BrokenEngine as error:
            print("broken:", error)
    """
    with tempfile.TemporaryDirectory() as programs:
        Path(programs).chmod(0o755)  # the server's own account runs them
        for name in ("mariadbd", "mariadb-install-db"):
            program = Path(programs, name)
            program.write_text("#!/bin/sh\necho out of order >&2\nexit 3\n")
            program.chmod(0o755)
        path = os.pathsep.join([programs, os.environ["PATH"]])
        done = run_python(code, PATH=path, GUESTERASE_TEST_MARIADB="")

    assert "broken: mariadb does not start" in done.stdout, done.stderr
    assert "out of order" in done.stdout


@pytest.mark.parametrize("how", ["end", "kill"])
def test_servers_end_with_their_session(how: str) -> None:
    """No server and no folder outlives the session, also when it is killed outright."""
    code = f"""
        import os, signal
        from tests import engines
        for kind in engines.SERVERS:
            with engines.fresh_database(kind): pass
        ports = [engines.server(kind).url.port for kind in engines.SERVERS]
        print(os.environ[engines.SESSION], *ports, flush=True)
        if {how!r} == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
    """
    environ = {f"GUESTERASE_TEST_{kind.upper()}": "" for kind in engines.SERVERS}
    done = run_python(code, **environ)
    folder, *ports = done.stdout.split()
    until = time.monotonic() + (20 if how == "kill" else 0)
    while Path(folder).exists() and time.monotonic() < until:
        time.sleep(0.05)

    assert done.returncode == (-signal.SIGKILL if how == "kill" else 0), done.stderr
    assert len(ports) == 2
    assert not Path(folder).exists()
    for port in ports:
        assert not listens(int(port))


def test_xdist_workers_share_one_server(tmp_path: Path) -> None:
    """Two workers use the same server of a session, each with databases of its own."""
    (tmp_path / "test_it.py").write_text(
        textwrap.dedent("""
        import pathlib, pytest
        from tests import engines

        @pytest.mark.parametrize("number", range(6))
        @pytest.mark.parametrize("kind", engines.SERVERS)
        def test_database(kind, number, worker_id):
            with engines.fresh_database(kind) as url:
                port = engines.server(kind).url.port
                with (pathlib.Path(__file__).parent / "seen").open("a") as seen:
                    seen.write(f"{worker_id} {kind} {port} {url}\\n")
        """)
    )
    done = run_pytest(tmp_path, "-n", "2")
    lines = [line.split() for line in (tmp_path / "seen").read_text().splitlines()]

    assert done.returncode == 0, done.stdout
    assert {worker for worker, *_ in lines} == {"gw0", "gw1"}
    assert len({(kind, port) for _, kind, port, _ in lines}) == 2
    assert len({url for *_, url in lines}) == 12


def test_durable_server_is_another_one_and_writes_through() -> None:
    """A test of crashes gets a server that waits for the disk; the others do not."""
    with engines.fresh_database("postgresql") as quick:
        assert answer(quick, "SHOW fsync") == "off"
    with engines.fresh_database("postgresql", durable=True) as durable:
        assert answer(durable, "SHOW fsync") == "on"


def test_browser_shows_chinese_text(chromium: Browser) -> None:
    """The browser is real: it lays out a page and hands back what it shows."""
    page = chromium.new_page(viewport={"width": 360, "height": 640})
    page.set_content("<html lang=zh><p id=a>请删除我的资料</p></html>")

    assert page.inner_text("#a") == "请删除我的资料"
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    page.close()
