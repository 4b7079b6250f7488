"""An independent answer to what an erasure should do, and the tests that compare with it."""

from __future__ import annotations

import os

SEED = int(os.environ.get("GUESTERASE_TEST_SEED", "0"))
"""Where chance begins: the same hosts each time, and other ones for who asks for them."""
