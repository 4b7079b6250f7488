"""Promise: whoever decides about a request reads what the vendor's own policy leaves for good."""

from __future__ import annotations

from dataclasses import replace

from flask_guesterase.core.treatment import keep
from flask_guesterase.store.deciding.preview import Kept
from tests.store.hotel import Guest, Hotel, policies
from tests.store.test_restore import filled


def test_what_the_policy_keeps_in_rows_that_stay_is_named_with_its_reason(hotel: Hotel) -> None:
    """Before it is approved and afterwards; of rows that go, or that nobody meets, nothing is."""
    (_, policy), *others = policies(str(hotel.files))
    columns = {**policy.columns, "document_no": keep("which house"), "phone": keep("the key")}
    hotel.datamap = hotel.mapped([(Guest, replace(policy, columns=columns)), *others])
    number = filled(hotel)
    kept = (
        Kept("bookings", ("number",), "bookkeeping"),
        Kept("guests", ("document_no", "hotel"), "which house"),
        Kept("guests", ("phone",), "the key"),
    )
    for act in (lambda: None, lambda: hotel.erased(number)):
        act()
        with hotel.begin() as office:
            assert office.preview(number).kept == kept
