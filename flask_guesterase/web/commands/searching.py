"""The command that looks again, by value, for what an erasure left."""

from __future__ import annotations

import click

from ...core.errors import UnknownError
from ...core.lifecycle import State
from ...store.search.space import Reach
from ...store.worker import look_again
from ..current import current
from .acting import trying
from .console import Answer, guesterase_cli, listing, verb


@verb(guesterase_cli)
@click.argument("number")
@click.option("--scope", type=click.Choice([reach.value for reach in Reach]),
              help="How far; as before when left out.")
@click.option("--files", multiple=True, metavar="FOLDER", help="A further folder of named files.")
@click.option("--progress", is_flag=True, help="Say on the error output which table is read.")
@click.option("--by", metavar="WHO", help="Who looks, to see rows and masked words around finds.")
@click.option("--code", metavar="CODE", help="Their one-time code, from their own login.")
def residue(
    number: str, scope: str | None, files: tuple[str, ...], progress: bool, by: str | None,
    code: str | None,
) -> Answer:  # fmt: skip
    """Look again for a guest's values in every table, and say where they are."""
    if by and not code:
        raise click.UsageError("--by needs --code.")
    who = None
    if by and code:
        who = trying(by)
        with current.begin() as office:
            office.use_code(who, code)
    look_again(current.run, number, who, scope or "", _said if progress else None, files)
    with current.begin(write=False) as office:
        found = office.residue(number, who)
        state = office.show(number)["state"]
    if not found:
        raise UnknownError("Nothing was looked for.", "Look at the request.")
    lines = [listing(found["left"], ("place", "reason", "rows")) or "Nothing is left."]
    lines += [f"  {hit['place']} {hit['key']}  {hit['context']}" for hit in found["hits"]]
    lines += [f"values ended, look yourself: {item['place']}" for item in found["ended"]]
    lines += [f"perhaps: {item['place']} {item['rows']}" for item in found["perhaps"]]
    lines += [f"not searched: {place}" for place in found["unsearched"]]
    note = f"{found['rows']} rows read; {found['shared']} values are living people's too."
    fine = not found["left"] and state != State.PARTIAL
    data = {**found, "search": found["state"], "state": state}
    return Answer(data, "\n".join(lines), note, fine=fine)


def _said(table: str, rows: int) -> None:
    click.echo(f"{table}: {rows} rows", err=True)
