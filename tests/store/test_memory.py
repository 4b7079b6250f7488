"""When Python tidies up: not during a batch, and again once no batch is at work."""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator

import pytest

from flask_guesterase.store import memory


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
