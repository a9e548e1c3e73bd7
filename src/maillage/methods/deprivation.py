"""How deprived an area is compared with the others, and how sure we may be of its rank.

An index of multiple deprivation has four steps. In each domain (income, work, education ...) the areas are ranked. Each rank becomes a
score from 0 to 100 that spreads out the most deprived (`exponential`). The scores are added with a weight for each domain
(`combined`). The sum is ranked, and cut into deciles (`ranks`, `quantiles`). Larger areas are told by population-weighted averages
(`weighted_average`) and by the share of their people who live among the most deprived (`extent`).
A rank looks more certain than it is. `rank_intervals` draws the values again within their errors, and the weights within our doubt, and
says where the rank of each area falls, and how often it would still be chosen.

Sources: Noble et al., Measuring multiple deprivation at the small-area level, Environment and Planning A 38 (2006); McLennan et al., The
English Indices of Deprivation 2019, technical report; Otavova et al., Measuring small-area level deprivation in Belgium, Spatial and
Spatio-temporal Epidemiology 45 (2023). Rank intervals: Goldstein and Spiegelhalter, League tables and their limitations, Journal of
the Royal Statistical Society A 159 (1996).
A departure: the Belgian code breaks ties at random, so that its ranks change from run to run (97 % of the sectors share their crime
score with another). Here a tie is broken by a rule that can be told: see `ranks`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from maillage.methods.arguments import Floats, among, floats, index, same_shape, share, whole

Ints = NDArray[np.int64]
SPREAD = 23.0  # the score 50 is then about the most deprived tenth: English Indices of Deprivation, appendix E
# By percentile, the most deprived first.
EXTENT = np.concatenate([np.ones(10), np.linspace(0.95, 0.05, 20), np.zeros(70)])
EXTENT.flags.writeable = False
CELLS = 4_000_000  # numbers drawn at once: what a few hundred megabytes hold


def ranks(score: ArrayLike, *, ties: str = "average", key: ArrayLike | None = None) -> Floats:
    """The rank of each area, (..., areas), from its `score`, (..., areas): 1 for the highest score, the most deprived.

    `ties` says what areas with equal scores receive. "average": the mean of the ranks that they share, so that the ranks still add up to
    n (n + 1) / 2. "lowest": the first of those ranks, as in sports. "key": each its own rank, the smaller `key` (areas,) first, an
    official code for example; keys must differ; without a key the order in which the areas were given decides.
    With "average" and "lowest" the order of the areas changes nothing; with "key" it changes nothing either once a key is given.
    Scores tie when they are equal to the last digit: round first what may differ by the order of an addition.
    """
    if among("ties", ties, ("average", "lowest", "key")) != "key" and key is not None:
        raise ValueError(f"key: None was expected with ties={ties!r}, which leave nothing to it")
    values = floats("score", score)
    if values.ndim < 1 or values.shape[-1] == 0:
        raise ValueError(f"score: at least one area was expected, not the shape {values.shape}")
    count = values.shape[-1]
    first = _by_key(key, count)
    order = first[np.argsort(-values[..., first], axis=-1, kind="stable")]
    place: Floats = np.broadcast_to(np.arange(float(count)), values.shape)
    if ties != "key":
        place = _shared(np.take_along_axis(values, order, -1), average=ties == "average")
    found = np.empty(values.shape)
    np.put_along_axis(found, order, place + 1.0, -1)
    return found


def exponential(rank: ArrayLike, *, count: int | None = None, spread: float = SPREAD) -> Floats:
    """The score of each rank, from just above 0 to 100 for rank 1; the shape of `rank`.

    E = -s ln(1 - R (1 - exp(-100 / s))), R = (count - rank + 1) / count. `spread` is s: the smaller, the more the most deprived stand
    out, so that being well off in one domain makes up less for being deprived in another. `count`: how many areas were ranked, as many as
    there are ranks unless given; give it when the ranks are a part of a larger set, one region of a national ranking.
    A smaller rank never has a smaller score.
    """
    place, among_all = _of(rank, count)
    scale = float(floats("spread", spread, ndim=0, above=0))
    found = np.full(place.shape, 100.0)  # rank 1 without the formula: a small spread would leave it only rounding
    rest = place > 1
    relative = (among_all - place[rest] + 1) / among_all
    found[rest] = -scale * np.log1p(relative * np.expm1(-100 / scale))
    return found


def combined(score: ArrayLike, weights: ArrayLike) -> Floats:
    """The weighted sum over the domains, (..., areas), of `score` (..., areas, domains), `weights` (domains,) adding up to 1.

    It lies between the smallest and the largest score of the area. Whatever the order of the domains, it is the same.
    """
    values, shares = floats("score", score), _weights(weights)
    if values.ndim < 2 or values.shape[-1] != len(shares):
        raise ValueError(f"score: (..., areas, {len(shares)} domains) was expected, not the shape {values.shape}")
    found: Floats = values @ shares
    return found


def quantiles(rank: ArrayLike, *, groups: int = 10, count: int | None = None, cut: str = "interpolated") -> Ints:
    """The group of each area, 1 (the most deprived) to `groups`, from its `rank`: deciles for 10. The shape of `rank`.

    `count` is as in `exponential`. `cut`: where a group ends when the areas cannot be shared out evenly (when they can, both agree).
    "interpolated": group g holds the ranks up to 1 + (count - 1) g / groups, as the quantiles of R do, and the published Belgian
    deciles. "share": the ranks up to count g / groups. A smaller rank is never in a later group.
    """
    whole("groups", groups, least=1)
    place, among_all = _of(rank, count)
    if among("cut", cut, ("interpolated", "share")) == "share":
        return np.ceil(groups * place / among_all).astype(np.int64)
    return np.maximum(np.ceil(groups * (place - 1) / max(among_all - 1, 1)), 1).astype(np.int64)


def weighted_average(value: ArrayLike, population: ArrayLike, area: ArrayLike) -> Floats:
    """The mean of `value` in each larger area, (..., larger areas), each small area counting for its population.

    `value` (..., areas): scores, or ranks reversed. `population` (areas,). `area` (areas,): in which larger area each lies, 0, 1, 2 ...;
    an area that is split is given once for each part, with the people of that part. Every larger area must have people.
    The mean lies between the smallest and the largest value found there; people in proportion everywhere leave it as it is.
    """
    values = floats("value", value)
    people = floats("population", population, ndim=1, least=0)
    if not people.size:
        raise ValueError("area: at least one area was expected, not none")
    where = index("area", area, size=len(people))  # no more larger areas than parts: none may be empty
    same_shape(population=people, area=where)
    if values.ndim < 1 or values.shape[-1] != len(people):
        raise ValueError(f"value: (..., {len(people)} areas) was expected, not the shape {values.shape}")
    total = np.bincount(where, people)
    if not total.all():
        raise ValueError(
            f"population: people in each of {len(total)} larger areas were expected, not 0 in area {np.argmin(total)}"
        )
    rows = [np.bincount(where, people * row) / total for row in values.reshape(-1, len(people))]
    return np.reshape(rows, (*values.shape[:-1], len(total)))


def extent(
    rank: ArrayLike, population: ArrayLike, area: ArrayLike, *, count: int | None = None, weights: ArrayLike = EXTENT
) -> Floats:
    """The share of the people of each larger area who live among the most deprived, 0 to 1, (..., larger areas).

    Everybody counts in the most deprived tenth of all areas, then less and less (0.95 in percentile 11, 0.05 in percentile 30), then
    nobody. `weights` (100,) are these, by percentile, the most deprived first, 0 to 1. The percentile is 100 rank / count, rounded up.
    `rank` (..., areas), `population` and `area` are as in `weighted_average`, `count` as in `exponential`.
    """
    table = floats("weights", weights, ndim=1, least=0, most=1)
    if len(table) != 100:
        raise ValueError(f"weights: one for each of 100 percentiles was expected, not {len(table)}")
    percentile = quantiles(rank, groups=100, count=count, cut="share")
    return weighted_average(table[percentile - 1], population, area)


@dataclass(frozen=True, slots=True)
class RankIntervals:
    """Each array is (areas,). `rank`: by the values as they are. `lower`, `upper`: between them lie the ranks that were drawn, as often as
    the confidence says. `chosen`: share of the draws, 0 to 1, in which the area was among the first `top`."""

    rank: Ints
    lower: Ints
    upper: Ints
    chosen: Floats


def rank_intervals(
    estimate: ArrayLike,
    standard_error: ArrayLike,
    *,
    top: int,
    seed: int,
    weights: ArrayLike | None = None,
    concentration: float | None = None,
    spread: float = SPREAD,
    key: ArrayLike | None = None,
    draws: int = 2000,
    confidence: float = 0.95,
) -> RankIntervals:
    """Where the rank of each area may lie, and how often it would still be chosen among the `top` most deprived: a `RankIntervals`.

    `estimate` (areas,): one score, higher when more deprived; `standard_error` (areas,) or one number: its error. In each of `draws`
    draws a normal error is added to each, independently, and the areas are ranked anew. Ties are broken by `key`, as in `ranks`.
    `estimate` (areas, domains) with `weights` (domains,): in each draw each domain is ranked (ties share their mean rank), the ranks go
    through `exponential` with `spread`, and `combined` adds them. `concentration` draws the weights too (Dirichlet, mean `weights`): the
    standard deviation of a weight w is then sqrt(w (1 - w) / (concentration + 1)); at least 1; None: they are certain.
    `chosen` adds up to `top`. Without errors and with certain weights the interval is the rank. The same `seed` draws the same.
    The interval is of the drawn ranks: one extreme area among noisy ones may lie outside its own, for noise can only bring it inwards.
    """
    values = floats("estimate", estimate, ndim=(1, 2))
    if values.size == 0:
        raise ValueError(f"estimate: at least one area was expected, not the shape {values.shape}")
    errors = np.broadcast_to(_errors(standard_error, values.shape), values.shape)
    count = len(values)
    if whole("top", top, least=1) > count:
        raise ValueError(f"top: at most the {count} areas was expected, not {top}")
    whole("draws", draws, least=1)
    beyond = (1 - share("confidence", confidence)) / 2
    floats("spread", spread, ndim=0, above=0)
    shares = _domains(values, weights, concentration)
    chance = np.random.default_rng(whole("seed", seed))
    drawn = np.empty((draws, count), np.int32)
    block = max(1, CELLS // values.size)
    for start in range(0, draws, block):
        size = min(block, draws - start)
        noisy = values + errors * chance.standard_normal((size, *values.shape))
        drawn[start : start + size] = ranks(
            _score(noisy, _some(shares, concentration, size, chance), spread), ties="key", key=key
        )
    low, high = np.quantile(drawn, [beyond, 1 - beyond], axis=0, method="inverted_cdf").astype(np.int64)
    now = ranks(_score(values, shares, spread), ties="key", key=key).astype(np.int64)
    return RankIntervals(now, low, high, (drawn <= top).mean(axis=0))


# ---- parts


def _by_key(key: ArrayLike | None, count: int) -> Ints:
    """The areas, the smallest key first."""
    if key is None:
        return np.arange(count)
    given = np.asarray(key)
    if given.shape != (count,):
        raise ValueError(f"key: one for each of {count} areas was expected, not the shape {given.shape}")
    try:
        order = np.argsort(given, kind="stable")
        told = not (given != given).any()  # NaN alone differs from itself
    except TypeError:
        told = False
    if not told:
        raise ValueError("key: keys that can be put in order were expected, not words among numbers, None or NaN")
    again = np.flatnonzero(given[order[1:]] == given[order[:-1]])
    if again.size:
        raise ValueError(f"key: a different key for each area was expected, not {given[order[again[0]]]} twice")
    return order


def _shared(ordered: Floats, *, average: bool) -> Floats:
    """The places, from 0, of values in falling order, where equal values share theirs."""
    count = ordered.shape[-1]
    place = np.broadcast_to(np.arange(float(count)), ordered.shape)
    differs = np.diff(ordered, axis=-1) != 0
    edge = np.ones((*ordered.shape[:-1], 1), np.bool_)
    first = np.maximum.accumulate(np.where(np.concatenate([edge, differs], -1), place, 0), axis=-1)
    if not average:
        return first
    ends = np.where(np.concatenate([differs, edge], -1), place, count)
    last = np.minimum.accumulate(ends[..., ::-1], axis=-1)[..., ::-1]
    found: Floats = (first + last) / 2
    return found


def _of(rank: ArrayLike, count: int | None) -> tuple[Floats, int]:
    place = floats("rank", rank, least=1)
    if place.ndim < 1 or place.shape[-1] == 0:
        raise ValueError(f"rank: at least one area was expected, not the shape {place.shape}")
    among_all = place.shape[-1] if count is None else whole("count", count, least=1)
    if place.max() > among_all:
        raise ValueError(f"rank: at most {among_all}, the number of areas ranked, was expected, not {place.max():g}")
    return place, among_all


def _weights(weights: ArrayLike) -> Floats:
    shares = floats("weights", weights, ndim=1, least=0)
    if abs(shares.sum() - 1) > 1e-9:
        raise ValueError(f"weights: a sum of 1 was expected, not {shares.sum():.12g}")
    return shares


def _errors(standard_error: ArrayLike, shape: tuple[int, ...]) -> Floats:
    errors = floats("standard_error", standard_error, least=0)
    if errors.ndim and errors.shape != shape:
        raise ValueError(f"standard_error: one number or the shape {shape} was expected, not {errors.shape}")
    return errors


def _domains(values: Floats, weights: ArrayLike | None, concentration: float | None) -> Floats | None:
    """The weights of the domains, None for one score."""
    if values.ndim == 1:
        for name, value in (("weights", weights), ("concentration", concentration)):
            if value is not None:
                raise ValueError(f"{name}: None was expected with one score for each area, not {value}")
        return None
    if weights is None:
        raise ValueError(f"weights: one for each of {values.shape[1]} domains was expected, not None")
    shares = _weights(weights)
    if len(shares) != values.shape[1]:
        raise ValueError(f"weights: one for each of {values.shape[1]} domains was expected, not {len(shares)}")
    if concentration is not None:
        floats("concentration", concentration, ndim=0, least=1)
    return shares


def _some(shares: Floats | None, concentration: float | None, size: int, chance: np.random.Generator) -> Floats | None:
    """The weights of `size` draws, (size, domains), or what is certain."""
    if shares is None or concentration is None:
        return shares
    grown = chance.standard_gamma(concentration * shares, (size, len(shares)))
    found: Floats = grown / grown.sum(axis=1, keepdims=True)
    return found


def _score(values: Floats, shares: Floats | None, spread: float) -> Floats:
    """(..., areas) from (..., areas) as it is, or from (..., areas, domains) ranked, spread out and added."""
    if shares is None:
        return values
    each = exponential(ranks(np.swapaxes(values, -1, -2)), spread=spread)  # (..., domains, areas)
    found: Floats = (shares[..., None, :] @ each)[..., 0, :]
    return found
