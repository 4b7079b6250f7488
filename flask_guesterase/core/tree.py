"""The hash tree under the journal: RFC 6962 with the proofs of RFC 9162, over hashes alone."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from .errors import TamperedError

Lookup = Callable[[int, int], bytes]
"""Hash of the complete subtree at (level, index); level 0 are the leaves."""

Node = tuple[int, int, bytes]
"""Level, index and hash of a complete subtree above the leaves."""

HASH_SIZE = 32
EMPTY_ROOT = hashlib.sha256(b"").digest()


def leaf_hash(data: bytes) -> bytes:
    """Return the hash of one leaf (RFC 6962 §2.1).

    :param data: the leaf as it was written.
    """
    return hashlib.sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of an interior node (RFC 6962 §2.1).

    :param left: hash of the left child, 32 bytes.
    :param right: hash of the right child, 32 bytes.
    """
    return hashlib.sha256(b"\x01" + left + right).digest()


@dataclass(frozen=True)
class Frontier:
    """The right edge of a tree: all that is needed to append to it and to know its root.

    :param size: number of leaves.
    :param hashes: hashes of the complete subtrees, from the largest on the left to the smallest;
        one for each bit that is set in `size`.
    """

    size: int = 0
    hashes: tuple[bytes, ...] = ()

    def __post_init__(self) -> None:
        fits = self.size >= 0 and len(self.hashes) == self.size.bit_count()
        if not fits or any(len(item) != HASH_SIZE for item in self.hashes):
            raise TamperedError(
                "The right edge of the journal does not fit its size.",
                "Run `flask guesterase verify`, and compare with a checkpoint from outside.",
            )

    def append(self, leaf: bytes) -> tuple[Frontier, list[Node]]:
        """Return the tree with one more leaf, and the subtrees which that leaf completes.

        :param leaf: hash of the leaf, 32 bytes.
        """
        return self.extend((leaf,))

    def extend(self, leaves: Iterable[bytes]) -> tuple[Frontier, list[Node]]:
        """Return the tree with more leaves, and the subtrees which they complete.

        :param leaves: hashes of the leaves, 32 bytes each, in order.
        """
        size, stack, completed = self.size, list(self.hashes), []
        for leaf in leaves:
            stack.append(leaf)
            level, index = 0, size
            while index & 1:
                right = stack.pop()
                stack[-1] = node_hash(stack[-1], right)
                level, index = level + 1, index >> 1
                completed.append((level, index, stack[-1]))
            size += 1
        return Frontier(size, tuple(stack)), completed

    def root(self) -> bytes:
        """Return the root hash of the tree; that of no leaves is SHA-256 of nothing."""
        if not self.hashes:
            return EMPTY_ROOT
        root = self.hashes[-1]
        for left in reversed(self.hashes[:-1]):
            root = node_hash(left, root)
        return root


def edge_places(size: int) -> list[tuple[int, int]]:
    """Return level and index of the complete subtrees of the first leaves, left to right.

    :param size: how many leaves; where the hashes of a `Frontier` of this size belong.
    """
    places, start = [], 0
    for level in range(size.bit_length() - 1, -1, -1):
        if size >> level & 1:
            places.append((level, start >> level))
            start += 1 << level
    return places


def kept_for(old: int, pruned: int) -> set[tuple[int, int]]:
    """Return which complete subtrees of leaves that went a proof from an old size still needs.

    Beside the old tree's own right edge these are the right-hand siblings on the way from there up
    to where the first leaf begins that is still there (RFC 9162 §2.1.4.1).

    :param old: size of the old tree, at most `pruned`.
    :param pruned: how many leaves went.
    """
    places = set(edge_places(old))
    for level in range(pruned.bit_length() if old else 0):
        index = (old - 1) >> level
        # A right-hand sibling is needed where the old tree ends in the left one.
        if not index & 1:
            places.add((level, index + 1))
    inside = {(level, index) for level, index in places if (index + 1) << level <= pruned}
    return inside - set(edge_places(pruned))


def range_hash(start: int, end: int, node: Lookup) -> bytes:
    """Return the root of the leaves from `start` up to, not including, `end`.

    :param start: a multiple of the largest power of two that fits into the range.
    :param end: more than `start`.
    :param node: looks up complete subtrees.
    """
    width = end - start
    if width & (width - 1) == 0:
        level = width.bit_length() - 1
        return node(level, start >> level)
    middle = start + _split(width)
    return node_hash(range_hash(start, middle, node), range_hash(middle, end, node))


def _split(width: int) -> int:
    """Return the largest power of two smaller than `width`."""
    return 1 << ((width - 1).bit_length() - 1)


def inclusion_path(index: int, size: int, node: Lookup) -> tuple[bytes, ...]:
    """Return the hashes that prove a leaf to be in a tree (RFC 9162 §2.1.3.1).

    :param index: position of the leaf, from 0.
    :param size: number of leaves of the tree.
    :param node: looks up complete subtrees; it is asked O(log size) times.
    :raises ValueError: there is no such leaf in a tree of this size.
    """
    if not 0 <= index < size:
        raise ValueError(f"there is no leaf {index} in a tree of {size}")
    path: list[bytes] = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            path.append(range_hash(middle, end, node))
            end = middle
        else:
            path.append(range_hash(start, middle, node))
            start = middle
    return tuple(reversed(path))


def verify_inclusion(
    index: int, size: int, leaf: bytes, path: Sequence[bytes], root: bytes
) -> bool:
    """Tell whether a path proves a leaf to be in the tree with this root (RFC 9162 §2.1.3.2).

    :param index: position of the leaf, from 0.
    :param size: number of leaves of the tree.
    :param leaf: hash of the leaf.
    :param path: what `inclusion_path` returned.
    :param root: root hash of the tree.
    """
    if not 0 <= index < size:
        return False
    position, last, computed = index, size - 1, leaf
    for sibling in path:
        if last == 0:
            return False
        if position & 1 or position == last:
            computed = node_hash(sibling, computed)
            while position and not position & 1:
                position, last = position >> 1, last >> 1
        else:
            computed = node_hash(computed, sibling)
        position, last = position >> 1, last >> 1
    return last == 0 and computed == root


def consistency_path(old: int, size: int, node: Lookup) -> tuple[bytes, ...]:
    """Return the hashes that prove a tree to continue an older one (RFC 9162 §2.1.4.1).

    :param old: number of leaves of the older tree.
    :param size: number of leaves of the newer tree.
    :param node: looks up complete subtrees of the newer tree.
    :raises ValueError: the older tree is larger than the newer.
    """
    if not 0 <= old <= size:
        raise ValueError(f"a tree of {size} cannot continue one of {old}")
    if old in (0, size):
        return ()
    path: list[bytes] = []
    start, end, whole = 0, size, True
    while old != end:
        middle = start + _split(end - start)
        if old <= middle:
            path.append(range_hash(middle, end, node))
            end = middle
        else:
            path.append(range_hash(start, middle, node))
            start, whole = middle, False
    if not whole:
        path.append(range_hash(start, end, node))
    return tuple(reversed(path))


def verify_consistency(
    old: int, size: int, old_root: bytes, root: bytes, path: Sequence[bytes]
) -> bool:
    """Tell whether a path proves a tree to continue an older one (RFC 9162 §2.1.4.2).

    :param old: number of leaves of the older tree.
    :param size: number of leaves of the newer tree.
    :param old_root: root hash of the older tree.
    :param root: root hash of the newer tree.
    :param path: what `consistency_path` returned.
    """
    if not 0 <= old <= size:
        return False
    if old == 0:
        return not path and old_root == EMPTY_ROOT
    if old == size:
        return not path and old_root == root
    # The older tree is complete when its size is a power of two: its root starts the path itself.
    hashes = list(path) if old & (old - 1) else [old_root, *path]
    if not hashes:
        return False
    position, last = old - 1, size - 1
    while position & 1:
        position, last = position >> 1, last >> 1
    older = newer = hashes[0]
    for sibling in hashes[1:]:
        if last == 0:
            return False
        if position & 1 or position == last:
            older, newer = node_hash(sibling, older), node_hash(sibling, newer)
            while position and not position & 1:
                position, last = position >> 1, last >> 1
        else:
            newer = node_hash(newer, sibling)
        position, last = position >> 1, last >> 1
    return last == 0 and older == old_root and newer == root
