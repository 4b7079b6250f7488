"""What all commands share: one answer for people and for programs, errors, exit codes."""

from __future__ import annotations

import functools
import json
import math
import re
import sys
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, is_dataclass
from datetime import date, datetime
from itertools import islice
from pathlib import Path
from typing import Any, NoReturn

import click
from flask import current_app
from flask.cli import AppGroup
from sqlalchemy.exc import DBAPIError

from ...core.checkpoint import notes
from ...core.errors import GuesteraseError, InputError
from ...core.finding import Finding
from ...store.statements.failure import translated
from ...store.statements.folder import refused_as
from ..anew import anew, apart, committed
from ..current import current
from ..wording.problems import untold

guesterase_cli = AppGroup("guesterase", help="Erase guests' data, lawfully and provably.")

out = click.option(
    "--out", required=True, type=click.Path(path_type=Path), help="What to write; must be new."
)

CALENDAR = range(1900, 9000)
"""Years whose days are meant: before and after them not every day can be counted from."""


class Existing(click.Path):
    """A path that must be there; a wrong one is not repeated, for it may hold somebody's name."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the path."""
        try:
            return super().convert(value, param, ctx)
        except click.BadParameter:
            self.fail("There is no such file or folder that can be read.", param, ctx)


class Day(click.DateTime):
    """A day; what is none is not repeated."""

    def __init__(self) -> None:
        super().__init__(["%Y-%m-%d"])

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the day as a time."""
        try:
            day: datetime = super().convert(value, param, ctx)
        except click.BadParameter:
            day = datetime.min
        if day.year not in CALENDAR:
            self.fail("This is no day; write it like 2026-12-01.", param, ctx)
        return day


class Whole(click.types.IntParamType):
    """A whole number that the database can hold; what is none is not repeated.

    :param least: the smallest one; the largest is that of 32 bits.
    """

    def __init__(self, least: int = 1) -> None:
        self._range = range(least, 2**31)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the number."""
        try:
            number = int(super().convert(value, param, ctx))
        except click.BadParameter:
            number = -1
        if number not in self._range:
            first, last = self._range[0], self._range[-1]
            self.fail(f"This is no whole number from {first} to {last}.", param, ctx)
        return number


class Seconds(click.types.FloatParamType):
    """A time in seconds that ends: neither less than nothing, nor endless, nor no number at all.

    :param least: the shortest one; the longest is some thirty years.
    """

    def __init__(self, least: float = 0.0) -> None:
        self._least = least

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the seconds."""
        try:
            seconds = float(super().convert(value, param, ctx))
        except click.BadParameter:
            seconds = math.nan
        # Nothing is more or less than what is no number.
        if not self._least <= seconds <= 1e9:
            self.fail(f"This is no number of seconds from {self._least:g} on.", param, ctx)
        return seconds


_DETAILS = ("findings", "problems", "fields", "differences", "reasons", "index")


@dataclass(frozen=True)
class Answer:
    """What a command has to say.

    :param data: for programs: what JSON can hold, dates and dataclasses included.
    :param text: for people; printed without ``--json``.
    :param note: a line for people on the error output, such as a next step.
    :param fine: False ends the command with exit code 1: a problem was found and named.
    """

    data: Any
    text: str = ""
    note: str = ""
    fine: bool = True


def verb(
    group: click.Group, name: str | None = None, once: bool = False
) -> Callable[..., click.Command]:
    """Return a decorator that makes a command of a function returning an `Answer`.

    Exit code 0: fine; 1: a problem, named on the error output, or as JSON on the output with
    ``--json``; 2: wrong use, by click. An option ``property_`` that names no property is a problem
    of every command.

    :param group: the group it belongs to.
    :param name: name of the command; that of the function when None.
    :param once: what it does beside its transactions is not begun anew after a deadlock.
    """

    def decorate(function: Callable[..., Answer]) -> click.Command:
        begun = function if once else anew(function)

        @functools.wraps(function)
        def run(as_json: bool, **given: Any) -> None:
            _lenient()
            try:
                _readable(given)
                if given.get("property_"):
                    current.settings.property(given["property_"])
                answer = begun(**given)
            except GuesteraseError as problem:
                _fail(problem, as_json)
            except DBAPIError as problem:
                _fail(translated(problem), as_json)
            except (click.ClickException, click.exceptions.Exit, click.Abort):
                raise
            except Exception as surprise:
                if current_app.debug or current_app.testing:
                    raise
                _unforeseen(surprise, as_json)
            _print(answer, as_json)

        option = click.option("--json", "as_json", is_flag=True, help="Answer in JSON alone.")
        return group.command(name)(option(run))

    return decorate


def _lenient() -> None:
    """Let what the terminal's encoding lacks be written as its number.

    A command that has done its work would else end as failed, for a name it cannot print.
    """
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def _readable(given: Mapping[str, Any]) -> None:
    """Refuse what is in another encoding: no database keeps it. A file may be named in any way.

    :raises InputError: there is such a text; it is not repeated.
    """
    for value in given.values():
        texts = value if isinstance(value, tuple) else (value,)
        if any(isinstance(text, str) and _UNREAD.search(text) for text in texts):
            raise _foreign()


_UNREAD = re.compile("[\0\ud800-\udfff]")
"""What is left of a byte that Python could not read, and of every other one in UTF-16."""


def _foreign() -> InputError:
    return InputError(
        "What was typed, or brought in a pipe, is in another encoding than is read here.",
        "Write it in UTF-8, or set LANG to what the terminal writes; then once more.",
    )


def typed(read: Callable[[], str]) -> str:
    """Return what comes from the keyboard or a pipe.

    :param read: reads it.
    :raises InputError: it cannot be read as a text, or a pipe brought nothing.
    """
    try:
        # A pipe brings it once.
        text = apart(read)
    except UnicodeDecodeError:
        raise _foreign() from None
    except click.Abort:
        if sys.stdin.isatty():
            raise
        raise InputError("The input was empty.", "Bring in a pipe what is asked for.") from None
    _readable({"": text})
    return text


def asked(text: str, what: str) -> str:
    """Return what an option says, asked for when it is '-': what is typed there, others may see.

    :param text: the option.
    :param what: what is asked for, in words.
    """
    return typed(lambda: click.prompt(what, err=True)) if text == "-" else text


def _print(answer: Answer, as_json: bool) -> None:
    if as_json:
        echo_json(answer.data)
    elif answer.text:
        click.echo(_still(answer.text))
    if answer.note:
        click.echo(_still(answer.note), err=True)
    if not answer.fine:
        raise click.exceptions.Exit(1)


def _still(text: str) -> str:
    """Return a text that only writes: what guests wrote must not move a terminal's cursor."""
    return _MOVING.sub("\ufffd", text)


_MOVING = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]|\r(?!\n)")
"""Characters by which a terminal is told to do something, but for the end of a line and a tab."""


def _fail(problem: GuesteraseError, as_json: bool) -> NoReturn:
    details = {name: getattr(problem, name, None) for name in _DETAILS}
    told = {name: value for name, value in details.items() if value not in (None, (), {})}
    if as_json:
        error = {"id": error_id(problem), "message": problem.message, "hint": problem.hint}
        click.echo(dumped({"error": error | told}))
    else:
        lines = [problem.message, problem.hint]
        for value in told.values():
            lines += [f"  {line}" for line in _lines(value)]
        click.echo("\n".join(filter(None, lines)), err=True)
    raise click.exceptions.Exit(1)


def _unforeseen(surprise: Exception, as_json: bool) -> NoReturn:
    """Tell an error by its class alone: its text may hold a guest's value."""
    click.echo(untold(surprise), err=True)
    if as_json:
        message = f"Something nobody foresaw went wrong ({type(surprise).__name__})."
        hint = "The error output says where; look at what was done before you try again."
        click.echo(dumped({"error": {"id": "unexpected", "message": message, "hint": hint}}))
    raise click.exceptions.Exit(1) from None


def _lines(value: Any) -> Iterable[str]:
    if isinstance(value, Mapping):
        return [f"{key}: {' '.join(texts)}" for key, texts in value.items()]
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [
            f"{v.place} {v.message}".strip() if isinstance(v, Finding) else str(v) for v in value
        ]
    return [f"at {value}"]


def error_id(problem: GuesteraseError) -> str:
    """Return the stable word for a kind of error: ``FourEyesError`` is ``four-eyes``."""
    name = type(problem).__name__.removesuffix("Error")
    return re.sub(r"(?<!^)(?=[A-Z])", "-", name).lower()


def dumped(value: Any) -> str:
    """Return a value as JSON: days and times in ISO form, times in UTC."""
    return _JSON.encode(value)


def echo_json(value: Any) -> None:
    """Print what `dumped` returns, piece by piece: a list of years is long."""
    parts = _JSON.iterencode(value)
    while piece := "".join(islice(parts, 10_000)):
        click.echo(piece, nl=False)
    click.echo()


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.replace(tzinfo=None).isoformat(timespec="seconds") + "Z"
    if isinstance(value, date):
        return value.isoformat()
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    return str(value)


_JSON = json.JSONEncoder(default=_plain, indent=2)


def listing(rows: Iterable[Mapping[str, Any]], columns: Sequence[str]) -> str:
    """Return rows as aligned columns under their names; nothing for no rows.

    :param rows: one mapping a line.
    :param columns: keys to show, in this order; empty columns are left out.
    """
    table = [[_cell(row.get(column)) for column in columns] for row in rows]
    if not table:
        return ""
    shown = [place for place in range(len(columns)) if any(row[place] for row in table)]
    lines = [[columns[place].upper().replace("_", " ") for place in shown]]
    lines += [[row[place] for place in shown] for row in table]
    widths = [max(_width(line[place]) for line in lines) for place in range(len(shown))]
    return "\n".join(
        "  ".join(_padded(text, width) for text, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


def fields(data: Mapping[str, Any]) -> str:
    """Return a mapping as one aligned line a field; empty fields are left out."""
    told = {name: _cell(value) for name, value in data.items()}
    width = max((len(name) for name, text in told.items() if text), default=0)
    return "\n".join(f"{name:<{width}}  {text}" for name, text in told.items() if text)


def _cell(value: Any) -> str:
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        return "yes" if value else ""
    if isinstance(value, Mapping):
        return " ".join(f"{key}={_cell(item)}" for key, item in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(_cell(item) for item in value)
    return str(_plain(value))


def _padded(text: str, width: int) -> str:
    return text + " " * (width - _width(text))


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def notes_of(paths: Iterable[Path]) -> list[str]:
    """Return the signed checkpoints that files hold, one or several in each.

    :raises InputError: one of them cannot be read, or holds none.
    """
    found: list[str] = []
    for path in paths:
        try:
            held = notes(path.read_bytes().decode("utf-8"))
        except (OSError, UnicodeDecodeError) as problem:
            raise InputError(
                f"The checkpoint cannot be read ({type(problem).__name__}).", "Name another file."
            ) from None
        if not held:
            raise InputError("The file holds no signed checkpoint.", "Name another file.")
        found += held
    return found


def written(path: Path, text: str) -> None:
    """Write a file that is not there yet, or is empty.

    :raises InputError: there is something in it already, or it cannot be written.
    """
    with refused_as(InputError, "The file cannot be written", "Name another one."):
        if path.exists() and path.stat().st_size:
            raise InputError("The file exists already.", "Name a new one.")
        path.write_text(text, encoding="utf-8")
        committed()
