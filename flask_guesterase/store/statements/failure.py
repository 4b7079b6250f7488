"""What a driver's error means: ours is told in its place, because theirs quotes values."""

from __future__ import annotations

import re
from traceback import walk_tb

from sqlalchemy.exc import (
    DataError,
    DBAPIError,
    IntegrityError,
    InternalError,
    NotSupportedError,
    ProgrammingError,
    SQLAlchemyError,
    StatementError,
)

from ...core.errors import (
    BusyError,
    ErasureError,
    FullError,
    GuesteraseError,
    RetryableError,
    SetupError,
    UnsureError,
)


def translated(problem: DBAPIError) -> GuesteraseError:
    """Return our own error for a driver's: theirs quotes statements and values.

    :param problem: what the driver raised.
    """
    problem = cause(problem)
    if is_lock(problem):
        return BusyError(
            "Another transaction holds the rows that are needed.",
            "Commit or roll back what is pending, the host's own session included; then try "
            "again.",
        )
    if is_retryable(problem):
        return RetryableError("Two transactions met at the same rows.", "Try again.")
    if is_forbidden(problem):
        return SetupError(
            f"The database does not let this account do that ({_code(problem)}).",
            "Grant the right; our own tables can also be made by somebody who has it, from what "
            "'flask guesterase db sql' prints. In them this account needs SELECT, INSERT, UPDATE "
            "and DELETE and, on PostgreSQL, USAGE of their sequences.",
        )
    if number(problem) == _UNSUPPORTED:
        return SetupError(
            f"The engine of a table does not support what is needed ({_code(problem)}).",
            "Nothing was changed; run 'flask guesterase check', which names it.",
        )
    if is_missing(problem):
        return SetupError(
            f"A table or column that is needed is not in the database ({_code(problem)}).",
            "Nothing was changed; run 'flask guesterase check', which names it.",
        )
    if is_full(problem):
        return FullError(
            f"The disk of the database is full ({_code(problem)}).",
            "Nothing was changed; give it room, what is due is done then.",
        )
    if number(problem) == _TOO_LARGE:
        return too_large(_code(problem))
    if is_garbled(problem):
        return ErasureError(
            "A text in the database is none in UTF-8, so nobody can read its row.",
            "Nothing was changed; find it by CAST(column AS BLOB), write it anew, then try again.",
        )
    if state(problem)[:2] == _STRANGER_CLASS or number(problem) in _STRANGER_NUMBERS:
        return _away(
            f"The database does not let this account in ({_code(problem)}).",
            "Nothing was changed; look at name and password in the address of the database.",
        )
    if problem.connection_invalidated or not is_refusal(problem):
        return _away(
            f"The database did not answer ({_code(problem)}).",
            "Nothing was changed; try again when it is back. Where it is there, look at name and "
            "password in its address.",
        )
    return ErasureError(
        f"The database refused a statement ({_code(problem)}).",
        "Nothing was changed; look at constraints and triggers of the tables in the plan.",
    )


def _away(message: str, hint: str) -> BusyError:
    problem = BusyError(message, hint)
    problem.away = True
    return problem


def too_large(why: str) -> ErasureError:
    """Return the error for a statement that is larger than the server takes.

    :param why: the driver's code, or how large it is.
    """
    return ErasureError(
        f"The server takes no statement of this size ({why}).",
        "Nothing was changed; raise its 'max_allowed_packet': what is kept of a row is written in "
        "one piece.",
    )


def checked(problem: DBAPIError) -> str | None:
    """Return the name of the CHECK that refused a row, empty where none is told; None otherwise.

    :param problem: what the driver raised.
    """
    said = str(problem.orig)
    if is_unplaced(problem):
        return None
    if state(problem) == _CHECK_STATE:
        return _constraint(problem)
    if number(problem) == _CHECK_NUMBER:
        named = re.search("`(.+?)`", said)
    elif getattr(problem.orig, "sqlite_errorcode", 0) == _SQLITE_CHECK:
        # Of one without a name SQLite tells the condition.
        named = re.match(r"CHECK constraint failed: (.+)", said, re.DOTALL)
    else:
        return None
    return named[1] if named else ""


def doubled(problem: DBAPIError) -> str | None:
    """Return the name of the unique index that refused a row, as told; None otherwise.

    Of a plain one SQLite tells its columns.

    :param problem: what the driver raised.
    """
    if state(problem) in _UNIQUE_STATES:
        return _constraint(problem)
    said = str(problem.orig)
    if number(problem) == _UNIQUE_NUMBER:
        # What stands before is the value.
        named = re.search(r"for key '([^']+)'[^']*$", said)
    elif getattr(problem.orig, "sqlite_errorcode", 0) in _SQLITE_UNIQUE:
        named = re.match(r"UNIQUE constraint failed: (?:index ')?(.+?)'?$", said, re.DOTALL)
    else:
        return None
    return named[1] if named else ""


def is_unplaced(problem: BaseException) -> bool:
    """Return whether a row was refused because no partition takes it.

    PostgreSQL calls it a CHECK, one without a name.
    """
    if not isinstance(problem, DBAPIError):
        return False
    told = state(problem) == _CHECK_STATE and hasattr(problem.orig, "diag")
    return number(problem) == _PARTITION_NUMBER or (told and not _constraint(problem))


def _constraint(problem: DBAPIError) -> str:
    """Return the name of the constraint that PostgreSQL's driver tells."""
    return str(getattr(getattr(problem.orig, "diag", None), "constraint_name", None) or "")


def unsure(problem: DBAPIError) -> GuesteraseError:
    """Return our own error for what a driver raised where something was to be committed.

    :param problem: what the driver raised.
    """
    # Of a commit it names no statement.
    if problem.statement is not None or not problem.connection_invalidated:
        return translated(problem)
    return UnsureError(
        f"The database did not answer whether it was done ({_code(problem)}).",
        "All of it was, or nothing; look before you try again.",
    )


def cause(problem: DBAPIError) -> DBAPIError:
    """Return what went wrong first, where all that is said is that there is no savepoint any more.

    What takes back a whole transaction takes its savepoints along, so going back to one fails too.

    :param problem: what the driver raised.
    """
    found, before = problem, problem.__context__
    while before is not None and (found.statement or "").startswith("ROLLBACK TO SAVEPOINT"):
        if isinstance(before, DBAPIError):
            found = before
        before = before.__context__
    return found


def is_refusal(problem: DBAPIError) -> bool:
    """Return whether the database answered, and the answer was no."""
    if isinstance(problem, _REFUSALS) or state(problem)[:2] in _ROUTINE_CLASSES:
        return True
    # PyMySQL calls whatever it has no class for an operational error, CHECK and SIGNAL among it.
    told = number(problem)
    if told:
        return told not in _AWAY_NUMBERS and not 2000 <= told < 3000
    return getattr(problem.orig, "sqlite_errorcode", 0) & 0xFF == _SQLITE_ERROR


_REFUSALS = (IntegrityError, DataError, ProgrammingError, NotSupportedError, InternalError)
_ROUTINE_CLASSES = frozenset({"38", "39"})
"""A function of an extension raised, one that decrypts for example; psycopg tells it apart from
a server that is away by its state alone."""

_SQLITE_ERROR = 1
_AWAY_NUMBERS = frozenset(
    {1040, 1042, 1043, 1045, 1049, 1053, 1077, 1078, 1079, 1080, 1129, 1130, 1152}
    | {1153, 1154, 1155, 1156, 1157, 1158, 1159, 1160, 1161, 1184, 1203, 1226, 1317, 1927}
)
"""MariaDB: too many connections, access, shutdown, network, and statements that were killed."""


def _code(problem: DBAPIError) -> str:
    return " ".join(
        filter(None, (type(problem.orig).__name__, state(problem) or str(number(problem) or "")))
    )


_TOO_LARGE = 1153
"""MariaDB: a packet larger than it takes, after which it hangs up."""

_MISFIT_NUMBERS = frozenset({1267, 1270, 1271, 1366})
"""MariaDB: collations that cannot be mixed, and a text that is none in a character set."""

_STRANGER_CLASS, _STRANGER_NUMBERS = "28", frozenset({1045, 1698})
"""An account or a password that the server does not know."""

_CHECK_STATE, _CHECK_NUMBER, _SQLITE_CHECK = "23514", 4025, 275
_UNIQUE_STATES = frozenset({"23505", "23P01"})
_UNIQUE_NUMBER, _SQLITE_UNIQUE = 1062, frozenset({1555, 2067})
_PARTITION_NUMBER = 1526
_RETRY_STATES = frozenset({"40001", "40P01"})
_LOCK_STATES = frozenset({"55P03"})
_RETRY_NUMBERS = frozenset({1213, 1020})
_LOCK_NUMBERS = frozenset({1205})
_MISSING_STATES = frozenset({"42P01", "42703", "3F000"})
_MISSING_NUMBERS = frozenset({1146, 1054})
_UNSUPPORTED = 1178
"""What MariaDB answers to a savepoint in a transaction that read a table of Aria."""
_FULL_STATES = frozenset({"53100"})
_FULL_NUMBERS = frozenset({1021, 1114})
_WRITE_NUMBERS = frozenset({3, 1026, 1030})
_NO_SPACE = re.compile(r'\b(28|(?<!Got error )122)( "| - |\)| from)')
"""MariaDB: a file, often a temporary one, cannot be written; the system's error is that there is
no space left, or that a quota is used up. A storage engine means a fault of its own by 122."""
_SQLITE_READONLY, _SQLITE_FULL = 8, 13
_SQLITE_UNDOES = frozenset({7, 9, 10, _SQLITE_FULL})
"""No memory, interrupted, an error of the disk, and a full one. Source: sqlite.org, "Response To
Errors Within A Transaction"."""

_RIGHT_STATES = frozenset({"42501", "25006"})
_RIGHT_NUMBERS = frozenset({1044, 1142, 1143, 1290})


def is_retryable(problem: BaseException) -> bool:
    """Return whether the whole unit may succeed when run again: deadlock, serialisation."""
    if not isinstance(problem, DBAPIError):
        return False
    return state(problem) in _RETRY_STATES or number(problem) in _RETRY_NUMBERS


def undoes_all(problem: BaseException) -> bool:
    """Return whether the engine took back all of the transaction, not only the statement.

    After a deadlock MariaDB does, and SQLite where its disk is full or fails; both go on as in a
    new one. The others refuse what follows.
    """
    if not isinstance(problem, DBAPIError):
        return False
    code = getattr(problem.orig, "sqlite_errorcode", 0) & 0xFF
    return number(problem) in _RETRY_NUMBERS or code in _SQLITE_UNDOES


def is_unread(problem: Exception) -> bool:
    """Return whether this was raised because nobody can read a value of a row.

    It comes from the driver, or the host's own type, once the statement is done; the transaction
    goes on. A name that our own code does not know is no value of anybody's.
    """
    if isinstance(problem, SQLAlchemyError):
        return isinstance(problem, DataError) or is_garbled(problem)
    if isinstance(problem, NameError) and _is_ours(problem):
        return False
    return not isinstance(problem, GuesteraseError)


def _is_ours(problem: BaseException) -> bool:
    """Return whether a line of this package raised it, and none of the host's beneath."""
    frames = [frame for frame, _ in walk_tb(problem.__traceback__)]
    package = __name__.partition(".")[0]
    return bool(frames) and str(frames[-1].f_globals.get("__name__")).startswith(f"{package}.")


def is_garbled(problem: BaseException) -> bool:
    """Return whether SQLite gave a text that is none: a program of old wrote other bytes."""
    return isinstance(problem, DBAPIError) and _GARBLED in str(problem.orig)


_GARBLED = "Could not decode to UTF-8"


def is_misfit(problem: BaseException) -> bool:
    """Return whether a value was refused that the column it is compared with cannot hold.

    A server whose columns know no Chinese refuses the statement instead of finding nothing; so
    does a type of the host's that takes no such text.
    """
    if not isinstance(problem, DBAPIError):
        return isinstance(problem, StatementError)
    return isinstance(problem, DataError) or number(problem) in _MISFIT_NUMBERS


def is_lock(problem: BaseException) -> bool:
    """Return whether a lock was not given in time."""
    if not isinstance(problem, DBAPIError):
        return False
    if "database is locked" in str(problem.orig) or "table is locked" in str(problem.orig):
        return True
    return state(problem) in _LOCK_STATES or number(problem) in _LOCK_NUMBERS


def is_forbidden(problem: BaseException) -> bool:
    """Return whether the account lacks a right, or the database can only be read."""
    if not isinstance(problem, DBAPIError):
        return False
    return (
        state(problem) in _RIGHT_STATES
        or number(problem) in _RIGHT_NUMBERS
        or "readonly database" in str(problem.orig)
    )


def is_stale(problem: DBAPIError) -> bool:
    """Return whether only another connection could write again.

    SQLite goes on reading only where the file could not be written when it was opened, or where
    another one was put in its place since.
    """
    return getattr(problem.orig, "sqlite_errorcode", 0) & 0xFF == _SQLITE_READONLY


def is_full(problem: BaseException) -> bool:
    """Return whether the database has no room to write."""
    if not isinstance(problem, DBAPIError):
        return False
    return (
        state(problem) in _FULL_STATES
        or number(problem) in _FULL_NUMBERS
        or (number(problem) in _WRITE_NUMBERS and _NO_SPACE.search(str(problem.orig)) is not None)
        or getattr(problem.orig, "sqlite_errorcode", 0) & 0xFF == _SQLITE_FULL
    )


def is_missing(problem: BaseException) -> bool:
    """Return whether a table or column is not there."""
    if not isinstance(problem, DBAPIError):
        return False
    return (
        state(problem) in _MISSING_STATES
        or number(problem) in _MISSING_NUMBERS
        or "no such table" in str(problem.orig)
        or "no such column" in str(problem.orig)
    )


def state(problem: DBAPIError) -> str:
    """Return the five letters by which SQL names an error, empty where there are none.

    :param problem: what the driver raised.
    """
    # psycopg2, which many an application still has, calls them by PostgreSQL's own name.
    names = ("sqlstate", "pgcode")
    return str(next(filter(None, (getattr(problem.orig, name, "") for name in names)), ""))


def number(problem: DBAPIError) -> int:
    """Return the number by which MariaDB names an error, 0 where there is none.

    :param problem: what the driver raised.
    """
    args = getattr(problem.orig, "args", ())
    if args and isinstance(args[0], int):
        return args[0]
    # MariaDB's own connector tells a text first.
    told = getattr(problem.orig, "errno", 0)
    return told if isinstance(told, int) and told > 0 else 0
