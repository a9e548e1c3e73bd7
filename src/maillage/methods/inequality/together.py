"""Every measure of a set of indicators in one go."""

from __future__ import annotations

from typing import Final, TypedDict

from numpy.typing import ArrayLike

from maillage.methods.inequality.concentration import absolute_concentration_index, relative_concentration_index
from maillage.methods.inequality.draws import Statistic, answers, question
from maillage.methods.inequality.entropy import mean_log_deviation, theil
from maillage.methods.inequality.ground import Measure, chosen, polarity, read
from maillage.methods.inequality.impact import population_attributable_fraction, population_attributable_risk
from maillage.methods.inequality.pairs import difference, ratio
from maillage.methods.inequality.slope import line_of, ratio_of, slope_of
from maillage.methods.inequality.spread import (
    DIFFERENCES,
    DRAWS,
    between_group_variance,
    deviation,
    disparity,
    disparity_weighted,
    variation,
)

SIMULATED: Final[dict[str, Statistic]] = {
    "between_group_sd": deviation,
    "coefficient_of_variation": variation,
    **{
        f"mean_difference_{point}{'' if weighted else '_unweighted'}": statistic
        for (point, weighted), statistic in DIFFERENCES.items()
    },
    "index_of_disparity": disparity_weighted,
    "index_of_disparity_unweighted": disparity,
}


class _Wide(TypedDict):
    standard_errors: ArrayLike | None
    confidence: float


class _Pair(TypedDict):
    ordered: bool
    favourable: ArrayLike


class _Part(_Pair):
    scale: ArrayLike
    confidence: float


def every_measure(
    estimates: ArrayLike,
    population: ArrayLike,
    *,
    standard_errors: ArrayLike | None = None,
    ordered: bool,
    scale: ArrayLike,
    favourable: ArrayLike = True,
    reference: ArrayLike | None = None,
    draws: int = DRAWS,
    seed: int = 0,
    confidence: float = 0.95,
) -> dict[str, Measure]:
    """The measures that fit, by name, each what the function of that name gives with the same options.

    ordered: difference, ratio, absolute and relative concentration index, slope and relative index (logistic), attributable risk and
    fraction; a `reference` is refused. Others: difference and ratio of the extremes, between-group variance and standard deviation, coefficient of
    variation, mean differences (`mean_difference_mean`, `_best`, and `_reference` where one is given) and index of disparity, all these also
    `_unweighted`, Theil's index, mean log deviation, attributable risk and fraction. What is simulated shares its draws, which
    is most of the work. Values are from 0 to the `scale`.
    """
    wide: _Wide = {"standard_errors": standard_errors, "confidence": confidence}
    pair: _Pair = {"ordered": ordered, "favourable": favourable}
    part: _Part = {**pair, "scale": scale, "confidence": confidence}
    found = {
        "difference": difference(estimates, **pair, **wide),
        "ratio": ratio(estimates, **pair, **wide),
        "population_attributable_risk": population_attributable_risk(estimates, population, **part),
        "population_attributable_fraction": population_attributable_fraction(estimates, population, **part),
    }
    if ordered:
        if reference is not None:
            raise ValueError(f"reference: None was expected for ordered groups, not {reference!r}")
        line = line_of(estimates, population, "logistic", scale, "none", standard_errors, None)
        return found | {
            "absolute_concentration_index": absolute_concentration_index(estimates, population, **wide),
            "relative_concentration_index": relative_concentration_index(estimates, population, **wide),
            "slope_index": slope_of(line, confidence),
            "relative_index": ratio_of(line, confidence),
        }
    groups = read(estimates, population, standard_errors, least=0)
    place = None if reference is None else chosen(reference, groups.value)
    asked = question(
        groups,
        more=polarity(favourable, groups.batch),
        reference=place,
        scale=scale,
        draws=draws,
        seed=seed,
        confidence=confidence,
    )
    names = [name for name in SIMULATED if place is not None or "reference" not in name]
    simulated = answers(asked, [SIMULATED[name] for name in names])
    return found | {
        "between_group_variance": between_group_variance(estimates, population, **wide),
        **dict(zip(names, simulated, strict=True)),
        "theil": theil(estimates, population, **wide),
        "mean_log_deviation": mean_log_deviation(estimates, population, **wide),
    }
