"""Who else holds copies: what each is given of an erased guest, queued with the erasure itself."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, cast

from sqlalchemy import insert, select

from ...core.certificate import Told
from ...core.errors import ErasureError, MatchError, PolicyError
from ...core.finding import Finding, Severity
from ...core.identity import Kind, kind_of
from ...core.log import slug
from ...core.plan import Key, Person, Plan, Row, key_text
from ...core.recipient import Identity, Recipient, Stage
from ...core.seal import Terms
from .. import keeping, law, outbox, safe, tables, tasks
from ..cases import day_at
from ..clocks import places_of
from ..datamap import Contacts, DataMap
from ..finder import candidates, carriers, find
from ..gaps import unreadable
from ..gone import is_left
from ..settings import Settings
from ..sql import among, chunks
from ..work import Work

SYSTEM, PERSON = "system", "person"
"""How a recipient is told."""

NOTHING = "no-identity"
"""Why a person must tell a system: there is no value by which it would know this guest alone."""

AFTER = 14
"""Days after an answer is due for which a person can still tell what could not be delivered."""

Place = tuple[str, str]
"""Table and column."""

Only = Mapping[tuple[str, Key], frozenset[str]]
"""(Table, key) -> the columns of it that go."""


def check(recipient: Recipient, others: Iterable[Recipient]) -> None:
    """Refuse a second recipient of the same name.

    :raises PolicyError: there is one.
    """
    if any(recipient.name == other.name for other in others):
        raise PolicyError(
            f"There is a recipient '{recipient.name}' already.", "Give this one another name."
        )


def findings(datamap: DataMap, recipients: Iterable[Recipient]) -> list[Finding]:
    """Return which recipients are to be given what is not there: nothing is erased until it is."""
    return [
        Finding(
            "recipient-unknown",
            "",
            each.name,
            f"Nothing is known that could be given as '{type_}'.",
            'Name a match key, a contact, or gives={"TYPE": "table.column"}.',
        )
        for each in recipients
        for type_, places in _places(datamap, each).items()
        if not places or None in places
    ]


def mute(recipients: Iterable[Recipient], settings: Settings) -> list[Finding]:
    """Return which recipients would answer and are not told where."""
    return [
        Finding(
            "recipient-mute",
            "",
            each.name,
            "The recipient is not told where to answer, so nothing is ever acknowledged.",
            "Set GUESTERASE_BASE_URL to the address of the guest pages.",
            Severity.WARN,
        )
        for each in recipients
        if hasattr(each.adapter, "verifies") and not settings.base_url
    ]


# what each is given


@dataclass(frozen=True)
class Known:
    """What may be told of the people of one erasure, read before it goes.

    :param people: subject rows that are erased now.
    :param values: recipient -> the values it is given.
    :param houses: codes of the properties of which something is erased: the one that was asked,
        and others of a group whose rows go with it.
    """

    people: tuple[Person, ...]
    values: Mapping[str, tuple[Identity, ...]]
    houses: frozenset[str]


def gather(work: Work, property_: str, plan: Plan, only: Only | None = None) -> Known | None:
    """Read what recipients are given, before the erasure.

    What a hold or a precondition of the hotel keeps is not told: it must not end elsewhere either.
    A value, or a row, that is another living guest's too would end theirs, and is not given.

    :param work: the open transaction.
    :param property_: code of the property.
    :param plan: what is about to be carried out.
    :param only: the columns it is about, where it finishes what an earlier one kept.
    :return: None where nobody is to be told of anybody.
    """
    people = tuple(person for person in plan.people if person not in plan.untouched())
    houses = _houses(work, property_, plan) if people else frozenset[str]()
    mine = [each for each in work.recipients if any(map(each.concerns, houses))]
    if not mine:
        return None
    asked = {each.name: _places(work.datamap, each) for each in mine}
    places = {p: kind_of(p[1]) or kind_of(type_) for types in asked.values()
              for type_, some in types.items() for p in some if p}  # fmt: skip
    values = _read(work, plan, people, places, only)
    gone = people if only is None else tuple(person for person in people if person in only)
    return Known(gone, {
        each.name: tuple(
            Identity(type_, value)
            for type_, some in asked[each.name].items()
            for value in dict.fromkeys(
                v for place in some if place
                for v, house in values.get(place, ()) if not house or each.concerns(house)
            )
        )
        for each in mine
    }, houses)  # fmt: skip


def _houses(work: Work, property_: str, plan: Plan) -> frozenset[str]:
    """Return the properties of which a plan erases something; a guest asks one of a group.

    What lies where is looked up only where a recipient knows the guests of another one alone.
    """
    found = {property_}
    if {each.property for each in work.recipients} - {None, property_}:
        for step in plan.changing():
            found.update(_places_of(work, step.decision.table, [row.key for row in step.rows])
                         .values())  # fmt: skip
    return frozenset(found)


def _places_of(work: Work, table: str, keys: Sequence[Key]) -> Mapping[Key, str]:
    """Return key -> code of the property, of rows that lie at one."""
    return places_of(work.conn, work.datamap, work.settings, work.datamap.declared(table), keys)


def _places(datamap: DataMap, recipient: Recipient) -> dict[str, list[Place | None]]:
    """Return type -> columns that hold it; None stands for a column that is not there."""
    return {
        type_: [_named(datamap, text) for text in columns] if columns else _by_word(datamap, type_)
        for type_, columns in recipient.given()
    }


def _named(datamap: DataMap, text: str) -> Place | None:
    table, _, wanted = text.rpartition(".")
    declared = datamap.tables.get(table)
    column = datamap.atlas.column(declared.table, wanted) if declared is not None else None
    return (table, column.name) if column is not None else None


def _by_word(datamap: DataMap, word: str) -> list[Place | None]:
    found: dict[Place | None, None] = {}
    for table, contacts in datamap.subjects.items():
        for column in _of_subject(contacts, word):
            found[table, column] = None
    return list(found)


def _of_subject(contacts: Contacts, word: str) -> Iterator[str]:
    """Yield the columns of a subject table that a word stands for."""
    for key, column in contacts.match.items():
        if not callable(column) and word in (key, kind_of(key)):
            yield column.name
    for name, kind in contacts.contact.items():
        if word in (name, kind):
            yield name
    if word == "name":
        yield from (column.name for column in contacts.names)


def _read(
    work: Work,
    plan: Plan,
    people: Sequence[Person],
    places: Mapping[Place, Kind | None],
    only: Only | None,
) -> dict[Place, list[tuple[str, str]]]:
    """Return the values of columns, each with the property its row lies at.

    A profile is the guest's wherever they stay; it, and what lies nowhere, has none.
    """
    wanted: dict[str, list[str]] = {}
    for table, column in sorted(places):
        wanted.setdefault(table, []).append(column)
    whole = work.whole()
    others = set(whole.tables) - set(wanted)
    found = find(work.conn, whole, people, others | set(unreadable(whole)))
    kept, values = _spared(plan), dict[Place, list[tuple[str, str]]]()
    bound = any(each.property for each in work.recipients)
    for table, columns in wanted.items():
        alone = [row for row in found.get(table, ()) if not row.others]
        at = _places_of(work, table, [row.key for row in alone]) if bound else {}
        at = {} if table in work.datamap.subjects else at
        for key, cells in _rows(work, table, alone, columns):
            free = columns if only is None else only.get((table, key), frozenset())
            for column in set(columns) & set(free):
                text = _text(work, (table, column), cells[column])
                spared = (table, key, "") in kept or (table, key, column) in kept
                place = table, column
                if text and not spared and not _anothers(work, place, places[place], text, people):
                    values.setdefault(place, []).append((text, at.get(key, "")))
    return values


def _spared(plan: Plan) -> set[tuple[str, Key, str]]:
    """Return what holds and preconditions keep: table, key and column, or all columns as ''."""
    return {
        (step.decision.table, row.key, column)
        for step in plan.keeping()
        if keeping.mode_of(step.decision) in (law.HELD, law.BLOCKED)
        for row in step.rows
        for column in step.decision.columns or ("",)
    }


def _rows(
    work: Work, table: str, rows: Sequence[Row], columns: Sequence[str]
) -> Iterator[tuple[Key, dict[str, Any]]]:
    declared = work.datamap.declared(table)
    key = [declared.table.c[c.key] for c in declared.key]
    wanted = [declared.column(name) for name in columns]
    try:
        for part in chunks([row.key for row in rows]):
            statement = select(*key, *wanted).where(among(key, part)).order_by(*key)
            for line in work.conn.execute(statement):
                cells = tuple(line)
                named = zip(columns, cells[len(key) :], strict=True)
                yield cells[: len(key)], dict(named)
    except (ValueError, TypeError, LookupError) as raised:
        # A type of the host's that cannot read its own column: its text may hold the value.
        raise ErasureError(
            f"What recipients are given cannot be read from {table} ({type(raised).__name__}).",
            "Look at the column's type; nothing was changed.",
        ) from None


def _text(work: Work, place: Place, value: Any) -> str:
    """Return a value as text, empty when there is none or an erasure left it."""
    declared = work.datamap.declared(place[0])
    rule = declared.rules.get(place[1])
    erased = rule is not None and is_left(
        declared.written(place[1]), declared.column(place[1]), value
    )
    if value is None or erased:
        return ""
    text = value.isoformat() if isinstance(value, date | datetime) else str(value)
    return text.strip()


def _anothers(
    work: Work, place: Place, kind: Kind | None, text: str, people: Sequence[Person]
) -> bool:
    """Return whether a value is another living person's own as well, wherever it stands there."""
    contacts = work.datamap.subjects.get(place[0])
    keys = [
        key
        for key, column in (contacts.match.items() if contacts is not None else ())
        if not callable(column) and column.name == place[1]
    ]
    try:
        found = {
            one.person
            for key in keys
            for one in candidates(work.conn, work.datamap, key, text, None)
        }
    except MatchError:
        # It means nobody: "0", a dash.
        return True
    if kind in _OWN:
        # What is no address at all is nobody's address.
        with suppress(MatchError):
            found |= carriers(work.conn, work.datamap, kind, text)
    return not found.issubset(people)


_OWN = (Kind.EMAIL, Kind.PHONE, Kind.DOCUMENT)
"""Kinds of values by which another system would take somebody else for the guest."""


# queued with the erasure


def queue(
    work: Work,
    origin: keeping.Origin,
    known: Known | None,
    again: bool = False,
    invented: bool = False,
) -> int:
    """Queue what each recipient must be told; return how many are to be told.

    :param work: the open transaction, in which the erasure was carried out.
    :param origin: on whose behalf.
    :param known: what was read before, None for nothing.
    :param again: they were told of this person before; only new values are worth a notice.
    :param invented: the guest never was; nobody is called, and no authority asked, about them.
    """
    count = 0
    if known is None:
        return 0
    for each in work.recipients:
        if not any(map(each.concerns, known.houses)):
            continue
        identities = known.values.get(each.name, ())
        worth = identities or (each.wants_rows() and known.people)
        if invented and (each.manual() or not worth):
            continue
        if (again or origin.number is None) and not worth:
            continue
        _queue(work, _at(work, origin, each), each, identities, known.people)
        count += 1
    return count


def _at(work: Work, origin: keeping.Origin, recipient: Recipient) -> keeping.Origin:
    """Return on whose behalf a recipient is told: of its own house, where it knows one alone."""
    hotel = work.settings.properties.get(recipient.property or origin.property)
    if hotel is None or hotel.code == origin.property:
        return origin
    return replace(origin, controller=slug(hotel.controller), property=hotel.code)


def untold(work: Work, number: str) -> bool:
    """Return whether this database knows nothing of anybody being told of a request."""
    table = tables.delivery
    told_ = select(table.c.id).where(table.c.request == number).limit(1)
    return work.conn.execute(told_).first() is None


def _queue(
    work: Work,
    origin: keeping.Origin,
    recipient: Recipient,
    identities: Sequence[Identity],
    people: Sequence[Person],
) -> None:
    reference = str(uuid.uuid4())
    rows = [[table, key_text(key)] for table, key in people] if recipient.wants_rows() else []
    by_person = recipient.manual() or not (identities or recipient.wants_rows())
    content = {
        "identities": [[each.type, each.value] for each in identities],
        "on": _today(work, origin).isoformat(),
        "rows": rows,
    }
    parcel = None
    if identities or rows:
        parcel = _parcel(work, origin, recipient, reference, content, by_person)
    asked = _task(work, origin, recipient, reference) if by_person else None
    work.conn.execute(
        insert(tables.delivery).values(
            request=origin.number,
            controller=origin.controller,
            property=origin.property,
            recipient=recipient.name,
            how=PERSON if by_person else SYSTEM,
            reference=reference,
            outbox=parcel,
            task=asked,
            state=Stage.QUEUED.value,
            problem=NOTHING if by_person and not recipient.manual() else None,
            queued_at=work.stamp,
            due_at=work.stamp + recipient.due,
        )
    )


def _parcel(
    work: Work,
    origin: keeping.Origin,
    recipient: Recipient,
    reference: str,
    content: Mapping[str, object],
    by_person: bool,
) -> int:
    """Seal what is told until it was told, and put it into the outbox."""
    days = max(outbox.BOX_DAYS, recipient.due.days + AFTER)
    ends = (work.now.date() + timedelta(days=days)).isoformat()
    terms = Terms(origin.controller, outbox.RECIPIENT, ends)
    box = safe.keep(work, terms, content, origin.number)
    made = work.conn.execute(
        insert(tables.outbox).values(
            request=origin.number,
            property=origin.property,
            kind=outbox.RECIPIENT,
            channel=PERSON if by_person else SYSTEM,
            template=recipient.name,
            dedupe=f"{outbox.RECIPIENT}:{reference}",
            box=box,
            state=outbox.READY if by_person else outbox.QUEUED,
            attempts=0,
            next_at=work.stamp,
        )
    )
    return int(cast(Any, made.inserted_primary_key)[0])


def _task(
    work: Work, origin: keeping.Origin, recipient: Recipient, reference: str
) -> int:
    """Ask a person; for guests nobody asked about, once a month and recipient."""
    today = _today(work, origin)
    which = reference if origin.number is not None else f"{today:%Y-%m}"
    name = f"{origin.property}/{recipient.name}/{which}"
    return tasks.ask(work, origin.property, name, today + recipient.due, 1)


def _today(work: Work, origin: keeping.Origin) -> date:
    return day_at(work.settings.property(origin.property), work.now)


# what a certificate says of it


def told(work: Work, number: str) -> tuple[Told, ...]:
    """Return who else was told of a request, and how far each got."""
    table = tables.delivery
    rows = work.conn.execute(
        select(table).where(table.c.request == number).order_by(table.c.recipient, table.c.id)
    ).all()
    return tuple(
        Told(row.recipient, row.how, _WORDS[Stage(row.state)], _day(work, row)) for row in rows
    )


_WORDS = {stage: stage.value for stage in Stage} | {Stage.RECEIVED: Stage.SENT.value}
"""Words of a certificate: that a recipient received a notice is no more than that it was sent."""


def _day(work: Work, row: Any) -> str:
    final = row.state in (Stage.ACKNOWLEDGED, Stage.DONE)
    moment: datetime = (row.answered_at if final else row.sent_at) or row.queued_at
    return day_at(work.settings.property(row.property), moment.replace(tzinfo=UTC)).isoformat()
