"""How many cases the last days really had, when part of them is not reported yet.

Of the cases of yesterday few are reported today. The counts of the last days are too low, and every curve seems to fall. From past
delays we learn which share of the cases is reported after how many days, and from that how many are still to come.

Sources: Höhle and an der Heiden, Bayesian nowcasting during the STEC O104:H4 outbreak in Germany, 2011, Biometrics 70 (2014), for
"bayes"; Lawless, Adjustments for reporting delays and the prediction of occurred but not reported events, Canadian Journal of
Statistics 22 (1994), for "lawless".

The reference is `nowcast` of surveillance 1.20.3 for R: its bayes.trunc is "bayes", its bayes.notrunc "bayes_untruncated", both with
the prior poisgamma, its lawless "lawless". Delays agree to 1e-9, medians to 1 case, bounds to 2. Departures:

- R averages 1,000 drawn delay distributions, for counts up to a maximum. Ours are a Latin hypercube, and counts have no maximum.
- Lawless' variance is what is still to come plus what is not known about the delays. R's program computes both and keeps the first
  alone: the second stands in a line that ends too early. "lawless" does as R; `estimated_delays` adds what was lost. On the 2011
  outbreak in Germany, ten days before the 2nd of June, it moves bounds by 3 cases at most: 43 to 63 becomes 40 to 66.
- R's Lawless gives the counts of a day probabilities that sum to more than 1 (1.2 where little is reported). Ours are the median and
  the bounds of its `predPMF` once the sum is 1; those that it prints (`upperbound`, `pi`) are too low: 14 where 21 is right.
- R leaves out reports before their event and rows without a date, without an error. We refuse both.
- R moves the window with the days of the events, for each method, although Lawless moved it with the days of the reports. So do we.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import IntEnum
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import betainc, betaincinv, ndtri

from maillage.methods.arguments import Floats, among, floats, share, whole

Numbers = NDArray[np.int64]
METHODS = ("bayes", "bayes_untruncated", "lawless")
SUREST = 1 - 1e-9  # nearer to 1, the last digits of a sum of probabilities decide
FARTHEST = 10**12  # the farthest day, as a whole number
LONGEST = 40_000  # days from the first event to now, more than a century: one wrong year would fill the memory


class Reason(IntEnum):
    """What a reader must know about a day; the last that holds.

    `KNOWN`: nothing. `PRIOR_TOO_LOW`: a day has more cases already than the prior thinks possible (its 0.999 quantile); the counts
    of "bayes" are pulled down, choose another prior. `NOTHING_REPORTED`: no case of this day is reported yet; "lawless" then says
    0 to 0, "bayes" little more than its prior. `UNKNOWN_DELAYS`: the past does not show which share is reported so soon, because
    no report ever came so soon or no past day is there to tell; "lawless" has no answer (NaN) where the share is 0, "bayes" has
    its prior.
    """

    KNOWN = 0
    PRIOR_TOO_LOW = 1
    NOTHING_REPORTED = 2
    UNKNOWN_DELAYS = 3


@dataclass(frozen=True, slots=True)
class Nowcast:
    """What is known on the day `now` about each day (days,), from the first event to `now`.

    `days`: whole numbers, or dates where dates came. `reported`: cases so far. `estimate`, `standard_error`: of the final count.
    `median`, `lower`, `upper`: whole cases. `reason`: a `Reason`. `draws` (draws, days): final counts that are equally likely.
    `delay_cdf` (maximum_delay + 1,): the share reported within 0, 1, 2 ... days. `triangle` (days, maximum_delay + 1): reports of
    each day by delay. `late`: how many reports came after more than the maximum delay, counted there as of the maximum delay.
    """

    days: NDArray[Any]
    reported: Numbers
    estimate: Floats
    standard_error: Floats
    median: Floats
    lower: Floats
    upper: Floats
    reason: NDArray[np.int8]
    draws: Floats
    delay_cdf: Floats
    triangle: Numbers
    late: int


def nowcast(
    reports: ArrayLike,
    *,
    now: int | date | np.datetime64,
    maximum_delay: int,
    method: str = "bayes",
    window: int | None = None,
    seed: int = 0,
    prior: tuple[float, float] = (50.0, 3000.0),
    delay_prior: float = 0.1,
    confidence: float = 0.95,
    draws: int = 2000,
    estimated_delays: bool = False,
) -> Nowcast:
    """The final count of each day, as far as it can be told on the day `now`, from the event and the report day of each case.

    `reports` (cases, 2): for each case the day of the event (first symptoms, hospital admission) and the day when it was reported,
    as whole numbers or as dates (of moments without a time zone the day counts); a week, or any other step, may stand for the day
    if it does so everywhere. Cases that are reported after `now` are not known yet: they change nothing. No event is more than
    40,000 days ago. A day is complete after `maximum_delay` days, at least 1 and no more than have passed since the first event; a
    case reported later counts as reported then, once it is. `window`: learn the delays from the events of `now` and of as many
    days before, at least `maximum_delay`; None: from all.

    "bayes": the probability that a delay is x days, among those of at most x days, has a beta posterior (only the days that are
    old enough to show x count for it). The final count of a day is Poisson with a gamma mean, of which a share is reported; what is
    still to come is then negative binomial. `prior`: mean and variance (the larger) of the final count of a day before any report;
    choose it for your counts, the default is wide up to a few hundred a day. `delay_prior`: cases added to each delay.
    "bayes_untruncated" ignores that the last days show short delays only, and comes out too low.
    "lawless": reported cases divided by the share that is reported, with normal bounds, never below what is reported.
    `estimated_delays`: with "lawless", bounds that know that the delays are estimated.

    `confidence`: of `lower` to `upper`, at most 1 - 1e-9. `draws`: how many delay distributions and final counts are drawn, with `seed`. Draws of
    final counts may be given to `reproduction_number` as series, and its answers to `pooled`.
    """
    among("method", method, METHODS)
    tail = (1 - float(floats("confidence", share("confidence", confidence), most=SUREST))) / 2
    wanted = np.array([tail, 0.5, 1 - tail])
    rng = np.random.default_rng(whole("seed", seed))
    draws = whole("draws", draws, least=2)
    days, triangle, late = _triangle(reports, now, whole("maximum_delay", maximum_delay, least=1))
    past = _past(triangle, window)
    size, chance = _prior(prior)
    weight = float(floats("delay_prior", delay_prior, ndim=0, above=0))
    if method == "lawless":
        doubt = _doubt(past) if estimated_delays else np.zeros(len(past.equal))
        cdf = _cumulated(past.hazard)
        estimate, error, limits, drawn = _lawless(past.reported, cdf[past.age], doubt[past.age], wanted, draws, rng)
    else:
        alpha, beta = _delay_posterior(past, weight, truncated=method == "bayes")
        cdf = _cumulated(alpha / (alpha + beta))
        shares = _cumulated(betaincinv(alpha, beta, _hypercube(draws, len(alpha), rng)))
        estimate, error, limits, drawn = _bayes(past, shares, size, chance, wanted, rng)
    reason = _reasons(past, method, size, chance)
    lower, median, upper = limits
    return Nowcast(days, past.reported, estimate, error, median, lower, upper, reason, drawn, cdf, triangle, late)


@dataclass(frozen=True, slots=True)
class _Past:
    """Of each day: cases `reported`, and its `age`, at most the longest delay. Of each delay: reports with it (`equal`), and with
    it or a shorter one (`within`), of the days that are in the window and old enough to show it."""

    reported: Numbers
    age: Numbers
    equal: Numbers
    within: Numbers

    @property
    def hazard(self) -> Floats:
        """Of each delay but 0: the chance that a delay of as many days or less is that long."""
        return np.asarray(self.equal[1:] / np.maximum(self.within[1:], 1))


def _triangle(reports: ArrayLike, now: int | date | np.datetime64, longest: int) -> tuple[NDArray[Any], Numbers, int]:
    """The days from the first event to `now`, the reports of each by delay, and how many came after the longest."""
    days, dated = _whole_days("reports", reports)
    today, today_dated = _whole_days("now", now)
    if days.ndim != 2 or days.shape[1] != 2:
        raise ValueError(
            f"reports: an event day and a report day for each case were expected, not the shape {days.shape}"
        )
    if today.ndim or dated != today_dated:
        raise ValueError(f"now: one {'date' if dated else 'whole number'} was expected, as in reports, not {now!r}")
    if (days[:, 1] < days[:, 0]).any():
        raise ValueError(
            f"reports: no report before its event was expected, not case {np.argmax(days[:, 1] < days[:, 0])}"
        )
    events, reported = days[days[:, 1] <= today].T
    if not len(events) or events.min() > today - longest:
        raise ValueError(f"reports: a case known now, of {longest} days (maximum_delay) ago or more, was expected")
    first = events.min()
    if today - first > LONGEST:
        raise ValueError(f"reports: no event more than {LONGEST} days before now was expected, not {today - first}")
    triangle = np.zeros((today - first + 1, longest + 1), np.int64)
    np.add.at(triangle, (events - first, np.minimum(reported - events, longest)), 1)
    span = first + np.arange(len(triangle))
    return span.astype("datetime64[D]") if dated else span, triangle, int((reported - events > longest).sum())


def _whole_days(name: str, value: Any) -> tuple[Numbers, bool]:
    """Days as whole numbers, and whether they came as dates."""
    if np.ma.is_masked(value):
        raise ValueError(f"{name}: days without a gap were expected, not masked ones")
    given = np.asarray(value)
    if given.dtype.kind == "O" and any(isinstance(one, date) for one in given.flat):
        for one in given.flat:
            if not isinstance(one, date) or getattr(one, "tzinfo", None):
                raise ValueError(f"{name}: dates without a time zone were expected, not {one!r}")
        given = given.astype("datetime64[D]")
    if given.dtype.kind == "M":
        if np.isnat(given).any():
            raise ValueError(f"{name}: dates without a gap were expected, not NaT")
        return given.astype("datetime64[D]").astype(np.int64), True
    numbers = floats(name, given, least=-FARTHEST, most=FARTHEST)
    if (numbers % 1).any():
        raise ValueError(f"{name}: whole days were expected, not {numbers[numbers % 1 != 0].flat[0]:g}")
    return numbers.astype(np.int64), False


def _prior(prior: tuple[float, float]) -> tuple[float, float]:
    """Of the negative binomial: how many, and the chance, with which n counts as it."""
    found = floats("prior", prior, above=0)
    if found.shape != (2,) or found[1] <= found[0]:
        raise ValueError(f"prior: a mean and a larger variance were expected, not {found.tolist()}")
    mean, variance = found.tolist()
    return mean**2 / (variance - mean), mean / variance


def _past(triangle: Numbers, window: int | None) -> _Past:
    days, delays = triangle.shape
    ago = np.arange(days)[::-1]
    shown = ago[:, None] >= np.arange(delays)
    if window is not None:
        shown &= ago[:, None] <= whole("window", window, least=delays - 1)
    equal, within = (triangle * shown).sum(axis=0), (triangle.cumsum(axis=1) * shown).sum(axis=0)
    return _Past(triangle.sum(axis=1), np.minimum(ago, delays - 1), equal, within)


def _reasons(past: _Past, method: str, size: float, chance: float) -> NDArray[np.int8]:
    """The least important first: the last that holds is said."""
    longest = len(past.equal) - 1
    found = np.zeros(len(past.age), np.int8)
    most = max(past.reported.max(), 1)
    if method != "lawless" and betainc(size, most, chance) > 0.999:  # the prior's chance of less than the most
        found[:] = Reason.PRIOR_TOO_LOW
    found[past.reported == 0] = Reason.NOTHING_REPORTED
    told = _cumulated(np.where(past.within[1:] > 0, past.hazard, 1)) > 0
    found[~told[past.age]] = Reason.UNKNOWN_DELAYS
    found[past.age == longest] = Reason.KNOWN
    return found


def _cumulated(hazard: Floats) -> Floats:
    """The share within 0, 1, ... longest (..., longest + 1), from the chance of each delay but 0 among those up to it."""
    later = np.cumprod(1 - hazard[..., ::-1], axis=-1)[..., ::-1]
    found: Floats = np.concatenate([later, np.ones_like(later[..., :1])], axis=-1)
    return found


def _doubt(past: _Past) -> Floats:
    """Squared relative error of each share (Greenwood's formula, backwards in time)."""
    with np.errstate(divide="ignore", invalid="ignore"):
        each = np.nan_to_num(past.hazard / (past.within[1:] * (1 - past.hazard)), posinf=0)
    return np.append(np.cumsum(each[::-1])[::-1], 0)


def _delay_posterior(past: _Past, weight: float, *, truncated: bool) -> tuple[Floats, Floats]:
    """The two numbers of the beta posterior of each hazard: a Dirichlet prior with the same weight for each delay, and cases."""
    shorter = past.within[1:] - past.equal[1:] if truncated else np.cumsum(past.equal)[:-1]
    steps = np.arange(1.0, len(past.equal))
    return past.equal[1:] + weight * np.ones_like(steps), shorter + weight * steps


def _lawless(
    reported: Numbers, part: Floats, doubt: Floats, wanted: Floats, draws: int, rng: np.random.Generator
) -> tuple[Floats, Floats, Floats, Floats]:
    part = np.where(part > 0, part, np.nan)
    estimate = reported / part
    error = np.sqrt(estimate * (1 - part) / part + estimate * (reported + 1) / part * doubt)
    limits, drawn = (
        np.maximum(reported, np.ceil(estimate + error * step))
        for step in (ndtri(wanted)[:, None], rng.standard_normal((draws, len(reported))))
    )
    return estimate, error, limits, drawn


def _bayes(
    past: _Past, shares: Floats, size: float, chance: float, wanted: Floats, rng: np.random.Generator
) -> tuple[Floats, Floats, Floats, Floats]:
    """What is still to come is negative binomial, `reported + size` of a chance that grows with the share that is reported."""
    estimate = past.reported.astype(np.float64)
    limits, drawn = (np.tile(estimate, (rows, 1)) for rows in (len(wanted), len(shares)))
    error, still = np.zeros_like(estimate), past.age < shares.shape[1] - 1
    count, ends = past.reported[still] + size, 1 - (1 - chance) * (1 - shares[:, past.age[still]])
    odds = (1 - ends) / ends
    mean = count * odds.mean(axis=0)
    error[still] = np.sqrt(np.mean(count * odds / ends, axis=0) + np.var(count * odds, axis=0))
    limits[:, still] += _quantiles(count, ends, wanted, mean + 6 * error[still])
    drawn[:, still] += rng.poisson(rng.standard_gamma(count, ends.shape) * odds)
    estimate[still] += mean
    return estimate, error, limits, drawn


def _quantiles(count: Floats, ends: Floats, wanted: Floats, guess: Floats) -> Floats:
    """The least number, for each probability and day, whose probability of not being passed, on average of the rows, is more."""

    def passed(number: Floats) -> NDArray[np.bool_]:
        return np.asarray(betainc(count, number[:, None] + 1, ends).mean(axis=1) > wanted[:, None])

    high = np.tile(np.ceil(guess), (len(wanted), 1))
    while not (enough := passed(high)).all():
        high = np.where(enough, high, 2 * high + 1)
    low = np.full_like(high, -1)
    while (high - low > 1).any():
        middle = np.ceil((low + high) / 2)  # where the search has ended: `high`, which stays
        enough = passed(middle)
        low, high = np.where(enough, low, middle), np.where(enough, middle, high)
    return high


def _hypercube(rows: int, columns: int, rng: np.random.Generator) -> Floats:
    """Uniform numbers of which each column has one in each of as many equal steps as there are rows: means vary less."""
    steps = rng.permuted(np.tile(np.arange(rows), (columns, 1)), axis=1).T
    found: Floats = (steps + rng.random((rows, columns))) / rows
    return found
