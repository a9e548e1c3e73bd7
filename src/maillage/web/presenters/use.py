"""How the places are used, in words: "about 87 % full", "half stay 12 nights or less", "fewer than 5"."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode
from uuid import UUID

from django.utils.formats import number_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from maillage.directory.search.types import Card
from maillage.places.figures import Asked, Line, Spread, Use
from maillage.web.presenters import words as say
from maillage.web.presenters.unmet import at_least
from maillage.web.presenters.vocabulary import Vocabulary

TITLES: Final[dict[str, Promise]] = {
    "service": gettext_lazy("By service"),
    "area": gettext_lazy("By area"),
    "public": gettext_lazy("By public"),
}


@dataclass(frozen=True, slots=True)
class Names:
    """What the codes of the lines are called."""

    cards: Mapping[UUID, tuple[Card, ...]]
    words: Vocabulary

    def of(self, kind: str, code: str) -> str:
        if kind == "service":
            found = self.cards.get(UUID(code)) if code else None
            if found:
                return str(say.said(found[0], "name", self.words).text)
            return _("a service that is not in the directory") if code else _("no service in particular")
        if kind == "area":
            return (self.words.area_name(code) or code) if code else _("not said")
        return self.words.public_name(code) if code else _("everyone, or not said")


@dataclass(frozen=True, slots=True)
class Row:
    name: str
    capacity: str
    occupancy: str
    percent: float | None  # of a bar
    arrivals: str
    length: str
    waited: str
    refused: str


@dataclass(frozen=True, slots=True)
class Table:
    code: str
    title: str
    rows: tuple[Row, ...]


def tables(found: Use, names: Names) -> list[Table]:
    return [
        Table(kind, str(title), tuple(row(kind, line, found.smallest, names) for line in found.lines[kind]))
        for kind, title in TITLES.items()
    ]


def row(kind: str, line: Line, smallest: int, names: Names) -> Row:
    return Row(
        names.of(kind, line.code) if kind else "",
        capacity(line),
        percent(line.rate),
        round(100 * line.rate, 1) if line.rate is not None else None,
        at_least(line.arrivals, smallest),
        nights(line.length),
        days(line.waited),
        at_least(line.refused, smallest),
    )


def percent(rate: float | None) -> str:
    """Kept on one line."""
    return (
        (_("%(percent)s %%") % {"percent": round(100 * rate)}).replace(" ", "\N{NO-BREAK SPACE}")
        if rate is not None
        else _few()
    )


def capacity(line: Line) -> str:
    """“24 open of 30 accredited”: two numbers that are not the same thing."""
    opened = number_format(round(line.open) if line.open >= 10 or line.open == int(line.open) else round(line.open, 1))
    if not line.knows_accredited:
        return _("%(open)s open") % {"open": opened}
    return _("%(open)s open, %(accredited)s accredited") % {
        "open": opened,
        "accredited": number_format(line.accredited),
    }


def nights(spread: Spread) -> str:
    """“half stay 12 nights or less (a quarter 3, three quarters 40)”."""
    if spread.half is None:
        return (
            _("more than half stay longer than %(n)s nights") % {"n": _number(spread.beyond)}
            if spread.beyond
            else _few()
        )
    text = ngettext("half stay %(n)s night or less", "half stay %(n)s nights or less", round(spread.half))
    return text % {"n": _number(spread.half)} + _quarters(spread)


def days(spread: Spread) -> str:
    if spread.half is None:
        return (
            _("more than half wait longer than %(n)s days") % {"n": _number(spread.beyond)} if spread.beyond else _few()
        )
    text = ngettext("half wait %(n)s day or less", "half wait %(n)s days or less", round(spread.half))
    return text % {"n": _number(spread.half)} + _quarters(spread)


def _quarters(spread: Spread) -> str:
    if spread.quarter is None:
        return ""
    if spread.three_quarters is None:
        return " " + _("(a quarter %(low)s)") % {"low": _number(spread.quarter)}
    return " " + _("(a quarter %(low)s, three quarters %(high)s)") % {
        "low": _number(spread.quarter), "high": _number(spread.three_quarters),
    }  # fmt: skip


def _few() -> str:
    return _("too few to say")


def _number(value: float | None) -> str:
    return number_format(round(value or 0))


def query(asked: Asked) -> str:
    kept = {"from": f"{asked.span.first:%Y-%m}", "to": f"{asked.span.last:%Y-%m}", "kind": asked.kind}
    return urlencode({name: value for name, value in kept.items() if value})


def csv_rows(found: Use, names: Names) -> Iterator[tuple[object, ...]]:
    """One line for each service, area and public. Empty: too few people to say. Counts are "at least"."""
    yield (
        "dimension", "code", "name", "first_night", "last_night", "accredited", "open_a_night", "occupancy_percent",
        "arrivals_at_least", "stay_nights_quarter", "stay_nights_half", "stay_nights_three_quarters", "wait_days_quarter",
        "wait_days_half", "wait_days_three_quarters", "refused_at_least",
    )  # fmt: skip
    for kind, lines in (("all", (found.all,)), *found.lines.items()):
        for line in lines:
            yield (
                kind, line.code, names.of(kind, line.code) if kind != "all" else "", found.asked.span.first,
                found.asked.span.last, line.accredited if line.knows_accredited else "", round(line.open, 1),
                "" if line.rate is None else round(100 * line.rate), line.arrivals or "", *_cells(line.length),
                *_cells(line.waited), line.refused or "",
            )  # fmt: skip


def _cells(spread: Spread) -> tuple[object, ...]:
    return tuple(
        "" if value is None else round(value, 1) for value in (spread.quarter, spread.half, spread.three_quarters)
    )
