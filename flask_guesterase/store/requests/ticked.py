"""A request filed for the guest who stands at the desk, by their row in the host's own table."""

from __future__ import annotations

from sqlalchemy import inspect
from sqlalchemy.orm import InstanceState

from ...core.asking import spoken
from ...core.errors import MatchError, UnknownError
from ...core.identity import Kind, kind_of, normal
from ...core.log import canonical
from ...core.permissions import Permission
from ...core.plan import Person, key_text
from ...core.seal import fingerprint
from ..access import actors
from ..casework.cases import Opening, day_at
from ..casework.matching import by_clerk
from ..erasing.carrying import Candidate, known
from ..mapping.datamap import DataMap
from ..settings import Property
from ..work import Work
from . import filing, intake


def person_of(datamap: DataMap, loaded: object) -> Person:
    """Return whose row an object of the host's mapping is.

    :param datamap: the resolved data map.
    :param loaded: for example the guest who checks in.
    :raises UnknownError: it is no row of a table of people.
    """
    state = inspect(loaded, raiseerr=False)
    if isinstance(state, InstanceState):
        for table in state.mapper.tables:
            name = str(getattr(table, "fullname", ""))
            if name in datamap.subjects:
                props = state.mapper.get_property_by_column
                columns = [table.c[column.key] for column in datamap.tables[name].key]
                return name, tuple(getattr(loaded, props(column).key) for column in columns)
    raise UnknownError("This is no row of a table of people.", "Pass the guest who checks in.")


def file(work: Work, person: Person, property_: str, by: str, lang: str = "") -> str:
    """File an erasure for whoever stands at the desk; return the request's number.

    Their own row is taken; rows that carry only some of its values are offered as perhaps theirs.

    :param work: the open transaction.
    :param person: their row.
    :param property_: code of the property at whose desk they stand.
    :param by: the host's id of the clerk.
    :param lang: language of the guest; the property's when empty.
    :raises ForbiddenError: the clerk may not file at this property.
    :raises UnknownError: the row is not of this property.
    """
    hotel = work.settings.property(property_)
    actor = actors.allow(work, by, Permission.FILE, hotel.code)
    row = known(work.conn, work.datamap, [person]).get(person)
    if row is None or row.property not in ("", hotel.code):
        raise UnknownError("This guest is not on file at this property.", "Look at the booking.")
    match = _by_row(work, row, hotel)
    if match:
        return filing.file(work, filing.Filing(match, hotel.code, "desk", None, lang), by)
    mark = fingerprint(
        work.custodian.pepper("subject"), "row",
        canonical({"property": hotel.code, "row": f"{person[0]}|{key_text(person[1])}"}).decode(),
    )  # fmt: skip
    opening = Opening(
        hotel, "desk", spoken(lang) or hotel.lang, day_at(hotel, work.now), work.stamp, actor, mark
    )
    before = intake.open_already(work, opening)
    if before is None:
        return intake.file_for(work, opening, [person], (actor, by)).number
    intake.again(work, before, opening.channel, (actor, by))
    return before.number


def _by_row(work: Work, row: Candidate, hotel: Property) -> dict[str, str]:
    """Return what finds this row and takes it, or nothing where no value of it does."""
    match: dict[str, str] = {}
    for key, value in row.values.items():
        try:
            normal(kind_of(key), value, hotel.country)
        except MatchError:
            continue
        match[key] = value
    if not match:
        return {}
    match.setdefault(Kind.NAME.value, row.name)
    return match if row.person in by_clerk(work, match, hotel).taken else {}
