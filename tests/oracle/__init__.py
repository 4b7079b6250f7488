"""An independent answer to what an erasure should do, and the tests that compare with it."""
