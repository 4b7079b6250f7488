"""Commands about the keys: their copy, their rotation, whether they are whole."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click
from flask.cli import AppGroup

from ...core.errors import InputError, KeyMissingError, SealError
from ...store.journaling import signing
from ...store.keys import ours
from ...store.keys.custodian import FolderCustodian
from ...store.keys.roots import FolderRoots
from ...store.keys.wrapped import CURRENT
from ...store.statements.folder import refused_as
from ...store.upkeep import rotation
from ...store.upkeep.soundness import SAMPLE, Sound
from ..current import current
from .acting import Two, trying, two_people
from .acting import by as _by
from .acting import code as _code
from .console import Answer, Existing, fields, guesterase_cli, listing, verb

keys_cli = AppGroup("keys", help="The keys: their copy, their rotation, whether they are whole.")
guesterase_cli.add_command(keys_cli)

_FAULT = ("id", "place", "message", "hint")

_folder = click.option(
    "--folder",
    type=Existing(exists=True, file_okay=False, path_type=Path),
    help="Where the copy lies; the key folder in use by default.",
)
_all = click.option("--all", "every", is_flag=True, help="Open every box instead of some.")


@verb(keys_cli, "fingerprint")
@_folder
@click.option("--next", "coming", is_flag=True, help="Of the root that comes next.")
def fingerprint(folder: Path | None, coming: bool) -> Answer:
    """Print by what a copy of the keys is known; read it where the copy lies."""
    keys = current.custodian if folder is None else _copy(folder)
    mark = keys.fingerprint(next=coming)
    return Answer({"fingerprint": mark}, mark)


def _copy(folder: Path) -> FolderCustodian:
    """Return a copy of the keys, to be looked at; what was typed is not repeated.

    :raises KeyMissingError: it holds no keys, their root is not in it, or others can read it.
    """
    copy = FolderCustodian(folder, roots=current.roots)
    try:
        copy.fingerprint()
    except (KeyMissingError, SealError):
        raise KeyMissingError(
            "This folder holds no keys that can be used, their root is not in it, or others can "
            "read it.",
            "Name the folder of a copy that was made --with-roots, and `chmod 700` it.",
        ) from None
    return copy


@verb(keys_cli, "confirm-copy")
@click.option("--fingerprint", "mark", required=True, help="What was read from the copy.")
@two_people
def confirm_copy(mark: str, two: Two) -> Answer:
    """Let two people say that a copy of the keys lies outside the property."""
    with two.begin() as (office, first, other):
        office.propose_copy(first, mark)
        office.confirm_copy(other)
    return Answer({"fingerprint": mark}, "The copy is confirmed; what the law keeps is sealed now.")


@verb(keys_cli, "copy")
@click.option(
    "--to",
    required=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="A folder for this copy alone; what is no key any more goes from it.",
)
@click.option("--with-roots", is_flag=True, help="With the roots: for a place outside the house.")
def copy(to: Path, with_roots: bool) -> Answer:
    """Copy the keys as one whole; without the roots the copy opens nothing."""
    keys = current.custodian
    if with_roots and keys.service() != FolderRoots.kind:
        raise InputError(
            "The roots of these keys lie in a key service.", "Copy without --with-roots."
        )
    with refused_as(InputError, "The folder cannot be looked into", "Name another one."):
        if to.resolve() == keys.path.resolve():
            raise InputError("This is the key folder itself.", "Name a folder for the copy.")
        if to.is_dir() and any(to.iterdir()) and not (to / CURRENT).exists():
            # No folder at all (``--to $UNSET``) is the one we are in.
            raise InputError(
                "This folder holds other files.", "Name a new one, or that of an earlier copy."
            )
        if (to / CURRENT).exists() and not ours.is_ours(keys, to, current.roots):
            raise InputError(
                "This folder holds the keys of another installation, or a copy of these of before "
                "two rotations.",
                "Name a new folder. A copy of these keys that is so old opens nothing any more: "
                "empty its folder and copy again.",
            )
    count = keys.copy(to, with_roots)
    with refused_as(InputError, "The copy cannot be written", "Name another folder."):
        ours.leave(keys, to)
    note = "" if with_roots else "The roots are not in it: without them it opens nothing."
    return Answer({"files": count}, f"{count} files were copied.", note)


@verb(keys_cli, "rotate")
@_by
@_code
def rotate(by: str, code: str) -> Answer:
    """Put a new root under all keys now and destroy the old one; nothing that is sealed is lost."""
    who = trying(by)
    with current.begin() as office:
        office.use_code(who, code)
    root = rotation.rotate(current.run, who)
    with current.begin(write=False) as office:
        copied = office.copy_confirmed()
    note = "" if copied else "Copy the new root out of the house and confirm the copy."
    return Answer({"root": root}, f"The root in use is {root}; the old one is destroyed.", note)


@verb(keys_cli, "anew", once=True)
@_by
@_code
def anew(by: str, code: str) -> Answer:
    """Make keys anew that are lost and in no copy; what lies under the lost ones stays closed."""
    who = trying(by)
    with current.begin() as office:
        office.use_code(who, code)
        labels = office.replace_lost(who)
    text = "\n".join(labels) or "The folder has every key that boxes lie under."
    note = "Do not bring the lost ones back over these: what is sealed now would be closed."
    return Answer({"labels": list(labels)}, text, note if labels else "")


@verb(keys_cli, "sign-anew")
@two_people
def sign_anew(two: Two) -> Answer:
    """Let two people put another signing key into force; the old one says so in every journal."""
    with two.begin() as (office, first, other):
        public = office.renew_signing(first, other)
    current.run(signing.settle)
    return Answer({"public_key": public}, public, "Publish it; what was signed before stays valid.")


@verb(keys_cli, "show")
def show() -> Answer:
    """Print which key signed which part of each journal, in the form verifiers take."""
    with current.begin(write=False) as office:
        found = office.signing_keys()
    columns = ("controller", "epoch", "since_size", "verifier_key")
    return Answer(list(found), listing(found, columns))


@verb(keys_cli, "check")
@_all
def check(every: bool) -> Answer:
    """Say whether every key that is needed is there and opens; boxes are sampled."""
    with current.begin(write=False) as office:
        found = office.sound(None if every else SAMPLE)
    return _sound(found)


@verb(keys_cli, "drill")
@click.option(
    "--folder",
    required=True,
    type=Existing(exists=True, file_okay=False, path_type=Path),
    help="Where the copy lies.",
)
@_all
def drill(folder: Path, every: bool) -> Answer:
    """Open boxes with a copy of the keys alone, and say how many opened; nothing is written."""
    with current.begin(write=False) as office:
        found = office.sound(None if every else SAMPLE, _copy(folder))
    return _sound(found)


def _sound(found: Sound) -> Answer:
    told = asdict(found)
    counts = {name: value for name, value in told.items() if name != "faults"}
    text = "\n\n".join(filter(None, [fields(counts), listing(told["faults"], _FAULT)]))
    note = "" if found.faults else "Every key that is needed opens."
    return Answer(told, text, note, fine=not found.faults)
