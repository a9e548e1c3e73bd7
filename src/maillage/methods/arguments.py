"""What methods are given, read once and alike: an argument that cannot be is refused with its name, what was expected, what came."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


def floats(
    name: str,
    value: ArrayLike,
    *,
    ndim: int | tuple[int, ...] | None = None,
    least: float | None = None,
    most: float | None = None,
    above: float | None = None,
    missing: bool = False,
    infinite: bool = False,
) -> Floats:
    """The numbers of `value`, each from `least` to `most` and more than `above`. NaN only where it may be `missing`.

    What is masked is missing. Words, dates and complex numbers are no numbers, though NumPy would read them as some.
    `ValueError` names the argument, what was expected and the first that came instead, with its place.
    """
    try:
        found = _numbers(value)
    except (TypeError, ValueError, OverflowError):
        raise ValueError(f"{name}: numbers were expected, not {_short(value)}") from None
    dims = (ndim,) if isinstance(ndim, int) else ndim
    if dims is not None and found.ndim not in dims:
        raise ValueError(f"{name}: {' or '.join(map(_axes, dims))} was expected, not the shape {found.shape}")
    if not missing:
        _all(name, found, ~np.isnan(found), "a known number")
    if not infinite:
        _all(name, found, ~np.isinf(found), "a finite number")
    for bad, said in (
        (None if least is None else found < least, f"at least {least}"),
        (None if most is None else found > most, f"at most {most}"),
        (None if above is None else found <= above, f"more than {above}"),
    ):
        if bad is not None:
            _all(name, found, ~bad, said)
    return found


def same_shape(**arrays: NDArray[Any]) -> None:
    """The arrays, given by their names, have one shape; the first that differs from the first of all is refused."""
    (first, model), *others = arrays.items()
    for name, one in others:
        if one.shape != model.shape:
            raise ValueError(f"{name}: the shape of {first}, {model.shape}, was expected, not {one.shape}")


def share(name: str, value: float) -> float:
    """A number between 0 and 1, neither of them included."""
    if not 0 < floats(name, value, ndim=0, missing=True, infinite=True) < 1:
        raise ValueError(f"{name}: between 0 and 1 was expected, not {value}")
    return float(value)


def whole(name: str, value: int, *, least: int = 0) -> int:
    """A whole number, at least `least`."""
    real = isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool)
    if not real or not -np.inf < value < np.inf or int(value) != value or value < least:  # of any length, as seeds are
        raise ValueError(f"{name}: a whole number of at least {least} was expected, not {value}")
    return int(value)


def among(name: str, value: str, allowed: tuple[str, ...]) -> str:
    """One of the words that are allowed."""
    if not isinstance(value, str) or value not in allowed:
        raise ValueError(f"{name}: {', '.join(allowed[:-1])} or {allowed[-1]} was expected, not {value!r}")
    return value


def index(name: str, value: ArrayLike, *, size: int | None = None) -> NDArray[Any]:
    """A row of places in another array, (n,): whole numbers from 0, all smaller than its `size` where that is given."""
    found = np.asarray(value)
    if found.shape == (0,):  # an empty list tells no kind of number
        return found.astype(np.int64)
    if found.ndim != 1 or found.dtype.kind not in "iu":
        raise ValueError(f"{name}: a row of whole numbers was expected, not {_short(value)}")
    if found.min() < 0 or (size is not None and found.max() >= size):
        said = "whole numbers from 0" if size is None else f"whole numbers from 0 to {size - 1}"
        wrong = found.min() if found.min() < 0 else found.max()
        raise ValueError(f"{name}: {said} were expected, not {wrong}")
    return found


def monday(name: str, value: date) -> date:
    """A date that is a Monday, the first day of an ISO week."""
    if not isinstance(value, date):
        raise ValueError(f"{name}: a date, a Monday, was expected, not {value!r}")
    if value.isoweekday() != 1:
        raise ValueError(f"{name}: a Monday was expected, not {value:%A} {value.isoformat()}")
    return value


def _numbers(value: ArrayLike) -> Floats:
    if isinstance(value, np.ma.MaskedArray):
        value = np.ma.filled(value.astype(np.float64), np.nan)
    given = np.asarray(value)
    words = given.dtype.kind == "O" and any(isinstance(one, str) for one in given.flat)
    if words or given.dtype.kind not in "biufO":
        raise TypeError
    return np.asarray(value, np.float64)


def _axes(ndim: int) -> str:
    return "a number" if ndim == 0 else f"an array of {ndim} {'axis' if ndim == 1 else 'axes'}"


def _all(name: str, found: Floats, good: NDArray[np.bool_], said: str) -> None:
    if not good.all():
        place = np.unravel_index(int(np.argmin(good)), found.shape)
        at = f" at {', '.join(str(int(one)) for one in place)}" if place else ""
        raise ValueError(f"{name}: {said} was expected, not {found[place]:.15g}{at}")


def _short(value: Any) -> str:
    said = repr(value)
    return said if len(said) <= 60 else said[:57] + "..."
