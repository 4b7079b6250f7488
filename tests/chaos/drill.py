"""One hotel, one operation, one fault after the other, each on a fresh copy of the hotel."""

from __future__ import annotations

import itertools
import json
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import pymysql
from aiosmtpd.controller import Controller
from sqlalchemy import make_url

from tests import engines
from tests.chaos import sight, tape
from tests.chaos.plug import Plug
from tests.chaos.scenes import SCENES, Scene
from tests.chaos.sight import HOST, WRONG, Sight
from tests.chaos.tape import COMMIT, COMMITTED, FSYNC, WRITE, Effect

OUTSIDE = frozenset({sight.FILES, sight.KEYS, sight.REGISTER, sight.CHANNEL, WRONG})
"""What a transaction does not hold: it may be ahead of the database, and is compared at the end."""

LASTING = frozenset({
    COMMIT, tape.CREATE, tape.RENAME, tape.UNLINK, "Mail.send", "System.tell", "Register.append"
})  # fmt: skip
"""Effects that somebody can see after the process was killed; a page that was written and not
synced outlives a process, and not a machine."""

_MEMORY = [Path("/dev/shm")]  # noqa: S108  # a folder of our own is made below it
_PLACE = re.compile(r"^.*/house/|[a-z]+-[0-9*][-0-9*]*")

_ROOT = Path(__file__).resolve().parent.parent.parent


class Stage:
    """The process that forks, and a mail server beside it."""

    def __init__(self) -> None:
        self.post = _Post()
        self.warm: set[tuple[str, str]] = set()
        self._mail = Controller(self.post, hostname="127.0.0.1", port=_free_port())
        self._mail.start()
        self.mail = f"smtp://127.0.0.1:{self._mail.port}"
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.chaos.stage"], cwd=_ROOT, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip

    def ask(self, act: str, scene: Scene, place: Place, **more: Any) -> dict[str, Any]:
        """Let a child do something.

        :raises AssertionError: it failed, which is never what is tested.
        """
        line = {
            "act": act, "scene": scene.name, "url": place.url, "folder": str(place.folder),
            "mail": self.mail, **more,
        }  # fmt: skip
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(line) + "\n")
        self._process.stdin.flush()
        said = self._process.stdout.readline()
        assert said, f"the process that forks ended with {self._process.wait(5)}"
        answer: dict[str, Any] = json.loads(said)
        assert "error" not in answer, answer["error"]
        return answer

    def close(self) -> None:
        """End both."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(20)
        self._process.stdout.close()
        self._mail.stop()


class _Post:
    """Keeps the identifiers of what came by mail."""

    def __init__(self) -> None:
        self.came: list[str] = []

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        """Take a message."""
        (found,) = (
            line for line in envelope.content.decode().splitlines()
            if line.lower().startswith("message-id:")
        )  # fmt: skip
        self.came.append(found)
        return "250 taken"


@dataclass(frozen=True)
class Place:
    """Where a copy of the hotel is."""

    url: str
    folder: Path


@dataclass
class Toll:
    """What was tried on a scene, for the report.

    :param tried: kind of fault -> how often.
    :param felt: kind of fault -> how often the operation noticed.
    :param wrong: what was found, fault by fault.
    :param alike: how many left what another had left, which was brought to its end already.
    """

    tried: Counter[str] = field(default_factory=Counter)
    felt: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    alike: int = 0


class Drill:
    """A scene on one engine: prepared once, copied for each fault.

    :param kind: name of the engine.
    :param scene: the operation.
    :param stage: the process that forks.
    :param folder: where everything lies.
    """

    def __init__(self, kind: str, scene: Scene, stage: Stage, folder: Path) -> None:
        self.kind, self.scene, self.stage, self.folder = kind, scene, stage, folder
        self.toll = Toll()
        self._stack = ExitStack()
        self.work = folder / "house"
        self._refreshed = ""
        self._ended: dict[frozenset[str], set[str]] = {}
        try:
            self._prepare()
            self._rehearse()
        except BaseException:
            self.close()
            raise

    # what is compared with

    def _prepare(self) -> None:
        """Build the hotel and keep it, folder and database, to be copied."""
        url = self._stack.enter_context(self._empty())
        self._origin = url
        self.work.mkdir()
        place = Place(url, self.work)
        self.stage.ask("build", self.scene, place)
        if self.scene.restored:
            before = self._stack.enter_context(self._copied(url))
            self.stage.ask("prepare", self.scene, place)
            self._origin = before
        else:
            self.stage.ask("prepare", self.scene, place)
        if self.kind == "sqlite":
            shutil.copyfile(str(make_url(self._origin).database), self.work / "hotel.sqlite")
        self.kept = self.folder / "kept"
        self.work.rename(self.kept)
        if (self.kind, self.scene.name) not in self.stage.warm:
            with self.fresh(self.folder / "warm") as place:
                self.stage.ask("warm", self.scene, place)
            self.stage.warm.add((self.kind, self.scene.name))

    @contextmanager
    def _empty(self) -> Iterator[str]:
        with engines.fresh_database(self.kind) as url:
            yield url

    @contextmanager
    def _copied(self, url: str) -> Iterator[str]:
        self._alone(url)
        with engines.clone_database(url) as copy:
            yield copy

    def _rehearse(self) -> None:
        """Run the operation undisturbed: its effects, the states it goes through, its end."""
        self.stage.post.came.clear()
        with self.fresh() as place:
            told = self.stage.ask("operate", self.scene, place, states=True)
            assert told["problem"] == "", told["problem"]
            self.effects = [Effect(*each) for each in told["effects"]]
            self.states: list[Sight] = told["states"]
            done = self.stage.ask("finish", self.scene, place)
        early = tape.unsynced(self.effects)
        assert not early, early
        self.end: Sight = done["end"]
        self.letters = set(self.stage.post.came)
        assert len(self.letters) == len(self.stage.post.came)
        found = self._unclean(done)
        assert not found, found
        assert done["problems"] == []

    # a fresh hotel

    @contextmanager
    def fresh(self, work: Path | None = None) -> Iterator[Place]:
        """Yield a copy of the prepared hotel, as if nothing had happened.

        :param work: its folder; where the hotel always was when None.
        """
        work = work or self.work
        shutil.rmtree(work, ignore_errors=True)
        shutil.copytree(self.kept, work)
        if self.kind == "sqlite":
            yield Place(f"sqlite:///{work}/hotel.sqlite", work)
        elif not self.scene.migrates:
            yield Place(self._refilled(), work)
        else:
            with self._copied(self._origin) as url:
                yield Place(url, work)

    def _refilled(self) -> str:
        """Fill one copy anew, which takes a tenth of what making the tables takes."""
        if not self._refreshed:
            self._refreshed = self._stack.enter_context(self._copied(self._origin))
            if self.kind == "postgresql":
                self._poured = Poured(self._refreshed)
            return self._refreshed
        self._alone(self._refreshed)
        if self.kind == "postgresql":
            self._poured.again()
            return self._refreshed
        old, new = (make_url(url).database for url in (self._origin, self._refreshed))
        with _mariadb(self._refreshed) as conn, conn.cursor() as cursor:
            cursor.execute("SET foreign_key_checks = 0, autocommit = 0")
            cursor.execute(f"SHOW TABLES FROM `{old}`")
            for (table,) in cursor.fetchall():
                cursor.execute(f"DELETE FROM `{new}`.`{table}`")
                cursor.execute(f"INSERT INTO `{new}`.`{table}` SELECT * FROM `{old}`.`{table}`")
            conn.commit()
        return self._refreshed

    def _alone(self, url: str) -> None:
        """Wait until the server has let go of every session of a process that was killed."""
        if self.kind == "sqlite":
            return
        alone(url)

    # faults

    def points(self, *whats: str) -> list[int]:
        """Return the numbers of the effects to strike at: of the statements of a transaction three.

        On a server a call that only reads or computes is left out where nothing that lasts has
        happened since the point before: there is no difference that a restart could see.

        :param whats: kinds of effects; all when empty.
        """
        turns: dict[int, list[int]] = {}
        for number, effect in enumerate(self.effects):
            if effect.what == WRITE:
                turns.setdefault(effect.turn, []).append(number)
        three = {n for all_ in turns.values() for n in (all_[0], all_[len(all_) // 2], all_[-1])}
        once, known, chosen = set(self.moments()), set(), []
        for number, effect in enumerate(self.effects):
            first = effect.what not in known or effect.what in (COMMIT, COMMITTED)
            if effect.what == WRITE:
                wanted = number in three
            else:
                wanted = self.kind == "sqlite" or first or number in once
            if wanted:
                chosen.append(number)
                known.add(effect.what)
        return [n for n in chosen if not whats or self.effects[n].what in whats]

    def moments(self, few: bool = False) -> list[int]:
        """Return one effect for each state that a killed process can leave behind.

        :param few: of effects of one kind at one kind of place the first only, commits aside: the
            fifth key of a transaction is made as the first one was.
        """
        chosen, known, news = [], set(), True
        for number, effect in enumerate(self.effects):
            if news or (effect.what == FSYNC and "." in effect.detail):
                kind = effect.what, _PLACE.sub("", effect.detail)
                if not few or kind not in known or COMMITTED in kind:
                    chosen.append(number)
                known.add(kind)
                news = False
            news = news or effect.what in LASTING
        return chosen

    def deadlocks(self) -> list[int]:
        """Return where a transaction has the row of a request, not yet the head of the journal.

        What the register is told after a commit stands before the next transaction's first write.
        """
        found = []
        for turn in sorted({each.turn for each in self.effects}):
            mine = [(n, each.what) for n, each in enumerate(self.effects) if each.turn == turn]
            writes = [number for number, what in mine if what == WRITE]
            told = [number for number, what in mine if what == "Register.append"]
            if writes and told and writes[0] < told[-1]:
                found.append(writes[0])
        return found

    def kill(self, at: int) -> None:
        """Kill the process at an effect, look, restart it, and compare.

        What several leave alike is brought to its end once; each is looked at.
        """
        with self.fresh() as place:
            self.stage.post.came.clear()
            told = self.stage.ask("operate", self.scene, place, at=at, kind="kill")
            assert told["signal"] == 9, (self.effects[at], told)
            if self.kind != "sqlite":
                self._alone(place.url)
            known = self._ended.setdefault(frozenset(self.stage.post.came), set())
            done = self.stage.ask("finish", self.scene, place, known=sorted(known))
            known.add(done["left"])
        self._judge("kill", at, done)

    def around(self, many: int) -> list[int]:
        """Return where to kill the server: in the transactions that write most.

        :param many: in how many of them.
        """
        writes = Counter(each.turn for each in self.effects if each.what == WRITE)
        turns = {turn for turn, _ in writes.most_common(many)}
        return [
            at for at in self.points(WRITE, COMMIT, COMMITTED) if self.effects[at].turn in turns
        ]

    def pull(self, at: int, plug: Plug) -> None:
        """Kill the database server at an effect, start it again, and compare."""
        with self.fresh() as place:
            plug.checkpoint()
            self.stage.post.came.clear()
            told = self.stage.ask(
                "operate", self.scene, place, at=at, kind="server", server=plug.pid
            )
            plug.again()
            felt = self._feel("server", told)
            done = self.stage.ask("finish", self.scene, place)
        # Whoever has nothing to ask any more does not notice that the server died.
        if not felt and any(each.what in (WRITE, COMMIT) for each in self.effects[at + 1 :]):
            self.toll.wrong.append(f"{self.kind} {self.scene.name}: nobody noticed {at}")
        self._judge("server", at, done)

    def throw(self, at: int, kind: str = "raise", **more: Any) -> None:
        """Let an effect fail in a process that goes on living, and compare."""
        with self.fresh() as place:
            self.stage.post.came.clear()
            told = self.stage.ask(
                "operate", self.scene, place, at=at, kind=kind, go_on=True, **more
            )
        self._feel(kind, told)
        self._judge(kind, at, told)

    def _feel(self, kind: str, told: dict[str, Any]) -> bool:
        """Count a fault that made a difference to the process: it failed, or did more."""
        felt = bool(told["problem"] or len(told["effects"]) != len(self.effects))
        self.toll.felt[kind] += felt
        return felt

    def hold(self, table: str) -> None:
        """Let another transaction hold every row of a table during the operation."""
        with self.fresh() as place:
            self.stage.post.came.clear()
            told = self.stage.ask("operate", self.scene, place, held=table, go_on=True)
        self._feel("lock", told)
        self._judge(f"lock {table}", -1, told)

    def _judge(self, kind: str, at: int, told: dict[str, Any]) -> None:
        """Write down what is not as it should be after a fault."""
        self.toll.tried[kind.partition(" ")[0]] += 1
        where = f"{self.kind} {self.scene.name}: {kind} at {at} ({self._named(at)})"
        found = [f"half done: {each}" for each in self._halves(kind, at, told["middle"])]
        if "end" in told:
            found += self._wrong_in_the_end(told)
        else:
            self.toll.alike += 1
        if found:
            said = [line[:240] for line in found[:8]]
            said += [f"and {len(found) - 8} more"] if len(found) > 8 else []
            rounds = f"rounds: {told.get('problems')}"
            self.toll.wrong.append("\n  ".join([where, *said, rounds]))

    def _wrong_in_the_end(self, told: dict[str, Any]) -> list[str]:
        found = [f"in the end: {each}" for each in sight.differences(self.end, told["end"])]
        found += self._unclean(told)
        if set(self.stage.post.came) != self.letters:
            found.append(f"letters: {len(self.stage.post.came)} for {len(self.letters)}")
        return found

    def _named(self, at: int) -> str:
        return str(self.effects[at]) if at >= 0 else "the whole operation"

    def _halves(self, kind: str, at: int, seen: Sight) -> list[str]:
        """Return what is neither before nor after: the host's rows, and after a kill all rows."""
        wrong = [f"{WRONG} {line}" for line in seen[WRONG]]
        if self.scene.migrates and self.kind == "mariadb":
            return wrong
        if kind in ("kill", "server"):
            done = sum(each.what == COMMIT for each in self.effects[:at])
            return wrong + sight.differences(self.states[done], seen, OUTSIDE)
        if all(seen[HOST] != state for state in self._whole()):
            wrong += sight.differences(self.states[-1], seen, frozenset(self.end) - {HOST})
        return wrong

    def _whole(self) -> list[list[str]]:
        """Return the host's rows as they may be after a call that failed."""
        states = [state[HOST] for state in self.states]
        if not self.scene.apart:
            return states
        first = Counter(states[0])
        alone = []
        for one, other in itertools.pairwise(map(Counter, states)):
            if not (one - other) - first:
                alone.append(sorted((first - (one - other) + (other - one)).elements()))
        return [*states, *alone]

    def _unclean(self, told: dict[str, Any]) -> list[str]:
        return [
            *(f"{WRONG}: {line}" for line in told["end"][WRONG]),
            *(f"left in the key folder: {line}" for line in told["loose"]),
            *(f"register: {line}" for line in told["unfinished"]),
            *(f"tables: {line}" for line in told["drift"]),
        ]

    def close(self) -> None:
        """Let go of the databases."""
        self._stack.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def assert_whole(self) -> None:
        """Assert that something was tried and nothing was wrong."""
        assert sum(self.toll.tried.values()) > 0
        for kind, count in self.toll.tried.items():
            # A full disk is not felt by what needs no new page.
            least = {"kill": 0, "full": 1}.get(kind, count / 2)
            assert self.toll.felt[kind] >= least, (kind, self.toll.felt)
        assert not self.toll.wrong, "\n".join(
            [f"{len(self.toll.wrong)} of {sum(self.toll.tried.values())}", *self.toll.wrong[:20]]
        )


def alone(url: str, seconds: float = 10) -> None:
    """Wait until nobody is connected to a database."""
    until = time.monotonic() + seconds
    while _connected(url):
        assert time.monotonic() < until, "somebody stays connected"
        time.sleep(0.005)


def _connected(url: str) -> int:
    parts = make_url(url)
    if parts.get_backend_name() == "postgresql":
        with psycopg.connect(
            host=parts.host, port=parts.port, user=parts.username, password=parts.password,
            dbname="postgres", autocommit=True,
        ) as conn:  # fmt: skip
            query = "SELECT count(*) FROM pg_stat_activity WHERE datname = %s"
            row = conn.execute(query, (parts.database,)).fetchone()
            return int(row[0]) if row else 0
    with _mariadb(url, "") as conn, conn.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM information_schema.processlist WHERE db = %s", (parts.database,)
        )
        return int(cursor.fetchone()[0])


class Poured:
    """What a database of PostgreSQL holds, to be put back: rows, and where its sequences are.

    :param url: its address; nobody writes there now.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        with self._connected() as conn:
            named = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
            self._rows = {name: self._read(conn, name) for (name,) in conn.execute(named)}
            told = "SELECT sequencename, last_value FROM pg_sequences"
            self._sequences = dict(conn.execute(told).fetchall())

    def again(self) -> None:
        """Put everything back as it was."""
        with self._connected() as conn:
            conn.execute("SET session_replication_role = replica")
            conn.execute(";".join(f'DELETE FROM "{name}"' for name in self._rows).encode())
            for name, rows in self._rows.items():
                if rows:
                    with conn.cursor().copy(f'COPY "{name}" FROM STDIN'.encode()) as into:
                        into.write(rows)
            for name, last in self._sequences.items():
                conn.execute(
                    "SELECT setval(%s::regclass, %s, %s)",
                    (f'"{name}"', 1 if last is None else last, last is not None),
                )

    def _connected(self) -> psycopg.Connection[Any]:
        parts = make_url(self._url)
        return psycopg.connect(
            host=parts.host, port=parts.port, user=parts.username, password=parts.password,
            dbname=parts.database,
        )  # fmt: skip

    @staticmethod
    def _read(conn: psycopg.Connection[Any], name: str) -> bytes:
        with conn.cursor().copy(f'COPY "{name}" TO STDOUT'.encode()) as out:
            return b"".join(bytes(each) for each in out)


def _mariadb(url: str, database: str | None = None) -> Any:
    parts = make_url(url)
    return pymysql.connect(
        host=parts.host, port=parts.port or 3306, user=parts.username,
        password=parts.password or "", charset="utf8mb4", autocommit=True,
        database=(parts.database if database is None else database) or None,
    )  # fmt: skip


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


@contextmanager
def drilling(kind: str, name: str, stage: Stage) -> Iterator[Drill]:
    """Prepare a scene on an engine, and let go of it again."""
    memory = next((str(path) for path in _MEMORY if path.is_dir()), None)
    with tempfile.TemporaryDirectory(prefix="guesterase-chaos-", dir=memory) as folder:
        drill = Drill(kind, SCENES[name], stage, Path(folder))
        try:
            yield drill
        finally:
            drill.close()
