"""From a shelter to a place of a list: offered while they sleep elsewhere, moved when they come in, and never in two places."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from maillage.people.models import CareLink, Organization, Person
from maillage.places import queries, rules, standing, tonight
from maillage.places.actions import claims, freed, moving, offers, runs, stays, waiting
from maillage.places.engine.frozen import unpacked
from maillage.places.engine.replay import replay
from maillage.places.engine.sentences import sentence
from maillage.places.models import (
    GroupNight,
    Occupant,
    Offer,
    OutOfUse,
    PassedOver,
    Place,
    PlaceGroup,
    Refusal,
    Request,
    Site,
    Stay,
    WaitingList,
)
from tests import attack
from tests.beds import QUEUE_RULES, Beds, rule_set
from tests.testland import NOW, labels

TONIGHT = NOW.date()
BY = "system:tests"
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture(autouse=True)
def _forget() -> None:
    standing.forget()


def home_of(beds: Beds, code: str, places: int = 1, **more: Any) -> PlaceGroup:
    """A group of another house, of another organisation, on a list by queue of its own."""
    from maillage.directory.models import Service

    organization = Organization.objects.create(territory=beds.territory, code=code, name=code)
    service = Service.objects.exclude(pk__in=Site.objects.values("service")).order_by("pk").first()
    assert service is not None
    Service.objects.filter(pk=service.pk).update(organization=organization)
    site = Site.objects.create(territory=beds.territory, service_id=service.pk, code=code, name=code, kind="housing")
    group = PlaceGroup.objects.create(site=site, code=code, labels=labels(code, code, code), **more)
    for n in range(places):
        Place.objects.create(group=group, label=f"{code}-{n}", order=n)
    made = WaitingList.objects.create(
        territory=beds.territory, code=code, labels=labels(code, code, code), keeper=beds.dispatch, need=beds.queue.need
    )
    made.groups.add(group)
    rule_set(made, QUEUE_RULES)
    return group


def sleeps(beds: Beds, person: Person, where: PlaceGroup | None = None, *others: Person) -> Stay:
    """They are in a shelter now: Carla in a room for women when nothing else is said."""
    made = stays.hold(
        where or beds.women, person, from_on=TONIGHT, until_on=None, minutes=60, members=others, people=1 + len(others), by=BY,
        at=NOW,
    )[0]  # fmt: skip
    return stays.admit(made, by=BY, at=NOW)


def asks(group: PlaceGroup, person: Person, **more: Any) -> Request:
    (of,) = group.waiting_lists.all()
    return waiting.ask(of, person, by=BY, at=NOW - DAY, **{"people": 1, **more})[0]


def offered(group: PlaceGroup, person: Person, **more: Any) -> Offer:
    return offers.offer(asks(group, person, **more), group, by=BY, at=NOW)[0]


def accepted(group: PlaceGroup, person: Person, **more: Any) -> Stay:
    return offers.accept(offered(group, person, **more), by=BY, at=NOW).stays.get()


def linked(person: Person, organization: Organization | None) -> bool:
    return CareLink.objects.filter(person=person, organization=organization, reason="housed", until=None).exists()


def nobody_twice() -> None:
    """What the database refuses holds, and each stay that is lived in says the nights of its people."""
    for one in Occupant.objects.filter(state="in").select_related("stay"):
        assert (one.stay.state, one.stay.from_on, one.stay.until_on) == ("in", one.from_on, one.until_on)
    for stay in Stay.objects.filter(state="in"):
        assert set(stay.occupants.values_list("state", flat=True)) == {"in"}
    inside = list(Occupant.objects.filter(state="in").values_list("person", flat=True))
    assert len(inside) == len(set(inside))
    for night in GroupNight.objects.select_related("group"):
        assert night.used == queries.beds_given(night.group_id, night.night)


# ---- one person


def test_who_sleeps_in_a_shelter_is_offered_a_home_and_moves_when_they_come_in(beds: Beds) -> None:
    beds.women.rules = [{"criterion": rules.CLEANING, "op": "eq", "value": 30, "effect": "prefer"}]
    beds.women.save()
    home = home_of(beds, "home")
    before = sleeps(beds, beds.carla)
    asked = asks(home, beds.carla)
    run = runs.run(home.waiting_lists.get(), by=beds.dave, at=NOW)
    assert [line.outcome for line in run.lines.all()] == ["placed"]
    told = replay(run)
    assert (told.is_same, told.faults) == (True, ())
    offer = asked.offers.get()
    held = offer.stays.get()
    assert [one.state for one in held.occupants.all()] == [queries.UNCLAIMED]
    assert not linked(beds.carla, home.site.service.organization)
    offers.accept(offer, by=BY, at=NOW + HOUR)
    assert linked(beds.carla, home.site.service.organization)  # the house knows who comes
    before.refresh_from_db()
    assert before.state == "in"

    held.refresh_from_db()
    came = stays.admit(held, by=BY, at=NOW + 2 * HOUR)

    before.refresh_from_db()
    assert (before.state, before.exit, before.until_on, came.after) == ("out", "moved", TONIGHT, before)
    assert (came.state, came.from_on, came.occupants.get().state) == ("in", TONIGHT, "in")
    assert OutOfUse.objects.get().place == before.place
    assert (linked(beds.carla, beds.house), linked(beds.carla, home.site.service.organization)) == (False, True)
    asked.refresh_from_db()
    assert asked.state == "placed"
    nobody_twice()


def test_the_place_that_they_leave_goes_down_its_own_list(beds: Beds) -> None:
    home = home_of(beds, "home")
    before = sleeps(beds, beds.carla)
    OutOfUse.objects.create(place=beds.places[1], state="works", starts_at=NOW - DAY)
    waiting.ask(beds.queue, beds.amina, facts={"children": False}, by=BY, at=NOW - DAY)
    stays.admit(accepted(home, beds.carla), by=BY, at=NOW + HOUR)
    freed.pass_on(beds.territory, by=BY, at=NOW + 2 * HOUR)
    assert Stay.objects.get(offer__request__person=beds.amina).place == before.place


def test_the_house_that_they_leave_is_not_told_who_let_them_in(beds: Beds) -> None:
    from maillage.people.models import Trace

    before = sleeps(beds, beds.carla)
    stays.admit(accepted(home_of(beds, "home"), beds.carla), by=BY, at=NOW + HOUR)
    line = Trace.objects.filter(target=before.uuid, verb="checked out").get()
    assert (line.actor, line.data) == ("system:places", {"exit": "moved"})


def test_who_is_there_already_and_a_bed_for_a_night_are_offered_to_nobody_who_has_one(beds: Beds) -> None:
    sleeps(beds, beds.carla)
    asked = waiting.ask(beds.queue, beds.carla, facts={"children": False}, by=BY, at=NOW)[0]
    beds.queue.groups.set([beds.women, beds.dormitory, beds.families])
    run = runs.run(beds.queue, by=beds.dave, at=NOW)
    line = run.lines.select_related("run__rules").get()
    assert line.outcome == "no_option"
    assert "not for somebody who has a bed already (2)" in sentence(line)
    for group in (beds.women, beds.dormitory):
        with pytest.raises(rules.AlreadyHoused):
            offers.offer(asked, group, reason="by hand", by=beds.dave, at=NOW)
    assert Request.objects.get().state == "waiting"


def test_a_list_whose_rules_say_so_and_a_draw_ask_only_those_without_a_bed(beds: Beds) -> None:
    home = home_of(beds, "home")
    (of,) = home.waiting_lists.all()
    of.rule_sets.all().delete()
    rule_set(of, {**QUEUE_RULES, "offer_housed": False})
    sleeps(beds, beds.carla)
    asked = asks(home, beds.carla)
    run = runs.run(of, by=beds.dave, at=NOW)
    assert unpacked(run.snapshot, run.snapshot_hash)["left_out"] == {"paused": 0, "housed": 1}
    with pytest.raises(rules.AlreadyHoused):
        offers.offer(asked, home, reason="by hand", by=beds.dave, at=NOW)
    waiting.ask(beds.draw, beds.carla, night=TONIGHT, by=BY, at=NOW)
    drawn = runs.run(beds.draw, by=beds.dave, at=NOW, night=TONIGHT)
    assert not drawn.lines.exists()


def test_who_is_expected_in_a_place_that_lasts_is_offered_no_other(beds: Beds) -> None:
    home = home_of(beds, "home")
    stays.hold(beds.women, beds.carla, from_on=TONIGHT, until_on=None, minutes=60, by=BY, at=NOW)
    asked = asks(home, beds.carla)
    with pytest.raises(rules.AlreadyHoused):
        offers.offer(asked, home, by=BY, at=NOW)
    run = runs.run(home.waiting_lists.get(), by=BY, at=NOW)
    assert not run.lines.exists()


def test_a_bed_kept_for_tonight_is_given_back_when_they_come_into_their_home(beds: Beds) -> None:
    home = home_of(beds, "home")
    night = waiting.ask(beds.draw, beds.carla, night=TONIGHT, by=BY, at=NOW)[0]
    offers.give(night, beds.dormitory, by=BY, at=NOW)
    held = accepted(home, beds.carla)
    assert GroupNight.objects.get().used == 1
    came = stays.admit(held, by=BY, at=NOW + HOUR)
    assert (came.after, GroupNight.objects.get().used, linked(beds.carla, beds.house)) == (None, 0, False)
    night.refresh_from_db()
    assert night.state == "waiting"  # until the night is over; the engine asks nobody who has a bed
    nobody_twice()


def test_a_bed_kept_for_a_family_is_not_given_back_for_one_of_them(beds: Beds) -> None:
    home = home_of(beds, "home")
    stays.hold(
        beds.dormitory, beds.amina, members=[beds.son], people=2, from_on=TONIGHT, until_on=None, minutes=60, by=BY, at=NOW
    )  # fmt: skip
    held = accepted(home, beds.amina)
    with pytest.raises(rules.AlreadyHoused):
        stays.admit(held, by=BY, at=NOW)
    assert set(Stay.objects.values_list("state", flat=True)) == {"held"}


# ---- what happens meanwhile


def test_who_left_the_shelter_meanwhile_comes_in_as_anybody(beds: Beds) -> None:
    home = home_of(beds, "home")
    before = sleeps(beds, beds.carla)
    held = accepted(home, beds.carla)
    stays.check_out(before, "street", by=BY, at=NOW + HOUR)
    came = stays.admit(held, by=BY, at=NOW + 2 * HOUR)
    before.refresh_from_db()
    assert (came.after, before.exit, came.occupants.get().state) == (None, "street", "in")
    nobody_twice()


def test_somebody_who_comes_days_later_is_counted_in_one_place_each_night(beds: Beds) -> None:
    home = home_of(beds, "home")
    before = sleeps(beds, beds.carla)
    held = accepted(home, beds.carla)
    stays.renew(before, TONIGHT + 9 * DAY, by=BY, at=NOW + HOUR)
    came = stays.admit(held, by=BY, at=NOW + 2 * DAY)  # late: nobody else took it
    before.refresh_from_db()
    assert (before.until_on, came.from_on) == (TONIGHT + 2 * DAY, TONIGHT + 2 * DAY)
    nobody_twice()


@pytest.mark.parametrize("ending", ["decline", "withdraw", "expire", "no_show", "cancel", "lapse"])
def test_an_offer_that_comes_to_nothing_leaves_them_where_they_sleep(beds: Beds, ending: str) -> None:
    home = home_of(beds, "home")
    before = sleeps(beds, beds.carla)
    offer = offered(home, beds.carla)
    late = NOW + 5 * HOUR
    if ending in {"no_show", "cancel", "lapse"}:
        offers.accept(offer, by=BY, at=NOW)
    acts: dict[str, Any] = {
        "decline": lambda: offers.decline(offer, "person", "too_far", by=BY, at=NOW),
        "withdraw": lambda: offers.withdraw(offer, "works", by=BY, at=NOW),
        "expire": lambda: offers.expire(beds.territory, by=BY, at=late),
        "no_show": lambda: stays.no_show(offer.stays.get(), by=BY, at=NOW),
        "cancel": lambda: stays.cancel(offer.stays.get(), by=BY, at=NOW),
        "lapse": lambda: stays.sweep(beds.territory, by=BY, at=late),
    }
    acts[ending]()
    before.refresh_from_db()
    assert (before.state, offer.request.__class__.objects.get().state) == ("in", "waiting")
    assert (linked(beds.carla, beds.house), linked(beds.carla, home.site.service.organization)) == (True, False)
    assert Refusal.objects.count() == (ending == "decline")
    assert len(queries.free_places(home, from_on=TONIGHT, until_on=None, at=late)) == 1
    nobody_twice()


def test_a_hold_that_is_moved_still_leaves_their_nights_where_they_sleep(beds: Beds) -> None:
    home = home_of(beds, "home", places=2)
    before = sleeps(beds, beds.carla)
    held = accepted(home, beds.carla)
    other = Place.objects.get(label="home-1")
    moved = stays.move(held, other, by=BY, at=NOW)
    assert (moved.place, moved.occupants.get().state, linked(beds.carla, home.site.service.organization)) == (
        other, queries.UNCLAIMED, True,
    )  # fmt: skip
    with pytest.raises(rules.AlreadyHoused):
        stays.move(moved, beds.places[1], by=BY, at=NOW)
    assert stays.admit(moved, by=BY, at=NOW).after == before


def test_of_two_places_kept_for_them_they_have_the_one_where_they_came_first(beds: Beds) -> None:
    one, other = home_of(beds, "one"), home_of(beds, "other")
    before = sleeps(beds, beds.carla)
    first, second = accepted(one, beds.carla), accepted(other, beds.carla)
    came = stays.admit(first, by=BY, at=NOW + HOUR)
    with pytest.raises(rules.AlreadyHoused, match="has a place for these nights already"):
        stays.admit(second, by=BY, at=NOW + HOUR)
    second.refresh_from_db()
    assert (came.after, second.state) == (before, "held")
    later = NOW + 3 * DAY  # asked again, when everybody knows where she is: she may move
    stays.cancel(second, by=BY, at=NOW + 2 * HOUR)
    again, _token = offers.offer(Request.objects.get(waiting_list__code="other"), other, by=BY, at=later)
    offers.accept(again, by=BY, at=later)
    assert stays.admit(again.stays.get(), by=BY, at=later).after == came
    nobody_twice()


# ---- households


def test_a_household_of_which_some_sleep_elsewhere_comes_together(beds: Beds) -> None:
    home = home_of(beds, "home", unit_size=4)
    before = sleeps(beds, beds.amina)
    held = accepted(home, beds.amina, people=2)
    assert set(held.occupants.values_list("person", "state")) == {
        (one.pk, "cancelled") for one in (beds.amina, beds.son)
    }
    came = stays.admit(held, by=BY, at=NOW + DAY / 4)
    assert (came.after, came.occupants.filter(state="in").count()) == (before, 2)
    nobody_twice()


def test_who_does_not_move_stays_on_in_the_place_before(beds: Beds) -> None:
    home = home_of(beds, "home")
    before = sleeps(beds, beds.amina, beds.families, beds.son)
    came = stays.admit(accepted(home, beds.amina), by=BY, at=NOW + HOUR)
    on = Stay.objects.get(after=before, state="in", person=beds.son)
    assert (came.after, on.place, on.people, linked(beds.son, beds.house)) == (before, before.place, 1, True)
    assert not OutOfUse.objects.exists()
    nobody_twice()


def test_who_does_not_move_keeps_their_bed_of_a_dormitory(beds: Beds) -> None:
    home = home_of(beds, "home")
    sleeps(beds, beds.amina, beds.dormitory, beds.son)
    stays.admit(accepted(home, beds.amina), by=BY, at=NOW + HOUR)
    assert GroupNight.objects.get(night=TONIGHT).used == 1
    nobody_twice()


def test_a_family_from_one_room_over_two_places_comes_one_after_the_other(beds: Beds) -> None:
    home = home_of(beds, "home", places=2)
    sleeps(beds, beds.amina, beds.families, beds.son)
    offer = offers.accept(offered(home, beds.amina, people=2), by=BY, at=NOW)
    for held in offer.stays.order_by("-pk"):
        stays.admit(held, by=BY, at=NOW + HOUR)
    assert Occupant.objects.filter(state="in", stay__group=home).count() == 2
    assert not Stay.objects.filter(group=beds.families, state="in").exists()
    nobody_twice()


def test_people_kept_apart_meet_in_no_house_where_one_of_them_is_expected(beds: Beds) -> None:
    home = home_of(beds, "home", places=2)
    sleeps(beds, beds.carla)
    waiting.keep_apart(beds.carla, beds.bruno, "a threat", by=BY, at=NOW)
    accepted(home, beds.carla)
    asked = asks(home, beds.bruno)
    with pytest.raises(rules.NoRoom):
        offers.offer(asked, home, by=BY, at=NOW)
    run = runs.run(home.waiting_lists.get(), by=BY, at=NOW)
    assert [line.outcome for line in run.lines.all()] == ["no_option"]


# ---- tonight


def test_tonight_proposes_no_bed_of_a_night_to_who_has_one_and_passes_nobody_over_who_has(beds: Beds) -> None:
    beds.queue.groups.set([beds.dormitory, beds.women])
    sleeps(beds, beds.carla)
    stays.hold(beds.dormitory, beds.amina, from_on=TONIGHT, until_on=None, minutes=60, by=BY, at=NOW)
    for person, days in ((beds.carla, 3), (beds.amina, 2), (beds.bruno, 1)):
        waiting.ask(beds.queue, person, facts={"children": False}, by=BY, at=NOW - days * DAY)
    (kept,) = [one for one in tonight.lists_kept(beds.territory, [beds.dispatch.pk], at=NOW) if one.kind == "queue"]
    first = tonight.of_list(beds.territory, kept, at=NOW).queue
    assert first is not None
    may = {one.request.person_id: [group.pk for group in one.may] for one in first.first}
    assert may == {beds.carla.pk: [], beds.amina.pk: [beds.women.pk], beds.bruno.pk: [beds.dormitory.pk]}
    groups = tonight.groups_tonight(PlaceGroup.objects.filter(waiting_lists=beds.queue), on=TONIGHT, at=NOW)
    assert tonight.open_to(Request.objects.get(person=beds.carla), kept, groups, on=TONIGHT, at=NOW) == []
    offers.offer(Request.objects.get(person=beds.bruno), beds.dormitory, by=beds.dave, at=NOW)
    assert not PassedOver.objects.exists()


# ---- promises


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(st.sampled_from(["offer", "accept", "admit", "out", "in", "renew", "tick"]), st.integers(0, 1)), max_size=14
    )
)  # fmt: skip
def test_whatever_happens_in_whatever_order_nobody_sleeps_in_two_places(
    beds: Beds, steps: list[tuple[str, int]]
) -> None:
    from django.db import transaction

    with transaction.atomic():
        _live(beds, steps)
        transaction.set_rollback(True)


def _live(beds: Beds, steps: list[tuple[str, int]]) -> None:
    homes = [home_of(beds, "one"), home_of(beds, "other")]
    asked = [asks(home, beds.carla) for home in homes]
    at = NOW
    for what, which in steps:
        at += timedelta(minutes=20)
        mine = Stay.objects.filter(offer__request=asked[which]).order_by("-pk")
        here = Stay.objects.filter(state="in", occupants__person=beds.carla).first()
        day: date = queries.night(beds.territory, at) + (1 + which) * DAY
        try:
            match what:
                case "offer":
                    asked[which].refresh_from_db()
                    offers.offer(asked[which], homes[which], reason="by hand", by=BY, at=at)
                case "accept":
                    for one in Offer.objects.filter(request=asked[which], state="open"):
                        offers.accept(one, by=BY, at=at)
                case "admit":
                    for stay in mine[:1]:
                        stays.admit(stay, by=BY, at=at)
                case "out" if here:
                    stays.check_out(here, "street", by=BY, at=at)
                case "in":
                    group = (beds.women, beds.dormitory)[which]
                    held = stays.hold(
                        group, beds.carla, from_on=day - (1 + which) * DAY, until_on=None, minutes=30, by=BY, at=at
                    )
                    stays.admit(held[0], by=BY, at=at)
                case "renew" if here:
                    stays.renew(here, day, by=BY, at=at)
                case "tick":
                    at += HOUR
                    offers.expire(beds.territory, by=BY, at=at)
                    stays.sweep(beds.territory, by=BY, at=at)
        except rules.Refused:
            pass
        nobody_twice()


@pytest.mark.parametrize("turns", [True, False])
def test_two_houses_that_let_them_in_at_one_moment(
    transactional_db: None, turns: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first wins; the other is told so in a sentence. Without turns too: then the database alone says it."""
    from maillage.directory.models import Service
    from tests import testland

    if not turns:
        monkeypatch.setattr(claims, "take_turn", lambda territory: None)
    territory = testland.build()
    here = attack.ground(territory, Service.objects.get(code="open-door"))
    group = PlaceGroup.objects.select_related("site").get(pk=here.group)
    shelter = PlaceGroup.objects.create(site=group.site, code="shelter")
    people = list(Person.objects.filter(pk__in=here.persons[:6]))
    Place.objects.bulk_create(Place(group=shelter, label=str(n)) for n in range(len(people)))
    for person in people:
        held = stays.hold(shelter, person, from_on=TONIGHT, until_on=None, minutes=60, by=BY, at=NOW)[0]
        stays.admit(held, by=BY, at=NOW)
    kept: list[list[int]] = []
    for code in ("one", "other"):
        of = WaitingList.objects.create(territory=territory, code=code)
        of.groups.add(group)
        made = [
            offers.give(waiting.ask(of, one, by=BY, at=NOW)[0], group, reason="attack", by=BY, at=NOW) for one in people
        ]
        kept.append([one.stays.get().pk for one in made])

    def admitting(keys: list[int]) -> Any:
        def act() -> list[str]:
            told = []
            for key in keys:
                try:
                    stays.admit(Stay.objects.get(pk=key), by=BY, at=NOW + HOUR)
                    told.append("done")
                except rules.Refused:
                    told.append("refused")
            return told

        return act

    told = attack.at_once(*[admitting(keys) for keys in kept])
    assert not [word for one in told for word in one if word.startswith("failed")]
    assert (sum(one["done"] for one in told), sum(one["refused"] for one in told)) == (6, 6)
    assert Stay.objects.filter(group=shelter, state="out", exit="moved").count() == 6
    assert attack.doubles() == 0
    nobody_twice()


def test_what_was_moved_meanwhile_is_said(beds: Beds, monkeypatch: pytest.MonkeyPatch) -> None:
    sleeps(beds, beds.carla)
    held = accepted(home_of(beds, "home"), beds.carla)
    monkeypatch.setattr(claims, "end", lambda *said, **more: False)
    with pytest.raises(rules.Refused, match="in the meantime"):
        stays.admit(held, by=BY, at=NOW)
    assert moving.coming(held) == [beds.carla.pk]
