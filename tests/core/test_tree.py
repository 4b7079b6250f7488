"""The hash tree against the recursive definition of RFC 6962, which it shares no code with."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flask_guesterase.core.errors import TamperedError
from flask_guesterase.core.tree import (
    Frontier,
    consistency_path,
    inclusion_path,
    leaf_hash,
    node_hash,
    verify_consistency,
    verify_inclusion,
)

RFC_INPUTS = [
    "",
    "00",
    "10",
    "2021",
    "3031",
    "40414243",
    "5051525354555657",
    "606162636465666768696a6b6c6d6e6f",
]
# Roots of the first 1 to 8 of these leaves, as every implementation of RFC 6962 publishes them.
RFC_ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


def naive_root(leaves):
    if not leaves:
        return hashlib.sha256().digest()
    if len(leaves) == 1:
        return hashlib.sha256(b"\0" + leaves[0]).digest()
    k = 1
    while 2 * k < len(leaves):
        k *= 2
    return hashlib.sha256(b"\1" + naive_root(leaves[:k]) + naive_root(leaves[k:])).digest()


def naive_path(m, leaves):
    if len(leaves) == 1:
        return []
    k = 1
    while 2 * k < len(leaves):
        k *= 2
    if m < k:
        return [*naive_path(m, leaves[:k]), naive_root(leaves[k:])]
    return [*naive_path(m - k, leaves[k:]), naive_root(leaves[:k])]


def naive_consistency(m, leaves, whole=True):
    n = len(leaves)
    if m == n:
        return [] if whole else [naive_root(leaves)]
    k = 1
    while 2 * k < n:
        k *= 2
    if m <= k:
        return [*naive_consistency(m, leaves[:k], whole), naive_root(leaves[k:])]
    return [*naive_consistency(m - k, leaves[k:], False), naive_root(leaves[:k])]


def grow(leaves, at_once=False):
    """Return frontier and every stored node of a tree that was grown by appending."""
    hashes = [leaf_hash(leaf) for leaf in leaves]
    nodes = {(0, index): value for index, value in enumerate(hashes)}
    frontier = Frontier()
    if at_once:
        frontier, completed = frontier.extend(hashes)
        nodes.update({(level, index): value for level, index, value in completed})
    else:
        for value in hashes:
            frontier, completed = frontier.append(value)
            nodes.update({(level, index): value for level, index, value in completed})
    return frontier, nodes


def leaves_of(size):
    return [f"entry {number}".encode() for number in range(size)]


@pytest.mark.parametrize("size", range(1, 9))
def test_published_roots(size):
    """The roots are those which other implementations of RFC 6962 publish for these leaves."""
    frontier, _ = grow([bytes.fromhex(text) for text in RFC_INPUTS[:size]])
    assert frontier.root().hex() == RFC_ROOTS[size - 1]


@given(st.integers(0, 200), st.booleans())
def test_root_equals_the_definition(size, at_once):
    """A tree grown by appending, one by one or at once, has the root of the definition."""
    leaves = leaves_of(size)
    assert grow(leaves, at_once)[0].root() == naive_root(leaves)


@given(st.integers(0, 100), st.integers(0, 100))
def test_extending_is_appending(first, second):
    """Appending in two batches gives the same edge and the same nodes as in one."""
    leaves = [leaf_hash(leaf) for leaf in leaves_of(first + second)]
    whole, nodes = Frontier().extend(leaves)
    part, before = Frontier().extend(leaves[:first])
    rest, after = part.extend(leaves[first:])
    assert (rest, sorted(before + after)) == (whole, sorted(nodes))


@given(st.data())
def test_inclusion(data):
    """Every path equals the definition's and verifies; it proves no other place or leaf."""
    size = data.draw(st.integers(1, 130))
    index = data.draw(st.integers(0, size - 1))
    leaves = leaves_of(size)
    frontier, nodes = grow(leaves)
    path = inclusion_path(index, size, lambda level, at: nodes[level, at])
    root, leaf = frontier.root(), leaf_hash(leaves[index])
    assert list(path) == naive_path(index, leaves)
    assert verify_inclusion(index, size, leaf, path, root)
    assert not verify_inclusion(index, size, leaf_hash(b"another"), path, root)
    assert not verify_inclusion(size, size, leaf, path, root)
    assert not verify_inclusion(index, size, leaf, [*path, root], root)
    if size > 1:
        assert not verify_inclusion((index + 1) % size, size, leaf, path, root)
        assert not verify_inclusion(index, size, leaf, path[:-1], root)


@given(st.data())
def test_consistency(data):
    """Every consistency path equals the definition's and verifies, and no other size does."""
    size = data.draw(st.integers(1, 130))
    old = data.draw(st.integers(1, size))
    leaves = leaves_of(size)
    frontier, nodes = grow(leaves)
    path = consistency_path(old, size, lambda level, at: nodes[level, at])
    root, old_root = frontier.root(), naive_root(leaves[:old])
    assert list(path) == naive_consistency(old, leaves)
    assert verify_consistency(old, size, old_root, root, path)
    assert not verify_consistency(old, size, naive_root(leaves_of(old - 1)), root, path)
    assert not verify_consistency(old, size, old_root, root, [*path, root])


@given(st.data())
def test_a_flipped_bit_is_seen(data):
    """One flipped bit anywhere in a proof, a leaf or a root makes the proof fail."""
    size = data.draw(st.integers(2, 70))
    index = data.draw(st.integers(0, size - 1))
    old = data.draw(st.integers(1, size - 1))
    leaves = leaves_of(size)
    frontier, nodes = grow(leaves)

    def node(level, at):
        return nodes[level, at]

    root, leaf, old_root = frontier.root(), leaf_hash(leaves[index]), naive_root(leaves[:old])
    parts = [leaf, root, *inclusion_path(index, size, node)]
    parts = _flip(data, parts)
    assert not verify_inclusion(index, size, parts[0], parts[2:], parts[1])
    parts = _flip(data, [old_root, root, *consistency_path(old, size, node)])
    assert not verify_consistency(old, size, parts[0], parts[1], parts[2:])


def _flip(data, parts):
    place = data.draw(st.integers(0, len(parts) - 1))
    bit = data.draw(st.integers(0, 255))
    changed = bytearray(parts[place])
    changed[bit // 8] ^= 1 << (bit % 8)
    return [*parts[:place], bytes(changed), *parts[place + 1 :]]


def test_a_proof_asks_for_few_nodes():
    """A proof in a tree of 10,000 leaves looks up a few dozen nodes, not thousands."""
    frontier, nodes = grow(leaves_of(10_000))
    asked = []

    def node(level, at):
        asked.append((level, at))
        return nodes[level, at]

    path = inclusion_path(7_777, 10_000, node)
    assert verify_inclusion(7_777, 10_000, nodes[0, 7_777], path, frontier.root())
    assert len(asked) <= 28
    asked.clear()
    consistency_path(4_321, 10_000, node)
    assert len(asked) <= 42


def test_the_empty_tree():
    """No leaves hash to SHA-256 of nothing; every tree continues it; nothing is in it."""
    assert Frontier().root() == hashlib.sha256(b"").digest()
    grown, _ = grow(leaves_of(3))
    assert consistency_path(0, 3, lambda level, at: b"") == ()
    assert verify_consistency(0, 3, Frontier().root(), grown.root(), ())
    assert not verify_consistency(0, 3, grown.root(), grown.root(), ())
    with pytest.raises(ValueError, match="no leaf 0"):
        inclusion_path(0, 0, lambda level, at: b"")
    with pytest.raises(ValueError, match="cannot continue"):
        consistency_path(4, 3, lambda level, at: b"")
    assert not verify_consistency(4, 3, grown.root(), grown.root(), ())
    assert not verify_consistency(3, 4, grown.root(), grown.root(), ())


def test_a_frontier_that_cannot_be_is_refused():
    """A stored edge whose hashes do not fit its size is reported as tampering."""
    with pytest.raises(TamperedError):
        Frontier(3, (b"x" * 32,))
    with pytest.raises(TamperedError):
        Frontier(1, (b"short",))


def test_leaf_and_node_differ():
    """A leaf can never pass as an interior node (second preimage, RFC 6962 §2.1)."""
    left, right = leaf_hash(b"a"), leaf_hash(b"b")
    assert leaf_hash(left + right) != node_hash(left, right)
