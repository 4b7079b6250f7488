"""What is going on when the plug is pulled: one operation on a hotel that was made ready for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import redirect_stdout
from dataclasses import dataclass
from io import StringIO
from typing import Any

import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from flask_guesterase import verify
from flask_guesterase.core.destination import Destination, Way
from flask_guesterase.store import tables
from flask_guesterase.store.journaling import signing
from flask_guesterase.store.release import releasing
from flask_guesterase.store.release.places import places
from flask_guesterase.store.returning.replay import replay
from flask_guesterase.store.sweeping.report import Report
from flask_guesterase.store.upkeep import renewal, rotation, upgrade
from tests.chaos.inn import Inn

Step = Callable[[Inn], Any]

ANN = {"email": "ann@mail.example", "name": "Ann Zebrafinch"}
BEA = {"email": "bea@mail.example", "name": "Bea Lund"}


@dataclass(frozen=True)
class Scene:
    """One operation.

    :param name: name of the scene.
    :param prepare: makes the hotel ready; the hotel is built when it is called.
    :param operate: the operation that is disturbed.
    :param recover: what the house does after a restart, besides rounds of the worker.
    :param days: how long after the preparation the operation is.
    :param restored: the database is that of before `prepare`, the folder that of after.
    :param migrates: our tables are of an older revision when it begins.
    :param apart: its parts are independent: one may be done though one before it failed.
    """

    name: str
    prepare: Step
    operate: Step
    recover: Step
    days: int = 0
    restored: bool = False
    migrates: bool = False
    apart: bool = False


def _settled(inn: Inn) -> None:
    """Do what an operator does after a crash: bring the tables forward, settle the keys."""
    upgrade.upgrade(inn.engine)
    inn.custodian.settle()


def _approve(inn: Inn) -> None:
    inn.approved(email=ANN["email"])


def _erase(inn: Inn) -> Report:
    return inn.work()


def _erased(inn: Inn) -> None:
    _approve(inn)
    inn.work()
    inn.rounds()


def _rotate(inn: Inn) -> None:
    inn.custodian.rotate()


def _rotated(inn: Inn) -> None:
    """The second copy is of no use after a rotation: it is made anew when people come to it."""
    _settled(inn)
    inn.copied()


def _both_erased(inn: Inn) -> None:
    inn.approved(email=ANN["email"])
    inn.approved(email=BEA["email"])
    inn.work()
    inn.rounds()


def _replay(inn: Inn) -> None:
    # The worker notices first, as it does in a house.
    inn.work()
    replay(inn.run)
    inn.work()


def _replayed(inn: Inn) -> None:
    _settled(inn)
    replay(inn.run)


def _proposed(inn: Inn) -> None:
    _erased(inn)
    inn.run(lambda office: office.propose_restore(_number(inn), "second", "wrong-person"))


def _number(inn: Inn) -> str:
    return str(inn.ours("request")[0]["number"])


def _restore(inn: Inn) -> Report:
    inn.run(lambda office: office.restore(_number(inn), "officer"))
    return inn.work()


def _restored(inn: Inn) -> None:
    """Confirm again what is still only proposed, as the second person does."""
    _settled(inn)
    if inn.state(_number(inn)) != "restored":
        inn.run(lambda office: office.restore(_number(inn), "officer"))


def _changes_key(inn: Inn) -> None:
    inn.run(lambda office: renewal.renew(office.work, "officer", "second"))
    inn.run(signing.settle)


def _changed_key(inn: Inn) -> None:
    """Change the key again where the change came to nothing; a half one is finished first."""
    _settled(inn)
    inn.run(signing.settle)
    if not any(row["action"] == "signing-key-changed" for row in inn.ours("entry")):
        _changes_key(inn)


def _turns(inn: Inn) -> None:
    rotation.rotate(inn.run, "officer")


def _turned(inn: Inn) -> None:
    """Finish what the next sweep finishes, and rotate again where there is nothing to finish."""
    _settled(inn)
    inn.run(rotation.told)
    if not any(row["action"] == "root-rotated" for row in inn.ours("entry")):
        _turns(inn)


def _outside(inn: Inn) -> None:
    """Give the house a folder elsewhere; it is made by hand, once."""
    _erased(inn)
    (inn.folder / "outside").mkdir()


def _release(inn: Inn) -> None:
    """Let the checkpoint leave; the same one is brought again where nobody knows that it came."""
    inn.places = places([Destination(Way.FILE, str(inn.folder / "outside"))], {})
    releasing.release(inn.run)


def _released(inn: Inn) -> None:
    """Bring what is still on its way, after the time for which another worker may be at it."""
    _settled(inn)
    inn.later(minutes=11)
    _release(inn)
    (entries,) = (inn.folder / "outside").glob("*.jsonl")
    (notes,) = (inn.folder / "outside").glob("*.checkpoints")
    said = [str(entries), "--checkpoint", str(notes), "--key", inn.custodian.public_key().hex()]
    with redirect_stdout(StringIO()) as told:
        code = verify.main(said)
    assert code == 0, told.getvalue()


def _older(revision: str) -> Step:
    """Return what puts our tables back to an older revision, with the rows they have."""

    def back(inn: Inn) -> None:
        _approve(inn)
        with inn.engine.begin() as conn:
            rows = {
                table.name: [dict(row._mapping) for row in conn.execute(sa.select(table))]
                for table in tables.metadata.sorted_tables
            }
        tables.metadata.drop_all(inn.engine)
        with inn.engine.begin() as conn:
            conn.execute(sa.text(f"DROP TABLE {upgrade.VERSION_TABLE}"))
        upgrade.alone(inn.engine, lambda conn: _build(conn, revision))
        with inn.engine.begin() as conn:
            for name, found in rows.items():
                _fill(conn, name, found)

    return back


def _build(conn: Connection, revision: str) -> None:
    """Build our tables as a revision left them."""
    op = Operations(MigrationContext.configure(conn))
    scripts = ScriptDirectory(str(upgrade.SCRIPTS))
    for script in list(scripts.iterate_revisions(revision, "base"))[::-1]:
        script.module.upgrade(op)
    conn.exec_driver_sql(
        f"CREATE TABLE {upgrade.VERSION_TABLE} (version_num VARCHAR(32) NOT NULL PRIMARY KEY)"
    )
    conn.exec_driver_sql(f"INSERT INTO {upgrade.VERSION_TABLE} VALUES ('{revision}')")


def _fill(conn: Connection, name: str, rows: list[dict[str, Any]]) -> None:
    look = sa.inspect(conn)
    if not rows or name not in look.get_table_names():
        return
    there = {column["name"] for column in look.get_columns(name)}
    table = tables.metadata.tables[name]
    kept = [{k: v for k, v in row.items() if k in there} for row in rows]
    conn.execute(sa.insert(table), kept)
    if conn.dialect.name == "postgresql" and "id" in there and isinstance(rows[0]["id"], int):
        conn.exec_driver_sql(
            f"SELECT setval(pg_get_serial_sequence('{name}', 'id'), max(id)) FROM {name}"
        )


def drift(inn: Inn) -> list[str]:
    """Return what Alembic finds different between the database and our metadata."""
    with inn.engine.connect() as conn:
        context = MigrationContext.configure(conn, opts={
            "version_table": upgrade.VERSION_TABLE,
            "include_object": lambda found, name, kind, *rest: upgrade.is_ours(kind, name),
        })  # fmt: skip
        return [str(each) for each in compare_metadata(context, tables.metadata)]


def _migrate(inn: Inn) -> None:
    # A server that was killed stays down as long as somebody waits for it.
    upgrade.upgrade(inn.engine, wait=3)


SCENES: Mapping[str, Scene] = {
    scene.name: scene
    for scene in (
        Scene("erase", _approve, _erase, _settled),
        Scene("forget", _erased, _erase, _settled, days=8),
        Scene("rotate", _erased, _rotate, _rotated),
        Scene("replay", _both_erased, _replay, _replayed, restored=True, apart=True),
        Scene("restore", _proposed, _restore, _restored),
        Scene("rotate-root", _erased, _turns, _turned),
        Scene("sign-anew", _erased, _changes_key, _changed_key),
        Scene("release", _outside, _release, _released),
        *(
            Scene(f"migrate-{revision}", _older(revision), _migrate, _settled, migrates=True)
            for revision in ("0001", "0002", "0003")
        ),
    )
}


def tried(step: Step, inn: Inn) -> str:
    """Run a step; return the name of what it raised or could not do, or nothing."""
    try:
        done = step(inn)
    except Exception as problem:
        return type(problem).__name__
    return " ".join(sorted(set(done.problems.values()))) if isinstance(done, Report) else ""
