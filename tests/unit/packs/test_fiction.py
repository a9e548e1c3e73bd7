"""The fictional offer: the same for a seed, on both databases; labelled; with the holes that real directories have."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

import pytest
from django.db import models

from maillage.directory.models import (
    Activity,
    Address,
    EligibilityRule,
    Language,
    LiftingResource,
    Location,
    Phone,
    Schedule,
    SearchDocument,
    Service,
    ServiceArea,
    ServiceAtLocation,
    ServiceCapacity,
    ServiceTerm,
    Text,
)
from maillage.orientation.models import UnmetNeed
from maillage.packs import actions
from maillage.packs.fiction import actions as fiction
from maillage.packs.fiction.draw import organizations
from maillage.packs.fiction.material import Material, gather
from maillage.packs.fiction.missing import missed
from maillage.packs.fiction.rows import Identity, age_limits, first_time
from maillage.packs.pack import Pack, read_valid
from maillage.people.models import Organization
from maillage.territory.models import Territory

Change = Callable[..., Path]
AT = datetime(2026, 11, 22, 12, tzinfo=UTC)
# of the rows of 60 services of the pack tinyland, seed 1, at AT: the same on SQLite and on PostgreSQL, today and later
ROWS = "8dc6d3b947fbb8c1075aaa071dabb173fb227dc01906025bda0196947f71b6ab"
pytestmark = pytest.mark.django_db
TABLES: tuple[type[models.Model], ...] = (
    Organization, Service, Location, Address, ServiceAtLocation, ServiceTerm, EligibilityRule, ServiceArea, Language, Schedule, Phone,
    ServiceCapacity, Activity, LiftingResource,
)  # fmt: skip
LINKS: dict[type[models.Model], list[str]] = {
    Service: ["organization__code"],
    Location: ["organization__code", "area__code"],
    ServiceAtLocation: ["service__code", "location__code"],
    ServiceTerm: ["service__code", "term__code"],
    ServiceArea: ["service__code", "area__code"],
    ServiceCapacity: ["service__code"],
    EligibilityRule: ["service__code"],
    LiftingResource: ["service__code", "obstacle__code"],
}


@pytest.fixture
def land(tiny: Pack) -> Territory:
    return actions.load(tiny, at=AT).territory


def _rows() -> dict[str, list[Any]]:
    """All fictional rows, without the keys that a database gives."""
    found: dict[str, list[Any]] = {}
    for model in TABLES:
        own = [f.attname for f in model._meta.concrete_fields if not f.primary_key and not f.is_relation]
        fields = [name for name in own if name != "is_derived"]  # of room counted from places: not drawn here
        fields += LINKS.get(model, [])
        rows = model.objects.all()
        if model in (Organization, Service):
            rows = rows.filter(is_fictional=True)
        elif model is Address:
            rows = rows.filter(location__code__startswith="fiction")
        elif model is Location:
            rows = rows.filter(code__startswith="fiction")
        else:
            rows = rows.filter(service__is_fictional=True)
        found[model.__name__] = sorted(json.dumps(row, default=str, sort_keys=True) for row in rows.values(*fields))
    services = dict(Service.objects.filter(is_fictional=True).values_list("pk", "code"))
    found["Text"] = sorted(
        f"{services[text.object_id]} {text.field} {text.language} {text.status} {text.value}"
        for text in Text.objects.filter(kind="service", object_id__in=services)
    )
    return found


def _hash(rows: Any) -> str:
    return hashlib.sha256(json.dumps(rows, sort_keys=True).encode()).hexdigest()


def _material(pack: Pack) -> Material:
    return gather(pack, {"north": (50.6, 4.5), "south": (50.4, 4.5)})


def test_the_same_seed_gives_the_same_rows_on_every_database(land: Territory, tiny: Pack) -> None:
    assert fiction.generate(land, tiny, services=60, seed=1, at=AT) == 60
    assert _hash(_rows()) == ROWS


def test_another_seed_gives_another_offer(tiny: Pack) -> None:
    one, other = (list(organizations(_material(tiny), seed=seed, start=0, count=60, on=AT.date())) for seed in (1, 2))
    assert one != other
    assert one == list(organizations(_material(tiny), seed=1, start=0, count=60, on=AT.date()))


def test_a_longer_offer_begins_with_the_shorter_one(land: Territory, tiny: Pack) -> None:
    fiction.generate(land, tiny, services=20, seed=1, at=AT)
    assert fiction.generate(land, tiny, services=60, seed=1, at=AT + timedelta(days=3)) == 40
    assert _hash(_rows()) == ROWS


def test_drawing_again_writes_nothing(land: Territory, tiny: Pack) -> None:
    fiction.generate(land, tiny, services=20, seed=1, at=AT)
    assert fiction.generate(land, tiny, services=20, seed=1, at=AT) == 0
    assert fiction.generate(land, tiny, services=5, seed=1, at=AT) == 0  # and loses nothing
    assert Service.objects.filter(is_fictional=True).count() == 20


def test_two_seeds_do_not_mix(land: Territory, tiny: Pack) -> None:
    fiction.generate(land, tiny, services=20, seed=1, at=AT)
    with pytest.raises(fiction.OtherSeed):
        fiction.generate(land, tiny, services=30, seed=2, at=AT)


def test_a_pack_without_material_makes_no_fiction(land: Territory, tinyland: Change) -> None:
    folder = tinyland()
    (folder / "demo.yaml").unlink()
    with pytest.raises(fiction.NoMaterial):
        fiction.generate(land, read_valid(folder), services=1, seed=1, at=AT)


def test_all_of_it_is_labelled_fictional(land: Territory, tiny: Pack) -> None:
    fiction.generate(land, tiny, services=60, seed=1, at=AT)
    assert Territory.objects.get().has_fiction
    assert Organization.objects.filter(code__startswith="fiction", is_fictional=False).count() == 0
    assert Service.objects.filter(code__startswith="fiction", is_fictional=False).count() == 0
    assert Service.objects.filter(code__startswith="pack:", is_fictional=True).count() == 0
    assert not Service.objects.exclude(email="").exclude(email__endswith="@example.org").exists()
    assert not Phone.objects.exclude(number__startswith="+32 2 000 00 ").exists()


def test_real_rows_of_the_pack_are_left_alone(land: Territory, tiny: Pack) -> None:
    before = list(Service.objects.order_by("pk").values())
    fiction.generate(land, tiny, services=20, seed=1, at=AT)
    assert list(Service.objects.filter(is_fictional=False).order_by("pk").values()) == before


def test_loading_the_pack_again_keeps_the_offer(land: Territory, tiny: Pack, tinyland: Change) -> None:
    fiction.generate(land, tiny, services=20, seed=1, at=AT)
    before = _hash(_rows())
    changed = read_valid(
        tinyland(("pack.yaml", 'version: "2026.1"', 'version: "2026.2"'), ("needs.yaml", "fr: Aide", "fr: Appui"))
    )
    loaded = actions.load(changed, at=AT)
    assert loaded.territory.has_fiction
    assert fiction.state(loaded.territory)["services"] == 20
    assert _hash(_rows()) == before


def test_every_text_is_there_in_every_language_and_says_where_it_comes_from(land: Territory, tiny: Pack) -> None:
    fiction.generate(land, tiny, services=60, seed=1, at=AT)
    for service in Service.objects.filter(is_fictional=True):
        texts = list(Text.objects.filter(kind="service", object_id=service.pk, field="name"))
        assert {text.language for text in texts} == {"fr", "nl", "en"}
        assert [text.status for text in texts].count("original") == 1
        assert service.name == next(text.value for text in texts if text.status == "original")


def test_the_offer_has_the_holes_of_real_directories(tiny: Pack) -> None:
    services = [
        service
        for organization in organizations(_material(tiny), seed=1, start=0, count=1500, on=AT.date())
        for service in organization.services
    ]
    for hole in ("hours", "cost", "access", "delivery", "languages", "served", "confirmed_on"):
        without = sum(not getattr(service, hole) for service in services)
        assert 0.03 < without / len(services) < 0.35, hole
    assert sum(service.interpreter is None for service in services) > 500
    ages = [(AT.date() - service.confirmed_on).days for service in services if service.confirmed_on]
    assert min(ages) >= 0
    assert 400 < max(ages) <= 540


def test_weights_say_how_often_a_need_is_offered(tiny: Pack) -> None:
    drawn = organizations(_material(tiny), seed=1, start=0, count=3000, on=AT.date())
    counts = Counter(service.offer.need for organization in drawn for service in organization.services)
    assert counts["bed"] > counts["refuge"] > 0
    assert counts["ride"] > 300


def test_places_stand_around_the_centre_of_their_area(tiny: Pack) -> None:
    for organization in organizations(_material(tiny), seed=1, start=0, count=400, on=AT.date()):
        for place in organization.places:
            if place.site.latitude is None:
                assert place.latitude is None  # never invented
            elif place.latitude is not None and place.longitude is not None:
                assert abs(place.latitude - place.site.latitude) < 0.013
                assert place.postal_code in place.site.postal_codes


def test_a_refuge_stands_at_a_confidential_place_of_its_own(land: Territory, tiny: Pack) -> None:
    fiction.generate(land, tiny, services=60, seed=1, at=AT)
    refuges = ServiceAtLocation.objects.filter(service__is_fictional=True, service__service_terms__term__code="refuge")
    assert refuges.exists()
    for row in refuges:
        assert row.location.is_confidential
        assert row.location.services_here.count() == 1
        assert row.location.name == ""
    others = Location.objects.filter(is_confidential=True, code__startswith="fiction").exclude(
        services_here__in=refuges
    )
    assert not others.exists()


def test_an_activity_begins_on_a_day_of_its_own_rule(land: Territory, tiny: Pack) -> None:
    fiction.generate(land, tiny, services=60, seed=1, at=AT)
    activities = list(Activity.objects.all())
    assert activities
    assert {activity.starts_at.astimezone(UTC).weekday() for activity in activities} == {2}
    assert {(activity.minutes, activity.rrule) for activity in activities} == {(120, "FREQ=WEEKLY;BYDAY=WE")}


def test_search_knows_the_offer_once_it_is_indexed(land: Territory, tiny: Pack) -> None:
    fiction.generate(land, tiny, services=30, seed=1, at=AT)
    before = SearchDocument.objects.count()
    assert not fiction.state(land)["indexed"]
    assert fiction.unindexed(land) == 30
    seen: list[int] = []
    fiction.index(land, progress=seen.append)
    assert sum(seen) == 30
    assert SearchDocument.objects.count() > before + 20
    assert fiction.state(Territory.objects.get())["indexed"]


def test_room_is_said_again_so_that_tonight_is_known(land: Territory, tiny: Pack) -> None:
    fiction.generate(land, tiny, services=60, seed=1, at=AT)
    fiction.index(land)
    later = AT + timedelta(days=9)
    mine = ServiceCapacity.objects.filter(service__is_fictional=True)
    edited = mine.order_by("pk").first()
    assert edited is not None
    ServiceCapacity.objects.filter(pk=edited.pk).update(
        updated_at=AT + timedelta(days=2), expires_at=AT + timedelta(days=3)
    )
    assert not mine.filter(expires_at__gt=later).exists()
    assert fiction.is_stale(land, at=later)
    assert fiction.refresh(land, at=later) == mine.count() - 1
    known = mine.filter(expires_at__gt=later, updated_at__lte=later).exclude(status="")
    assert known.count() > mine.count() / 2
    edited.refresh_from_db()
    assert edited.updated_at == AT + timedelta(days=2)  # somebody said so since
    assert not fiction.is_stale(land, at=later)
    real = ServiceCapacity.objects.get(service__is_fictional=False)
    assert real.expires_at == datetime(2025, 1, 1, tzinfo=UTC)


def test_identities_are_those_of_uuid5() -> None:
    identity = Identity("tinyland/fiction/1")
    for name in ("a", "fiction--service-12", "é"):
        assert UUID(identity(name)) == uuid5(UUID(bytes=identity.namespace), name)


@pytest.mark.parametrize(
    ("rules", "ages"),
    [
        ([], (None, None)),
        ([{"criterion": "age", "op": "gte", "value": 18}], (18, None)),
        ([{"criterion": "age", "op": "between", "value": [18, 60]}], (18, 60)),
        ([{"criterion": "age", "op": "lte", "value": 25, "effect": "prefer"}], (None, None)),
    ],
)
def test_the_ages_of_a_service_are_those_its_rules_require(rules: list[Any], ages: tuple[Any, Any]) -> None:
    assert age_limits(rules) == ages


def test_a_start_is_told_in_the_time_of_the_territory() -> None:
    from zoneinfo import ZoneInfo

    winter = first_time("FREQ=WEEKLY;BYDAY=WE", "14:00", AT.date(), ZoneInfo("Europe/Brussels"))
    assert winter.astimezone(UTC) == datetime(2026, 11, 25, 13, tzinfo=UTC)


def test_a_fictional_year_of_unmet_needs_comes_with_it_once(land: Territory, tiny: Pack) -> None:
    fiction.generate(land, tiny, services=6, seed=1, at=AT)
    first = sorted(UnmetNeed.objects.values_list("need", "area", "cause", "filter", "day", "count"))
    assert len(first) > 100
    assert max(day for *_, day, _count in first) < AT.date()
    assert missed(land, seed=1, on=AT.date()) == 0
    UnmetNeed.objects.all().delete()
    missed(land, seed=1, on=AT.date())
    assert sorted(UnmetNeed.objects.values_list("need", "area", "cause", "filter", "day", "count")) == first


def test_where_the_map_shows_no_area_no_unmet_need_is_invented(land: Territory) -> None:
    land.areas.update(level="elsewhere")
    assert missed(land, seed=1, on=AT.date()) == 0
