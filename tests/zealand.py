"""The invented law of a country for which no pack is shipped, rule by rule."""

from __future__ import annotations

_COUNTRY = """
code = "NZ"
name = "New Zealand"
level = "country"
country = "NZ"
as_of = "2026"
review_by = 2059-03-31
id_copy = "none"
"""


def law(*rules: str) -> str:
    """Return the text of the pack.

    :param rules: each as `rule` makes it.
    """
    return "\n".join([_COUNTRY, *rules])


def rule(name: str, category: str, article: int, *said: str) -> str:
    """Return one rule that a law sets and somebody read.

    :param name: what its identifier ends in.
    :param category: category of the records.
    :param article: number of the article it stands in.
    :param said: lines about periods, clock and conditions.
    """
    lines = [
        "[[rule]]", f'id = "NZ/{name}"', f'category = "{category}"', *said,
        f'article = "Art. {article}"', f'source = "https://law.example/{article}"',
        'grade = "A"', 'as_of = "2026"', 'rank = "law"', "",
    ]  # fmt: skip
    return "\n".join(lines)
