"""Inequality of 10,000 indicator-years of 10 groups, every measure with its interval: `python -m benchmarks.inequality`.

In CPU seconds. Ours: `every_measure` on all of them at once, as ordered groups (8 measures) and as groups without an order (17).
The peer (`ratio`): the same formulas in NumPy, one indicator-year and one measure after the other, each simulated measure drawing
for itself as WHO's healthequal does, on a part of them (extrapolated unless --all). `ratio_shared_draws`: the same, drawing once
for all measures of an indicator-year. `ratio_one_at_a_time`: `every_measure` itself, called for one after the other. All have 100
draws, the number of healthequal; ours is timed with its own 1,000 as well. Peer and ours must give the same numbers, but for the cut of
draws that lies beyond six standard errors.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, ndtr, ndtri

from benchmarks.timing import cpu
from maillage.methods.inequality import every_measure

Floats = NDArray[np.float64]
Row = dict[str, tuple[float, ...]]
Z, SCALE, SEED = float(ndtri(0.975)), 100.0, 5


def indicators(rows: int, groups: int, seed: int) -> tuple[Floats, Floats, Floats]:
    """Percentages, people, standard errors: drawn; some near a hundred, where draws are cut."""
    draw = np.random.default_rng(seed)
    values = 100 * expit(draw.normal(draw.uniform(-1.5, 2.5, (rows, 1)), 0.5, (rows, groups)))
    people = draw.integers(200, 5000, (rows, groups)).astype(float)
    return values, people, np.sqrt(values * (100 - values) / (people / 10))


def ours(values: Floats, people: Floats, errors: Floats, draws: int) -> dict[str, Any]:
    ordered = every_measure(values, people, standard_errors=errors, ordered=True, scale=SCALE)
    others = every_measure(
        values, people, standard_errors=errors, ordered=False, scale=SCALE, reference=0, draws=draws, seed=SEED
    )
    return {f"ordered {name}": one for name, one in ordered.items()} | others


# ---- the peer: one indicator-year


def one(y: Floats, people: Floats, s: Floats, draws: int, *, shared: bool) -> Row:
    p = people / people.sum()
    mean = (p * y).sum()
    closed = _ordered(y, people, p, s, mean) | _others(y, people, p, s, mean)
    if shared:
        drawn = _drawn(y, s, draws)
        return closed | {name: _spread(measure, y, drawn, p) for name, measure in SIMULATED.items()}
    return closed | {name: _spread(measure, y, _drawn(y, s, draws), p) for name, measure in SIMULATED.items()}


def _plain(found: float, error: float) -> tuple[float, ...]:
    return found, error, found - Z * error, found + Z * error


def _log(found: float, error: float) -> tuple[float, ...]:
    return found, found * error, found * np.exp(-Z * error), found * np.exp(Z * error)


def _pair(name: str, y: Floats, s: Floats, i: int, j: int) -> Row:
    return {
        f"{name}difference": _plain(y[i] - y[j], np.hypot(s[i], s[j])),
        f"{name}ratio": _log(y[i] / y[j], np.hypot(s[i] / y[i], s[j] / y[j])),
    }


def _impact(name: str, y: Floats, people: Floats, mean: float, i: int) -> Row:
    gain = max(y[i] - mean, 0)
    everyone = people.sum()
    c = y[i] / SCALE * people[i]
    d = people[i] - c
    a = mean / SCALE * everyone - c
    b = everyone - a - people[i]
    error = np.sqrt(c * everyone * (a * d * (everyone - c) + b * c**2) / ((a + c) ** 3 * (c + d) ** 3))
    return {
        f"{name}population_attributable_risk": _plain(gain, mean * error),
        f"{name}population_attributable_fraction": _plain(100 * gain / mean, 100 * error),
    }


def _ordered(y: Floats, people: Floats, p: Floats, s: Floats, mean: float) -> Row:
    x = np.cumsum(p) - p / 2
    absolute = (p * (2 * x - 1) * y).sum()
    relative = absolute / mean
    return {
        **_pair("ordered ", y, s, len(y) - 1, 0),
        **_impact("ordered ", y, people, mean, len(y) - 1),
        "ordered absolute_concentration_index": _plain(absolute, np.sqrt((p**2 * s**2 * (2 * x - 1) ** 2).sum())),
        "ordered relative_concentration_index": _plain(
            relative, np.sqrt((p**2 * s**2 * (2 * x - 1 - relative) ** 2).sum()) / mean
        ),
        "ordered slope_index": _slope(y, p, s, x),
        "ordered relative_index": _relative(y, p, s, x),
    }


def _logistic(y: Floats, p: Floats, s: Floats, x: Floats) -> tuple[float, float, Floats]:
    """The two ends of the line, and what the error of each group does to intercept and slope."""
    mean = (p * y).sum()
    side = np.stack([np.ones_like(x), x], axis=1)
    line, change = np.array([np.log(mean / (SCALE - mean)), 0.0]), np.ones(2)
    while np.abs(change).max() > 1e-12:
        fitted = 1 / (1 + np.exp(-side @ line))
        bread = np.linalg.inv(side.T @ ((p * fitted * (1 - fitted))[:, None] * side))
        change = bread @ (side.T @ (p * (y / SCALE - fitted)))
        line = line + change
    pulls = (p * s / SCALE)[:, None] * side @ bread
    foot, top = 1 / (1 + np.exp(-line[0])), 1 / (1 + np.exp(-line.sum()))
    return foot, top, pulls


def _slope(y: Floats, p: Floats, s: Floats, x: Floats) -> tuple[float, ...]:
    foot, top, pulls = _logistic(y, p, s, x)
    each = pulls @ np.array([top * (1 - top) - foot * (1 - foot), top * (1 - top)])
    return _plain(SCALE * (top - foot), SCALE * np.sqrt((each**2).sum()))


def _relative(y: Floats, p: Floats, s: Floats, x: Floats) -> tuple[float, ...]:
    foot, top, pulls = _logistic(y, p, s, x)
    each = pulls @ np.array([foot - top, 1 - top])
    return _log(top / foot, np.sqrt((each**2).sum()))


def _others(y: Floats, people: Floats, p: Floats, s: Floats, mean: float) -> Row:
    away, r, p2s2 = y - mean, y / mean, p**2 * s**2
    four = 4 * (p2s2 * away**2).sum() + 2 * (p2s2.sum() ** 2 - (p2s2**2).sum() + (p2s2 * (1 - p) ** 2 * s**2).sum())
    theil = (p * r * np.log(r)).sum()
    return {
        **_pair("", y, s, int(y.argmax()), int(y.argmin())),
        **_impact("", y, people, mean, int(y.argmax())),
        "between_group_variance": _plain((p * away**2).sum(), np.sqrt(four)),
        "theil": _plain(1000 * theil, 1000 * np.sqrt((p2s2 * (np.log(r) - theil) ** 2).sum()) / mean),
        "mean_log_deviation": _plain(
            -1000 * (p * np.log(r)).sum(), 1000 * np.sqrt((p2s2 * (1 - 1 / r) ** 2).sum()) / mean
        ),
    }


def _drawn(y: Floats, s: Floats, draws: int) -> Floats:
    chance = np.random.default_rng(SEED).random((len(y), draws)).T
    low, high = ndtr(-y / s), ndtr((SCALE - y) / s)
    return y + s * ndtri(low + chance * (high - low))


def _spread(measure: Callable[[Floats, Floats], Floats], y: Floats, drawn: Floats, p: Floats) -> tuple[float, ...]:
    values = measure(drawn, p)
    return float(measure(y, p)), float(values.std(ddof=1)), *np.quantile(values, (0.025, 0.975))


def _mean(y: Floats, p: Floats) -> Floats:
    return (p * y).sum(-1)


def _away(y: Floats, point: Floats) -> Floats:
    return np.abs(y - point[..., None])


def _deviation(y: Floats, p: Floats) -> Floats:
    return np.sqrt((p * (y - _mean(y, p)[..., None]) ** 2).sum(-1))


# of (groups,) or (draws, groups)
SIMULATED: dict[str, Callable[[Floats, Floats], Floats]] = {
    "between_group_sd": _deviation,
    "coefficient_of_variation": lambda y, p: 100 * _deviation(y, p) / _mean(y, p),
    "mean_difference_mean_unweighted": lambda y, p: _away(y, _mean(y, p)).mean(-1),
    "mean_difference_mean": lambda y, p: (p * _away(y, _mean(y, p))).sum(-1),
    "mean_difference_best_unweighted": lambda y, p: _away(y, y.max(-1)).mean(-1),
    "mean_difference_best": lambda y, p: (p * _away(y, y.max(-1))).sum(-1),
    "mean_difference_reference_unweighted": lambda y, p: _away(y, y[..., 0]).mean(-1),
    "mean_difference_reference": lambda y, p: (p * _away(y, y[..., 0])).sum(-1),
    "index_of_disparity_unweighted": lambda y, p: 100 * _away(y, _mean(y, p)).mean(-1) / _mean(y, p),
    "index_of_disparity": lambda y, p: 100 * (p * _away(y, _mean(y, p))).sum(-1) / _mean(y, p),
}


# ---- measured


def furthest(rows: list[Row], found: dict[str, Any]) -> float:
    """The largest difference between peer and ours, in parts of the larger of the number and of its standard error."""
    worst = 0.0
    for name, measure in found.items():
        numbers = np.array([row[name] for row in rows])
        mine = np.stack([measure.estimate, measure.standard_error, measure.lower, measure.upper], 1)[: len(rows)]
        size = np.maximum(np.abs(numbers), np.abs(numbers[:, 1:2]))
        worst = max(worst, float((np.abs(mine - numbers) / np.maximum(size, 1e-12)).max()))
    return worst


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000)
    parser.add_argument("--groups", type=int, default=10)
    parser.add_argument("--draws", type=int, default=100)
    parser.add_argument("--seed", type=int, default=3)
    parser.add_argument("--all", action="store_true", help="the peer, too, does all of them")
    options = parser.parse_args()
    values, people, errors = indicators(options.rows, options.groups, options.seed)
    part = options.rows if options.all else min(1000, options.rows)
    seconds, found = cpu(lambda: ours(values, people, errors, options.draws), 5)
    many, _ = cpu(lambda: ours(values, people, errors, 1000), 1)
    trio = list(zip(values[:part], people[:part], errors[:part], strict=True))
    loop, rows = cpu(lambda: [one(*each, options.draws, shared=False) for each in trio], 1)
    shared, _ = cpu(lambda: [one(*each, options.draws, shared=True) for each in trio], 1)
    alone, _ = cpu(lambda: [ours(*each, options.draws) for each in trio], 1)
    loop, shared, alone = (taken * options.rows / part for taken in (loop, shared, alone))
    off = furthest(rows, found)
    print(f"{'':32}{'CPU s':>10}")
    print(f"{f'ours, {options.draws} draws':32}{seconds:10.3f}")
    print(f"{'ours, 1000 draws':32}{many:10.3f}")
    print(f"{'a loop over one':32}{loop:10.3f}")
    print(f"{'the same, draws shared':32}{shared:10.3f}")
    print(f"{'ours, one at a time':32}{alone:10.3f}")
    told = {
        "cpu_s": round(seconds, 4), "ratio": round(loop / seconds, 1), "indicator_years": options.rows,
        "groups": options.groups, "measures": len(found), "draws": options.draws,
        "ratio_shared_draws": round(shared / seconds, 1), "ratio_one_at_a_time": round(alone / seconds, 1),
        "cpu_s_1000_draws": round(many, 3),
        "peer": {"name": "a NumPy loop over one indicator-year", "version": np.__version__, "cpu_s": round(loop, 3),
                 "extrapolated": part < options.rows, "measured_on": part},
        "same_numbers": off < 1e-5, "largest_difference": off,
    }  # fmt: skip
    print(json.dumps(told))


if __name__ == "__main__":
    main()
