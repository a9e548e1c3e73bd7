"""A cold-weather plan: opened and closed by people with a reason, whatever the rule says; and what it changed."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from maillage.people.models import Membership, Role, Trace
from maillage.people.rules import NotAllowed
from maillage.places import queries, surges, winter
from maillage.places.actions import stays, surge
from maillage.places.models import PlaceGroup, Refusal, SurgeActivation
from maillage.places.rules import Impossible
from maillage.places.waiting import Changed
from tests.conftest import SINCE
from tests.testland import NOW, labels

if TYPE_CHECKING:
    from maillage.people.models import User
    from tests.beds import Beds
    from tests.conftest import Cast

FORECAST = winter.read_forecast("\n".join(f"2026-11-{day},-9,-5" for day in range(21, 25)))


@pytest.fixture
def hall(beds: Beds) -> PlaceGroup:
    """A hall that the plan opens: three beds."""
    content = {
        "surge_plans": [
            {
                "code": "extreme",
                "labels": labels("Froid", "Kou", "Cold"),
                "trigger": {"measure": "high", "below": -4, "days": 4},
            }
        ]
    }
    beds.territory.content = {**beds.territory.content, "places": content}
    beds.territory.save()
    group = PlaceGroup.objects.create(
        site=beds.site, code="hall", labels=labels("Hall", "Hal", "Hall"), kind="dormitory", beds=3, surge="extreme"
    )
    beds.queue.groups.add(group)
    return group


@pytest.fixture
def cora(beds: Beds, cast: Cast) -> User:
    from maillage.people.models import User

    user = User.objects.create_user("cora@example.org", "a long enough sentence", name="Cora")
    Membership.objects.create(user=user, territory=beds.territory, role=Role.COORDINATOR, starts_at=SINCE)
    return user


def opened(beds: Beds, hall: PlaceGroup, by: Any = "system:test", **more: Any) -> SurgeActivation:
    said = {"forecast": FORECAST, "source": "IRM", "reason": "Four nights of frost", "groups": {hall.pk}, **more}
    return surge.open_plan(beds.territory, "extreme", by=by, at=NOW, **said)


def test_a_coordinator_opens_it_and_its_places_are_there(beds: Beds, hall: PlaceGroup, cora: User) -> None:
    assert not queries.is_in_season(hall)
    found = opened(beds, hall, by=cora)
    assert found.is_triggered
    assert found.forecast[0] == {"on": "2026-11-21", "low": -9.0, "high": -5.0}
    assert found.plan_content["trigger"]["below"] == -4
    assert queries.is_in_season(hall)
    assert Trace.objects.filter(verb="opened a cold plan", actor=f"user:{cora.uuid}").count() == 1


def test_people_may_decide_against_the_rule(beds: Beds, hall: PlaceGroup) -> None:
    found = opened(beds, hall, forecast=[], reason="Storm: the tents are gone")
    assert (found.is_triggered, found.reason) == (False, "Storm: the tents are gone")


def test_nobody_else_decides(beds: Beds, hall: PlaceGroup, cast: Cast) -> None:
    for user in (beds.dave, beds.bob, cast.charlie, cast.alice):
        with pytest.raises(NotAllowed):
            opened(beds, hall, by=user)
    made = opened(beds, hall, by=cast.dora)
    with pytest.raises(NotAllowed):
        surge.close_plan(made, reason="Thaw", by=beds.dave, at=NOW)


def test_it_asks_why_and_what(beds: Beds, hall: PlaceGroup) -> None:
    for more in ({"reason": "  "}, {"groups": set()}, {"groups": {beds.women.pk}}):
        with pytest.raises(Impossible):
            opened(beds, hall, **more)
    with pytest.raises(Impossible, match="no such plan"):
        surge.open_plan(
            beds.territory, "other", forecast=[], source="", reason="x", groups=set(), by="system:test", at=NOW
        )
    assert not SurgeActivation.objects.exists()


def test_a_plan_is_open_once_and_closed_once(beds: Beds, hall: PlaceGroup) -> None:
    made = opened(beds, hall)
    with pytest.raises(Changed):
        opened(beds, hall)
    with pytest.raises(Impossible):
        surge.close_plan(made, reason="", by="system:test", at=NOW)
    surge.close_plan(made, reason="Thaw", by="system:test", at=NOW + timedelta(days=9))
    with pytest.raises(Changed):
        surge.close_plan(made, reason="Thaw", by="system:test", at=NOW + timedelta(days=9))
    assert not queries.is_in_season(hall)
    assert opened(beds, hall).pk != made.pk


def slept(beds: Beds, hall: PlaceGroup, night: int, *people: Any) -> None:
    at = NOW + timedelta(days=night)
    for person in people:
        (stay,) = stays.hold(
            hall, person, from_on=queries.night(beds.territory, at), until_on=None, minutes=60, by="system:test", at=at
        )
        stays.admit(stay, by="system:test", at=at)
        stays.check_out(stay, "street", by="system:test", at=at + timedelta(hours=11))


def test_what_it_changed_is_counted_until_this_morning(beds: Beds, hall: PlaceGroup) -> None:
    for day, people in ((-3, 4), (-1, 2), (0, 1), (1, 1)):
        Refusal.objects.create(territory=beds.territory, cause="no_place", people=people, at=NOW + timedelta(days=day))
    Refusal.objects.create(territory=beds.territory, cause="person", people=9, at=NOW - timedelta(days=1))
    made = opened(beds, hall)
    assert surges.changed(made, at=NOW) == surges.Changed(0, 3, 0, 0, 0, 0, 0)
    slept(beds, hall, 0, beds.carla, beds.bruno)
    slept(beds, hall, 1, beds.carla)
    assert surges.changed(made, at=NOW + timedelta(days=2)) == surges.Changed(2, 3, 3, 2, 2, 2, 2)
    surge.close_plan(made, reason="Thaw", by="system:test", at=NOW + timedelta(days=1))
    assert surges.changed(made, at=NOW + timedelta(days=30)) == surges.Changed(1, 3, 2, 2, 2, 1, 1)
    assert not surges.still_there(made)


def test_a_plan_for_one_public_is_judged_by_its_refusals(beds: Beds, hall: PlaceGroup) -> None:
    PlaceGroup.objects.filter(pk=hall.pk).update(public="men", kind="places", beds=0)
    hall.places.create(label="1")
    for public in ("men", "women"):
        Refusal.objects.create(
            territory=beds.territory, cause="no_place", people=2, public=public, at=NOW - timedelta(days=1)
        )
    found = surges.changed(opened(beds, hall), at=NOW + timedelta(days=1))
    assert (found.opened, found.refused_before) == (1, 2)
