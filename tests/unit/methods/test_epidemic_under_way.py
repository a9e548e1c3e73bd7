"""A nowcast feeds a reproduction number: what is not reported yet neither lowers it nor passes for sure."""

from __future__ import annotations

import numpy as np
import pytest

from maillage.methods.nowcast import nowcast
from maillage.methods.reproduction import pooled, reproduction_number

FLU = (2.6, 1.5)


def test_draws_of_final_counts_give_a_reproduction_number_that_knows_what_is_not_reported_yet():
    chance = np.random.default_rng(6)
    onset = np.repeat(np.arange(40), chance.poisson(30, 40))
    found = nowcast(
        np.column_stack([onset, onset + chance.poisson(3, len(onset))]), now=39, maximum_delay=10, draws=400
    )
    final = reproduction_number(np.bincount(onset), serial_interval=FLU)
    naive = reproduction_number(found.reported, serial_interval=FLU)
    told = pooled(reproduction_number(found.draws, serial_interval=FLU))
    assert abs(told.estimate[-1] - final.estimate[-1]) < abs(naive.estimate[-1] - final.estimate[-1]) / 3
    assert told.standard_error[-1] > 2 * final.standard_error[-1]
    assert told.estimate[:-10] == pytest.approx(final.estimate[:-10])
