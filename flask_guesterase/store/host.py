"""The host's side: its session, engines, tables and mappers, whichever way it is built."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from sqlalchemy import Engine, MetaData, Table
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Mapper, configure_mappers, registry, scoped_session

from ..core.errors import SetupError
from ..core.finding import Finding
from ..core.policy import Exempt, Policy
from .tables import PREFIX

Models = Any
"""A declarative base, a registry, a MetaData, or several of these."""


class Host:
    """What the extension sees of the application it is installed in.

    :param db: a Flask-SQLAlchemy or Flask-SQLAlchemy-Lite extension, or a scoped session.
    :param models: declarative bases, registries or MetaData, when `db` does not know them.
    """

    def __init__(self, db: Any, models: Models = None) -> None:
        self.db = db
        self._sources = list(_sources(db, models))

    @property
    def session(self) -> Any:
        """Return the host's session or scoped session."""
        return self.db if hasattr(self.db, "get_bind") else self.db.session

    def engine(self) -> Engine:
        """Return the host's default engine, as its session routes it.

        :raises SetupError: the session has no default engine.
        """
        try:
            bind = self.session.get_bind()
        except (SQLAlchemyError, RuntimeError):
            raise SetupError(
                "The session has no default database.",
                "Give it one, or call this inside an application context.",
            ) from None
        engine: Engine = bind.engine
        return engine

    def engines(self) -> dict[str, Engine]:
        """Return bind -> engine, the default one under an empty name and first."""
        found = {"": self.engine()}
        for name, engine in getattr(self.db, "engines", {}).items():
            if all(engine.url != other.url for other in found.values()):
                found[str(name)] = engine
        return found

    def tables(self) -> list[Table]:
        """Return every table of the host; ours are not its."""
        found = {t.fullname: t for metadata in self._metadatas() for t in metadata.tables.values()}
        return [t for name, t in sorted(found.items()) if not _is_ours(t)]

    def mappers(self) -> list[Mapper[Any]]:
        """Return every mapper of the host, configured; automap reads our tables too: left out."""
        configure_mappers()
        registries = [s for s in self._sources if isinstance(s, registry)]
        found = (m for each in registries for m in each.mappers if not _is_ours(m.local_table))
        return sorted(found, key=lambda m: m.class_.__name__)

    def mapped(self) -> list[Mapper[Any]]:
        """Return every mapper there is so far; none is configured by asking."""
        return [m for each in self._sources if isinstance(each, registry) for m in each.mappers]

    def declarations(self) -> Iterator[tuple[type[Any], Policy | Exempt]]:
        """Yield the policies written on own models as ``__erasure__``."""
        for mapper in self.mappers():
            declaration = mapper.class_.__dict__.get("__erasure__")
            if isinstance(declaration, Policy | Exempt):
                yield mapper.class_, declaration

    def findings(self, declared: Iterable[Table]) -> list[Finding]:
        """Return what is declared in a database of its own, which is not erased yet."""
        found = []
        for table in declared:
            bind = table.info.get("bind_key") or table.metadata.info.get("bind_key")
            if bind is not None:
                found.append(Finding(
                    "several-binds", table.fullname, "", f"The table lives in the bind '{bind}'.",
                    "Erasing across several databases is not done yet; see the explanation "
                    "of several databases in the documentation.",
                ))
        return found

    def expire(self, tables: Iterable[str]) -> None:
        """Expire what the host's session holds of these tables, pending changes left alone."""
        session = self.session
        if isinstance(session, scoped_session):
            if not session.registry.has():
                return
            session = session()
        names = set(tables)
        for instance in list(session.identity_map.values()):
            mapper = instance.__mapper__
            if not names & {getattr(t, "fullname", "") for t in mapper.tables}:
                continue
            state = instance._sa_instance_state
            clean = [a.key for a in mapper.column_attrs if a.key not in state.committed_state]
            session.expire(instance, clean)

    def _metadatas(self) -> list[MetaData]:
        return [s.metadata if isinstance(s, registry) else s for s in self._sources]


def _is_ours(table: Any) -> bool:
    return str(getattr(table, "name", "")).startswith(PREFIX)


def _sources(db: Any, models: Models) -> Iterator[registry | MetaData]:
    given = models if isinstance(models, list | tuple | set) else [models]
    for each in given:
        if isinstance(each, registry | MetaData):
            yield each
        elif each is not None and hasattr(each, "registry"):
            yield each.registry
        elif each is not None:
            raise SetupError(
                "models= takes declarative bases, registries or MetaData.",
                "Pass the base class your models inherit from.",
            )
    base = getattr(db, "Model", None)
    if base is not None and hasattr(base, "registry"):
        yield base.registry
    yield from getattr(db, "metadatas", {}).values()
