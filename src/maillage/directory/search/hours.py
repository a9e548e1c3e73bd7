"""Whether a place is open in a window: judged once for each distinct opening-hours text, with the holidays of the country."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray
from opening_hours import OpeningHours, ParserError, UnknownCountryError  # type: ignore[attr-defined]  # its stubs lack them

from maillage.directory.search.types import Window

KEPT = 64  # windows remembered: "now" is a new one each minute


@lru_cache(maxsize=20_000)
def parsed(osm: str, country: str, timezone: str) -> OpeningHours | None:
    """The parsed opening hours, or None when they cannot be read."""
    try:
        return OpeningHours(osm, timezone=ZoneInfo(timezone), country=country or None)
    except (ParserError, UnknownCountryError):
        return None


def is_open(hours: OpeningHours, window: Window) -> bool:
    """Open at some moment of the window; at its start, when the window is a moment."""
    if window.end <= window.start:
        return bool(hours.is_open(window.start))
    if hours.is_open(window.start):
        return True
    following = hours.next_change(window.start)
    while following is not None and following < window.end:
        if hours.is_open(following):
            return True
        following = hours.next_change(following)
    return False


class Hours:
    """The distinct patterns of one territory. Pattern 0: hours not known."""

    def __init__(self, country: str, timezone: str) -> None:
        self.country, self.timezone = country, timezone
        self.number: dict[str, int] = {"": 0}
        self.texts = [""]
        self._judged: dict[tuple[datetime, datetime], NDArray[np.int8]] = {}

    def pattern(self, osm: str) -> int:
        if osm not in self.number:
            readable = parsed(osm, self.country, self.timezone) is not None
            self.number[osm] = len(self.texts) if readable else 0
            if readable:
                self.texts.append(osm)
        return self.number[osm]

    def open_between(self, pattern: int, spans: Iterable[tuple[float, float]]) -> bool:
        """Open at some moment of one of these spans (epoch seconds). Hours that are not known are not open."""
        hours = parsed(self.texts[pattern], self.country, self.timezone) if pattern else None
        zone = ZoneInfo(self.timezone)
        return hours is not None and any(
            is_open(hours, Window("", datetime.fromtimestamp(start, zone), datetime.fromtimestamp(end, zone)))
            for start, end in spans
        )

    def open_in(self, window: Window, patterns: NDArray[np.int32]) -> NDArray[np.int8]:
        """For each row's pattern: 1 open in the window, 0 closed, -1 unknown."""
        zone = ZoneInfo(self.timezone)  # the parser knows only named zones
        start, end = (moment.astimezone(zone).replace(second=0, microsecond=0) for moment in (window.start, window.end))
        key = (start, end)
        judged = self._judged.get(key)
        if judged is None or judged.size < len(self.texts):
            judged = np.full(len(self.texts), -2, np.int8)
            judged[0] = -1
            if len(self._judged) >= KEPT:
                self._judged.pop(next(iter(self._judged)), None)
            self._judged[key] = judged
        result = judged[patterns]
        if (result == -2).any():
            for pattern in np.unique(patterns[result == -2]).tolist():
                hours = parsed(self.texts[pattern], self.country, self.timezone)
                judged[pattern] = -1 if hours is None else is_open(hours, Window(window.code, start, end))
            result = judged[patterns]
        return result
