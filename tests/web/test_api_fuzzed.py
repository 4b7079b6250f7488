"""The API against its own description: fuzzed by schemathesis, and looked at as OpenAPI 3.1."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.strategies import booleans

from flask_guesterase.core.permissions import Permission
from flask_guesterase.web.api.route import OPERATIONS
from flask_guesterase.web.api.spec import describe
from tests.web.apihouse import API, opened, token
from tests.web.house import CANARY, STAFF, House
from tests.web.test_api import parts_at

pytestmark = [pytest.mark.long, pytest.mark.timeout(900)]

with warnings.catch_warnings():
    # What it imports warns about itself, not about us.
    warnings.simplefilter("ignore")
    schemathesis = pytest.importorskip("schemathesis")

EVERYTHING = frozenset(each.value for each in Permission) - {"issue"}


@pytest.fixture
def house(
    sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[House, str]]:
    """A house with the API, and a token with which everything may be done there."""
    from flask_guesterase.store.access import limits

    monkeypatch.setitem(STAFF, "all", ("sh", EVERYTHING))
    monkeypatch.setitem(limits.LIMITS, "api", (1_000_000, timedelta(minutes=10)))
    made = opened(House(sqlite_url, tmp_path))
    made.people()
    made.app.testing = False
    yield made, token(made, "all")
    made.session.remove()
    made.hotel.engine.dispose()


def test_the_description_is_openapi_3_1() -> None:
    """It is valid by the schema of the specification itself."""
    schema = schemathesis.openapi.from_dict(describe(API))
    schema.validate()
    assert len(list(schema.get_all_operations())) == len(OPERATIONS)


def test_no_request_breaks_the_api(house: tuple[House, str]) -> None:
    """Whatever is sent, right or wrong: an answer as described, no 5xx, and nobody's data."""
    made, secret = house
    with made.app.app_context(), made.extension.begin() as office:
        review = office.open_monthly("sh", "all")
    parts = {**parts_at(made, "sh", made.request()), "review": review}
    schema = schemathesis.openapi.from_wsgi(f"{API}/openapi.json", made.app)
    headers = {"Authorization": f"Bearer {secret}"}
    seen: set[tuple[str, int]] = set()
    for result in schema.get_all_operations():
        operation = result.ok()

        @settings(
            max_examples=8, deadline=None, database=None, phases=(Phase.generate,),
            suppress_health_check=list(HealthCheck),
        )  # fmt: skip
        @given(case=operation.as_strategy(), real=booleans())
        def fuzz(case: Any, real: bool) -> None:
            if real:
                for part in parts.keys() & case.path_parameters.keys():
                    case.path_parameters[part] = parts[part]
            for sent in (case.body, case.query):
                if isinstance(sent, dict) and "duty" in sent:
                    told = case.operation.label.endswith(("told", "notice"))
                    sent["duty"] = "CN/authority" if told else "CN/guests"
            if isinstance(case.body, dict) and "property" in case.body:
                case.body["property"] = "sh"
            case.headers.update(headers)
            response = case.call()
            seen.add((case.operation.label, response.status_code))
            assert response.status_code < 500, response.text
            if response.status_code >= 400:
                assert "application/problem+json" in response.headers["content-type"][0]
                assert CANARY not in response.text
            case.validate_response(response, checks=[
                schemathesis.checks.not_a_server_error,
                schemathesis.specs.openapi.checks.content_type_conformance,
                schemathesis.specs.openapi.checks.response_schema_conformance,
                schemathesis.specs.openapi.checks.status_code_conformance,
            ])  # fmt: skip

        fuzz()
    assert len({label for label, _ in seen}) == len(OPERATIONS)
    # It came in and was understood: not every answer is "who are you" or "what is this".
    assert 401 not in {status for _, status in seen}
    assert {status for _, status in seen} >= {200, 201, 404, 422}
