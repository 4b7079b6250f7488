"""A host replaces our templates whole, or one block of them."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask
from jinja2 import ChoiceLoader, DictLoader

from example_pms import create_app
from flask_guesterase import staff_pages

TEMPLATES = Path(staff_pages.root_path) / "templates"


@pytest.fixture
def app(tmp_path: Path) -> Flask:
    """The demo hotel with one template of its own."""
    app = create_app({
        "INSTANCE_PATH": str(tmp_path), "TESTING": True,
        "DATABASE_URL": f"sqlite:///{tmp_path / 'hotel.sqlite'}",
    })  # fmt: skip
    loader = app.jinja_loader
    assert loader is not None
    own = DictLoader({
        "guesterase/guest/index.html": '{% extends "original/guesterase/guest/index.html" %}'
        "{% block footer %}Hotel Linde{% endblock %}",
    })
    app.jinja_loader = ChoiceLoader([own, loader])  # type: ignore[assignment]
    return app


def test_a_block_is_replaced_and_the_rest_stays(app: Flask) -> None:
    """The host's block stands in our page; the page's own text is still there."""
    page = app.test_client().get("/privacy/?lang=en").text

    assert "Hotel Linde" in page
    assert "privacy@sha.linden.example" not in page
    assert "fraud" in page


def test_every_template_is_there_under_its_original_name(app: Flask) -> None:
    """Each template can be extended under ``original/`` by a host that replaces it."""
    names = sorted(str(p.relative_to(TEMPLATES)) for p in TEMPLATES.rglob("*") if p.is_file())
    assert len(names) > 100
    for name in names:
        source, _, _ = app.jinja_env.loader.get_source(  # type: ignore[union-attr]
            app.jinja_env, f"original/{name}"
        )
        assert source == (TEMPLATES / name).read_text(encoding="utf-8"), name
