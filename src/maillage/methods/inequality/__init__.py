"""Inequalities in health: differences between groups of people, in one number that has a margin.

draft
"""

from maillage.methods.inequality import individuals
from maillage.methods.inequality.concentration import (
    Curve,
    absolute_concentration_index,
    concentration_curve,
    relative_concentration_index,
)
from maillage.methods.inequality.entropy import mean_log_deviation, theil
from maillage.methods.inequality.ground import Measure, Reason
from maillage.methods.inequality.impact import population_attributable_fraction, population_attributable_risk
from maillage.methods.inequality.pairs import difference, ratio
from maillage.methods.inequality.slope import relative_index, slope_index
from maillage.methods.inequality.spread import (
    between_group_sd,
    between_group_variance,
    coefficient_of_variation,
    index_of_disparity,
    mean_difference,
)
from maillage.methods.inequality.together import every_measure

__all__ = [
    "Curve",
    "Measure",
    "Reason",
    "absolute_concentration_index",
    "between_group_sd",
    "between_group_variance",
    "coefficient_of_variation",
    "concentration_curve",
    "difference",
    "every_measure",
    "index_of_disparity",
    "individuals",
    "mean_difference",
    "mean_log_deviation",
    "population_attributable_fraction",
    "population_attributable_risk",
    "ratio",
    "relative_concentration_index",
    "relative_index",
    "slope_index",
    "theil",
]
