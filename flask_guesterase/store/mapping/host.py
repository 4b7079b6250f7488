"""The host's side: its session, engines, tables and mappers, whichever way it is built."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from types import FunctionType
from typing import Any

from sqlalchemy import Connection, Engine, MetaData, Table, select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Mapper, configure_mappers, registry, scoped_session, sessionmaker

from ...core.errors import SetupError
from ...core.finding import Finding
from ...core.policy import Policy
from ...core.treatment import Exempt
from ..tables import PREFIX, request
from .crossing import Binds
from .datamap import DataMap
from .spanning import spanning

Models = Any
"""A declarative base, a registry, a MetaData, or several of these."""


_NO_SESSION = (type, sessionmaker, Engine, FunctionType)
"""What is given in place of a scoped session where sessions are opened by hand."""

OURS = update(request)
"""A statement of ours that writes: where it goes, no replica is that a session only reads from."""


class Host:
    """What the extension sees of the application it is installed in.

    :param db: a Flask-SQLAlchemy or Flask-SQLAlchemy-Lite extension, or a scoped session.
    :param models: declarative bases, registries or MetaData, when `db` does not know them.
    :raises SetupError: either is something else.
    """

    def __init__(self, db: Any, models: Models = None) -> None:
        # Nothing is asked of it yet: what gives a session may want an application context.
        if isinstance(db, _NO_SESSION):
            raise SetupError(
                "Guesterase(...) takes Flask-SQLAlchemy(-Lite) or a scoped session.",
                "Where sessions are opened by hand, pass scoped_session(sessionmaker(engine)).",
            )
        self.db = db
        self._sources = list(_sources(db, models))

    @property
    def session(self) -> Any:
        """Return the host's session or scoped session."""
        return self.db if hasattr(self.db, "get_bind") else self.db.session

    def engine(self) -> Engine:
        """Return the host's default engine, as its session routes it.

        :raises SetupError: the session has no default engine, or one that cannot be used.
        """
        try:
            bind = self.session.get_bind(clause=OURS)
        except (SQLAlchemyError, RuntimeError):
            raise SetupError(
                "The session has no default database.",
                "Give it one, or call this inside an application context.",
            ) from None
        engine: Engine = bind.engine
        if engine.dialect.is_async:
            raise SetupError(
                "The session's database is reached by an asynchronous engine.",
                "Give Guesterase(...) a scoped session with a synchronous engine to it, beside "
                "your own.",
            )
        return engine

    def engines(self) -> dict[str, Engine]:
        """Return bind -> engine, the default one under an empty name and first."""
        found = {"": self.engine()}
        for name, engine in getattr(self.db, "engines", {}).items():
            if all(engine.url != other.url for other in found.values()):
                found[str(name)] = engine
        return found

    def readers(self) -> set[Engine]:
        """Return the engines from which sessions read what they write to the default one.

        A router that looks at what a session did before is asked by one that did nothing yet,
        where `db` can make one.
        """
        # Before anything that writes is asked of the same session.
        with self._idle_session() as session:
            read = {m.local_table: _read_by(session, m) for m in self.mappers()}
        home = self.engine()
        written = (t for t, at in self._routed() if at is not None and _is_one(at, home))
        return {at for table in written if (at := read.get(table)) is not None}

    @contextmanager
    def _idle_session(self) -> Iterator[Any]:
        """Give a session that did nothing yet, or the host's own where none can be made."""
        make = getattr(self.session, "session_factory", getattr(self.db, "sessionmaker", None))
        # Any other callable might give the one that is at work, which is not ours to close.
        if not isinstance(make, sessionmaker):
            yield self.session
            return
        with make() as session:
            yield session

    def tables(self) -> list[Table]:
        """Return every table of the host; ours are not its.

        Who reflects one table gets those that its keys lead to as well. Such a double does not
        know the host's own types, so it never stands for a mapped table.
        """
        mapped = {mapper.local_table for mapper in self.mapped()}
        found: dict[str, Table] = {}
        for table in self._all():
            known = found.setdefault(table.fullname, table)
            if table in mapped and known not in mapped:
                found[table.fullname] = table
        return [t for name, t in sorted(found.items()) if not _is_ours(t)]

    def mappers(self) -> list[Mapper[Any]]:
        """Return every mapper of the host, configured; automap reads our tables too: left out."""
        configure_mappers()
        return [m for m in self.mapped() if not _is_ours(m.local_table)]

    def mapped(self) -> list[Mapper[Any]]:
        """Return every mapper there is so far; none is configured by asking.

        They are in the same order in every process: where two classes have one table, the first
        says by which key its rows are known.
        """
        found = (m for each in self._sources if isinstance(each, registry) for m in each.mappers)
        return sorted(found, key=lambda m: (m.class_.__name__, m.class_.__module__))

    def declarations(self) -> Iterator[tuple[type[Any], Policy | Exempt]]:
        """Yield the policies written as ``__erasure__`` on own models, or on their mixins."""
        yield from written(self.mappers())

    def binds(self) -> Binds:
        """Return where the tables lie that the session routes to another database."""
        home = self.engine()
        names = {id(each): str(n) for n, each in getattr(self.db, "engines", {}).items()}
        engines: dict[str, Engine] = {}
        places = {}
        for table, engine in self._routed():
            if engine is None or _is_one(engine, home) or not _is_known(engine):
                continue
            same = (n for n, each in engines.items() if _is_one(each, engine))
            name = next(same, None) or names.get(id(engine)) or _address(engine)
            engines.setdefault(name, engine)
            places[table.fullname] = name
        return Binds(dict(sorted(engines.items())), places)

    def _routed(self) -> Iterator[tuple[Table, Engine | None]]:
        """Yield each table with the engine its rows are on, None where there is none."""
        yield from self._engines_of(self.tables())

    def _engines_of(self, tables: Iterable[Table]) -> Iterator[tuple[Table, Engine | None]]:
        mapped = {mapper.local_table: mapper for mapper in self.mappers()}
        for table in tables:
            try:
                bind = self.session.get_bind(mapped.get(table), clause=update(table))
            except (SQLAlchemyError, RuntimeError):
                yield table, None
            else:
                yield table, bind.engine

    def findings(self, datamap: DataMap) -> list[Finding]:
        """Return what lies in several databases and cannot be erased together."""
        try:
            binds = self.binds()
        except SetupError:
            return []
        found = []
        for table, engine in self._routed():
            if table.fullname in datamap.tables and (engine is None or not _is_known(engine)):
                what = "no database" if engine is None else f"a database ({engine.dialect.name})"
                found.append(_apart(table.fullname, f"The session routes it to {what} in which "
                                    "nothing can be erased.", "Use SQLite, PostgreSQL or MariaDB."))
        found += self._translated(datamap)
        found += self._doubled(datamap)
        if binds.engines:
            found += [
                _apart(name, f"{what} names tables of two databases.",
                       "Split it by database: there are no joins between them.")
                for name, what in spanning(binds, datamap)
            ]
        return found

    def _translated(self, datamap: DataMap) -> Iterator[Finding]:
        """Yield declared tables whose statements go to another schema than the mapping names."""
        for table, engine in self._routed():
            options = engine.get_execution_options() if engine is not None else {}
            schemas = options.get("schema_translate_map") or {}
            there = schemas.get(table.schema, table.schema)
            if table.fullname in datamap.tables and there != table.schema:
                yield _apart(table.fullname, "The engine sends statements to another schema "
                             "(schema_translate_map) than the one that is looked into.",
                             "Give each tenant an engine whose address or search_path names its "
                             "schema, or name the schema in the mapping.")

    def _doubled(self, datamap: DataMap) -> Iterator[Finding]:
        """Yield declared tables whose name two databases have: the data map knows but one."""
        seen: dict[str, Engine] = {}
        declared = (table for table in self._all() if table.fullname in datamap.tables)
        for table, engine in self._engines_of(declared):
            # What the session sends nowhere is a double that nobody asks, as a reflected one is.
            if engine is not None and not _is_one(seen.setdefault(table.fullname, engine), engine):
                yield _apart(table.fullname, "Two databases have a table of this name.",
                             "Give one of them another name.")

    def open_session(self) -> Any:
        """Return the host's session as it is at work here, or None where there is none yet."""
        session = self.session
        if not isinstance(session, scoped_session):
            return session
        return session() if session.registry.has() else None

    def expire(self, tables: Iterable[str]) -> None:
        """Expire what the host's session holds of these tables, pending changes left alone."""
        session = self.open_session()
        if session is None:
            return
        names = set(tables)
        for instance in list(session.identity_map.values()):
            mapper = instance.__mapper__
            if not names & {getattr(t, "fullname", "") for t in mapper.tables}:
                continue
            state = instance._sa_instance_state
            clean = [a.key for a in mapper.column_attrs if a.key not in state.committed_state]
            session.expire(instance, clean)

    def unblock(self) -> None:
        """Roll the host's session back where its database takes no statement any more.

        On PostgreSQL one statement that was refused ends what the host had begun: nothing of it
        can be kept, and the session answers nobody until it is rolled back.
        """
        session = self.open_session()
        if session is None or not session.in_transaction():
            return
        # Nothing public tells by which connections a session is at work; asked for one by its
        # engine it would begin on another.
        known = getattr(session.get_transaction(), "_connections", {})
        used = {each[0] for each in known.values()}
        if not session.is_active or not all(map(_answers, used)):
            session.rollback()

    def let_go(self) -> None:
        """Roll the host's session back where its database is gone: its end would raise for it."""
        with suppress(SQLAlchemyError):
            self.unblock()

    def _all(self) -> Iterator[Table]:
        """Yield each table of each source once, doubles of one name included."""
        metadatas = (s.metadata if isinstance(s, registry) else s for s in self._sources)
        yield from dict.fromkeys(t for each in metadatas for t in each.tables.values())


def _answers(conn: Connection) -> bool:
    """Return whether a connection takes statements."""
    try:
        conn.exec_driver_sql("SELECT 1")
    except SQLAlchemyError:
        return False
    return True


def _is_one(engine: Engine, other: Engine) -> bool:
    """Return whether two engines lead to the same database."""
    if engine is other or engine.pool is other.pool:
        return True
    return engine.url == other.url and engine.url.database not in (None, "", ":memory:")


def _read_by(session: Any, mapper: Mapper[Any]) -> Engine | None:
    """Return the engine from which a session reads a class, None where its router does not say."""
    try:
        engine: Engine = session.get_bind(mapper, clause=select(mapper.local_table)).engine
    except Exception:
        # The router is code of the host's, and may want more than a class to decide.
        return None
    return engine


def _is_known(engine: Engine) -> bool:
    return engine.dialect.name in ("sqlite", "postgresql", "mysql", "mariadb")


def _address(engine: Engine) -> str:
    """Return a name for a database that the host gave none: its address, without any secret."""
    return str(engine.url.set(username=None, password=None, query={}))[-120:]


def _apart(table: str, message: str, hint: str) -> Finding:
    return Finding("several-binds", table, "", message, hint)


def written(mappers: Iterable[Mapper[Any]]) -> Iterator[tuple[type[Any], Policy | Exempt]]:
    """Yield the policies that are written on mapped classes, or on mixins of theirs."""
    for mapper in mappers:
        declaration = _own_word(mapper.class_)
        if isinstance(declaration, Policy | Exempt):
            yield mapper.class_, declaration


def _own_word(model: type[Any]) -> Any:
    """Return what a model says of itself, or takes from classes that are not mapped themselves."""
    for each in model.__mro__:
        if each is not model and "__mapper__" in each.__dict__:
            return None
        if "__erasure__" in each.__dict__:
            return each.__dict__["__erasure__"]
    return None


def _is_ours(table: Any) -> bool:
    return str(getattr(table, "name", "")).startswith(PREFIX)


def _sources(db: Any, models: Models) -> Iterator[registry | MetaData]:
    # The host's own come first: of two classes for one table the first one named counts.
    base = getattr(db, "Model", None)
    if base is not None and hasattr(base, "registry"):
        yield base.registry
    yield from getattr(db, "metadatas", {}).values()
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
