"""One database server for as long as a test session lives: `python -m tests.serve NAME FOLDER`.

The folder belongs to the session (see tests.engines). Whoever owns the session holds a POSIX lock
on its file `alive`; the kernel drops that lock when the owner ends, also when it is killed. This
process waits for the lock, so a server never outlives its tests, and then removes its data.
"""

from __future__ import annotations

import fcntl
import json
import os
import pwd
import secrets
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from signal import SIGKILL, SIGQUIT, Signals
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pymysql

START_SECONDS = 60.0
USER = "guesterase"


class MissingEngine(RuntimeError):
    """The machine has no such server."""


class BrokenEngine(RuntimeError):
    """The server is installed and does not start: always a failure, never a skip."""


@dataclass(frozen=True)
class Recipe:
    """How one kind of server is set up, started and stopped.

    `account` is the system user it runs as when we are root; `stop` the signal that ends it at
    once, which is fine because its data is thrown away.
    """

    account: str
    install: Callable[[Path, str], Sequence[str]]
    serve: Callable[[Path, int, bool], Sequence[str]]
    url: Callable[[int, str], str]
    answers: Callable[[int, str], bool]
    stop: Signals


def free_port() -> int:
    """A loopback TCP port nobody listens on right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def postgresql_bin() -> Path:
    """The folder of the newest installed PostgreSQL server's programs."""
    debian = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/initdb"),
        key=lambda path: int(path.parts[-3]) if path.parts[-3].isdigit() else 0,
    )
    found = debian[-1] if debian else shutil.which("initdb")
    if not found or not (Path(found).resolve().parent / "postgres").exists():
        raise MissingEngine("no initdb and postgres found")
    return Path(found).resolve().parent


def mariadb_programs() -> tuple[str, str]:
    """MariaDB's server program and the one that lays out its data folder."""
    path = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"])
    server, install = (shutil.which(name, path=path) for name in ("mariadbd", "mariadb-install-db"))
    if not server or not install:
        raise MissingEngine("no mariadbd and mariadb-install-db found")
    return server, install


def _install_postgresql(home: Path, password: str) -> Sequence[str]:
    (home / "password").write_text(password)
    return [
        str(postgresql_bin() / "initdb"), "--pgdata", str(home / "data"), "--encoding", "UTF8",
        # The password is 128 random bits: 4096 rounds of a hash for each connection add nothing.
        "--locale", "C", "--auth", "md5", "--username", USER,
        "--pwfile", str(home / "password"), "--no-sync",
    ]  # fmt: skip


def _serve_postgresql(home: Path, port: int, durable: bool) -> Sequence[str]:
    # In the file, not on the command line, so that a test may change them with ALTER SYSTEM.
    lines = ["shared_buffers = 64MB", "max_connections = 200", "timezone = UTC"]
    if not durable:
        lines += ["fsync = off", "synchronous_commit = off", "full_page_writes = off"]
    with (home / "data" / "postgresql.conf").open("a") as conf:
        conf.write("\n".join(["", *lines, ""]))
    return [
        str(postgresql_bin() / "postgres"), "-D", str(home / "data"), "-h", "127.0.0.1",
        "-p", str(port), "-k", "",
    ]  # fmt: skip


def _postgresql_url(port: int, password: str) -> str:
    return f"postgresql+psycopg://{USER}:{password}@127.0.0.1:{port}/postgres"


def _postgresql_answers(port: int, password: str) -> bool:
    try:
        psycopg.connect(
            host="127.0.0.1", port=port, user=USER, password=password, dbname="postgres"
        ).close()
    except psycopg.OperationalError:
        return False
    return True


def _install_mariadb(home: Path, password: str) -> Sequence[str]:
    grants = [
        f"CREATE OR REPLACE USER '{USER}'@'127.0.0.1' IDENTIFIED BY '{password}'",
        f"GRANT ALL ON *.* TO '{USER}'@'127.0.0.1' WITH GRANT OPTION",
    ]
    (home / "grants.sql").write_text("".join(f"{line};\n" for line in grants))
    return [
        mariadb_programs()[1], "--no-defaults", f"--datadir={home / 'data'}", "--skip-test-db",
        "--auth-root-authentication-method=socket",
    ]  # fmt: skip


def _serve_mariadb(home: Path, port: int, durable: bool) -> Sequence[str]:
    # Nor need a table of a second have its statistics written down.
    quick = [
        "--innodb-flush-log-at-trx-commit=0", "--innodb-doublewrite=0",
        "--innodb-stats-persistent=0",
    ]  # fmt: skip
    return [
        mariadb_programs()[0], "--no-defaults", f"--datadir={home / 'data'}", f"--port={port}",
        "--bind-address=127.0.0.1", "--skip-name-resolve", "--character-set-server=utf8mb4",
        # Relative to the data folder: a socket's full path may not exceed 107 bytes.
        "--socket=s", f"--pid-file={home / 'data' / 'pid'}", f"--init-file={home / 'grants.sql'}",
        # Over the loopback TLS keeps nothing from anybody, and takes a fifth of a test's time.
        "--innodb-buffer-pool-size=64M", "--skip-ssl", *([] if durable else quick),
    ]  # fmt: skip


def _mariadb_url(port: int, password: str) -> str:
    return f"mariadb+pymysql://{USER}:{password}@127.0.0.1:{port}/?charset=utf8mb4"


def _mariadb_answers(port: int, password: str) -> bool:
    try:
        pymysql.connect(host="127.0.0.1", port=port, user=USER, password=password).close()
    except pymysql.OperationalError:
        return False
    return True


RECIPES = {
    "postgresql": Recipe(
        "postgres",
        _install_postgresql,
        _serve_postgresql,
        _postgresql_url,
        _postgresql_answers,
        SIGQUIT,
    ),
    "mariadb": Recipe(
        "mysql", _install_mariadb, _serve_mariadb, _mariadb_url, _mariadb_answers, SIGKILL
    ),
}


@dataclass
class Running:
    """A server process, its address and where it keeps its data."""

    process: subprocess.Popen[bytes]
    url: str
    data: Path


def _account(name: str) -> pwd.struct_passwd | None:
    """Who the server runs as: both servers refuse to run as root."""
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam(name)
    except KeyError:
        return None


def start(recipe: Recipe, home: Path, durable: bool) -> Running:
    """Lay out a data folder under `home`, start the server and wait until it answers."""
    home.mkdir(mode=0o700)  # it holds the password
    password, port = secrets.token_hex(16), free_port()
    install = [*recipe.install(home, password)]
    account = _account(recipe.account)
    if account:
        for path in [home, *home.iterdir()]:
            os.chown(path, account.pw_uid, account.pw_gid)
    prefix = _prefix(account)
    if subprocess.call([*prefix, *install], **_how(home, account)):
        raise BrokenEngine(f"{install[0]} failed")
    return Running(
        _run(recipe, home, port, password, durable), recipe.url(port, password), home / "data"
    )


def restart(recipe: Recipe, home: Path, url: str) -> subprocess.Popen[bytes]:
    """Start a durable server again that was killed, at the address it had; it recovers first."""
    parts = urlsplit(url)
    return _run(recipe, home, int(parts.port or 0), str(parts.password), True)


def _how(home: Path, account: pwd.struct_passwd | None) -> dict[str, Any]:
    # A starting MariaDB clears temporary tables out of its temporary folder, also those of
    # another server. What the programs print goes to the log of `tests.serve`, their parent.
    how: dict[str, Any] = {
        "stdin": subprocess.DEVNULL,
        "cwd": home,
        "env": {**os.environ, "TMPDIR": str(home)},
    }
    if account:
        how |= {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
    return how


def _prefix(account: pwd.struct_passwd | None) -> list[str]:
    # Root without such an account: a user namespace of its own, where the process is nobody.
    return ["unshare", "--user", "--"] if os.geteuid() == 0 and not account else []


def _run(
    recipe: Recipe, home: Path, port: int, password: str, durable: bool
) -> subprocess.Popen[bytes]:
    account = _account(recipe.account)
    command = [*_prefix(account), *recipe.serve(home, port, durable)]
    process = subprocess.Popen(command, **_how(home, account))
    until = time.monotonic() + START_SECONDS
    while not recipe.answers(port, password):
        if process.poll() is not None:
            raise BrokenEngine(f"{command[0]} ended with code {process.returncode}")
        if time.monotonic() > until:
            process.kill()
            raise BrokenEngine(f"{command[0]} did not answer within {START_SECONDS:.0f} seconds")
        time.sleep(0.05)
    return process


def write_note(note: Path, content: dict[str, str]) -> None:
    """Write a small JSON file such that a reader sees all of it or nothing."""
    draft = note.with_suffix(".draft")
    draft.touch(mode=0o600)  # the address in it holds the password
    draft.write_text(json.dumps(content))
    draft.rename(note)


def wait_for_end(folder: Path) -> None:
    """Return when the owner of the session folder let go of it or died."""
    with (folder / "alive").open("w") as alive:
        fcntl.lockf(alive, fcntl.LOCK_EX)


def remove_when_empty(folder: Path) -> None:
    """Remove the session folder once no server has a home in it."""
    if folder.is_dir() and not any(path.is_dir() for path in folder.iterdir()):
        shutil.rmtree(folder, ignore_errors=True)


def main(name: str, folder: Path) -> int:
    """Serve until the session ends; `name` is an engine, or an engine and `-durable`."""
    kind, _, durable = name.partition("-")
    recipe, home, note = RECIPES[kind], folder / name, folder / f"{name}.json"
    try:
        running = start(recipe, home, bool(durable))
    except (BrokenEngine, OSError) as error:
        log = folder / f"{name}.log"
        tail = log.read_text(errors="replace")[-2000:] if log.exists() else ""
        write_note(note.with_suffix(".failed"), {"error": f"{error}\n{tail}"})
        shutil.rmtree(home, ignore_errors=True)
        return 1
    write_note(note, {"url": running.url, "data": str(running.data)})
    wait_for_end(folder)
    running.process.send_signal(recipe.stop)
    running.process.wait()
    shutil.rmtree(home, ignore_errors=True)
    note.unlink(missing_ok=True)
    remove_when_empty(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], Path(sys.argv[2])))
