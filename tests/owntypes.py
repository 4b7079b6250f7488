"""Types that hosts make themselves: what the database holds is not what they say."""

from __future__ import annotations

import uuid
from typing import Any

from sqlalchemy import Integer, LargeBinary, TypeDecorator
from sqlalchemy.dialects import mysql


class Numbered(TypeDecorator[str]):
    """A number with a word before it."""

    impl = Integer
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Any) -> int | None:
        return None if value is None else int(value.partition("_")[2])

    def process_result_value(self, value: int | None, dialect: Any) -> str | None:
        return None if value is None else f"gst_{value + 0}"


class Packed(TypeDecorator[uuid.UUID]):
    """A UUID as 16 bytes, as MariaDB hosts keep it."""

    impl = LargeBinary(16)
    cache_ok = True

    def load_dialect_impl(self, dialect: Any) -> Any:
        kind = mysql.BINARY(16) if dialect.name in ("mysql", "mariadb") else LargeBinary(16)
        return dialect.type_descriptor(kind)

    def process_bind_param(self, value: uuid.UUID | None, dialect: Any) -> bytes | None:
        return None if value is None else value.bytes

    def process_result_value(self, value: bytes | None, dialect: Any) -> uuid.UUID | None:
        return None if value is None else uuid.UUID(bytes=bytes(value))
