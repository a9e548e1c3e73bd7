"""Invented weeks of a disease, and how the newest of them are judged."""

from __future__ import annotations

from datetime import date

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st

from maillage.methods.outbreak import farrington_flexible

FIRST = date(2014, 1, 6)
NAN = float("nan")
seeds = st.integers(0, 10**6)
few = settings(max_examples=8)


def drawn(seed: int, *, series: int = 1, weeks: int = 320, level: float = 12, dispersion: float = 1.5) -> np.ndarray:
    """Counts with a season, as they are where nothing happens."""
    draw = np.random.default_rng(seed)
    mean = level * np.exp(0.4 * np.cos(np.arange(weeks) * 2 * np.pi / 52.18))
    size = np.broadcast_to(mean / (dispersion - 1), (series, weeks))
    return draw.negative_binomial(size, 1 / dispersion).astype(float)


def judged(counts, last=1, **options):
    return farrington_flexible(counts, first_week=FIRST, last=last, **options)
