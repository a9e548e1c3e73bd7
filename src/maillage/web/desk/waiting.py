"""What waits at the desk and belongs to no single page: records to confirm, imports that failed."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import ngettext_lazy

from maillage.directory import contracts, freshness
from maillage.directory.models import ImportRun, Service
from maillage.people.models import Role
from maillage.territory.models import Territory
from maillage.web.seat import Seat

RECENT = timedelta(days=7)


def overdue(held: Seat, territory: Territory) -> list[tuple[Promise, int, str]]:
    """Services of one's own organisations whose confirmation is over. (Those of all: the page of the territory's health.)"""
    own = [key for key, roles in held.organizations.items() if {Role.EDITOR, Role.ADMINISTRATOR} & roles]
    if not own:
        return []
    today = timezone.now().astimezone(ZoneInfo(territory.timezone)).date()
    services = Service.objects.filter(territory=territory, organization__in=own, merged_into=None)
    services = services.exclude(status=Service.Status.DEFUNCT)
    state = contracts.state(territory, on=today)
    count = services.annotate(freshness=state).exclude(freshness=freshness.FRESH).count()
    label = ngettext_lazy("service of yours to confirm", "services of yours to confirm", count)
    return [(label, count, reverse("desk-services"))]


def failed_imports(held: Seat, territory: Territory) -> list[tuple[Promise, int, str]]:
    if not held.moderates:
        return []
    since = timezone.now() - RECENT
    failed = ImportRun.objects.filter(territory=territory, state=ImportRun.State.FAILED, started_at__gte=since)
    count = failed.count()
    label = ngettext_lazy("import failed this week", "imports failed this week", count)
    return [(label, count, reverse("desk-imports"))]
