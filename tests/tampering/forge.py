"""A hotel whose journal is written by the real code, and everything that can be done to it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Engine, create_engine, update
from sqlalchemy.event import listen

from flask_guesterase.core.certificate import CONTENT_MARK, Certificate, Content, Gone
from flask_guesterase.core.certified import issue
from flask_guesterase.core.checkpoint import open_checkpoint
from flask_guesterase.core.cosignature import cosign
from flask_guesterase.core.log import Draft, canonical, read_entry
from flask_guesterase.core.tree import Frontier
from flask_guesterase.store import tables
from flask_guesterase.store.journaling import journal, witness
from flask_guesterase.store.transaction import transaction

WITNESS = ("guesterase-witness/elm", Ed25519PrivateKey.from_private_bytes(b"w" * 32))


def signer(word: str) -> Ed25519PrivateKey:
    """A key that is the same in each run."""
    return Ed25519PrivateKey.from_private_bytes(word.encode().ljust(32, b"."))


def public(key: Ed25519PrivateKey) -> bytes:
    """The public half of a key."""
    return key.public_key().public_bytes_raw()


SECONDS = "%Y-%m-%dT%H:%M:%SZ"

TABLES = [tables.tree, tables.entry, tables.node, tables.loose, tables.epoch_key]


def _hasty(raw: Any, _: object) -> None:
    """No test here pulls the plug, so nothing waits for the disk."""
    raw.execute("PRAGMA synchronous = OFF")


class Hotel:
    """A hotel with a database, a key and a clock that goes on an hour with each entry."""

    def __init__(self, path: Path, name: str = "hotel-a", key: str = "hotel-a") -> None:
        self.path, self.name, self.key = path, name, signer(key)
        self.time = datetime(2019, 11, 1)
        path.unlink(missing_ok=True)
        self.engine: Engine = create_engine(f"sqlite:///{path}")
        listen(self.engine, "connect", _hasty)
        tables.metadata.create_all(self.engine, TABLES)
        self.number = 0

    def at(self) -> str:
        """The time, as entries write it."""
        return journal.stamp(self.time)

    def append(self, count: int = 1, **fields: Any) -> list[Any]:
        """Append entries, each in a transaction of its own."""
        made = []
        for _ in range(count):
            self.time += timedelta(hours=1)
            self.number += 1
            said = {"action": "check-completed", "request": f"E-{self.number}", **fields}
            made += self.write([Draft(self.name, self.at(), **said)])
        return made

    def write(self, drafts: Sequence[Draft]) -> list[Any]:
        """Append drafts as they are."""
        with transaction(self.engine) as conn:
            return journal.append(conn, drafts, public(self.key))

    def checkpoint(self) -> str:
        """The signed head of the journal."""
        with transaction(self.engine, write=False) as conn:
            return witness.checkpoint(conn, self.name, self.key, self.at())

    def lines(self) -> list[str]:
        """The exported journal."""
        with transaction(self.engine, write=False) as conn:
            return list(journal.lines(conn))

    def consistency(self, old: int) -> tuple[bytes, ...]:
        """A proof that today's journal continues an older one."""
        with transaction(self.engine, write=False) as conn:
            epoch, tip, _ = journal.head(conn, self.name)
            return witness.continues(conn, self.name, epoch, old, tip.size)

    def certificate(self, **fields: Any) -> Certificate:
        """A certificate of a request, issued by the real code."""
        said = Content(
            **{
                "number": f"E-{self.number + 1}", "controller": self.name, "property": "hz1",
                "received": "2019-11-01", "decided": "2019-11-02", "erased": "2019-11-03",
                "state": "erased", "went": (Gone("guests", 1, ("name",), "overwritten"),), **fields,
            }
        )  # fmt: skip
        (entry,) = self.append(marks={CONTENT_MARK: said.mark()})
        with transaction(self.engine) as conn:
            proof = witness.proof(conn, entry, self.key, self.at())
        return issue(said, proof, self.key)

    def backup(self, path: Path) -> Path:
        """A copy of the database."""
        self.engine.dispose()
        shutil.copy(self.path, path)
        return path

    def restore(self, copy: Path) -> None:
        """Put a copy of the database back; the clock goes on."""
        self.engine.dispose()
        shutil.copy(copy, self.path)

    def begin_epoch(self, note: str, *others: str, before: int = 0) -> None:
        """Begin an epoch that quotes checkpoints, as after a restore; behind a number, if any."""
        self.time += timedelta(hours=1)
        head, *rest = (open_checkpoint(text, public(self.key)) for text in (note, *others))
        with transaction(self.engine) as conn:
            journal.begin_epoch(conn, self.name, self.at(), public(self.key), head, rest, before)

    def change_key(self, new: str, signed_by: Ed25519PrivateKey | None = None) -> None:
        """Change the signing key, said by the old one unless somebody else says it."""
        key = signer(new)
        said = canonical([self.name, 0, public(key).hex()])
        old = signed_by or self.key
        signature = old.sign(b"guesterase/key-change/v1\n" + said).hex()
        marks = {"public-key": public(key).hex(), "signature": signature}
        self.append(action="signing-key-changed", request=None, marks=marks)
        with transaction(self.engine) as conn:
            conn.execute(update(tables.tree).values(public_key=public(key).hex()))
        self.key = key

    def close(self) -> None:
        """Let the database go."""
        self.engine.dispose()


def drafts(lines: Iterable[str]) -> list[Draft]:
    """What lines say, without the first entry, which each journal writes by itself."""
    return [read_entry(line.encode()).draft for line in lines][1:]


def anew(path: Path, said: Sequence[Draft], key: str = "hotel-a") -> Hotel:
    """A journal written anew as a whole, with the real code."""
    hotel = Hotel(path, key=key)
    for draft in said:
        hotel.write([draft])
    hotel.time = datetime.strptime(said[-1].at, "%Y-%m-%dT%H:%M:%SZ")
    return hotel


def edge_line(lines: Sequence[str], size: int, key: bytes, spoil: bool = False) -> str:
    """The line that stands instead of the first entries of a journal."""
    leaves = [read_entry(line.encode()).leaf() for line in lines[:size]]
    hashes = [item.hex() for item in Frontier().extend(leaves)[0].hashes]
    if spoil:
        hashes[-1] = "00" * 32
    return canonical({
        "controller": "hotel-a", "edge": hashes, "epoch": 0, "format": "guesterase/pruned/v1",
        "public_key": key.hex(), "size": size,
    }).decode()  # fmt: skip


def root(lines: Sequence[str]) -> str:
    """The root over some lines."""
    leaves = [read_entry(line.encode()).leaf() for line in lines]
    return Frontier().extend(leaves)[0].root().hex()


def cosigned(note: str) -> str:
    """A checkpoint with the witness's cosignature behind it."""
    return note + cosign(note, *WITNESS, 1_795_000_000)


def changed(line: str, **fields: Any) -> str:
    """An entry that says something else, in canonical form."""
    return canonical({**json.loads(line), **fields}).decode()


def renumbered(lines: Sequence[str]) -> list[str]:
    """Entries with the places they would have had."""
    return [changed(line, index=place) for place, line in enumerate(lines)]


Change = Callable[[list[Draft]], list[Draft]]


def lie(said: list[Draft], place: int) -> list[Draft]:
    """Drafts of which one says something else."""
    return [
        replace(draft, counts={"guests": 9}) if n == place else draft
        for n, draft in enumerate(said)
    ]
