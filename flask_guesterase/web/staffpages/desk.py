"""Who stands at the staff desk: the blueprint of the staff pages, its log-in and its rights."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from datetime import date, datetime
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from flask import current_app, make_response, request
from werkzeug.wrappers import Response as AnyResponse

from ...core.errors import ForbiddenError, LiftedError, SetupError, TransitionError
from ...core.permissions import Permission
from ...store.office import Office
from ...store.settings import Property
from ..current import current
from ..forms import pressing
from ..joining.rights import logged_in
from ..pages import csrf_field, pages, unsent
from ..wording.language import N_, Language
from ..wording.problems import problem_of_status
from ..wording.reader import language
from . import persons

staff_pages = pages("guesterase_staff", "staff")
"""Blueprint for staff; the host registers it under a prefix of its own."""

_RIGHTS, _ASKED = "guesterase.rights", "guesterase.asked"

_Told = TypeVar("_Told")

CODED = (
    Permission.VERIFY, Permission.APPROVE, Permission.REFUSE, Permission.HOLD, Permission.FREEZE,
    Permission.REGISTER, Permission.LAW, Permission.AUDIT, Permission.RESTORE,
    Permission.COMPLAINT, Permission.INCIDENT, Permission.WATCH,
)  # fmt: skip
"""Who decides anything may have to prove at a console who they are."""

MENU: tuple[tuple[str, str, Permission | tuple[Permission, ...]], ...] = (
    (".index", N_("Requests"), Permission.VIEW),
    (".queue", N_("The day's work"), (Permission.VERIFY, Permission.APPROVE)),
    (".new", N_("File a request"), Permission.FILE),
    (".reception", N_("Reception"), (Permission.FILE, Permission.FREEZE, Permission.REGISTER)),
    (".outbox", N_("Messages"), Permission.VERIFY),
    (".recipients", N_("Recipients"), Permission.VERIFY),
    (".journal", N_("Journal"), Permission.AUDIT),
    (".register", N_("Guest register"), Permission.REGISTER),
    (".disclosures", N_("Disclosures"), (Permission.REGISTER, Permission.AUDIT)),
    (".rules", N_("Periods"), Permission.VIEW),
    (".holds", N_("Holds"), Permission.HOLD),
    (".freezes", N_("Freezes"), Permission.FREEZE),
    (".returns", N_("Came back"), Permission.VERIFY),
    (".advertising", N_("Advertising"), Permission.FILE),
    (".sweep", N_("Sweep"), Permission.LAW),
    (".figures", N_("Figures"), Permission.FIGURES),
    (".monthlies", N_("Monthly review"), Permission.IMPROVE),
    (".tasks", N_("Tasks"), (Permission.ERASE, Permission.LAW)),
    (".restored", N_("After a restore"), (Permission.ERASE, Permission.HOLD)),
    (".canaries", N_("Test guests"), Permission.LAW),
    (".complaints", N_("Complaints"), Permission.COMPLAINT),
    (".incidents", N_("Incidents"), Permission.INCIDENT),
    (".new_incident", N_("Report an incident"), tuple(Permission)),
    (".watch", N_("Failure watch"), Permission.WATCH),
    (".setup", N_("Set-up"), Permission.LAW),
    (".emergency", N_("Emergency plan"), (Permission.WATCH, Permission.REPORT)),
    (".courses", N_("Training"), Permission.TRAIN),
    (".claims", N_("Claim codes"), Permission.VERIFY),
    (".code", N_("My code"), CODED),
    (".pin", N_("My PIN"), tuple(Permission)),
)
"""Endpoint, text and permission (any of several) of pages that are not about one request."""


@staff_pages.before_request
def _log_in() -> AnyResponse | None:
    """Let nobody in whom the host's Flask-Login does not know."""
    if (request.endpoint or "").endswith(".static"):
        return None
    logins = getattr(current_app, "login_manager", None)
    if logins is None:
        raise SetupError(
            "The host has no login manager, so nobody can be known.",
            "Install Flask-Login's LoginManager in the application.",
        )
    if logged_in() is not None:
        return None
    # A page to log in would lose what was typed, and lead to where nothing can be opened.
    sent = request.method == "POST"
    return unsent(problem_of_status(401), "staff") if sent else make_response(logins.unauthorized())


staff_pages.before_request(persons.identify)


@staff_pages.context_processor
def _staff_context() -> dict[str, Any]:
    here = logged_in() is not None
    menu = [(end, text) for end, text, right in MENU if here and _somewhere(*_any(right))]
    gone = {".code"} if here and persons.shared() else set()
    gone |= set() if current.pins else {".pin"}
    return {
        "menu": [(end, text) for end, text in menu if end not in gone],
        "reportable": bool(here and _somewhere(Permission.REPORT)),
        "number": (request.view_args or {}).get("number", "") if here else "",
        "moment_at": moment_at,
        "day_at": day_at,
    }


def me() -> str:
    """Return the host's id of who is logged in; at a shared login, of who gave their PIN."""
    return persons.acting()


def _any(right: Permission | tuple[Permission, ...]) -> tuple[Permission, ...]:
    return (right,) if isinstance(right, Permission) else right


def _somewhere(*permissions: Permission) -> bool:
    hotels = current.settings.properties
    return any(may(one, code) for code in hotels for one in permissions)


def granted(*permissions: Permission) -> list[Property]:
    """Return the hotels at which the reader has a permission, or one of several."""
    hotels = current.settings.properties.values()
    return [hotel for hotel in hotels if any(may(one, hotel.code) for one in permissions)]


def must(*permissions: Permission) -> list[Property]:
    """Return the hotels at which the reader has a permission, or one of several; at least one.

    :raises ForbiddenError: there is none.
    """
    hotels = granted(*permissions)
    if not hotels:
        raise ForbiddenError(
            f"This needs the permission '{' or '.join(permissions)}' at a property.",
            "Ask whoever gives permissions at your hotel.",
        )
    return hotels


def placed(form: Mapping[str, str], hotels: Collection[str]) -> dict[str, str]:
    """Return a form as it came in, at the only hotel where there is no choice between several.

    :param form: what came in.
    :param hotels: codes of the hotels that were offered.
    """
    given = dict(form.items())
    if not given.get("property") and len(hotels) == 1:
        given["property"] = next(iter(hotels))
    return given


def may(permission: Permission, code: str) -> bool:
    """Return whether the reader has a permission at one property; the host is asked once a page.

    For what is shown: whoever acts is asked for again, by the office.
    """
    known: dict[tuple[str, str, str], bool] = request.environ.setdefault(_RIGHTS, {})
    asked = (me(), permission.value, code)
    if asked not in known:
        known[asked] = current.may(*asked)
    return known[asked]


def once(what: str, ask: Callable[[], _Told]) -> _Told:
    """Return what every template of a page is told, asked once: each letter it shows is one too.

    :param what: a word for it.
    :param ask: finds it out.
    """
    known: dict[str, Any] = request.environ.setdefault(_ASKED, {})
    if what not in known:
        known[what] = ask()
    told: _Told = known[what]
    return told


def deed(do: Callable[[Office], object]) -> None:
    """Do what a button of the reader's asks for, once where it is pressed twice or in two tabs.

    :param do: does it, given the open office.
    """
    try:
        with current.begin() as office:

            def done() -> None:
                do(office)

            pressing.once(office, done, me(), pressing.MOMENT)
    except (LiftedError, TransitionError):
        if not pressing.noted(_press()):
            raise
    else:
        pressing.note(_press())


def _press() -> str:
    """Return who presses a button, and all that it sends but the token of its page."""
    sent = [each for each in request.form.items(multi=True) if each[0] != csrf_field()]
    return json.dumps([me(), request.path, sorted(sent)])


def moment_at(code: str, moment: datetime | None) -> str:
    """Return a day and time in the reader's words, as the clock of a hotel shows it.

    What is of all hotels, or of one that is gone from the settings, is told by the first one's.

    :param code: code of the hotel, or empty.
    :param moment: the moment; a naive one is UTC.
    """
    return _tongue_at(code).moment(moment)


def day_at(code: str, moment: datetime | None) -> str:
    """Return the day of a moment in the reader's words, as the calendar of a hotel shows it.

    :param code: code of the hotel, or empty.
    :param moment: the moment; a naive one is UTC.
    """
    return _tongue_at(code).day(moment)


def _tongue_at(code: str) -> Language:
    hotels = current.settings.properties
    hotel = hotels.get(code) or next(iter(hotels.values()))
    return replace(language(), zone=hotel.zone)


def today(hotel: Property) -> date:
    """Return the day on the hotel's wall."""
    return datetime.now(ZoneInfo(hotel.zone)).date()
