"""Every effect of a process in the order it happens, and a fault at one of them.

Nothing of the product is replaced: each hook stands before or after the real call, counts it, and
lets it happen, or strikes.
"""

from __future__ import annotations

import errno
import os
import re
import resource
import signal
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Engine, event
from sqlalchemy.engine.default import DefaultDialect

from flask_guesterase.store.keys.custodian import FolderCustodian
from flask_guesterase.store.messages.channels import Mail
from flask_guesterase.store.remembrance.erasures import Register
from tests.chaos import inn, plug, wires

WRITE, COMMIT, COMMITTED = "write", "commit", "committed"
FSYNC, RENAME, UNLINK, CREATE = "fsync", "rename", "unlink", "create"
FILES = frozenset({FSYNC, RENAME, UNLINK, CREATE})
_WRITES = re.compile(
    r"\s*(INSERT\s+INTO|UPDATE|DELETE\s+FROM|(?:CREATE|ALTER|DROP)\s+(?:UNIQUE\s+)?(?:TABLE|INDEX))"
    r"\s+(?:IF\s+(?:NOT\s+)?EXISTS\s+)?[\"`]?(\w+)",
    re.IGNORECASE,
)
_RANDOM = re.compile(r"[0-9a-f]{8,}|E-[A-Z0-9]{6,}|GR-[A-Z0-9]{6,}")


class Unplugged(Exception):
    """What a process is thrown where it does not end at once."""


@dataclass(frozen=True)
class Effect:
    """One thing a process does that others can see, or the moment after it.

    :param what: kind of the effect.
    :param detail: table, file or label, without what is random.
    :param turn: number of the transaction it belongs to.
    """

    what: str
    detail: str
    turn: int

    def __str__(self) -> str:
        return f"{self.what} {self.detail}".strip()


@dataclass
class Tape:
    """What happened so far, and where to strike.

    :param at: number of the effect to strike at; -1 for none.
    :param kind: how: "kill", "raise", "drop", "deadlock", "full", "torn", "server".
    :param server: process of the database server, for "server".
    :param after_commit: called after each commit.
    """

    at: int = -1
    kind: str = ""
    server: int = 0
    after_commit: Callable[[], None] | None = None
    effects: list[Effect] = field(default_factory=list)
    running: bool = True
    _turn: int = 0
    _wrote: int = 0
    _limits: tuple[int, int] | None = None
    _filled: Any = None

    def free(self) -> None:
        """Let there be room again, after the operation at the latest."""
        if self._filled is not None and not self.running:
            wires.lift(self._filled)
            self._filled = None
        if self._limits is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, self._limits)
            self._limits = None

    def reach(self, what: str, detail: str = "", raw: Any = None) -> None:
        """Count an effect, and strike when it is the one."""
        if not self.running:
            return
        self.free()
        self.effects.append(Effect(what, _RANDOM.sub("*", detail), self._turn))
        if len(self.effects) - 1 == self.at:
            self._strike(what, detail, raw)

    def _strike(self, what: str, detail: str, raw: Any) -> None:
        if self.kind == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        elif self.kind == "server":
            plug.pull(self.server)
        elif self.kind == "drop":
            wires.cut(raw)
        elif self.kind == "deadlock":
            wires.deadlock(raw)
        elif self.kind == "full":
            if what in FILES:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            wires.fill(raw)
            self._filled = raw
        elif self.kind == "torn":
            self._limits = resource.getrlimit(resource.RLIMIT_FSIZE)
            size = os.stat(detail).st_size if os.path.exists(detail) else 0
            resource.setrlimit(resource.RLIMIT_FSIZE, (size + 20, self._limits[1]))
        elif what in FILES:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        else:
            raise Unplugged

    # the database

    def statement(self, raw: Any, text: str) -> None:
        """Note a statement before it runs."""
        found = _WRITES.match(text)
        if found is not None:
            self._wrote += 1
            self.reach(WRITE, f"{found.group(1).split()[0].lower()} {found.group(2)}", raw)
        elif text == "COMMIT" and self._wrote:
            self.reach(COMMIT, raw=raw)

    def ran(self, text: str) -> None:
        """Note a statement after it ran."""
        if text == "COMMIT":
            self.committed()

    def commits(self, raw: Any) -> None:
        """Note a commit that the driver makes, before it is made."""
        if self._wrote:
            self.reach(COMMIT, raw=raw)

    def committed(self) -> None:
        """Note that a commit was made."""
        if not self._wrote or not self.running:
            return
        self._wrote = 0
        self.reach(COMMITTED)
        self._turn += 1
        if self.after_commit is not None:
            self.running = False
            try:
                self.after_commit()
            finally:
                self.running = True

    def rolled_back(self) -> None:
        """Note that a transaction came to nothing."""
        if self._wrote and self.running:
            self._wrote = 0
            self._turn += 1


def install(tape: Tape) -> None:
    """Put the hooks in place, once in the life of a process."""
    _database(tape)
    _disk(tape)
    _seams(tape)


def _database(tape: Tape) -> None:
    def before(
        conn: Any, cursor: Any, statement: str, parameters: Any, context: Any, many: bool
    ) -> None:
        tape.statement(conn.connection.dbapi_connection, statement)

    def after(
        conn: Any, cursor: Any, statement: str, parameters: Any, context: Any, many: bool
    ) -> None:
        tape.ran(statement)

    event.listen(Engine, "before_cursor_execute", before)
    event.listen(Engine, "after_cursor_execute", after)
    commit, rollback = DefaultDialect.do_commit, DefaultDialect.do_rollback

    def do_commit(self: DefaultDialect, connection: Any) -> None:
        tape.commits(getattr(connection, "dbapi_connection", connection))
        commit(self, connection)
        tape.committed()

    def do_rollback(self: DefaultDialect, connection: Any) -> None:
        rollback(self, connection)
        tape.rolled_back()

    DefaultDialect.do_commit = do_commit  # type: ignore[method-assign]
    DefaultDialect.do_rollback = do_rollback  # type: ignore[method-assign]


def _disk(tape: Tape) -> None:
    fsync, opened = os.fsync, os.open

    def synced(handle: Any) -> None:
        tape.reach(FSYNC, _named(os.readlink(f"/proc/self/fd/{handle}")))
        fsync(handle)

    def open_(path: Any, flags: int, *args: Any, **named: Any) -> int:
        if flags & os.O_CREAT and not str(path).endswith("lock"):
            tape.reach(CREATE, str(path))
        return opened(path, flags, *args, **named)

    os.fsync, os.open = synced, open_
    for name, what in (
        ("replace", RENAME), ("rename", RENAME), ("unlink", UNLINK), ("remove", UNLINK)
    ):  # fmt: skip
        setattr(os, name, _before(tape, what, getattr(os, name)))


def _before(tape: Tape, what: str, real: Callable[..., Any]) -> Callable[..., Any]:
    def hooked(path: Any, *args: Any, **named: Any) -> Any:
        tape.reach(what, _named(os.fspath(path)))
        return real(path, *args, **named)

    return hooked


def _named(path: Any) -> str:
    """Return the last two parts of a path."""
    return "/".join(str(path).split("/")[-2:])


def _seams(tape: Tape) -> None:
    """Stand before and after what is ours but leads out: keys, register, mail, recipient."""
    for name in ("ensure", "wrap", "unwrap", "forget", "rotate", "settle"):
        _around(tape, FolderCustodian, name, name == "forget")
    _around(tape, Register, "append", True)
    _around(tape, Mail, "send", True)
    _around(tape, inn.System, "tell", True)


def _around(tape: Tape, owner: Any, name: str, both: bool) -> None:
    real = getattr(owner, name)
    what = f"{owner.__name__}.{name}"

    def hooked(self: Any, *args: Any, **named: Any) -> Any:
        label = args[0] if args and isinstance(args[0], str) else ""
        tape.reach(what, label)
        result = real(self, *args, **named)
        if both:
            tape.reach(f"{what} done", label)
        return result

    setattr(owner, name, hooked)


def unsynced(effects: Sequence[Effect]) -> list[str]:
    """Return commits that rely on a file which a power failure could still take away.

    A killed process leaves in the cache of the machine what it has written; a machine without
    power does not. So it is the order that is looked at: a file is synced, then renamed, then its
    folder is synced, and only then is committed what counts on it.
    """
    open_: dict[str, str] = {}
    wrong = []
    for effect in effects:
        name = _named(effect.detail)
        if effect.what == CREATE:
            open_[name] = "was written and not synced"
        elif effect.what == FSYNC:
            open_.pop(name, None)
        elif effect.what in (RENAME, UNLINK):
            if effect.what == RENAME and name in open_:
                wrong.append(f"{name} was renamed before it was synced")
            open_.pop(name, None)
            open_[f"house/{name.split('/')[0]}"] = "has names that are not synced"
        elif effect.what == COMMIT:
            wrong += [f"a commit came while {name} {why}" for name, why in open_.items()]
            open_.clear()
    return wrong
