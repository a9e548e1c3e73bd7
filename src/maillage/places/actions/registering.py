"""Registering for the draw of a night, without an account: a name of one's own choosing is enough, and a receipt is given back.

Whoever registers learns nothing about anybody else: not even that a telephone number stands there already. Doubles are seen by
those who keep the list, before it is published, and joined by them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Q

from maillage.people import audit
from maillage.people.actions import persons
from maillage.people.models import Consent, Person, User
from maillage.people.rules import gettext_noop
from maillage.places import nights, queries, rules, waiting
from maillage.places.actions import offers
from maillage.places.actions import waiting as act
from maillage.places.models import Draw, Offer, Refusal, Request, WaitingList
from maillage.territory.models import Territory

ALONE: Final = "system:night"  # who registers by themselves
OPENS, CLOSES = "10:00", "16:00"  # when the rules of the list do not say


@dataclass(frozen=True, slots=True)
class Registration:
    """What somebody says of themselves for one night. `details`: as `persons.register` takes them; `shown`: what they agreed to."""

    details: Mapping[str, Any]
    people: int = 1
    area: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)
    shown: str = ""
    language: str = ""


def window(waiting_list: WaitingList, night: date, *, at: datetime) -> tuple[datetime, datetime]:
    """When one may register for that night: on the clock of the territory, as the rules of the list say."""
    said = act.content_of(waiting_list, at=at).get("draw") or {}
    zone = ZoneInfo(waiting_list.territory.timezone)
    opens, closes = (time.fromisoformat(str(said.get(name, usual))) for name, usual in (("opens", OPENS), ("closes", CLOSES)))  # fmt: skip
    return datetime.combine(night, opens, zone), datetime.combine(night, closes, zone)


def draw_of(waiting_list: WaitingList, night: date, *, at: datetime) -> Draw:
    """The draw of that night, made the first time that somebody asks for it; its window is fixed from then on."""
    opens, closes = window(waiting_list, night, at=at)
    return Draw.objects.get_or_create(
        waiting_list=waiting_list, night=night, defaults={"opens_at": opens, "closes_at": closes}
    )[0]


def is_open(draw: Draw, *, at: datetime) -> bool:
    """Its window is open and its list is not published yet."""
    return draw.opens_at <= at < draw.closes_at and not draw.list_hash


@transaction.atomic
def register(
    waiting_list: WaitingList, said: Registration, *, by: User | str = ALONE, at: datetime
) -> tuple[Request, str]:
    """They stand in tonight's draw. Gives back the request, whose number is the receipt, and the secret of its page.

    Raises WindowClosed, Refused, persons.Impossible.
    """
    WaitingList.objects.select_for_update().get(pk=waiting_list.pk)  # nobody comes in while the list is being published
    draw = draw_of(waiting_list, queries.night(waiting_list.territory, at), at=at)
    if not is_open(draw, at=at) or waiting_list.keeper is None:
        raise waiting.WindowClosed(gettext_noop("Registration is closed for tonight."))
    waiting.check_people(said.people)
    person = persons.register(waiting_list.territory, waiting_list.keeper, by=ALONE, at=at, **said.details)
    consent = None
    if said.shown:
        consent = persons.agree(
            person, Consent.Purpose.WAITING_LIST, organization=waiting_list.keeper, what=sorted(said.facts), shown=said.shown,
            language=said.language, how=Consent.How.SELF, by=by, at=at,
        )  # fmt: skip
    return act.ask(
        waiting_list, person, people=said.people, facts=said.facts, area=said.area, consent=consent, night=draw.night,
        channel=Request.Channel.SELF if by == ALONE else Request.Channel.TELEPHONE, by=ALONE, at=at,
    )  # fmt: skip


def doubles(waiting_list: WaitingList, night: date) -> list[tuple[Request, Request]]:
    """Requests of one night that may be of one person: the same telephone or e-mail, or the same name and year of birth."""
    rows = Request.objects.filter(waiting_list=waiting_list, night=night, state__in=act.OPEN)
    seen: dict[tuple[str, ...], Request] = {}
    found: dict[int, tuple[Request, Request]] = {}
    for one in rows.select_related("person").order_by("number"):
        for key in _keys(one.person):
            first = seen.setdefault(key, one)
            if first.pk != one.pk:
                found.setdefault(one.pk, (first, one))
    return list(found.values())


def _keys(person: Person) -> list[tuple[str, ...]]:
    digits = "".join(filter(str.isdigit, person.phone))[
        -9:
    ]  # the end of a number is the same with and without its country
    called = person.called().casefold()
    keys: list[tuple[str, ...]] = [("name", called, str(person.birth_year))] if person.birth_year else []
    keys += [("phone", digits)] if len(digits) == 9 else []
    return keys + ([("email", person.email.casefold())] if person.email else [])


def end_past_nights(territory: Territory, *, by: User | str, at: datetime) -> int:
    """Requests for nights that are over end; nobody waits for yesterday. How many they were.

    Nothing was found for them, though nobody said so: counted, unless it was (`offers.count_refused`), at the hour when they asked.
    """
    over = Request.objects.filter(
        waiting_list__territory=territory, night__lt=queries.night(territory, at), state=Request.State.WAITING
    )
    rows = list(
        over.select_related("waiting_list__keeper", "waiting_list__territory", "waiting_list__need", "person").order_by(
            "pk"
        )
    )
    ended = 0
    for one in rows:
        try:
            with transaction.atomic():
                _count_unless_offered(one)
                act.end(one, "night_over", by=by, at=at)
            ended += 1
        except waiting.Changed:  # placed in this very moment
            continue
    if ended:
        audit.record("ended past nights", territory, by=by, at=at, data={"n": ended})
    return ended


def _count_unless_offered(request: Request) -> None:
    """Whoever let an offer run out, or declined it, was not left without one."""
    zone, night = ZoneInfo(request.waiting_list.territory.timezone), request.night
    theirs = Q(state=Offer.State.EXPIRED) | Q(state=Offer.State.DECLINED, side=Offer.Side.PERSON)
    if night is None or request.offers.filter(theirs).exists():
        return
    is_that_night = queries.night(request.waiting_list.territory, request.asked_at) == night
    at = request.asked_at if is_that_night else datetime.combine(night, nights.LATE, zone)
    offers.count_refused(request, Refusal.Cause.NO_PLACE, group=None, code=rules.NO_PLACE, at=at)
