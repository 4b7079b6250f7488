"""What an erasure keeps, written down per row: in a box, in its row, for whom and until when."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, select, update

from ...core.events import SYSTEM, RankConflict
from ...core.image import Image, Images
from ...core.log import canonical, slug
from ...core.payload import encode
from ...core.plan import NEW_STAY, Decision, Key, Outcome, Plan, Row, Step, key_text
from ...core.ruling import Reason, Ruling
from ...core.seal import Terms
from .. import tables
from ..boxes import boxing, shelf
from ..boxes.reading import texts
from ..casework import tasks
from ..census import departing
from ..erasing.taking import Erased
from ..journaling.journal import stamp
from ..mapping import days
from ..mapping.crossing import at
from ..mapping.lines import registers
from ..mapping.nights import home_day
from ..mapping.revealing import revealing
from ..statements.bynumber import by_number
from ..statements.given import put
from ..statements.sql import among
from ..work import Work
from . import law, vouching

Since = Mapping[tuple[str, Key], datetime]
"""(Table, key) -> since when a row is kept, naive UTC."""

Stood = Mapping[tuple[str, Key], Mapping[str, str]]
"""(Table, key) -> column -> a mark of what stood in it as a precondition first kept it."""

FOREVER = "9999-12-31"
"""Last day of a box whose end nobody knows; its key is not a day's key."""


@dataclass(frozen=True)
class Origin:
    """On whose behalf something is kept.

    :param number: number of the request, or None for what ended by itself.
    :param controller: slug of who answers for the data.
    :param property: code of the property asked, for rows that name none.
    """

    number: str | None
    controller: str
    property: str


def record(
    work: Work, origin: Origin, plan: Plan, erased: Erased, since: Since | None = None,
    stood: Stood | None = None,
) -> int:
    """Write down what a plan keeps, and seal what it took out of its rows.

    :param work: the open transaction, in which the plan was carried out.
    :param origin: on whose behalf.
    :param plan: the plan.
    :param erased: what was done, with the images of what is to be sealed.
    :param since: since when rows are kept that are only written down anew.
    :param stood: what stood in these as a precondition first kept it.
    :return: how many rows and categories are kept.
    """
    # What triggers wrote meanwhile may have to stay as well.
    plans = erased.kept(plan), *erased.rest
    return sum(_record(work, origin, each, erased, since or {}, stood or {}) for each in plans)


def _record(
    work: Work, origin: Origin, plan: Plan, erased: Erased, since: Since, before: Stood
) -> int:
    lines: list[dict[str, Any]] = []
    boxes: list[tuple[boxing.Item, Laying]] = []
    staying = _staying(plan)
    for step in plan.keeping():
        stood = _stood(work, origin, step, before)
        for row in step.rows:
            line = _line(work, origin, plan, step.decision, row, staying, stood.get(row.key))
            line["since"] = since.get((step.decision.table, row.key), work.stamp)
            lines.append(line)
            if step.decision.outcome is Outcome.SEAL:
                image = erased.sealed[step.decision][row.key]
                item = boxing.Item(_payload(work, image), _terms(work, line), origin.number)
                boxes.append((item, Laying(step.decision.table, row.key, image, line)))
    ids = boxing.put(work.conn, work.custodian, [item for item, _ in boxes], work.today)
    for box, (_, laying) in zip(ids, boxes, strict=True):
        laying.line["box"] = box
    put(work.conn, tables.kept, lines)
    _lay(work, [laying for _, laying in boxes])
    _conflicts(work, origin, plan)
    return len(lines)


def _stood(
    work: Work, origin: Origin, step: Step, before: Stood
) -> dict[Key, dict[str, str]]:
    """Return marks of what a request leaves to a precondition, and in a profile to the law.

    By these new values show. Also while a hold keeps it meanwhile: what was marked first counts,
    not what stands there now.
    """
    decision, mode = step.decision, mode_of(step.decision)
    keys, found = [row.key for row in step.rows], dict[Key, dict[str, str]]()
    profile = mode == law.PLACE and decision.table in work.datamap.subjects
    if origin.number is not None and (mode == law.BLOCKED or profile):
        found = vouching.stood(work, decision.table, keys, decision.columns)
    for key in keys if mode != law.SEALED else ():
        old = before.get((decision.table, key), {})
        if known := {name: old[name] for name in decision.columns if name in old}:
            found[key] = found.get(key, {}) | known
    return found


def _conflicts(work: Work, origin: Origin, plan: Plan) -> None:
    """Note which rules keep something though the general law may not recognise their rank.

    Source: PIPL Articles 19 and 47 name laws and administrative regulations alone.
    """
    rows: Counter[str] = Counter()
    for step in plan.keeping():
        for row in step.rows:
            rows.update(_reason(plan, step.decision, row).conflicts)
    if rows:
        counts = {"rows": max(rows.values())}
        grounds = tuple(sorted(rule.replace("/", ":").lower() for rule in rows))
        work.events.append(RankConflict(
            origin.controller, origin.property, origin.number or "", SYSTEM, counts, grounds
        ))


@dataclass(frozen=True)
class Laying:
    """A sealed row on its way to the register's shelf."""

    table: str
    key: Key
    image: Image
    line: dict[str, Any]


_MODES = {Outcome.SEAL: law.SEALED, Outcome.HOLD: law.HELD}
BLOCKER = "blocker:"


def mode_of(decision: Decision) -> str:
    """Return how a decision keeps something."""
    if decision.ground.startswith(BLOCKER):
        return law.ANEW if decision.ground == f"{BLOCKER}{NEW_STAY}" else law.BLOCKED
    return _MODES.get(decision.outcome, law.PLACE)


def _reason(plan: Plan, decision: Decision, row: Row) -> Reason:
    """Return why one row is kept under a decision."""
    ruling = plan.rulings.get((decision.table, row.key))
    if mode_of(decision) == law.HELD:
        return Reason(open=tuple(f"hold:{id}" for id in (ruling.held if ruling else ())))
    if mode_of(decision) in (law.BLOCKED, law.ANEW):
        return Reason(open=(decision.ground.removeprefix(BLOCKER),))
    known = ruling.law.get(decision.ground) if ruling is not None else None
    return known if known is not None else Reason(open=("no-replacement",))


_Staying = dict[tuple[str, Key], set[str]]
_UNTOLD: Mapping[str, Any] = {"answers": {}, "events": {}, "place": ""}


def _line(
    work: Work, origin: Origin, plan: Plan, decision: Decision, row: Row, staying: _Staying,
    stood: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    mode = mode_of(decision)
    ruling = plan.rulings.get((decision.table, row.key), Ruling())
    reason = _reason(plan, decision, row)
    place = ruling.place or origin.property
    hotel = work.settings.properties.get(place)
    line = {
        "request": origin.number,
        # A guest asks one house of a group; what another one must keep is kept in its own name.
        "controller": slug(hotel.controller) if hotel is not None else origin.controller,
        "property": place,
        "table_name": decision.table,
        "row_key": _known_by(work, decision.table, row.key, staying),
        "columns": canonical(list(decision.columns)).decode(),
        "category": decision.ground if mode in (law.SEALED, law.PLACE) else "",
        "mode": mode,
        "box": None,
        "until": reason.until or None,
        "open": ",".join(reason.open)[:120],
        "rule": reason.rule[:80],
        "basis": reason.basis[:250],
        "grade": reason.grade,
        "ended_at": None,
    }
    told = {**(ruling.told or _UNTOLD), **({vouching.STOOD: stood} if stood else {})}
    line["facts"] = canonical(vouching.vouched(work, line, told)).decode()
    return line


def _staying(plan: Plan) -> _Staying:
    """Return the columns that stay in each row that is kept."""
    found: _Staying = {}
    for step in plan.keeping():
        if step.decision.outcome is not Outcome.SEAL:
            for row in step.rows:
                found.setdefault((step.decision.table, row.key), set()).update(
                    step.decision.columns
                )
    return found


def _known_by(work: Work, table: str, key: Key, staying: _Staying) -> str:
    """Return the text by which a row is found again; empty where the erasure changes its key.

    Such a key is made of what was to go; the row is found by whose it is.
    """
    declared = work.datamap.declared(table)
    stays = staying.get((table, key), set()) if declared.keyed else set()
    going = declared.erase.keys() - stays
    return "" if declared.keyed_by(going) else key_text(key)


def known_by(work: Work, plan: Plan, table: str, keys: Iterable[Key]) -> dict[Key, str]:
    """Return the texts by which rows of a plan are written down, as `record` does."""
    staying = _staying(plan)
    return {key: _known_by(work, table, key, staying) for key in keys}


def open_label(controller: str) -> str:
    """Return the label of the key of boxes whose end nobody knows yet."""
    return f"open:{controller}"[:80]


def terms_of(work: Work, controller: str, place: str, until: str | None) -> Terms:
    """Return the terms of a retention box: its day's key, or the key of what has no day yet.

    :param place: code of the property, by whose zone the last day ends.
    :param until: last day of the floor, ISO, or None when nobody knows.
    """
    if not until:
        return Terms(controller, "retention", FOREVER, open_label(controller))
    hotel = work.settings.properties.get(place)
    day = days.last_utc_day(date.fromisoformat(until), hotel.zone if hotel else "UTC")
    return Terms(controller, "retention", day.isoformat())


def _terms(work: Work, line: Mapping[str, Any]) -> Terms:
    return terms_of(work, line["controller"], line["property"], line["until"])


def _payload(work: Work, image: Image) -> bytes:
    dialect = at(work.conn, image.table).dialect
    version = ".".join(str(part) for part in dialect.server_version_info or ())
    return encode(Images(dialect.name, version, (image,), stamp(work.now)))


def _lay(work: Work, layings: Iterable[Laying]) -> None:
    """Put sealed lines of the guest register on the shelf, where they are found at night."""
    known = registers(work.datamap)
    laid = []
    for each in layings:
        lines = known.get(each.table)
        if lines is None:
            continue
        declared = lines.declared
        cells = texts(lines, each.image.columns, at(work.conn, each.table))
        wanted = (lines.room, lines.first_night, lines.last_night)
        key = [declared.table.c[c.key] for c in declared.key]
        now = work.conn.execute(select(*wanted).where(among(key, [each.key]))).one()
        where = [
            cells.get(c.name, "" if v is None else str(v)) for c, v in zip(wanted, now, strict=True)
        ]
        hotel = work.settings.properties.get(each.line["property"])
        zone = "UTC" if hotel is None else hotel.zone
        box = each.line["box"]
        terms = terms_of(work, each.line["controller"], each.line["property"], each.line["until"])
        laid.append(shelf.Laid(
            box, terms.label, each.line["property"], each.table,
            where[0], home_day(lines.first_night, where[1], zone),
            home_day(lines.last_night, where[2], zone),
            tuple(cells.get(c.name, "") for c in lines.names),
            cells.get(lines.document.name, ""),
        ))  # fmt: skip
    if laid:
        shelf.lay(work, laid)


def outline(work: Work, plan: Plan) -> set[tuple[str, str, str, str, str, str]]:
    """Return what a plan keeps: table, key, mode, category, last day, and why that is open."""
    found, staying = set(), _staying(plan)
    for step in plan.keeping():
        mode = mode_of(step.decision)
        category = step.decision.ground if mode in (law.SEALED, law.PLACE) else ""
        for row in step.rows:
            why = _reason(plan, step.decision, row)
            words = ",".join(why.open)[:120]
            table = step.decision.table
            known = _known_by(work, table, row.key, staying)
            found.add((table, known, mode, category, why.until, words))
    return found


def living(work: Work, number: str) -> int:
    """Return how many kept rows of a request have not ended."""
    kept = tables.kept
    rows = select(kept.c.id).where(kept.c.request == number, kept.c.ended_at.is_(None))
    return len(work.conn.execute(rows).all())


def end(
    work: Work, ids: Iterable[int], early: bool = False, back: bool = False
) -> None:
    """Note that kept rows went, or are kept in another way from now on.

    A key that is made of what was kept, or says who it was when the row is gone, goes with it, and
    so do the marks of what a precondition left.

    :param work: the open transaction.
    :param ids: numbers of the kept rows.
    :param early: they are gone though the law still keeps them, so that the register misses them.
    :param back: what was kept stands in its rows again, so that nothing left the register.
    """
    wanted = sorted(ids)
    if not wanted:
        return
    kept = tables.kept
    if not early and not back:
        departing.closed(work, work.conn.execute(by_number(select(kept), kept, wanted)).all())
    if not back:
        _note_paper(work, wanted)
    mine = by_number(update(kept), kept, wanted)
    work.conn.execute(mine.values(ended_at=work.stamp, facts=vouching.unmarked(kept.c)))
    known = work.datamap.tables.items()
    telling = {name for name, declared in known if declared.keyed_by(declared.retain)}
    if not back:
        telling.update(revealing(work.datamap))
    if telling:
        work.conn.execute(mine.where(kept.c.table_name.in_(telling)).values(row_key=""))


def narrow(work: Work, line: Any, columns: Collection[str]) -> None:
    """Note that of a kept row only some columns are kept any more.

    :param work: the open transaction.
    :param line: row of our table.
    :param columns: names of these columns.
    """
    kept, declared = tables.kept, work.datamap.declared(line.table_name)
    went = {*declared.erase, *declared.retain}.difference(columns)
    now = {
        "columns": canonical(sorted(columns)).decode(),
        # A key that is made of what went goes with it.
        "row_key": "" if declared.keyed_by(went) else line.row_key,
    }
    now["facts"] = vouching.narrowed(work, line, now["row_key"], columns)
    work.conn.execute(update(kept).where(kept.c.id == line.id).values(now))


def _note_paper(work: Work, ids: Sequence[int]) -> None:
    """Note how much of what ends now may lie there on paper too."""
    kept = tables.kept
    alike = kept.c.property, kept.c.category
    counted = by_number(select(*alike, func.count()).where(kept.c.ended_at.is_(None)), kept, ids)
    rows = work.conn.execute(counted.group_by(*alike))
    tasks.note(work, {(code, category): count for code, category, count in rows})
