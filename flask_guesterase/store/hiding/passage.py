"""What the host's sessions execute passes here, where nearly all of it is let through at once.

A listener to `do_orm_execute` makes SQLAlchemy prepare each statement twice, whatever it says. So a
session is listened to only once one of its statements is something to be heard, or where the host
listens to it: by then it costs nothing more, and what the host's listeners make of a statement is
heard as well.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from inspect import signature
from typing import Any

from sqlalchemy.event import listen
from sqlalchemy.orm import ORMExecuteState, Session

EVENT = "do_orm_execute"

Listener = Callable[[ORMExecuteState], Any]

Sieve = Callable[[Session, Any, Any, Mapping[str, Any]], bool]
"""Returns whether a statement has to be heard: the session, the statement, its parameters, and the
options it is executed with."""

Plain = Callable[[Any], bool]
"""Returns whether it is seen at once that no sieve holds a statement back whose rows come all at
once; False proves nothing."""

_DOORS = ("execute", "scalar", "scalars")
"""By which every statement of a session comes, lazy loads and `Query` too."""

_watches: tuple[tuple[Sieve, Listener], ...] = ()
"""It is replaced whole and never changed, for another thread may be reading it."""

_plain: Plain = lambda statement: False  # noqa: E731

_OPTIONS = "execution_options"

_OF_SESSIONS = _OPTIONS in signature(Session.__init__).parameters
"""Sessions have options of their own from SQLAlchemy 2.1 on."""

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
        elif not _plain(statement) or (
            (options or (_OF_SESSIONS and self.execution_options)) and streamed(self, options)
        ):
            for sieve, _ in _watches:
                if sieve(self, statement, params, options):
                    _hear(self)
                    break
        if options:
            return real(self, statement, params, **options)
        return real(self, statement, params)

    return passing


def streamed(session: Session, options: Mapping[str, Any]) -> bool:
    """Return whether rows of a statement come while the connection is not free for a question.

    :param session: executes it, and has options of its own.
    :param options: what else it is executed with.
    """
    given = options.get(_OPTIONS)
    if given and streams(given):
        return True
    return _OF_SESSIONS and bool(session.execution_options) and streams(session.execution_options)


def streams(options: Mapping[str, Any]) -> bool:
    """Return whether these options of an execution make rows come one after another."""
    if options.get("yield_per") or options.get("stream_results"):
        return True
    # A `Query` keeps its own beside the options of the statement.
    query = options.get("_sa_orm_load_options")
    return query is not None and bool(query._yield_per)


def _hear(session: Session) -> None:
    """Listen to one session from now on, before listeners of its own that may end the matter."""
    heard: set[Listener] = session.info.setdefault(_NOTE, set())
    for _, listener in _watches:
        if listener not in heard:
            heard.add(listener)
            listen(session, EVENT, listener, insert=True)
