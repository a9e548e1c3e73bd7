"""The houses where one works, or whose places are on one's list: places and their states, who comes, stays, moves and leaves."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.db.models import Count, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.translation import gettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from maillage.methods.text import typed
from maillage.orientation import referring
from maillage.people import audit, finding
from maillage.people.models import Person
from maillage.people.once import once
from maillage.people.rules import NotAllowed, gettext_noop
from maillage.places import queries, waiting
from maillage.places.actions import followed, stays
from maillage.places.actions import sites as houses
from maillage.places.models import OutOfUse, Place, PlaceGroup, Site, Stay
from maillage.web.desk.people import helped, trace_list
from maillage.web.desk.who import here, member
from maillage.web.fields import key
from maillage.web.presenters import houses as present
from maillage.web.presenters.vocabulary import vocabulary
from maillage.web.presenters.waiting import is_confidential
from maillage.web.seat import seat

PAGE = 60  # places at once
DORMITORY = PlaceGroup.Kind.DORMITORY
OUT = frozenset({Place.State.CLEANING, Place.State.WORKS, Place.State.CLOSED})


@require_safe
def sites(request: HttpRequest) -> HttpResponse:
    """Each house with what is free now."""
    at, held = timezone.now(), seat(request).helps_in()
    found = queries.sites_for(member(request), here(request), at=at).distinct()
    rows = list(found.select_related("service", "area").order_by("name", "pk"))
    rooms = queries.room([one.pk for one in rows], at=at)
    closing = [one.pk for one in rows if one.closes_on]
    there = Stay.objects.filter(group__site__in=closing, state=Stay.State.IN).order_by()
    leaving = dict(there.values_list("group__site").annotate(n=Count("pk")))
    houses_ = [house_line(one, rooms, held, leaving.get(one.pk, 0)) for one in rows]
    return render(request, "desk/sites.html", {"houses": houses_})


def house_line(one: Site, rooms: Mapping[int, queries.Room], held: Sequence[int], leaving: int) -> present.House:
    room = rooms.get(one.service_id)
    return present.house(one, (room.free, room.open) if room else (0, 0), held=held, leaving=leaving)


def seen(request: HttpRequest, uuid: UUID) -> Site:
    """A house of one's own, or with places on one's list; another's does not exist."""
    found = queries.sites_for(member(request), here(request), at=timezone.now()).distinct()
    return get_object_or_404(found.select_related("service", "area", "territory"), uuid=uuid)


@require_http_methods(["GET", "HEAD", "POST"])
def site(request: HttpRequest, uuid: UUID) -> HttpResponse:
    one = seen(request, uuid)
    shown: dict[str, Any] = {}
    if request.method == "POST":
        answer = changed(request, one, shown)
        if answer is not None:
            return answer
    return render(request, "desk/site.html", context(request, one) | shown)


def context(request: HttpRequest, one: Site) -> dict[str, Any]:
    at, held, user = timezone.now(), seat(request).helps_in(), member(request)
    tonight, words = queries.night(one.territory, at), vocabulary(one.territory)
    groups = list(one.groups.select_related("site__territory").order_by("order", "pk"))
    wanted = request.GET.get("group", "")
    chosen = next((row for row in groups if str(row.uuid) == wanted), groups[0] if groups else None)
    mine = queries.stays_for(user, one.territory, at=at).filter(group__site=one)
    known = set(mine.filter(state__in=(Stay.State.HELD, Stay.State.IN)).values_list("pk", flat=True))
    is_dormitory = chosen is not None and chosen.kind == DORMITORY
    beds: list[present.Bed] = []
    people: list[present.Staying] = []
    more = 0
    if chosen is not None and is_dormitory:
        people = dormitory(chosen, known, tonight=tonight, at=at)
    elif chosen is not None:
        beds, more = places(chosen, known, after=key(request.GET.get("after", "")), tonight=tonight, at=at)
    told = len(people) or sum(bed.staying is not None for bed in beds)
    audit.record("read a house", one, by=user, at=at, data={"n": told})
    leaving = list(queries.to_rehouse(one)) if one.closes_on else []
    is_ours = one.service.organization_id in held
    return {
        "site": one, "house": house_line(one, queries.room([one.pk], at=at), held, len(leaving)),
        "groups": groups_of(groups, chosen, words, at), "group": chosen, "beds": beds, "more": more, "people": people,
        "is_ours": is_ours, "hidden": is_ours and is_confidential(one), "exits": Stay.Exit.choices,
        "outs": [row for row in Place.State.choices if row[0] in OUT], "free": free_places(one, at) if is_ours else [],
        "beds_tonight": queries.beds_open(chosen, tonight) if chosen and is_dormitory else 0,
        "tonight": present.day(tonight), "tomorrow": (tonight + timedelta(days=1)).isoformat(),
        "once": secrets.token_urlsafe(16),
        "went": present.went(queries.rehoused(one)) if one.closes_on and is_ours else [],
        "rehouse": [present.staying(stay, known=stay.pk in known, tonight=tonight, at=at) for stay in leaving[:100]],
    }  # fmt: skip


def groups_of(
    groups: Sequence[PlaceGroup], chosen: PlaceGroup | None, words: Any, at: datetime
) -> list[present.GroupLine]:
    found = []
    for one in groups:
        if one.kind == DORMITORY:
            tonight = queries.night(one.site.territory, at)
            total = queries.beds_open(one, tonight)
            free = max(0, total - queries.beds_given(one.pk, tonight))
        else:
            states = [str(row.now) for row in Place.objects.filter(group=one).with_state(at=at).only("pk")]  # type: ignore[attr-defined]
            total, free = sum(state not in {"works", "closed"} for state in states), states.count("free")
        public = words.public_name(one.public) if one.public else ""
        found.append(present.group(one, free, total, public=public, is_chosen=one == chosen))
    return found


def places(
    group: PlaceGroup, known: set[int], *, after: int, tonight: date, at: datetime
) -> tuple[list[present.Bed], int]:
    """A page of places, and where the next one begins (0: none)."""
    rows = list(group.places.with_state(at=at).order_by("order", "label", "pk")[after : after + PAGE + 1])
    page = rows[:PAGE]
    now = Q(state=Stay.State.IN) | Q(pk__in=Stay.objects.held(on=tonight, at=at).values("pk"))
    there = Stay.objects.filter(now, place__in=page).select_related("person")
    stays_by = {
        stay.place_id: present.staying(stay, known=stay.pk in known, tonight=tonight, at=at)
        for stay in there.order_by("state")
        if stay.place_id
    }
    out = OutOfUse.objects.filter(place__in=page, starts_at__lte=at).filter(Q(ends_at=None) | Q(ends_at__gt=at))
    return (
        present.beds(page, stays_by, {row.place_id: row for row in out.order_by("pk")}, at=at),
        after + PAGE if len(rows) > PAGE else 0,
    )  # fmt: skip


def dormitory(group: PlaceGroup, known: set[int], *, tonight: date, at: datetime) -> list[present.Staying]:
    """Who sleeps there tonight, or is expected."""
    now = Q(state=Stay.State.IN) | Q(pk__in=Stay.objects.held(on=tonight, at=at).values("pk"))
    rows = Stay.objects.filter(now, group=group).select_related("person").order_by("state", "-from_on", "-pk")
    return [present.staying(stay, known=stay.pk in known, tonight=tonight, at=at) for stay in rows[:500]]


def free_places(one: Site, at: datetime) -> list[tuple[str, str]]:
    """Where somebody could be moved now."""
    rows = (
        Place.objects.filter(group__site=one)
        .free(at=at)
        .select_related("group")
        .order_by("group__order", "order", "pk")
    )
    named = [(f"place:{row.uuid}", f"{row.group.name()}: {row.label}") for row in rows[:200]]
    slept = one.groups.filter(kind=DORMITORY).order_by("order", "pk")
    return [*named, *((f"group:{row.uuid}", row.name()) for row in slept)]


# ---- what the buttons do


def changed(request: HttpRequest, one: Site, shown: dict[str, Any]) -> HttpResponse | None:
    """Do what the button says; what is refused is a sentence above the page."""
    verbs: dict[str, Callable[[HttpRequest, Site], str]] = {
        "admit": admit, "leave": leave, "no-show": no_show, "cancel": cancel, "renew": renew, "move": move, "out": out,
        "back": back, "beds": say_beds, "close": close, "take": take,
    }  # fmt: skip
    do = request.POST.get("do", "")
    if do == "find":
        shown |= find(request)
        return None
    if do not in verbs:
        raise Http404
    try:
        messages.success(request, verbs[do](request, one))
    except (waiting.Refused, NotAllowed) as refusal:
        messages.error(request, gettext(str(refusal)))
        return redirect(address(request, one))
    return redirect((what_came_of_it(request, one) if do == "leave" else "") or address(request, one))


def what_came_of_it(request: HttpRequest, one: Site) -> str:
    """The page of the letter by which they came here, for who may say what came of it; "" when nothing is to be said."""
    stay = Stay.objects.filter(group__site=one, uuid=a_uuid(request.POST.get("stay", ""))).first()
    letter = followed.of_stay(stay) if stay else None
    if letter is None or followed.ended(letter) is None:
        return ""
    if not referring.sides(letter, member(request), at=timezone.now()):
        return ""
    return reverse("desk-referral", args=[letter.uuid])


def address(request: HttpRequest, one: Site) -> str:
    """The same page, the same group."""
    group = request.GET.get("group", "")
    known = one.groups.filter(uuid=a_uuid(group)).exists() if group else False
    return reverse("desk-site", args=[one.uuid]) + (f"?group={group}" if known else "")


def a_uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise Http404 from None


def by_at(request: HttpRequest) -> dict[str, Any]:
    return {"by": member(request), "at": timezone.now()}


def stay_of(request: HttpRequest, one: Site) -> Stay:
    rows = queries.stays_for(member(request), one.territory, at=timezone.now()).filter(group__site=one)
    rows = rows.select_related("group__site__service", "place", "territory", "person", "request").distinct()
    return get_object_or_404(rows, uuid=a_uuid(request.POST.get("stay", "")))


def place_of(request: HttpRequest, one: Site) -> Place:
    rows = Place.objects.filter(group__site=one).select_related("group__site__service", "group__site__territory")
    return get_object_or_404(rows, uuid=a_uuid(request.POST.get("place", "")))


def group_of(request: HttpRequest, one: Site) -> PlaceGroup:
    rows = one.groups.select_related("site__territory", "site__service__organization")
    return get_object_or_404(rows, uuid=a_uuid(request.POST.get("group", "")))


def a_day(request: HttpRequest, name: str) -> date | None:
    """A day that was typed; nothing, or what is no day: none."""
    try:
        return parse_date(request.POST.get(name, ""))
    except ValueError:
        return None


def admit(request: HttpRequest, one: Site) -> str:
    stays.admit(stay_of(request, one), **by_at(request))
    return _("Written down: they are here.")


def leave(request: HttpRequest, one: Site) -> str:
    stays.check_out(stay_of(request, one), request.POST.get("exit", ""), **by_at(request))
    return _("Written down: they left. The place goes down the list.")


def no_show(request: HttpRequest, one: Site) -> str:
    stays.no_show(stay_of(request, one), **by_at(request))
    return _("Written down: they did not come. They wait again as before.")


def cancel(request: HttpRequest, one: Site) -> str:
    stays.cancel(stay_of(request, one), **by_at(request))
    return _("The place is given back.")


def renew(request: HttpRequest, one: Site) -> str:
    until = a_day(request, "until")
    if until is None:
        raise waiting.Refused(gettext_noop("Say until which day they stay."))
    stays.renew(stay_of(request, one), until, **by_at(request))
    return _("They stay until then.")


def move(request: HttpRequest, one: Site) -> str:
    kind, _sep, which = request.POST.get("to", "").partition(":")
    rows = Place.objects.filter(group__site=one).select_related("group__site__territory", "group__site__service")
    groups = one.groups.select_related("site__territory", "site__service")
    where: Place | PlaceGroup = (
        get_object_or_404(rows, uuid=a_uuid(which))
        if kind == "place"
        else get_object_or_404(groups, uuid=a_uuid(which))
    )
    stays.move(stay_of(request, one), where, **by_at(request))
    return _("Moved.")


def out(request: HttpRequest, one: Site) -> str:
    until = a_day(request, "until")
    zone = ZoneInfo(one.territory.timezone)
    ends_at = datetime.combine(until, time(12), zone) if until else None
    houses.put_out(
        place_of(request, one), request.POST.get("state", ""), ends_at=ends_at, reason=request.POST.get("reason", ""),
        **by_at(request),
    )  # fmt: skip
    return _("Nobody is put there until it can be used again.")


def back(request: HttpRequest, one: Site) -> str:
    houses.put_back(place_of(request, one), **by_at(request))
    return _("It can be used again.")


def say_beds(request: HttpRequest, one: Site) -> str:
    group = group_of(request, one)
    number = request.POST.get("beds", "")
    beds = int(number) if number.isdecimal() and len(number) < 6 else -1
    houses.say_beds(group, [queries.night(one.territory, timezone.now())], beds, **by_at(request))
    return _("Written down for tonight.")


def close(request: HttpRequest, one: Site) -> str:
    there = houses.close_on(one, a_day(request, "on"), **by_at(request))
    if there:
        return _("Written down. The households below need another roof by then.")
    return _("Written down.")


# ---- somebody comes in who was not announced


def find(request: HttpRequest) -> dict[str, Any]:
    asked = typed(request.POST.get("words", ""), 80)
    found = finding.find(seat(request).helps_in(), asked, at=timezone.now()) if asked else []
    trace_list(request, found)
    return {"asked": asked, "candidates": [(str(one.uuid), one.called()) for one in found]}


def take(request: HttpRequest, one: Site) -> str:
    """They get a place of the chosen group now, and are there."""
    person: Person = helped(request, request.POST.get("person", ""))
    group = group_of(request, one)
    at, by = timezone.now(), member(request)
    number = request.POST.get("people", "1")
    people = int(number) if number.isdecimal() and len(number) < 4 else 1

    def do() -> UUID:
        household = person.household if people > 1 else None
        others = household.persons.filter(same_as=None).exclude(pk=person.pk)[: people - 1] if household else ()
        held = stays.hold(
            group, person, from_on=queries.night(one.territory, at), until_on=a_day(request, "until"), people=people,
            household=household, members=list(others), minutes=30, by=by, at=at,
        )  # fmt: skip
        for stay in held:
            stays.admit(stay, by=by, at=at)
        return held[0].uuid

    once(request.POST.get("once", ""), "take in", by=by, at=at, do=do)
    return _("Written down: they are here.")
