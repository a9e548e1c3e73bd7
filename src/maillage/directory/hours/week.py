"""A week of opening hours, and how OpenStreetMap writes it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

DAYS = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")
HOLIDAYS = "PH"
DAY_MINUTES = 24 * 60

Interval = tuple[int, int]  # minutes from midnight; an end beyond 1,440 is on the next day


@dataclass
class Week:
    """Intervals of each day: a weekday ("Mo"), one of the month ("Sa[3]", "Fr[-1]"), or public holidays. No interval: closed."""

    slots: dict[str, list[Interval]] = field(default_factory=dict)

    def add(self, days: Iterable[str], intervals: Iterable[Interval]) -> None:
        """Open these days in these intervals also (overlapping ones are joined); closed, when there is no interval."""
        new = list(intervals)
        for day in days:
            held = self.slots.get(day, [])
            self.slots[day] = joined([*held, *new]) if new else []

    def osm(self) -> str:
        """The opening_hours string, in a canonical form: equal weeks give equal strings. Empty for an empty week."""
        if not self.slots:
            return ""
        week = {day: self.slots[day] for day in DAYS if day in self.slots}
        if len(week) == 7 and all(slots == [(0, DAY_MINUTES)] for slots in week.values()) and len(self.slots) == 7:
            return "24/7"
        rules = [f"{','.join(runs(days))} {times(slots)}" for slots, days in grouped(week)]
        special = {day: slots for day, slots in self.slots.items() if day not in DAYS and day != HOLIDAYS}
        rules += [f"{','.join(sorted(days))} {times(slots)}" for slots, days in grouped(dict(sorted(special.items())))]
        if HOLIDAYS in self.slots:
            rules.append(f"{HOLIDAYS} {times(self.slots[HOLIDAYS])}")
        return "; ".join(rules)


def joined(intervals: Iterable[Interval]) -> list[Interval]:
    """Sorted, overlapping and touching ones made one."""
    result: list[Interval] = []
    for start, end in sorted(set(intervals)):
        if result and start <= result[-1][1]:
            result[-1] = (result[-1][0], max(end, result[-1][1]))
        else:
            result.append((start, end))
    return result


def grouped(week: dict[str, list[Interval]]) -> list[tuple[list[Interval], list[str]]]:
    """Days with the same hours together, in the order of their first day; closed days last."""
    groups: dict[tuple[Interval, ...], list[str]] = {}
    for day, slots in week.items():
        groups.setdefault(tuple(slots), []).append(day)
    return [(list(slots), days) for slots, days in sorted(groups.items(), key=lambda item: not item[0])]


def runs(days: list[str]) -> list[str]:
    """Mo, Tu, We, Sa: "Mo-We", "Sa"."""
    result: list[list[int]] = []
    for number in sorted(DAYS.index(day) for day in days):
        if result and number == result[-1][-1] + 1:
            result[-1].append(number)
        else:
            result.append([number])
    return [
        DAYS[run[0]] if len(run) == 1 else f"{DAYS[run[0]]}{'-' if len(run) > 2 else ','}{DAYS[run[-1]]}"
        for run in result
    ]


def times(slots: list[Interval]) -> str:
    return (
        ",".join(f"{clock(start)}-{clock(end if end <= DAY_MINUTES else end - DAY_MINUTES)}" for start, end in slots)
        or "off"
    )


def clock(minutes: int) -> str:
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def interval(start: int, end: int) -> Interval | None:
    """Opening at `start`, closing at `end`; closing on the next day when it does not come later. None when it makes no sense.

    A night is at most 16 hours: "9:00pm-7:00pm" is a slip of the pen, not a day of 22 hours.
    """
    if not (0 <= start < DAY_MINUTES and 0 <= end <= DAY_MINUTES) or start == end:
        return None
    if end > start:
        return start, end
    return (start, end + DAY_MINUTES) if end + DAY_MINUTES - start <= 16 * 60 else None
