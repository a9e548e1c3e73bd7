"""What the measures share: how groups are read, which of them is compared with which, and how an answer is given."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from maillage.methods.arguments import Floats, floats, share
from maillage.methods.quantiles import z_value

Whole = NDArray[np.intp]
Codes = NDArray[np.int8]
Truths = NDArray[np.bool_]
Like = Literal["healthequal"] | None


class Reason(IntEnum):
    """Why a number is missing; where several hold, the first that was met."""

    GIVEN = 0  # nothing is missing
    NO_STANDARD_ERROR = 1  # estimate only: neither standard errors nor anything to take their place was given
    TOO_FEW_GROUPS = 2  # estimate only: two groups lie on every straight line, which leaves nothing to judge it by
    ZERO = 3  # a ratio to zero, or to something below it; or its interval where it is zero itself: no logarithm
    AT_THE_LIMIT = 4  # every group at 0, or every group at the scale: no curve to be fitted, no interval
    DIVERGED = 5  # the curve is a step: in their order groups are at 0, then at the scale, with one between at most


@dataclass(frozen=True, slots=True)
class Measure:
    """Arrays of the leading shape of the estimates, () for one indicator; NaN where `reason` says why."""

    estimate: Floats
    standard_error: Floats  # in the units of the estimate
    lower: Floats
    upper: Floats
    reason: Codes  # of `Reason`


@dataclass(frozen=True)
class Groups:
    """Values, people and standard errors of groups, (..., groups), read and of one shape."""

    value: Floats
    people: Floats | None
    error: Floats | None

    @property
    def batch(self) -> tuple[int, ...]:
        return self.value.shape[:-1]

    @cached_property
    def share(self) -> Floats:
        """Of all people, those in each group."""
        assert self.people is not None
        found: Floats = self.people / self.people.sum(-1, keepdims=True)
        return found

    @cached_property
    def rank(self) -> Floats:
        """The middle of each group on the scale from the least (0) to the most advantaged (1)."""
        share = self.share
        found: Floats = np.cumsum(share, -1) - share / 2
        return found

    @cached_property
    def mean(self) -> Floats:
        found: Floats = (self.share * self.value).sum(-1)
        return found


def read(
    estimates: ArrayLike,
    population: ArrayLike | None,
    standard_errors: ArrayLike | None,
    *,
    least: float | None = None,
) -> Groups:
    """Groups on the last axis, two at least; people and standard errors of the same shape, or of one row for all."""
    value = floats("estimates", estimates, least=least)
    if value.ndim < 1 or value.shape[-1] < 2:
        raise ValueError(f"estimates: two groups or more on the last axis were expected, not the shape {value.shape}")
    people = None if population is None else spread("population", floats("population", population, above=0), value)
    error = None
    if standard_errors is not None:
        error = spread("standard_errors", floats("standard_errors", standard_errors, least=0), value)
    return Groups(value, people, error)


def scaled(scale: ArrayLike, groups: Groups, average: Floats | None = None) -> Floats:
    """What the indicator is a share of, for each indicator; no estimate is above it, nor the average where one is given."""
    found = over("scale", scale, groups.batch, above=0)
    for name, value in (("estimates", groups.value), ("average", None if average is None else average[..., None])):
        if value is not None and (value > found[..., None]).any():
            came = value[value > found[..., None]][0]
            raise ValueError(f"{name}: at most the scale was expected, not {came:.15g}")
    return found


def spread(name: str, found: Floats, model: Floats) -> Floats:
    """An array of the shape of the estimates, or one row that stands for every row."""
    if found.shape not in {model.shape, model.shape[-1:]}:
        raise ValueError(f"{name}: the shape of estimates, {model.shape}, was expected, not {found.shape}")
    return np.broadcast_to(found, model.shape)


def over(
    name: str, value: ArrayLike, batch: tuple[int, ...], *, least: float | None = None, above: float | None = None
) -> Floats:
    """A number for each indicator, or one for all."""
    return np.broadcast_to(_fits(name, floats(name, value, least=least, above=above), batch), batch)


def polarity(favourable: ArrayLike, batch: tuple[int, ...]) -> Truths:
    """True where more is better, for each indicator or for all."""
    return np.broadcast_to(_fits("favourable", _truths("favourable", favourable), batch), batch)


def theirs(like: str | None) -> bool:
    """Whether an answer is to be as WHO's healthequal gives it."""
    if like not in {None, "healthequal"}:
        raise ValueError(f"like: 'healthequal' or None was expected, not {like!r}")
    return like is not None


def told(name: str, value: bool) -> bool:
    """True or False, once for all indicators."""
    found = _truths(name, value)
    if found.ndim:
        raise ValueError(f"{name}: one True or False for all was expected, not {value!r}")
    return bool(found)


def chosen(reference: ArrayLike, value: Floats) -> Whole:
    """The place of the reference group on the last axis, for each indicator or for all."""
    found = np.asarray(reference)
    groups = value.shape[-1]
    if found.dtype.kind not in "iu" or (found < 0).any() or (found >= groups).any():
        raise ValueError(f"reference: the place of a group, from 0 to {groups - 1}, was expected, not {reference!r}")
    return np.broadcast_to(_fits("reference", found, value.shape[:-1]).astype(np.intp), value.shape[:-1])


def at(array: Floats, place: Whole) -> Floats:
    """The number of the group at that place, for each indicator."""
    found: Floats = np.take_along_axis(array, place[..., None], -1)[..., 0]
    return found


def best(value: Floats, more: Truths, tie: Floats) -> Whole:
    """The place of the best group; of several that are equally good, the one with the largest `tie`."""
    signed = np.where(more[..., None], value, -value)
    first: Whole = np.where(signed == signed.max(-1, keepdims=True), tie, -1).argmax(-1)
    return first


def normal(estimate: Floats, error: Floats, confidence: float, reason: Codes) -> Measure:
    """Estimate and z standard errors on both sides."""
    half = z_value(share("confidence", confidence)) * error
    return _measure(estimate, error, estimate - half, estimate + half, reason)


def logarithmic(estimate: Floats, error: Floats, confidence: float, reason: Codes) -> Measure:
    """Of a ratio, from the standard error of its logarithm: z of those on both sides, never below zero."""
    with np.errstate(over="ignore", invalid="ignore"):  # an error beyond all bounds: from zero to infinity
        factor = np.exp(z_value(share("confidence", confidence)) * error)
        return _measure(estimate, estimate * error, estimate / factor, estimate * factor, reason)


def reasons(batch: tuple[int, ...], *met: tuple[Truths | bool, Reason]) -> Codes:
    """The first reason that holds for each indicator."""
    found = np.zeros(batch, np.int8)
    for holds, reason in met[::-1]:
        found[np.broadcast_to(holds, batch)] = reason
    return found


def unknown(batch: tuple[int, ...]) -> Floats:
    return np.full(batch, np.nan)


def _measure(estimate: Floats, error: Floats, lower: Floats, upper: Floats, reason: Codes) -> Measure:
    """Arrays also where NumPy made numbers of arrays without axes."""
    return Measure(np.asarray(estimate), np.asarray(error), np.asarray(lower), np.asarray(upper), reason)


def _truths(name: str, value: ArrayLike) -> Truths:
    """True or False, or 1 or 0 as in a table."""
    found = np.asarray(value)
    if found.dtype.kind not in "biu" or not np.isin(found, (0, 1)).all():
        raise ValueError(f"{name}: True or False was expected, not {value!r}")
    return found.astype(bool)


def _fits(name: str, found: NDArray[Any], batch: tuple[int, ...]) -> NDArray[Any]:
    if found.shape not in {(), batch}:
        raise ValueError(f"{name}: one for all or the shape {batch} was expected, not {found.shape}")
    return found
