"""Who can go where: pairs of a place and a supplier with the cost of the journey, read once."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import coo_array, csc_array

from maillage.methods.arguments import Floats, floats, index, same_shape

Pairs = tuple[ArrayLike, ArrayLike, ArrayLike]  # origin, destination, cost
Ints = NDArray[Any]
BLOCK = 1 << 18


def read(pairs: Pairs, origins: int, suppliers: int) -> tuple[Ints, Ints, Floats]:
    """Origin, destination and cost of each pair, (pairs,) each, after the checks. A cost may be infinite: there is no way."""
    try:
        origin, destination, cost = pairs
    except (TypeError, ValueError):
        raise ValueError("pairs: origin, destination and cost, three arrays, were expected") from None
    start, end = index("origin", origin, size=origins), index("destination", destination, size=suppliers)
    price = np.asarray(cost)
    if price.dtype != np.float64 or not (price.size and price.min() >= 0):  # one look is enough where all is well
        price = floats("cost", cost, least=0, infinite=True)
    same_shape(origin=start, destination=end, cost=price)
    return start, end, price


def by_supplier(start: Ints, end: Ints, cost: Floats, shape: tuple[int, int]) -> csc_array:
    """The matrix of costs (origins, suppliers), one column after the other, rows as they come; a pair given twice is refused. A cost
    of 0 stays."""
    told = coo_array((cost, (start, end)), shape=shape)
    told.has_canonical_format = True  # SciPy would sort, and add up what is given twice
    found = told.tocsc()
    if not found.has_canonical_format and _twice(found):
        each, times = np.unique(np.stack([start, end], axis=1), axis=0, return_counts=True)
        origin, destination = cast("list[int]", each[np.argmax(times > 1)].tolist())
        raise ValueError(f"pairs: each once was expected, not origin {origin}, destination {destination} twice")
    return found


def _twice(costs: csc_array) -> bool:
    """Whether a pair comes twice, in columns whose rows are in no order: each is ticked off, which is faster than to put them in order."""
    rows, columns = costs.shape
    width = max(1, BLOCK // rows)  # columns at once
    for first in range(0, columns, width):
        ends = costs.indptr[first : first + width + 1]
        ahead = np.repeat(np.arange(len(ends) - 1, dtype=ends.dtype) * rows, np.diff(ends))
        seen = np.zeros(width * rows, np.bool_)
        seen[costs.indices[ends[0] : ends[-1]] + ahead] = True
        if np.count_nonzero(seen) < len(ahead):
            return True
    return False


def reached(weights: csc_array, has: NDArray[np.bool_]) -> Ints:
    """How many of the suppliers that have something each origin reaches: counted in blocks, for a count copies what it counts."""
    size = weights.shape[0]
    open_to = weights.indices if has.all() else weights.indices[np.repeat(has, np.diff(weights.indptr))]
    found = np.zeros(size, np.int64)
    for start in range(0, len(open_to), BLOCK):
        found += np.bincount(open_to[start : start + BLOCK], minlength=size)
    return found
