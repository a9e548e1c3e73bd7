"""Activities, week by week, and their calendar feeds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from maillage.directory.models import Activity
from maillage.territory.models import Territory
from maillage.web import queries
from maillage.web.language import territory_of
from maillage.web.presenters import calendar as present
from maillage.web.presenters import words as say
from maillage.web.presenters.filters import Option, need_options
from maillage.web.presenters.vocabulary import Vocabulary, vocabulary

MOST_SHOWN = 200
MOST_IN_A_FEED = 300
FURTHEST = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class Chosen:
    """What the page is narrowed to. Nothing of it is about a person: it may stand in an address."""

    need: str
    area: str
    free: bool
    first: date

    def query(self, **changes: str) -> str:
        values = {"need": self.need, "area": self.area, "free": "1" if self.free else "", **changes}
        return urlencode({name: value for name, value in values.items() if value})


def read(request: HttpRequest, words: Vocabulary, today: date) -> Chosen:
    """Codes that are none of ours are left out; a week that is no date begins today."""
    try:
        asked = date.fromisoformat(request.GET.get("week", "")[:10])
    except ValueError:
        asked = today
    if abs(asked - today) > FURTHEST:
        asked = today
    need, area = request.GET.get("need", ""), request.GET.get("area", "")
    return Chosen(
        need if need in words.needs else "",
        area if area in words.areas else "",
        bool(request.GET.get("free")),
        asked,
    )


def below(words: Vocabulary, code: str) -> list[int]:
    """The categories of a need and of all needs under it."""
    found = [words.needs[code].term]
    for child in words.children.get(code, []):
        found += below(words, child.code)
    return found


def within(words: Vocabulary, code: str) -> list[str]:
    return [area for area in words.areas if code in words.area_line(area)]


def found_for(territory: Territory, words: Vocabulary, chosen: Chosen, first: date, last: date) -> QuerySet[Activity]:
    zone = ZoneInfo(territory.timezone)
    return queries.activities(
        territory,
        starts_before=datetime.combine(last + timedelta(days=1), datetime.min.time(), zone),
        until=first,
        terms=below(words, chosen.need) if chosen.need else None,
        areas=within(words, chosen.area) if chosen.area else None,
        free=chosen.free,
    )


@csrf_exempt  # it changes nothing; obstacles are posted because they may say something about a person
@require_http_methods(["GET", "HEAD", "POST"])
def activities(request: HttpRequest) -> HttpResponse:
    territory = territory_of(request)
    if territory is None:
        return render(request, "public/empty.html", status=503)
    words = vocabulary(territory)
    zone = ZoneInfo(territory.timezone)
    today = timezone.now().astimezone(zone).date()
    chosen = read(request, words, today)
    last = chosen.first + timedelta(days=6)
    timings = queries.timings(found_for(territory, words, chosen, chosen.first, last))
    every = present.occurrences(timings, zone, chosen.first, last)
    shown = every[:MOST_SHOWN]
    rows = queries.with_places({one.pk for one in shown})
    cards = queries.cards_of([row.service_id for row in rows.values()])
    context = {
        "days": present.days(shown, rows, cards, words, chosen.first, today),
        "hidden_count": len(every) - len(shown),
        "total": len(every),
        "week": _("From %(first)s to %(last)s")
        % {"first": date_format(chosen.first, "j F"), "last": date_format(last, "DATE_FORMAT")},
        "previous": chosen.query(week=(chosen.first - timedelta(days=7)).isoformat()),
        "next": chosen.query(week=(chosen.first + timedelta(days=7)).isoformat()),
        "feed": chosen.query(),
        "chosen": chosen,
        "needs": need_options(words, chosen.need),
        "areas": [
            Option(a.code, a.name(), a.code == chosen.area) for a in sorted(words.communes, key=lambda a: a.name())
        ],
        **helping(request, territory, words),
    }
    response = render(request, "public/activities.html", context)
    if request.method == "POST":
        response["Cache-Control"] = "no-store"
    return response


@dataclass(frozen=True, slots=True)
class Help:
    obstacle: str
    service: UUID
    name: say.Said


def helping(request: HttpRequest, territory: Territory, words: Vocabulary) -> dict[str, object]:
    """What may stand in the way, and who helps with it."""
    asked = [code for code in request.POST.getlist("obstacle")[:20] if code in words.obstacles]
    options = [Option(item.code, item.name(), item.code in asked) for item in words.obstacles.values()]
    found = queries.lifting_services(territory, asked) if asked else []
    cards = queries.cards_of([one.service_id for one in found]) if found else {}
    helps = [
        Help(
            words.obstacles[one.obstacle.code].name(),
            one.service.uuid,
            present.name_of(one.service, cards.get(one.service_id), words),
        )
        for one in found
    ]
    return {"obstacles": options, "helps": helps, "asked_help": bool(asked)}


@require_safe
def feed(request: HttpRequest) -> HttpResponse:
    """Everything of a filter from today on, to subscribe to."""
    territory = territory_of(request)
    if territory is None:
        raise Http404
    words = vocabulary(territory)
    today = timezone.now().astimezone(ZoneInfo(territory.timezone)).date()
    chosen = read(request, words, today)
    ids = found_for(territory, words, chosen, today, today + FURTHEST).values_list("pk", flat=True)
    found = list(queries.with_places(ids[: MOST_IN_A_FEED + 1]).values())
    note = ""
    if len(found) > MOST_IN_A_FEED:
        found.pop()
        note = _("Only the first %(n)s activities: narrow the calendar by place or category.") % {"n": MOST_IN_A_FEED}
    title = ", ".join(filter(None, (_("Activities"), words.need_name(chosen.need), words.area_name(chosen.area))))
    return answer(request, territory, found, title, note)


@require_safe
def one(request: HttpRequest, uuid: UUID) -> HttpResponse:
    territory = territory_of(request)
    if territory is None:
        raise Http404
    found = queries.activities(territory, starts_before=timezone.now() + 10 * FURTHEST, until=date(1970, 1, 1)).filter(
        uuid=uuid
    )
    rows = queries.with_places(found.values_list("pk", flat=True))
    if not rows:
        raise Http404
    return answer(request, territory, list(rows.values()), _("Activity"))


def answer(
    request: HttpRequest, territory: Territory, found: list[Activity], title: str, note: str = ""
) -> HttpResponse:
    cards = queries.cards_of([activity.service_id for activity in found])
    body = present.icalendar(
        found,
        cards,
        vocabulary(territory),
        title=title,
        note=note,
        at=timezone.now(),
        root=f"{request.scheme}://{request.get_host()}",
    )
    response = HttpResponse(body, content_type="text/calendar; charset=utf-8")
    response["Content-Disposition"] = 'inline; filename="activities.ics"'
    return response


def upcoming(territory: Territory, service: int, *, at: datetime) -> list[present.Date]:
    """The next dates of one service, for its page."""
    zone = ZoneInfo(territory.timezone)
    first = at.astimezone(zone).date()
    last = first + timedelta(days=60)
    found = queries.activities(
        territory, starts_before=datetime.combine(last, datetime.min.time(), zone), until=first, service=service
    )
    return [
        present.date_words(one)
        for one in present.occurrences(queries.timings(found), zone, first, last)[:6]
        if not one.is_cancelled
    ]
