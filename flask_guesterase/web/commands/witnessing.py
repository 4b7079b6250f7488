"""The witness's doors: commands for files, and an address for others (C2SP tlog-witness)."""

from __future__ import annotations

from pathlib import Path

import click
from flask import Blueprint, Response, current_app, request
from flask.cli import AppGroup
from sqlalchemy.exc import SQLAlchemyError

from ...core.checkpoint import read_note
from ...core.cosignature import LARGEST_REQUEST, Judgement, read_request
from ...core.errors import (
    BlockedError,
    BusyError,
    GuesteraseError,
    InputError,
    LimitError,
    TamperedError,
)
from ...core.log import slug
from ...store.journaling.cosigning import Verdict
from ..current import current
from ..joining.waiver import waive
from .acting import by as _by
from .acting import code as _code
from .acting import trying
from .console import Answer, Existing, guesterase_cli, listing, out, verb, written

witness_cli = AppGroup("witness", help="Witness journals of other houses; ask them to do so.")
guesterase_cli.add_command(witness_cli)

witness_pages = Blueprint("guesterase_witness", __name__)
"""The address where other houses bring their checkpoints; register it where it is wanted."""

_in = click.option(
    "--in",
    "source",
    required=True,
    type=Existing(exists=True, dir_okay=False, path_type=Path),
    help="What `witness ask` wrote in the other house.",
)


@verb(witness_cli, "trust")
@click.option("--origin", required=True, help="guesterase/CONTROLLER/EPOCH of the other house.")
@click.option("--key", required=True, help="Its public key: 64 hex digits, or a verifier key.")
@_by
@_code
def trust(origin: str, key: str, by: str, code: str) -> Answer:
    """Vouch for the key of somebody else's journal; it is witnessed from here on."""
    who = trying(by)
    with current.begin() as office:
        office.use_code(who, code)
        office.trust_journal(origin, key, who)
    return Answer({"origin": origin}, f"{origin} is witnessed here.")


@verb(witness_cli, "key")
def key() -> Answer:
    """Print the verifier key by which others know this house's cosignatures."""
    with current.begin(write=False) as office:
        text = office.witness_key()
    return Answer({"key": text}, text)


@verb(witness_cli, "list")
def list_() -> Answer:
    """List the journals that are witnessed here, and how far each was seen."""
    with current.begin(write=False) as office:
        found = list(office.witnessed())
    return Answer(found, listing(found, ("origin", "size", "at", "root", "public_key")))


@verb(witness_cli, "ask")
@out
@click.option("--controller", metavar="NAME", default="", help="Whose journal, where several are.")
@click.option(
    "--last",
    type=Existing(exists=True, dir_okay=False, path_type=Path),
    help="The checkpoint that the other house cosigned last; none the first time.",
)
def ask(out: Path, controller: str, last: Path | None) -> Answer:
    """Write what another house is asked to witness: newest checkpoint, and proof from the last."""
    old = 0 if last is None else read_note(_text(last)).size
    with current.begin(write=False) as office:
        names = {slug(p.controller) for p in office.work.settings.properties.values()}
        if not controller and len(names) > 1:
            raise InputError("There are several journals.", "Name one with --controller.")
        asked = office.ask_witness(controller or next(iter(names)), old)
    written(out, asked)
    return Answer({"file": str(out), "old": old}, str(out))


@verb(witness_cli, "cosign")
@_in
@out
def cosign(source: Path, out: Path) -> Answer:
    """Check that the other house's journal only grew; write its checkpoint, cosigned."""
    old, proof, note = read_request(_text(source))
    with current.begin() as office:
        verdict = office.cosign(note, old, proof)
    _refuse(verdict)
    written(out, note + verdict.line)
    return Answer({"file": str(out), "size": verdict.size}, str(out))


def _refuse(verdict: Verdict) -> None:
    if verdict.found is None:
        raise InputError(
            "Nobody vouched for the key of this journal.", "`witness trust` it first, by a person."
        )
    if verdict.found is Judgement.FORKED:
        raise TamperedError(
            "This journal does not continue what was seen of it: two were shown.",
            "Keep both checkpoints, which prove it, and tell the other house's privacy officer.",
        )
    if verdict.found is Judgement.UNSIGNED:
        raise TamperedError(
            "This checkpoint was not signed with the key that is trusted.",
            "When the house changed its key, let a person trust the new one.",
        )
    if verdict.found is not Judgement.CONSISTENT:
        raise InputError(
            f"The proof does not begin at the {verdict.size} entries that were seen here.",
            "Ask again with --last and the checkpoint that was cosigned last.",
        )


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return file.read(LARGEST_REQUEST + 1).decode("utf-8")
    except (OSError, UnicodeDecodeError) as problem:
        raise InputError(
            f"The file cannot be read ({type(problem).__name__}).", "Name another file."
        ) from None


@witness_pages.post("/add-checkpoint")
def add_checkpoint() -> Response:
    """Take a checkpoint of a known journal and answer with a cosignature, or why there is none."""
    body = request.stream.read(LARGEST_REQUEST + 1)
    if len(body) > LARGEST_REQUEST:
        return _plain(413)
    try:
        with current.begin() as office:
            office.attempt("witness", request.remote_addr or "")
        old, proof, note = read_request(body.decode("utf-8"))
        with current.begin() as office:
            verdict = office.cosign(note, old, proof)
    except LimitError:
        return _plain(429)
    except (InputError, UnicodeDecodeError):
        return _plain(400)
    except (BlockedError, BusyError, SQLAlchemyError):
        return _plain(503)
    except GuesteraseError:
        return _plain(500)
    return _answered(verdict, old, note)


def _answered(verdict: Verdict, old: int, note: str) -> Response:
    if verdict.found is None:
        return _plain(404)
    if verdict.found is Judgement.CONSISTENT:
        return _plain(200, verdict.line)
    if verdict.found is Judgement.FORKED:
        # Its own signature is under it: what was sent proves that two journals exist.
        current_app.logger.error("guesterase: a forked journal was brought to be witnessed")
    same = verdict.found is Judgement.FORKED and old == read_note(note).size
    if verdict.found is Judgement.MOVED or same:
        response = _plain(409, f"{verdict.size}\n")
        response.headers["Content-Type"] = "text/x.tlog.size"
        return response
    statuses = {Judgement.UNSIGNED: 403, Judgement.MALFORMED: 400, Judgement.FORKED: 422}
    return _plain(statuses[verdict.found])


def _plain(status: int, text: str = "") -> Response:
    response = Response(text or f"{status}\n", status, mimetype="text/plain")
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


# The host's own form protection lets pass what carries a signature instead.
waive(witness_pages, add_checkpoint)
