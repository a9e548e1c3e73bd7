"""Reading opening hours: OpenStreetMap strings, weekday tables, and the sentences that people write."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from opening_hours import validate

from maillage.directory.hours.week import DAY_MINUTES, DAYS, HOLIDAYS, Interval, Week, interval
from maillage.directory.hours.words import DAY_OF, GENERIC_LABEL, Token, folded, tokens

Parse = Literal["parsed", "partly", "unread"]
LONGEST = 2_000  # characters of a text that is read
LONGEST_OSM = 1_000
MEND = (
    ("GÇô", "-"),
    ("GÇö", "-"),
    ("â€“", "-"),
    ("â€”", "-"),
    ("\\n", "\n"),
    ("\r", "\n"),
)  # dashes that two encodings broke
_OSM_LIKE = re.compile(
    r"24/7|(?:Mo|Tu|We|Th|Fr|Sa|Su|PH|SH|Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec|week|\d{4}|\d\d:\d\d)"
)


@dataclass(frozen=True, slots=True)
class Hours:
    """`parse` is unread exactly when `osm` is empty. partly: some of the text was not understood, or something was inferred."""

    osm: str
    parse: Parse

    @classmethod
    def of(cls, week: Week, *, complete: bool) -> Hours:
        osm = week.osm()
        if not osm or len(osm) > LONGEST_OSM or not any(week.slots.values()) or not validate(osm):
            return UNREAD  # also when only closed days are said: that does not tell when it is open
        return cls(osm, "parsed" if complete else "partly")


UNREAD = Hours("", "unread")


def is_osm(text: str) -> bool:
    """Whether a text is already an opening_hours string."""
    return 0 < len(text) <= LONGEST_OSM and bool(_OSM_LIKE.match(text)) and bool(validate(text))


def read_osm(text: str) -> Hours:
    """An opening_hours string as it is, when it can be evaluated; else what `read` makes of it."""
    stripped = text.strip()
    return Hours(stripped, "parsed") if is_osm(stripped) else read(text)


@lru_cache(maxsize=10_000)
def read(text: str) -> Hours:
    """What a sentence of opening hours says. Never raises.

    "9:00am-5:00pm, Mon-Fri", "Du lundi au vendredi de 8h30 à 16h", "Van maandag tot vrijdag van 8.30 uur tot 16 uur", "24/7".
    Several labelled parts ("Office hours: ... Walk-in: ...") are partly read: the first part that is general, else the first.
    """
    if not text or len(text) > LONGEST:
        return UNREAD
    if is_osm(text.strip()):
        return Hours(text.strip(), "parsed")
    for broken, mended in MEND:
        text = text.replace(broken, mended)
    sections = _sections(folded(text))
    readings = [(generic, *_read_section(body)) for generic, body in sections if body.strip()]
    told = [r for r in readings if r[1].slots] or readings
    if not told:
        return UNREAD
    generic, week, complete = next((r for r in told if r[0]), told[0])
    return Hours.of(week, complete=complete and generic and len(readings) == 1)


def read_table(rows: Iterable[tuple[str, str, str]]) -> Hours:
    """Rows of (weekday, opens at, closes at), as HSDS 1.1 has them. A row that cannot be read makes the whole partly read."""
    week, complete = Week(), True
    for day, opens, closes in rows:
        days = DAY_OF.get(folded(day.strip()))
        found = _pair(_moment(opens), _moment(closes))
        if days is None or found is None:
            complete = False
        else:
            week.add(days, [found[0]])
            complete = complete and found[1]
    return Hours.of(week, complete=complete)


def _moment(text: str) -> Token | None:
    found = tokens(folded(text))
    return found[0] if len(found) == 1 and found[0].kind == "time" else None


def _sections(text: str) -> list[tuple[bool, str]]:
    """(is it about opening in general, text) for each labelled part. "Office hours:" is general, "Walk-in:" is not, "Lundi :" no label."""
    result: list[tuple[bool, list[str]]] = [(True, [])]
    for line in text.split("\n"):
        label, colon, rest = line.partition(":")
        words = re.findall(r"[a-z']+", label)
        days = any(word in DAY_OF for word in words) or _says_days(label)
        if colon and words and not days and not re.search(r"\d", label) and len(label) <= 80:
            result.append((bool(GENERIC_LABEL.match(label.strip())), [rest]))
        else:
            result[-1][1].append(line)
    return [(generic, "\n".join(lines)) for generic, lines in result]


def _says_days(label: str) -> bool:
    return all(token.kind in ("days", "join", "to", "holidays", "nth", "closed") for token in tokens(label))


# --- one part ---------------------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Item:
    """D: days · T: intervals · C: closed · B: break · X: except
    ?: words that are not of hours · !: half of something, which makes its clause worthless."""

    kind: str
    days: tuple[str, ...] = ()
    intervals: tuple[Interval, ...] = ()
    sure: bool = True


def _read_section(text: str) -> tuple[Week, bool]:
    """The week of one part, and whether all of it was understood."""
    items, closed = _closings(_items(tokens(text)))
    complete = all(item.kind not in "?!C" and item.sure for item in items)
    week = Week()
    paired = _paired(_clauses(items))
    for days, intervals in paired.said:
        week.add(days, intervals)
    week.add(closed, ())
    return week, complete and paired.complete


def _closings(items: list[_Item]) -> tuple[list[_Item], list[str]]:
    """ "Sunday closed", "fermé le mercredi": taken out, as the days that are closed. One without days stays, not understood."""
    kept: list[_Item] = []
    closed: list[str] = []
    position = 0
    while position < len(items):
        item = items[position]
        after = items[position + 1] if position + 1 < len(items) else None
        if item.kind == "C" and kept and kept[-1].kind == "D":
            closed += kept.pop().days
        elif item.kind == "C" and after is not None and after.kind == "D":
            position += 1
            while position < len(items) and items[position].kind == "D":
                closed += items[position].days
                position += 1
            kept.append(_Item("B"))
            continue
        else:
            kept.append(item)
        position += 1
    return kept, closed


def _items(found: Sequence[Token]) -> list[_Item]:
    items: list[_Item] = []
    position = 0
    while position < len(found):
        item, position = _item(found, position, after_hours=bool(items) and items[-1].kind in "DT")
        if item is not None:
            items.append(item)
    return _without_exceptions(items)


def _item(found: Sequence[Token], at: int, *, after_hours: bool) -> tuple[_Item | None, int]:
    token = found[at]
    after = found[at + 1] if at + 1 < len(found) else Token("end")
    then = found[at + 2] if at + 2 < len(found) else Token("end")
    if token.kind in ("time", "bare") and after.kind in ("to", "join") and then.kind in ("time", "bare"):
        pair = _pair(token, then, bare=after_hours) if after.kind == "to" or after.text in ("and", "et", "en") else None
        if pair is not None:
            return _Item("T", intervals=(pair[0],), sure=pair[1]), at + 3
        return _Item("!"), at + 3
    if token.kind == "days":
        if after.kind == "to" and then.kind == "days" and len(token.days) == len(then.days) == 1:
            return _Item("D", days=_span(token.days[0], then.days[0])), at + 3
        return _Item("!" if after.kind == "to" else "D", days=token.days), at + 1
    if token.kind == "nth":
        return _nth(found, at)
    if token.kind == "holidays":
        return _Item("D", days=token.days), at + 1
    if token.kind == "allday":
        return _Item("T", intervals=((0, DAY_MINUTES),)), at + 1
    if token.kind == "closed":
        return _Item("C"), at + 1
    if token.kind == "break":
        return _Item("B"), at + 1
    if token.kind == "except":
        return _Item("X"), at + 1
    if token.kind in ("time", "bare"):
        return _Item("!"), at + 1
    return (None if token.kind == "join" else _Item("?")), at + 1


def _nth(found: Sequence[Token], at: int) -> tuple[_Item, int]:
    """ "1st and 3rd Saturday": Sa[1], Sa[3]."""
    numbers = []
    while at < len(found) and found[at].kind in ("nth", "join"):
        if found[at].kind == "nth":
            numbers.append(found[at].text)
        at += 1
    if at < len(found) and found[at].kind == "days" and len(found[at].days) == 1:
        return _Item("D", days=tuple(f"{found[at].days[0]}[{n}]" for n in numbers)), at + 1
    return _Item("?"), at


def _span(first: str, last: str) -> tuple[str, ...]:
    start, end = DAYS.index(first), DAYS.index(last)
    return tuple(DAYS[(start + step) % 7] for step in range((end - start) % 7 + 1))


def _pair(start: Token | None, end: Token | None, *, bare: bool = False) -> tuple[Interval, bool] | None:
    """The interval, and whether it is certain. One "pm" may stand for both.

    A bare number needs a written time beside it, or (`bare`) days before it: "Mon-Fri 9-17"; in "Mon-Fri 9-5", 5 is read as 17:00.
    """
    if start is None or end is None or max(start.minutes, end.minutes) > DAY_MINUTES:
        return None
    opens, closes, sure = start.minutes, end.minutes, True
    if start.kind == end.kind == "bare":
        if not bare:
            return None
        sure = opens < closes and closes > 12 * 60
        closes = closes + 12 * 60 if closes <= min(opens, 12 * 60) else closes
    if opens == DAY_MINUTES:  # "midnight" as a beginning
        opens = 0
    if end.meridiem in ("a", "p") and not start.meridiem and opens < 12 * 60:
        same = opens % (12 * 60) + (12 * 60 if end.meridiem == "p" else 0)
        opens = same if same < closes else opens
    elif start.meridiem in ("a", "p") and not end.meridiem and closes <= 12 * 60:
        sure = False
        closes = closes + 12 * 60 if closes <= opens else closes
    if closes == 0:
        closes = DAY_MINUTES
    found = interval(opens, closes)
    return (found, sure) if found else None


def _without_exceptions(items: list[_Item]) -> list[_Item]:
    """ "Mon-Fri except Wednesday": the days of X are taken from those before; public holidays become closed."""
    result: list[_Item] = []
    position = 0
    while position < len(items):
        item = items[position]
        if item.kind == "X":
            days: list[str] = []
            while position + 1 < len(items) and items[position + 1].kind == "D":
                position += 1
                days += items[position].days
            before = next((i for i in reversed(result) if i.kind == "D"), None)
            if not days or before is None:
                result.append(_Item("?"))
            else:
                before.days = tuple(d for d in before.days if d not in days)
                if HOLIDAYS in days:
                    result += [_Item("B"), _Item("C"), _Item("D", days=(HOLIDAYS,)), _Item("B")]
        else:
            result.append(item)
        position += 1
    return result


def _clauses(items: Iterable[_Item]) -> list[list[_Item]]:
    """Between two breaks: runs of days and runs of times, each run one item.

    A clause with a half-said part is left out; one with other words ("house calls 24 hours a day") counts only when none is without.
    """
    clauses: list[list[_Item]] = [[]]
    worthless, wordy = set(), set()
    for item in items:
        if item.kind == "B":
            clauses.append([])
        elif item.kind == "!":
            worthless.add(len(clauses) - 1)
        elif item.kind == "?":
            wordy.add(len(clauses) - 1)
        elif item.kind in "DT":
            clause = clauses[-1]
            if clause and clause[-1].kind == item.kind:
                clause[-1] = _Item(item.kind, clause[-1].days + item.days, clause[-1].intervals + item.intervals)
            else:
                clause.append(item)
    good = [(number, clause) for number, clause in enumerate(clauses) if clause and number not in worthless]
    return [clause for number, clause in good if number not in wordy] or [clause for _, clause in good]


@dataclass(slots=True)
class _Paired:
    said: list[tuple[tuple[str, ...], tuple[Interval, ...]]]
    complete: bool


def _paired(clauses: list[list[_Item]]) -> _Paired:
    """Which times belong to which days. Days may come first ("Lundi 9h-12h") or last ("9am-12pm, Mon"): each clause says.

    Times alone join the days of the clause before when days come first there, else those of the clause after.
    """
    paired = _Paired([], True)
    waiting: tuple[Interval, ...] | None = None  # times that wait for their days
    alone: tuple[str, ...] = ()  # days that wait for their times
    last: tuple[str, ...] = ()  # days of a clause where days come first
    for clause in clauses:
        if len(clause) == 1 and clause[0].kind == "T":
            if alone or last:
                paired.said.append((alone or last, clause[0].intervals))
                last, alone = alone or last, ()
            else:
                waiting = (waiting or ()) + clause[0].intervals
            continue
        if len(clause) == 1:
            if waiting is not None:
                paired.said.append((clause[0].days, waiting))
                waiting = None
            else:
                alone = alone + clause[0].days
            continue
        days_first = clause[0].kind == "D"
        if not days_first and waiting is not None:
            clause[0] = _Item("T", intervals=waiting + clause[0].intervals)
            waiting = None
        if days_first and alone:
            clause[0] = _Item("D", days=alone + clause[0].days)
            alone = ()
        pairs = list(zip(clause[::2], clause[1::2], strict=False))
        paired.complete = paired.complete and len(clause) % 2 == 0
        for one, other in pairs:
            paired.said.append((one.days, other.intervals) if days_first else (other.days, one.intervals))
        last = pairs[-1][0].days if days_first else ()
    if waiting == ((0, DAY_MINUTES),) and not paired.said:  # "24 heures sur 24" alone says every day
        paired.said.append((DAYS, waiting))
        waiting = None
    paired.complete = paired.complete and waiting is None and not alone
    return paired
