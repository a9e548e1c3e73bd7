"""How long people live at the death rates of today: abridged life tables with intervals."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from maillage.methods.arguments import Floats, among, floats, same_shape, share
from maillage.methods.quantiles import z_value
from maillage.methods.rates.measures import Measure, Reason, Reasons, reasons

AGES = (0, 1, *range(5, 95, 5))  # the first age of each band: 0, 1-4, 5-9 ... 85-89, 90 and more
FIRST_YEAR = 0.1  # who dies in the first year lived a tenth of it


def life_expectancy(
    deaths: ArrayLike,
    population: ArrayLike,
    *,
    ages: ArrayLike = AGES,
    lived: ArrayLike | None = None,
    variance: Literal["silcocks", "chiang"] = "silcocks",
    confidence: float = 0.95,
    minimum_population: float = 5000,
    widest: float = 20,
) -> Measure:
    """Years that remain at the first age of each band, (..., bands), the first of them at birth; with limits.

    `deaths` and `population` (person-years at risk, over as many years as the deaths) are (..., bands); `ages` (bands,) are the first
    ages of the bands, ascending from 0; the last band is open. `lived`: the part of its band that somebody lives who dies in it, one
    for each but the last; as it is: .1 in the first band, .5 later.

    Chiang: m = D / P, q = k m / (1 + k (1 - a) m), at most 1, for a band of k years; the open band lives 1 / m. Variance of q:
    q^2 (1 - q) / D, weighed by (survivors x (years left at the next age + (1 - a) k))^2.
    "silcocks" adds the open band, 1 / (D m^2); "chiang" takes it as certain, so that its limits are narrower.
    Limits: estimate -+ z standard errors.

    NaN with its reason: a population of `minimum_population` people (5,000) or fewer in all (Toson and Baker, ONS, 2003); a band with
    more deaths than people; no death in the open band; an age that nobody reaches. Where the 95 % interval is wider than `widest`
    years (20) only the estimate is NaN. A band without people is refused: nothing is known of it.
    Twice the deaths and twice the people is the same life, known more surely; more deaths at any age never lengthen it.
    """
    dead, people = floats("deaths", deaths, least=0), floats("population", population, above=0)
    same_shape(population=people, deaths=dead)
    width, part = _bands(ages, lived, people)
    among("variance", variance, ("silcocks", "chiang"))
    z = z_value(share("confidence", confidence))
    least = float(floats("minimum_population", minimum_population, ndim=0, least=0))
    most = float(floats("widest", widest, ndim=0, above=0, infinite=True))
    with np.errstate(divide="ignore", invalid="ignore"):
        estimate, error = _table(dead, people, width, part, last=variance == "silcocks")
    reason = _reasons(dead, people, np.isnan(estimate), least)
    unknown = reason != Reason.KNOWN
    estimate, error = (np.where(unknown, np.nan, one) for one in (estimate, error))
    wide = 2 * z_value(0.95) * error > most
    reason[wide] = Reason.WIDE_INTERVAL
    return Measure(np.where(wide, np.nan, estimate), error, estimate - z * error, estimate + z * error, reason)


def _bands(ages: ArrayLike, lived: ArrayLike | None, people: Floats) -> tuple[Floats, Floats]:
    """The years of each band but the last, and the part of it that somebody lives who dies in it."""
    first = floats("ages", ages, ndim=1, least=0)
    width = np.diff(first)
    if first.size < 2 or first[0] != 0 or (width <= 0).any():
        raise ValueError("ages: at least two first ages of bands were expected, ascending from 0")
    if people.shape[-1:] != first.shape:
        raise ValueError(f"population: {first.size} bands were expected on the last axis, not the shape {people.shape}")
    if lived is None:
        return width, np.where(np.arange(width.size) == 0, FIRST_YEAR, 0.5)
    part = floats("lived", lived, ndim=1, above=0, most=1)
    if part.shape != width.shape:
        raise ValueError(f"lived: the shape {width.shape} was expected, all bands but the last, not {part.shape}")
    return width, part


def _table(dead: Floats, people: Floats, width: Floats, part: Floats, *, last: bool) -> tuple[Floats, Floats]:
    """Years that remain and their standard errors; NaN where nobody is left."""
    mortality = dead / people
    closed = mortality[..., :-1]
    dying = np.minimum(width * closed / (1 + width * (1 - part) * closed), 1)
    survivors = np.cumprod(np.concatenate([np.ones_like(dead[..., :1]), 1 - dying], axis=-1), axis=-1)
    after = survivors[..., 1:]
    years = width * (after + part * (survivors[..., :-1] - after))
    open_years = survivors[..., -1:] / mortality[..., -1:]
    left = _from_here_on(np.concatenate([years, open_years], axis=-1)) / survivors
    of_dying = np.where(dead[..., :-1] > 0, dying**2 * (1 - dying) / dead[..., :-1], 0)
    weight = survivors[..., :-1] * ((1 - part) * width + np.where(after > 0, left[..., 1:], 0))
    of_open = open_years**2 / dead[..., -1:] if last else np.zeros_like(open_years)
    spread = _from_here_on(np.concatenate([of_dying * weight**2, of_open], axis=-1))
    return left, np.sqrt(spread) / survivors


def _from_here_on(each: Floats) -> Floats:
    found: Floats = np.cumsum(each[..., ::-1], axis=-1)[..., ::-1]
    return found


def _reasons(dead: Floats, people: Floats, nobody: NDArray[np.bool_], least: float) -> Reasons:
    found = reasons(dead.shape)
    found[nobody] = Reason.NOBODY_LEFT
    for reason, where in (
        (Reason.NO_DEATH_AT_THE_END, dead[..., -1] == 0),
        (Reason.SMALL_POPULATION, people.sum(axis=-1) <= least),
        (Reason.MORE_DEATHS_THAN_PEOPLE, (dead > people).any(axis=-1)),
    ):
        found[where] = reason
    return found
