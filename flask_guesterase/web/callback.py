"""The one address that other systems post to: what became of their copies, signed by them."""

from __future__ import annotations

from flask import Response, current_app, jsonify, make_response, request
from sqlalchemy.exc import SQLAlchemyError

from ..core.errors import BusyError, GuesteraseError, InputError, LimitError
from ..core.webhook import LARGEST_ANSWER, SIGNATURE, TIMESTAMP, Signed
from .current import current
from .guestpages.guest import guest_pages
from .joining.waiver import waive
from .pages import SIGNED

__all__ = ["guest_pages"]


@guest_pages.post("/recipients/<reference>")
def answered(reference: str) -> Response:
    """Take a signed status call-back; whatever else comes is refused in the same words."""
    who = request.remote_addr or ""
    body = request.stream.read(LARGEST_ANSWER + 1)
    if len(body) > LARGEST_ANSWER:
        return _refused(413)
    headers = request.headers
    signed = Signed(body, headers.get(TIMESTAMP, ""), headers.get(SIGNATURE, ""))
    try:
        with current.begin() as office:
            office.attempt("answer", who)
        with current.begin() as office:
            office.answered(reference, signed, who)
    except LimitError:
        return _refused(429)
    except InputError:
        # Only after the signature held: who sent it may know that it was not understood.
        return _refused(422)
    except (BusyError, SQLAlchemyError):
        return _refused(503)
    except GuesteraseError:
        return _refused(403)
    return make_response(jsonify({"taken": True}), 200)


SIGNED.add(answered.__name__)


def _refused(status: int) -> Response:
    current_app.logger.warning("guesterase: a call-back of a recipient was refused (%d)", status)
    return make_response(jsonify({"error": "refused"}), status)


# The host's own form protection lets pass what carries a signature instead.
waive(guest_pages, answered)
