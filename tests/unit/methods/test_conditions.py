"""Conditions of a right: what is known decides, what is not known never excludes."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from maillage.methods.conditions import (
    Condition,
    Test,
    changes,
    criteria_of,
    judged,
    unsettled,
    weighed,
    worth_asking,
)
from maillage.methods.eligibility import FALSE, TRUE, UNKNOWN, signature

CRITERIA = ("a", "b", "c")
VALUES = st.sampled_from([True, False])
TESTS = st.one_of(
    st.just(Test()),
    st.builds(
        lambda criterion, op, value, supports: Test(criterion, signature([(op, value, "require")]), supports),
        st.sampled_from(CRITERIA), st.sampled_from(["eq", "ne"]), VALUES, st.booleans(),
    ),
)  # fmt: skip
CONDITIONS = st.lists(st.lists(TESTS, max_size=3).map(tuple), max_size=4).map(tuple)
FACTS = st.dictionaries(st.sampled_from(CRITERIA), VALUES)


def is_true(criterion: str, *, supports: bool = True) -> Test:
    return Test(criterion, signature([("eq", True, "require")]), supports)


def test_every_group_must_hold_and_one_test_of_a_group_is_enough() -> None:
    condition: Condition = ((is_true("a"), is_true("b")), (is_true("c"),))
    assert judged(condition, {"a": False, "b": True, "c": True}) == TRUE
    assert judged(condition, {"a": False, "b": False}) == FALSE
    assert judged(condition, {"c": True}) == UNKNOWN
    assert judged((), {}) == TRUE
    assert judged(((),), {}) == FALSE


def test_what_nobody_is_asked_stays_to_verify() -> None:
    condition: Condition = ((is_true("a"),), (Test(),))
    assert judged(condition, {"a": True}) == UNKNOWN
    assert unsettled(condition, {"a": True}) == ((Test(),),)
    assert criteria_of(condition) == ("a",)


def test_only_what_says_something_supports() -> None:
    condition: Condition = ((is_true("a", supports=False),), (is_true("b"), is_true("c")))
    assert weighed(condition, {"a": True}) == (UNKNOWN, 0)
    assert weighed(condition, {"a": True, "b": True, "c": True}) == (TRUE, 1)
    assert weighed(condition, {"a": False, "b": True}) == (FALSE, 0)


@given(CONDITIONS, FACTS, st.sampled_from(CRITERIA), VALUES)
def test_one_more_known_fact_never_turns_no_into_perhaps(
    condition: Condition, facts: dict[str, bool], criterion: str, value: bool
) -> None:
    before = judged(condition, facts)
    after = judged(condition, {criterion: value, **facts})
    assert before == UNKNOWN or after == before


@given(CONDITIONS, FACTS)
def test_it_is_the_worst_of_the_best(condition: Condition, facts: dict[str, bool]) -> None:
    groups = [max((test.said(facts) for test in group), default=FALSE) for group in condition]
    assert judged(condition, facts) == min(groups, default=TRUE)


@given(st.lists(CONDITIONS, max_size=4), FACTS, st.sets(st.sampled_from(CRITERIA)), st.sets(st.sampled_from(CRITERIA)))
def test_nothing_is_asked_whose_answer_would_change_no_verdict(
    conditions: list[Condition], facts: dict[str, bool], askable: set[str], never: set[str]
) -> None:
    found: dict[str, Any] = worth_asking(conditions, facts, askable, never=never)
    assert set(found) <= askable - never - set(facts)
    for criterion in CRITERIA:
        moved = sum(
            any(judged(one, {**facts, criterion: value}) != judged(one, facts) for value in (True, False))
            for one in conditions
        )
        if criterion in found:
            assert found[criterion] == moved > 0
        elif criterion in askable and criterion not in never and criterion not in facts:
            assert moved == 0


@given(CONDITIONS, FACTS)
def test_a_known_criterion_changes_nothing(condition: Condition, facts: dict[str, bool]) -> None:
    assert not any(changes(condition, facts, criterion) for criterion in facts)
