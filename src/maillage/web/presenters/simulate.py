"""Two versions of the rules side by side, in words: who would have had a place, and after how long, by group."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from django.utils.formats import date_format
from django.utils.translation import gettext

from maillage.places.engine.simulate import Simulation
from maillage.web.presenters.vocabulary import Vocabulary
from maillage.web.presenters.waiting import Rules, days


@dataclass(frozen=True, slots=True)
class Row:
    name: str
    asked: int
    before: int
    after: int
    change: str
    look: str
    days_before: str
    days_after: str


@dataclass(frozen=True, slots=True)
class Table:
    code: str
    title: str
    rows: tuple[Row, ...]


def day(on: date) -> str:
    return date_format(on, "DATE_FORMAT")


def median_of(value: float | None) -> str:
    return days(int(value)) if value is not None else gettext("too few")


def tables(found: Simulation, words: Vocabulary, rules: Rules) -> list[Table]:
    """By public, area and degree of urgency; protected before it came here."""
    names: dict[str, tuple[str, Callable[[str], str]]] = {
        "public": (gettext("By public"), words.public_name),
        "area": (gettext("By area"), lambda code: words.area_name(code) or code),
        "tier": (gettext("By urgency"), rules.tier),
    }
    return [
        Table(
            code,
            title,
            tuple(
                Row(
                    name(one.code) if one.code else gettext("not said"), one.asked, one.served_before, one.served_after,
                    f"{one.served_after - one.served_before:+d}" if one.served_after != one.served_before else "=",
                    "fits" if one.served_after > one.served_before else "no" if one.served_after < one.served_before else "",
                    median_of(one.days_before), median_of(one.days_after),
                )
                for one in found.by.get(code, ())
            ),
        )
        for code, (title, name) in names.items()
    ]  # fmt: skip
