"""How unequal groups of people are, in one number with its margin: did the gap shrink, or was it chance?

An indicator (a rate, a percentage, an average) is known for groups: fifths of income, neighbourhoods, levels of education. Ordered groups
stand from the least to the most advantaged (`difference`, `ratio`, concentration indices, `slope_index`, `relative_index`);
groups without an order are compared with their mean, with the best or with one of them. What the whole would gain if all fared
as the best is the attributable risk. No measure says it all: publish an absolute and a relative one.

Groups are the last axis, (groups,) for one indicator or (..., groups) for as many as one likes, 10,000 indicator-years at once; what is
given for a group may be one row for all. Answers are arrays of the leading shape: `estimate`, `standard_error`, `lower`,
`upper` (95 % unless `confidence` says otherwise), and `reason` where one of them is missing. Standard errors of the groups are
taken as independent of each other. `every_measure` gives all that fit; what begins with `survey_` asks individuals of a survey.

Where no formula for the interval holds near zero (standard deviation, coefficient of variation, mean differences, index of
disparity) it is simulated: 1,000 draws of every group by default (`draws`; WHO has 100), normal around its estimate, not below
zero (unless an estimate is) nor above the `scale`; the limits are the quantiles of what came, the standard error its standard
deviation. The same `seed` gives the same luck to every indicator and every measure: one alone and the same among 10,000 have the
same answer. A draw adds noise to estimates that already have some: where groups hardly differ, or stand at zero or at the scale,
the interval may lie beside the estimate, and then says no more than that chance can make as much (`correct_noise` takes the noise
off where it can).

Sources: WHO, Health Equity Assessment Toolkit, technical notes; A. Schlotheuber and A. R. Hosseinpoor, Summary measures
of health inequality, International Journal of Environmental Research and Public Health 19 (2022); J. Ahn and others,
Variance estimation and confidence intervals for 11 commonly used health disparity measures, JCO Clinical Cancer Informatics 2
(2018); A. Low and A. Low, Measuring the gap, Journal of Public Health 26 (2004).
Departures from WHO's healthequal 1.0.1, each told where it is made: every standard error is in the units of its estimate (theirs of
Theil's index, of the mean log deviation, of the attributable fraction and of the slope are on another scale, those of ratio and
relative index of the logarithm); the slope is weighted by people, not by their square; the scale of an indicator is asked for,
never guessed; the weighted index of disparity draws its mean anew; nothing is left out when it is missing.
"""

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
from maillage.methods.inequality.survey import (
    survey_absolute_concentration_index,
    survey_relative_concentration_index,
    survey_relative_index,
    survey_slope_index,
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
    "mean_difference",
    "mean_log_deviation",
    "population_attributable_fraction",
    "population_attributable_risk",
    "ratio",
    "relative_concentration_index",
    "relative_index",
    "slope_index",
    "survey_absolute_concentration_index",
    "survey_relative_concentration_index",
    "survey_relative_index",
    "survey_slope_index",
    "theil",
]
