"""What the data are and what they are not; accessibility; privacy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.formats import date_format, number_format
from django.utils.translation import gettext
from django.views.decorators.http import require_safe

from maillage.directory import health as directory
from maillage.directory.freshness import DEFAULT_MONTHS
from maillage.web import queries
from maillage.web.language import territory_of
from maillage.web.presenters import health
from maillage.web.presenters import words as say
from maillage.web.presenters.vocabulary import Vocabulary, vocabulary


@dataclass(frozen=True, slots=True)
class Figure:
    value: str
    code: str


@dataclass(frozen=True, slots=True)
class Source:
    title: str
    publisher: str
    url: str
    date: str
    licence: str
    note: str


@dataclass(frozen=True, slots=True)
class Coverage:
    name: str
    share: str
    count: str


def sources(words: Vocabulary) -> list[Source]:
    return [
        Source(*(str(row.get(key) or "") for key in ("title", "publisher", "url", "date", "licence", "note")))
        for row in words.sources.values()
    ]


def coverage(figures: Mapping[str, Any], words: Vocabulary) -> list[Coverage]:
    """In which languages the services describe themselves."""
    total = figures["services"] or 1
    return [
        Coverage(words.language_name(code), f"{100 * count // total} %", number_format(count))
        for code, count in sorted(figures["languages"].items(), key=lambda pair: -pair[1])
    ]


@dataclass(frozen=True, slots=True)
class Check:
    """A kind of service, and how often its records are confirmed."""

    name: str
    every: str


def checks(words: Vocabulary) -> list[Check]:
    """The promise for each kind of service, the most often first; the others last."""
    months: dict[str, int] = dict(words.content.get("freshness_months") or {})
    rest = months.pop("default", DEFAULT_MONTHS)
    own = sorted(months.items(), key=lambda pair: (pair[1], words.need_name(pair[0])))
    lines = [Check(words.need_name(code), say.checked(count)) for code, count in own if code in words.needs]
    return [*lines, Check(gettext("Everything else"), say.checked(rest))]


@require_safe
def about(request: HttpRequest) -> HttpResponse:
    territory = territory_of(request)
    if territory is None:
        return render(request, "public/empty.html", status=503)
    words = vocabulary(territory)
    figures = queries.figures(territory)
    today = timezone.now().astimezone(ZoneInfo(territory.timezone)).date()
    healthy = directory.figures(territory, directory.Selection(), on=today)
    return render(
        request,
        "public/about.html",
        {
            "services": number_format(figures["services"]),
            "organizations": number_format(figures["organizations"]),
            "fictional": number_format(figures["fictional"]) if figures["fictional"] else "",
            "areas": number_format(len(words.areas)),
            "needs": number_format(len(words.needs)),
            "states": health.states(healthy.states, directory.Selection()),
            "checks": checks(words),
            "newest": date_format(figures["newest"], "DATE_FORMAT") if figures["newest"] else "",
            "oldest": date_format(figures["oldest"], "DATE_FORMAT") if figures["oldest"] else "",
            "coverage": coverage(figures, words),
            "sources": sources(words),
            "imports": queries.imports(territory),
            "territory": territory,
        },
    )


@require_safe
def accessibility(request: HttpRequest) -> HttpResponse:
    return render(request, "public/accessibility.html")


@require_safe
def privacy(request: HttpRequest) -> HttpResponse:
    return render(request, "public/privacy.html")
