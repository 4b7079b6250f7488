"""Periods, clocks and conditions of the law in the reader's words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from ...core.period import period
from ...core.rule import Grade, Start
from ...store.lawbook.schedule import Entry, Term
from ...store.requests.pending import Waiting
from .cited import cited
from .language import N_, Language
from .words import word

EVENT_WORDS: dict[str, str] = {
    "departed": N_("the guest's departure"),
    "cancelled": N_("the cancellation"),
    "no_show": N_("the day the guest did not come"),
    "lapsed": N_("the end of the offer"),
    "created": N_("the day the entry was made"),
    "document": N_("the date of the document"),
    "recorded": N_("the recording"),
    "transmitted": N_("the report to the authority"),
    "reported_departure": N_("the report of the departure"),
    "last_activity": N_("the last thing the person did"),
    "last_entry": N_("the last entry of the book"),
    "withdrawn": N_("the withdrawal of consent"),
    "answered": N_("the answer to the request"),
}
"""What a clock starts from, by event (see ``core.rule.EVENTS``)."""

_STARTS = {
    Start.YEAR_END.value: N_("end of the calendar year of: %(event)s"),
    Start.FISCAL_YEAR_END.value: N_("end of the fiscal year of: %(event)s"),
}

_KINDS = {
    "law": N_("at least"),
    "hard": N_("at most, a number in the law"),
    "soft": N_("at most, a target"),
}

_AFTER = {
    "sealed": N_("after an erasure sealed in a box until then; then its key is destroyed"),
    "place": N_("after an erasure kept in place and not used; then overwritten"),
}

_UNASKED = N_("counts while nobody asks; an erasure takes a guest’s own data out of it at once")
"""Of a table of which the law wants no column kept: totals without names stay there for good."""


def length(tongue: Language, text: str) -> str:
    """Return a period in words; of an empty one, that nobody knows it.

    :param text: ISO period, or empty.
    """
    if not text:
        return tongue.gettext(N_("it must be kept; nobody knows yet for how long"))
    span = period(text)
    parts = [
        tongue.ngettext("%(num)s year", "%(num)s years", span.years) if span.years else "",
        tongue.ngettext("%(num)s month", "%(num)s months", span.months) if span.months else "",
        tongue.ngettext("%(num)s day", "%(num)s days", span.days) if span.days else "",
        tongue.ngettext("%(num)s working day", "%(num)s working days", span.working)
        if span.working
        else "",
    ]
    said = [part for part in parts if part]
    return tongue.listed(said or [tongue.ngettext("%(num)s day", "%(num)s days", 0)])


def clock(tongue: Language, term: Term) -> str:
    """Return from when a period runs; nothing where the rule has no clock."""
    events = [tongue.gettext(EVENT_WORDS.get(event, event)) for event in term.clock]
    if not events:
        return ""
    event = tongue.listed(events)
    if len(events) > 1:
        event = tongue.gettext(N_("the last of these: %(events)s"), events=event)
    told = _STARTS.get(term.start)
    if told is not None:
        event = tongue.gettext(told, event=event)
    return tongue.gettext(N_("from %(event)s"), event=event)


def span(tongue: Language, term: Term) -> str:
    """Return how long and from when, in words."""
    since, long = clock(tongue, term), length(tongue, term.length)
    if not since:
        return long
    if not term.length:
        # Beside it: nothing is counted from then yet.
        return long + tongue.aside(since)
    # Languages differ in which of the two comes first.
    return tongue.gettext(N_("%(length)s %(since)s"), length=long, since=since)


def kind(tongue: Language, term: Term, floor: bool) -> str:
    """Return whether it is a floor or a ceiling, and who says so."""
    if term.kind == "house":
        least = N_("at least, set by the house")
        return tongue.gettext(least if floor else N_("at most, set by the house"))
    return tongue.gettext(_KINDS[term.kind])


def basis(tongue: Language, term: Term) -> str:
    """Return article, grade, conditions, and whether somebody signed it."""
    said = [cited(tongue, term.article) or term.source]
    if term.grade != Grade.HOUSE.value:
        said.append(
            tongue.gettext(
                N_("grade %(grade)s, as of %(day)s"),
                grade=term.grade, day=tongue.about(term.as_of) or "?",
            )
        )
    wanted = [f"{name} = {_answer(tongue, value)}" for name, value in sorted(term.when.items())]
    if wanted:
        said.append(
            tongue.gettext(N_("only where %(conditions)s"), conditions=tongue.listed(wanted))
        )
    if term.country:
        said.append(
            tongue.gettext(N_("foreign means here: not from %(country)s"), country=term.country)
        )
    if term.fiscal:
        day = tongue.yearly(term.fiscal)
        said.append(tongue.gettext(N_("a fiscal year ends on %(day)s"), day=day))
    if term.valid_from:
        said.append(
            tongue.gettext(
                N_("for periods that begin on %(day)s or later"), day=tongue.day(term.valid_from)
            )
        )
    if term.valid_to:
        said.append(
            tongue.gettext(
                N_("for periods that begin on %(day)s or earlier"), day=tongue.day(term.valid_to)
            )
        )
    if term.acts_on:
        goes = N_("what had no end before goes by it on %(day)s at the earliest")
        said.append(tongue.gettext(goes, day=tongue.day(term.acts_on)))
    if not term.signed:
        said.append(tongue.gettext(N_("draft: nobody signed it, so it ends nothing")))
    return tongue.clauses(part for part in said if part)


def _answer(tongue: Language, value: object) -> str:
    if isinstance(value, bool):
        return tongue.gettext(N_("yes") if value else N_("no"))
    return tongue.comma.join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def lines(tongue: Language, entry: Entry) -> Iterator[tuple[str, str, str]]:
    """Yield what the schedule says of a category: what it is, the period, and where it stands.

    :param tongue: who reads.
    :param entry: a line of the schedule.
    """
    for floor, terms in ((True, entry.floors), (False, entry.ceilings)):
        for term in terms:
            yield kind(tongue, term, floor), span(tongue, term), basis(tongue, term)
    for text in entry.unknown:
        yield tongue.gettext(N_("unknown")), cited(tongue, text), ""
    if not entry.floors and not entry.ceilings:
        missing = _WAITS if entry.waits else _MISSING
        yield tongue.gettext(N_("not settled")), tongue.gettext(missing), ""


STAYS = N_("Without an end, as the hotel declared for rows that stay:")
"""What is said above what policies leave in rows that stay."""

_MISSING = N_("no rule is known and the house set no period: it stays until somebody does")
_WAITS = N_("a period waits for people: it stays until they let that act")


def waiting(tongue: Language, line: Waiting) -> list[tuple[str, str]]:
    """Return what a line that waits for people says, and who proposed it, as names and texts."""
    facts = []
    if line.term is not None:
        facts = [
            (kind(tongue, line.term, line.floor), span(tongue, line.term)),
            (tongue.gettext(N_("Source")), basis(tongue, line.term)),
        ]
    if line.proposed_by:
        said = word(tongue, line.proposed_by), tongue.moment(line.proposed_at)
        facts.append((tongue.gettext(N_("Proposed by")), tongue.comma.join(said)))
    return facts


def after(tongue: Language, entry: Entry) -> str:
    """Return how it is kept once the guest was erased, and what becomes of it then."""
    return tongue.gettext(_AFTER[entry.until] if entry.columns else _UNASKED)


def heading(tongue: Language, entry: Entry) -> str:
    """Return table, category and columns in one line."""
    told = f"{entry.table}{tongue.colon}{word(tongue, entry.category)}"
    return told + (tongue.aside(tongue.comma.join(entry.columns)) if entry.columns else "")


def shown(tongue: Language, entries: Iterable[Entry]) -> list[dict[str, Any]]:
    """Return the lines of a schedule as pages show them."""
    return [
        {
            "heading": heading(tongue, entry),
            "lines": list(lines(tongue, entry)),
            "after": after(tongue, entry),
        }
        for entry in entries
    ]
