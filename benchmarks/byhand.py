"""Hand-written SQL that does what a sweep does: the limit that the extension is measured against.

A batch is one transaction: claim what is due (date column, ceiling, no hold, nothing that blocks),
lock and read the old values, delete from six tables and overwrite in four, seal the images under a
key of their last day, append leaves and a signed head, look at every row again by its key, commit.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Engine

from .schema import DELETED, MASKED, Base
from .tongues import Ids, Tongue

BATCH = 1000
ERASED = "[erased]"
LAST_DAY = "2026-03-17"
FORMS = {
    "postgresql": ("sets", "json", "cte", "batch"),
    "mariadb": ("sets", "json", "batch"),
    "sqlite": ("sets", "json", "batch"),
}
"""Engine -> forms. ``sets`` is the straightforward one: sets of rows, each guest's image written in
Python, a box and a leaf for each guest. In ``json`` the server writes the images; ``cte`` is
one statement for everything; ``batch`` is ``json`` with one box and one leaf for a batch."""

OWN = ("guests", "reservations")
"""Masked tables that carry the guest's key; the others lie behind a folio."""

_TABLES = """
CREATE TABLE hand_holds (guest_id BIGINT PRIMARY KEY);
CREATE TABLE hand_vault (id {serial}, guest_id BIGINT, last_day VARCHAR(10), box {blob});
CREATE TABLE hand_log (position BIGINT PRIMARY KEY, body VARCHAR(400), leaf {blob});
CREATE TABLE hand_head (id INTEGER PRIMARY KEY, size BIGINT, root {blob}, signature {blob})
"""
_KINDS = {
    "postgresql": {"serial": "BIGSERIAL PRIMARY KEY", "blob": "BYTEA"},
    "mariadb": {"serial": "BIGINT AUTO_INCREMENT PRIMARY KEY", "blob": "LONGBLOB"},
    "sqlite": {"serial": "INTEGER PRIMARY KEY", "blob": "BLOB"},
}

Old = tuple[str, int, int, str]
"""Table, guest, key and JSON text of a row as it was."""


@dataclass(frozen=True)
class Batch:
    """What one transaction did: in which form, for how many guests, in how many seconds."""

    form: str
    guests: int
    seconds: float


class Hand:
    """Erases by SQL written by hand.

    :param engine: the database, filled.
    :param held: numbers of the guests who are held.
    """

    def __init__(self, engine: Engine, held: Sequence[int] = ()) -> None:
        self.sql = Tongue(engine)
        self.key = AESGCM(AESGCM.generate_key(256))
        self.signer = Ed25519PrivateKey.generate()
        for statement in _TABLES.format(**_KINDS[self.sql.name]).split(";"):
            self.sql.run(statement)
        self.sql.begin()
        self.sql.put("hand_holds", ["guest_id"], [(id,) for id in held])
        self.sql.put("hand_head", ["id", "size", "root", "signature"], [(1, 0, bytes(32), b"")])
        self.sql.commit()

    def sweep(self, since: date, before: date, forms: Iterator[str]) -> Iterator[Batch]:
        """Erase who left within a span of days; yield each batch after its commit.

        :param since: first day of departure that was not looked at yet.
        :param before: last day of departure of which the time is over.
        :param forms: of `FORMS`, the one each batch is done in.
        """
        last = 0
        while True:
            start, form = time.perf_counter(), next(forms)
            self.sql.begin()
            ids = self.claim(since, before, last)
            if ids:
                self.erase(ids, form)
            self.sql.commit()
            if not ids:
                return
            last = ids[-1]
            yield Batch(form, len(ids), time.perf_counter() - start)

    def one(self, id: int, form: str = "sets") -> None:
        """Erase one guest in one durable transaction, unless something stands in the way."""
        self.sql.begin()
        where, params = self.sql.among("g.id", [id])
        ids = [row[0] for row in self.sql.all(_CLAIM + where + self.sql.skip, params)]
        self.erase(ids, form)
        self.sql.commit()

    def claim(self, since: date, before: date, last: int) -> list[int]:
        """Lock and return the next guests who are due and for whom nothing stands in the way."""
        mark = self.sql.mark
        # Who is gone has no mailbox any more.
        where = (
            f"g.left_on BETWEEN {mark} AND {mark} AND g.id > {mark} AND g.email IS NOT NULL "
            f"ORDER BY g.id LIMIT {BATCH}"
        )
        params = (since.isoformat(), before.isoformat(), last)
        return [row[0] for row in self.sql.all(_CLAIM + where + self.sql.skip, params)]

    def erase(self, ids: Ids, form: str) -> None:
        """Erase guests who were claimed, with everything that goes with it, but the commit."""
        old = self._at_once(ids) if form == "cte" else self._sets(ids, form != "sets")
        self._keep(ids, old, whole=form == "batch")
        self._check(old)

    # the rows

    def _sets(self, ids: Ids, server: bool) -> list[Old]:
        """Delete and overwrite, table by table."""
        sql, old = self.sql, []
        for table in DELETED:
            names = [column.name for column in Base.metadata.tables[table].c]
            where, params = sql.among("guest_id", ids)
            said = self._said(table, names, server)
            statement = f"DELETE FROM {table} WHERE {where} RETURNING guest_id, id, {said}"
            old += self._old(table, names, sql.all(statement, params), server)
        self._mask("guests", "id", ids, server, old)
        mine = self._mask("reservations", "guest_id", ids, server, old)
        owner = {key: guest for _, guest, key, _ in mine}
        where, params = sql.among("reservation_id", list(owner))
        folios = dict(sql.all(f"SELECT id, reservation_id FROM folios WHERE {where}", params))
        whose = {folio: owner[reservation] for folio, reservation in folios.items()}
        for table in ("invoices", "payments"):
            self._mask(table, "folio_id", list(whose), server, old, whose)
        return old

    def _mask(
        self, table: str, column: str, ids: Ids, server: bool, old: list[Old],
        whose: dict[int, int] | None = None,
    ) -> list[Old]:
        """Lock and read the old values of a table, and overwrite them."""
        sql, names = self.sql, ["id", *MASKED[table]]
        where, params = sql.among(column, ids)
        said = self._said(table, names, server)
        rows = sql.all(f"SELECT {column}, id, {said} FROM {table} WHERE {where}{sql.lock}", params)
        found = self._old(table, names, rows, server)
        if whose is not None:
            found = [(name, whose[by], key, text) for name, by, key, text in found]
        where, params = sql.among("id", [key for _, _, key, _ in found])
        sql.run(f"UPDATE {table} SET {_overwritten(table)} WHERE {where}", params)
        old += found
        return found

    def _said(self, table: str, names: Sequence[str], server: bool) -> str:
        return (self.sql.document if server else self.sql.columns)(table, names)

    def _old(
        self, table: str, names: Sequence[str], rows: Sequence[Sequence[Any]], server: bool
    ) -> list[Old]:
        if server:
            return [(table, guest, key, text) for guest, key, text in rows]
        return [
            (table, row[0], row[1], json.dumps(
                {"_": table, **dict(zip(names, row[2:], strict=True))}, default=_plain
            ))
            for row in rows
        ]  # fmt: skip

    def _at_once(self, ids: Ids) -> list[Old]:
        """Do everything to the rows in one statement (PostgreSQL)."""
        return [tuple(row) for row in self.sql.all(_cte(self.sql), {"ids": list(ids)})]  # type: ignore[misc, arg-type]

    # vault, journal, check

    def _keep(self, ids: Ids, old: Sequence[Old], whole: bool) -> None:
        """Seal the images, and append leaves and a signed head."""
        images: dict[int, list[str]] = {} if whole else {id: [] for id in ids}
        for _, guest, _, text in old:
            images.setdefault(0 if whole else guest, []).append(text)
        boxes = [
            (guest, LAST_DAY, self._sealed(guest, "[" + ",".join(texts) + "]"))
            for guest, texts in images.items()
        ]
        self.sql.put("hand_vault", ["guest_id", "last_day", "box"], boxes)
        lock = self.sql.lock
        ((size, root),) = self.sql.all(f"SELECT size, root FROM hand_head WHERE id = 1{lock}")
        lines = []
        for guest, texts in images.items():
            said = {"at": "2026-03-10T12:00:00Z", "action": "erased", "rows": len(texts)}
            subject = hashlib.sha256(b"pepper%d" % guest).hexdigest()
            body = json.dumps({**said, "subject": subject, "position": size}, sort_keys=True)
            leaf = hashlib.sha256(b"\0" + body.encode()).digest()
            root = hashlib.sha256(b"\1" + root + leaf).digest()
            lines.append((size, body, leaf))
            size += 1
        self.sql.put("hand_log", ["position", "body", "leaf"], lines)
        signature = self.signer.sign(b"%d\n" % size + root)
        mark = self.sql.mark
        self.sql.run(
            f"UPDATE hand_head SET size = {mark}, root = {mark}, signature = {mark} WHERE id = 1",
            (size, root, signature),
        )

    def _sealed(self, guest: int, text: str) -> bytes:
        nonce = os.urandom(12)
        return nonce + self.key.encrypt(nonce, text.encode(), b"fir|%d|2026-03-17" % guest)

    def _check(self, old: Sequence[Old]) -> None:
        """Look at every row again by its key."""
        keys: dict[str, list[int]] = {}
        for table, _, key, _ in old:
            keys.setdefault(table, []).append(key)
        for table, mine in keys.items():
            where, params = self.sql.among("id", mine)
            left = f" AND NOT ({_is_gone(table)})" if table in MASKED else ""
            ((count,),) = self.sql.all(f"SELECT count(*) FROM {table} WHERE {where}{left}", params)
            if count:
                raise RuntimeError(f"{count} rows of {table} are still as they were")


_CLAIM = """SELECT g.id FROM guests g
WHERE NOT EXISTS (SELECT 1 FROM hand_holds h WHERE h.guest_id = g.id)
  AND NOT EXISTS (SELECT 1 FROM reservations r WHERE r.guest_id = g.id AND r.status = 'in')
  AND NOT EXISTS (SELECT 1 FROM folios f JOIN reservations r ON r.id = f.reservation_id
                  WHERE r.guest_id = g.id AND f.status = 'open')
  AND """


def _overwritten(table: str) -> str:
    return ", ".join(
        f"{name} = {ERASED!r}" if name == "name" else f"{name} = NULL" for name in MASKED[table]
    )


def _is_gone(table: str) -> str:
    return " AND ".join(
        f"{name} = {ERASED!r}" if name == "name" else f"{name} IS NULL" for name in MASKED[table]
    )


def _plain(value: Any) -> str:
    return value.hex() if isinstance(value, bytes) else str(value)


def _cte(sql: Tongue) -> str:
    """Return the one statement; each part returns table, guest, key and image."""
    parts, names = [], []

    def add(name: str, statement: str) -> None:
        parts.append(f"{name} AS ({statement})")
        names.append(name)

    for table in DELETED:
        said = sql.document(table, [column.name for column in Base.metadata.tables[table].c])
        add(f"gone_{table}", f"DELETE FROM {table} WHERE guest_id = ANY(%(ids)s) "
            f"RETURNING '{table}' AS t, guest_id AS g, id AS k, {said} AS j")  # fmt: skip
    parts.append("mine AS MATERIALIZED (SELECT id, guest_id FROM reservations "
                 "WHERE guest_id = ANY(%(ids)s))")  # fmt: skip
    parts.append("bills AS MATERIALIZED (SELECT f.id, m.guest_id FROM folios f JOIN mine m "
                 "ON m.id = f.reservation_id WHERE f.reservation_id = ANY(ARRAY("
                 "SELECT id FROM mine)))")  # fmt: skip
    for table, where, guest in (
        ("guests", "id = ANY(%(ids)s)", "id"),
        ("reservations", "guest_id = ANY(%(ids)s)", "guest_id"),
        ("invoices", "folio_id = ANY(ARRAY(SELECT id FROM bills))", "folio_id"),
        ("payments", "folio_id = ANY(ARRAY(SELECT id FROM bills))", "folio_id"),
    ):
        said = sql.document(table, ["id", *MASKED[table]])
        parts.append(f"locked_{table} AS MATERIALIZED (SELECT '{table}' AS t, {guest} AS g, "
                     f"id AS k, {said} AS j FROM {table} WHERE {where} FOR UPDATE)")  # fmt: skip
        parts.append(f"done_{table} AS (UPDATE {table} SET {_overwritten(table)} "
                     f"WHERE id = ANY(ARRAY(SELECT k FROM locked_{table})))")  # fmt: skip
        if guest == "folio_id":
            add(f"of_{table}", f"SELECT l.t, b.guest_id AS g, l.k, l.j FROM locked_{table} l "
                "JOIN bills b ON b.id = l.g")  # fmt: skip
        else:
            names.append(f"locked_{table}")
    union = " UNION ALL ".join(f"SELECT t, g, k, j FROM {name}" for name in names)
    return f"WITH {', '.join(parts)} {union}"
