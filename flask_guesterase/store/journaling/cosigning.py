"""Two hotels of a group check each other: here the journals of others are witnessed.

What is kept of another's journal is its newest cosigned checkpoint alone; it may only grow.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from typing import TYPE_CHECKING, Any
from urllib.parse import SplitResult, urlsplit

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError

from ...core.checkpoint import Checkpoint, read_note, read_verifier_key
from ...core.cosignature import (
    Judgement,
    Seen,
    WitnessKey,
    cosign,
    cosigned,
    judge,
    origin_of,
    read_witness_key,
    request,
    witness_key,
)
from ...core.errors import BehindError, DeliveryError, InputError, TamperedError
from ...core.events import JournalTrusted, JournalWitnessed
from ...core.log import read_entry, slug, word
from ...core.tree import EMPTY_ROOT
from .. import tables
from ..access import brake
from ..messages.cutoff import connected
from . import signing, witness

if TYPE_CHECKING:
    from ..work import Work

SECONDS = 10.0
"""How long a witness may take to connect, and for each part of its answer."""

_WHOLE = 3
"""How often as long a whole try may take as each part of it."""

_LARGEST_REPLY = 16 * 1024
_HEX = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Verdict:
    """What a witness answers.

    :param found: what it found; None when it does not know the journal.
    :param size: number of entries it has seen.
    :param line: its cosignature, when everything was consistent.
    """

    found: Judgement | None
    size: int = 0
    line: str = ""


def own_key(work: Work) -> tuple[str, Ed25519PrivateKey]:
    """Return name and key of this house as a witness.

    It outlives changes of the signing key, so that others need to trust it once, and signs
    nothing but cosignatures.

    :param work: the open transaction.
    """
    key = Ed25519PrivateKey.from_private_bytes(work.custodian.pepper("witness"))
    mark = key.public_key().public_bytes_raw().hex()[:12]
    return f"guesterase-witness/{mark}", key


def own_text(work: Work) -> str:
    """Return the verifier key that others are given to know this house's cosignatures."""
    return witness_key(*own_key(work)).text()


def trust(work: Work, origin: str, key: str, by: str) -> None:
    """Vouch for the key of somebody else's journal; it is witnessed from here on.

    Said again with another key, after the other house changed it, what was seen stays.

    :param work: the open transaction.
    :param origin: first line of its checkpoints, ``guesterase/<controller>/<epoch>``.
    :param key: its public key, 64 hex digits or a verifier key.
    :param by: the host's id of who vouches.
    :raises ForbiddenError: they may not decide about the law at any property.
    :raises InputError: origin or key are none, or the journal is this house's own.
    """
    actor = brake.lawyer(work, by)
    if origin_of(f"{origin}\n") != origin:
        raise InputError(
            "This is not the origin of a journal.",
            "Give the first line of a checkpoint: guesterase/CONTROLLER/EPOCH.",
        )
    public = key if _HEX.fullmatch(key) else read_verifier_key(key).hex()
    if origin.split("/")[1] in {slug(name) for name in brake.controllers(work)}:
        raise InputError("This journal is this house's own.", "Let another house witness it.")
    table = tables.witnessed
    mine = update(table).where(table.c.origin == origin).values(public_key=public)
    if not work.conn.execute(mine).rowcount:
        size, root = _journaled(work).get(_word(origin), (0, EMPTY_ROOT.hex()))
        first = {"origin": origin, "size": size, "root": root, "note": ""}
        try:
            with work.conn.begin_nested():
                work.conn.execute(insert(table).values(**first, public_key=public, at=work.stamp))
        except IntegrityError:
            # Somebody else's transaction vouched for it first.
            work.conn.execute(mine)
    work.events += [
        JournalTrusted(
            name, actor=actor, grounds=(_word(origin),), marks={"public-key": public}
        )
        for name in brake.controllers(work)
    ]


def catch_up(work: Work) -> None:
    """Know again what was cosigned after a copy of the database, from entries put back.

    :param work: the open transaction.
    """
    table = tables.witnessed
    rows = work.conn.execute(select(table).order_by(table.c.origin).with_for_update()).all()
    told = _journaled(work) if rows else {}
    for row in rows:
        size, root = told.get(_word(row.origin), (0, ""))
        if size > row.size:
            mine = update(table).where(table.c.origin == row.origin)
            work.conn.execute(mine.values(size=size, root=root, note=""))


def _journaled(work: Work) -> dict[str, tuple[int, str]]:
    """Return by its word how far each journal was seen, and its root, as ours says."""
    table = tables.entry
    bodies = work.conn.execute(
        select(table.c.body).where(table.c.action == JournalWitnessed.name)
    ).scalars()
    found: dict[str, tuple[int, str]] = {}
    for body in bodies:
        # What cannot be read `verify` says; nobody is kept from a replay by it.
        with suppress(TamperedError, LookupError):
            draft = read_entry(body.encode()).draft
            seen = draft.counts["entries"], draft.marks["root"]
            found[draft.grounds[0]] = max(found.get(draft.grounds[0], seen), seen)
    return found


def _word(origin: str) -> str:
    """Return the origin of a journal as a word that fits an entry."""
    said = word(":".join(origin.split("/")[1:]))
    return said if len(said) <= 80 else word(f"{origin} ")


def cosigning(work: Work, note: str, old: int, proof: Sequence[bytes]) -> Verdict:
    """Check that somebody else's journal only grew, keep its checkpoint and cosign that.

    The row is locked from the look to the commit, so that two requests cannot roll it back.

    :param work: the open transaction.
    :param note: the signed checkpoint.
    :param old: number of entries from which the proof leads.
    :param proof: consistency proof from there (RFC 9162 §2.1.4).
    """
    table, origin = tables.witnessed, origin_of(note)
    row = work.conn.execute(
        select(table).where(table.c.origin == origin).with_for_update()
    ).first()
    if row is None:
        return Verdict(None)
    seen = Seen(bytes.fromhex(row.public_key), row.size, bytes.fromhex(row.root))
    found, head = judge(seen, old, proof, note)
    if found is not Judgement.CONSISTENT or head is None:
        return Verdict(found, row.size)
    line = cosign(note, *own_key(work), int(work.now.timestamp()))
    work.conn.execute(
        update(table)
        .where(table.c.origin == origin)
        .values(size=head.size, root=head.root.hex(), note=note + line, at=work.stamp)
    )
    if head.size > row.size:
        work.events += [_told(head, name) for name in brake.controllers(work)]
    return Verdict(found, head.size, line)


def _told(head: Checkpoint, controller: str) -> JournalWitnessed:
    return JournalWitnessed(
        controller,
        counts={"entries": head.size},
        grounds=(_word(head.origin),),
        marks={"root": head.root.hex()},
    )


def witnessed(work: Work) -> Sequence[Mapping[str, Any]]:
    """Return the journals that are witnessed here, and how far each was seen."""
    table = tables.witnessed
    columns = (table.c.origin, table.c.public_key, table.c.size, table.c.root, table.c.at)
    rows = work.conn.execute(select(*columns).order_by(table.c.origin))
    return [dict(row._mapping) for row in rows]


def asked(work: Work, controller: str, old: int) -> str:
    """Return what another house is asked to witness: proof and newest checkpoint of a journal.

    :param work: an open transaction that only reads.
    :param controller: slug, or name, of the controller.
    :param old: number of entries that house has seen, 0 for none.
    :raises UnknownError: there is no journal yet, or it is shorter.
    """
    note = signing.checkpoint(work, controller)
    # Up to the entry that it names: others append meanwhile.
    head = read_note(note)
    path = witness.continues(work.conn, head.controller, head.epoch, old, head.size)
    return request(old, path, note)


# The other side: bringing our checkpoints to a witness


def deliver(
    url: str, note: str, old: int, proof: Sequence[bytes], seconds: float = SECONDS
) -> str:
    """Bring a checkpoint to a witness and return its signature lines (C2SP tlog-witness).

    :param url: submission prefix of the witness; https, or http on this very machine.
    :param note: the signed checkpoint.
    :param old: number of entries the witness has seen.
    :param proof: consistency proof from there.
    :param seconds: how long to wait for a connection, and for each part of the answer; all of it
        may take three times as long.
    :raises BehindError: it has seen another number of entries.
    :raises TamperedError: it says that the journal does not continue what it has seen.
    :raises DeliveryError: it was not reached, or does not know this journal or its key.
    """
    body = request(old, proof, note).encode()
    status, reply = _post(_parts(url), body, seconds)
    if status == 200:
        return reply
    if status == 409 and re.fullmatch(r"(?:0|[1-9][0-9]{0,15})\n", reply) and int(reply) != old:
        raise BehindError(int(reply))
    if status in (409, 422):
        raise TamperedError(
            "A witness says that this journal does not continue what it has seen.",
            "Run `flask guesterase verify`; after a restore of the database, replay.",
        )
    raise DeliveryError(
        f"The witness did not cosign (HTTP {status}).",
        "Ask its house whether it trusts this journal's origin and key.",
    )


def _post(parts: SplitResult, body: bytes, seconds: float) -> tuple[int, str]:
    """Post and return status and text of the answer; a redirect is never followed."""
    kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
    conn = kind(parts.hostname or "", parts.port, timeout=seconds)
    late = threading.Event()
    try:
        with connected(conn, _WHOLE * seconds, late):
            target = f"{parts.path.rstrip('/')}/add-checkpoint"
            conn.request("POST", target, body, {"Content-Type": "text/plain; charset=utf-8"})
            reply: HTTPResponse = conn.getresponse()
            text = reply.read(_LARGEST_REPLY).decode("utf-8", "replace")
            if late.is_set():
                raise TimeoutError
            return reply.status, text
    except (OSError, HTTPException) as problem:
        raise DeliveryError(
            f"The witness was not reached ({type(problem).__name__}).", "It is tried again."
        ) from None


def _parts(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        parts = urlsplit("")
    here = parts.hostname in ("localhost", "127.0.0.1", "::1")
    plain = parts.scheme == "http" and here
    if not parts.hostname or not (parts.scheme == "https" or plain) or parts.username:
        raise InputError("A witness needs an https address.", "Write https://host/prefix.")
    return parts


def to_witness(
    url: str, key: str, seconds: float = SECONDS
) -> Callable[[str, Callable[[int], Sequence[bytes]]], str]:
    """Return a way out for checkpoints: another house that cosigns them.

    :param url: submission prefix of the witness.
    :param key: verifier key of the witness, from its house.
    :param seconds: how long to wait for a connection, and for each part of the answer.
    :return: callable taking a checkpoint and a callable that proves it from an older size; it
        returns the checkpoint with the cosignature behind it.
    :raises InputError: address or key cannot be used.
    """
    known = read_witness_key(key)
    _parts(url)

    def bring(note: str, proof_from: Callable[[int], Sequence[bytes]]) -> str:
        try:
            # Nothing is kept here of what the witness has seen: it says so itself.
            lines = deliver(url, note, 0, (), seconds)
        except BehindError as behind:
            lines = deliver(url, note, behind.size, proof_from(behind.size), seconds)
        return with_cosignature(note, lines, known)

    return bring


def with_cosignature(note: str, lines: str, known: WitnessKey) -> str:
    """Return a checkpoint with a witness's line behind it.

    :raises TamperedError: the line does not hold, or there is none of this witness.
    """
    found = cosigned(note, lines, known)
    if found is None:
        raise TamperedError(
            "The answer holds no cosignature of this witness.", "Compare the key of the witness."
        )
    return note + found[0]
