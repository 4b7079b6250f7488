"""A session of the host's kind, but nobody else's, for whoever is invented."""

from __future__ import annotations

from random import Random

import pytest
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from flask_sqlalchemy_lite import SQLAlchemy as Lite
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import create_engine, text
from sqlalchemy.orm import Session, scoped_session, sessionmaker

from flask_guesterase.core.canary import invent
from flask_guesterase.core.errors import InputError
from flask_guesterase.core.needle import Searcher
from flask_guesterase.store.invented.hatching import _session
from flask_guesterase.store.mapping.host import Host


def test_each_kind_of_host_gives_a_session_of_its_own() -> None:
    """Flask-SQLAlchemy, Flask-SQLAlchemy-Lite and a plain scoped session: new, and usable."""
    plain = scoped_session(sessionmaker(create_engine("sqlite://")))
    for install in (SQLAlchemy, Lite, lambda app: plain):
        app = Flask(__name__)
        app.config.update(
            SQLALCHEMY_DATABASE_URI="sqlite://", SQLALCHEMY_ENGINES={"default": "sqlite://"}
        )
        db = install(app)
        with app.app_context():
            host = Host(db)
            made = _session(host)
            assert isinstance(made, Session)
            assert made not in (host.session, _session(host))
            assert made.execute(text("SELECT 1")).scalar_one() == 1
            made.close()


def test_a_session_that_is_the_hosts_own_is_not_taken() -> None:
    """What somebody else left pending in it would be committed too."""
    engine = create_engine("sqlite://")
    with pytest.raises(InputError):
        _session(Host(Session(engine), models=[]))


@given(seed=st.integers(), words=st.text(max_size=20))
def test_an_invented_guest_is_found_in_any_text_and_is_nobody(seed: int, words: str) -> None:
    """Each value is found again wherever it is written, under a domain and a country of nobody."""
    made = invent(Random(seed).randbytes)
    wanted = made.needles()
    for value in (made.email, made.phone, made.document, made.family):
        said = Searcher(wanted).spans(f"{words} / {value} /")
        assert said, value
    assert made.email.endswith("@canary.invalid")
    assert made.phone.startswith("+999")
    assert all(token in " ".join(made.as_dict().values()).lower() for token in made.tokens())
