"""When Python tidies up: not during a batch, and again once no batch is at work."""

from __future__ import annotations

import gc
import os
import threading
from collections.abc import Iterator

import pytest

from flask_guesterase.store import memory
from tests import child


@pytest.fixture(autouse=True)
def collects() -> Iterator[None]:
    """Leave Python as it was."""
    yield
    gc.enable()


def test_python_tidies_up_again_behind_a_batch_that_failed() -> None:
    """The process is the host's, which goes on; what the host switched off stays off."""
    with pytest.raises(RuntimeError, match="False"):
        _fails()
    assert gc.isenabled()
    gc.disable()
    with memory.uncollected():
        pass
    assert not gc.isenabled()


def test_python_tidies_up_again_whoever_of_two_ends_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """One thread ends while another looks whether it is to be switched on again afterwards."""
    one, two = memory.uncollected(), memory.uncollected()
    ends = threading.Thread(target=lambda: one.__exit__(None, None, None))
    one.__enter__()

    def asked() -> bool:
        said = gc.isenabled()
        ends.start()
        ends.join(0.2)
        return said

    with monkeypatch.context() as patch:
        patch.setattr(memory, "gc", _Asked(asked))
        two.__enter__()
    ends.join()
    two.__exit__(None, None, None)
    assert gc.isenabled()


FORKED = """
import gc, os, sys, threading
from flask_guesterase.store import memory

begun, ends = threading.Event(), threading.Event()

@memory.uncollected()
def batch():
    begun.set()
    ends.wait()

def child():
    if not os.fork():
        print(gc.isenabled(), flush=True)
        with memory.uncollected():
            pass
        print(gc.isenabled(), flush=True)
        return True
    os.wait()
    return False

if sys.argv[1] == "within":
    with memory.uncollected():
        forked = child()
else:
    other = threading.Thread(target=batch)
    other.start()
    begun.wait()
    forked = child()
    ends.set()
    if not forked:
        other.join()
print(gc.isenabled(), flush=True)
if forked:
    os._exit(0)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
@pytest.mark.parametrize("who", ["within", "beside"])
def test_python_tidies_up_in_a_process_that_was_forked_during_a_batch(who: str) -> None:
    """The thread that would have switched it on again is the parent's."""
    assert child.printed(FORKED, who) == ["True"] * 4


@memory.uncollected()
def _fails() -> None:
    with memory.uncollected():
        pass
    raise RuntimeError(gc.isenabled())


class _Asked:
    """Python's collector, with something else that happens whenever it is asked."""

    enable, disable = staticmethod(gc.enable), staticmethod(gc.disable)

    def __init__(self, isenabled: object) -> None:
        self.isenabled = isenabled
