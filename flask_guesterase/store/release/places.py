"""Places outside that take checkpoints: a folder elsewhere, a mailbox, a witness, a callable."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import Row, select

from ...core.destination import Destination, Way
from ...core.errors import DeliveryError, TamperedError, UnknownError
from ...core.leaving import Leaving
from ..census import listing
from ..journaling import export, witness
from ..journaling.cosigning import to_witness
from ..messages.channels import Channel, Message, message_id
from ..tables import tree
from ..unit import HasWork, Run
from .folder import Folder
from .place import Place, Take

DAY = timedelta(hours=20)
"""A letter a day is read, twenty-four are not; a little less than a day, so that none is late."""


@dataclass(frozen=True)
class Release:
    """A checkpoint on its way outside, and what a place may want to see with it.

    :param controller: slug of the controller.
    :param epoch: number of the epoch.
    :param size: number of entries.
    :param root: root hash, 32 bytes.
    :param note: the signed note.
    :param run: runs a unit of work, for the questions below.
    """

    controller: str
    epoch: int
    size: int
    root: bytes
    note: str
    run: Run

    @property
    def first(self) -> int:
        """Return the place of the first entry that was not taken out of this epoch."""
        return int(self._asked(lambda office, row: row.pruned or 0))

    def instead(self) -> str:
        """Return the line that stands instead of the entries that were taken out."""

        def told(office: HasWork, row: Row[Any]) -> str:
            conn = office.work.conn
            return export.instead(conn, row, witness.frontier_at(conn, row, row.pruned))

        return str(self._asked(told))

    def entries(self, start: int) -> Iterator[str]:
        """Yield the entries the checkpoint covers, from a place on, each in canonical JSON."""
        while start < self.size:
            end = min(self.size, start + export.BATCH)
            yield from self.run(partial(_part, self.controller, self.epoch, start, end))
            start = end

    def consistency(self, old: int) -> tuple[bytes, ...]:
        """Prove that the checkpoint continues one of an earlier size (RFC 9162 §2.1.4).

        :raises UnknownError: it is not that long.
        """
        proved: tuple[bytes, ...] = self._asked(
            lambda office, row: witness.continues(
                office.work.conn, self.controller, self.epoch, old, self.size
            )
        )
        return proved

    def root_of(self, size: int) -> bytes | None:
        """Return the root of the journal at a size, or None when it never was that long."""

        def told(office: HasWork, row: Row[Any]) -> bytes | None:
            if size > row.size:
                return None
            return witness.frontier_at(office.work.conn, row, size).root()

        found: bytes | None = self._asked(told)
        return found

    def censuses(self) -> list[tuple[str, bytes]]:
        """Return name and content of the newest counts of the controller's guest register."""
        found: list[tuple[str, bytes]] = self.run(
            lambda office: list(listing.files_since(office.work, controller=self.controller))
        )
        return found

    def _asked(self, question: Callable[[HasWork, Row[Any]], Any]) -> Any:
        def unit(office: HasWork) -> Any:
            row = office.work.conn.execute(
                select(tree).where(
                    tree.c.controller == self.controller, tree.c.epoch == self.epoch
                )
            ).first()
            if row is None:
                raise UnknownError("There is no such epoch of the journal.")
            return question(office, row)

        return self.run(unit)


def _part(controller: str, epoch: int, start: int, end: int, office: HasWork) -> list[str]:
    return list(export.part(office.work.conn, controller, epoch, start, end))


def places(
    named: Iterable[Destination],
    channels: Mapping[str, Channel],
    calls: Iterable[Take] = (),
) -> tuple[Place, ...]:
    """Return the places that an installation has.

    :param named: what the configuration names.
    :param channels: name -> channel; mail goes through "smtp".
    :param calls: callables of the host.
    :raises InputError: the address or the key of a witness cannot be used.
    """
    found = []
    for each in named:
        if each.way is Way.FILE:
            folder = Folder(Path(each.target))
            found.append(Place(each.name, each.way, folder.take, folder=folder))
        elif each.way is Way.MAIL:
            take = partial(_mail, channels, each.target)
            found.append(Place(each.name, each.way, take, DAY))
        elif each.way is Way.WITNESS:
            found.append(Place(each.name, each.way, _witness(each.target)))
    for number, call in enumerate(calls, 1):
        name = getattr(call, "__qualname__", type(call).__name__)
        target = Destination(Way.CALL, f"{number}:{name}")
        found.append(Place(target.name, Way.CALL, call))
    return tuple(found)


def _witness(target: str) -> Take:
    """Return what asks a witness; the verifier key of its house stands behind a ``#``."""
    url, _, key = target.partition("#")
    bring = to_witness(url, key)

    def proof(release: Leaving, old: int) -> Sequence[bytes]:
        if release.root_of(old) is None:
            raise TamperedError(
                "A witness has seen more of the journal than there is here.",
                "If the database was restored, run `flask guesterase replay`.",
            )
        return release.consistency(old)

    return lambda release: bring(release.note, partial(proof, release))


def _mail(channels: Mapping[str, Channel], to: str, release: Leaving) -> str | None:
    if "smtp" not in channels:
        raise DeliveryError(
            "There is no mail server for checkpoints.", "Set GUESTERASE_MAIL to one."
        )
    origin = f"guesterase/{release.controller}/{release.epoch}"
    channels["smtp"].send(
        Message(
            message_id(f"checkpoint:{origin}:{release.size}"), to, "en", "checkpoint",
            {"origin": origin, "size": str(release.size)},
            f"Checkpoint {origin}: {release.size} entries", release.note,
        )
    )  # fmt: skip
    return None
