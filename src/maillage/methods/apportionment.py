"""An amount shared by a key: weights, a floor and a ceiling for each, exact to the cent.

For a fund shared among communes or services by population, need or any other weights, where some are promised a least amount. The
shares that sum to the amount are not whole cents; rounding each one misses the total more often than not, by a few cents.

Floors by water-filling: everybody has `level x weight`, but never less than their floor nor more than their ceiling, at the one
level that spends the amount (constrained proportional division; Ibaraki and Katoh, Resource Allocation Problems, MIT Press, 1988).
Whole cents by the largest remainder (Hamilton's method; Balinski and Young, Fair Representation, Yale University Press, 1982).
All arithmetic is in whole numbers and fractions: nothing is rounded before the end.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence, Set
from decimal import Decimal
from fractions import Fraction
from math import isfinite, lcm
from typing import Any

import numpy as np
from numpy.typing import NDArray

LARGEST = 2**63 - 1


def by_key(
    amount_cents: int,
    weights: Sequence[Any],
    floors: Sequence[Any] | None = None,
    ceilings: Sequence[Any] | None = None,
) -> NDArray[np.int64]:
    """The cents of each, (n,), whose sum is `amount_cents` to the cent.

    `weights` (n,): what each counts for; whole numbers, fractions, decimals, or floats, which are read exactly. Only their
    proportions matter. `floors` (n,): whole cents that each gets at least; none: 0. `ceilings` (n,): whole cents that each gets
    at most, None where there is no limit.
    Nobody is below its floor or above its ceiling; the others share what is left by weight, and each gets its share rounded down
    or up to the cent: up where the remainders are largest. Equal remainders: the larger weight first, then the one that comes
    first in the list. A weight of zero gets its floor. One cent more to share may take a cent from somebody, never more (the
    Alabama paradox; Balinski and Young).
    `ValueError`: floors that sum to more than the amount, ceilings that sum to less, a floor above its ceiling, an amount that
    nobody with a weight may take.
    """
    amount = _cents("amount_cents", amount_cents)
    key = [_weight(place, one) for place, one in enumerate(_listed("weights", weights))]
    if not key:
        raise ValueError("weights: at least one was expected, not an empty list")
    least: list[int] = [0] * len(key) if floors is None else _bounds("floors", floors, len(key))
    most = [None] * len(key) if ceilings is None else _bounds("ceilings", ceilings, len(key), endless=True)
    if sum(least) > amount:
        raise ValueError(f"floors: a sum of at most the amount, {amount} cents, was expected, not {sum(least)}")
    for place, (low, high) in enumerate(zip(least, most, strict=True)):
        if high is not None and high < low:
            raise ValueError(f"ceilings: at least the floor, {low} cents, was expected, not {high} at {place}")
    scale = lcm(*(one.denominator for one in key))
    counts = [int(one * scale) for one in key]
    tops = [high if one else low for one, low, high in zip(counts, least, most, strict=True)]  # no weight: the floor
    if None not in tops and sum(top or 0 for top in tops) < amount:
        raise ValueError(
            f"weights, ceilings: room for {amount} cents was expected, not for {sum(top or 0 for top in tops)}: "
            "whoever has no weight gets its floor, and the others no more than their ceiling"
        )
    return np.array(_filled(amount, counts, least, tops), np.int64)


def _filled(amount: int, key: list[int], least: list[int], most: list[int | None]) -> list[int]:
    """The cents of each. `most`: None without end.

    The level is sought among those at which somebody leaves its floor or meets its ceiling; just below the first of them that
    spends the amount, whoever is between its bounds shares by weight what the others leave.
    """
    rows = list(zip(key, least, most, strict=True))
    steps = sorted({Fraction(bound, one) for one, *both in rows if one for bound in both if bound is not None})

    def enough(level: Fraction) -> bool:
        up, down = level.numerator, level.denominator
        each = (max(low * down, up * one if high is None else min(high * down, up * one)) for one, low, high in rows)
        return sum(each) >= amount * down

    first = bisect_left(steps, True, key=enough)
    level = steps[first] if first < len(steps) else None
    found, between = [], []
    for place, (one, low, high) in enumerate(rows):
        below = bool(one) and (level is None or low < level * one)  # has left its floor
        full = high is not None and (level is None or high < level * one)
        found.append(high if below and full and high is not None else low)
        if below and not full:
            between.append(place)
    left = amount - sum(found) + sum(found[place] for place in between)
    for place, cents in zip(between, _largest_remainder(left, [key[place] for place in between]), strict=True):
        found[place] = cents
    return found


def _largest_remainder(amount: int, key: list[int]) -> list[int]:
    total = sum(key)
    parts = [divmod(amount * one, total) for one in key]
    found = [whole for whole, _ in parts]
    up = sorted(range(len(key)), key=lambda place: (-parts[place][1], -key[place], place))
    for place in up[: amount - sum(found)]:
        found[place] += 1
    return found


def _listed(name: str, value: Any) -> list[Any]:
    unordered = isinstance(value, str | bytes | Mapping | Set)
    if unordered or not isinstance(value, Iterable) or getattr(value, "ndim", 1) != 1:
        raise ValueError(f"{name}: a list of numbers was expected, not {value!r}")
    return [_plain(one) for one in value]


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value


def _is_number(value: Any) -> bool:
    """Finite, of any size, and not yes or no."""
    if isinstance(value, float):
        return isfinite(value)
    if isinstance(value, Decimal):
        return value.is_finite()
    return isinstance(value, int | Fraction) and not isinstance(value, bool)


def _weight(place: int, value: Any) -> Fraction:
    """Read exactly: a float is the fraction of two whole numbers that it is in memory."""
    if not _is_number(value):
        raise ValueError(f"weights: finite numbers were expected, not {value!r} at {place}")
    if value < 0:
        raise ValueError(f"weights: at least 0 was expected, not {value} at {place}")
    return Fraction(value)


def _bounds(name: str, value: Any, count: int, *, endless: bool = False) -> list[Any]:
    listed = _listed(name, value)
    if len(listed) != count:
        raise ValueError(f"{name}: one for each of the {count} weights was expected, not {len(listed)}")
    return [one if one is None and endless else _cents(f"{name}[{place}]", one) for place, one in enumerate(listed)]


def _cents(name: str, value: Any) -> int:
    value = _plain(value)
    if not _is_number(value) or not 0 <= value <= LARGEST or int(value) != value:
        raise ValueError(f"{name}: whole cents from 0 to {LARGEST} were expected, not {value!r}")
    return int(value)
