"""The command that counts the guest register, and writes the last counts to files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path

import click

from ...core.errors import InputError
from ...store.census.counting import Count
from ...store.keys.keyfile import write
from ...store.office import Office
from ...store.statements.folder import refused_as
from ..current import current
from .console import Answer, guesterase_cli, listing, verb

_COLUMNS = (
    "property", "table", "night", "rows", "arrived", "departed", "missed", "changed", "altered",
    "lost",
)  # fmt: skip


@verb(guesterase_cli)
@click.option(
    "--out", "folder", type=click.Path(file_okay=False, path_type=Path),
    help="Folder to write the lists of the last counts to, for the one-file verifier.",
)  # fmt: skip
def census(folder: Path | None) -> Answer:
    """Count the guest registers that were not counted today; a sweep does it every night."""
    found = []
    for code in sorted(current.settings.properties):
        found += [asdict(each) for each in current.run(partial(_counted, code))]
    files = _written(folder) if folder is not None else []
    missed = sum(each["missed"] + each["altered"] for each in found)
    lost = sum(each["lost"] for each in found)
    text = listing(found, _COLUMNS) or "Every guest register was counted today already."
    notes = [f"{_are(missed, 'line')} missed; look at the tasks."] if missed else []
    if lost:
        notes.append(
            f"{_are(lost, 'list', ' of the count before')} lost, so nobody can tell which lines "
            "went; the journal says of which registers."
        )
    if files:
        text += f"\n{_are(len(files), 'list')} in {folder}."
    told = {"counts": found, "files": files, "missed": missed, "lost": lost}
    return Answer(told, text, " ".join(notes), fine=not notes)


def _are(number: int, noun: str, more: str = "") -> str:
    return f"1 {noun}{more} is" if number == 1 else f"{number} {noun}s{more} are"


def _counted(code: str, office: Office) -> Sequence[Count]:
    return office.count_register(code)


def _written(folder: Path) -> list[str]:
    names = []
    with refused_as(InputError, "The lists cannot be written", "Name another folder."):
        folder.mkdir(parents=True, exist_ok=True)
        with current.begin(write=False) as office:
            for name, content in office.count_files():
                write(folder / name, content)
                names.append(name)
    return names
