"""What an erased value would look like in a raw file."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from flask_guesterase.core.certificate import Level
from flask_guesterase.core.depth import LONGEST, SHORTEST, Reached, traces


def test_nothing_is_reached_before_it_was_measured() -> None:
    """Without a measurement the first level is all there is, and no word says more."""
    assert Reached() == Reached(Level.LOGICAL, ())


@given(st.text(max_size=LONGEST))
def test_a_value_is_met_in_both_encodings_or_is_too_short_to_be_anybodys(value: str) -> None:
    """Every piece is really a part of the value as a database may spell it."""
    found = traces([value])
    if len(value.encode(errors="surrogatepass")) < SHORTEST or value.isspace():
        assert found == {}
        return
    for encoding in ("utf-8", "utf-16-le", "utf-16-be"):
        spelled = value.encode(encoding, "surrogatepass")
        assert any(piece in spelled for piece in found[value])


@given(st.text(alphabet="abcdefgh", min_size=LONGEST + 1, max_size=60_000), st.data())
def test_a_long_value_is_met_by_its_pieces(value: str, data: st.DataObject) -> None:
    """Any thousand bytes of its beginning hold a piece, however the pages divide it."""
    pieces = traces([value])[value]
    assert all(piece and piece in value.encode("utf-8") + value.encode("utf-16-le")
               + value.encode("utf-16-be") for piece in pieces)
    start = data.draw(st.integers(0, min(len(value), 15_000)))
    page = value.encode()[start : start + 1000]
    if len(page) == 1000:
        assert any(piece in page for piece in pieces)


def test_values_without_a_trace_are_left_out() -> None:
    """A short word, or blanks, would be met by chance everywhere."""
    assert traces(["late", "Li", "      ", ""]) == {}
    assert set(traces(["王小明", "late arrival"])) == {"王小明", "late arrival"}
