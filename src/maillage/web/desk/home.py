"""The first page of the desk: what waits for this person. Few lines, the heaviest first; nothing that is not theirs to do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.functional import Promise
from django.views.decorators.http import require_safe

from maillage.people.actions import members as actions
from maillage.territory.models import Territory
from maillage.web.desk import duplicates, members, moderation, referrals, reports, services, waiting, waiting_lists
from maillage.web.desk.nav import ways
from maillage.web.desk.who import here, member
from maillage.web.seat import Seat, seat

Waits = Callable[[Seat, Territory], list[tuple[Promise, int, str]]]
# each asks the database once (what is overdue: three times), and only for the roles that may act: what waits, how many, where
BLOCKS: tuple[Waits, ...] = (
    referrals.waiting,
    waiting_lists.waiting_offers,
    moderation.waiting,
    reports.waiting,
    services.waiting,
    waiting.overdue,
    duplicates.waiting,
    waiting.failed_imports,
    members.waiting,
)


@dataclass(frozen=True, slots=True)
class Line:
    label: str
    count: int
    url: str


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    user, territory, held = member(request), here(request), seat(request)
    is_first_time = bool(actions.come_in(user, territory, at=timezone.now()))
    lines = [
        Line(str(label), count, url) for block in BLOCKS for label, count, url in block(held, territory) if count
    ]  # fmt: skip
    context = {
        "lines": lines,
        "ways": [way for way in ways(request) if not way.is_here],
        "is_first_time": is_first_time,
        "name": user.name,
    }
    return render(request, "desk/home.html", context)
