"""What is said when something goes wrong: a status, and words for the person at that desk."""

from __future__ import annotations

import traceback
from collections.abc import Collection
from dataclasses import dataclass, replace

from ...core import errors
from ...store.settings import REMOVED
from .language import N_
from .thing import REQUEST, Words, about_other


@dataclass(frozen=True)
class Problem:
    """How one kind of failure is told.

    :param status: HTTP status.
    :param guest: words for a guest.
    :param staff: words for staff.
    :param retry_after: seconds after which another try makes sense, 0 when none does.
    """

    status: int
    guest: Words
    staff: Words
    retry_after: int = 0

    def later(self, error: BaseException | None = None) -> dict[str, str]:
        """Return the header that says when another try makes sense, if ever.

        :param error: what went wrong; a limit knows for how long it counts.
        """
        seconds = int(getattr(error, "seconds", 0)) or self.retry_after
        return {"Retry-After": str(seconds)} if seconds else {}


_GUEST_LATER = (
    N_("This does not work at the moment."),
    N_("Nothing was changed. Please try again later, or ask at the reception."),
)
_DATABASE = (
    N_("The database did not answer as it should."),
    N_("Nothing was changed. Try again; if it happens again, tell whoever runs the system."),
)
_LOOK = N_("It may have been done all the same. Look before you try again.")
_GUEST_CLOSED = (
    N_("This is not possible for you here."),
    N_("Nothing was changed. If you think it should be, please ask at the reception."),
)
_GUEST_OVER = (
    N_("This is no longer possible."),
    N_("Your case has moved on in the meantime. Open your case again to see where it stands."),
)

_PROBLEMS: dict[type[errors.GuesteraseError], Problem] = {
    errors.InputError: Problem(
        422,
        (
            N_("Something in the form is missing or cannot be read."),
            N_("Go back, look at what you wrote and send it again."),
        ),
        (
            N_("Something in the form is missing or cannot be read."),
            N_("Nothing was changed. Go back, correct it and send it again."),
        ),
    ),
    errors.UnknownError: Problem(
        404,
        (
            N_("There is nothing here."),
            N_("Look at the address again, or open your case with your case code."),
        ),
        (
            N_("There is no such request, person or property."),
            N_("Look at the number again, or find the request in the list."),
        ),
    ),
    errors.LiftedError: Problem(
        409,
        _GUEST_OVER,
        (
            N_("This hold or freeze was lifted already."),
            N_("There is nothing left to do. The list of holds shows what is still held."),
        ),
    ),
    errors.TokenError: Problem(
        410,
        (
            N_("This link or code does not work, or does not work any more."),
            N_(
                "It may have been used already, or its time is over. If you confirmed before, open "
                "your case with your case code; otherwise send the form again."
            ),
        ),
        (
            N_("This link or code does not work, or does not work any more."),
            N_("It is unknown, was used already, or its time is over. Ask for a new one."),
        ),
    ),
    errors.FourEyesError: Problem(
        403,
        _GUEST_CLOSED,
        (
            N_("A second person has to do this."),
            N_(
                "Whoever filed a request, checked who the guest is or took a profile for it does "
                "not decide on it. Ask a colleague with the right to decide to open this request."
            ),
        ),
    ),
    errors.LimitError: Problem(
        429,
        (
            N_("That was too many attempts."),
            N_("Nothing was changed. Please wait an hour and try again, or ask at the reception."),
        ),
        (
            N_("That was too many attempts."),
            N_("Wait a while and try again."),
        ),
        retry_after=3600,
    ),
    errors.ForbiddenError: Problem(
        403,
        _GUEST_CLOSED,
        (
            N_("You may not do this at this property."),
            N_("Nothing was changed. Ask the person who gives out rights in your hotel."),
        ),
    ),
    errors.TransitionError: Problem(
        409,
        _GUEST_OVER,
        (
            N_("The request is not where this step is possible."),
            N_("Somebody may have acted in the meantime. Open the request again."),
        ),
    ),
    errors.MovedError: Problem(
        409,
        _GUEST_OVER,
        (
            N_("What would be erased is no longer what you saw."),
            N_("Nothing was changed. Open the request again, read the new plan and decide anew."),
        ),
    ),
    errors.BlockedError: Problem(
        409,
        (
            N_("This has to wait."),
            N_("Something in the hotel stands in the way for now. Your case goes on by itself."),
        ),
        (
            N_("Something stands in the way."),
            N_("Nothing was changed. Clear what is named below; the request then goes on."),
        ),
    ),
    errors.BusyError: Problem(
        503,
        _GUEST_LATER,
        (
            N_("Somebody else is working on the same rows."),
            N_("Nothing was changed. Wait a few seconds and try again."),
        ),
        retry_after=5,
    ),
    errors.FullError: Problem(503, _GUEST_LATER, _DATABASE, retry_after=30),
    errors.UnsureError: Problem(
        503,
        (N_("This does not work at the moment."), _LOOK),
        (N_("The database did not answer as it should."), _LOOK),
        retry_after=30,
    ),
    errors.PolicyError: Problem(
        503,
        _GUEST_LATER,
        (
            N_("The data map has gaps, so nothing is erased where they are."),
            N_("Show this page to whoever runs the system: “flask guesterase check” lists them."),
        ),
        retry_after=600,
    ),
    errors.SetupError: Problem(
        503,
        _GUEST_LATER,
        (
            N_("The installation is not complete."),
            N_("Show this page to whoever runs the system: “flask guesterase check” says more."),
        ),
        retry_after=600,
    ),
    errors.TamperedError: Problem(
        500,
        _GUEST_LATER,
        (
            N_("The journal does not prove itself."),
            N_("Change nothing more and tell the privacy officer and whoever runs the system."),
        ),
    ),
    errors.GuesteraseError: Problem(
        500,
        _GUEST_LATER,
        (
            N_("This did not work, and everything was put back as it was."),
            N_("Try again; if it happens again, show this page to whoever runs the system."),
        ),
    ),
}

DATABASE = Problem(
    503,
    _GUEST_LATER,
    _DATABASE,
    retry_after=30,
)
"""How a failure of the host's own database work is told, for example while it loads a user."""

ANOTHER_CASE = Problem(
    409,
    (
        N_("Another case is open in this browser now."),
        N_("Nothing was sent or changed. Open the case you mean with its code, and do it there."),
    ),
    _PROBLEMS[errors.TransitionError].staff,
)
"""How it is told that a form is about another case than the one that was opened last."""

PROVED_BEFORE = Problem(
    409,
    (
        N_("Your request is with the hotel already."),
        N_(
            "This slip is not needed for it: it was shown before that it is you. Open your case "
            "with its case code. If you have lost that, ask at the reception for a new one."
        ),
    ),
    _PROBLEMS[errors.TransitionError].staff,
)
"""How it is told that a slip proves nothing new: the guest's open request was proved before."""

ANOTHERS_LINK = Problem(
    410,
    (
        _PROBLEMS[errors.TokenError].guest[0],
        N_(
            "If you pressed its button before, that counts, and you need do nothing more. If you "
            "did not, look whether the address is whole, and tell the hotel, on the telephone if "
            "you can."
        ),
    ),
    _PROBLEMS[errors.TokenError].staff,
)
"""How a link that is over is told to who stops something by it and has no case with us."""

_CSRF = Problem(
    400,
    (
        N_("This page was open for too long, or your browser keeps no cookies."),
        N_("Nothing was sent. Open the form again and fill it in once more; allow cookies."),
    ),
    (
        N_("This page was open for too long, or your browser keeps no cookies."),
        N_("Nothing was changed. Open the page again and repeat the step."),
    ),
)
_STATUS: dict[int, Problem] = {
    401: Problem(
        401,
        _GUEST_CLOSED,
        (N_("You are not logged in."), N_("Log in and open this page again.")),
    ),
    403: _PROBLEMS[errors.ForbiddenError],
    404: _PROBLEMS[errors.UnknownError],
    413: Problem(
        413,
        (N_("This is too much for one form."), N_("Shorten it, and attach nothing.")),
        (N_("This is too much for one form."), N_("Shorten it, and attach nothing.")),
    ),
    429: _PROBLEMS[errors.LimitError],
}


OLD_DAY = N_("This day is before 2000; write all four figures of the year.")
"""A browser's field makes 0026 of a year that is written as 26."""

REFUSED: tuple[str, ...] = (
    OLD_DAY,
    N_("It was noticed before it happened."),
    N_("Nobody else who may verify or approve at this property has this login."),
    N_("Rows of this table are nobody."),
    N_("The host registered no such query."),
    N_("The last day is before the first."),
    N_("The profile has no name that could be compared."),
    N_("This day is before it was noticed."),
    N_("This day lies ahead."),
    N_("This is no such figure."),
    N_("This time lies ahead."),
)
"""What is refused of a form as a whole; the page says it in the reader's words."""


_ANEW = Problem(
    409,
    _GUEST_OVER,
    (
        N_("It may be another person, or a new stay."),
        N_("If it is theirs, file a request for this person: a second person reads the plan and "
           "approves it."),
    ),
)  # fmt: skip


_HOUR = 3600

_DAY = replace(
    _PROBLEMS[errors.LimitError],
    guest=(
        N_("That was too many attempts."),
        N_("Nothing was changed. Please wait a day and try again, or ask at the reception."),
    ),
)
"""How it is told what a guest may do a few times a day, as have a link sent."""


def problem_of(error: errors.GuesteraseError, about: Collection[str] = (REQUEST,)) -> Problem:
    """Return how one of our own errors is told; the nearest class in the tree decides.

    :param error: what went wrong.
    :param about: names of the parts of the address, which say about what; nothing is called a
        request where they name none.
    """
    if isinstance(error, errors.TransitionError) and error.anew:
        return _ANEW
    if isinstance(error, errors.LimitError) and error.seconds > _HOUR:
        return _DAY
    if isinstance(error, errors.BusyError) and error.away:
        # Nobody else is at work, and it may take minutes.
        return _PROBLEMS[errors.FullError]
    for kind in type(error).__mro__:
        if kind in _PROBLEMS:
            said = about_other(kind, about)
            return replace(_PROBLEMS[kind], staff=said) if said else _PROBLEMS[kind]
    raise LookupError(type(error).__name__)


def named(error: errors.GuesteraseError) -> errors.GuesteraseError:
    """Return what is told of what an address names; at another's hotel there is no such thing.

    Who may do nothing there must not learn by the answer what there is. What the program says of
    the one is not said of the other, so that neither says it.

    :param error: what went wrong with it.
    """
    elsewhere = isinstance(error, errors.ForbiddenError) and error.elsewhere
    unknown = isinstance(error, errors.UnknownError) and not isinstance(error, errors.LiftedError)
    return errors.UnknownError("") if elsewhere or unknown else error


def removed(error: errors.GuesteraseError) -> errors.GuesteraseError:
    """Return what is told where nobody typed the name of a property that the settings do not name.

    What is asked for is there; its hotel was taken out of the settings before it had ended.

    :param error: what went wrong.
    """
    if not isinstance(error, errors.UnknownError) or not error.unnamed:
        return error
    return errors.SetupError(*REMOVED)


def problem_of_status(status: int, *, csrf: bool = False) -> Problem:
    """Return how an HTTP error that Flask, the host or an extension raised is told.

    :param status: HTTP status, 400 or more.
    :param csrf: whether the form was not from our own page.
    """
    if csrf:
        return _CSRF
    if status in _STATUS:
        return _STATUS[status]
    like = _PROBLEMS[errors.InputError if status < 500 else errors.GuesteraseError]
    return Problem(status, like.guest, like.staff)


def untold(error: BaseException) -> str:
    """Return where an error came from, without its text, which may hold a guest's value.

    Code of the host is called with values of guests; what it raises often repeats them.

    :param error: anything that nobody expected.
    """
    frames = "".join(traceback.format_tb(error.__traceback__))
    return f"{type(error).__name__}, told without its text, at\n{frames}".rstrip()
