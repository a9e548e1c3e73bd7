"""What was missing becomes a count that says nothing of anybody."""

from __future__ import annotations

from datetime import date

import pytest

from maillage.orientation.actions import unmet as actions
from maillage.orientation.models import UnmetNeed
from maillage.orientation.queries import vocabulary
from maillage.orientation.rules import unmet_cause
from maillage.orientation.unmet import Asked, offers, unmet
from tests.testland import NOW

DAY = date(2026, 11, 3)
TODAY = date(2026, 11, 20)
ASKED = Asked((2026, 9), (2026, 11))


@pytest.fixture
def miss(land):
    def miss(times: int = 1, need: str = "emergency-shelter", cause: str = "empty", on: date = DAY, **said):
        for _ in range(times):
            actions.count_unmet(land, cause, needs=[need] if need else [], on=on, **said)

    return miss


def test_the_same_thing_missed_twice_is_one_row_that_counts_two(miss):
    miss(2, area="north")
    assert UnmetNeed.objects.get().count == 2


def test_each_need_that_was_said_counts(land):
    actions.count_unmet(land, "full", needs=["emergency-shelter", "psychologist"], on=DAY)
    assert set(UnmetNeed.objects.values_list("need", flat=True)) == {"emergency-shelter", "psychologist"}


def test_a_row_that_somebody_else_just_made_counts_too(land, miss, monkeypatch):
    from django.db.models import QuerySet

    miss()
    real, missed = QuerySet.update, []

    def late(self, **values):
        if not missed:
            missed.append(True)
            return 0
        return real(self, **values)

    monkeypatch.setattr(QuerySet, "update", late)
    miss()
    assert UnmetNeed.objects.get().count == 2


def test_fewer_than_the_smallest_cell_is_shown_nowhere(land, miss):
    miss(4, area="north")
    found = unmet(vocabulary(land), ASKED, today=TODAY)
    assert found.smallest == 5
    assert found.total == 0
    assert not any(found.lines.values())  # that a line is there would say that somebody is


def test_counts_are_told_by_need_area_cause_and_month(land, miss):
    miss(12, area="north", on=DAY)
    miss(7, area="south", need="housing-advice", on=date(2026, 9, 30))
    found = unmet(vocabulary(land), ASKED, today=TODAY)
    assert [(line.code, line.total) for line in found.lines["area"]] == [("north", 10), ("south", 5)]
    assert [(line.code, line.total) for line in found.lines["need"]] == [("housing", 15)]
    assert found.by_step == (5, 0, 10)
    inside = unmet(vocabulary(land), Asked(*ASKED.months[::2], need="housing"), today=TODAY)
    assert {line.code for line in inside.lines["need"]} == {"emergency-shelter", "housing-advice"}
    one = unmet(vocabulary(land), Asked(*ASKED.months[::2], area="south", need="housing-advice"), today=TODAY)
    assert (one.total, [line.code for line in one.lines["need"]]) == (5, ["housing-advice"])


def test_today_is_not_told_and_old_needs_keep_their_code(land, miss):
    miss(20, on=TODAY)
    miss(6, need="no-longer-in-the-tree")
    found = unmet(vocabulary(land), ASKED, today=TODAY)
    assert [(line.code, line.total) for line in found.lines["need"]] == [("no-longer-in-the-tree", 5)]


def test_weeks_begin_on_their_monday_and_stop_at_this_one(land, miss):
    miss(7, on=date(2026, 11, 1))  # a Sunday: the week of October 26
    miss(6, on=date(2026, 11, 16))
    found = unmet(vocabulary(land), Asked((2026, 11), (2026, 11), by="week"), today=TODAY)
    assert [step.isoformat() for step in found.steps] == ["2026-10-26", "2026-11-02", "2026-11-09", "2026-11-16"]
    assert found.by_step == (5, 0, 0, 5)
    assert len(Asked((2000, 1), (2026, 11), by="week").steps(TODAY)) == 53
    assert Asked((2026, 12), (2026, 12)).steps(TODAY) == (date(2026, 12, 1),)


def test_what_a_room_above_counted_stands_beside_it_under_the_same_protection(land, miss):
    miss(5, area="north", cause="full")
    more = [
        ("emergency-shelter", "north", "no_place", "families", "", DAY, 11),
        ("emergency-shelter", "south", "no_place", "families", "", DAY, 3),
        ("psychologist", "north", "rule", "", "", DAY, 50),
        ("emergency-shelter", "north", "no_place", "", "", TODAY, 99),  # today
        ("emergency-shelter", "north", "no_place", "", "", date(2020, 1, 1), 99),  # too old
    ]
    found = unmet(vocabulary(land), Asked(*ASKED.months[::2], need="housing"), today=TODAY, more=more)
    assert {line.code: line.total for line in found.lines["cause"]} == {"no_place": 10, "full": 5}
    assert {line.code: line.total for line in found.lines["area"]} == {"north": 15}
    narrow = unmet(vocabulary(land), Asked(*ASKED.months[::2], cause="rule"), today=TODAY, more=more)
    assert [line.code for line in narrow.lines["need"]] == ["health"]


def test_three_years_are_enough():
    assert len(Asked((2000, 1), (2026, 11)).months) == 36


def test_the_offer_stands_beside_it(land):
    told = offers(vocabulary(land), ["emergency-shelter", "nothing-here"], area="north", at=NOW)
    shelter = told["emergency-shelter"]
    assert shelter.services > 1
    assert shelter.say_room <= shelter.services
    assert shelter.nearest_km is not None
    assert told["nothing-here"].services == 0
    assert told["nothing-here"].nearest_km is None


@pytest.mark.parametrize(
    ("said", "cause"),
    [
        ({"total": 0}, "empty"),
        ({"total": 2, "fits": 2, "room": ["no-capacity", "waitlist"]}, "full"),
        ({"total": 2, "fits": 2, "room": ["capacity", "no-capacity"]}, ""),
        ({"total": 2, "fits": 1, "room": ["", ""], "openness": [False, False], "has_window": True}, "closed"),
        ({"total": 3, "fits": 1, "room": ["", ""], "openness": [False, False], "has_window": True}, ""),
        ({"total": 1, "room": [""], "declined": 1}, "unverified"),
        ({"total": 1, "room": [""]}, ""),
    ],
)
def test_why_a_need_is_unmet(said, cause):
    nothing = {"fits": 0, "room": [], "openness": [None], "has_window": False, "declined": 0}
    assert unmet_cause(**{**nothing, **said}) == cause
