"""Write `constraints.txt` anew from `pyproject.toml`: `python3 tools/pin.py`.

Resolves for every platform and Python from 3.11 on, with hashes, without addresses of a registry,
through uv in an environment that is thrown away. The first part is what the demo needs, the second
what tests and checks add (see tools/dev.py).
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
import venv
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HEAD = "# Written by tools/pin.py; do not edit. Both parts are installed by tools/dev.py.\n"
DIVIDE = "# --- tests and checks ---"
# An editable install without build isolation needs the build backend beside the rest.
BUILD = "setuptools>=77\n"


def compile_pins(uv: Path, folder: Path, *args: str) -> dict[str, str]:
    """Resolve pyproject.toml with further arguments; the pinned lines by project name."""
    output = folder / "pins.txt"
    output.unlink(missing_ok=True)
    command: Sequence[str] = [
        str(uv), "pip", "compile", "pyproject.toml", str(folder / "build.in"), "--universal",
        "--python-version", "3.11", "--python", sys.executable, "--generate-hashes",
        "--no-annotate", "--no-header", "--no-emit-package", "flask-guesterase", "--quiet",
        # Of `coverage` alone pip takes a newer `coverage[toml]`, and stops since that has no hash.
        "--no-strip-extras",
        "--output-file", str(output), *args,
    ]  # fmt: skip
    subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    blocks = re.split(r"^(?=[A-Za-z0-9])", output.read_text(), flags=re.MULTILINE)
    return {re.split(r"\[|==", block)[0]: block for block in blocks if "==" in block}


def without_extras(block: str) -> str:
    """The same pin as a constraint, which must not name extras."""
    return re.sub(r"^([A-Za-z0-9._-]+)\[[^]]*\]", r"\1", block)


def main() -> int:
    """Resolve twice and write the file."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        venv.create(folder / "uv", with_pip=True)
        programs = folder / "uv" / ("Scripts" if sys.platform == "win32" else "bin")
        subprocess.run([programs / "python", "-m", "pip", "install", "-q", "uv"], check=True)
        (folder / "build.in").write_text(BUILD)
        uv = programs / "uv"
        everything = compile_pins(uv, folder, "--all-extras")
        (folder / "all.txt").write_text("".join(map(without_extras, everything.values())))
        demo = compile_pins(uv, folder, "--extra", "demo", "-c", str(folder / "all.txt"))
    # What the demo needs without an extra and the tests with it stands in both parts.
    rest = [block for project, block in everything.items() if demo.get(project) != block]
    content = "".join([HEAD, *demo.values(), DIVIDE, "\n", *rest])
    if re.search(r"https?:|--(index|find|extra)", content):
        raise SystemExit("the pins name an address; nothing was written")
    (ROOT / "constraints.txt").write_text(content)
    return 0


if __name__ == "__main__":
    sys.exit(main())
