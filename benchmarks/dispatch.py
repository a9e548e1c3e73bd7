"""How fast tonight's desk answers: 5,000 places, 20,000 open requests, most of the places taken, holds that run.

    python -m benchmarks.dispatch [--places 5000] [--requests 20000] [--rounds 60]

Through the whole application (session, gate, view, template) on SQLite, as a dispatcher's screen asks it. Between two looks
somebody is placed, asked for or judged, as on a busy night: what is remembered of the list has to be brought up to date. Last
line: JSON. `queries`: those of the page's data, beyond session, user, territory and seat; `p95_ms` of the page.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import statistics
import tempfile
import time
from contextlib import ExitStack
from datetime import datetime, timedelta
from html import unescape
from typing import Any

AROUND = ("django_session", "people_user", "people_membership", "territory_territory")
TRAIL = ("people_trace",)  # the line that says who read: written when a page is opened
PUBLICS = ("families", "men", "women", "medical", "")
TIERS = [
    {"code": code, "labels": {"en": code.upper()}, "promote_after_days": days, "reasons": [{"code": f"{code}1", "labels": {"en": "Why"}}]}
    for code, days in (("a", None), ("b", 90), ("c", 60), ("d", 30))
]  # fmt: skip
RULES = {
    "tiers": TIERS, "absolute": [{"code": "wronged", "labels": {"en": "Wronged before"}}],
    "order": ["absolute", "tier", "waited", "number"], "hold_minutes": 30,
}  # fmt: skip


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--places", type=int, default=5_000)
    arguments.add_argument("--requests", type=int, default=20_000)
    arguments.add_argument("--rounds", type=int, default=60)
    options = arguments.parse_args()
    with ExitStack() as stack:
        os.environ["MAILLAGE_VAR"] = stack.enter_context(tempfile.TemporaryDirectory())
        os.environ["DJANGO_SETTINGS_MODULE"] = "maillage.settings"
        os.environ.setdefault("ALLOWED_HOSTS", "testserver")
        os.environ.pop("DATABASE_URL", None)
        import django

        django.setup()
        from django.core.management import call_command

        call_command("migrate", verbosity=0)
        territory, waiting_list, user = build(options.places, options.requests)
        print(json.dumps(run(territory, waiting_list, user, options.rounds)))


def build(places: int, requests: int) -> tuple[Any, Any, Any]:
    """Everybody invented. 600 groups in 150 houses; one place in fifty is free."""
    from django.utils import timezone

    from maillage.directory.models import Service
    from maillage.people.models import Membership, Organization, Role, User
    from maillage.places.models import Place, PlaceGroup, RuleSet, Site, WaitingList
    from maillage.territory.models import Territory

    dice, now = random.Random(7), timezone.now()
    territory = Territory.objects.create(
        code="bench", labels={"en": "Bench"}, pack_version="1", pack_hash="1", languages=["en"], country="BE",
        timezone="Europe/Brussels", loaded_at=now,
        content={"publics": [{"code": code, "labels": {"en": code.title()}} for code in PUBLICS if code]},
    )  # fmt: skip
    keeper = Organization.objects.create(territory=territory, name="The dispatch")
    user = User.objects.create_user("dispatch@example.org", "a long enough sentence", name="Dispatch")
    Membership.objects.create(user=user, territory=territory, organization=keeper, role=Role.PROFESSIONAL)
    houses = Organization.objects.create(territory=territory, name="Houses")
    services = Service.objects.bulk_create(
        Service(territory=territory, organization=houses, name=f"House {n}", status="active", code=f"house-{n}") for n in range(150)
    )  # fmt: skip
    sites = Site.objects.bulk_create(
        Site(territory=territory, service=service, name=service.name, kind="shelter") for service in services
    )
    groups = PlaceGroup.objects.bulk_create(
        PlaceGroup(
            site=sites[n % len(sites)], code=f"g{n}", labels={"en": f"Group {n}"}, public=PUBLICS[n % 5], care_level=n % 4, order=n,
            genders={"men": ["man"], "women": ["woman"]}.get(PUBLICS[n % 5], []), unit_size=4 if PUBLICS[n % 5] == "families" else 1,
        )
        for n in range(600)
    )  # fmt: skip
    rows = Place.objects.bulk_create(Place(group=groups[n % len(groups)], label=str(n)) for n in range(places))
    waiting_list = WaitingList.objects.create(
        territory=territory, code="list", labels={"en": "Shelter"}, kind="queue", keeper=keeper
    )
    waiting_list.groups.set(groups)
    RuleSet.objects.create(waiting_list=waiting_list, version="1", content=RULES, hash="1", adopted_at=now)
    fill(territory, rows, dice, now)
    ask(territory, waiting_list, requests, dice, now)
    return territory, waiting_list, user


def persons(territory: Any, count: int, dice: random.Random) -> list[Any]:
    from maillage.people.models import Person

    return Person.objects.bulk_create(
        Person(territory=territory, alias=f"Somebody {n}", gender=dice.choice(["man", "woman", ""]), birth_year=dice.randrange(1940, 2008))
        for n in range(count)
    )  # fmt: skip


def fill(territory: Any, places: list[Any], dice: random.Random, now: datetime) -> None:
    from maillage.places import queries
    from maillage.places.models import Occupant, OutOfUse, Stay

    on = queries.night(territory, now)
    stays = []
    for place, person in zip(places, persons(territory, len(places), dice), strict=True):
        draw = dice.random()
        if draw < 0.02:
            continue
        if draw < 0.04:
            OutOfUse.objects.create(place=place, state="works", starts_at=now - timedelta(days=2))
            continue
        is_held = draw < 0.05
        stays.append(Stay(
            territory=territory, group_id=place.group_id, place=place, person=person, state="held" if is_held else "in",
            from_on=on, until_on=on + timedelta(days=30), created_at=now,
            hold_expires_at=now + timedelta(minutes=dice.randrange(5, 60 * 8)) if is_held else None,
        ))  # fmt: skip
    made = Stay.objects.bulk_create(stays)
    Occupant.objects.bulk_create(
        Occupant(stay=one, person_id=one.person_id, from_on=one.from_on, until_on=one.until_on, state=one.state)
        for one in made
    )


def ask(territory: Any, waiting_list: Any, count: int, dice: random.Random, now: datetime) -> None:
    from maillage.places.models import Assessment, ClockEvent, Request

    rows = Request.objects.bulk_create(
        Request(
            waiting_list=waiting_list, number=n, person=person, people=dice.choice([1, 1, 1, 2, 4]), public=dice.choice(PUBLICS),
            asked_at=now - timedelta(days=dice.randrange(400)),
            evidence=[{"code": "wronged", "text": "", "by": "", "at": ""}] if dice.random() < 0.005 else [],
        )
        for n, person in enumerate(persons(territory, count, dice), 1)
    )  # fmt: skip
    events, judged = [], []
    for row in rows:
        events.append(ClockEvent(request=row, kind="start", at=row.asked_at, reason="asked for"))
        if dice.random() < 0.2:
            events.append(ClockEvent(request=row, kind="pause", at=row.asked_at + timedelta(days=1), reason="hospital"))
            if dice.random() < 0.7:
                events.append(
                    ClockEvent(request=row, kind="resume", at=row.asked_at + timedelta(days=9), reason="hospital")
                )
        if dice.random() < 0.8:
            tier = dice.choice("abcd")
            judged.append(Assessment(request=row, tier=tier, reasons=[f"{tier}1"], made_at=row.asked_at))
    ClockEvent.objects.bulk_create(events)
    Assessment.objects.bulk_create(judged)


def run(territory: Any, waiting_list: Any, user: Any, rounds: int) -> dict[str, Any]:
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    client = Client(headers={"accept-language": "en"})
    client.force_login(user)
    page = "/desk/tonight/"
    started = time.perf_counter()
    live = unescape(re.search(r'hx-get="([^"]+)"', client.get(page).content.decode())[1])  # type: ignore[index]
    cold = (time.perf_counter() - started) * 1000
    figures: dict[str, list[float]] = {"page": [], "live": []}
    processor: list[float] = []
    for number in range(rounds):
        happen(waiting_list, number)
        for name, address in (("page", page), ("live", live)):
            began, began_cpu = time.perf_counter(), time.process_time()
            answer = client.get(address)
            figures[name].append((time.perf_counter() - began) * 1000)
            if name == "page":
                processor.append((time.process_time() - began_cpu) * 1000)
            assert answer.status_code == 200
    with CaptureQueriesContext(connection) as found:
        html = client.get(live).content
    data = [
        one["sql"]
        for one in found
        if not any(f'"{table}"' in one["sql"].split("WHERE")[0] for table in (*AROUND, *TRAIL))
    ]
    data = [sql for sql in data if sql.startswith("SELECT")]
    shown = {
        name: {"p50": round(statistics.median(times), 1), "p95": round(p95(times), 1)}
        for name, times in figures.items()
    }
    print(
        {
            "cold_ms": round(cold),
            **shown,
            "cpu_p95": round(p95(processor), 1),
            "kilobytes": len(html) // 1024,
            "all_queries": len(found),
        }
    )
    return {
        "queries": len(data), "p95_ms": round(p95(figures["page"]), 1), "live_p95_ms": round(p95(figures["live"]), 1),
        "p50_ms": round(statistics.median(figures["page"]), 1), "cpu_p95_ms": round(p95(processor), 1), "first_ms": round(cold, 1),
    }  # fmt: skip


def p95(times: list[float]) -> float:
    return sorted(times)[int(len(times) * 0.95)]


def happen(waiting_list: Any, number: int) -> None:
    """Between two looks: somebody is given the best place, or is judged anew."""
    from django.utils import timezone

    from maillage.places import fitting, queries, tonight
    from maillage.places.actions import dispatch, offers, waiting
    from maillage.places.models import PlaceGroup, Request

    at = timezone.now()
    rows = Request.objects.filter(waiting_list=waiting_list, state="waiting").select_related(
        "person", "waiting_list__territory"
    )
    if number % 3 == 2:
        waiting.assess(rows[number], "a", ["a1"], by="system:bench", at=at)
        return
    if number % 3 == 1:
        dispatch.refuse(rows[0], "no_place", by="system:bench", at=at)
        return
    on = queries.night(waiting_list.territory, at)
    groups = tonight.groups_tonight(PlaceGroup.objects.filter(waiting_lists=waiting_list), on=on, at=at)
    publics = fitting.public_facts(waiting_list.territory.content)
    for one in rows[number : number + 20]:
        if may := tonight.places_for(one, groups, publics, on=on):
            group = PlaceGroup.objects.select_related("site__territory", "site__service").get(pk=may[0].pk)
            offers.give(one, group, reason="A busy night", by="system:bench", at=at)
            return


if __name__ == "__main__":
    main()
