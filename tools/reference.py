"""Write the reference pages that are made from the code: `python tools/reference.py`.

A test compares the pages with what this makes, so that they never say what the code does not.
"""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import click

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import flask_guesterase  # noqa: E402 - the checkout must be found first
from flask_guesterase.core import errors, finding, lifecycle, permissions  # noqa: E402
from flask_guesterase.core.events import EVENTS, Event  # noqa: E402
from flask_guesterase.core.minimal import Review  # noqa: E402
from flask_guesterase.core.own import WEIGHT  # noqa: E402
from flask_guesterase.core.owntables import PLACES, TABLES  # noqa: E402
from flask_guesterase.store.lawbook.packs import bundled  # noqa: E402
from flask_guesterase.store.office import Office  # noqa: E402
from flask_guesterase.store.tables import PREFIX  # noqa: E402
from flask_guesterase.web.commands import law  # noqa: E402
from flask_guesterase.web.commands.cli import guesterase_cli  # noqa: E402
from flask_guesterase.web.joining import config  # noqa: E402

NOTE = "<!-- Made by tools/reference.py from the code; do not edit by hand. -->\n"


def first(thing: object) -> str:
    """Return the first sentence of a docstring."""
    text = inspect.getdoc(thing) or ""
    return " ".join(text.split("\n\n")[0].split())


def names() -> Iterator[str]:
    """Yield the page of public names."""
    yield "# Public names\n"
    yield (
        "Everything `flask_guesterase` exports. Besides it, what `begin()` opens is [the "
        "office](office.md), and the how-to pages import a few names from its modules. Nothing "
        "else is promised.\n"
    )
    for name in flask_guesterase.__all__:
        thing = getattr(flask_guesterase, name)
        yield f"## `{name}`\n"
        if inspect.isclass(thing):
            yield f"{first(thing)}\n"
            parameters = re.findall(r":param (\w+): (.+?)(?=\n:|\Z)", inspect.getdoc(thing) or "",
                                    re.DOTALL)
            for parameter, text in parameters:
                yield f"* `{parameter}`: {' '.join(text.split())}"
            if parameters:
                yield ""
            if name == "Guesterase":
                yield from _methods(thing)
        elif inspect.isfunction(thing):
            yield f"`{name}{_signature(thing)}`\n\n{first(thing)}\n"
        else:
            yield f"{_VALUES[name]}\n"


_VALUES = {
    "api_pages": "Blueprint of the JSON API; the host registers it where programs are to use it.",
    "current": "The extension of the current application.",
    "delete": "Row rule: the row goes with any of its owners.",
    "delete_when_last_owner": "Row rule: the row goes when its last living owner does.",
    "guest_pages": "Blueprint of the guests' pages; the host registers it under its own prefix.",
    "health_pages": "Blueprint of the health address: well or not, in words, for whoever watches.",
    "mentions": "Column rule: only what names the person is taken out of a text; the rest stays.",
    "null": "Column rule: NULL.",
    "overwrite": "Row rule: the row stays and its columns are overwritten; the default.",
    "placeholder": "Column rule: a random, unique, unmailable text within the column's length.",
    "redact": "Column rule: a fixed mark that fits the column.",
    "staff_pages": "Blueprint of the staff's pages; the host registers it under its own prefix.",
    "witness_pages": "Blueprint of the witness's address; register it where others may reach it.",
}


def _methods(thing: type) -> Iterator[str]:
    every = {name: value for kind in thing.__mro__[-2::-1] for name, value in vars(kind).items()}
    for name, method in sorted(every.items()):
        if name.startswith("_") or not (callable(method) or isinstance(method, property)):
            continue
        if isinstance(method, property):
            yield f"* `.{name}`: {first(method)}"
        else:
            target = inspect.unwrap(method)
            yield f"* `.{name}{_signature(target)}`: {first(target)}"
    yield ""


def _signature(function: object) -> str:
    parameters = list(inspect.signature(function).parameters.values())  # type: ignore[arg-type]
    shown = [p.replace(annotation=inspect.Parameter.empty) for p in parameters if p.name != "self"]
    return "(" + ", ".join(str(p) for p in shown) + ")"


def office() -> Iterator[str]:
    """Yield the page of the office, desk by desk."""
    yield "# The office\n"
    yield (
        "What `with guesterase.begin() as office:` opens: one method for each thing a person can "
        "do, in one transaction that is committed at the end of the block; `begin(write=False)` "
        "only reads. Pages, commands and the API call the same methods, which ask your "
        "`authorize`. `by` is the host's id of who acts, a text as Flask-Login keeps it; where it "
        "may be left out, nobody is asked for a permission. Errors are "
        "[`GuesteraseError`](errors.md)s; the docstrings say which.\n"
    )
    for desk in sorted(Office.__bases__, key=lambda each: each.__name__):
        shown = [(n, m) for n, m in vars(desk).items() if not n.startswith("_") and callable(m)]
        yield f"## {desk.__name__}\n\n{first(desk)}\n"
        for name, method in shown:
            yield f"* `.{name}{_signature(inspect.unwrap(method))}`: {first(method)}"
        yield ""


def keys() -> Iterator[str]:
    """Yield the page of configuration keys."""
    source = inspect.getsource(config)
    yield "# Configuration\n"
    yield (
        "Deployment settings are configuration; behaviour is an argument. There are no others: "
        "with a wrong value, or a key that is none, `init_app` raises `SetupError`. They are read "
        "once, by `init_app`, from `app.config`. A variable of the environment counts only where "
        "your application puts it there: `app.config.from_prefixed_env()` of Flask makes "
        "`GUESTERASE_KEYS` of `FLASK_GUESTERASE_KEYS`.\n"
    )
    for key, default in config.DEFAULTS.items():
        comment = re.search(rf'((?:    #: .*\n)+)    "{key}"', source)
        text = " ".join(re.findall(r"#: (.*)", comment.group(1))) if comment else ""
        yield f"## `{key}`\n\nDefault: `{default!r}`. {text.replace('``', '`')}\n"


def signals() -> Iterator[str]:
    """Yield the page of events and signals."""
    yield "# Events and signals\n"
    yield (
        "What happens is written to the journal in the transaction and announced after the "
        "commit by the signal of the same name: `signal(\"subject-erased\").connect(receiver)`. "
        "The sender is the application; the argument is `event`. Signals observe; they never "
        "decide. A receiver that raises is logged by its name and does not disturb the others.\n"
    )
    yield "| event | when |\n|---|---|"
    for name, kind in EVENTS.items():
        yield f"| `{name}` | {first(kind)} |"
    yield "\nEach event has these fields:\n"
    for field, text in re.findall(r":param (\w+): (.+?)(?=\n:|\Z)", inspect.getdoc(Event) or "",
                                  re.DOTALL):
        yield f"* `{field}`: {' '.join(text.split())}"
    yield (
        "\n`record-reviewed` is no event and in no journal: it is sent with `review` at once when "
        "a record was reviewed as it was made, and names columns, never a value:\n"
    )
    for field, text in re.findall(r":param (\w+): (.+?)(?=\n:|\Z)", inspect.getdoc(Review) or "",
                                  re.DOTALL):
        yield f"* `{field}`: {' '.join(text.split())}"


def commands() -> Iterator[str]:
    """Yield the page of commands."""
    yield "# Commands\n"
    yield (
        "`flask --app YOUR_APP guesterase VERB`. With `--json`, JSON alone goes to standard "
        "output. Exit code 0: fine; 1: a named problem; 2: wrong use.\n"
    )
    yield from _group(guesterase_cli, "")


def _group(group: click.Group, before: str) -> Iterator[str]:
    for name, command in sorted(group.commands.items()):
        if isinstance(command, click.Group):
            yield from _group(command, f"{before}{name} ")
            continue
        arguments = [p.human_readable_name for p in command.params
                     if isinstance(p, click.Argument)]
        yield f"## `{' '.join([before + name, *arguments])}`\n"
        yield f"{' '.join((command.help or '').split())}\n"
        options = [p for p in command.params if isinstance(p, click.Option)]
        for option in options:
            yield f"* `{', '.join(option.opts)}`: {_asked(option)}"
        if options:
            yield ""


def _asked(option: click.Option) -> str:
    """Return what an option is for, which words it takes, and whether it must be given."""
    said = [" ".join((option.help or "").split())]
    if isinstance(option.type, click.Choice):
        said.append(f"One of {', '.join(f'`{word}`' for word in option.type.choices)}.")
    if option.required:
        said.append("Required.")
    return " ".join(filter(None, said))


def problems() -> Iterator[str]:
    """Yield the page of errors."""
    tree = (errors.__doc__ or "").split("\n\n", 1)[1].rstrip()
    yield "# Errors\n"
    yield "Each message names the cause and the next step, and never holds personal data.\n"
    yield f"```\n{tree}\n```\n"
    for name, kind in vars(errors).items():
        if inspect.isclass(kind) and issubclass(kind, errors.GuesteraseError):
            yield f"* `{name}`: {first(kind)}"


def findings() -> Iterator[str]:
    """Yield the page of findings."""
    yield "# Findings\n"
    yield (
        "What `flask guesterase check` and `Guesterase.check()` can report. A finding that stops "
        "keeps the erasures that reach its place waiting; it never stops serving.\n"
    )
    yield "| id | what is wrong |\n|---|---|"
    for name, text in sorted(finding.KINDS.items()):
        yield f"| `{name}` | {text} |"


def life() -> Iterator[str]:
    """Yield the page of states."""
    yield "# The life of a request\n"
    yield "| state | what the guest is told | may become |\n|---|---|---|"
    for state, after in lifecycle.MOVES.items():
        following = ", ".join(f"`{name}`" for name in lifecycle.State if name in after) or "nothing"
        yield f"| `{state}` | {lifecycle.WORDS[state]} | {following} |"
    yield "\nGrounds of refusal: " + ", ".join(f"`{g}`" for g in lifecycle.Ground) + ".\n"
    yield (
        "## Permissions\n\nThe host grants them per person and property, by its `authorize`. "
        "Nobody has any until it does; what takes two people takes two, whatever each was "
        "granted.\n"
    )
    yield "| permission | who has it may |\n|---|---|"
    for permission, means in permissions.MEANS.items():
        yield f"| `{permission}` | {means} |"


def jurisdictions() -> Iterator[str]:
    """Yield the page of jurisdiction packs."""
    yield "# Jurisdiction packs\n"
    yield (
        "What the bundled packs say. None of it is legal advice, and none of it erases by itself "
        "before a named person of the operator signed the pack. Grade A: the text was read; B: a "
        "secondary source was read; C: from memory, somebody must look. A grade says what was "
        "read, not that it is in force today: see `as of`. The day a clock starts on is not "
        "counted; months are calendar months. `flask guesterase jurisdiction show CODE` prints "
        "one pack; [write and check your own](../how-to/jurisdictions.md).\n"
    )
    for pack in bundled().values():
        yield f"## {pack.code}: {pack.name}\n"
        extends = f" Extends {', '.join(pack.extends)}." if pack.extends else ""
        copies = "" if pack.id_copy.value == "none" else f" ID copies: {pack.id_copy.value}."
        yield f"As of {pack.as_of}, to be reviewed by {pack.review_by}.{extends}{copies}\n"
        for rule in pack.rules:
            yield from _said(f"`{rule.id}` ({rule.category})", law.rule_lines(rule))
        if pack.answering is not None:
            yield from _said("Answering a request", law.answering_lines(pack.answering))
        if pack.complaining is not None:
            yield from _said("Answering a complaint", law.complaining_lines(pack.complaining))
        for alarm in pack.alarms:
            yield from _said(f"`{alarm.id}` (telling of an incident)", law.alarm_lines(alarm))
        for category, text in pack.unknown:
            yield f"* Not known, or without a number, `{category}`: {text}"
        for note in pack.notes:
            yield f"* Note: {note}"
        if pack.unknown or pack.notes:
            yield ""


def _said(title: str, lines: Mapping[str, object]) -> Iterator[str]:
    yield f"{title}:\n"
    for name, value in lines.items():
        text = _plain(value)
        if text:
            yield f"* {name}: {text}"
    yield ""


def _plain(value: object) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name} = {str(wanted).lower()}" for name, wanted in value.items())
    if isinstance(value, tuple):
        return ", ".join(map(str, value))
    return "" if value is None else str(value)


def ours() -> Iterator[str]:
    """Yield the page of our own data."""
    yield "# Our own data\n"
    yield (
        "What the extension itself holds: every column of every table of its own, why it is "
        "there, and when it goes. `flask guesterase data` prints the same. What a key of the "
        "host's row says is what the host made of it; a mark says nothing without its key. "
        "[Why it is so](../explanation/own-data.md).\n"
    )
    for own in TABLES:
        yield f"## `{PREFIX}{own.table}`\n"
        yield f"Why: {own.why}. Goes: {own.ends} (by {own.end.value}).\n"
        yield "| column | holds | that is | goes sooner |\n|---|---|---|---|"
        for name, what in own.columns():
            yield f"| `{name}` | {what} | {WEIGHT[what]} | {own.sooner.get(name, '')} |"
        yield ""
    yield "## Outside the database\n"
    yield "| what | holds | why | goes |\n|---|---|---|---|"
    for place in PLACES:
        yield f"| {place.name} | {place.holds} | {place.why} | {place.ends} |"


PAGES = {
    "names.md": names,
    "office.md": office,
    "configuration.md": keys,
    "signals.md": signals,
    "commands.md": commands,
    "errors.md": problems,
    "findings.md": findings,
    "lifecycle.md": life,
    "jurisdictions.md": jurisdictions,
    "own-data.md": ours,
}


def page(name: str) -> str:
    """Return the text of one reference page."""
    return NOTE + "\n" + "\n".join(PAGES[name]()).rstrip() + "\n"


def main() -> None:
    """Write all pages."""
    folder = ROOT / "docs" / "reference"
    folder.mkdir(parents=True, exist_ok=True)
    for name in PAGES:
        (folder / name).write_text(page(name), encoding="utf-8")


if __name__ == "__main__":
    main()
