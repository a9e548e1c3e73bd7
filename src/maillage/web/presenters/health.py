"""The figures of a directory's health in words, each with the address of the records behind it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.formats import date_format, number_format
from django.utils.functional import Promise
from django.utils.translation import gettext, gettext_lazy

from maillage.directory import freshness, health
from maillage.directory.health import Health, Line, Selection
from maillage.directory.models import Service
from maillage.web.presenters.vocabulary import Vocabulary

STATES: dict[str, Promise] = {
    freshness.FRESH: gettext_lazy("Fresh"),
    freshness.DUE: gettext_lazy("To be confirmed"),
    freshness.STALE: gettext_lazy("Not confirmed in time"),
    freshness.NEVER: gettext_lazy("Never confirmed"),
}
GAPS: dict[str, Promise] = {
    health.NO_HOURS: gettext_lazy("Without opening hours"),
    health.UNREAD: gettext_lazy("Opening hours that no machine can read"),
    health.PARTLY: gettext_lazy("Opening hours read in part"),
    health.NO_ROOM: gettext_lazy("Without a word about room, where one goes for a place"),
    health.NO_CONDITIONS: gettext_lazy("Without a word about who may come"),
    health.DEAD_LINK: gettext_lazy("With a web address that no longer answers"),
}
HERE = "-"


@dataclass(frozen=True, slots=True)
class Figure:
    code: str
    label: str
    count: str
    share: str
    percent: float
    url: str


@dataclass(frozen=True, slots=True)
class Row:
    name: str
    href: str
    total: str
    figures: tuple[Figure, ...]


@dataclass(frozen=True, slots=True)
class Record:
    uuid: str
    name: str
    organization: str
    freshness: str
    label: str
    confirmed: str
    source: str


def address(chosen: Selection, *, show: str = "", name: str = "desk-health-records", after: str = "") -> str:
    said = {"show": show, "need": chosen.need, "source": chosen.source, "after": after}
    query = urlencode({key: value for key, value in said.items() if value})
    return reverse(name) + (f"?{query}" if query else "")


def figure(code: str, label: object, count: int, total: int, chosen: Selection) -> Figure:
    percent = 100 * count / total if total else 0.0
    share = f"{number_format(percent, 0)} %" if percent >= 1 or not count else "< 1 %"
    return Figure(code, str(label), number_format(count), share, round(percent, 1), address(chosen, show=code))


def states(states: dict[str, int], chosen: Selection) -> tuple[Figure, ...]:
    total = sum(states.values())
    return tuple(figure(code, label, states[code], total, chosen) for code, label in STATES.items())


def gaps(found: Health, chosen: Selection, words: Vocabulary) -> list[Figure]:
    """Where the share of a gap only makes sense among those that are asked, it is of them."""
    whole = dict.fromkeys(health.GAPS, found.total) | {health.NO_ROOM: found.room_asked}
    rows = [figure(code, label, found.gaps[code], whole[code], chosen) for code, label in GAPS.items()]
    return rows + [
        figure(health.NO_TEXT + code, label_of(health.NO_TEXT + code, words), count, found.total, chosen)
        for code, count in found.texts.items()
    ]


def label_of(show: str, words: Vocabulary) -> str:
    """What a list of records holds, in words."""
    if show.startswith(health.NO_TEXT):
        language = words.language_name(show.removeprefix(health.NO_TEXT))
        return gettext("Without a description in %(language)s") % {"language": language}
    return str(STATES.get(show) or GAPS.get(show) or gettext("All records"))


def by_need(lines: list[Line], chosen: Selection, words: Vocabulary) -> list[Row]:
    return [row(words.need_name(one.code), one, Selection(one.code, chosen.source)) for one in lines]


def by_source(lines: list[Line], chosen: Selection, words: Vocabulary) -> list[Row]:
    return [row(source(one.code, words), one, Selection(chosen.need, one.code or HERE)) for one in lines]


def row(name: str, line: Line, chosen: Selection) -> Row:
    return Row(name, address(chosen, name="desk-health"), number_format(line.total), states(line.states, chosen))


def source(code: str, words: Vocabulary) -> str:
    if code in ("", HERE):
        return gettext("Written at the desk, or invented for the demonstration")
    return str(words.sources.get(code, {}).get("title") or code)


def chosen_words(chosen: Selection, words: Vocabulary) -> str:
    """Which part of the directory is looked at; nothing when it is the whole."""
    parts = [words.need_name(chosen.need)] if chosen.need else []
    return " · ".join([*parts, *([source(chosen.source, words)] if chosen.source else [])])


def record(service: Service, words: Vocabulary) -> Record:
    state = service.freshness  # type: ignore[attr-defined]  # annotated by health.records
    return Record(
        uuid=str(service.uuid),
        name=service.name,
        organization=service.organization.name if service.organization else "",
        freshness=state,
        label=str(STATES[state]),
        confirmed=date_format(service.confirmed_on, "DATE_FORMAT") if service.confirmed_on else "",
        source=source(service.source, words),  # type: ignore[attr-defined]
    )


def csv_rows(found: Iterator[Service], words: Vocabulary, url: str) -> Iterator[tuple[object, ...]]:
    yield (
        gettext("Service"), gettext("Organisation"), gettext("State"), gettext("Confirmed on"), gettext("Source"), gettext("Page"),
    )  # fmt: skip
    for service in found:
        one = record(service, words)
        day: date | None = service.confirmed_on
        link = url + reverse("service", args=[service.uuid])
        yield one.name, one.organization, one.label, day.isoformat() if day else "", one.source, link
