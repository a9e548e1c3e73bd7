"""A count in words: its zones, what was told, its totals with small numbers protected."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from django.db.models import QuerySet, Sum
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from maillage.directory.models import Service
from maillage.methods import disclosure
from maillage.places import counting
from maillage.places.models import Count, CountLine
from maillage.territory.models import label_in
from maillage.web.presenters.unmet import at_least
from maillage.web.presenters.vocabulary import Vocabulary

SOURCES: Final = {
    counting.STREET: gettext_lazy("seen in the street"),
    counting.SERVICE: gettext_lazy("told by a service"),
}


@dataclass(frozen=True, slots=True)
class Shown:
    uuid: str
    title: str
    method: str
    note: str
    is_closed: bool
    url: str
    total_url: str


@dataclass(frozen=True, slots=True)
class Zone:
    url: str
    name: str
    mine: str  # "7 people by you"; "" nothing yet


@dataclass(frozen=True, slots=True)
class Line:
    pk: int
    text: str
    at: str


@dataclass(frozen=True, slots=True)
class Row:
    name: str
    people: str
    told: str


@dataclass(frozen=True, slots=True)
class Table:
    title: str
    code: str
    rows: tuple[Row, ...]
    cells: tuple[tuple[str, int, int], ...]  # code, people, told: as they may be shown


@dataclass(frozen=True, slots=True)
class Totals:
    people: str
    told: str
    met_twice: str
    smallest: int
    tables: tuple[Table, ...]
    shown: tuple[int, int]


def methods(content: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [
        (str(one["code"]), label_in(one.get("labels") or {}, fallback=str(one["code"])))
        for one in counting.methods(content)
    ]


def count(one: Count) -> Shown:
    method = label_in(one.method_content.get("labels") or {}, fallback=one.method)
    title = _("Count of %(day)s") % {"day": date_format(one.held_on, "j F Y")}
    note = str(one.method_content.get("note") or "")
    uuid = str(one.uuid)
    return Shown(
        uuid,
        title,
        method,
        note,
        one.is_closed,
        reverse("desk-count", args=[uuid]),
        reverse("desk-count-total", args=[uuid]),
    )


def categories(one: Count, source: str) -> list[tuple[str, str]]:
    return [
        (str(each["code"]), label_in(each.get("labels") or {}, fallback=str(each["code"])))
        for each in counting.categories(one.method_content, source)
    ]


def category_names(one: Count) -> dict[str, str]:
    return {
        str(each["code"]): label_in(each.get("labels") or {}, fallback=str(each["code"]))
        for each in one.method_content.get("categories") or ()
    }


def address(one: Count, zone: str) -> str:
    """The form of a zone, or of a service."""
    if zone.startswith(counting.SERVICE_ZONE):
        return reverse("desk-count-service", args=[one.uuid, zone.removeprefix(counting.SERVICE_ZONE)])
    return reverse("desk-count-zone", args=[one.uuid, zone])


def people_by_zone(lines: QuerySet[CountLine]) -> dict[str, int]:
    return dict(lines.values_list("zone").annotate(n=Sum("people")).order_by())


def mine_words(people: int) -> str:
    return ngettext("%(n)s person told by you", "%(n)s people told by you", people) % {"n": people} if people else ""


def zones(one: Count, mine: Mapping[str, int]) -> list[Zone]:
    return [
        Zone(address(one, zone["code"]), zone["label"], mine_words(mine.get(zone["code"], 0))) for zone in one.zones
    ]


def service_name(service: Service) -> str:
    return service.name or service.code


def services(found: Sequence[Service], one: Count, mine: Mapping[str, int]) -> list[Zone]:
    keys = [(service, f"{counting.SERVICE_ZONE}{service.uuid}") for service in found]
    return [Zone(address(one, key), service_name(service), mine_words(mine.get(key, 0))) for service, key in keys]


def lines(found: Iterable[CountLine], one: Count, words: Vocabulary) -> list[Line]:
    names = category_names(one)
    told = []
    for line in found:
        who = words.public_name(line.public) if line.public else ""
        known = _("known again by what they said") if line.mark else ""
        people = ngettext("%(n)s person", "%(n)s people", line.people) % {"n": line.people}
        parts = [people, names.get(line.category, line.category), who, known]
        told.append(Line(line.pk, ", ".join(part for part in parts if part), date_format(localtime(line.at), "H:i")))
    return told


def written(people: int) -> str:
    return ngettext("%(n)s person added.", "%(n)s people added.", people) % {"n": people}


def totals(one: Count, found: counting.Total, words: Vocabulary) -> Totals:
    """Both totals, and each category, source and zone: every number a multiple of the smallest cell, "at least that many"."""
    smallest = max(int(one.territory.content.get("smallest_cell") or 5), 1)
    names = category_names(one)
    streets = {zone["code"]: zone["label"] for zone in one.zones}
    axes = (
        (_("By category"), "category", {key[0]: cell for key, cell in found.by(2).items()}, names),
        (
            _("By source"),
            "source",
            {key[0]: cell for key, cell in found.by(1).items()},
            {code: str(name) for code, name in SOURCES.items()},
        ),
        (_("By zone"), "zone", _zones(found), {**streets, "": _("services")}),
    )
    tables, least = [], []
    for title, code, cells, labels in axes:
        counted = np.array([[cell.people, cell.told] for cell in cells.values()], np.int64).reshape(len(cells), 2)
        people, told = (disclosure.protect(counted[:, [column]], smallest) for column in (0, 1))
        least.append((people.total, told.total))
        safe = tuple(zip(cells, people.cells[:, 0].tolist(), told.cells[:, 0].tolist(), strict=True))
        rows = tuple(Row(labels.get(key, key), at_least(p, smallest), at_least(t, smallest)) for key, p, t in safe)
        tables.append(Table(title, code, rows, safe))
    all_people, all_told = (min(pair[column] for pair in least) for column in (0, 1))
    twice = int(disclosure.floored(np.array([found.met_twice], np.int64), smallest)[0])
    return Totals(
        at_least(all_people, smallest), at_least(all_told, smallest),
        at_least(twice, smallest), smallest, tuple(tables), (all_people, all_told),
    )  # fmt: skip


def _zones(found: counting.Total) -> dict[str, counting.Cell]:
    """The streets one by one; what services told in one line, since each of them is known by name elsewhere."""
    cells: dict[str, counting.Cell] = {}
    for (zone,), cell in found.by(0).items():
        key = "" if zone.startswith(counting.SERVICE_ZONE) else zone
        cells[key] = cells.get(key, counting.Cell()) + cell
    return cells


def csv_rows(found: Totals, one: Count) -> Iterator[tuple[object, ...]]:
    """One line for each value; an empty number: fewer than the smallest cell."""
    yield ("count", "method", "dimension", "code", "name", "people_at_least", "told_at_least")
    head = (one.held_on.isoformat(), one.method)
    yield (*head, "all", "", "", found.shown[0] or "", found.shown[1] or "")
    for table in found.tables:
        for (code, people, told), row in zip(table.cells, table.rows, strict=True):
            yield (*head, table.code, code, row.name, people or "", told or "")
