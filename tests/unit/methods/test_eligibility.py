"""Three-valued eligibility: each sentence of its docstrings, and the properties that people rely on."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from maillage.methods import eligibility
from maillage.methods.eligibility import FALSE, FEW, TRUE, UNKNOWN, Packed, holds, signature

OPS = ("eq", "ne", "in", "gte", "lte", "between", "like")
EFFECTS = ("require", "exclude", "prefer")
scalars = st.one_of(st.booleans(), st.integers(-3, 3), st.sampled_from(["", "a", "b"]), st.floats(-3, 3))
targets = st.one_of(scalars, st.none(), st.lists(st.one_of(scalars, st.none()), max_size=3))
rules = st.tuples(st.sampled_from(OPS), targets, st.sampled_from(EFFECTS))
signatures = st.lists(rules, max_size=4).map(signature)
known = st.one_of(st.booleans(), st.floats(-4, 4), st.sampled_from(["", "a", "b", "c"]))
CRITERIA = ("x", "y", "z")


@st.composite
def directories(draw: st.DrawFn) -> tuple[np.ndarray, list[list[eligibility.Signature]]]:
    """A few signatures for each criterion, numbered, and rows that use them."""
    numbered = [[(), *draw(st.lists(signatures, max_size=4))] for _ in CRITERIA]
    count = draw(st.integers(0, 140))
    column = [st.lists(st.integers(0, len(n) - 1), min_size=count, max_size=count) for n in numbered]
    return np.array([draw(c) for c in column], np.uint16).reshape(len(CRITERIA), count), numbered


facts = st.dictionaries(st.sampled_from(CRITERIA), known)


@pytest.mark.parametrize(
    ("op", "target", "value", "expected"),
    [
        ("eq", True, True, TRUE),
        ("eq", True, False, FALSE),
        ("eq", 18, 18.0, TRUE),
        ("eq", "woman", "man", FALSE),
        ("ne", "man", "woman", TRUE),
        ("in", ["none", "asylum"], "none", TRUE),
        ("in", ["none", "asylum"], "resident", FALSE),
        ("in", "none", "none", TRUE),
        ("gte", 18, 18, TRUE),
        ("gte", 18, 17.9, FALSE),
        ("lte", 25, 25, TRUE),
        ("lte", 25, 26, FALSE),
        ("between", [18, 25], 18, TRUE),
        ("between", [18, 25], 30, FALSE),
        ("between", [None, 25], 3, TRUE),
        ("between", [60, None], 59, FALSE),
    ],
)
def test_each_operator_answers_with_its_bounds_included(op, target, value, expected):
    assert holds(signature([(op, target, "require")]), value) == expected
    assert holds(signature([(op, target, "exclude")]), value) == TRUE - expected
    assert holds(signature([(op, target, "prefer")]), value) == TRUE


@pytest.mark.parametrize(
    ("op", "target", "value"),
    [
        ("eq", True, 1.0),
        ("eq", 1, "1"),
        ("in", [], "none"),
        ("in", ["none", 3], "resident"),
        ("gte", "18", 20),
        ("lte", True, 20),
        ("gte", 18, True),
        ("between", [25, 18], 20),
        ("between", [18], 20),
        ("between", [None, None], 20),
        ("between", 18, 20),
        ("gte", 18, math.nan),
        ("gte", 18, "twenty"),
        ("like", "w%", "woman"),
        ("eq", {"odd": 1}, True),
        ("gte", 10**400, 20),
    ],
)
def test_a_rule_that_cannot_be_read_is_unknown_and_excludes_nobody(op, target, value):
    for effect in ("require", "exclude", "oblige"):
        assert holds(signature([(op, target, effect)]), value) == UNKNOWN


def test_a_fact_that_is_not_known_leaves_a_doubt_only_where_there_is_a_rule():
    assert holds((), None) == TRUE
    assert holds(signature([("eq", True, "prefer")]), None) == TRUE
    assert holds(signature([("eq", True, "require")]), None) == UNKNOWN
    assert holds(signature([("eq", True, "exclude")]), None) == UNKNOWN


def test_a_preference_is_told_apart_from_a_condition():
    likes = signature([("lte", 25, "prefer"), ("eq", "x", "require")])
    assert eligibility.preferred(likes, 20.0) is True
    assert eligibility.preferred(likes, 30.0) is False
    assert eligibility.preferred(likes, None) is None
    assert eligibility.preferred((), 20.0) is None


def test_possible_values_tell_apart_everybody_that_the_rules_tell_apart():
    ages = [(), signature([("between", [18, 25], "require")]), signature([("gte", 60, "require")])]
    assert eligibility.possible_values(ages) == (17.0, 18.0, 21.5, 25.0, 42.5, 60.0, 61.0)
    assert eligibility.possible_values([signature([("eq", True, "require")])]) == (False, True)
    assert eligibility.possible_values([signature([("in", ["b", "a"], "require")])]) == ("a", "b", "")
    assert eligibility.possible_values([()]) == ()


def test_true_and_one_are_two_different_rules():
    assert len(signature([("eq", True, "require"), ("eq", 1, "require")])) == 2


@given(st.lists(rules, max_size=4))
def test_a_signature_does_not_depend_on_order_or_repetition(given_rules):
    assert signature(given_rules) == signature([*reversed(given_rules), *given_rules])


@given(signatures, known)
def test_every_rule_gets_an_answer_and_never_an_exception(rules, value):
    assert holds(rules, value) in (FALSE, UNKNOWN, TRUE)
    assert holds(rules, None) in (UNKNOWN, TRUE)


@given(signatures, signatures, known)
def test_one_more_rule_never_makes_a_verdict_better(first, second, value):
    assert holds(signature([*first, *second]), value) == min(holds(first, value), holds(second, value))


def judge_plainly(numbers, numbered, known_facts):
    """The definition, row by row: verdict, count against, and who is alone."""
    found = []
    for row in numbers.T.tolist():
        each = [holds(numbered[c][n], known_facts.get(CRITERIA[c])) for c, n in enumerate(row)]
        found.append(each)
    return found


def lookups_of(numbered, known_facts):
    return [eligibility.lookup(n, known_facts.get(c)) for c, n in zip(CRITERIA, numbered, strict=True)]


@given(directories(), facts, st.data())
def test_rows_and_sets_of_bits_say_what_the_plain_rules_say(directory, known_facts, data):
    numbers, numbered = directory
    count = numbers.shape[1]
    mask = np.array(data.draw(st.lists(st.booleans(), min_size=count, max_size=count)), np.bool_)
    plain = judge_plainly(numbers, numbered, known_facts)
    shown = [each for each, is_shown in zip(plain, mask.tolist(), strict=True) if is_shown]
    for found in (
        eligibility.verdicts(numbers, lookups_of(numbered, known_facts), mask),
        Packed(numbers).verdicts(lookups_of(numbered, known_facts), mask),
    ):
        assert found.verdict.tolist() == [min(each) for each in plain]
        assert found.false_count.tolist() == [min(each.count(FALSE), 2) for each in plain]
        for c in range(len(CRITERIA)):
            assert found.sole_blocker[c] == sum(e[c] == FALSE and e.count(FALSE) == 1 for e in shown)
            assert found.sole_unknown[c] == sum(e[c] == UNKNOWN and sorted(e)[:2] == [1, 2] for e in shown)


@given(directories(), facts)
def test_an_answer_changes_exactly_the_rows_that_splits_counts(directory, known_facts):
    numbers, numbered = directory
    packed = Packed(numbers)
    judged = packed.judge(lookups_of(numbered, known_facts))
    unknown = [c for c, criterion in enumerate(CRITERIA) if criterion not in known_facts]
    values = {c: eligibility.possible_values(numbered[c]) for c in unknown}
    tables = {c: [eligibility.lookup(numbered[c], value) for value in values[c]] for c in unknown}
    before = packed.verdicts(lookups_of(numbered, known_facts)).verdict
    for c, counts in packed.splits(judged, tables).items():
        for value, changed in zip(values[c], counts, strict=True):
            after = packed.verdicts(lookups_of(numbered, {**known_facts, CRITERIA[c]: value})).verdict
            assert changed == int((after != before).sum())


@given(directories(), facts, st.sampled_from(CRITERIA), known)
def test_a_new_fact_never_brings_back_what_another_rule_excludes(directory, known_facts, criterion, value):
    numbers, numbered = directory
    before = {name: fact for name, fact in known_facts.items() if name != criterion}
    packed = Packed(numbers)
    first = packed.verdicts(lookups_of(numbered, before)).verdict
    then = packed.verdicts(lookups_of(numbered, {**before, criterion: value})).verdict
    assert not (then[first == FALSE] != FALSE).any()
    assert (then[first == TRUE] == TRUE).all()  # what fitted without the fact did not depend on it


@given(directories())
def test_unknown_never_excludes(directory):
    numbers, numbered = directory
    assert (Packed(numbers).verdicts(lookups_of(numbered, {})).verdict >= UNKNOWN).all()


def test_many_signatures_are_judged_row_by_row_with_the_same_answer():
    numbered = [[(), *(signature([("gte", n, "require")]) for n in range(FEW + 40))]]
    numbers = np.arange(FEW + 41, dtype=np.uint16).reshape(1, -1)
    tables = [eligibility.lookup(numbered[0], 100.0)]
    ours = Packed(numbers).verdicts(tables)
    assert ours.verdict.tolist() == eligibility.verdicts(numbers, tables).verdict.tolist()
    assert ours.sole_blocker.tolist() == [FEW + 39 - 100]


def test_no_criterion_and_no_row_are_answered_too():
    assert Packed(np.zeros((0, 3), np.uint16)).verdicts([]).verdict.tolist() == [TRUE] * 3
    assert eligibility.verdicts(np.zeros((0, 3), np.uint16), []).verdict.tolist() == [TRUE] * 3
    assert Packed(np.zeros((1, 0), np.uint16)).verdicts([eligibility.lookup([()], None)]).verdict.tolist() == []
