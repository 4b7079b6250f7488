"""Which faults are tried on which scene: one list for each kind, the same on every engine."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack

from tests.chaos import tape
from tests.chaos.drill import Drill, Stage, Toll, drilling
from tests.chaos.scenes import SCENES
from tests.chaos.tape import COMMIT, COMMITTED, WRITE

SEAMS = ("FolderCustodian.ensure", "FolderCustodian.wrap", "FolderCustodian.unwrap",
         "FolderCustodian.forget", "FolderCustodian.rotate", "Register.append", "Mail.send",
         "Mail.send done", "System.tell", "System.tell done")  # fmt: skip


def killed(drill: Drill) -> None:
    """Kill the process at every effect; on servers at each state it can leave behind."""
    for at in drill.points() if drill.kind == "sqlite" else drill.moments():
        drill.kill(at)


def thrown(drill: Drill) -> None:
    """Let every commit, file operation and outside call fail, and the first statement of each."""
    for at in _thinned(drill, COMMIT, COMMITTED, WRITE, *tape.FILES, *SEAMS):
        drill.throw(at)


def _thinned(drill: Drill, *whats: str) -> list[int]:
    """Return points, of each kind and place in one transaction the first."""
    known, chosen = set(), []
    for at in drill.points(*whats):
        effect = drill.effects[at]
        if (effect.what, effect.turn) not in known or effect.what in (COMMIT, COMMITTED):
            chosen.append(at)
        known.add((effect.what, effect.turn))
    return chosen


def dropped(drill: Drill) -> None:
    """Cut the connection at the first statement of each transaction and before its commit."""
    for at in _thinned(drill, WRITE, COMMIT):
        drill.throw(at, "drop")


def filled(drill: Drill) -> None:
    """Let the disk be full: under the database, under the keys, under the register."""
    for at in _thinned(drill, WRITE, tape.FSYNC, tape.CREATE):
        if drill.effects[at].what != WRITE or drill.kind == "sqlite":
            drill.throw(at, "full")
    for at in _thinned(drill, tape.CREATE):
        drill.throw(at, "torn")


def held(drill: Drill) -> None:
    """Let somebody else's transaction hold what is needed."""
    tables = ("guests", "guesterase_request", "guesterase_pulse", "guesterase_tree")
    for table in tables[: 1 if drill.kind == "sqlite" else None]:
        drill.hold(table)


def crossed(drill: Drill) -> None:
    """Meet another transaction at the same rows, so that the engine ends ours."""
    for at in drill.deadlocks():
        drill.throw(at, "deadlock")


KINDS: dict[str, Callable[[Drill], None]] = {
    "kill": killed, "raise": thrown, "drop": dropped, "full": filled, "lock": held,
    "deadlock": crossed,
}  # fmt: skip

HURT = tuple(name for name, scene in SCENES.items() if not scene.migrates)
MIGRATIONS = tuple(name for name, scene in SCENES.items() if scene.migrates)
_TRIALS: tuple[tuple[str, str], ...] = (
    *((name, "kill") for name in SCENES),
    *((name, "raise") for name in HURT),
    *((name, "raise") for name in MIGRATIONS[-1:]),
    *((name, "drop") for name in (*HURT, *MIGRATIONS[-1:]) if name != "rotate"),
    *((name, "full") for name in HURT),
    *((name, "lock") for name in ("erase", "forget", "replay")),
    ("erase", "deadlock"),
)

TRIALS = tuple((name, kind) for name in SCENES for each, kind in _TRIALS if each == name)
"""Scene and kind of fault, scene by scene."""


def fits(engine: str, name: str, kind: str) -> bool:
    """Return whether an engine has such a fault."""
    return engine != "sqlite" or kind not in ("drop", "deadlock")


class Rehearsed:
    """The scene that was rehearsed last on an engine, for every kind of fault that is tried on it.

    :param engine: name of the engine.
    :param stage: the process that forks.
    """

    def __init__(self, engine: str, stage: Stage) -> None:
        self._engine, self._stage = engine, stage
        self._stack = ExitStack()
        self._known: dict[str, Drill] = {}

    def scene(self, name: str) -> Drill:
        """Return a scene of which nothing is counted yet, rehearsed now if it was not the last."""
        if name not in self._known:
            self.close()
            drill = self._stack.enter_context(drilling(self._engine, name, self._stage))
            self._known[name] = drill
        self._known[name].toll = Toll()
        return self._known[name]

    def close(self) -> None:
        """Let go of its databases."""
        self._known.clear()
        self._stack.close()


def run(drill: Drill, kind: str) -> None:
    """Try one kind of fault on one scene, all of its places, and assert that nothing is wrong."""
    KINDS[kind](drill)
    tried, felt = dict(drill.toll.tried), dict(drill.toll.felt)
    print(f"{drill.kind} {drill.scene.name} {tried} felt {felt} alike {drill.toll.alike}")
    drill.assert_whole()
