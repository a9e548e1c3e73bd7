"""Quantiles of gamma distributions leave below them, or above, the share that was asked for; also in the millions."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import gammaincc, gammainccinv, gammaincinv

from maillage.methods.quantiles import LARGE, gamma_quantile


def test_large_shapes_have_the_quantiles_that_r_has_far_below_the_mean():
    wanted = [9.9511600193081598e05, 9.9984532045190322e08, 9.9999510836916699e11]  # qgamma((1 - .999999) / 2, shape)
    assert gamma_quantile([1e6, 1e9, 1e12], (1 - 0.999999) / 2) == pytest.approx(wanted, rel=1e-13)


@given(st.floats(LARGE, 1e12), st.floats(1e-5, 1 - 1e-5))
def test_near_the_mean_the_series_is_what_scipy_has(shape, share):
    assert gamma_quantile(shape, share) == pytest.approx(gammaincinv(shape, share), rel=1e-13)
    assert gamma_quantile(shape, share, above=True) == pytest.approx(gammainccinv(shape, share), rel=1e-13)


@given(st.floats(0.1, 1e4), st.floats(1e-9, 1 - 1e-9))
def test_what_is_above_is_the_share_that_was_asked_for(shape, share):
    assert gammaincc(shape, gamma_quantile(shape, share, above=True)) == pytest.approx(share)


def test_shapes_and_shares_broadcast_and_nan_stays_nan():
    found = gamma_quantile([[np.nan], [3], [3e7]], [0.1, 0.9])
    assert np.isnan(found[0]).all()
    assert (np.diff(found[1:]) > 0).all()
    assert found[1] == pytest.approx(gammaincinv(3, [0.1, 0.9]))
