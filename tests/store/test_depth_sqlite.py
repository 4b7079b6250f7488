"""SQLite: the certificate says how far the raw files show it, no more and no less."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine, event, text
from sqlalchemy.pool import StaticPool

from flask_guesterase.core.certificate import Level
from flask_guesterase.core.certified import check, from_json
from flask_guesterase.core.depth import Evidence, Reached
from flask_guesterase.core.errors import BusyError
from flask_guesterase.core.log import canonical
from flask_guesterase.store import worker
from flask_guesterase.store.depth import deepening, sqlite
from flask_guesterase.store.executing import finishing
from flask_guesterase.store.keys.custodian import FolderCustodian
from flask_guesterase.store.office import Office
from flask_guesterase.store.retaining import keeping
from flask_guesterase.store.returning import again
from flask_guesterase.store.sweep import sweep
from flask_guesterase.store.sweeping.report import Report
from tests.store.forms import Forms
from tests.store.hotel import Guest, Hotel
from tests.store.test_finishing import with_slips

CANARY = "canary.feather@nest.example"
TEXT = "Feather asked for seeds. " * 1600
"""Forty thousand characters: a value that lies on overflow pages."""


@contextmanager
def opened(url: str, **pragmas: object) -> Iterator[Engine]:
    """An engine whose every connection is set as a host would set it."""
    engine = create_engine(url)

    @event.listens_for(engine, "connect")
    def set_up(raw: Any, record: Any) -> None:
        for name, value in pragmas.items():
            raw.execute(f"PRAGMA {name} = {value}")

    yield engine
    engine.dispose()


def raw_count(url: str, *values: str) -> int:
    """How often values stand in the raw files of a database, by an own reading."""
    path = Path(url.removeprefix("sqlite:///"))
    files = [item for item in path.parent.glob(f"{path.name}*") if item.is_file()]
    return sum(item.read_bytes().count(value.encode()) for item in files for value in values)


def run_of(hotel: Hotel) -> Callable[[Callable[[Office], Any]], Any]:
    """Return what runs a unit of work in the hotel."""

    def run(unit: Callable[[Office], Any]) -> Any:
        with hotel.begin() as office:
            return unit(office)

    return run


def crowded(url: str, folder: Path, **pragmas: object) -> Hotel:
    """A hotel with guests enough for page splits to leave copies; guest 150 is the canary."""
    hotel = Hotel(url, folder)
    hotel.engine.dispose()

    @event.listens_for(hotel.engine, "connect")
    def set_up(raw: Any, record: Any) -> None:
        for name, value in {"secure_delete": "OFF", **pragmas}.items():
            raw.execute(f"PRAGMA {name} = {value}")

    with hotel.engine.begin() as conn:
        conn.execute(text("CREATE INDEX by_email ON guests (email)"))
        for id in [*range(1, 150), *range(300, 149, -1)]:
            email = CANARY if id == 150 else f"guest{id}@mail.example"
            conn.execute(
                Guest.__table__.insert().values(
                    id=id, hotel="sh", name=f"Guest {id}", email=email, phone=f"+49 30 {id:09d}"
                )
            )
    return hotel


def said(hotel: Hotel, number: str) -> dict[str, Any]:
    """Return what the newest certificate says; it must prove itself."""
    with hotel.begin() as office:
        body = office.certificate(number)
    for item in check(from_json(canonical(body))):
        assert item.passed is not False, item
    content: dict[str, Any] = body["content"]
    return content


@pytest.mark.parametrize("mode", ["delete", "persist", "truncate", "wal"])
def test_an_erasure_reaches_the_logs_and_the_raw_files_show_it(
    mode: str, sqlite_url: str, tmp_path: Path
) -> None:
    """Whatever the journal, no byte of the guest is left in any file, and so it is certified."""
    hotel = crowded(sqlite_url, tmp_path, journal_mode=mode)
    assert raw_count(sqlite_url, CANARY) > 0
    number = hotel.approved(email=CANARY)
    assert worker.carry_out(run_of(hotel), number) == "erased"
    content = said(hotel, number)
    assert content["level"] == Level.LOGS
    assert {Evidence.REWRITTEN, Evidence.LOG_EMPTY, Evidence.SCANNED} < set(content["evidence"])
    assert content["supplement"] == 0
    assert raw_count(sqlite_url, CANARY) == 0
    assert raw_count(sqlite_url, "guest149@mail.example") > 0
    hotel.engine.dispose()


def test_a_reader_with_an_old_snapshot_spoils_it_until_the_sweep(
    sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While somebody reads, the files still show the guest and L1 is said; later a supplement."""
    monkeypatch.setattr(sqlite, "_WAIT", 100)
    hotel = crowded(sqlite_url, tmp_path, journal_mode="wal")
    number = hotel.approved(email=CANARY)
    with closing(sqlite3.connect(sqlite_url.removeprefix("sqlite:///"))) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM guests").fetchone()
        assert worker.carry_out(run_of(hotel), number) == "erased"
        content = said(hotel, number)
        assert (content["level"], content["supplement"]) == (Level.LOGICAL, 0)
        assert Evidence.LOG_BUSY in content["evidence"]
        assert raw_count(sqlite_url, CANARY) > 0
        assert deepening.retry(run_of(hotel)) == 0
        assert said(hotel, number)["supplement"] == 0
    assert deepening.retry(run_of(hotel)) == 1
    content = said(hotel, number)
    assert (content["level"], content["supplement"]) == (Level.LOGS, 1)
    assert raw_count(sqlite_url, CANARY) == 0
    assert deepening.retry(run_of(hotel)) == 0
    assert hotel.events[-2:] == ["level-reached", "certificate-issued"]
    assert hotel.state(number) == "erased"
    hotel.engine.dispose()


def test_a_file_that_is_too_large_is_left_to_the_sweep(
    hotel: Hotel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Right after an erasure only a small file is rewritten; the night does the others."""
    hotel.guest(1, name="Ann Berg", email="ann@nest.example")
    number = hotel.approved(email="ann@nest.example")
    monkeypatch.setattr(sqlite, "INLINE", 1000)
    worker.carry_out(run_of(hotel), number)
    assert said(hotel, number)["evidence"][-1] == Evidence.LARGE
    assert deepening.retry(run_of(hotel), 1000) == 0
    assert said(hotel, number)["level"] == Level.LOGICAL
    assert deepening.retry(run_of(hotel)) == 1
    assert said(hotel, number)["level"] == Level.LOGS


def test_many_erasures_share_one_rewriting(hotel: Hotel, monkeypatch: pytest.MonkeyPatch) -> None:
    """A round of the worker rewrites the file once, and each certificate says what it showed."""
    numbers = []
    for id in (1, 2, 3):
        hotel.guest(id, name=f"Ann Berg {id}", email=f"ann{id}@nest.example")
        numbers.append(hotel.approved(email=f"ann{id}@nest.example"))
    rewritten: list[set[str]] = []
    real = sqlite.clean

    def counted(engine: Engine, wanted: Any, most: int | None) -> dict[str, Reached]:
        rewritten.append(set(wanted))
        return real(engine, wanted, most)

    monkeypatch.setattr(sqlite, "clean", counted)
    report = Report()
    worker.carry_all(run_of(hotel), numbers, report)
    assert (report.counts, report.problems) == ({"erased": 3}, {})
    assert rewritten == [set(numbers)]
    assert [said(hotel, number)["level"] for number in numbers] == [Level.LOGS] * 3
    assert raw_count(str(hotel.engine.url), "Ann Berg", "@nest.example") == 0


def test_files_that_cannot_be_looked_at_keep_no_certificate_waiting(
    hotel: Hotel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever goes wrong below the rows, the request ends; less is claimed."""
    hotel.guest(1, name="Ann Berg", email="ann@nest.example")
    number = hotel.approved(email="ann@nest.example")

    def broken(path: Path) -> Any:
        raise PermissionError

    monkeypatch.setattr(sqlite.shutil, "disk_usage", broken)
    assert worker.carry_out(run_of(hotel), number) == "erased"
    content = said(hotel, number)
    assert (content["level"], content["evidence"][-1]) == (Level.LOGICAL, Evidence.UNREAD)


def test_a_partial_erasure_claims_no_level(hotel: Hotel, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is left says that less was reached; once it is cured, it is measured again."""
    hotel.guest(1, name="Ann Berg", email="ann@nest.example")
    number = hotel.approved(email="ann@nest.example")
    real = keeping.record

    def put_back(work: Any, origin: Any, plan: Any, erased: Any) -> None:
        real(work, origin, plan, erased)
        work.conn.execute(text("UPDATE guests SET name = 'Ann Berg'"))

    monkeypatch.setattr(keeping, "record", put_back)
    assert worker.carry_out(run_of(hotel), number) == "partial"
    assert said(hotel, number)["level"] == Level.LOGICAL
    assert deepening.retry(run_of(hotel)) == 0
    with hotel.engine.begin() as conn:
        conn.execute(text("UPDATE guests SET name = '[erased]'"))
    with hotel.begin() as office:
        assert office.check(number) == "erased"
    assert said(hotel, number)["level"] == Level.LOGICAL
    assert deepening.retry(run_of(hotel)) == 1
    assert said(hotel, number)["level"] == Level.LOGS


def test_what_another_guest_holds_is_no_trace(hotel: Hotel) -> None:
    """A shared number stays in the file rightly; the guest's own values do not."""
    for id, name in ((1, "Ann Berg"), (2, "Bea Lund")):
        hotel.guest(id, name=name, email=f"g{id}@nest.example", phone="+8613812345678")
    number = hotel.approved(email="g1@nest.example")
    worker.carry_out(run_of(hotel), number)
    content = said(hotel, number)
    assert content["level"] == Level.LOGS
    assert Evidence.SCANNED in content["evidence"]
    url = str(hotel.engine.url)
    assert raw_count(url, "g1@nest.example", "Ann Berg") == 0
    assert raw_count(url, "+8613812345678") > 0


@pytest.mark.parametrize("lost", [False, True], ids=["later", "never"])
def test_values_that_cannot_be_read_now_are_not_values_that_are_none(
    hotel: Hotel, tmp_path: Path, lost: bool
) -> None:
    """Where the root cannot be asked it is measured again; where the day's key is gone it is said
    that no value was looked for."""
    hotel.guest(1, name="Ann Berg", email="ann@nest.example")
    number = hotel.approved(email="ann@nest.example")
    hotel.erased(number)
    (root,) = hotel.custodian.path.rglob("root-*")
    root.rename(tmp_path / root.name)
    hotel.custodian = FolderCustodian(hotel.custodian.path)
    if lost:
        copies = [row for row in hotel.ours("box") if row["purpose"] == "recovery"]
        hotel.custodian.forget(copies[0]["label"])
    reached = deepening.measured(run_of(hotel), [number], None)[number]
    assert (Evidence.NO_VALUE in reached.evidence, Evidence.UNREAD in reached.evidence) == (
        lost, not lost
    )


def test_without_a_sealed_value_the_file_is_rewritten_and_that_is_what_is_said(
    hotel: Hotel,
) -> None:
    """No safety copy, no value to look for: the certificate does not say that it looked."""
    hotel.settings = replace(hotel.settings, recovery_days=0)
    hotel.guest(1, name="Ann Berg", email="ann@nest.example")
    number = hotel.approved(email="ann@nest.example")
    worker.carry_out(run_of(hotel), number)
    content = said(hotel, number)
    assert content["level"] == Level.LOGS
    assert Evidence.NO_VALUE in content["evidence"]
    assert Evidence.SCANNED not in content["evidence"]
    assert raw_count(str(hotel.engine.url), "ann@nest.example") == 0


# the engine's own part, without an office


def erasing(url: str, *statements: str, **pragmas: object) -> Reached:
    """Run statements as a host, and let go of `CANARY` and `TEXT`."""
    with opened(url, **pragmas) as engine:
        with engine.begin() as conn:
            for statement in statements:
                conn.exec_driver_sql(statement)
        return sqlite.clean(engine, {"one": [CANARY, TEXT]})["one"]


FILLED = (
    "CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT)",
    f"INSERT INTO t (v) VALUES ('{CANARY}'), ('{TEXT}')",
)


def test_values_are_given_to_their_places_as_every_python_takes_them(sqlite_url: str) -> None:
    """Python 3.12 warned of numbered places filled from a tuple; some hosts stop at warnings."""
    filled: list[tuple[str, Any]] = []
    with opened(sqlite_url) as engine:

        @event.listens_for(engine, "before_cursor_execute")
        def note(conn: Any, cursor: Any, statement: str, given: Any, *more: Any) -> None:
            filled.append((statement, given))

        with engine.begin() as conn:
            for statement in FILLED:
                conn.exec_driver_sql(statement)
        sqlite.clean(engine, {"one": [CANARY, TEXT]})

    asked = [(statement, given) for statement, given in filled if "instr(" in statement]
    assert asked
    for statement, given in asked:
        assert not isinstance(given, tuple) or not re.search(r"\?\d|:\w", statement)


def test_a_value_on_overflow_pages_is_met_and_goes(sqlite_url: str) -> None:
    """Pieces of a long value are looked for, so that it is met wherever its pages lie."""
    with opened(sqlite_url, secure_delete="OFF") as engine:
        with engine.begin() as conn:
            for statement in (*FILLED, "DELETE FROM t"):
                conn.exec_driver_sql(statement)
        assert raw_count(sqlite_url, "Feather asked for seeds. Feather") > 0
        assert sqlite.clean(engine, {"one": [TEXT]})["one"].level == Level.LOGS
    assert raw_count(sqlite_url, "Feather asked for seeds. Feather") == 0


def test_a_persistent_journal_keeps_no_old_page(sqlite_url: str) -> None:
    """Rewriting would leave the pages of before in it; it is gone when the file is clean."""
    with opened(sqlite_url, secure_delete="OFF", journal_mode="PERSIST") as engine:
        with engine.begin() as conn:
            for statement in (*FILLED, "DELETE FROM t"):
                conn.exec_driver_sql(statement)
        assert raw_count(sqlite_url, CANARY) > 0
        assert sqlite.clean(engine, {"one": [CANARY]})["one"].level == Level.LOGS
        assert raw_count(sqlite_url, CANARY) == 0
        assert sqlite.size(sqlite.side(Path(sqlite_url.removeprefix("sqlite:///")), "journal")) == 0
        with engine.connect() as conn:
            assert conn.exec_driver_sql("PRAGMA journal_mode").scalar_one() == "persist"


def test_a_value_that_no_row_holds_and_the_file_does_is_told(sqlite_url: str) -> None:
    """A default in the schema keeps the value in the file: that is no level to be proud of."""
    made = f"CREATE TABLE u (id INTEGER PRIMARY KEY, v TEXT DEFAULT '{CANARY}')"
    assert erasing(sqlite_url, made) == Reached(Level.LOGICAL, (Evidence.FOUND,))


def test_words_of_deleted_rows_leave_a_text_index(sqlite_url: str) -> None:
    """The segments of a full-text index hold them until they are merged."""
    statements = (
        "CREATE VIRTUAL TABLE f USING fts5(v)",
        "INSERT INTO f (v) VALUES ('xylophonecanary'), ('quiet')",
        "DELETE FROM f WHERE v = 'xylophonecanary'",
    )
    with opened(sqlite_url) as engine:
        with engine.begin() as conn:
            for statement in statements:
                conn.exec_driver_sql(statement)
        assert raw_count(sqlite_url, "xylophonecanary") > 0
        assert sqlite.clean(engine, {"one": ["xylophonecanary"]})["one"].level == Level.LOGS
    assert raw_count(sqlite_url, "xylophonecanary") == 0


def test_rows_that_an_index_knows_by_number_are_not_moved(sqlite_url: str) -> None:
    """VACUUM numbers rows without an integer key anew; an index over such rows forbids it."""
    over = "CREATE VIRTUAL TABLE f USING fts5(v, content='t')"
    loose = ("CREATE TABLE t (v TEXT)", over)
    assert erasing(sqlite_url, *loose).evidence == (Evidence.MOVES,)
    fixed = ("DROP TABLE f", "DROP TABLE t", *FILLED, over, "DELETE FROM t")
    assert erasing(sqlite_url, *fixed).level == Level.LOGS


def test_an_index_of_a_tokenizer_only_the_host_has_is_told(sqlite_url: str) -> None:
    """What cannot be merged here is no reason to fail, and no level."""
    with closing(sqlite3.connect(sqlite_url.removeprefix("sqlite:///"))) as raw:
        raw.execute("PRAGMA writable_schema = ON")
        raw.execute(
            "INSERT INTO sqlite_master (type, name, tbl_name, rootpage, sql) VALUES ('table', 'f',"
            " 'f', 0, 'CREATE VIRTUAL TABLE f USING fts5(v, tokenize = nobodys)')"
        )
        raw.commit()
    assert erasing(sqlite_url).evidence == (Evidence.INDEX,)


def test_a_writer_in_the_way_is_not_waited_for_longer_than_a_lock(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody who writes spoils it now; that is said, not raised."""
    monkeypatch.setattr(sqlite, "_WAIT", 100)
    with opened(sqlite_url) as engine:
        with engine.begin() as conn:
            conn.exec_driver_sql(FILLED[0])
        path = sqlite_url.removeprefix("sqlite:///")
        with closing(sqlite3.connect(path, isolation_level=None)) as writer:
            writer.execute("BEGIN IMMEDIATE")
            assert sqlite.clean(engine, {"one": []})["one"].evidence == (Evidence.BUSY,)
            writer.execute("COMMIT")
        assert sqlite.clean(engine, {"one": []})["one"].level == Level.LOGS


@contextmanager
def attached(url: str, other: Path) -> Iterator[Engine]:
    """An engine whose every connection attaches another file, as some hosts part their tables."""
    engine = create_engine(url)

    @event.listens_for(engine, "connect")
    def attach(raw: Any, record: Any) -> None:
        raw.execute(f"ATTACH '{other}' AS \"guest book\"")
        raw.execute("PRAGMA secure_delete = OFF")

    yield engine
    engine.dispose()


def test_a_file_the_host_attaches_is_cleaned_and_looked_into_as_well(
    sqlite_url: str, tmp_path: Path
) -> None:
    """Who stood in it stands neither there nor in its log, or no such level is claimed."""
    other = tmp_path / "other.sqlite"
    with attached(sqlite_url, other) as engine:
        with engine.begin() as conn:
            conn.exec_driver_sql('PRAGMA "guest book".journal_mode = WAL')
            conn.exec_driver_sql('CREATE TABLE "guest book".t (id INTEGER PRIMARY KEY, v TEXT)')
            conn.exec_driver_sql(f'INSERT INTO "guest book".t (v) VALUES (\'{CANARY}\')')
        with engine.begin() as conn:
            conn.exec_driver_sql('DELETE FROM "guest book".t')
        assert raw_count(f"sqlite:///{other}", CANARY) > 0
        assert sqlite.clean(engine, {"one": [CANARY]})["one"] == Reached(
            Level.LOGS, (Evidence.REWRITTEN, Evidence.LOG_EMPTY, Evidence.SCANNED)
        )
        assert raw_count(f"sqlite:///{other}", CANARY) == 0
        with engine.begin() as conn:
            conn.exec_driver_sql(
                f'CREATE TABLE "guest book".u (id INTEGER, v TEXT DEFAULT \'{CANARY}\')'
            )
        found = sqlite.clean(engine, {"one": [CANARY]})["one"]
        assert found == Reached(Level.LOGICAL, (Evidence.FOUND,))


def test_a_database_in_memory_has_no_files_to_speak_of() -> None:
    """Nothing is claimed where there is nothing to look at."""
    assert erasing("sqlite://", *FILLED, "DELETE FROM t").evidence == (Evidence.NO_FILE,)


def test_the_hosts_own_pending_work_is_never_touched(sqlite_url: str) -> None:
    """On the one connection a host shares with us, its open transaction comes first."""
    engine = create_engine(sqlite_url, poolclass=StaticPool)
    with engine.begin() as conn:
        conn.exec_driver_sql(FILLED[0])
    raw: Any = engine.pool.connection.dbapi_connection
    raw.execute(FILLED[1])

    with pytest.raises(BusyError):
        sqlite.clean(engine, {"one": [CANARY]})
    assert raw.in_transaction
    raw.rollback()
    assert sqlite.clean(engine, {"one": []})["one"].level == Level.LOGS
    engine.dispose()


def test_what_was_kept_and_goes_later_is_measured_again(hotel: Hotel) -> None:
    """The supplement of what ended begins at the first level, and the sweep shows the rest."""
    with_slips(hotel)
    number = hotel.approved(email="ann@mail.example")
    assert worker.carry_out(run_of(hotel), number) == "sealed"
    assert said(hotel, number)["level"] == Level.LOGS
    assert deepening.retry(run_of(hotel)) == 0
    hotel.later(days=31 * 366)
    finishing.finish(run_of(hotel))
    content = said(hotel, number)
    assert (content["state"], content["level"], content["supplement"]) == ("erased", "L1", 1)
    assert deepening.retry(run_of(hotel)) == 1
    content = said(hotel, number)
    assert (content["level"], content["supplement"]) == (Level.LOGS, 2)
    assert raw_count(str(hotel.engine.url), "Ann Berg") == 0


def test_what_is_back_and_goes_again_is_measured_again(
    sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was measured before it went again tells nothing of it; a supplement says when one is."""
    hotel = crowded(sqlite_url, tmp_path)
    run = run_of(hotel)
    number = hotel.approved(email=CANARY)
    assert worker.carry_out(run, number) == "erased"
    assert said(hotel, number)["level"] == Level.LOGS

    def again_now() -> None:
        hotel.later(hours=1)
        with hotel.engine.begin() as conn:
            conn.execute(text("UPDATE guests SET name = 'Lena Mark' WHERE id = 150"))
        with hotel.begin() as office:
            origin = keeping.Origin(number, "sh-1", "sh")
            done = again.again(office.work, origin, [("guests", (150,))])
        assert done.fate is again.Fate.ERASED, done.reasons

    again_now()
    measured = deepening.measured

    def slow(run: Any, numbers: Any, most: Any) -> Any:
        found = measured(run, numbers, most)
        again_now()
        return found

    with monkeypatch.context() as patch:
        patch.setattr(deepening, "measured", slow)
        assert deepening.retry(run) == 0
    assert said(hotel, number)["supplement"] == 0
    assert deepening.retry(run) == 1
    content = said(hotel, number)
    assert (content["level"], content["supplement"]) == (Level.LOGS, 1)
    hotel.engine.dispose()


def test_a_sweep_rewrites_the_file_also_of_rows_nobody_asked_about(
    sqlite_url: str, tmp_path: Path
) -> None:
    """What went because its day had come leaves the file the same night; not during an audit."""
    house = Forms(sqlite_url, tmp_path)
    house.form(1, date(2025, 2, 1))
    with closing(sqlite3.connect(sqlite_url.removeprefix("sqlite:///"))) as careless:
        careless.execute("PRAGMA secure_delete = OFF")
        careless.execute("CREATE TABLE old (v TEXT)")
        careless.execute("INSERT INTO old VALUES (?)", ("Xaver Federkiel " * 1000,))
        careless.execute("DROP TABLE old")
        careless.commit()
    assert not house.sweep().problems
    assert raw_count(sqlite_url, "Xaver Federkiel") > 0
    report = house.sweep("officer")
    assert report.counts["expired"] > 0
    assert not report.problems
    assert raw_count(sqlite_url, "Xaver Federkiel") == 0
    house.engine.dispose()


def test_no_file_is_rewritten_during_a_night_audit(
    hotel: Hotel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Writers would have to wait for it."""
    hotel.guest(1, name="Ann Berg", email="ann@nest.example")
    number = hotel.approved(email="ann@nest.example")
    hotel.erased(number)
    with pytest.MonkeyPatch.context() as audited:
        audited.setattr(sqlite, "clean", None)
        report = sweep(run_of(hotel), lambda *_: ("", ""), {}, night_audit=lambda code: True)
        assert "deepened" not in report.counts | report.problems
    report = sweep(run_of(hotel), lambda *_: ("", ""), {})
    assert report.counts["deepened"] == 1
    assert said(hotel, number)["level"] == Level.LOGS
