"""Small invented towns, drawn by Hypothesis: people, practices and the ways between them."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st


@st.composite
def towns(draw, practices=5):
    """Demand, supply and pairs, with places and practices that are empty or that nobody reaches."""
    origins, suppliers = draw(st.integers(1, 7)), draw(st.integers(1, practices))
    chance = np.random.default_rng(draw(st.integers(0, 2**32)))
    demand = chance.integers(0, 900, origins) * (chance.random(origins) < 0.9)
    demand[0] += 1
    supply = chance.integers(1, 20, suppliers) * (chance.random(suppliers) < 0.8)
    origin, destination = np.nonzero(chance.random((origins, suppliers)) < 0.6)
    cost = np.round(chance.random(len(origin)) * 40, 1)
    return demand.astype(float), supply.astype(float), (origin, destination, cost)
