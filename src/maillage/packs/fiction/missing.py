"""A fictional year of needs that met nothing, so that those who plan see what the real one will look like."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np

from maillage.orientation.models import Need, UnmetNeed
from maillage.territory.models import Area, Territory

DAYS = 365
A_MONTH = 30
NEEDS, SHARE = 12, 1.3  # categories that are most often missed, and how fast the others fall behind (Zipf)
PER_MONTH = 400
CAUSES = (("empty", 0.34), ("full", 0.41), ("closed", 0.15), ("abandoned", 0.07), ("unverified", 0.03))
FILTERS = (("window", 0.3), ("languages", 0.2), ("served", 0.15), ("cost", 0.1), ("wheelchair", 0.1), ("", 0.15))


def missed(territory: Territory, *, seed: int, on: date) -> int:
    """Write the year before `on` where nothing was counted yet; the same for the same seed. Returns how many rows."""
    if UnmetNeed.objects.filter(territory=territory).exists():
        return 0
    random = np.random.default_rng(seed)
    parents = Need.objects.filter(territory=territory).exclude(parent=None).values("parent_id")
    leaves = Need.objects.filter(territory=territory).exclude(pk__in=parents).order_by("order", "code")
    codes = list(leaves.values_list("code", flat=True))
    level = str(territory.content.get("tile_level") or "commune")
    areas = list(Area.objects.filter(territory=territory, level=level).order_by("code").values_list("code", flat=True))
    if not codes or not areas:
        return 0
    chosen = [codes[place] for place in np.linspace(0, len(codes) - 1, min(NEEDS, len(codes))).round().astype(int)]
    weights = 1 / np.arange(1, len(chosen) + 1) ** SHARE
    there = random.dirichlet(np.full(len(areas), 1.5))
    rows: dict[tuple[str, str, str, str, date], int] = {}
    for start in range(0, DAYS, A_MONTH):
        winter = 1.0 + 0.35 * np.cos(2 * np.pi * (on - timedelta(days=start)).timetuple().tm_yday / DAYS)
        for _ in range(int(random.poisson(PER_MONTH * winter))):
            cause = _one(random, CAUSES)
            key = (
                chosen[int(random.choice(len(chosen), p=weights / weights.sum()))],
                areas[int(random.choice(len(areas), p=there))],
                cause,
                _one(random, FILTERS) if cause == "empty" else "",
                on - timedelta(days=start + 1 + int(random.integers(A_MONTH))),
            )
            rows[key] = rows.get(key, 0) + 1
    UnmetNeed.objects.bulk_create(
        (
            UnmetNeed(territory=territory, need=need, area=area, cause=cause, filter=without, day=day, count=count)
            for (need, area, cause, without, day), count in rows.items()
        ),
        batch_size=500,
    )
    return len(rows)


def _one(random: np.random.Generator, among: tuple[tuple[str, float], ...]) -> str:
    return among[int(random.choice(len(among), p=[share for _, share in among]))][0]
