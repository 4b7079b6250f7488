"""PostgreSQL and MariaDB: raw files show the level a certificate claims, and what spoils it."""

from __future__ import annotations

import fcntl
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine, create_engine, make_url, text

from flask_guesterase.core.certificate import Level
from flask_guesterase.core.depth import Evidence, Reached, Status
from flask_guesterase.core.errors import BusyError, InputError, SetupError, UnknownError
from flask_guesterase.store import worker
from flask_guesterase.store.depth import mariadb, physical, postgresql
from flask_guesterase.store.doctor.visit import visit
from flask_guesterase.store.messages.removal import MARK
from flask_guesterase.store.transaction import outside
from tests import engines, serve
from tests.store.hotel import Booking, Guest, Hotel, Scan, policies
from tests.store.test_depth_sqlite import CANARY, run_of, said

SECONDS = 20.0
TABLES = ["guests", "scans"]


@contextmanager
def raw_hotel(kind: str, folder: Path) -> Iterator[tuple[Hotel, Path]]:
    """A hotel of 200 guests on a server whose raw files can be read; yields those of it too.

    Its tables are larger than a page: MariaDB leaves nothing behind in a page that stands alone.
    Guest 150 is the canary and has every fifth scan. The planner knows all of them.
    """
    try:
        found = engines.server(kind)
        own = found.data is None
        data = engines.server(kind, durable=own).data if own else found.data
    except engines.MissingEngine as error:
        engines.missing(kind, str(error))
    assert data is not None
    with engines.fresh_database(kind, durable=own) as url:
        hotel = Hotel(url, folder)
        (hotel.files / MARK).touch()
        with hotel.engine.begin() as conn:
            conn.execute(text("CREATE INDEX by_email ON guests (email)"))
            rows = [
                {"id": id, "hotel": "sh", "name": f"Guest {id}",
                 "email": CANARY if id == 150 else f"guest{id}@mail.example"}
                for id in range(1, 201)
            ]  # fmt: skip
            conn.execute(Guest.__table__.insert(), rows)
            scans = [
                {"id": id, "guest_id": id % 149 + 1 if id % 5 else 150,
                 "path": f"{id} of somebody" + "x" * (id % 97) if id % 5 else f"{id} {CANARY}"}
                for id in range(1, 400)
            ]  # fmt: skip
            conn.execute(Scan.__table__.insert(), scans)
            if kind == "postgresql":
                conn.execute(text("ALTER TABLE guests ALTER email SET STATISTICS 1000"))
                for table in TABLES:
                    # Nobody but the test looks at them anew, however late the rows are counted.
                    conn.execute(text(f"ALTER TABLE {table} SET (autovacuum_enabled = off)"))
                oid = conn.execute(
                    text("SELECT oid FROM pg_database WHERE datname = current_database()")
                ).scalar_one()
                where = data / "base" / str(oid)
            else:
                where = data / str(make_url(url).database)
        with outside(hotel.engine) as conn:
            how = "" if kind == "postgresql" else "TABLE"
            ends = "" if kind == "postgresql" else "PERSISTENT FOR ALL"
            for table in TABLES:
                conn.exec_driver_sql(f"ANALYZE {how} {table} {ends}").close()
        yield hotel, where
        hotel.engine.dispose()


def flush(engine: Engine) -> None:
    """Let the server write what it holds in memory into its files."""
    with outside(engine) as conn:
        if engine.dialect.name == "postgresql":
            conn.exec_driver_sql("CHECKPOINT")
        else:
            conn.exec_driver_sql("SET GLOBAL innodb_log_checkpoint_now = ON")


def raw_count(folder: Path, value: str = CANARY) -> int:
    """How often a value stands in the raw files of a folder."""
    return sum(f.read_bytes().count(value.encode()) for f in folder.rglob("*") if f.is_file())


def became(true: Callable[[], bool]) -> bool:
    """Wait until something the server does by itself is done."""
    until = time.monotonic() + SECONDS
    while not true():
        if time.monotonic() > until:
            return False
        time.sleep(0.05)
    return True


def patiently(
    hotel: Hotel, tables: Sequence[str] = TABLES, deep: bool = False, **how: bool
) -> physical.Rewriting:
    """Rewrite tables, once nobody beside this test writes elsewhere on the shared server.

    Whoever wants it `deep` waits for those as well who keep no row, but the statistics of before.
    """
    until = time.monotonic() + SECONDS
    while True:
        try:
            made = physical.rewrite(run_of(hotel), tables, yes=True, **how)
        except BusyError:
            if time.monotonic() > until:
                raise
        else:
            if not deep or made.level != Level.LOGICAL or time.monotonic() > until:
                return made


@contextmanager
def own_server(recipe: serve.Recipe) -> Iterator[serve.Running]:
    """A PostgreSQL that nobody else uses."""
    try:
        serve.postgresql_bin()
    except engines.MissingEngine as error:
        engines.missing("postgresql", str(error))
    folder = Path(tempfile.mkdtemp(prefix="guesterase-"))
    folder.chmod(0o711)
    running = serve.start(recipe, folder / "server", False)
    try:
        yield running
    finally:
        running.process.send_signal(recipe.stop)
        running.process.wait()
        shutil.rmtree(folder)


def statuses(hotel: Hotel) -> dict[str, Status]:
    """What the doctor says of a hotel."""
    return {each.id: each.status for each in visit(hotel.engine, hotel.settings)}


@pytest.fixture(params=["snapshot", "writer"])
def holder(request: pytest.FixtureRequest) -> str:
    """Something in another session that sees, or might see, what was there before."""
    return str(request.param)


def test_postgresql_keeps_old_rows_until_tables_are_rewritten_without_a_snapshot(
    holder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """L1 while the files show the guest, refused while somebody sees old rows, then L2."""
    monkeypatch.setattr(postgresql, "LOCK_SECONDS", 0.2)
    with raw_hotel("postgresql", tmp_path) as (hotel, files):
        flush(hotel.engine)
        number = hotel.approved(email=CANARY)
        other = hotel.engine.connect()
        if holder == "snapshot":
            other = other.execution_options(isolation_level="REPEATABLE READ")
            other.execute(text("SELECT 1 FROM invoices")).all()
        else:
            other.execute(text("CREATE TABLE secret_diary (id int)"))
        assert worker.carry_out(run_of(hotel), number) == "erased"
        content = said(hotel, number)
        assert (content["level"], content["evidence"][-1]) == (Level.LOGICAL, Evidence.WAITS)
        with closing(other):
            with pytest.raises(BusyError) as caught:
                physical.rewrite(run_of(hotel), TABLES, yes=True)
            assert "seconds old" in caught.value.message
            # A slot is no transaction, and ends with no session.
            assert "pg_replication_slots" in caught.value.hint
            assert "diary" not in str(caught.value)
            with outside(hotel.engine) as conn:
                conn.exec_driver_sql("VACUUM FULL scans")
            flush(hotel.engine)
            assert raw_count(files) > 0
            assert said(hotel, number)["supplement"] == 0
        kept = "SELECT histogram_bounds::text FROM pg_stats WHERE attname = 'email'"
        old = "SELECT pg_relation_filenode('pg_statistic')"
        with hotel.engine.connect() as conn:
            assert CANARY in conn.execute(text(kept)).scalar_one()
            before = conn.execute(text(old)).scalar_one()
        made = patiently(hotel, deep=True)
        assert (made.level, made.supplements) == (Level.FILES, 1)
        with hotel.engine.connect() as conn:
            assert CANARY not in conn.execute(text(kept)).scalar_one()
            assert before != conn.execute(text(old)).scalar_one()
        flush(hotel.engine)
        assert raw_count(files) == 0
        assert raw_count(files, "guest149@mail.example") > 0
        content = said(hotel, number)
        assert (content["level"], content["supplement"]) == (Level.FILES, 1)
        assert Evidence.NO_SNAPSHOT in content["evidence"]
        again = patiently(hotel)
        assert again.supplements == 0


def test_postgresql_rewrites_all_that_keeps_rows_of_a_table(tmp_path: Path) -> None:
    """A view that was refreshed beside its readers keeps old rows in a file of its own; an heir
    keeps rows of the table itself."""
    with raw_hotel("postgresql", tmp_path) as (hotel, files):
        with hotel.engine.begin() as conn:
            conn.execute(text('CREATE TABLE "Old" () INHERITS (guests)'))
            conn.execute(text("CREATE TABLE older () INHERITS (\"Old\")"))
            conn.execute(text(
                "INSERT INTO older (id, hotel, name, email)"
                f" VALUES (1150, 'sh', 'Feather', '{CANARY}')"
            ))
            conn.execute(text("DELETE FROM older"))
            conn.execute(text(
                'CREATE MATERIALIZED VIEW "Mail" AS SELECT id, email FROM guests WHERE id > 100'
            ))
            conn.execute(text('CREATE UNIQUE INDEX by_id ON "Mail" (id)'))
            conn.execute(text('ALTER MATERIALIZED VIEW "Mail" ALTER email SET STATISTICS 1000'))
        with outside(hotel.engine) as conn:
            conn.exec_driver_sql('ANALYZE "Mail"')
        number = hotel.approved(email=CANARY)
        assert worker.carry_out(run_of(hotel), number) == "erased"
        flush(hotel.engine)
        told = physical.rewrite(run_of(hotel), TABLES)
        assert "public.Mail" in told.sizes
        assert patiently(hotel, deep=True).supplements == 1
        assert said(hotel, number)["level"] == Level.FILES
        with hotel.engine.connect() as conn:
            kept = "SELECT histogram_bounds::text FROM pg_stats WHERE tablename = 'Mail'"
            assert CANARY not in "".join(filter(None, conn.execute(text(kept)).scalars()))
        flush(hotel.engine)
        assert raw_count(files) == 0


def test_postgresql_refuses_where_somebody_sees_the_statistics_of_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who begins to look once the first table is being rewritten keeps what the planner knew."""
    monkeypatch.setattr(postgresql, "LOCK_SECONDS", 0.5)
    known = text("SELECT histogram_bounds::text FROM pg_stats WHERE attname = 'email'")
    rewritten = postgresql._rewritten
    with raw_hotel("postgresql", tmp_path) as (hotel, _):
        number = hotel.approved(email=CANARY)
        assert worker.carry_out(run_of(hotel), number) == "erased"
        other = hotel.engine.connect().execution_options(isolation_level="REPEATABLE READ")

        def watched(conn: Connection, name: str, how: str) -> bool:
            if not other.in_transaction():
                other.execute(text("SELECT 1 FROM invoices")).all()
            return rewritten(conn, name, how)

        monkeypatch.setattr(postgresql, "_rewritten", watched)
        with closing(other):
            until = time.monotonic() + SECONDS
            # Somebody beside this test may stand in the way before anything is rewritten.
            while not other.in_transaction() and time.monotonic() < until:
                with pytest.raises(BusyError):
                    physical.rewrite(run_of(hotel), TABLES, yes=True)
            assert CANARY in other.execute(known).scalar_one()
            with hotel.engine.connect() as conn:
                assert CANARY not in conn.execute(known).scalar_one()
            assert said(hotel, number)["level"] == Level.LOGICAL
        monkeypatch.setattr(postgresql, "_rewritten", rewritten)
        assert patiently(hotel, deep=True).level == Level.FILES


def test_postgresql_rewrites_rows_beside_the_reader_of_a_logical_slot(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Such a reader keeps the catalogs' old rows alone: the guest's leave, statistics stay."""
    monkeypatch.setattr(postgresql, "LOCK_SECONDS", 0.5)
    usual, where = serve.RECIPES["postgresql"], text("SELECT pg_relation_filepath('guests')")

    def logical(home: Path, port: int, durable: bool) -> Sequence[str]:
        return [*usual.serve(home, port, durable), "-c", "wal_level=logical"]

    with own_server(replace(usual, serve=logical)) as running:
        hotel = Hotel(running.url, tmp_path)
        with outside(hotel.engine) as conn:
            made = "SELECT pg_create_logical_replication_slot('reader', 'test_decoding')"
            conn.exec_driver_sql(made).close()
        hotel.guest(1, name="Ann Berg", email=CANARY)
        hotel.guest(2, name="Bo Lind", email="bo@mail.example")
        with outside(hotel.engine) as conn:
            conn.exec_driver_sql("ANALYZE guests")
        number = hotel.approved(email=CANARY)
        worker.carry_out(run_of(hotel), number)
        with hotel.engine.connect() as conn:
            before = conn.execute(where).scalar_one()
        told = patiently(hotel, ["guests"])
        with hotel.engine.connect() as conn:
            file = conn.execute(where).scalar_one()
        flush(hotel.engine)
        assert file != before
        assert CANARY.encode() not in (running.data / file).read_bytes()
        assert (told.level, told.supplements) == (Level.LOGICAL, 0)
        with outside(hotel.engine) as conn:
            conn.exec_driver_sql("SELECT pg_drop_replication_slot('reader')").close()
        assert patiently(hotel, ["guests"], deep=True).level == Level.FILES
        hotel.engine.dispose()


def test_postgresql_waits_for_who_writes_in_another_database(
    postgresql_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every snapshot begins with the oldest writer of the server, also that of VACUUM FULL."""
    monkeypatch.setattr(postgresql, "LOCK_SECONDS", 0.2)
    elsewhere = create_engine(postgresql_url)
    with raw_hotel("postgresql", tmp_path) as (hotel, files):
        number = hotel.approved(email=CANARY)
        with elsewhere.connect() as other:
            other.execute(text("CREATE TABLE secret_diary (id int)"))
            assert worker.carry_out(run_of(hotel), number) == "erased"
            with pytest.raises(BusyError) as caught:
                physical.rewrite(run_of(hotel), TABLES, yes=True)
            assert "diary" not in str(caught.value)
            with outside(hotel.engine) as conn:
                for table in TABLES:
                    conn.exec_driver_sql(f"VACUUM FULL {table}")
            flush(hotel.engine)
            assert raw_count(files) > 0
        assert patiently(hotel, deep=True).level == Level.FILES
        flush(hotel.engine)
        assert raw_count(files) == 0
    elsewhere.dispose()


def test_postgresql_says_when_a_right_is_missing(postgresql_url: str) -> None:
    """A table of others is refused; statistics that cannot be rewritten keep it at L1."""
    owner = create_engine(postgresql_url)
    name = str(make_url(postgresql_url).database)
    with owner.begin() as conn:
        conn.execute(text(f"CREATE ROLE {name} LOGIN PASSWORD 'secret'"))
        conn.execute(text("CREATE TABLE theirs (id int)"))
        conn.execute(text(f"CREATE TABLE mine (id int); ALTER TABLE mine OWNER TO {name}"))
    app = create_engine(make_url(postgresql_url).set(username=name, password="secret"))
    try:
        tables = {t: Guest.__table__.to_metadata(Guest.metadata.__class__(), name=t)
                  for t in ("theirs", "mine")}
        with pytest.raises(SetupError), outside(app) as conn:
            postgresql.rewrite(conn, [tables["theirs"]])
        with outside(app) as conn:
            left = postgresql.rewrite(conn, [tables["mine"]], logs=True)
            assert conn.exec_driver_sql("SHOW lock_timeout").scalar_one() == "2s"
        assert left == Reached(Level.LOGICAL, (Evidence.NO_SNAPSHOT, Evidence.STATISTICS_LEFT))
        with app.connect() as conn:
            assert conn.execute(text("SHOW lock_timeout")).scalar_one() == "0"
    finally:
        app.dispose()
        with owner.begin() as conn:
            conn.execute(text(f"DROP OWNED BY {name}"))
            conn.execute(text(f"DROP ROLE {name}"))
        owner.dispose()


def test_mariadb_keeps_deleted_bytes_unless_it_scrubs_or_tables_are_rewritten(
    tmp_path: Path,
) -> None:
    """Purged without scrubbing the bytes stay and L1 is said; rewritten they are gone: L2."""
    with raw_hotel("mariadb", tmp_path) as (hotel, files), scrubbing(hotel.engine, "OFF"):
        flush(hotel.engine)
        number = hotel.approved(email=CANARY)
        assert worker.carry_out(run_of(hotel), number) == "erased"
        assert became(lambda: settled(hotel.engine, files))
        assert raw_count(files) > 0
        content = said(hotel, number)
        assert (content["level"], content["evidence"][-1]) == (Level.LOGICAL, Evidence.WAITS)
        assert statuses(hotel)["scrubbing"] is Status.BAD
        statistics = files.parent / "mysql"
        assert raw_count(statistics) > 0

        made = patiently(hotel, deep=True)
        assert (made.level, made.supplements) == (Level.FILES, 1)
        flush(hotel.engine)
        assert raw_count(files) == 0
        assert raw_count(statistics) == 0
        assert raw_count(files, "guest149@mail.example") > 0
        content = said(hotel, number)
        assert (content["level"], content["supplement"]) == (Level.FILES, 1)

        # Rewriting also turned scrubbing on, so that purging is enough from now on.
        assert statuses(hotel)["scrubbing"] is Status.GOOD
        with outside(hotel.engine) as conn:
            conn.exec_driver_sql("DELETE FROM scans WHERE id %% 5 = 1")
        assert became(lambda: not lingering(hotel.engine, files, "1 of somebody"))


def lingering(engine: Engine, files: Path, value: str = CANARY) -> int:
    """How often a value stands in the raw files after the server wrote what it holds."""
    flush(engine)
    return raw_count(files, value)


def settled(engine: Engine, files: Path) -> bool:
    """Whether purging has let go of everything it will: nothing more goes in half a second."""
    before = lingering(engine, files)
    time.sleep(0.5)
    return before == lingering(engine, files)


@contextmanager
def scrubbing(engine: Engine, value: str) -> Iterator[None]:
    """Set a global variable of the shared server, and put it back; one test after another does."""
    with (engines.session_folder() / "scrub.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with outside(engine) as conn:
            before = conn.exec_driver_sql(f"SELECT @@global.{mariadb.SCRUB}").scalar_one()
            conn.exec_driver_sql(f"SET GLOBAL {mariadb.SCRUB} = {value}")
        try:
            yield
        finally:
            with outside(engine) as conn:
                conn.exec_driver_sql(f"SET GLOBAL {mariadb.SCRUB} = {before}")


def test_mariadb_says_when_a_right_is_missing(mariadb_url: str) -> None:
    """An account that may not see, or not rewrite, the statistics is told so: L1."""
    owner = create_engine(mariadb_url)
    name = str(make_url(mariadb_url).database)
    with owner.begin() as conn:
        conn.execute(text("CREATE TABLE mine (id int)"))
        conn.execute(text("CREATE TABLE old (id int) ENGINE=Aria"))
        conn.execute(text(f"CREATE USER {name}@'%' IDENTIFIED BY 'secret'"))
        conn.execute(text(f"GRANT ALL ON {name}.* TO {name}@'%'"))
    app = create_engine(make_url(mariadb_url).set(username=name, password="secret"))
    try:
        tables = {t: Guest.__table__.to_metadata(Guest.metadata.__class__(), name=t)
                  for t in ("old", "mine")}
        with scrubbing(owner, "OFF"), outside(app) as conn:
            with pytest.raises(SetupError):
                mariadb.rewrite(conn, [tables["old"]])
            left = mariadb.rewrite(conn, [tables["mine"]])
            assert left == Reached(Level.LOGICAL, (Evidence.STATISTICS_UNKNOWN,))
            assert not mariadb.scrub(conn)
            with owner.begin() as boss:
                boss.execute(text("INSERT INTO mine VALUES (1)"))
                boss.execute(text("ANALYZE TABLE mine PERSISTENT FOR ALL"))
                boss.execute(text(f"GRANT SELECT ON mysql.column_stats TO {name}@'%'"))
            left = mariadb.rewrite(conn, [tables["mine"]])
            assert left == Reached(Level.LOGICAL, (Evidence.STATISTICS_LEFT,))
            with owner.begin() as boss:
                boss.execute(text(f"GRANT INSERT, ALTER ON mysql.column_stats TO {name}@'%'"))
            assert mariadb.rewrite(conn, [tables["mine"]]).level is Level.FILES
    finally:
        app.dispose()
        with owner.begin() as conn:
            conn.execute(text(f"DROP USER {name}@'%'"))
        owner.dispose()


@pytest.fixture
def server_hotel(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Hotel]:
    """A hotel on each of the two servers."""
    with engines.fresh_database(request.param) as url:
        hotel = Hotel(url, tmp_path)
        (hotel.files / MARK).touch()
        yield hotel
        hotel.engine.dispose()


@pytest.mark.parametrize("server_hotel", engines.SERVERS, indirect=True)
def test_a_request_waits_until_all_of_its_tables_were_rewritten(server_hotel: Hotel) -> None:
    """One table is not enough; the other one may follow later, and unasked nothing happens."""
    hotel, run = server_hotel, run_of(server_hotel)
    hotel.guest(1, name="Ann Berg", email="ann@nest.example")
    hotel.put(Booking, id=1, number="B1", guest_id=1, remark="late")
    number = hotel.approved(email="ann@nest.example")
    worker.carry_out(run, number)
    with pytest.raises(InputError) as caught:
        physical.rewrite(run, [])
    assert "bookings, guests" in caught.value.hint
    with pytest.raises(UnknownError):
        physical.rewrite(run, ["guests", "nothing"], yes=True)
    told = physical.rewrite(run, ["guests", "bookings"])
    assert (told.done, told.waiting, set(told.sizes)) == (False, 1, {"guests", "bookings"})
    assert min(told.sizes.values()) > 0
    assert said(hotel, number)["supplement"] == 0
    hotel.later(seconds=5)
    with keeping_scrub(hotel.engine):
        assert patiently(hotel, ["guests"]).supplements == 0
        hotel.later(seconds=5)
        assert patiently(hotel, ["bookings"]).supplements == 1
    content = said(hotel, number)
    assert (content["level"], content["supplement"]) == (Level.FILES, 1)


@pytest.mark.parametrize("server_hotel", engines.SERVERS, indirect=True)
def test_a_request_waits_for_the_tables_that_triggers_wrote(server_hotel: Hotel) -> None:
    """The old rows of a table that no plan named lie in its files as well."""
    hotel, run = server_hotel, run_of(server_hotel)
    named = {"copied": "bookings are declared"}
    hotel.datamap = hotel.mapped([
        (model, replace(policy, triggers=named) if model is Guest else policy)
        for model, policy in policies(str(hotel.files))
    ])
    body = "INSERT INTO bookings (number, guest_id, remark) VALUES ('T1', OLD.id, OLD.name);"
    with hotel.engine.begin() as conn:
        for statement in after_update(hotel.engine.dialect.name, body):
            conn.exec_driver_sql(statement)
    hotel.guest(1, name="Ann Berg", email="ann@nest.example")
    number = hotel.approved(email="ann@nest.example")
    worker.carry_out(run, number)
    assert [row["remark"] for row in hotel.rows(Booking)] == [None]
    with pytest.raises(InputError) as caught:
        physical.rewrite(run, [])
    assert "bookings, guests" in caught.value.hint
    hotel.later(seconds=5)
    with keeping_scrub(hotel.engine):
        assert patiently(hotel, ["guests"]).supplements == 0
        assert said(hotel, number)["level"] == Level.LOGICAL
        hotel.later(seconds=5)
        assert patiently(hotel, ["bookings"]).supplements == 1


def after_update(kind: str, body: str) -> list[str]:
    """Return the statements that make a trigger on guests."""
    if kind != "postgresql":
        return [f"CREATE TRIGGER copied AFTER UPDATE ON guests FOR EACH ROW BEGIN {body} END"]
    return [
        "CREATE FUNCTION copied() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN {body} RETURN NULL; END $$",
        "CREATE TRIGGER copied AFTER UPDATE ON guests FOR EACH ROW EXECUTE FUNCTION copied()",
    ]


@contextmanager
def keeping_scrub(engine: Engine) -> Iterator[None]:
    """Put a variable of the shared MariaDB back, whatever rewriting does to it."""
    if engine.dialect.name == "postgresql":
        yield
        return
    with scrubbing(engine, "OFF"):
        yield


@pytest.mark.parametrize("spoiled", [False, True], ids=["clean", "recycling"])
def test_postgresql_reaches_its_log_where_no_old_segment_is_left(
    spoiled: bool, tmp_path: Path
) -> None:
    """Without recycling no file of the server shows the guest: L3.

    With it a segment lies ahead whose content nobody knows, and L2 is all that is said.
    """
    with own_server(serve.RECIPES["postgresql"]) as running:
        hotel = Hotel(running.url, tmp_path)
        with outside(hotel.engine) as conn:
            for name, value in {
                "wal_recycle": "on" if spoiled else "off",
                "min_wal_size": "32MB",
                "log_min_error_statement": "fatal",
            }.items():
                conn.exec_driver_sql(f"ALTER SYSTEM SET {name} = '{value}'")
            conn.exec_driver_sql("SELECT pg_reload_conf()").close()
        hotel.guest(1, name="Ann Berg", email=CANARY)
        number = hotel.approved(email=CANARY)
        worker.carry_out(run_of(hotel), number)
        assert raw_count(running.data / "pg_wal") > 0
        made = patiently(hotel, ["guests"], logs=True)
        assert made.supplements == 1
        content = said(hotel, number)
        if spoiled:
            assert content["level"] == Level.FILES
            assert Evidence.LOG_GONE not in content["evidence"]
        else:
            assert content["level"] == Level.LOGS
            assert Evidence.LOG_GONE in content["evidence"]
            assert raw_count(running.data) == 0
        hotel.engine.dispose()
