"""What the host's sessions execute passes here, where nearly all of it is let through at once.

A listener to `do_orm_execute` makes SQLAlchemy prepare each statement twice, whatever it says. So a
session is listened to only once one of its statements is something to be heard, or where the host
listens to it: by then it costs nothing more, and what the host's listeners make of a statement is
heard as well.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

from sqlalchemy.event import listen
from sqlalchemy.orm import ORMExecuteState, Session

EVENT = "do_orm_execute"

Listener = Callable[[ORMExecuteState], Any]

Sieve = Callable[[Session, Any, Any, Mapping[str, Any]], bool]
"""Returns whether a statement has to be heard: the session, the statement, its parameters, and the
options it is executed with."""

Plain = Callable[[Session, Any, Mapping[str, Any]], bool]
"""Returns whether it is seen at once that no sieve holds a statement back; False proves nothing."""

_DOORS = ("execute", "scalar", "scalars")
"""By which every statement of a session comes, lazy loads and `Query` too."""

_watches: tuple[tuple[Sieve, Listener], ...] = ()
"""It is replaced whole and never changed, for another thread may be reading it."""

_plain: Plain = lambda session, statement, options: False  # noqa: E731

_NOTE = "guesterase_heard"


def ease(plain: Plain) -> None:
    """Have one look spare nearly every statement all sieves.

    :param plain: is asked of each statement first, so everything a host does waits for it.
    """
    global _plain
    _plain = plain


def watch(sieve: Sieve, listener: Listener) -> None:
    """Have a listener hear the statements of every session that a sieve does not let through.

    :param sieve: is asked of each statement, and has to be quick.
    :param listener: as for `do_orm_execute`; from the first statement that is held back on it hears
        all of that session.
    """
    global _watches
    if not _watches:
        for name in _DOORS:
            setattr(Session, name, _watched(getattr(Session, name)))
    if (sieve, listener) not in _watches:
        _watches = (*_watches, (sieve, listener))


def _watched(real: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(real)
    def passing(self: Session, statement: Any, params: Any = None, **options: Any) -> Any:
        if self.dispatch.do_orm_execute:
            _hear(self)
        elif not _plain(self, statement, options):
            for sieve, _ in _watches:
                if sieve(self, statement, params, options):
                    _hear(self)
                    break
        return real(self, statement, params, **options)

    return passing


def _hear(session: Session) -> None:
    """Listen to one session from now on, before listeners of its own that may end the matter."""
    heard: set[Listener] = session.info.setdefault(_NOTE, set())
    for _, listener in _watches:
        if listener not in heard:
            heard.add(listener)
            listen(session, EVENT, listener, insert=True)
