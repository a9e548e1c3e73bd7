"""Conditions of a right: groups of tests of which one must hold, judged when part of the situation is unknown.

A condition is a conjunction of groups, a group a disjunction of tests (conjunctive normal form); both by Kleene's strong
logic as in `eligibility`: and = minimum, or = maximum. A test without a criterion is one that nobody is asked about
(a debt, a diploma, a lease): it stays unknown, so that it neither opens a right nor closes it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from maillage.methods.eligibility import FALSE, TRUE, UNKNOWN, Signature, Value, holds, possible_values

Facts = Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class Test:
    """What must be true of the person. `supports`: that it holds is a reason to think of this right (being an adult is none)."""

    __test__ = False  # not one of pytest's

    criterion: str = ""  # "": nobody is asked
    rules: Signature = ()
    supports: bool = True

    def said(self, facts: Facts) -> int:
        value = facts.get(self.criterion)
        return UNKNOWN if value is None else holds(self.rules, value)


Group = tuple[Test, ...]  # one of these must hold; a group without a test never does
Condition = tuple[Group, ...]  # every group must hold; () asks nothing


def group_said(group: Group, facts: Facts) -> int:
    """TRUE, FALSE or UNKNOWN: the best of the tests."""
    return max((test.said(facts) for test in group), default=FALSE)


def judged(condition: Condition, facts: Facts) -> int:
    """TRUE, FALSE or UNKNOWN: the worst of the groups. A fact that becomes known never turns FALSE into anything else,
    nor TRUE; it can only settle what was UNKNOWN."""
    return weighed(condition, facts)[0]


def weighed(condition: Condition, facts: Facts) -> tuple[int, int]:
    """What `judged` says, and how many groups hold by something known that says something (0 when the verdict is FALSE)."""
    worst, support = TRUE, 0
    for group in condition:
        best, counts = FALSE, False
        for test in group:
            said = test.said(facts)
            if said > best:
                best = said
            if said == TRUE and test.supports:
                counts = True
        if best == FALSE:
            return FALSE, 0
        support += counts
        if best < worst:
            worst = best
    return worst, support


def criteria_of(condition: Condition) -> tuple[str, ...]:
    """The criteria it looks at, in its own order, each once."""
    return tuple(dict.fromkeys(test.criterion for group in condition for test in group if test.criterion))


def unsettled(condition: Condition, facts: Facts) -> tuple[Group, ...]:
    """The groups that are neither known to hold nor known not to: what is still to verify."""
    return tuple(group for group in condition if group_said(group, facts) == UNKNOWN)


def changes(condition: Condition, facts: Facts, criterion: str) -> bool:
    """Could knowing this criterion give another verdict? Never for one that is already known."""
    if criterion in facts:
        return False
    rules = [test.rules for group in condition for test in group if test.criterion == criterion]
    now = judged(condition, facts)
    return any(judged(condition, {**facts, criterion: value}) != now for value in possible_values(rules))


def worth_asking(
    conditions: Iterable[Condition], facts: Facts, askable: Collection[str], *, never: Collection[str]
) -> dict[str, int]:
    """For each criterion that may be asked, how many of these conditions its answer could settle; none that settles nothing."""
    counts: dict[str, int] = {}
    for condition in conditions:
        for criterion in criteria_of(condition):
            if criterion in askable and criterion not in never and changes(condition, facts, criterion):
                counts[criterion] = counts.get(criterion, 0) + 1
    return counts
