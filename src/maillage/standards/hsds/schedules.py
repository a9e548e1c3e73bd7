"""HSDS schedules and OpenStreetMap hours: the OSM string is the truth, HSDS rows are read into it and derived from it.

What HSDS rows cannot say of an OSM string is in LOSSES; what an OSM string cannot say of HSDS rows keeps the rows as raw text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from uuid import UUID

from maillage.directory.hours import DAYS, Hours, Week, read, read_osm, read_table
from maillage.directory.hours.reading import UNREAD
from maillage.directory.hours.week import interval, times
from maillage.directory.ingest import given_uuid
from maillage.standards.hsds import words
from maillage.standards.reading.values import Fields

HOLIDAY = "_holiday"  # marks rows of the HSDS 1.1 table of holidays: dates on which the usual hours do not hold
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
LONGEST_OSM = 1_000
DAY_OF = dict(zip(("MO", "TU", "WE", "TH", "FR", "SA", "SU"), DAYS, strict=True))
CODE_OF = {day: code for code, day in DAY_OF.items()}
LOSSES = ("public holidays", "months, weeks and dates", "comments and open ends")
_CLOCK = re.compile(r"(\d{1,2}):(\d{2})(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:?\d{2})?")
_BYDAY = re.compile(r"([+-]?\d{1,2})?(MO|TU|WE|TH|FR|SA|SU)")


@dataclass(frozen=True, slots=True)
class Read:
    """The opening hours of one period of validity."""

    hours: Hours
    raw: str
    valid_from: date | None
    valid_to: date | None
    description: str
    uuid: UUID | None


def read_schedules(rows: Sequence[Fields]) -> list[Read]:
    """Group the rows by period, and read each group."""
    groups: dict[tuple[date | None, date | None], list[Fields]] = {}
    holidays = [row for row in rows if HOLIDAY in row.data]
    for row in rows:
        if HOLIDAY in row.data:
            continue
        groups.setdefault((row.day("valid_from"), row.day("valid_to")), []).append(row)
    result = []
    for (start, end), group in groups.items():
        if start and end and start > end:
            group[0].remark("value-contradicts", "valid_to", f"{start} > {end}")
            start = end = None
        hours, raw = _read_group(group)
        result.append(Read(hours, raw, start, end, _description(group), given_uuid(group[0].data.get("id"))))
    return _with_holidays(result, holidays)


def _with_holidays(usual: list[Read], rows: Sequence[Fields]) -> list[Read]:
    """Dated exceptions, said after the usual hours, so that they win. Where the usual hours are not known they stand alone, for
    their dates only: that a house is closed at Christmas says nothing about the other days."""
    result = list(usual)
    known = [n for n, one in enumerate(result) if one.hours.osm and not (one.valid_from or one.valid_to)]
    for row in rows:
        start = row.day("start_date") or row.day("end_date")
        end = row.day("end_date") or start
        rule = _exception(row)
        if start is None or end is None or start > end or not rule:
            row.remark("hours-unread", "start_date", f"{row.line('start_date', 40)} {row.line('end_date', 40)}")
            continue
        said = f"{_dates(start, end)} {rule}"
        if not known:
            result.append(Read(Hours(f"Mo-Su {rule}", "parsed"), "", start, end, "", given_uuid(row.data.get("id"))))
            continue
        for number in known:
            one = result[number]
            osm = f"{one.hours.osm}; {said}"
            if len(osm) <= LONGEST_OSM and read_osm(osm).osm:
                result[number] = replace(one, hours=Hours(osm, one.hours.parse), raw=one.raw or one.hours.osm)
            else:
                row.remark("hours-partly", "start_date", said)
    return result


def _exception(row: Fields) -> str:
    """ "off", "Mo-Su 10:00-12:00", or nothing when the row does not say."""
    opens, closes = _clock(row.data.get("opens_at")), _clock(row.data.get("closes_at"))
    span = interval(opens, closes) if opens is not None and closes is not None else None
    if row.line("closed", 20).lower() in ("true", "t", "yes", "1", "y"):
        return "off"
    return f"{times([span])}" if span else ""


def _dates(start: date, end: date) -> str:
    first = f"{start.year} {MONTHS[start.month - 1]} {start.day:02d}"
    return first if start == end else f"{first}-{end.year} {MONTHS[end.month - 1]} {end.day:02d}"


def _description(group: list[Fields]) -> str:
    """What the rows say beside the hours; of our own rows, the description alone, without the raw text."""
    own = next((own for row in group if (own := row.object(words.PROFILE)) is not None), None)
    if own is not None:
        return own.text("description")
    return "\n".join(
        dict.fromkeys(filter(None, (row.text(name) for row in group for name in ("description", "notes"))))
    )


def _read_group(group: list[Fields]) -> tuple[Hours, str]:
    for row in group:  # our own property: the truth itself
        own = row.object(words.PROFILE)
        if own is not None and (osm := own.line("osm", 1_000)):
            hours = read_osm(osm)
            if hours.osm == osm:
                parse = own.choice("parse", {"parsed", "partly"})
                return (Hours(osm, "partly") if parse == "partly" else hours), own.text("raw")
        if own is not None and own.data.get("parse") == "unread":
            return UNREAD, own.text("raw")
    if any("weekday" in row.data for row in group):
        return _read_weekdays(group)
    week, complete = Week(), True
    for row in group:
        complete = _add(week, row) and complete
    hours = Hours.of(week, complete=complete)
    raw = json.dumps(
        [{k: v for k, v in row.data.items() if k != "id"} for row in group], ensure_ascii=False, default=str
    )
    if hours.parse == "parsed":
        return hours, ""
    texts = [text for row in group for name in ("description", "notes") if (text := row.text(name))]
    for text in texts:  # rows without rules often say it in words
        if hours.parse == "unread" and (said := read(text)).osm:
            return Hours(said.osm, "partly"), text
    return hours, "\n".join(dict.fromkeys(texts)) or raw


def _read_weekdays(group: list[Fields]) -> tuple[Hours, str]:
    """HSDS 1.1: one row a weekday, and the original text beside them. The text is believed when all of it can be read."""
    texts = list(dict.fromkeys(filter(None, (row.text("original_text") for row in group))))
    table = read_table(
        [(row.line("weekday", 40), row.line("opens_at", 40), row.line("closes_at", 40)) for row in group]
    )
    raw = "\n".join(texts)
    said = read(raw) if raw else UNREAD
    if said.parse == "parsed":
        if table.parse == "parsed" and table.osm != said.osm:
            group[0].remark("hours-contradict", "schedules", f"{table.osm} / {said.osm}")
        return said, raw
    if said.osm or (raw and ("\n" in raw or ";" in raw)):
        return said, raw  # exporters that flatten several rules into one row a weekday get them wrong
    return (Hours(table.osm, "partly") if raw and table.osm else table), raw


def _add(week: Week, row: Fields) -> bool:
    """Add one HSDS 3 row to the week. False when some of it says more than a week can hold."""
    opens, closes = _clock(row.data.get("opens_at")), _clock(row.data.get("closes_at"))
    span = interval(opens, closes) if opens is not None and closes is not None else None
    frequency = str(row.data.get("freq") or "WEEKLY").upper()
    days = _days(str(row.data.get("byday") or ""), monthly=frequency == "MONTHLY")
    beyond = any(row.data.get(name) for name in ("bymonthday", "byweekno", "byyearday", "count", "until"))
    every = row.data.get("interval") in (None, "", 1, 1.0, "1")
    if span is None or not days or not every or frequency not in ("WEEKLY", "MONTHLY") or row.data.get("bymonthday"):
        return False
    week.add(days, [span])
    return not beyond


def _clock(value: object) -> int | None:
    found = _CLOCK.fullmatch(value.strip()) if isinstance(value, str) else None
    if found is None:
        return None
    hour, minute = int(found[1]), int(found[2])
    return hour * 60 + minute if (hour < 24 and minute < 60) or (hour, minute) == (24, 0) else None


def _days(text: str, *, monthly: bool) -> list[str]:
    days = []
    for part in text.upper().replace(" ", "").split(","):
        found = _BYDAY.fullmatch(part)
        if found is None:
            return []
        number = int(found[1]) if found[1] else 0
        if number and not (-5 <= number <= 5):
            return []
        if monthly and not number:
            return []  # every Monday of the month is weekly; a source that says monthly means something else
        days.append(f"{DAY_OF[found[2]]}[{number}]" if number else DAY_OF[found[2]])
    return days


# --- writing --------------------------------------------------------------------------------------------------------------------------

_RULE = re.compile(
    r"(?:(?P<days>[A-Za-z,\[\]\d -]+?) )?(?P<times>\d\d:\d\d-\d\d:\d\d(?:,\s?\d\d:\d\d-\d\d:\d\d)*|off|closed)"
)
_DAYS = re.compile(r"(Mo|Tu|We|Th|Fr|Sa|Su)(?:-(Mo|Tu|We|Th|Fr|Sa|Su)|\[(-?\d(?:,-?\d)*)\])?")


def write(osm: str) -> tuple[list[dict[str, Any]], bool]:
    """HSDS rows for an OSM string, and whether they say all of it."""
    if osm.strip() == "24/7":
        return [_row("WEEKLY", list(DAYS), "00:00", "24:00")], True
    week: dict[str, list[tuple[str, str]]] = {}
    whole = True
    for rule in filter(None, (part.strip() for part in osm.split(";"))):
        found = _RULE.fullmatch(rule)
        days = _osm_days(found["days"] or "Mo-Su") if found else None
        if found is None or days is None:
            whole = False
            continue
        times = (
            []
            if found["times"] in ("off", "closed")
            else [tuple(t.strip().split("-")) for t in found["times"].split(",")]
        )
        for day in days:
            week[day] = times
    groups: dict[tuple[str, str], list[str]] = {}
    for day, times in week.items():
        for span in times:
            groups.setdefault(span, []).append(day)
    rows = []
    for (opens, closes), days in groups.items():
        plain = [day for day in days if "[" not in day]
        if plain:
            rows.append(_row("WEEKLY", sorted(plain, key=DAYS.index), opens, closes))
        if numbered := [day for day in days if "[" in day]:
            rows.append(_row("MONTHLY", numbered, opens, closes))
    return rows, whole


def _row(frequency: str, days: Iterable[str], opens: str, closes: str) -> dict[str, Any]:
    codes = [f"{day[3:-1]}{CODE_OF[day[:2]]}" if "[" in day else CODE_OF[day] for day in days]
    return {"freq": frequency, "byday": ",".join(codes), "opens_at": opens, "closes_at": closes}


def _osm_days(text: str) -> list[str] | None:
    days: list[str] = []
    for part in re.split(r",(?![-\d])", text.replace(" ", "")):
        if part == "PH":
            return None if text.strip() == "PH" else days or None
        found = _DAYS.fullmatch(part)
        if found is None:
            return None
        if found[2]:
            start, end = DAYS.index(found[1]), DAYS.index(found[2])
            days += [DAYS[(start + step) % 7] for step in range((end - start) % 7 + 1)]
        elif found[3]:
            days += [f"{found[1]}[{number}]" for number in found[3].split(",")]
        else:
            days.append(found[1])
    return days
