"""Virtual environments with an application of somebody else's and this package in it.

They are kept in ``.venv-hosts/`` between runs, one for each pinned application, and this package
is built and installed anew whenever it changed. The application's own requirements win: of ours
only what is missing is added, and `pip check` must find the two at peace.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import pytest

from tests import engines

ROOT = Path(__file__).resolve().parent.parent.parent
FOLDER = ROOT / ".venv-hosts"
HERE = Path(__file__).resolve().parent
SECONDS = 540


@dataclass(frozen=True)
class Host:
    """An application from PyPI.

    :param name: its name there; also the folder beside this file that maps it.
    :param version: the version it was mapped for.
    :param more: what else its pages and its tests need.
    :param extras: its own extras, with brackets, for example "[sqlite]".
    """

    name: str
    version: str
    more: Sequence[str] = ()
    extras: str = ""

    @property
    def requirement(self) -> str:
        """Return what pip is asked for."""
        return f"{self.name}{self.extras}=={self.version}"

    @property
    def folder(self) -> Path:
        """Return where its virtual environment is kept."""
        return FOLDER / f"{self.name}-{self.version}"

    @property
    def python(self) -> str:
        """Return its interpreter."""
        return str(self.folder / "bin" / "python")

    @property
    def path(self) -> str:
        """Return the PYTHONPATH on which its mapping lies; this checkout is not on it."""
        return os.pathsep.join([str(HERE / self.name), str(HERE / "shared")])

    def walk(self, folder: Path) -> dict[str, Any]:
        """Run its ``walk.py`` in an empty folder; return what was seen."""
        done = self.run(str(HERE / self.name / "walk.py"), str(folder), cwd=folder)
        if done.returncode != 0:
            raise AssertionError(done.stderr[-6000:])
        seen: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        return seen

    def run(self, *words: str, cwd: Path, mapped: bool = True) -> subprocess.CompletedProcess[str]:
        """Run its interpreter.

        :param words: arguments.
        :param cwd: folder to run in, where the keys of the tests are kept too.
        :param mapped: whether our mapping of it is on the path.
        """
        keep = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "PYTEST"))}
        env = {**keep, "GUESTERASE_TEST_KEYS": str(cwd / "keys"), "HOME": str(cwd)}
        if mapped:
            env["PYTHONPATH"] = self.path
        return subprocess.run(
            [self.python, *words], cwd=cwd, env=env, capture_output=True, text=True,
            timeout=SECONDS, check=False,
        )  # fmt: skip


def ready(host: Host) -> Host:
    """Make the application's virtual environment, or bring it up to date.

    Skips the running test where no package can be downloaded, fails it where CI=true.
    """
    FOLDER.mkdir(exist_ok=True)
    with (FOLDER / f"{host.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        wanted = f"{host.requirement} {' '.join(host.more)} {sys.version}"
        if not _noted(host, "host", wanted):
            shutil.rmtree(host.folder, ignore_errors=True)
            _do([sys.executable, "-m", "venv", str(host.folder)])
            _pip(host, "install", host.requirement, *host.more)
            _note(host, "host", wanted)
        ours = _digest()
        if not _noted(host, "ours", ours):
            _install_ours(host)
            _note(host, "ours", ours)
    return host


def _install_ours(host: Host) -> None:
    """Install this package from a copy, so that nothing is built in the checkout."""
    copy = host.folder / "ours"
    shutil.rmtree(copy, ignore_errors=True)
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "flask_guesterase", copy / "flask_guesterase", ignore=ignored)
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, copy / name)
    frozen = _pip(host, "freeze").splitlines()
    pins = copy / "theirs.txt"
    pins.write_text("".join(f"{line}\n" for line in frozen if "==" in line), encoding="utf-8")
    # What they have stays as it is; only what they lack of our requirements is added.
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    _pip(host, "install", "-c", str(pins), *project["dependencies"])
    _pip(host, "install", "--no-deps", "--force-reinstall", str(copy))
    done = subprocess.run(
        [host.python, "-m", "pip", "check"], capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        pytest.fail(f"{host.name} and we want different packages: {done.stdout}", pytrace=False)


def _digest() -> str:
    files = sorted(p for p in (ROOT / "flask_guesterase").rglob("*") if p.is_file())
    whole = hashlib.sha256()
    for path in [ROOT / "pyproject.toml", *files]:
        if "__pycache__" not in path.parts:
            whole.update(path.name.encode() + path.read_bytes())
    return whole.hexdigest()


def _noted(host: Host, name: str, text: str) -> bool:
    path = host.folder / f"{name}.done"
    return path.is_file() and path.read_text(encoding="utf-8") == text


def _note(host: Host, name: str, text: str) -> None:
    (host.folder / f"{name}.done").write_text(text, encoding="utf-8")


def _pip(host: Host, *words: str) -> str:
    return _do([host.python, "-m", "pip", "--disable-pip-version-check", *words])


NO_NETWORK = ("NewConnectionError", "NameResolutionError",
              "ConnectTimeoutError", "ReadTimeoutError", "ProxyError")  # fmt: skip


def _do(words: Sequence[str]) -> str:
    done = subprocess.run(
        words, capture_output=True, text=True, timeout=SECONDS, check=False, cwd=FOLDER
    )
    if done.returncode != 0:
        _failed(words, done.stdout + done.stderr)
    return done.stdout


def _failed(words: Sequence[str], output: str) -> NoReturn:
    if any(sign in output for sign in NO_NETWORK):
        engines.missing("package index", "pip could not download")
    pytest.fail(f"{' '.join(words)}\n{output[-4000:]}", pytrace=False)
