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
    many = "1 line is" if missed == 1 else f"{missed} lines are"
    notes = [f"{many} missed; look at the tasks."] if missed else []
    if lost:
        many = f"{lost} lists of the count before are" if lost > 1 else (
            "1 list of the count before is"
        )
        notes.append(
            f"{many} lost, so nobody can tell which lines went; the journal says of which "
            "registers."
        )
    if files:
        text += f"\n{'1 list is' if len(files) == 1 else f'{len(files)} lists are'} in {folder}."
    told = {"counts": found, "files": files, "missed": missed, "lost": lost}
    return Answer(told, text, " ".join(notes), fine=not notes)


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
