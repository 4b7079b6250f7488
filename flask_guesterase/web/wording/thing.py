"""What staff read where something is refused that is no request: a hold, an incident, a review."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from ...core import errors
from .language import N_

Words = tuple[str, str]
"""What happened, and what to do next."""

REQUEST = "number"
"""Part of an address that names a request."""

_Said = Mapping[type[errors.GuesteraseError], Words]

_SECOND = N_("A second person has to do this.")
_NOTHING_LEFT = N_("There is nothing left to do.")
_OTHER: _Said = {
    errors.FourEyesError: (
        _SECOND,
        N_(
            "Whoever did one step leaves the other one to somebody else. Ask a colleague who "
            "may do the same to open this page."
        ),
    ),
    errors.TransitionError: (
        N_("This step is not possible as things stand now."),
        N_(
            "Somebody may have acted in the meantime, or something has to be done first. Open "
            "the page again and look what it says."
        ),
    ),
    errors.MovedError: (
        N_("What you read is no longer what is there."),
        N_("Nothing was changed. Open the page again, read it and decide anew."),
    ),
    errors.BlockedError: (
        N_("Something stands in the way."),
        N_("Nothing was changed. Clear what is named below, then try again."),
    ),
}
"""What is told where an address names no request."""

_NOT_THERE: _Said = {
    errors.UnknownError: (
        N_("What you asked for is not there."),
        N_("Look at its number again, or find it in its list."),
    ),
}
_REVIEW: _Said = {
    **_NOT_THERE,
    errors.FourEyesError: (
        _SECOND,
        N_(
            "Whoever opened a monthly review does not close it. Ask a colleague with the right to "
            "hold reviews to close it."
        ),
    ),
    errors.TransitionError: (
        N_("This monthly review is not where this step is possible."),
        N_("It is closed, or something is still to be done in it. Open it again: it says what."),
    ),
}
_ABOUT: Mapping[str, _Said] = {
    **dict.fromkeys(
        ("incident", "complaint", "alert", "letter", "measure", "disclosure"), _NOT_THERE
    ),
    "hold": {
        **_NOT_THERE,
        errors.FourEyesError: (
            _SECOND,
            N_(
                "Two people lift a hold or a freeze, and you said so first. Ask a colleague with "
                "the right to place holds to agree."
            ),
        ),
    },
    "monthly": _REVIEW,
    "review": _REVIEW,
    "action": {
        **_NOT_THERE,
        errors.TransitionError: (N_("This action was done already."), _NOTHING_LEFT),
    },
    "published": {
        errors.TransitionError: (N_("This figure was taken out already."), _NOTHING_LEFT)
    },
}
"""Part of an address that names no request -> what is told of it in words of its own."""


def about_other(kind: type[errors.GuesteraseError], about: Collection[str]) -> Words | None:
    """Return what staff are told of something that is no request; None where it is one.

    :param kind: class of what went wrong.
    :param about: names of the parts of the address.
    """
    if REQUEST in about:
        return None
    said = (_ABOUT[name][kind] for name in about if kind in _ABOUT.get(name, ()))
    return next(said, _OTHER.get(kind))
