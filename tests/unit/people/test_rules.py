"""Each rule is a pair: what one refuses with a sentence, the other answers no."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maillage.people import rules
from maillage.people.models import Role

ROLES = st.sampled_from([role.value for role in Role])
STANDINGS = st.builds(rules.Standing, st.frozensets(ROLES), st.frozensets(ROLES), st.booleans())
PAIRS = [
    (rules.can_create_organization, rules.check_can_create_organization),
    (rules.can_edit_organization, rules.check_can_edit_organization),
    (rules.can_see_confidential_place, rules.check_can_see_confidential_place),
]


def test_the_rules_know_every_role() -> None:
    assert {role.value for role in Role} == rules.WHOLE_TERRITORY | rules.NEEDS_ORGANIZATION


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
    possible = rules.can_give_role(standing, role, in_organization=inside)
    if possible and (inside or role not in rules.NEEDS_ORGANIZATION):
        rules.check_can_give_role(standing, role, in_organization=inside)
    else:
        with pytest.raises(rules.NotAllowed):
            rules.check_can_give_role(standing, role, in_organization=inside)


@pytest.mark.parametrize("can", [can for can, _ in PAIRS])
def test_who_holds_nothing_may_nothing(can: Callable[[rules.Standing], bool]) -> None:
    assert not can(rules.Standing(sees_confidential_places=True))


def test_an_administrator_does_not_see_confidential_places_by_office() -> None:
    assert not rules.can_see_confidential_place(rules.Standing(territory=frozenset({rules.ADMINISTRATOR})))
