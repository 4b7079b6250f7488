"""The project's commands, with nothing but Python: `python3 tools/dev.py VERB`.

Each verb makes the virtual environment it needs in `.venv`, from the pinned and hashed
`constraints.txt`, and again only when that file or `pyproject.toml` changed.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
PYTHON = str(BIN / "python")
FLASK = (PYTHON, "-m", "flask", "--app", "example_pms")
# The demo has a database of its own, whichever one of another application this shell has exported.
OWN = {"DATABASE_URL": ""}
# constraints.txt holds what the demo needs above this line, what tests and checks add below it.
DIVIDE = "# --- tests and checks ---"
# Where files lie in memory, and how many bytes must be free there before the tests use it.
MEMORY, ROOM = Path("/dev/shm"), 8 << 30  # noqa: S108

VENV_HINT = """\
This Python cannot make virtual environments (its ensurepip module is missing).
On Debian and Ubuntu:  apt-get install python3-venv
Then run the same command again. Please do not install into the system's own Python: its pip
refuses ("externally-managed-environment") for a good reason."""

# What the tests need from the system: how to tell that it is there, and Debian's package.
SERVICES: dict[str, Callable[[], bool]] = {
    "chromium": lambda: any(map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))),
    "fonts-wqy-microhei": lambda: _has_chinese_font(),
    "mariadb-server": lambda: _on_path("mariadbd"),
    "postgresql": lambda: (
        any(Path("/usr/lib/postgresql").glob("*/bin/initdb")) or _on_path("initdb")
    ),
    "redis-server": lambda: _on_path("redis-server"),
}


def say(text: str) -> None:
    """Print a line of our own, before the output of what it announces."""
    print(text, file=sys.stderr, flush=True)


def run(command: Sequence[str], **environ: str) -> int:
    """Run a command in the project's folder and return its exit code."""
    return subprocess.call(command, cwd=ROOT, env={**os.environ, **environ})


@contextmanager
def scratch() -> Iterator[dict[str, str]]:
    """Yield the environment of tests: temporary files in memory, where there is plenty.

    The tests make a thousand databases and throw them away; a disk waits for each of their writes.
    They start hundreds of processes, each of which would compile what is not kept compiled.
    """
    compiled = {"PYTHONDONTWRITEBYTECODE": ""}
    try:
        plenty = shutil.disk_usage(MEMORY).free > ROOM and os.access(MEMORY, os.W_OK)
        made = tempfile.mkdtemp(prefix="guesterase-", dir=MEMORY) if plenty else ""
    except OSError:
        made = ""
    if not made:
        yield compiled
        return
    try:
        # The servers' own accounts must reach their folders below it.
        Path(made).chmod(0o711)
        yield {**compiled, "TMPDIR": made}
    finally:
        shutil.rmtree(made, ignore_errors=True)


def must(command: Sequence[str], **environ: str) -> None:
    """Run a command that has to succeed; leave with its exit code otherwise."""
    code = run(command, **environ)
    if code:
        say(f"failed with exit code {code}: {' '.join(command)}")
        raise SystemExit(code)


def _on_path(name: str) -> bool:
    path = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"])
    return shutil.which(name, path=path) is not None


def _has_chinese_font() -> bool:
    if shutil.which("fc-list"):
        known = subprocess.run(["fc-list", ":lang=zh"], capture_output=True, check=False)
        return bool(known.stdout.strip())
    return any(Path("/usr/share/fonts").glob("**/*[wW][qQ][yY]*"))


def _fingerprint() -> str:
    """What an environment was made from: the two files that say it, the Python, and for where.

    One that came with a copy of the folder would import the package from the folder it was made in.
    """
    files = [ROOT / "pyproject.toml", ROOT / "constraints.txt"]
    digest = hashlib.sha256(f"{sys.version} {ROOT}".encode())
    for path in files:
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _make_venv() -> None:
    # One whose making was interrupted has a Python and no pip.
    asked = [PYTHON, "-m", "pip", "--version"]
    if Path(PYTHON).exists() and not subprocess.call(asked, stdout=subprocess.DEVNULL):
        return
    if importlib.util.find_spec("ensurepip") is None:
        raise SystemExit(VENV_HINT)
    say(f"Making a virtual environment in {VENV.name} ...")
    must([sys.executable, "-m", "venv", str(VENV)])


def install(everything: bool) -> None:
    """Bring `.venv` up to date: what the demo needs, or everything tests and checks need too."""
    _make_venv()
    wanted, stamps = _fingerprint(), {True: VENV / "made-for-work", False: VENV / "made-for-demo"}
    # An environment for tests serves the demo as well.
    for stamp in [stamps[True], *([] if everything else [stamps[False]])]:
        if stamp.exists() and stamp.read_text() == wanted:
            return
    pins = (ROOT / "constraints.txt").read_text()
    chosen = VENV / "pins.txt"
    chosen.write_text(pins if everything else pins.partition(DIVIDE)[0])
    say("Installing what is pinned in constraints.txt (takes a minute the first time) ...")
    pip = [PYTHON, "-m", "pip", "--disable-pip-version-check", "--quiet", "install"]
    must([*pip, "--require-hashes", "-r", str(chosen)])
    # Separately, since a folder has no hash that pip could check.
    must([*pip, "--no-deps", "--no-build-isolation", "-e", str(ROOT)])
    for stamp in stamps.values():
        stamp.unlink(missing_ok=True)
    stamps[everything].write_text(wanted)


def install_services() -> None:
    """As root on Debian, install the servers, the browser and the font that are missing."""
    lacking = [package for package, present in SERVICES.items() if not present()]
    if not lacking:
        return
    if os.name != "posix" or os.geteuid() != 0 or not shutil.which("apt-get"):
        say(f"Not on this machine: {', '.join(lacking)}. The tests that need them will be skipped.")
        return
    say(f"Installing {', '.join(lacking)} ...")
    environ = {"DEBIAN_FRONTEND": "noninteractive"}
    # Standard output belongs to the tests; apt's goes where our own words go.
    for command in (["update"], ["install", "-y", "--no-install-recommends", *lacking]):
        done = subprocess.run(
            ["apt-get", "-qq", *command],
            env={**os.environ, **environ},
            stdin=subprocess.DEVNULL,
            stdout=sys.stderr,
            check=False,
        )
        if done.returncode:
            say("apt-get failed; going on without.")
            return


def _free_port(host: str, first: int) -> int:
    """The first port from `first` on that nobody listens on."""
    for port in range(first, min(first + 100, 65536)):
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError:
                continue
            return port
    raise SystemExit(f"No free port between {first} and {first + 99}; choose one with --port.")


def _logins() -> list[dict[str, str]]:
    """The demo's staff; empty before the hotel was seeded."""
    done = subprocess.run(
        [*FLASK, "pms", "staff", "--json"], cwd=ROOT, env={**os.environ, **OWN},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        return []
    found: list[dict[str, str]] = json.loads(done.stdout)
    return found


def _print_table(rows: Sequence[dict[str, str]]) -> None:
    table = [list(rows[0]), *([str(value) for value in row.values()] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    for line in table:
        cells = (cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        say("    " + "  ".join(cells).rstrip())


def demo(args: Sequence[str]) -> int:
    """Open a small hotel of invented people in the browser (--port N, --host H)."""
    parser = argparse.ArgumentParser(prog="dev.py demo", description=demo.__doc__)
    parser.add_argument("--port", type=int, default=5000, help="first port to try (5000)")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (127.0.0.1)")
    given = parser.parse_args(args)
    install(everything=False)
    must([*FLASK, "guesterase", "db", "upgrade"], **OWN)
    logins = _logins()
    if not logins:
        # Stays are dated from today, or guests in house would have overstayed for months.
        today = date.today().isoformat()
        must([*FLASK, "pms", "seed", "--guests", "60", "--seed", "7", "--today", today], **OWN)
        logins = _logins()
    port = _free_port(given.host, given.port)
    address = f"http://{given.host}:{port}"
    say("\n  The hotel is open (Ctrl-C closes it).")
    say(f"  As a guest:             {address}/privacy/")
    say(f"  At the front desk:      {address}/")
    say(f"  Requests for erasure:   {address}/desk/privacy/\n")
    if logins:
        say("  Log in as one of:")
        _print_table(logins)
        say("")
    try:
        return run([*FLASK, "run", "--host", given.host, "--port", str(port)], **OWN)
    except KeyboardInterrupt:
        return 0


def test(args: Sequence[str]) -> int:
    """Run the tests on SQLite, PostgreSQL, MariaDB and a browser; arguments go to pytest.

    ``--cov`` says which lines ran; that takes longer, since every process is watched.
    """
    install(everything=True)
    install_services()
    # Some tests take a hundred times as long as others: whoever is done first takes from the rest.
    # One more than there are cores: the others work while one waits for a server or a browser.
    workers = ["-n", str(1 + (os.cpu_count() or 2)), "--dist", "worksteal"]
    with scratch() as where:
        return run([PYTHON, "-m", "pytest", *workers, *args], **where)


def test_long(args: Sequence[str]) -> int:
    """Run the tests that take minutes; arguments go to pytest."""
    install(everything=True)
    install_services()
    # By file: what a file builds for all its tests is built once. The tests say what comes first.
    workers = ["-n", "3", "--dist", "loadfile", "--no-loadscope-reorder"]
    with scratch() as where:
        command = [PYTHON, "-m", "pytest", "-m", "long", *workers, *args]
        code = run(command, GUESTERASE_LONG="1", **where)
    none_written = not any(
        "mark.long" in path.read_text(encoding="utf-8")
        for path in (ROOT / "tests").rglob("test_*.py")
    )
    if code == 5 and none_written:
        say("There is no long test yet.")
        return 0
    return code


def lint(args: Sequence[str]) -> int:
    """Run every static check: ruff, mypy and the contracts between the floors."""
    install(everything=True)
    checks = [
        [PYTHON, "-m", "ruff", "check", "."],
        [PYTHON, "-m", "mypy"],
        [str(BIN / "lint-imports")],
    ]
    return max([run(check) for check in checks])


def bench(args: Sequence[str]) -> int:
    """Measure: erasing and reading against hand-written SQL and others."""
    if not (ROOT / "benchmarks").is_dir():
        say("There are no benchmarks yet: no folder benchmarks/.")
        return 1
    install(everything=True)
    return run([PYTHON, "-m", "benchmarks", *args])


def docs(args: Sequence[str]) -> int:
    """Run the tests that read the docs: what they name must exist, what they show must run."""
    if not (ROOT / "tests" / "docs").is_dir():
        say("There are no tests of the docs yet: no folder tests/docs/.")
        return 1
    install(everything=True)
    return run([PYTHON, "-m", "pytest", "tests/docs", *args])


def show_help(args: Sequence[str]) -> int:
    """Print this list."""
    print("usage: python3 tools/dev.py VERB [ARGUMENTS]     (or: make VERB ARGS=...)\n")
    for name, verb in VERBS.items():
        print(f"  {name:<10} {(verb.__doc__ or '').splitlines()[0]}")
    return 0


VERBS: dict[str, Callable[[Sequence[str]], int]] = {
    "demo": demo,
    "test": test,
    "test-long": test_long,
    "lint": lint,
    "bench": bench,
    "docs": docs,
    "help": show_help,
}


def main(argv: Sequence[str]) -> int:
    """Run one verb; 2 where there is no such verb or the Python is too old."""
    if sys.version_info < (3, 11):  # noqa: UP036 - this very line is what tells an older one
        say(f"Python 3.11 or newer is needed; this is {sys.version.split()[0]}.")
        return 2
    name = argv[0] if argv else "help"
    if name in {"-h", "--help"}:
        name = "help"
    if name not in VERBS:
        say(f"There is no verb {name!r}.")
        show_help([])
        return 2
    try:
        return VERBS[name](argv[1:])
    except KeyboardInterrupt:
        say("Interrupted.")
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
