"""The tree against the definition of RFC 6962 and the vectors of its reference implementation."""

import hashlib

from hypothesis import given
from hypothesis import strategies as st

from ledger.merkle import EMPTY_ROOT, leaf_hash, node_hash, root_of

# The leaves and roots of the reference implementation's tests (Certificate Transparency).
LEAVES = [
    bytes.fromhex(leaf)
    for leaf in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


def definition(leaves: list[bytes]) -> bytes:
    """MTH of RFC 6962, section 2.1, word for word: split at the largest power of two below n."""
    if len(leaves) == 1:
        return leaf_hash(leaves[0])
    split = 1 << (len(leaves) - 1).bit_length() - 1
    return node_hash(definition(leaves[:split]), definition(leaves[split:]))


def test_the_root_of_nothing_is_the_hash_of_nothing() -> None:
    assert root_of([]) == EMPTY_ROOT == hashlib.sha256().digest()


def test_the_roots_are_the_published_ones() -> None:
    for size, root in enumerate(ROOTS, 1):
        assert root_of(map(leaf_hash, LEAVES[:size])).hex() == root


@given(st.lists(st.binary(max_size=4), min_size=1, max_size=130))
def test_the_frontier_gives_the_root_of_the_definition(leaves: list[bytes]) -> None:
    assert root_of(map(leaf_hash, leaves)) == definition(leaves)
