"""The command that looks for one person everywhere, before anything is declared."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

import click

from ...store.search.xray import sought
from ...store.search.xray import xray as seen
from ..current import current
from .console import Answer, Existing, guesterase_cli, listing, typed, verb


def pairs(given: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield what KEY=VALUE texts say; what was typed is never repeated.

    :param given: the texts; ``-`` stands for the lines of the input.
    :raises click.UsageError: one has another form.
    """
    for text in given:
        for line in typed(sys.stdin.read).splitlines() if text == "-" else [text]:
            key, equals, value = line.partition("=")
            if line.strip() and (not equals or not key.strip()):
                raise click.UsageError("A match has the form KEY=VALUE.")
            if line.strip():
                yield key.strip(), value.strip()


@verb(guesterase_cli)
@click.option(
    "--match",
    "given",
    metavar="KEY=VALUE",
    multiple=True,
    required=True,
    help="email, phone, document, booking, loyalty or name; may be repeated; '-' reads lines "
    "from the input, which other accounts cannot see.",
)
@click.option(
    "--everything", is_flag=True, help="Read every schema and database this account can see."
)
@click.option(
    "--region", metavar="CODE", default="",
    help="Country whose national phone numbers are meant; that of the hotels by default.",
)  # fmt: skip
@click.option(
    "--folder",
    "folders",
    multiple=True,
    type=Existing(exists=True, file_okay=False, path_type=Path),
    help="Look at the names of the files in it too; may be repeated.",
)
def xray(
    given: Sequence[str], everything: bool, region: str, folders: Sequence[Path]
) -> Answer:
    """Show every place where one person is: tables, columns and counts; nothing is changed.

    It needs no policy, no keys and no tables of its own, and reads from a replica too.
    """
    wanted = sought(pairs(given), region or _region())
    picture = seen(
        current.host.engines(), current.datamap, wanted, everything, [str(f) for f in folders]
    )
    rows = [{**asdict(each), "kinds": list(each.kinds)} for each in picture.seen]
    unread = [f"not searched: {what}" for what in picture.unsearched]
    text = listing(rows, ("table", "column", "rows", "kinds", "sure")) or "nowhere"
    note = f"{len(rows)} columns; {picture.tables} tables, {picture.rows} rows read."
    data = {
        "seen": rows, "tables": picture.tables, "rows": picture.rows,
        "unsearched": list(picture.unsearched),
    }  # fmt: skip
    return Answer(data, text, "\n".join([*unread, note]))


def _region() -> str:
    countries = {hotel.country for hotel in current.settings.properties.values()}
    return countries.pop() if len(countries) == 1 else ""
