"""Each rule is a pair: what one refuses with a sentence, the other answers no."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Callable
from datetime import datetime

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from maillage.people import rules
from maillage.people.models import Role

ROLES = st.sampled_from([role.value for role in Role])
STANDINGS = st.builds(rules.Standing, st.frozensets(ROLES), st.frozensets(ROLES), st.booleans())
PAIRS = [
    (rules.can_create_organization, rules.check_can_create_organization),
    (rules.can_see_confidential_place, rules.check_can_see_confidential_place),
]


def test_the_rules_know_every_role() -> None:
    assert {role.value for role in Role} == rules.WHOLE_TERRITORY | rules.INSIDE


@pytest.mark.parametrize(("can", "check"), PAIRS)
@given(standing=STANDINGS)
def test_a_pair_says_the_same(
    can: Callable[[rules.Standing], bool], check: Callable[[rules.Standing], None], standing: rules.Standing
) -> None:
    if can(standing):
        check(standing)
    else:
        with pytest.raises(rules.NotAllowed, match=r"\.$"):
            check(standing)


@given(STANDINGS, ROLES, st.booleans())
def test_a_role_can_be_given_or_the_refusal_is_a_sentence(standing: rules.Standing, role: str, inside: bool) -> None:
    if rules.can_give_role(standing, role, in_organization=inside):
        rules.check_can_give_role(standing, role, in_organization=inside)
    else:
        with pytest.raises(rules.NotAllowed, match=r"\.$"):
            rules.check_can_give_role(standing, role, in_organization=inside)


@given(STANDINGS, st.booleans())
def test_nobody_but_an_administrator_of_the_territory_gives_a_role_of_the_territory(
    standing: rules.Standing, inside: bool
) -> None:
    given_roles = rules.roles_to_give(standing, in_organization=inside)
    if not standing.administers:
        assert not given_roles & {rules.MODERATOR, rules.COORDINATOR}
        assert inside or not given_roles
    assert given_roles <= (rules.INSIDE if inside else rules.WHOLE_TERRITORY)


@given(STANDINGS)
def test_a_coordinator_makes_nobody_more_powerful(standing: rules.Standing) -> None:
    if not standing.administers and rules.ADMINISTRATOR not in standing.here:
        assert rules.ADMINISTRATOR not in rules.roles_to_give(standing, in_organization=True)


@given(STANDINGS, st.booleans())
def test_the_right_to_see_confidential_places_is_given_by_an_administrator_and_never_to_oneself(
    standing: rules.Standing, to_oneself: bool
) -> None:
    may = rules.can_open_confidential_places(standing, to_oneself=to_oneself)
    assert may == (not to_oneself and rules.ADMINISTRATOR in standing.here | standing.territory)
    if may:
        rules.check_can_open_confidential_places(standing, to_oneself=to_oneself)
    else:
        with pytest.raises(rules.NotAllowed, match=r"\.$"):
            rules.check_can_open_confidential_places(standing, to_oneself=to_oneself)


@given(st.datetimes(), st.integers(1, 120))
def test_a_membership_ends_on_the_same_day_of_the_month_or_on_its_last_one(start: datetime, months: int) -> None:
    assume(start.year < 9000)
    end = rules.ends_at(start, months)
    assert (end.year * 12 + end.month) - (start.year * 12 + start.month) == months
    assert end.day == min(start.day, monthrange(end.year, end.month)[1])


@pytest.mark.parametrize("can", [can for can, _ in PAIRS])
def test_who_holds_nothing_may_nothing(can: Callable[[rules.Standing], bool]) -> None:
    assert not can(rules.Standing(sees_confidential_places=True))


def test_an_administrator_does_not_see_confidential_places_by_office() -> None:
    assert not rules.can_see_confidential_place(rules.Standing(territory=frozenset({rules.ADMINISTRATOR})))
