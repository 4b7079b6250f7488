"""What is random in an intent can be made again, and tells nothing about other rows."""

from __future__ import annotations

from flask_guesterase.store.mapping.masks import Seeded


def test_one_place_gets_the_same_bytes_again() -> None:
    """From one seed each row and column has bytes of its own, in whatever order it is asked."""
    one, other = Seeded(b"a" * 32), Seeded(b"a" * 32)
    first = one.of("guests|name|int:1")
    other.of("guests|name|int:2")(8)
    assert first(20) + first(7) == _twice(other, "guests|name|int:1")
    assert one.of("guests|name|int:2")(20) != one.of("guests|name|int:1")(20)
    assert Seeded(b"b" * 32).of("guests|name|int:1")(20) != one.of("guests|name|int:1")(20)


def _twice(seeded: Seeded, spot: str) -> bytes:
    draw = seeded.of(spot)
    return draw(20) + draw(7)


def test_bytes_of_no_place_come_once() -> None:
    """Asked without a place it never gives the same twice."""
    seeded = Seeded(b"a" * 32)
    assert len({seeded(16) for _ in range(50)}) == 50
