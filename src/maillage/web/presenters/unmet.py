"""What was missing, in words: a curve, a map, lines beside the offer that there is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from urllib.parse import urlencode

from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from maillage.orientation.models import UnmetNeed
from maillage.orientation.rules.referrals import OUTCOMES, REFUSALS
from maillage.orientation.unmet import MONTHS, WEEKS, Asked, Line, Offer, Unmet
from maillage.places.models import Refusal
from maillage.web.presenters.vocabulary import Vocabulary

WIDTH, HEIGHT = 640.0, 200.0
FLOOR, LEFT = 170.0, 40.0
BAR = 100.0

FILTERS = {
    "languages": gettext_lazy("the language spoken"),
    "window": gettext_lazy("the moment"),
    "served": gettext_lazy("living in that area"),
    "area": gettext_lazy("being in that area"),
    "near": gettext_lazy("the distance"),
    "cost": gettext_lazy("being free of charge"),
    "wheelchair": gettext_lazy("wheelchair access"),
    "remote": gettext_lazy("being at a distance"),
    "has_room": gettext_lazy("having room"),
    "text": gettext_lazy("the words typed"),
    "needs": gettext_lazy("the category itself"),
}
TITLES = {
    "need": gettext_lazy("By need"),
    "area": gettext_lazy("By area"),
    "cause": gettext_lazy("Why"),
    "public": gettext_lazy("For whom"),
    "filter": gettext_lazy("What would have been needed"),
}


@dataclass(frozen=True, slots=True)
class Row:
    name: str
    href: str  # what narrows the page to this line; "" where nothing does
    total: str
    bar: float  # 0..BAR
    offer: str


@dataclass(frozen=True, slots=True)
class Table:
    code: str
    title: str
    rows: tuple[Row, ...]
    has_offer: bool


@dataclass(frozen=True, slots=True)
class Column:
    x: float
    y: float
    width: float
    height: float
    middle: float
    name: str
    short: str
    number: str
    is_named: bool  # the axis has room for its name


@dataclass(frozen=True, slots=True)
class Curve:
    columns: tuple[Column, ...]
    top: str
    width: float = WIDTH
    height: float = HEIGHT
    floor: float = FLOOR
    left: float = LEFT


def at_least(count: int, smallest: int) -> str:
    """“20 or more”; “fewer than 5” when it is hidden."""
    if count:
        return _("%(n)s or more") % {"n": number_format(count, force_grouping=True)}
    return _("fewer than %(n)s") % {"n": smallest}


def step_name(step: date, by: str = MONTHS) -> str:
    """“November 2026”; “week of 16 November 2026”."""
    if by == WEEKS:
        return _("week of %(day)s") % {"day": date_format(step, "j F Y")}
    return date_format(step, "F Y")


def curve(found: Unmet) -> Curve:
    """A column for each month or week; the table below it says the same."""
    by = found.asked.by
    most = max([*found.by_step, found.smallest])
    step = (WIDTH - LEFT) / max(len(found.steps), 1)
    every = -(-len(found.steps) // 6)
    columns = []
    for place, (first, count) in enumerate(zip(found.steps, found.by_step, strict=True)):
        tall = round(count / most * (FLOOR - 20), 1)
        x = round(LEFT + place * step + step * 0.12, 1)
        name, number = step_name(first, by), at_least(count, found.smallest)
        middle, short = round(LEFT + (place + 0.5) * step, 1), date_format(first, "j M" if by == WEEKS else "M y")
        is_named = (len(found.steps) - 1 - place) % every == 0
        columns.append(Column(x, FLOOR - tall, round(step * 0.76, 1), tall, middle, name, short, number, is_named))
    return Curve(tuple(columns), number_format(most))


def tables(found: Unmet, words: Vocabulary, offers: Mapping[str, Offer]) -> list[Table]:
    return [table(code, found, words, offers) for code in TITLES]


def table(code: str, found: Unmet, words: Vocabulary, offers: Mapping[str, Offer]) -> Table:
    lines = found.lines[code]
    most = max((line.total for line in lines), default=1)
    rows = tuple(
        Row(
            name_of(code, line.code, words),
            href(code, line, found.asked),
            at_least(line.total, found.smallest),
            round(line.total / most * BAR, 1),
            offer(offers[line.code]) if code == "need" and line.code in offers else "",
        )
        for line in lines
        if not (code == "filter" and not line.code)
    )
    return Table(code, str(TITLES[code]), rows, code == "need")


def href(code: str, line: Line, asked: Asked) -> str:
    """The same page, narrowed to this line: codes of the pack, nothing about anybody."""
    if code == "filter" or not line.code or getattr(asked, code) == line.code:
        return ""
    return "?" + query(asked, **{code: line.code})


def query(asked: Asked, **more: str) -> str:
    kept = {
        "from": f"{asked.first[0]}-{asked.first[1]:02d}",
        "to": f"{asked.last[0]}-{asked.last[1]:02d}",
        **{name: getattr(asked, name) for name in ("need", "area", "cause", "public")},
        "by": asked.by if asked.by == WEEKS else "",
        **more,
    }
    return urlencode({name: value for name, value in kept.items() if value})


def name_of(kind: str, code: str, words: Vocabulary) -> str:
    if not code:
        return _("not said")
    match kind:
        case "need":
            return words.need_name(code)
        case "area":
            return words.area_name(code) or code
        case "cause":
            return cause_name(code)
        case "public":
            return words.public_name(code)
    if code.startswith("fact:"):
        return words.criterion_name(code.removeprefix("fact:"))
    if code.startswith("refused:") and (reason := REFUSALS.get(code.removeprefix("refused:"))):
        return _("refused: %(reason)s") % {"reason": _(reason.label)}
    if code.startswith("not_met:") and (reason := OUTCOMES.get(code.removeprefix("not_met:"))):
        return _("not met: %(reason)s") % {"reason": _(reason.label)}
    return str(FILTERS.get(code, code))


def cause_name(code: str) -> str:
    """Of an unmet need, or of a place that was refused."""
    for causes in (UnmetNeed.Cause, Refusal.Cause):
        if code in causes.values:
            return str(causes(code).label)
    return code


def offer(there: Offer) -> str:
    """What there is for that need: “12 services, 3 places free (4 say so), nearest 1.2 km”."""
    said = [ngettext("%(n)s service", "%(n)s services", there.services) % {"n": number_format(there.services)}]
    if there.free is not None:
        said.append(
            ngettext("%(n)s place free", "%(n)s places free", there.free) % {"n": number_format(there.free)}
            + " "
            + ngettext("(%(n)s service says so)", "(%(n)s services say so)", there.say_room) % {"n": there.say_room}
        )
    elif there.services:
        said.append(_("nobody says how much room there is"))
    if there.nearest_km is not None:
        said.append(_("nearest at %(km)s km") % {"km": number_format(there.nearest_km)})
    return ", ".join(said)


def on_map(smallest: int, name: str, count: int) -> tuple[str, str]:
    """What stands on an area of the map, and what is read out."""
    number = f"{number_format(count)}+" if count else f"<{smallest}"
    return number, f"{name}: {at_least(count, smallest)}"


def csv_rows(found: Unmet, words: Vocabulary) -> Iterator[tuple[str, str, str, str, str]]:
    """One line for each value of each dimension and month (or week: its Monday); an empty number: fewer than the smallest cell."""
    yield ("dimension", "code", "name", found.asked.by, "at_least")
    steps = [step.isoformat() if found.asked.by == WEEKS else f"{step:%Y-%m}" for step in found.steps]
    for step, count in zip(steps, found.by_step, strict=True):
        yield ("all", "", "", step, str(count or ""))
    for kind, lines in found.lines.items():
        for line in lines:
            for step, count in zip(steps, line.steps, strict=True):
                yield (kind, line.code, name_of(kind, line.code, words), step, str(count or ""))
