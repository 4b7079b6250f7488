"""Jurisdiction packs on disk: ours, the operator's own, and which count at a property."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping, Sequence
from importlib import resources
from pathlib import Path
from types import MappingProxyType

from ...core.errors import PackError, SetupError
from ...core.finding import Finding, Severity
from ...core.pack import Level, Pack
from ...core.packfile import read_pack
from ...core.problem import Problem
from ..settings import Property, Settings

_FOLDER = "jurisdictions"

EEA = frozenset({
    "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE",
    "IS", "IT", "LI", "LT", "LU", "LV", "MT", "NL", "NO", "PL", "PT", "RO", "SE", "SI", "SK",
})  # fmt: skip
"""Countries of the European Economic Area: the GDPR counts there, whoever wrote their law down."""

_UNION = "EU"


@functools.cache
def bundled() -> Mapping[str, Pack]:
    """Return code -> pack that comes with this package."""
    folder = resources.files("flask_guesterase.core") / _FOLDER
    texts = [item for item in folder.iterdir() if item.name.endswith(".toml")]
    packs = [read_pack(item.read_text(encoding="utf-8"), item.name) for item in texts]
    return MappingProxyType({pack.code: pack for pack in sorted(packs, key=lambda p: p.code)})


def load(paths: Iterable[str | Path] = ()) -> Mapping[str, Pack]:
    """Return code -> pack: the bundled ones and the operator's own, which replace those of a code.

    A file is read again when it changes.

    :param paths: the operator's own files.
    :raises PackError: something is wrong with a file; `problems` says what, by line.
    :raises SetupError: a file cannot be read.
    """
    return _joined(tuple(_seen(Path(path)) for path in paths))


def _seen(path: Path) -> tuple[Path, int, int]:
    try:
        found = path.stat()
    except OSError as problem:
        raise _unreadable(path, problem) from None
    return path, found.st_mtime_ns, found.st_size


@functools.lru_cache(maxsize=8)
def _joined(files: tuple[tuple[Path, int, int], ...]) -> Mapping[str, Pack]:
    own = {pack.code: pack for path, *_ in files for pack in [read(path)]}
    packs = {**bundled(), **own}
    for pack in own.values():
        missing = [code for code in pack.extends if code not in packs]
        if missing:
            raise PackError(
                f"The pack {pack.code} extends what is not there.",
                "Name the file of that pack too, or take it out of 'extends'.",
                [Problem(1, f"There is no pack '{code}'.") for code in missing],
            )
    return MappingProxyType(dict(sorted(packs.items())))


def asks(pack: Pack) -> bool:
    """Return whether somebody is asked to sign a pack: its rules end records, or its text is not
    one that comes with this package, so that it may say other days for an answer.
    """
    ours = bundled().get(pack.code)
    return bool(pack.rules) or ours is None or ours.mark != pack.mark


def read(path: str | Path) -> Pack:
    """Return the pack in a file.

    :raises PackError: something is wrong with it; `problems` says what, by line.
    :raises SetupError: the file cannot be read.
    """
    return read_pack(text(path), Path(path).name)


def text(path: str | Path) -> str:
    """Return the text of a pack's file.

    :raises SetupError: the file cannot be read.
    """
    try:
        return Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as problem:
        raise _unreadable(Path(path), problem) from None


def _unreadable(path: Path, problem: Exception) -> SetupError:
    return SetupError(
        f"The pack file {path.name} cannot be read ({type(problem).__name__}).",
        "Look at the path, at the rights of the file, and that it is UTF-8.",
    )


def chain(packs: Mapping[str, Pack], place: Property) -> tuple[Pack, ...]:
    """Return the packs that count at a property, the most specific first.

    A floor of a rank that a general law of the chain does not recognise comes weak.

    :param packs: code -> pack.
    :param place: the property; without a country no law is known.
    """
    ordered = counting(packs, place)
    strong = next((pack.floor_ranks for pack in reversed(ordered) if pack.floor_ranks), ())
    return tuple(pack.under(strong) for pack in ordered)


def counting(packs: Mapping[str, Pack], place: Property) -> Sequence[Pack]:
    """Return the packs that count at a property as each stands by itself, see `chain`."""
    country = place.country.upper()
    if not country:
        return ()
    national = [p for p in packs.values() if p.level is Level.COUNTRY and p.country == country]
    if not national and country in EEA:
        national = [packs[_UNION]]
    waiting = [*(packs[code] for code in [place.region] if code in packs), *national]
    found: dict[str, Pack] = {}
    while waiting:
        pack = waiting.pop(0)
        if pack.code not in found:
            found[pack.code] = pack
            waiting += [packs[code] for code in pack.extends if code in packs]
    return sorted(found.values(), key=lambda pack: _NEAR.index(pack.level))


def missing(settings: Settings) -> list[Finding]:
    """Return which properties name a region that no pack of their country is about."""
    known = load(settings.packs)
    wrong = []
    for place in settings.properties.values():
        pack = known.get(place.region)
        if place.region and (pack is None or pack.country != place.country.upper()):
            # A region of another country counts all the same, as its law may bind on.
            count = ", ".join(each.code for each in counting(known, place)) or "none"
            wrong.append(Finding(
                "pack-missing", "", place.code, "No pack of its country is about the region "
                f"'{place.region}'; packs that count there: {count}.",
                "Correct region= or country= of the Property, or give packs= a file about it.",
                Severity.WARN,
            ))  # fmt: skip
    return wrong


_NEAR = (Level.REGION, Level.COUNTRY, Level.BLOC)
