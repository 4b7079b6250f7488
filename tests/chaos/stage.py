"""A process that forks one child for each thing to be done: `python -m tests.chaos.stage`.

It has everything imported, no thread and no open connection, so a child may be killed at any
moment and the next one begins as clean. It reads one JSON object a line, and answers with one.
"""

from __future__ import annotations

import gc
import json
import os
import signal
import sys
import tempfile
import traceback
from datetime import timedelta
from pathlib import Path
from typing import Any

import tests.compiled  # noqa: F401 - children begin with what their parent compiled
from tests.chaos import scenes, sight, tape, wires
from tests.chaos.inn import Inn, opened
from tests.chaos.scenes import SCENES, Scene

SECONDS = 120


def main() -> None:
    """Serve until nobody asks any more."""
    answers, asks = os.fdopen(os.dup(1), "w"), os.fdopen(os.dup(0), "r")
    os.dup2(2, 1)
    _warm()
    gc.freeze()
    for line in asks:
        ask = json.loads(line)
        done = _warmed(ask) if ask["act"] == "warm" else _forked(ask, asks)
        answers.write(json.dumps(done) + "\n")
        answers.flush()


def _warm() -> None:
    """Do everything once on a hotel that is thrown away: children begin with warm caches."""
    scene = SCENES["erase"]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with opened(f"sqlite:///{name}/hotel.sqlite", folder, "smtp://127.0.0.1:9") as inn:
            inn.build()
            scene.prepare(inn)
            scene.operate(inn)
            sight.see(inn)
            scene.recover(inn)


def _warmed(ask: dict[str, Any]) -> dict[str, Any]:
    """Do what the children will do, on a copy they never see: what compiles, they find compiled."""
    scene = SCENES[ask["scene"]]
    with opened(ask["url"], Path(ask["folder"]), ask["mail"]) as inn:
        inn.restored = scene.restored
        _arrive(scene, inn)
        sight.see(inn)
        scene.operate(inn)
        _finish(scene, inn, ask)
    gc.collect()
    gc.freeze()
    return {}


def _forked(ask: dict[str, Any], asks: Any) -> dict[str, Any]:
    """Do one thing in a child; return what it says, or the signal that ended it."""
    reads, writes = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reads)
        asks.close()
        signal.alarm(SECONDS)
        code = 0
        try:
            answer: dict[str, Any] = _do(ask)
        except BaseException:
            answer, code = {"error": traceback.format_exc()}, 1
        with os.fdopen(writes, "w") as told:
            told.write(json.dumps(answer))
        os._exit(code)
    os.close(writes)
    with os.fdopen(reads) as told:
        said = told.read()
    _, status = os.waitpid(child, 0)
    killed = os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
    return {**(json.loads(said) if said else {}), "signal": killed}


def _do(ask: dict[str, Any]) -> dict[str, Any]:
    scene = SCENES[ask["scene"]]
    wires.at(ask["url"])
    with opened(ask["url"], Path(ask["folder"]), ask["mail"]) as inn:
        inn.restored = scene.restored
        return _ACTS[ask["act"]](scene, inn, ask)


def _build(scene: Scene, inn: Inn, ask: dict[str, Any]) -> dict[str, Any]:
    inn.build()
    return {}


def _prepare(scene: Scene, inn: Inn, ask: dict[str, Any]) -> dict[str, Any]:
    scene.prepare(inn)
    return {}


def _look(scene: Scene, inn: Inn, ask: dict[str, Any]) -> dict[str, Any]:
    return {"seen": sight.see(inn)}


def _operate(scene: Scene, inn: Inn, ask: dict[str, Any]) -> dict[str, Any]:
    """Run the operation with a tape, undisturbed or with a fault, and what follows if it lives."""
    _arrive(scene, inn)
    states = [sight.see(inn)] if ask.get("states") else []
    rolls = tape.Tape(ask.get("at", -1), ask.get("kind", ""), ask.get("server", 0))
    if ask.get("states"):
        rolls.after_commit = lambda: states.append(_seen_apart(inn))
    tape.install(rolls)
    problem = _held(scene, inn, ask) if ask.get("held") else scenes.tried(scene.operate, inn)
    rolls.running = False
    rolls.free()
    return {
        "effects": [(each.what, each.detail, each.turn) for each in rolls.effects],
        "states": states,
        "problem": problem,
        **(_finish(scene, inn, ask) if ask.get("go_on") else {}),
    }


def _held(scene: Scene, inn: Inn, ask: dict[str, Any]) -> str:
    with wires.held(ask["url"], ask["held"]):
        return scenes.tried(scene.operate, inn)


def _seen_apart(inn: Inn) -> sight.Sight:
    """Look from a connection of its own, whatever the process has open."""
    with opened(inn.engine.url.render_as_string(hide_password=False), inn.folder, inn.mail) as eye:
        eye.restored = inn.restored
        return sight.see(eye)


def _finish(scene: Scene, inn: Inn, ask: dict[str, Any]) -> dict[str, Any]:
    """Look, let the house recover and work, and look again.

    Where a killed process left what another one left, it goes on as that one did.
    """
    middle = _seen_apart(inn)
    left = sight.left(inn, middle)
    if left in ask.get("known", ()):
        return {"middle": middle, "left": left}
    if not ask.get("go_on"):
        _arrive(scene, inn)
    scene.recover(inn)
    problems = inn.rounds()
    inn.custodian.settle()
    return {
        "middle": middle,
        "left": left,
        "end": _seen_apart(inn),
        "problems": [str(each) for each in problems if each],
        "loose": sight.loose(inn),
        "unfinished": sight.unfinished(inn),
        "drift": scenes.drift(inn) if scene.migrates else [],
    }


def _arrive(scene: Scene, inn: Inn) -> None:
    """Let the day of the operation come, as days come where something beats the heart."""
    if scene.migrates:
        inn.now += timedelta(hours=3)  # where the heart beats there may be no table yet
    else:
        inn.later(days=scene.days, hours=3)


_ACTS = {
    "build": _build, "prepare": _prepare, "look": _look, "operate": _operate, "finish": _finish,
}  # fmt: skip

if __name__ == "__main__":
    sys.exit(main())
