"""How long a record stays true: dates, the contract on the tree of needs, and the same answer from the database."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maillage.directory import contracts, freshness
from maillage.directory.freshness import Contract
from maillage.directory.models import Service
from maillage.directory.search.cards import card
from maillage.territory.models import Territory
from tests.testland import NOW

days = st.dates(date(1900, 1, 1), date(2200, 12, 31))
months = st.sampled_from(freshness.MONTHS)


@pytest.mark.parametrize(
    ("confirmed", "count", "due"),
    [
        (date(2026, 1, 31), 1, date(2026, 2, 28)),
        (date(2024, 1, 31), 1, date(2024, 2, 29)),
        (date(2026, 11, 20), 3, date(2027, 2, 20)),
        (date(2026, 8, 31), 6, date(2027, 2, 28)),
        (date(2026, 12, 1), 16, date(2028, 4, 1)),
        (date(9999, 12, 1), 3, date.max),
    ],
)
def test_a_contract_ends_that_many_months_later(confirmed: date, count: int, due: date) -> None:
    assert freshness.due_on(confirmed, count) == due


@given(confirmed=days, on=days, count=months)
def test_what_is_due_is_told_the_same_from_both_sides(confirmed: date, on: date, count: int) -> None:
    assert (freshness.due_on(confirmed, count) <= on) == (confirmed <= freshness.last_due(on, count))


@given(confirmed=days, later=st.integers(0, 2000), count=months)
def test_a_record_only_grows_older(confirmed: date, later: int, count: int) -> None:
    order = [freshness.FRESH, freshness.DUE, freshness.STALE]
    one = freshness.state(confirmed, count, on=confirmed + timedelta(days=later))
    next_day = freshness.state(confirmed, count, on=confirmed + timedelta(days=later + 1))
    assert order.index(one) <= order.index(next_day)


@given(confirmed=days, count=months)
def test_it_is_due_on_the_day_the_contract_ends_and_stale_when_nobody_answered(confirmed: date, count: int) -> None:
    end = freshness.due_on(confirmed, count)
    assert freshness.state(confirmed, count, on=end - timedelta(days=1)) == freshness.FRESH
    assert freshness.state(confirmed, count, on=end) == freshness.DUE
    assert freshness.state(confirmed, count, on=end + timedelta(days=27)) == freshness.DUE
    assert freshness.state(confirmed, count, on=end + timedelta(days=28)) == freshness.STALE


def test_what_nobody_confirmed_says_so_whatever_its_kind() -> None:
    assert freshness.state(None, 1, on=date(2026, 1, 1)) == freshness.NEVER


def test_the_first_days_of_the_calendar_do_not_break_it() -> None:
    assert freshness.last_due(date(1, 1, 15), 3) == date.min


PARENTS = {"shelter": "housing", "night": "shelter", "housing": ""}


@pytest.mark.parametrize(
    ("needs", "own", "expected"),
    [
        (["night"], None, 1),  # from its parent
        (["housing"], None, 12),  # nothing above it says anything
        (["hospital"], None, 16),
        (["hospital", "night"], None, 1),  # the shortest
        (["hospital", "housing"], None, 12),
        (["night"], 6, 6),  # the service says it of itself
        ([], None, 12),
        (["unheard-of"], None, 12),
    ],
)
def test_a_need_takes_what_its_nearest_parent_says(needs: list[str], own: int | None, expected: int) -> None:
    assert Contract(12, {"shelter": 1, "hospital": 16}, PARENTS).months(needs, own) == expected


def test_a_tree_in_a_circle_ends_at_the_default() -> None:
    assert Contract(12, {}, {"a": "b", "b": "a"}).of_need("a") == 12
    assert freshness.below(["a"], {"a": "b", "b": "a"}) == {"a", "b"}


def test_what_the_pack_does_not_say_of_reminders_is_ours() -> None:
    assert freshness.rhythm({}) == freshness.Rhythm(14, 28, 30, 200)
    assert freshness.rhythm({"reminders": {"again_days": 7, "assume": True}}).again_days == 7


@pytest.mark.parametrize(
    "said", [{"default": 12}, {"default": 6, "housing": 1}, {"default": 6, "housing": 12, "emergency-shelter": 3}]
)
def test_the_database_gives_the_same_states(testland: Territory, said: dict[str, int]) -> None:
    testland.content["freshness_months"] = said
    testland.save()
    on = NOW.date()
    services = list(Service.objects.filter(territory=testland).order_by("id"))
    for age, service in enumerate(services):
        service.confirmed_on = on - timedelta(days=age * 39) if age else None
        service.update_months = 1 if age == 1 else None
        service.save()
    contract = contracts.contract_of(testland)
    expected = {
        service.pk: freshness.state(
            service.confirmed_on,
            contract.months(service.service_terms.values_list("term__code", flat=True), service.update_months),
            on=on,
        )
        for service in services
    }
    told = Service.objects.annotate(freshness=contracts.state(testland, on=on)).values_list("id", "freshness")
    assert dict(told) == expected
    assert len(set(expected.values())) >= 3


def test_rank_and_card_use_the_contract_of_the_kind(testland: Territory) -> None:
    from maillage.directory.search import index, memory

    testland.content["freshness_months"] = {"default": 12, "housing": 1}
    testland.save()
    memory.forget()
    index.reindex(testland)
    shelter = Service.objects.get(code="women-haven")
    tea = Service.objects.get(code="tea-hour")
    assert (card(shelter.uuid).months, card(tea.uuid).months) == (1, 12)  # type: ignore[union-attr]
    assert set(memory.memory(testland).months.tolist()) == {1, 12}
