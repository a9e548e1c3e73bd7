"""The count of a night: opened, told line by line, closed. A closed count never changes.

Nobody is named. A mark is a keyed hash (the key: this installation's secret and the salt of this count) of initials, year of birth
and gender; when the count is closed the salt is thrown away and each mark becomes a random one: who was counted cannot be asked
any more, by anybody.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import date, datetime

from django.db import IntegrityError, transaction
from django.utils.crypto import salted_hmac

from maillage.directory.models import Service
from maillage.people import audit
from maillage.people.models import User
from maillage.people.queries import carer_in, standing
from maillage.people.rules import ADMINISTRATOR, COORDINATOR, NotAllowed, gettext_noop
from maillage.places import counting
from maillage.places.counting import NotCounted
from maillage.places.models import Count, CountLine
from maillage.territory.models import Area, Territory

CLOSED = gettext_noop("This count is closed: nothing changes in it any more.")


def leads(by: User | str, territory: Territory, *, at: datetime) -> bool:
    """Opens and closes counts, and reads their totals: coordinators and administrators of the territory."""
    return bool(standing(by, territory, at=at).territory & {COORDINATOR, ADMINISTRATOR})


@transaction.atomic
def open_count(
    territory: Territory,
    method: str,
    *,
    held_on: date,
    zones: Sequence[dict[str, str]] = (),
    by: User | str,
    at: datetime,
) -> Count:
    """A count of that night. Without `zones` ({"code", "label"}) those of the method: the areas of its level.

    Raises NotAllowed, NotCounted (a method that the pack does not know, no zone, one that exists already).
    """
    if not leads(by, territory, at=at):
        raise NotAllowed(gettext_noop("Coordinators and administrators of the territory open a count."))
    content = counting.method_of(territory.content, method)
    if content is None:
        raise NotCounted(gettext_noop("Choose a way of counting of this territory."))
    covered = list(zones) or areas_of(territory, str(content.get("zone_level") or ""))
    if not covered:
        raise NotCounted(gettext_noop("Which zones are walked? Write one a line."))
    try:
        with transaction.atomic():
            count = Count.objects.create(
                territory=territory, method=method, method_content=dict(content), held_on=held_on, zones=covered,
                salt=secrets.token_hex(32), created_by=by if isinstance(by, User) else None,
            )  # fmt: skip
    except IntegrityError:
        raise NotCounted(gettext_noop("This count is open already, for that night.")) from None
    audit.record("opened a count", count, by=by, at=at, data={"method": method, "on": held_on, "zones": len(covered)})
    return count


def areas_of(territory: Territory, level: str) -> list[dict[str, str]]:
    """The areas of a level as zones, by name."""
    found = [{"code": area.code, "label": str(area)} for area in Area.objects.filter(territory=territory, level=level)]
    return sorted(found, key=lambda zone: zone["label"].casefold())


@transaction.atomic
def tell(
    count: Count, *, category: str, people: int = 1, zone: str = "", service: Service | None = None, public: str = "",
    initials: str = "", birth_year: int | None = None, gender: str = "", by: User | str, at: datetime,
) -> CountLine:  # fmt: skip
    """People seen in a zone, or (with `service`) who are with a service that night.

    What a person said of themselves leaves a mark only, and only of one person at a time. Raises NotCounted, NotAllowed: a
    service is told of by those who work there, and by coordinators.
    """
    count = _open(count)
    source = counting.SERVICE if service else counting.STREET
    if service and not _works_there(by, service, at=at):
        raise NotAllowed(gettext_noop("Those who work in this service say how many people are there."))
    if not service and zone not in {one["code"] for one in count.zones}:
        raise NotCounted(gettext_noop("Choose a zone of this count."))
    counting.check_line(count.method_content, source, category, people)
    counting.check_said(initials, birth_year, gender, people, on=count.held_on)
    line = CountLine.objects.create(
        count=count, zone=f"{counting.SERVICE_ZONE}{service.uuid}" if service else zone, source=source, category=category,
        public=public, people=people, mark=mark(count, initials, birth_year, gender), at=at,
        by=by if isinstance(by, User) else None,
    )  # fmt: skip
    audit.record("counted", line, by=by, at=at, data={"count": count.uuid, "zone": line.zone, "people": people})
    return line


def mark(count: Count, initials: str, birth_year: int | None, gender: str) -> str:
    """The mark of somebody in this count; "" when they said too little."""
    words = counting.said(initials, birth_year, gender)
    return salted_hmac(f"maillage.count.{count.salt}", words, algorithm="sha256").hexdigest() if words else ""


def _works_there(by: User | str, service: Service, *, at: datetime) -> bool:
    if leads(by, service.territory, at=at):
        return True
    return isinstance(by, User) and service.organization_id in carer_in(by, service.territory, at=at)


@transaction.atomic
def take_back(line: CountLine, *, by: User | str, at: datetime) -> None:
    """A line that was a mistake goes. By who wrote it, or who leads the count; while it is open."""
    count = _open(line.count)
    if line.by != by and not leads(by, count.territory, at=at):
        raise NotAllowed(gettext_noop("Who wrote a line takes it back."))
    audit.record("took back a line of a count", count, by=by, at=at, data={"zone": line.zone, "people": line.people})
    line.delete()


@transaction.atomic
def close(count: Count, *, by: User | str, at: datetime) -> Count:
    """Nothing is told any more; the salt goes, and each mark becomes a random one that tells only "the same, twice"."""
    if not leads(by, count.territory, at=at):
        raise NotAllowed(gettext_noop("Coordinators and administrators of the territory close a count."))
    count = _open(count)
    if not Count.objects.filter(pk=count.pk, is_closed=False).update(is_closed=True, salt=""):
        raise NotCounted(CLOSED)
    marked = list(count.lines.exclude(mark="").only("mark"))
    fresh = {mark: secrets.token_hex(32) for mark in {line.mark for line in marked}}
    for line in marked:
        line.mark = fresh[line.mark]
    CountLine.objects.bulk_update(marked, ["mark"], batch_size=500)
    count.refresh_from_db()
    audit.record("closed a count", count, by=by, at=at, data={"lines": count.lines.count()})
    return count


def _open(count: Count) -> Count:
    """The count, locked until the transaction ends: nobody closes it while a line is written."""
    found = Count.objects.select_for_update().get(pk=count.pk)
    if found.is_closed:
        raise NotCounted(CLOSED)
    return found


def lines(count: Count) -> list[counting.Told]:
    """What was told, in its order, as the totals take it."""
    rows = count.lines.order_by("at", "pk").values_list("zone", "source", "category", "people", "mark", "by", "public")
    return [counting.Told(*row[:5], str(row[5] or ""), row[6]) for row in rows]
