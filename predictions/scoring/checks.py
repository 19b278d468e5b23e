"""What every rule asks of its arguments: a ValueError that names the one that is wrong."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_BITS_OF_ONE = np.float64(1).view(np.uint64)


def floats(values: Any) -> Floats:
    """As float64; no copy of what already is."""
    return np.asarray(values, dtype=np.float64)


def same_shape(**arrays: NDArray[Any]) -> None:
    """Refuse arrays that differ in shape from the first one."""
    (first, like), *others = arrays.items()
    for name, values in others:
        if values.shape != like.shape:
            raise ValueError(
                f"{name} has shape {values.shape}, {first} {like.shape}: they must be alike"
            )


def within_unit(name: str, values: Floats) -> None:
    """Refuse what is not in [0, 1], and what is no number.

    The bits of the numbers from 0 to 1 are, as integers, those from 0 to the bits of 1, so one
    pass does; it stops at −0 too, for which there is a second look.
    """
    if values.size and values.view(np.uint64).max() > _BITS_OF_ONE:
        wrong = values[~((values >= 0) & (values <= 1))]
        if wrong.size:
            raise ValueError(f"{name} must lie in [0, 1]; it holds {wrong[0]}")


def finite(name: str, values: Floats) -> None:
    """Refuse infinities and what is no number."""
    if not np.isfinite(values).all():
        raise ValueError(f"{name} must hold finite numbers; it holds {_first_other(values)}")


def _first_other(values: Floats) -> float:
    return float(values[~np.isfinite(values)][0])


def ascending(name: str, rows: Floats, *, strictly: bool = False) -> None:
    """Refuse rows that descend, or `strictly` that stay."""
    steps = np.diff(rows, axis=-1)
    if not (steps > 0 if strictly else steps >= 0).all():
        raise ValueError(f"{name} must {'ascend' if strictly else 'not descend'} in each row")


def indices(name: str, values: Any, *, of: int, like: NDArray[Any]) -> NDArray[np.int64]:
    """Whole numbers from 0 to `of` − 1, of the shape of `like`."""
    given = np.asarray(values)
    if given.size and given.dtype.kind not in "iu":
        raise ValueError(f"{name} must hold whole numbers; it holds {given.dtype}")
    if given.shape != like.shape:
        raise ValueError(f"{name} has shape {given.shape}; it must be {like.shape}")
    if given.size and not 0 <= given.min() <= given.max() < of:
        raise ValueError(f"{name} must hold numbers from 0 to {of - 1}")
    return given.astype(np.int64, copy=False)
