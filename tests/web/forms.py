"""Forms as a browser reads them from a page: what can be filled in, and what it holds."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser


@dataclass
class Field:
    """One name in a form.

    :param name: its name.
    :param kind: text, date, number, password, textarea, radio, checkbox, select, button, hidden ...
    :param required: whether a browser sends nothing without it.
    :param options: what can be chosen; of a button what it says.
    :param value: what it holds.
    """

    name: str
    kind: str
    required: bool = False
    options: list[str] = field(default_factory=list)
    value: str = ""


@dataclass
class Form:
    """One form of a page.

    :param action: address, empty for the page's own.
    :param method: get or post.
    :param fields: name -> field.
    :param wrong: sentences about what is not right in it.
    """

    action: str
    method: str
    fields: dict[str, Field] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)

    def filled(self, **values: str) -> dict[str, str]:
        """Return what a browser sends where each field holds what is given, or what it held."""
        sent = {each.name: each.value for each in self.fields.values() if each.kind != "button"}
        buttons = [each for each in self.fields.values() if each.kind == "button"]
        sent |= {each.name: each.options[0] for each in buttons}
        return {**sent, **values}

    def visible(self) -> list[Field]:
        """Return what a person sees of it."""
        return [each for each in self.fields.values() if each.kind != "hidden"]

    def needed(self) -> list[Field]:
        """Return what a person cannot leave out: required, chosen from a list, or pressed."""
        return [
            each for each in self.visible()
            if each.required or each.kind == "button"
            or (each.kind == "select" and "" not in each.options)
        ]


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self._now: Form | None = None
        self._area: Field | None = None
        self._select: Field | None = None
        self._wrong = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._now = Form(given.get("action", ""), given.get("method", "get").lower())
            self.forms.append(self._now)
        if self._now is None:
            return
        self._wrong = tag == "p" and given.get("class") == "wrong"
        if self._wrong:
            self._now.wrong.append("")
        if tag in ("input", "textarea", "select", "button") and given.get("name"):
            self._field(tag, given)
        elif tag == "option" and self._select is not None:
            self._select.options.append(given.get("value", ""))
            if "selected" in given or len(self._select.options) == 1:
                self._select.value = given.get("value", "")

    def _field(self, tag: str, given: dict[str, str]) -> None:
        assert self._now is not None
        kind = given.get("type", "text") if tag == "input" else tag
        known = self._now.fields.setdefault(given["name"], Field(given["name"], kind))
        known.required |= "required" in given
        if kind in ("radio", "checkbox", "button"):
            known.options.append(given.get("value", "on"))
            if "checked" in given:
                known.value = given.get("value", "on")
        else:
            known.value = given.get("value", "")
        self._area = known if tag == "textarea" else self._area
        self._select = known if tag == "select" else self._select

    def handle_data(self, data: str) -> None:
        if self._area is not None:
            self._area.value += data
        if self._wrong and self._now is not None:
            self._now.wrong[-1] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._now = None
        self._area = None if tag == "textarea" else self._area
        self._select = None if tag == "select" else self._select
        self._wrong = False if tag == "p" else self._wrong


def forms(page: str) -> list[Form]:
    """Return the forms of a page, in their order."""
    reader = _Reader()
    reader.feed(page)
    return reader.forms
