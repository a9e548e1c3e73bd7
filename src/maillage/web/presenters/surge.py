"""A cold-weather plan in words: what its rule says of a forecast, who opened it and why, what it changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
from django.utils.formats import date_format, number_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from maillage.methods.disclosure import floored
from maillage.places import winter
from maillage.places.models import PlaceGroup, SurgeActivation
from maillage.places.surges import Changed
from maillage.territory.models import Territory, label_in
from maillage.web.presenters.unmet import at_least
from maillage.web.presenters.waiting import moment, places_called


@dataclass(frozen=True, slots=True)
class Day:
    on: str
    low: str
    high: str
    is_cold: bool


@dataclass(frozen=True, slots=True)
class Judged:
    """What the rule says of a forecast."""

    sentence: str
    is_triggered: bool
    days: list[Day]


@dataclass(frozen=True, slots=True)
class Plan:
    code: str
    name: str
    rule: str
    lasts: str
    open: str  # uuid of what is open now


@dataclass(frozen=True, slots=True)
class Opened:
    """An activation."""

    uuid: str
    name: str
    opened: str
    closed: str
    reason: str
    close_reason: str
    by: str
    closed_by: str
    source: str
    said: str
    groups: list[str]


def name(plan: Mapping[str, Any]) -> str:
    return label_in(plan.get("labels") or {}, fallback=str(plan.get("code", "")))


def plan(content: Mapping[str, Any], opened: Mapping[str, str]) -> Plan:
    code = str(content.get("code", ""))
    days = content.get("lasts_days")
    words = ngettext(
        "It lasts %(n)s day; people may prolong it.", "It lasts %(n)s days; people may prolong it.", days or 0
    )
    lasts = words % {"n": days} if days else ""
    return Plan(code, name(content), rule(content), lasts, opened.get(code, ""))


def rule(content: Mapping[str, Any]) -> str:
    """The rule in the words of the pack, else in ours."""
    trigger = content.get("trigger") or {}
    if said := label_in(trigger.get("text") or {}):
        return said
    return _(winter.NO_RULE) if "below" not in trigger else ""


def judged(content: Mapping[str, Any], forecast: list[winter.Day]) -> Judged:
    found = winter.verdict(content, forecast)
    values = {key: day(value) if isinstance(value, date) else value for key, value in found.values.items()}
    cold = set(found.spell)
    days = [Day(day(one.on), degrees(one.low), degrees(one.high), one in cold) for one in forecast]
    return Judged(_(found.sentence) % values if values else _(found.sentence), found.is_triggered, days)


def day(on: date) -> str:
    return date_format(on, "D j M")


def degrees(value: float) -> str:
    return f"{number_format(round(value, 1))} °C".replace("-", "\N{MINUS SIGN}")


def refusal(error: winter.Unreadable) -> str:
    return _(error.sentence) % error.values


def groups(rows: Iterable[PlaceGroup]) -> list[tuple[int, str]]:
    """With their house: a confidential one is only its area for who coordinates the territory."""
    found = list(rows)
    return [(one.pk, called) for one, called in zip(found, places_called(found), strict=True)]


def opened(one: SurgeActivation) -> Opened:
    said = _("The rule said: open.") if one.is_triggered else _("The rule did not ask for it: people decided.")
    return Opened(
        str(one.uuid), name(one.plan_content or {"code": one.plan}), moment(one.opened_at), moment(one.closed_at), one.reason,
        one.close_reason, str(one.opened_by or ""), str(one.closed_by or ""), one.forecast_source, said,
        [label for _key, label in groups(one.groups.select_related("site"))],
    )  # fmt: skip


def line(one: SurgeActivation) -> tuple[str, str, str]:
    """uuid, name, from when to when."""
    until = date_format(localtime(one.closed_at), "j F Y") if one.closed_at else _("open now")
    return (
        str(one.uuid),
        name(one.plan_content or {"code": one.plan}),
        f"{date_format(localtime(one.opened_at), 'j F Y')} – {until}",
    )


def effects(found: Changed, territory: Territory) -> list[tuple[str, str]]:
    """Rounded down to the smallest cell of the pack; nothing before the first night is over."""
    first = [(_("Nights that the plan was open"), str(found.nights)), (_("Places that it opened"), str(found.opened))]
    if not found.nights:
        return first
    smallest = max(int(territory.content.get("smallest_cell") or 5), 1)
    slept, people, before, during = (
        at_least(int(count), smallest)
        for count in floored(
            np.array([found.slept, found.people, found.refused_before, found.refused_during]), smallest
        )
    )
    told_before = ngettext(
        "People told that no place was free, the night before",
        "People told that no place was free, the %(n)s nights before",
        found.compared,
    )
    told_during = ngettext(
        "The same, the first night that it was open",
        "The same, the first %(n)s nights that it was open",
        found.compared,
    )
    return [
        *first,
        (_("Beds used, added up over the nights"), slept),
        (_("Different people who slept there"), people),
        (told_before % {"n": found.compared}, before),
        (told_during % {"n": found.compared}, during),
    ]
