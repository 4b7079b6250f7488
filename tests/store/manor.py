"""A hotel over whatever classes a host has mapped, and the whole way of one guest through it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, event, select
from sqlalchemy.orm import scoped_session, sessionmaker

from flask_guesterase.core.finding import Finding, Severity
from flask_guesterase.core.restoring import Report
from flask_guesterase.store import tables, worker
from flask_guesterase.store.checking.coverage import coverage
from flask_guesterase.store.checking.drift import drift, drifted
from flask_guesterase.store.checking.indexing import unindexed
from flask_guesterase.store.checking.live import read
from flask_guesterase.store.comeback import guard
from flask_guesterase.store.comeback.lookout import Side
from flask_guesterase.store.erasing.explained import unwritable
from flask_guesterase.store.erasing.probing import misfits, refused
from flask_guesterase.store.hiding import veil
from flask_guesterase.store.keys.custodian import FolderCustodian
from flask_guesterase.store.mapping.datamap import resolve
from flask_guesterase.store.mapping.host import Host
from flask_guesterase.store.office import Office
from flask_guesterase.store.settings import Property, Settings
from flask_guesterase.store.sweep import sweep
from flask_guesterase.store.transaction import transaction
from flask_guesterase.store.work import nobodys
from tests.engines import build
from tests.oracle.dump import Changes, Dump, assert_same, changes, dump, places
from tests.store import inn
from tests.store.hotel import GRANTS, Hotel
from tests.zealand import law, rule

PACK = law(
    rule(
        "profiles", "reservation", 1,
        'ceiling = "P3Y"', 'ceiling_kind = "soft"', 'clock = ["last_activity"]',
    ),
)  # fmt: skip
"""The one law there is: who was not seen for three years goes."""


class Manor(Hotel):
    """A hotel whose tables are those of a declarative base.

    :param url: address of an empty database.
    :param folder: where keys and files go.
    :param base: the host's base; its policies are written on its classes, or given.
    :param script: what the database has beside its tables; see `inn.run`.
    :param before: the same, before there are tables.
    :param more: what is declared from outside.
    """

    def __init__(
        self, url: str, folder: Path, base: Any, script: str = "", before: str = "",
        more: Iterable[tuple[Any, Any]] = (), schemas: tuple[str, ...] = (),
    ) -> None:
        self.engine = create_engine(url)
        if self.engine.dialect.name == "sqlite":
            event.listen(self.engine, "connect", inn._enforce)
        self.now = datetime(2026, 3, 10, 9, 0, tzinfo=UTC)
        self.custodian = FolderCustodian(folder / "keys")
        self.custodian.create()
        (folder / "NZ.toml").write_text(PACK, encoding="utf-8")
        self.settings = Settings(
            {"sh": Property("sh", "Hotel Pine", "Pine Ltd", "NZ", "Pacific/Auckland", "en")},
            recovery_days=7, mail="print", packs=(str(folder / "NZ.toml"),),
        )  # fmt: skip
        with self.engine.begin() as conn:
            inn.run(conn, before)
        base.metadata.create_all(self.engine)
        with self.engine.begin() as conn:
            inn.run(conn, script)
        build(self.engine, tables.metadata)
        self.session = scoped_session(sessionmaker(self.engine))
        self.host = Host(self.session, models=base)
        declared = [*self.host.declarations(), *more]
        self.datamap = resolve(
            declared, self.host.tables(), self.host.mappers(),
            lambda found: [*coverage(found), *self.host.findings(found)],
        )
        self.grants = {user: {*granted, "law"} for user, granted in GRANTS.items()}
        self.events = []
        self.blockers, self.holidays, self.recipients, self.shared = (), None, (), nobodys
        self.schemas = (None, *schemas)
        with self.begin() as office:
            office.sign_pack("NZ", "officer")
        guard.install(self.host, self.sides)
        veil.install(self.host, declared)

    def sides(self) -> list[Side]:
        """Return what the guard must know."""
        pool = self.engine.pool
        return [Side(pool, self.settings, self.datamap, self.custodian, lambda: self.now)]

    def close(self) -> None:
        """Let go of the database."""
        self.session.remove()
        self.engine.dispose()

    def save(self, *instances: Any) -> None:
        """Put rows in as the host does: by its classes."""
        with sessionmaker(self.engine)() as session:
            for each in instances:
                session.add(each)
                session.flush()
            session.commit()

    def said(self) -> list[Finding]:
        """Return all that `check` says of mapping and database."""
        found = list(self.datamap.findings)
        with transaction(self.engine, write=False) as conn:
            live = read(conn, schemas=self.datamap.schemas())
            known = drifted(self.datamap, live)
            found += drift(self.datamap, live) + unindexed(conn, self.datamap, live)
            found += [*refused(conn, known), *misfits(conn, known, live)]
            found += unwritable(conn, known, live)
        return sorted(set(found))

    def stops(self) -> list[str]:
        """Return what keeps erasures waiting."""
        return [f"{f.id} {f.place}" for f in self.said() if f.severity is Severity.STOP]

    def content(self) -> Dump:
        """Return all that is in the host's tables."""
        with self.engine.connect() as conn:
            return dump(conn, self.schemas)

    def swept(self) -> Any:
        """Sweep until what is due is gone: shown, confirmed, done."""
        sweep(self._run, _render, {}, None)
        report = sweep(self._run, _render, {}, "officer")
        assert report.problems == {}, report.problems
        return report

    def _run(self, unit: Callable[[Office], Any], /) -> Any:
        with self.begin() as office:
            return unit(office)

    def taken_back(self, number: str) -> Report:
        """Take an erasure back by two people."""
        with self.begin() as office:
            office.propose_restore(number, "officer", "wrong-person")
        with self.begin() as office:
            return office.restore(number, "second")

    def night(self) -> None:
        """Let a day pass, and what runs by itself run."""
        self.later(days=1)
        worker.work(self._run, _render, {})
        sweep(self._run, _render, {}, None)

    def everywhere(self, *secrets: str) -> list[str]:
        """Return where these values lie, in our own tables too."""
        with self.engine.connect() as conn:
            return places(dump(conn, self.schemas, without=()), *secrets)

    def flushed(self, *instances: Any) -> list[tuple[str, str]]:
        """Return what the guard notes of instances that the host flushes, and take it back."""
        returned = tables.returned
        self.session.add_all(instances)
        self.session.flush()
        noted = self.session.execute(select(returned.c.table_name, returned.c.state)).all()
        self.session.rollback()
        return [tuple(row) for row in noted]


def _render(template: str, lang: str, params: Any) -> tuple[str, str]:
    return template, lang


def whole_way(manor: Manor, secrets: list[str], **match: str) -> Changes:
    """Erase a guest, look for them, take it back, erase them again; return what it changed.

    :param manor: the hotel; nothing may be open in it.
    :param secrets: what is the guest's alone.
    :param match: what the guest is found by.
    """
    assert manor.stops() == []
    before = manor.content()
    assert places(before, *secrets), "the guest was never there"
    number = manor.approved(**match)
    assert manor.erased(number) == "erased"
    after = manor.content()
    assert places(after, *secrets) == []
    manor.taken_back(number)
    assert_same(before, manor.content())
    assert manor.erased(manor.approved(**match)) == "erased"
    assert places(manor.content(), *secrets) == []
    return changes(before, after)
