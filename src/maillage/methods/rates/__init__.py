"""Rates of a population and how sure they are: counts, proportions, standardised rates, funnels, life expectancy, trends.

A raw rate misleads: a neighbourhood where many old people live has more deaths, and a small one has rates that jump by chance.
Standardised rates compare like with like, an interval says what chance alone could have done, a funnel shows who differs from the
average by more than chance, and a trend says whether five years really went one way. A figure that would say nothing is NaN, and
its `reason` says why; unknown is never zero.

Strata (age bands) lie on the last axis, and any number of areas, years or sexes before it: one call computes them all. Every rate
is per person: `multiplier=100_000` makes it one per 100,000.

Sources: Breslow and Day, Statistical methods in cancer research II, IARC (1987), Byar's limits; Dobson, Kuulasmaa, Eberle and
Scherer, Confidence intervals for weighted sums of Poisson parameters, Statistics in Medicine 10 (1991); Fay and Feuer, Confidence
intervals for directly standardized rates, Statistics in Medicine 16 (1997); Wilson, Probable inference, Journal of the American
Statistical Association 22 (1927); Spiegelhalter, Funnel plots for comparing institutional performance, Statistics in Medicine 24
(2005); Chiang, The life table and its construction (1968); Silcocks, Jenner and Reza, Life expectancy as a summary of mortality in
a population, Journal of Epidemiology and Community Health 55 (2001); Armitage, Tests for linear trends in proportions and
frequencies, Biometrics 11 (1955); Revision of the European Standard Population, Eurostat (2013).

References: PHEindicatormethods (England's public health agency), epitools for the gamma intervals, and the open source of
Fingertips for trends. Known departures from them:
- what is missing is refused, not counted as none: PHEindicatormethods adds a missing count as zero;
- funnels of rates are exact: PHEindicatormethods stops a bisection after 23 halvings, up to 5 in 100,000 away from the exact
  limit of one event (`bisection=True` stops where it does);
- ages that nobody reaches have no life expectancy: PHEindicatormethods prints 0;
- no event has a gamma interval that starts at 0: epitools prints NaN; nor are its exact limits of counts (`pois.exact`) a
  reference: it looks for them to 4 digits only, and its `pois.byar` is another formula of the same name;
- a trend whose slope is exactly 0 without one of its years has no direction: Fingertips takes 0 for rising, so that the same years
  turned round could be no trend.
"""

from maillage.methods.rates.counts import count_interval, proportion, rate
from maillage.methods.rates.funnels import FunnelLimits, Position, funnel_limits, funnel_position
from maillage.methods.rates.life import AGES, life_expectancy
from maillage.methods.rates.measures import Measure, Reason
from maillage.methods.rates.standardised import (
    EUROPEAN_1976,
    EUROPEAN_2013,
    EUROPEAN_2013_TO_85,
    Indirect,
    directly_standardised,
    indirectly_standardised,
)
from maillage.methods.rates.trend import Trend, recent_trend, recent_trend_of_proportions

__all__ = [
    "AGES",
    "EUROPEAN_1976",
    "EUROPEAN_2013",
    "EUROPEAN_2013_TO_85",
    "FunnelLimits",
    "Indirect",
    "Measure",
    "Position",
    "Reason",
    "Trend",
    "count_interval",
    "directly_standardised",
    "funnel_limits",
    "funnel_position",
    "indirectly_standardised",
    "life_expectancy",
    "proportion",
    "rate",
    "recent_trend",
    "recent_trend_of_proportions",
]
