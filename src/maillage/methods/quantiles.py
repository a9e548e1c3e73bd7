"""Quantiles of gamma distributions, also of very large shapes: the exact limits of counts, posteriors of rates. And z.

Source: Cornish and Fisher, Moments and cumulants in the specification of distributions, Revue de l'Institut international de
statistique 5 (1937). SciPy's `gammaincinv` (1.17) is exact to the last digits where the shape is less than a million; from there
on, more than 4.5 standard deviations below the mean, it is wrong from the sixth digit on (R's `qgamma` and this series agree).
"""

from __future__ import annotations

from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import gammainccinv, gammaincinv, ndtri

from maillage.methods.arguments import Floats

LARGE = 1e6


def z_value(confidence: float) -> float:
    """So many standard errors to each side hold the share `confidence` of a normal distribution; exact also where it is near 1."""
    return -NormalDist().inv_cdf((1 - confidence) / 2)


def gamma_quantile(shape: ArrayLike, share: ArrayLike, *, above: bool = False) -> Floats:
    """What a gamma of `shape` and scale 1 stays below, or `above`, with the probability `share`; `shape` and `share` broadcast.

    From a shape of a million on by the series of Cornish and Fisher, exact to 1e-13. NaN gives NaN.
    """
    found = np.array((gammainccinv if above else gammaincinv)(shape, share))
    a, z = np.broadcast_arrays(shape, -ndtri(share) if above else ndtri(share))
    large = a >= LARGE
    if large.any():
        a, z = a[large], z[large]
        root = np.sqrt(a)
        found[large] = (
            a + root * z + (z**2 - 1) / 3 + (z**3 - 7 * z) / (36 * root) - (3 * z**4 + 7 * z**2 - 16) / (810 * a)
        )
    return found
