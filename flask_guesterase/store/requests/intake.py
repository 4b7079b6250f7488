"""How a request comes in: sealed from the form, and looked at by the worker."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, delete, exists, func, insert, or_, select, update

from ...core.asking import Asker
from ...core.errors import GapError, InputError, KeyMissingError, SealError
from ...core.events import (
    GUEST,
    DataCopyRequested,
    ErasureRequested,
    Event,
    IntakeReceived,
    RequestFiledAgain,
)
from ...core.identity import LONGEST, Kind
from ...core.lifecycle import OPEN, State
from ...core.log import canonical, slug
from ...core.plan import Person, key_text
from ...core.seal import Box, Terms, close, new_box_id, open_box
from ...core.standing import Standing
from ...core.wish import Kind as Asked
from ...core.wish import Wish, wish
from .. import tables
from ..access import limits, pulse
from ..casework import proving
from ..casework.cases import Case, Opening, columns, day_at, read, record, step, tell
from ..casework.contacts import keep_contact
from ..casework.matching import Contact, Match, by_contact
from ..certificates import certifying
from ..erasing import people
from ..journaling import approvals
from ..settings import Property
from ..statements.failure import is_unread
from ..statements.sql import among
from ..work import Work
from . import deadlines, meant, same
from .linking import FORM, write_link

CHANNELS = frozenset({FORM, "desk", "mail", "phone", "letter", "cli"})
"""Ways in which a request reaches the hotel."""

KINDS = (Kind.NAME, Kind.EMAIL, Kind.PHONE, Kind.DOCUMENT, Kind.BOOKING)
INTAKE_HOURS = 24
PATIENCE = timedelta(days=30)
"""How long it waits for who mends the installation, where nobody can find out whom it means."""

CROWD = 500
"""How many wait longer than a day: each round of the worker looks at all that do."""

FRESH = timedelta(hours=1)
"""How old a row is that a round of the worker left for a reason: it did not come just now."""
UNREAD = "unread"
def receive(
    work: Work, form: Mapping[str, str], property_: Property, channel: str, lang: str, remote: str
) -> None:
    """Seal what came through the form, and do nothing else, whoever it means.

    :param work: the open transaction.
    :param form: fields as they came; only name, e-mail, phone, document, booking and what is
        wished, one of `core.wish.Wish`, are kept.
    :param property_: where it was asked.
    :param channel: one of `CHANNELS`.
    :param lang: language the answer should be in.
    :param remote: where it came from; counted as a keyed mark.
    :raises LimitError: too much came from there.
    :raises InputError: nobody can wish this.
    """
    check_channel(channel)
    wished = wish(form.get("wish", "")).value
    limits.attempt(work, "intake", remote)
    given = {kind.value: str(form.get(kind, ""))[:LONGEST] for kind in KINDS}
    given |= {"lang": lang[:12], "wish": wished}
    work.conn.execute(
        insert(tables.intake).values(
            property=property_.code, channel=channel, received_on=work.stamp,
            **_sealed(work, slug(property_.controller), canonical(given)),
        )
    )  # fmt: skip
    event = IntakeReceived(slug(property_.controller), property_.code, grounds=(channel,))
    certifying.left(work, event)


def _sealed(work: Work, controller: str, given: bytes) -> dict[str, Any]:
    """Return the columns that hold what came in, under the key of today."""
    terms = Terms(controller, "intake", work.today, f"intake:{work.today}")
    work.custodian.ensure(terms.label)
    box = close(given, terms, work.custodian, new_box_id())
    return {
        "sealed": box.to_json().encode(), "label": box.label, "box": box.id,
        "ends_at": work.stamp + timedelta(hours=INTAKE_HOURS),
    }  # fmt: skip


def look(work: Work, most: int = 20) -> int:
    """Look at what came in: record requests of guests, end what means nobody.

    A row ends when it was looked at; one that cannot be opened is passed over and ends after 24
    hours. One of which a gap of the data map, the host's own types, or a property that the settings
    do not name any more, do not let anybody find out who is meant waits for 30 days, sealed anew
    each day, unless more than 500 do.

    :param work: the open transaction.
    :param most: rows that end in this transaction.
    :return: how many rows ended.
    """
    table, ended, last = tables.intake, list[int](), 0
    while len(ended) < most:
        rows = work.conn.execute(
            select(table)
            .where(table.c.id > last)
            .order_by(table.c.id)
            .limit(most - len(ended))
            .with_for_update(skip_locked=True)
        ).all()
        if not rows:
            break
        last = rows[-1].id
        # Where there are no keys at all a request that reached the hotel waits for them.
        over = work.stamp if work.custodian.exists() else datetime.min
        ended += [row.id for row in rows if _is_over(work, row, over)]
    if ended:
        work.conn.execute(delete(table).where(table.c.id.in_(ended)))
    return len(ended)


def passed_over(work: Work) -> bool:
    """Return whether rows lie here that were looked at and could not be dealt with."""
    table = tables.intake
    old = select(table.c.id).where(table.c.received_on < work.stamp - FRESH)
    return work.conn.execute(old.limit(1)).first() is not None


def _is_over(work: Work, row: Row[Any], over: datetime) -> bool:
    """Return whether a row ends: it was found out who is meant, or nobody will any more."""
    try:
        box = Box.from_json(row.sealed.decode())
        given = open_box(box, work.custodian)
    except SealError:
        return bool(row.ends_at <= over)
    property_ = work.settings.properties.get(str(row.property))
    # Who took a property out too early names it again: whoever asked there is not lost over it.
    looked = property_ is not None and _looked(work, row, property_, json.loads(given))
    return looked or not _waits(work, row, box.controller, given)


def _waits(work: Work, row: Row[Any], controller: str, given: bytes) -> bool:
    """Return whether a row that nobody can read yet still waits, and seal it for another day."""
    if row.label == f"intake:{work.today}":
        return True
    table, since = tables.intake, work.stamp - row.received_on
    if since > PATIENCE or (since > timedelta(hours=INTAKE_HOURS) and _crowded(work)):
        return False
    anew = _sealed(work, controller, given)
    work.conn.execute(update(table).where(table.c.id == row.id).values(anew))
    return True


def _crowded(work: Work) -> bool:
    many: int = work.conn.execute(select(func.count()).select_from(tables.intake)).scalar_one()
    return many > CROWD


def _looked(work: Work, row: Row[Any], property_: Property, given: dict[str, str]) -> bool:
    """Return whether it could be found out who is meant."""
    lang, wished = given.pop("lang", ""), Wish(given.pop("wish", Wish.ERASE))
    try:
        match = by_contact(work, {k: v for k, v in given.items() if v.strip()}, property_)
    except GapError:
        # Whoever asked is not lost over it: somebody mends the installation.
        return False
    except Exception as problem:
        # A profile of the host's that nobody can read keeps nobody else waiting.
        if not is_unread(problem):
            raise
        return False
    if match is not None and match.contact is not None:
        _recognise(work, row, (lang, wished), (property_, match, match.contact))
    return True


def _recognise(
    work: Work, row: Row[Any], asked: tuple[str, Wish], found: tuple[Property, Match, Contact]
) -> None:
    """Record the request of a guest and write to the contact on file; strangers leave nothing."""
    (lang, wished), (property_, match, contact) = asked, found
    received_at: datetime = row.received_on
    opening = Opening(
        property_,
        str(row.channel),
        lang or property_.lang,
        day_at(property_, received_at.replace(tzinfo=UTC)),
        received_at,
        None,
        match.mark,
    )
    for case in recorded(work, opening, match, wished):
        write_link(work, _spoken(work, case, lang), contact)


def _spoken(work: Work, case: Case, lang: str) -> Case:
    """Return a request as whoever sent the newest form can read of it.

    They may have asked again since they could not read the first letter. What a person wrote down,
    or the guest has proved, is answered as it was; only this letter is not.
    """
    if not lang or lang == case.lang:
        return case
    if case.state is State.RECEIVED and case.channel == FORM:
        return step(work, case, lang=lang)
    return replace(case, lang=lang)


def recorded(
    work: Work,
    opening: Opening,
    match: Match,
    wished: Wish,
    who: tuple[str, str | None] = (GUEST, None),
    lang: str = "",
) -> list[Case]:
    """Return the requests of a wish, those that are open already or new ones; the copy's first.

    What reached the hotel first begins the clock, whoever was told of it and whenever it is read.
    An erasure waits for a copy that nobody has confirmed yet only where both are new: a form that
    anybody can send must not keep an erasure waiting.

    :param who: the actor, and the host's id of the clerk.
    :param lang: language that a clerk said the guest speaks, or empty.
    """
    asked = [replace(opening, kind=kind) for kind in _KINDS[wished]]
    open_ = [open_already(work, each, match.meant) for each in asked]
    came = opening.received, opening.received_at
    known = [found and deadlines.begin(work, found, *came) for found in open_]
    if who[0] != GUEST:
        known = [found and _joined(work, found, opening, match, who, lang) for found in known]
    cases = [
        found if found is not None else _record(work, each, match, who)
        for each, found in zip(asked, known, strict=True)
    ]
    if wished is Wish.COPY_FIRST and known == [None, None]:
        table = tables.copy
        first, then = cases
        work.conn.execute(
            update(table).where(table.c.request == first.number).values(erasure=then.number)
        )
    return cases


def _joined(
    work: Work, case: Case, opening: Opening, match: Match, who: tuple[str, str | None], lang: str
) -> Case:
    """Return an open request, about which a clerk was told as well.

    Of one from the form that waits for its guest a person answers from now on, in the language
    that the clerk heard: anybody could have sent the form, which a clock ends.
    """
    again(work, case, opening.channel, who)
    if case.state is not State.RECEIVED:
        return case
    if match.contact is not None:
        proving.say(work, case, match.contact)
    if case.channel != FORM:
        return case
    return step(work, case, channel=opening.channel, lang=lang or case.lang)


def again(work: Work, case: Case, channel: str, who: tuple[str, str | None]) -> None:
    """Note that a clerk filed what is asked for already: they had part in it from now on.

    :param work: the open transaction.
    :param case: the open request.
    :param channel: how it reached the hotel this time.
    :param who: the actor, and the host's id of the clerk, or None.
    """
    actor, by = who
    try:
        marks = approvals.who(work, case, by)
    except KeyMissingError:
        # Nothing is approved without the key; once it is back, the number tells who had part.
        marks = {}
    tell(work, RequestFiledAgain, case, actor, grounds=(channel,), marks=marks)


_KINDS = {
    Wish.ERASE: (Asked.ERASURE,),
    Wish.COPY: (Asked.COPY,),
    Wish.COPY_FIRST: (Asked.COPY, Asked.ERASURE),
}


def check_channel(channel: str) -> None:
    """Refuse a channel there is none of.

    :raises InputError: the word is unknown.
    """
    if channel not in CHANNELS:
        raise InputError("There is no such channel.", f"Use one of: {', '.join(sorted(CHANNELS))}.")


def open_already(
    work: Work, opening: Opening, meant: Collection[Person] = ()
) -> Case | None:
    """Return the open request about the same rows, so that asking twice makes no second one.

    A relative's request is another one than the guest's: whoever asks in the name of the dead
    must not silence a guest who lives. So is one of which somebody said that a row is another
    person's: of two by one name at one mailbox the second may be asking now.

    :param work: the open transaction.
    :param opening: what is known of the new one.
    :param meant: subject rows of whoever asks now, or may be.
    """
    # Who asks at the same time waits here: neither would see the other's request.
    pulse.turn(work.conn, f"asked-{opening.subject_mark[:2]}", work.stamp)
    table = tables.request
    who, relative = table.c.asked_by, Asker.RELATIVE.value
    asked = table.c.kind == opening.kind.value
    same = who == relative if opening.asked_by == relative else or_(who.is_(None), who != relative)
    row = work.conn.execute(
        select(*columns())
        .where(
            table.c.subject_mark == opening.subject_mark,
            table.c.property == opening.property.code,
            asked,
            table.c.state.in_([state.value for state in OPEN]),
            same,
            ~_left(meant),
        )
        .order_by(table.c.id)
        .limit(1)
    ).one_or_none()
    return None if row is None else read(row)


def _left(meant: Collection[Person]) -> ColumnElement[bool]:
    """Return the condition that a request was said not to be about one of these rows."""
    subject, rows = tables.subject, [(name, key_text(key)) for name, key in meant]
    return exists().where(
        subject.c.request == tables.request.c.number,
        subject.c.standing == Standing.LEFT.value,
        among([subject.c.table_name, subject.c.row_key], rows),
    )


def file_for(
    work: Work, opening: Opening, whose: Iterable[Person], who: tuple[str, str | None]
) -> Case:
    """Record a request about people who are known by their rows alone, without a contact.

    :param work: the open transaction.
    :param opening: what is known of it.
    :param whose: their subject rows.
    :param who: the actor, and the host's id of the clerk, or None.
    """
    people_ = tuple(whose)
    case = record(work, opening)
    people.take(work, case.number, people_)
    _filed(work, case, who, people_, 0, (case.channel,))
    return case


def _record(
    work: Work, opening: Opening, match: Match, who: tuple[str, str | None]
) -> Case:
    case = record(work, opening)
    people.put(work, case.number, match.judged)
    if match.contact is not None and opening.asked_by != Asker.RELATIVE:
        keep_contact(work, case, match.contact)
    other = opening.asked_by if opening.asked_by != Asker.GUEST else ""
    words = tuple(filter(None, (case.channel, other, opening.reason)))
    _filed(work, case, who, match.taken, len(match.judged) - len(match.taken), words)
    return case


def _filed(
    work: Work, case: Case, who: tuple[str, str | None], taken: tuple[Person, ...],
    perhaps: int, words: tuple[str, ...],
) -> None:  # fmt: skip
    event: type[Event] = ErasureRequested
    if case.kind == Asked.COPY:
        event = DataCopyRequested
        work.conn.execute(insert(tables.copy).values(request=case.number, fetches=0))
    actor, by = who
    marks = {**approvals.who(work, case, by), **meant.marks(work, case)}
    marks |= same.noted(work, case, taken)
    tell(work, event, case, actor, {"taken": len(taken), "perhaps": perhaps}, words, marks)
