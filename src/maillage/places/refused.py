"""Places that were refused, told as unmet needs are: by need, area, cause, public and day; never anybody."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date
from zoneinfo import ZoneInfo

from maillage.orientation.queries import Vocabulary
from maillage.orientation.unmet import Counted
from maillage.places import nights, rules
from maillage.places.figures import tile


def refused(words: Vocabulary, *, first: date, today: date) -> Iterator[Counted]:
    """Requests that were refused from `first` on, up to last night; a household once a night, however often it was refused. What
    `orientation.unmet` and `signals` take as `more`."""
    zone = ZoneInfo(words.territory.timezone)
    rows = nights.refusals(words.territory, nights.Span(first, today)).exclude(code__startswith=rules.AGAIN)
    counted = Counter(
        (need, area, cause, public, rules.night_of(at.astimezone(zone)))
        for need, area, cause, public, at in rows.values_list("need", "area", "cause", "public", "at")
    )
    tiles = {area: tile(words, area) if area else "" for _need, area, *_rest in counted}
    for (need, area, cause, public, night), number in counted.items():
        yield need, tiles[area], cause, public, "", night, number
