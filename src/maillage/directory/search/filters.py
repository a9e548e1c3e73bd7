"""Each filter says of each row: 2 meets it, 1 nobody can tell, 0 is known not to. Only 0 leaves a service out."""

from __future__ import annotations

from collections.abc import Callable
from math import cos, radians

import numpy as np
from numpy.typing import NDArray

from maillage.directory.search.memory import CAPACITIES, COSTS, KM_PER_DEGREE, Memory, Rows, union
from maillage.directory.search.types import Query, Window
from maillage.methods.eligibility import FALSE, TRUE, UNKNOWN

Said = NDArray[np.int8]
Filter = Callable[[Memory, Query, Rows], Said]
NO_ROOM = CAPACITIES.index("no-capacity")
UNTOLD = 0.5  # what an unknown is worth in a rank: neither punished as a no nor rewarded as a yes


def languages(memory: Memory, query: Query, rows: Rows) -> Said:
    """Speaks one of them; an interpreter on demand is worth "nobody can tell": ask."""
    wanted = np.uint64(sum(int(memory.language_bit.get(code, 0)) for code in query.languages))
    spoken = memory.languages[rows]
    said = np.where(spoken & wanted != 0, TRUE, np.where((spoken == 0) | memory.interpreter[rows], UNKNOWN, FALSE))
    return said.astype(np.int8)


def window(memory: Memory, query: Query, rows: Rows) -> Said:
    """Open at some moment of the window."""
    said = opened(memory, query, rows)
    return np.where(said < 0, UNKNOWN, said * TRUE).astype(np.int8)


def opened(memory: Memory, query: Query, rows: Rows) -> NDArray[np.int8]:
    """1 open at some moment of the window, 0 closed (also for a time), -1 nobody can tell.

    Hours that were read in part say when it is open, never that it is closed.
    """
    assert query.window is not None
    said = memory.hours.open_in(query.window, memory.pattern[rows])
    said[(said == 0) & memory.hours_partly[rows]] = -1
    said[memory.closed[rows]] = 0
    _closures(memory, query.window, rows, said)
    return said


def _closures(memory: Memory, window: Window, rows: Rows, said: NDArray[np.int8]) -> None:
    """Closed for a time: not open in what the closure takes of the window, whatever the usual hours say."""
    if not memory.closures.rows.size:
        return
    left = memory.closures.left(window.start.timestamp(), window.end.timestamp())
    for i in np.flatnonzero(np.isin(rows, list(left))).tolist() if left else ():
        row = int(rows[i])
        if not left[row]:
            said[i] = 0
        elif said[i] == 1 and not memory.hours.open_between(int(memory.pattern[row]), left[row]):
            said[i] = -1 if memory.hours_partly[row] else 0


def shut(memory: Memory, query: Query, rows: Rows) -> NDArray[np.bool_]:
    """Closed for a time, throughout the window; at the moment asked, when there is none."""
    start, end = (query.window.start, query.window.end) if query.window else (query.at, query.at)
    closed: NDArray[np.bool_] = memory.closed[rows] | memory.closures.shut(rows, start.timestamp(), end.timestamp())
    return closed


def cost(memory: Memory, query: Query, rows: Rows) -> Said:
    wanted = [COSTS.index(code) for code in query.cost if code in COSTS]
    said = memory.cost[rows]
    return np.where(np.isin(said, wanted), TRUE, np.where(said == 0, UNKNOWN, FALSE)).astype(np.int8)


def wheelchair(memory: Memory, query: Query, rows: Rows) -> Said:
    said = memory.wheelchair[rows]
    return np.where(said < 0, UNKNOWN, said * TRUE).astype(np.int8)


def remote(memory: Memory, query: Query, rows: Rows) -> Said:
    return memory.remote[rows]


def has_room(memory: Memory, query: Query, rows: Rows) -> Said:
    """Known to be full is a no; what was said and has expired is unknown."""
    said = room(memory, query, rows)
    return np.where(said == 0, UNKNOWN, np.where(said == NO_ROOM, FALSE, TRUE)).astype(np.int8)


def served(memory: Memory, query: Query, rows: Rows) -> Said:
    """Serves the asked area, or one that holds it."""
    inside = np.zeros(memory.count, bool)
    for code in memory.above.get(query.served, frozenset({query.served})):
        inside[memory.by_served.get(code, [])] = True
    return np.where(inside[rows], TRUE, np.where(memory.served_known[rows], FALSE, UNKNOWN)).astype(np.int8)


def area(memory: Memory, query: Query, rows: Rows) -> Said:
    """Stands in the asked area, or in one within it."""
    inside = np.zeros(memory.count, bool)
    inside[union(memory.by_area.get(code) for code in memory.below.get(query.area, frozenset({query.area})))] = True
    return np.where(inside[rows], TRUE, np.where(memory.area_known[rows], FALSE, UNKNOWN)).astype(np.int8)


def near(memory: Memory, query: Query, rows: Rows) -> Said:
    """Within the radius. A service without a known place, or that comes to people, is not left out."""
    far = distances(memory, query, rows)
    said = np.where(np.isnan(far), UNKNOWN, np.where(far <= (query.radius_km or np.inf), TRUE, FALSE)).astype(np.int8)
    said[memory.mobile[rows] | (memory.remote[rows] == TRUE)] = TRUE
    return said


def lifts(memory: Memory, query: Query, rows: Rows) -> Said:
    found = np.zeros(memory.count, bool)
    found[memory.by_lift.get(query.lifts, [])] = True
    return np.where(found[rows], TRUE, FALSE).astype(np.int8)


def conditions(memory: Memory, query: Query, rows: Rows) -> Said:
    """Did anyone say who may come? Asked of every service: one that says nothing does not fit before one that says who."""
    return memory.conditions[rows]


FILTERS: dict[str, tuple[Callable[[Query], bool], Filter]] = {
    "lifts": (lambda q: bool(q.lifts), lifts),
    "near": (lambda q: q.near is not None and q.radius_km is not None, near),
    "area": (lambda q: bool(q.area), area),
    "served": (lambda q: bool(q.served), served),
    "languages": (lambda q: bool(q.languages), languages),
    "window": (lambda q: q.window is not None, window),
    "cost": (lambda q: bool(q.cost), cost),
    "wheelchair": (lambda q: q.wheelchair, wheelchair),
    "remote": (lambda q: q.remote, remote),
    "has_room": (lambda q: q.has_room, has_room),
    "conditions": (lambda q: True, conditions),
}


def active(query: Query) -> list[str]:
    return [name for name, (asked, _) in FILTERS.items() if asked(query)]


def distances(memory: Memory, query: Query, rows: Rows) -> NDArray[np.float32]:
    """Kilometres in a straight line on a plane through the territory (under 0.5 % off within 100 km); NaN: unknown."""
    assert query.near is not None
    y = np.float32(query.near[0] * KM_PER_DEGREE)
    x = np.float32(query.near[1] * KM_PER_DEGREE * cos(radians(memory.middle)))
    far: NDArray[np.float32] = np.hypot(memory.x[rows] - x, memory.y[rows] - y)
    return far


def room(memory: Memory, query: Query, rows: Rows) -> NDArray[np.int8]:
    """The capacity codes that are still true at the moment asked; 0: unknown."""
    said = memory.capacity[rows].copy()
    said[memory.capacity_expires[rows] <= query.at.timestamp()] = 0
    return said


ROOM_WORTH = np.array([UNTOLD, 1.0, 0.7, 0.4, 0.0], np.float32)  # in the order of CAPACITIES


def parts(
    memory: Memory, query: Query, rows: Rows, said: dict[str, Said], text: NDArray[np.float32] | None
) -> dict[str, NDArray[np.float32]]:
    """The terms of the rank, each in 0..1, for those that the query gives a meaning to."""
    found: dict[str, NDArray[np.float32]] = {}
    if text is not None:
        found["text"] = text
    if query.near is not None:
        far = distances(memory, query, rows)
        close = np.exp2(-far / np.float32(memory.half_distance))
        placeless = np.isnan(far) | (memory.remote[rows] == TRUE)
        found["distance"] = np.where(placeless, np.float32(UNTOLD), close).astype(np.float32)
    for name, code in (("window", "open"), ("languages", "language")):
        if name in said:
            found[code] = said[name] * np.float32(1 / TRUE)
    found["capacity"] = ROOM_WORTH[room(memory, query, rows)]
    days = query.at.toordinal() - memory.confirmed[rows].astype(np.float32)
    contract = memory.months[rows] * np.float32(30.44)
    fresh = np.clip(2 - days / contract, 0, 1)
    found["freshness"] = np.where(memory.confirmed[rows] == 0, np.float32(0.3), fresh).astype(np.float32)
    found["quality"] = memory.quality[rows]
    return found
