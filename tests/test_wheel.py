"""What a vendor installs: a wheel of the whole package, and of nothing else."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "flask_guesterase"
TRANSLATORS = {"flask_guesterase/web/translations/babel.cfg"}
"""What says where words stand, for who collects them."""


@pytest.mark.long
def test_a_wheel_holds_every_file_of_the_package_and_no_other(tmp_path: Path) -> None:
    """Templates, styles, words, packs and migrations are installed as well as modules."""
    source = tmp_path / "source"
    source.mkdir()
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    shutil.copytree(PACKAGE, source / PACKAGE.name, ignore=shutil.ignore_patterns("__pycache__"))

    subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation",
         "--wheel-dir", str(tmp_path), str(source)], check=True,
    )  # fmt: skip

    there = {
        path.relative_to(source).as_posix()
        for path in (source / PACKAGE.name).rglob("*") if path.is_file()
    }  # fmt: skip
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as packed:
        inside = {name for name in packed.namelist() if ".dist-info/" not in name}
    assert inside == there - TRANSLATORS
