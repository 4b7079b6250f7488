"""Behind a proxy that ends HTTPS: headers, form protection and links are those of its address."""

from __future__ import annotations

import re

import pytest
from flask import Response
from flask.testing import FlaskClient
from flask_wtf.csrf import CSRFProtect
from werkzeug.middleware.proxy_fix import ProxyFix

from tests.web.apihouse import API, opened
from tests.web.house import QUESTIONS, House

PROXY = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "hotel.example"}
"""What the proxy says of each request that came to it by HTTPS."""

STRICT = "Strict-Transport-Security"
PAGES = (
    "/privacy/", *QUESTIONS, "/privacy/case", "/privacy/link/x", "/desk/privacy/",
    "/privacy/guesterase-static/guesterase.css", f"{API}/requests", f"{API}/openapi.json",
)  # fmt: skip


@pytest.fixture
def proxied(house: House) -> House:
    """The house behind a proxy, as the page about installing says; its host protects forms too."""
    opened(house)
    wsgi = ProxyFix(house.app.wsgi_app, x_for=1, x_proto=1, x_host=1)
    house.app.wsgi_app = wsgi  # type: ignore[method-assign]
    house.app.config.update(SESSION_COOKIE_SECURE=True, SESSION_COOKIE_SAMESITE="Lax")
    CSRFProtect(house.app)
    return house


def strict(client: FlaskClient, path: str, **proxy: str) -> str | None:
    """Return for how long a page asks to be opened by HTTPS alone."""
    answer = client.get(path, headers=proxy)
    answer.close()
    return answer.headers.get(STRICT)


@pytest.mark.parametrize("path", PAGES)
def test_what_came_by_https_is_to_come_by_it_alone(proxied: House, path: str) -> None:
    """Every answer says so, refusals too; over plain HTTP, where it means nothing, none does."""
    client = proxied.app.test_client()
    assert strict(client, path, **PROXY) == "max-age=31536000"
    assert strict(client, path) is None


def test_only_the_hosts_own_proxy_is_believed(house: House) -> None:
    """Without ProxyFix anybody could say that they came by HTTPS."""
    assert strict(house.app.test_client(), "/privacy/", **PROXY) is None


def test_the_hosts_own_word_about_https_wins(proxied: House) -> None:
    """A host that says for how long, or takes it back, is not contradicted."""

    @proxied.app.after_request
    def say(response: Response) -> Response:
        response.headers[STRICT] = "max-age=0"
        return response

    assert strict(proxied.app.test_client(), "/privacy/", **PROXY) == "max-age=0"


def test_a_guest_asks_through_the_proxy(proxied: House) -> None:
    """Forms pass both protections, the session's cookie is secure, and the link is the proxy's."""
    client, base = proxied.app.test_client(), "https://hotel.example"
    said = {"wish": "erase", "property": "sh", "name": "Ann Zebrafinch", "booking": "",
            "email": "ann@mail.example", "phone": ""}  # fmt: skip
    for page in (*QUESTIONS, "/privacy/ask/check"):
        form = client.get(page, base_url=base, headers=PROXY)
        for cookie in form.headers.getlist("Set-Cookie"):
            assert {"Secure", "HttpOnly", "SameSite=Lax"} <= set(cookie.split("; "))
        token = re.search(r'name="csrf_token" value="([^"]+)"', form.text)
        assert token is not None
        sent = client.post(
            page, base_url=base, headers={**PROXY, "Referer": f"{base}{page}"},
            data={**said, "csrf_token": token[1]},
        )  # fmt: skip
        assert sent.status_code == 303, page
        assert sent.headers[STRICT]
    proxied.worker()
    desk = proxied.app.test_client()
    desk.get("/in/clerk", base_url=base, headers=PROXY)
    letters = desk.get("/desk/privacy/outbox", base_url=base, headers=PROXY).text
    assert f"{base}/privacy/link/" in letters
