"""What every rate comes back as: the figure, how sure it is, and the reason where there is none."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from maillage.methods.arguments import Floats

Reasons = NDArray[np.int8]


class Reason(IntEnum):
    """Why a figure, or one of its limits, is NaN."""

    KNOWN = 0  # nothing is missing
    FEW_EVENTS = 1  # fewer than `minimum_events`: no figure
    NO_EVENTS = 2  # none that counts: the figure is 0, limits that are made of the events do not exist
    BELOW_ZERO = 3  # Byar's lower limit falls below zero: no lower limit
    SMALL_POPULATION = 4  # too few people for a life table
    MORE_DEATHS_THAN_PEOPLE = 5  # in an age band: one of the two is wrong
    NO_DEATH_AT_THE_END = 6  # in the open age band: how long its people live is unknown
    NOBODY_LEFT = 7  # nobody of the life table reaches this age
    WIDE_INTERVAL = 8  # the 95 % interval is too wide to publish the figure; the limits are given
    MISSING_YEARS = 9  # one of the last points of a trend is unknown, or there are not enough
    NO_ODDS = 10  # a point of a trend is 0 or 100 %: its log odds do not exist


@dataclass(frozen=True, slots=True)
class Measure:
    """Arrays of one shape, one figure for each population; NaN where there is none, for the `reason` (a code of `Reason`)."""

    estimate: Floats  # the figure
    standard_error: Floats
    lower: Floats  # the limits between which the truth lies, as often as `confidence` says
    upper: Floats
    reason: Reasons  # a code of `Reason`


def reasons(shape: tuple[int, ...]) -> Reasons:
    return np.full(shape, Reason.KNOWN, np.int8)
