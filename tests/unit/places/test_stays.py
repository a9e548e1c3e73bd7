"""Coming, staying and leaving: who may be put where, what is refused in a sentence, and what is given back."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import OperationalError

from maillage.people import audit
from maillage.people.actions import persons
from maillage.people.models import CareLink, Person, Trace
from maillage.people.rules import NotAllowed
from maillage.places import queries, rules
from maillage.places import waiting as words
from maillage.places.actions import claims, stays, waiting
from maillage.places.models import (
    Apart,
    GroupNight,
    Occupant,
    OutOfUse,
    Place,
    PlaceGroup,
    Refusal,
    Request,
    Stay,
    SurgeActivation,
)
from tests.beds import Beds
from tests.testland import NOW

TONIGHT = date(2026, 11, 20)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
TOMORROW = TONIGHT + DAY


def hold(beds: Beds, where: Any, person: Any, **more: Any) -> list[Stay]:
    said = {"from_on": TONIGHT, "until_on": TOMORROW, "minutes": 60, "by": beds.bob, "at": NOW}
    return stays.hold(where, person, **{**said, **more})


def there(beds: Beds, where: Any, person: Any, **more: Any) -> Stay:
    return stays.admit(hold(beds, where, person, **more)[0], by=beds.bob, at=NOW)


def somebody(beds: Beds, **said: Any) -> Person:
    return Person.objects.create(territory=beds.territory, created_at=NOW, **{"alias": "Somebody", **said})


def whole(beds: Beds) -> bool:
    """Occupants say what their stay says, and counters what the stays say."""
    same = all(
        (one.state, one.from_on, one.until_on) == (one.stay.state, one.stay.from_on, one.stay.until_on)
        for one in Occupant.objects.select_related("stay")
    )
    return same and all(row.used == queries.beds_given(row.group_id, row.night) for row in GroupNight.objects.all())


# ---- taking a place


def test_a_place_is_held_then_lived_in_then_free_again(beds: Beds) -> None:
    (stay,) = hold(beds, beds.women, beds.carla)
    assert (str(stay.place), stay.state) == ("W1", "held")
    assert queries.room([beds.site.pk], at=NOW) == {beds.shelter.pk: queries.Room(5, 6)}
    stays.admit(stay, by=beds.bob, at=NOW)
    assert CareLink.objects.open(at=NOW).filter(person=beds.carla, organization=beds.house, reason="housed").exists()
    stays.check_out(stay, "housed", by=beds.bob, at=NOW + 14 * HOUR)
    assert (stay.state, stay.until_on, stay.exit) == ("out", TOMORROW, "housed")
    assert not CareLink.objects.open(at=NOW + 15 * HOUR).filter(person=beds.carla, reason="housed").exists()
    assert list(Trace.objects.order_by("-sequence").values_list("verb", flat=True)[:2]) == [
        "checked out",
        "ceased to help",
    ]
    assert whole(beds)


def test_a_family_takes_beds_of_a_dormitory_and_the_counter_refuses_one_too_many(beds: Beds) -> None:
    hold(beds, beds.dormitory, beds.amina, members=[beds.son], people=2)
    assert GroupNight.objects.get().used == 2
    with pytest.raises(rules.NoRoom):
        hold(beds, beds.dormitory, beds.bruno, people=2)
    hold(beds, beds.dormitory, beds.bruno)
    assert GroupNight.objects.get().used == 3
    assert whole(beds)


def test_a_family_larger_than_a_place_gets_several_in_one_room_and_each_person_one(beds: Beds) -> None:
    group = PlaceGroup.objects.create(site=beds.site, code="doubles", unit_size=2)
    for label, room in (("A", "1"), ("B", "2"), ("C", "2"), ("D", "")):
        Place.objects.create(group=group, label=label, room=room, order=ord(label))
    made = hold(beds, group, beds.amina, members=[beds.son, beds.son], people=3)
    assert [(str(stay.place), stay.people) for stay in made] == [("B", 2), ("C", 1)]
    assert Occupant.objects.filter(person=beds.son).count() == 1
    made = hold(beds, group, beds.bruno, people=4)  # no room has two any more: two places all the same
    assert [str(stay.place) for stay in made] == ["A", "D"]


def test_somebody_whose_records_were_joined_is_one_person(beds: Beds) -> None:
    double = somebody(beds, same_as=beds.carla)
    (stay,) = hold(beds, beds.women, double)
    assert stay.person == beds.carla


def test_two_records_that_sleep_in_two_places_are_not_joined(beds: Beds) -> None:
    for one, where in ((beds.carla, beds.women), (beds.bruno, beds.dormitory)):
        stays.admit(hold(beds, where, one)[0], by=beds.bob, at=NOW)
    with pytest.raises(persons.Impossible, match="Both have a stay"):
        persons.join(beds.bruno, beds.carla, by=beds.greta, at=NOW)
    assert Occupant.objects.filter(person=beds.bruno, state="in").count() == 1


def test_a_room_takes_the_gender_of_who_is_in_it(beds: Beds) -> None:
    group = PlaceGroup.objects.create(site=beds.site, code="mixed", rooms_of_one_gender=True)
    for label, room in (("1a", "1"), ("1b", "1"), ("2a", "2"), ("2b", "2"), ("3", "")):
        Place.objects.create(group=group, label=label, room=room, order=int(label[0]))
    assert str(hold(beds, group, beds.carla)[0].place) == "1a"
    assert str(hold(beds, group, beds.bruno)[0].place) == "2a"
    assert str(hold(beds, group, beds.amina)[0].place) == "1b"
    unknown = somebody(beds)
    assert str(hold(beds, group, unknown)[0].place) == "3"  # nobody knows: only alone
    with pytest.raises(rules.NoRoom):
        hold(beds, group, somebody(beds, alias="Another"))


def test_two_who_are_kept_apart_are_never_under_one_roof_and_nobody_hears_why(beds: Beds) -> None:
    hold(beds, beds.women, beds.carla)
    kept = Apart.objects.create(one=beds.bruno, other=beds.carla, reason="threats", said_at=NOW)
    with pytest.raises(rules.NoRoom) as refusal:
        hold(beds, beds.dormitory, beds.bruno)
    assert "apart" not in str(refusal.value)
    assert str(refusal.value) == claims.NO_ROOM
    Apart.objects.filter(pk=kept.pk).update(until=NOW)
    assert hold(beds, beds.dormitory, beds.bruno)


def test_the_rules_of_the_house_hold_unless_somebody_says_why_not(beds: Beds) -> None:
    with pytest.raises(rules.NotForThem) as refusal:
        hold(beds, beds.women, beds.bruno)
    assert refusal.value.code == "gender"
    with pytest.raises(rules.NotForThem):
        hold(beds, beds.women, somebody(beds, birth_year=2015))
    beds.families.rules = [{"criterion": "children", "op": "eq", "value": True, "effect": "require"}]
    beds.families.save()
    with pytest.raises(rules.NotForThem, match="rules of this house"):
        hold(beds, beds.families, somebody(beds, facts={"children": False}))
    assert hold(beds, beds.families, somebody(beds))  # nobody knows: unknown excludes nobody
    (stay,) = hold(beds, beds.women, beds.bruno, despite="He came with his wife")
    line = Trace.objects.filter(target=str(stay.uuid), verb="held a place").get()
    assert line.data["despite"] is True  # the words may name somebody: the trail has none


@pytest.mark.parametrize(
    "wrong",
    [
        {"until_on": TONIGHT}, {"from_on": TONIGHT - DAY}, {"from_on": TONIGHT + 400 * DAY, "until_on": None}, {"minutes": 0},
        {"minutes": 5000}, {"members": ["son"], "people": 1}, {"people": 2, "where": "W1"},
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_in_a_sentence(beds: Beds, wrong: dict[str, Any]) -> None:
    where = beds.places[0] if wrong.pop("where", "") else beds.women
    if "members" in wrong:
        wrong["members"] = [beds.son]
    with pytest.raises(rules.Impossible):
        hold(beds, where, beds.carla, **wrong)
    assert not Stay.objects.exists()


def test_beds_of_a_dormitory_are_for_a_number_of_nights(beds: Beds) -> None:
    with pytest.raises(rules.Impossible, match="until when"):
        hold(beds, beds.dormitory, beds.bruno, until_on=TONIGHT + 200 * DAY)
    (stay,) = hold(beds, beds.dormitory, beds.bruno, until_on=None)
    assert stay.until_on == TOMORROW


def test_a_house_that_is_not_open_yet_or_whose_plan_is_not_open_gives_nothing(beds: Beds) -> None:
    beds.site.opens_on = TOMORROW
    with pytest.raises(rules.Impossible, match="not open yet"):
        hold(beds, beds.women, beds.carla)
    beds.site.opens_on = None
    winter = PlaceGroup.objects.create(site=beds.site, code="winter", kind="dormitory", beds=20, surge="cold")
    with pytest.raises(rules.Impossible, match="cold weather"):
        hold(beds, winter, beds.bruno)
    assert queries.beds_open(winter, TONIGHT) == 0
    plan = SurgeActivation.objects.create(
        territory=beds.territory, plan="cold", is_triggered=True, reason="frost", opened_at=NOW
    )
    plan.groups.add(winter)
    assert queries.room([beds.site.pk], at=NOW)[beds.shelter.pk] == queries.Room(26, 26)
    assert hold(beds, winter, beds.bruno)
    assert GroupNight.objects.get().beds == 20


def test_a_place_that_cannot_be_used_is_not_given_for_these_nights(beds: Beds) -> None:
    OutOfUse.objects.create(place=beds.places[0], state="works", starts_at=NOW + 2 * DAY, ends_at=NOW + 3 * DAY)
    assert str(hold(beds, beds.women, beds.carla)[0].place) == "W1"  # before the works
    assert str(hold(beds, beds.women, beds.amina, until_on=TONIGHT + 3 * DAY)[0].place) == "W2"
    later = {"from_on": TONIGHT + 5 * DAY, "until_on": TONIGHT + 6 * DAY}
    assert str(hold(beds, beds.women, somebody(beds), **later)[0].place) == "W1"


def test_who_is_still_there_after_the_last_night_is_in_the_way(beds: Beds) -> None:
    late = there(beds, beds.places[0], beds.carla)
    there(beds, beds.dormitory, beds.bruno)
    at = NOW + DAY
    nights = {"from_on": TOMORROW, "until_on": TOMORROW + DAY, "at": at}
    with pytest.raises(rules.PlaceTaken):
        hold(beds, beds.places[0], beds.amina, **nights)
    with pytest.raises(rules.NoRoom):
        hold(beds, beds.dormitory, beds.amina, people=3, **nights)
    assert queries.room([beds.site.pk], at=at)[beds.shelter.pk].free == 4
    soon = {"from_on": TOMORROW + DAY, "until_on": None, "at": at}  # another day: they will have left
    (stay,) = hold(beds, beds.places[0], beds.amina, **soon)
    with pytest.raises(rules.PlaceTaken, match="still in this place"):
        stays.admit(stay, by=beds.bob, at=at + DAY)
    stays.check_out(late, "unknown", by=beds.bob, at=at + DAY)
    stays.admit(stay, by=beds.bob, at=at + DAY)


def test_somebody_faster_means_another_place_and_after_three_a_sentence(beds: Beds, monkeypatch: Any) -> None:
    group = PlaceGroup.objects.create(site=beds.site, code="many")
    many = [Place.objects.create(group=group, label=str(n), order=n) for n in range(6)]
    for place in many[:4]:
        hold(beds, place, somebody(beds, alias=place.label))
    monkeypatch.setattr(queries, "free_places", lambda *args, **more: many)  # as it looked a moment ago
    with pytest.raises(rules.PlaceTaken):
        hold(beds, group, beds.bruno)
    stays.cancel(Stay.objects.get(place=many[0]), by=beds.bob, at=NOW)
    hold(beds, many[0], beds.amina, despite="x")
    Stay.objects.filter(place=many[3]).delete()
    (stay,) = hold(beds, group, beds.bruno)
    assert str(stay.place) == "3"


def test_the_database_has_the_last_word_on_a_person_too(beds: Beds, monkeypatch: Any) -> None:
    hold(beds, beds.women, beds.carla)
    monkeypatch.setattr(claims, "check_free", lambda asked: None)
    with pytest.raises(rules.AlreadyHoused):
        hold(beds, beds.families, beds.carla)


@pytest.mark.parametrize(
    ("words_", "refusal"), [("deadlock detected", rules.PlaceTaken), ("disk full", OperationalError)]
)
def test_two_that_block_each_other_are_told_like_any_other(
    beds: Beds, monkeypatch: Any, words_: str, refusal: type[Exception]
) -> None:
    def fail(**more: Any) -> None:
        raise OperationalError(words_)

    monkeypatch.setattr(Stay.objects, "create", fail)
    with pytest.raises(refusal):
        hold(beds, beds.women, beds.carla)


def test_who_works_elsewhere_decides_nothing(beds: Beds) -> None:
    (stay,) = hold(beds, beds.women, beds.carla, by=beds.dave)  # keeps a list of these places
    for verb in (
        lambda: hold(beds, beds.women, beds.amina, by=beds.hugo),
        lambda: stays.admit(stay, by=beds.greta, at=NOW),
        lambda: stays.cancel(stay, by=beds.hugo, at=NOW),
        lambda: stays.move(stay, beds.dormitory, by=beds.hugo, at=NOW),
    ):
        with pytest.raises(NotAllowed):
            verb()
    assert audit.verify().broken is None


# ---- coming and leaving


def test_nobody_comes_before_or_after_their_nights(beds: Beds) -> None:
    (stay,) = hold(beds, beds.women, beds.carla, from_on=TOMORROW, until_on=TOMORROW + DAY)
    for verb in (stays.admit, stays.no_show):
        with pytest.raises(rules.Impossible, match="later day"):
            verb(stay, by=beds.bob, at=NOW)
    with pytest.raises(rules.Impossible, match="are over"):
        stays.admit(stay, by=beds.bob, at=NOW + 2 * DAY)


def test_a_hold_that_ran_out_still_counts_while_nobody_took_the_place(beds: Beds) -> None:
    (stay,) = hold(beds, beds.women, beds.carla, minutes=5)
    stays.admit(stay, by=beds.bob, at=NOW + HOUR)
    assert stay.state == "in"
    with pytest.raises(words.Refused, match="in the meantime"):
        stays.admit(stay, by=beds.bob, at=NOW + HOUR)


def test_nobody_is_present_in_two_places(beds: Beds) -> None:
    there(beds, beds.women, beds.carla)
    at = NOW + DAY
    with pytest.raises(rules.AlreadyHoused):  # noted as present, although the last night is over
        hold(beds, beds.dormitory, beds.carla, from_on=TOMORROW, until_on=TOMORROW + DAY, at=at)
    (later,) = hold(beds, beds.dormitory, beds.carla, from_on=TOMORROW + DAY, until_on=TOMORROW + 2 * DAY, at=at)
    with pytest.raises(rules.AlreadyHoused):
        stays.admit(later, by=beds.bob, at=at + DAY)


def test_a_bed_is_cleaned_after_a_stay_when_the_house_says_so(beds: Beds) -> None:
    beds.women.rules = [{"criterion": rules.CLEANING, "op": "eq", "value": 45, "effect": "prefer"}]
    beds.women.save()
    stay = there(beds, beds.places[0], beds.carla)
    with pytest.raises(rules.Impossible, match="where they went"):
        stays.check_out(stay, "moon", by=beds.bob, at=NOW)
    stays.check_out(stay, "family", by=beds.bob, at=NOW + HOUR)
    states = {
        minutes: Place.objects.with_state(at=NOW + HOUR + timedelta(minutes=minutes)).get(pk=beds.places[0].pk).now  # type: ignore[misc]
        for minutes in (0, 44, 45)
    }
    assert states == {0: "cleaning", 44: "cleaning", 45: "free"}


def test_who_did_not_come_frees_the_place_and_waits_on(beds: Beds) -> None:
    asked, _token = waiting.ask(beds.queue, beds.carla, by="system:test", at=NOW)
    (stay,) = hold(beds, beds.women, beds.carla, request=asked)
    assert Request.objects.get().state == "offered"
    stays.no_show(stay, by=beds.bob, at=NOW + HOUR)
    assert (Request.objects.get().state, Stay.objects.get().state) == ("waiting", "no_show")
    (again,) = hold(beds, beds.women, beds.carla, request=Request.objects.get())
    stays.admit(again, by=beds.bob, at=NOW + 2 * HOUR)
    assert Request.objects.get().state == "placed"
    assert whole(beds)


def test_a_family_waits_again_only_when_its_last_place_fell_through(beds: Beds) -> None:
    asked, _token = waiting.ask(beds.queue, beds.amina, people=2, by="system:test", at=NOW)
    group = PlaceGroup.objects.create(site=beds.site, code="singles")
    for n in range(2):
        Place.objects.create(group=group, label=str(n))
    one, other = hold(beds, group, beds.amina, members=[beds.son], people=2, request=asked)
    stays.cancel(one, by=beds.bob, at=NOW)
    assert Request.objects.get().state == "offered"
    assert CareLink.objects.open(at=NOW + HOUR).filter(person=beds.son, reason="housed").exists()
    stays.cancel(other, by=beds.bob, at=NOW)
    assert Request.objects.get().state == "waiting"


def test_a_place_that_falls_through_after_they_came_starts_the_clock_again(beds: Beds) -> None:
    asked, _token = waiting.ask(beds.queue, beds.carla, by="system:test", at=NOW)
    there(beds, beds.women, beds.carla, request=asked)
    Stay.objects.update(state="out")
    Occupant.objects.update(state="out")
    claims.waits_again(Request.objects.get(), by="system:test", at=NOW + HOUR)
    found = Request.objects.get()
    assert (found.state, [one.kind for one in found.clock.order_by("pk")]) == ("waiting", ["start", "stop", "start"])


# ---- longer, shorter, elsewhere


def test_a_stay_is_renewed_until_somebody_else_has_the_place(beds: Beds) -> None:
    stay = there(beds, beds.places[0], beds.carla)
    stays.renew(stay, TONIGHT + 14 * DAY, by=beds.bob, at=NOW)
    next_ = hold(beds, beds.places[0], beds.amina, from_on=TONIGHT + 20 * DAY, until_on=None, minutes=None)[0]
    with pytest.raises(rules.PlaceTaken, match="by then"):
        stays.renew(stay, None, by=beds.bob, at=NOW)
    stays.renew(stay, TONIGHT + 20 * DAY, by=beds.bob, at=NOW)
    with pytest.raises(rules.Impossible):
        stays.renew(stay, TONIGHT, by=beds.bob, at=NOW + 3 * DAY)
    assert (Stay.objects.get(pk=stay.pk).until_on, next_.state) == (TONIGHT + 20 * DAY, "held")
    stays.check_out(stay, "housed", by=beds.bob, at=NOW)
    with pytest.raises(words.Refused):
        stays.renew(stay, None, by=beds.bob, at=NOW)
    assert whole(beds)


def test_nights_of_a_dormitory_are_added_and_given_back(beds: Beds) -> None:
    stay = there(beds, beds.dormitory, beds.bruno)
    stays.renew(stay, TONIGHT + 4 * DAY, by=beds.bob, at=NOW)
    assert GroupNight.objects.filter(used=1).count() == 4
    stays.renew(stay, TONIGHT + 2 * DAY, by=beds.bob, at=NOW)
    assert GroupNight.objects.filter(used=1).count() == 2
    GroupNight.objects.filter(night=TONIGHT + 2 * DAY).update(beds=0)
    with pytest.raises(rules.NoRoom):
        stays.renew(stay, TONIGHT + 3 * DAY, by=beds.bob, at=NOW)
    stays.renew(stay, None, by=beds.bob, at=NOW + DAY)  # one more night
    assert whole(beds)


def test_a_renewal_never_makes_somebody_be_in_two_places(beds: Beds) -> None:
    stay = there(beds, beds.places[0], beds.carla)
    hold(beds, beds.dormitory, beds.carla, from_on=TONIGHT + 2 * DAY, until_on=TONIGHT + 3 * DAY, minutes=None)
    with pytest.raises(rules.AlreadyHoused):
        stays.renew(stay, TONIGHT + 5 * DAY, by=beds.bob, at=NOW)
    assert Stay.objects.get(pk=stay.pk).until_on == TOMORROW


def test_a_move_keeps_the_chain_and_changes_nothing_when_it_is_refused(beds: Beds) -> None:
    first = there(beds, beds.places[0], beds.carla, until_on=None)
    beds.families.minimum_age = 60
    with pytest.raises(rules.NotForThem):
        stays.move(first, beds.families, by=beds.bob, at=NOW + DAY)
    beds.families.minimum_age = None
    hold(beds, beds.places[2], beds.amina, until_on=TONIGHT + 9 * DAY, minutes=None)
    with pytest.raises(rules.PlaceTaken):
        stays.move(first, beds.places[2], by=beds.bob, at=NOW + DAY)
    assert Stay.objects.get(pk=first.pk).state == "in"
    first.refresh_from_db()
    second = stays.move(first, beds.places[1], by=beds.bob, at=NOW + DAY)
    third = stays.move(second, beds.dormitory, by=beds.bob, at=NOW + 2 * DAY)
    assert [third.after, second.after, first.after] == [second, first, None]
    assert [(one.state, one.exit) for one in (first, second, third)] == [("out", "moved"), ("out", "moved"), ("in", "")]
    assert (first.until_on, second.from_on, third.until_on) == (TOMORROW, TOMORROW, TONIGHT + 3 * DAY)
    assert CareLink.objects.open(at=NOW + 3 * DAY).filter(person=beds.carla, reason="housed").count() == 1
    assert whole(beds)


def test_what_was_held_is_held_elsewhere(beds: Beds) -> None:
    (stay,) = hold(beds, beds.places[0], beds.carla)
    moved = stays.move(stay, beds.places[1], by=beds.bob, at=NOW)
    assert (stay.state, moved.state, moved.hold_expires_at) == ("cancelled", "held", NOW + HOUR)
    late = there(beds, beds.dormitory, beds.bruno)
    again = stays.move(late, beds.families, despite="the stairs", by=beds.bob, at=NOW + DAY)  # after the last night
    assert (again.from_on, again.until_on) == (TOMORROW, None)


def test_what_time_ended_is_written_down(beds: Beds) -> None:
    asked, _token = waiting.ask(beds.queue, beds.carla, by="system:test", at=NOW)
    hold(beds, beds.women, beds.carla, request=asked)
    hold(beds, beds.dormitory, beds.bruno)
    assert stays.sweep(beds.territory, by="system:work", at=NOW) == 0
    assert stays.sweep(beds.territory, by="system:work", at=NOW + HOUR) == 2
    assert set(Stay.objects.values_list("state", flat=True)) == {"cancelled"}
    assert Request.objects.get().state == "waiting"
    assert not CareLink.objects.open(at=NOW + HOUR).filter(reason="housed").exists()
    assert whole(beds)


def test_somebody_elses_change_is_told(beds: Beds) -> None:
    (stay,) = hold(beds, beds.women, beds.carla)
    stale = Stay.objects.get(pk=stay.pk)
    stays.cancel(stay, by=beds.bob, at=NOW)
    assert not claims.lapse(stale, at=NOW)
    with pytest.raises(words.Refused):
        stays._end(stale, "no_show", at=NOW)
    assert not claims.change(Stay(pk=0, state="held"), "in")


def test_a_refusal_is_counted_with_its_hour_and_no_person(beds: Beds) -> None:
    stays.count_refusal(beds.territory, "no_place", group=beds.women, people=2, area="north", at=NOW)
    assert Refusal.objects.values_list("public", "people", "cause", "at").get() == ("women", 2, "no_place", NOW)


def test_many_claims_tell_the_room_once(beds: Beds, django_assert_max_num_queries: Any) -> None:
    with claims.told_once(at=NOW):
        with claims.told_once(at=NOW):
            hold(beds, beds.women, beds.carla)
        hold(beds, beds.women, beds.amina)
        assert not beds.shelter.capacities.filter(is_derived=True).exists()
    assert beds.shelter.capacities.get(is_derived=True).available == 4


def test_a_house_without_an_organisation_links_nobody(beds: Beds) -> None:
    type(beds.shelter).objects.filter(pk=beds.shelter.pk).update(organization=None)
    group = PlaceGroup.objects.get(pk=beds.women.pk)
    stay = stays.hold(group, beds.carla, from_on=TONIGHT, until_on=None, minutes=60, by="system:test", at=NOW)[0]
    stays.cancel(stay, by="system:test", at=NOW)
    assert not CareLink.objects.filter(reason="housed").exists()


def test_both_beds_of_a_family_are_taken_and_the_clock_stops_once(beds: Beds) -> None:
    asked, _token = waiting.ask(beds.queue, beds.amina, people=2, by="system:test", at=NOW)
    group = PlaceGroup.objects.create(site=beds.site, code="singles")
    for n in range(2):
        Place.objects.create(group=group, label=str(n))
    for stay in hold(beds, group, beds.amina, members=[beds.son], people=2, request=asked):
        stays.admit(stay, by=beds.bob, at=NOW)
    assert [one.kind for one in asked.clock.order_by("pk")] == ["start", "stop"]


def test_who_is_admitted_a_moment_after_somebody_changed_it_is_told_so(beds: Beds, monkeypatch: Any) -> None:
    (stay,) = hold(beds, beds.women, beds.carla)
    monkeypatch.setattr(claims, "change", lambda *said, **more: False)
    with pytest.raises(words.Refused, match="in the meantime"):
        stays.admit(stay, by=beds.bob, at=NOW)
