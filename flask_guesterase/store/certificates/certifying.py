"""The certificate of a request: its text, made when the check is done, and its proof."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import func, insert, select

from ...core import rotation
from ...core.certificate import CONTENT_MARK, Content, Gone, Left, Level, Shared, Stay
from ...core.certified import issue
from ...core.depth import Evidence, Reached
from ...core.errors import UnknownError
from ...core.events import GUEST, SYSTEM, CertificateIssued, Event
from ...core.lifecycle import State
from ...core.log import Entry, slug
from ...core.plan import Outcome
from .. import tables
from ..casework.cases import Case, day_at, load, tell
from ..journaling import approvals, binding, journal, signing, witness
from ..lawbook.blockers import today_at
from ..lawbook.unchanged import unchanged
from ..mapping.days import last_utc_day, last_whole_day
from ..partners import recipients
from ..remembrance import heads, remembering
from ..settings import Property
from ..work import Work
from . import beside, laternotice, staying
from .deeds import UNCOPIED, WHOLE

_ACTIONS = {Outcome.DELETE.value: "deleted", Outcome.OVERWRITE.value: "overwritten"}

_UNCOPIED = "-uncopied"
"""Ends the word of an action where no safety copy was made of what went by it."""


def journaled(work: Work, proving: bool = False) -> list[Entry]:
    """Put the events of a transaction that are not in the journal yet into it, in order.

    What must outlive the database goes to the register first, so that everybody takes the locks
    of register and journal in the same order.

    :param work: the open transaction.
    :param proving: the entries are needed now; otherwise those of a restored database wait to be
        put in sequence until it has caught up.
    :raises RetryableError: a hold was placed on what may have been erased.
    """
    binding.stand(work, unchanged)
    remembering.intend(work)
    news = work.events[work.journaled :]
    work.journaled = len(work.events)
    if not news:
        return []
    if not proving and remembering.forgetful(work):
        for draft in journal.drafts(news, work.now):
            journal.leave(work.conn, draft)
        return []
    return journal.append(work.conn, journal.drafts(news, work.now), work.custodian.public_key())


def left(work: Work, event: Event) -> None:
    """Note an event for whichever transaction appends next, without taking the journal's lock.

    For what anybody can cause: the public form neither waits for the journal's head nor tells by
    its statements how long the journal is.
    """
    work.events.insert(work.journaled, event)
    work.journaled += 1
    for draft in journal.drafts([event], work.now):
        journal.leave(work.conn, draft)


def content(work: Work, case: Case, end: State, decisions: Mapping[str, Any]) -> Content:
    """Return what the certificate of a request says: neither name nor stay.

    :param work: the open transaction.
    :param case: the request, as it was before its end state.
    :param end: the end state.
    :param decisions: what was decided, done and found left.
    """
    property_ = work.settings.home(case.property)
    did = decisions.get("did", ())
    went = tuple(line for i in did if i["outcome"] in _ACTIONS for line in _gone(i))
    later = laternotice.last_day(work, case.number) if end is State.SEALED else ""
    shared = tuple(
        Shared(i["table"], i["rows"], tuple(i["columns"]))
        for i in did
        if i["outcome"] == Outcome.SHARE.value
    )
    left = tuple(Left(i["table"], i["rows"], i["reason"]) for i in decisions["left"])
    depth = depth_of(decisions)
    copies = staying.copies_held(work, case.number)
    # Until its day, what a hold will keep longer is told by nothing.
    recovery = "" if copies else copied_until(work, case, decisions)
    ends = {
        "recovery": sealed_until(work, case, decisions), laternotice.WISH: later,
        "held": staying.held_keys(work, case.number, beside.of(decisions)),
    }  # fmt: skip
    return Content(
        case.number,
        slug(case.controller),
        case.property,
        _day(property_, case.received_at),
        _day(property_, case.decided_at),
        _day(property_, case.erased_at),
        end.value,
        level=depth.level,
        evidence=(*decisions["checks"], *depth.evidence),
        went=went,
        stays=(*_stays(work, case, did, later), *staying.copies(copies)),
        shared=shared,
        partial=left,
        recovery_until=recovery,
        root_until=_root_until(work, {**decisions, **ends}),
        four_eyes=_four_eyes(work, case),
        supplement=_count(work, case.number),
        unsearched=tuple(decisions.get("unsearched", ())),
        shared_values=decisions.get("shared", 0),
        recipients=recipients.told(work, case.number),
        copies_until=_copies_until(work, property_, case, end),
    )


def _gone(item: Mapping[str, Any]) -> Iterator[Gone]:
    """Yield what of rows went, and by itself that of which no safety copy was made."""
    table, rows, action = item["table"], item["rows"], _ACTIONS[item["outcome"]]
    lost, columns = item.get(UNCOPIED, ()), item["columns"]
    copied = tuple(name for name in columns if name not in lost)
    without = tuple(name for name in columns or lost if name in lost and name != WHOLE)
    # Of a row that goes whole nothing may have one, or all but the file that a column names.
    if copied or not (columns or WHOLE in lost):
        yield Gone(table, rows, copied, action)
    if without or (lost and not copied):
        yield Gone(table, rows, without, action + _UNCOPIED)


def _stays(
    work: Work, case: Case, did: Iterable[Mapping[str, Any]], later: str
) -> tuple[Stay, ...]:
    """Return what stays of a request, a contact that is kept to tell the guest later among it.

    :param later: last day of that contact; empty where none is kept.
    """
    found: Counter[Stay] = Counter()
    for i in did:
        if i["outcome"] in staying.OUTCOMES:
            why = i["category"], i.get("basis", ""), i["until"]
            # What the hotel alone tells apart is one line: how sure it is, or what has no copy.
            found[Stay(i["table"], 0, tuple(i["columns"]), *why)] += i["rows"]
    kept = tuple(replace(stay, rows=rows) for stay, rows in found.items())
    return (*kept, laternotice.stay(work, case, later)) if later else kept


def copied_until(work: Work, case: Case, decisions: Mapping[str, Any] | None = None) -> str:
    """Return the last day at the hotel of the safety copies of a request; empty without any.

    :param work: the open transaction; a read-only one is enough.
    :param case: the request.
    :param decisions: what was decided and done, where that is not written down yet.
    """
    return _at_hotel(work, case, sealed_until(work, case, decisions))


def first_until(work: Work, case: Case) -> str:
    """Return the last day at the hotel of the safety copy of what went first; empty without any.

    :param work: the open transaction; a read-only one is enough.
    :param case: the request.
    """
    first = str((case.decisions or {}).get("recovery", ""))
    if not first:
        # A restored database knows what was erased again by its copies alone.
        box = tables.box
        mine = select(func.min(box.c.last_day)).where(
            box.c.request == case.number, box.c.purpose == "recovery"
        )
        first = work.conn.execute(mine).scalar() or ""
    return _at_hotel(work, case, first)


def _at_hotel(work: Work, case: Case, last: str) -> str:
    """Return the last day that is whole at the hotel, of the UTC day with which a key dies."""
    hotel = work.settings.properties.get(case.property)
    if not last or hotel is None:
        return last
    return last_whole_day(date.fromisoformat(last), hotel.zone).isoformat()


def sealed_until(work: Work, case: Case, decisions: Mapping[str, Any] | None = None) -> str:
    """Return the UTC day with which the keys of these copies die; empty without any.

    What was kept, or came back, is copied as it goes: on another day than the first of it.
    """
    box = tables.box
    mine = select(func.max(box.c.last_day)).where(
        box.c.request == case.number, box.c.purpose == "recovery"
    )
    known: str | None = work.conn.execute(mine).scalar()
    noted = case.decisions if decisions is None else decisions
    return max(known or "", str((noted or {}).get("recovery", "")))


def depth_of(decisions: Mapping[str, Any]) -> Reached:
    """Return how far an erasure was measured to reach; the first level where nobody did."""
    known = decisions.get("depth")
    if known is None:
        return Reached()
    return Reached(Level(known["level"]), tuple(Evidence(word) for word in known["evidence"]))


def _copies_until(work: Work, property_: Property, case: Case, end: State) -> str:
    """Return the day by which backups of the rows have ended, or nothing where nobody said.

    Backups hold what was kept, was left, or came back until so many days after it went.
    """
    days = work.settings.backup_days
    if days is None or case.erased_at is None:
        return ""
    ended = case.ended_at if case.state is end and case.ended_at else work.stamp
    times = [case.erased_at, ended]
    for table, at in ((tables.kept, tables.kept.c.ended_at),
                      (tables.subject, tables.subject.c.erased_at)):  # fmt: skip
        mine = table.c.request == case.number
        times += filter(None, work.conn.execute(select(func.max(at)).where(mine)).scalars())
    last = day_at(property_, max(times).replace(tzinfo=UTC))
    return (last + timedelta(days=days)).isoformat()


def _root_until(work: Work, decisions: Mapping[str, Any]) -> str:
    """Return the day from which an old copy of the key folder opens nothing of this erasure.

    Empty where nothing was sealed, and while nobody knows the day of something that was: of what
    a hold keeps longer than its day, for one.
    """
    sealed = [i["until"] for i in decisions.get("did", ()) if i["outcome"] == Outcome.SEAL.value]
    words = ("recovery", laternotice.UNSEALED, laternotice.WISH)
    recovery = [day for word in words if (day := decisions.get(word, ""))]
    recovery += decisions.get("held", ())
    if not (sealed or recovery) or not all([*sealed, *recovery]):
        return ""
    if max(sealed, default="") >= "9999":
        return ""
    # A key dies with the UTC day in which the day of its property ends.
    zones = {place.zone for place in work.settings.properties.values()}
    last = [last_utc_day(date.fromisoformat(day), zone) for day in sealed for zone in zones]
    last += map(date.fromisoformat, recovery)
    return rotation.worthless(max(last)).isoformat()


def _four_eyes(work: Work, case: Case) -> tuple[str, ...]:
    first = "guest-proved-contact" if case.verified_by == GUEST else "identity-by-first-person"
    if approvals.by_one(work, case):
        return first, "approved-by-same-person", "told-outside-72-hours"
    return first, "approved-by-second-person"


def _day(property_: Property, moment: datetime | None) -> str:
    return day_at(property_, moment.replace(tzinfo=UTC)).isoformat() if moment else ""


def _count(work: Work, number: str) -> int:
    table = tables.certificate
    return work.conn.execute(
        select(func.count()).select_from(table).where(table.c.request == number)
    ).scalar_one()


def certify(work: Work, case: Case, said: Content) -> None:
    """Issue a certificate: the journal first has the entry it proves, then the proof is made.

    The last event of the transaction is the one that names the text.

    :param work: the open transaction.
    :param case: the request in its end state.
    :param said: what the certificate says; its mark is in that event.
    :raises TamperedError: the journal does not prove itself.
    """
    _issue(work, case, said)
    tell(work, CertificateIssued, case, SYSTEM, {"supplement": said.supplement})


def reissue(work: Work, case: Case, said: Content) -> None:
    """Issue a certificate anew, where nothing of the request changes.

    :param work: the open transaction.
    :param case: the request, locked, in its end state.
    :param said: what it says.
    :raises TamperedError: the journal does not prove itself.
    """
    counts, marks = {"supplement": said.supplement}, {CONTENT_MARK: said.mark()}
    tell(work, CertificateIssued, case, SYSTEM, counts, (), marks)
    _issue(work, case, said)


def _issue(work: Work, case: Case, said: Content) -> None:
    entry = journaled(work, proving=True)[-1]
    key = signing.key(work, case.controller)
    proof = witness.proof(work.conn, entry, key, journal.stamp(work.now))
    certificate = issue(said, proof, key)
    heads.shows(work, proof.checkpoint)
    work.conn.execute(
        insert(tables.certificate).values(
            request=case.number,
            supplement=said.supplement,
            body=certificate.to_json(),
            issued_at=work.stamp,
        )
    )


def issued_today(work: Work, case: Case) -> bool:
    """Return whether the newest certificate of a request is of today, by its hotel's calendar."""
    table = tables.certificate
    last = work.conn.execute(
        select(func.max(table.c.issued_at)).where(table.c.request == case.number)
    ).scalar_one()
    hotel = work.settings.home(case.property)
    return last is not None and day_at(hotel, last.replace(tzinfo=UTC)) == day_at(hotel, work.now)


def newest(work: Work, number: str) -> dict[str, Any]:
    """Return the newest certificate of a request as issued; a revoked one says so.

    :raises UnknownError: there is none yet.
    """
    table = tables.certificate
    found = work.conn.execute(
        select(table.c.body, table.c.revoked_at)
        .where(table.c.request == number)
        .order_by(table.c.supplement.desc())
        .limit(1)
    ).one_or_none()
    if found is None:
        raise UnknownError(
            "There is no certificate yet.", "It is issued when the erasure was checked."
        )
    if found.revoked_at is None:
        return as_file(found.body)
    at, place = found.revoked_at.replace(tzinfo=UTC), load(work, number).property
    return as_file(found.body, today_at(work.settings, at, place))


def as_file(body: str, revoked_on: date | None = None) -> dict[str, Any]:
    """Return a certificate as it is handed out; a revoked one says so.

    :param body: as it was issued.
    :param revoked_on: day on which it was revoked, or None where it was not.
    """
    value: dict[str, Any] = json.loads(body)
    if revoked_on is not None:
        # Beside what was signed, which stays as it was issued.
        value["revoked"] = revoked_on.isoformat()
    return value


def exists(work: Work, number: str) -> bool:
    """Return whether a request has a certificate."""
    return _count(work, number) > 0
