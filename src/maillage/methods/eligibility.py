"""Three-valued eligibility: who may come, when part of the situation, or of the rules, is unknown.

Kleene's strong logic of indeterminacy (S. C. Kleene, Introduction to Metamathematics, 1952, section 64):
FALSE < UNKNOWN < TRUE, and = minimum, or = maximum, not = 2 - x. Unknown is never no: a service is left out only by a
rule known not to hold.

The rules of a service are grouped by criterion into a *signature*. 100,000 services share a few hundred signatures, so
that a rule is judged once for each signature (`holds`, plain Python), and rows are judged together as sets of bits
(`Packed`): a set of 100,000 rows is 12.5 kB, and a union or a count of one costs about a microsecond.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

FALSE: Final = 0
UNKNOWN: Final = 1
TRUE: Final = 2

Value = bool | float | str
RuleValue = bool | float | str | None | tuple["RuleValue", ...]
Rule = tuple[str, RuleValue, str]  # op, value, effect
Signature = tuple[Rule, ...]  # every rule of one service about one criterion; () says nothing
Signatures = NDArray[np.uint16]  # (criteria, rows): signature number, 0 = no rule
Lookup = NDArray[np.int8]  # (signatures of the criterion,): what `holds` says of each; [0] is TRUE
Bits = NDArray[np.uint64]  # a set of rows, 64 to a word, the first row in the lowest bit

FEW = 256  # a criterion with more signatures is judged row by row: sets of bits would cost more memory than they save


# ---- one signature, in plain Python


def signature(rules: Iterable[tuple[str, object, str]]) -> Signature:
    """The canonical form of rules (op, value, effect) about one criterion: the same in any order or repetition.

    Trap: `True == 1.0` in Python; whoever numbers signatures in a dict keys them by `repr(signature)`.
    """
    distinct = {repr(rule): rule for op, value, effect in rules if (rule := (str(op), _frozen(value), str(effect)))}
    return tuple(distinct[key] for key in sorted(distinct))


def _frozen(value: object) -> RuleValue:
    if isinstance(value, list | tuple):
        return tuple(_frozen(item) for item in value)
    if isinstance(value, int) and not isinstance(value, bool):
        try:
            return float(value)
        except OverflowError:
            return str(value)
    return value if value is None or isinstance(value, bool | float | str) else str(value)


def holds(rules: Signature, value: Value | None) -> int:
    """TRUE, FALSE or UNKNOWN: does somebody whose criterion is `value` (None: not known) satisfy every rule?

    `require` must hold, `exclude` must not, `prefer` never excludes. A rule that cannot be read (an operator we do not
    know, a value of another type, bounds upside down) is UNKNOWN, never an exception and never FALSE.
    """
    verdict = TRUE
    for op, target, effect in rules:
        if effect == "prefer":
            continue
        one = UNKNOWN if value is None else _compare(op, target, value)
        verdict = min(verdict, TRUE - one if effect == "exclude" else one if effect == "require" else UNKNOWN)
    return verdict


def preferred(rules: Signature, value: Value | None) -> bool | None:
    """Does a `prefer` rule hold for this value? None when there is none, or when nobody can tell."""
    found = [
        UNKNOWN if value is None else _compare(op, target, value) for op, target, effect in rules if effect == "prefer"
    ]
    return None if not found or max(found) == UNKNOWN else max(found) == TRUE


def _compare(op: str, target: RuleValue, value: Value) -> int:
    match op:
        case "eq":
            return _equal(target, value)
        case "ne":
            return TRUE - _equal(target, value)
        case "in":
            items = target if isinstance(target, tuple) else (target,)
            return max((_equal(item, value) for item in items), default=UNKNOWN)
        case "gte":
            return _within(target, None, value) if _is_number(target) else UNKNOWN
        case "lte":
            return _within(None, target, value) if _is_number(target) else UNKNOWN
        case "between" if isinstance(target, tuple) and len(target) == 2:
            return _within(target[0], target[1], value)
    return UNKNOWN


def _equal(target: RuleValue, value: Value) -> int:
    """`True` is not 1, and "1" is not 1: values of two types cannot be compared."""
    comparable = (_is_number(target) and _is_number(value)) or (
        type(target) is type(value) and isinstance(value, bool | str)
    )
    return (TRUE if target == value else FALSE) if comparable else UNKNOWN


def _within(low: RuleValue, high: RuleValue, value: Value) -> int:
    """Bounds are included; a bound that is None is open."""
    numbers = [bound for bound in (low, high) if bound is not None]
    if not numbers or not _is_number(value) or not all(map(_is_number, numbers)):
        return UNKNOWN
    lowest = -math.inf if low is None else float(low)  # type: ignore[arg-type]  # a number, checked above
    highest = math.inf if high is None else float(high)  # type: ignore[arg-type]
    if lowest > highest:
        return UNKNOWN
    return TRUE if lowest <= value <= highest else FALSE  # type: ignore[operator]


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def lookup(signatures: Sequence[Signature], value: Value | None) -> Lookup:
    """What `holds` says of each numbered signature (number 0 must be `()`)."""
    return np.array([holds(rules, value) for rules in signatures], np.int8)


def possible_values(signatures: Iterable[Signature]) -> tuple[Value, ...]:
    """One value for each way in which these rules can tell people apart.

    Both booleans; every string that a rule names, and "" for others; every bound, and a number below, between, above.
    """
    mentioned = [item for rules in signatures for _, target, _ in rules for item in _flat(target)]
    found: list[Value] = [False, True] if any(isinstance(item, bool) for item in mentioned) else []
    if strings := sorted({item for item in mentioned if isinstance(item, str)}):
        found += [*strings, ""]
    if bounds := sorted({item for item in mentioned if isinstance(item, float) and math.isfinite(item)}):
        between = [(low + high) / 2 for low, high in pairwise(bounds)]
        found += sorted({bounds[0] - 1, *bounds, *between, bounds[-1] + 1})
    return tuple(found)


def _flat(target: RuleValue) -> Iterable[RuleValue]:
    if isinstance(target, tuple):
        for item in target:
            yield from _flat(item)
    else:
        yield target


# ---- all rows at once


@dataclass(frozen=True, slots=True)
class Verdicts:
    """For each row the verdict, and how many criteria are against it; for each criterion what it alone decides."""

    verdict: NDArray[np.int8]  # (rows,) FALSE, UNKNOWN or TRUE
    false_count: NDArray[np.uint8]  # (rows,) 0, 1, or 2 for two and more: "would fit if" needs no more
    sole_blocker: NDArray[
        np.int64
    ]  # (criteria,) rows where this criterion alone is false: they would fit, or be to verify
    sole_unknown: NDArray[np.int64]  # (criteria,) rows that fit but for this criterion, which is unknown


def verdicts(signatures: Signatures, lookups: Sequence[Lookup], mask: NDArray[np.bool_] | None = None) -> Verdicts:
    """The verdict of each row of `signatures` (criteria, rows), judged row by row: for a selection of rows.

    `lookups[c][s]` is what `holds` says of signature `s` of criterion `c`. The counts per criterion are over the rows
    of `mask` (none: all). For all rows of a large directory `Packed` gives the same much faster.
    """
    criteria, rows = signatures.shape
    values = np.full((criteria, rows), TRUE, np.int8)
    for criterion, table in enumerate(lookups):
        if table.size and table.min() < TRUE:
            np.take(table, signatures[criterion], out=values[criterion])
    against = (values == FALSE).sum(axis=0, dtype=np.int64)
    doubts = (values == UNKNOWN).sum(axis=0, dtype=np.int64)
    shown = np.ones(rows, np.bool_) if mask is None else mask
    return Verdicts(
        values.min(axis=0, initial=TRUE),
        np.minimum(against, 2).astype(np.uint8),
        ((values == FALSE) & (against == 1) & shown).sum(axis=1, dtype=np.int64),
        ((values == UNKNOWN) & (against == 0) & (doubts == 1) & shown).sum(axis=1, dtype=np.int64),
    )


class Packed:
    """The signatures of all rows as sets of bits, made once for each state of the directory."""

    def __init__(self, signatures: Signatures) -> None:
        self.criteria, self.rows = signatures.shape
        self._all = pack(np.ones(self.rows, np.bool_))
        self._none = np.zeros_like(self._all)
        self._sets: list[list[Bits] | None] = []
        self._numbers: list[NDArray[np.intp]] = []
        for numbers in signatures:
            count = int(numbers.max(initial=0)) + 1
            few = count <= FEW
            self._sets.append([pack(numbers == number) for number in range(count)] if few else None)
            self._numbers.append(np.zeros(0, np.intp) if few else numbers.astype(np.intp))

    def rows_where(self, criterion: int, table: Lookup, verdict: int) -> Bits:
        """The rows whose rules about this criterion have this verdict."""
        sets = self._sets[criterion]
        if sets is None:
            return pack(table[self._numbers[criterion]] == verdict)
        chosen = table[: len(sets)] == verdict
        numbers = np.flatnonzero(chosen).tolist()
        if 2 * len(numbers) <= len(sets):
            return self._union(sets, numbers)
        # every row has exactly one signature: the rows of the others are all but these, and they are fewer to unite
        return self._all & ~self._union(sets, np.flatnonzero(~chosen).tolist())

    def _union(self, sets: Sequence[Bits], numbers: Sequence[int]) -> Bits:
        if not numbers:
            return self._none
        found = sets[numbers[0]].copy()
        for number in numbers[1:]:
            np.bitwise_or(found, sets[number], out=found)
        return found

    def verdicts(self, lookups: Sequence[Lookup], mask: NDArray[np.bool_] | None = None) -> Verdicts:
        """The same as the function `verdicts`, for all rows."""
        judged = self.judge(lookups)
        shown = self._all if mask is None else pack(mask)
        return Verdicts(
            judged.verdict(self.rows),
            judged.false_count(self.rows),
            np.array([count(bits & judged.one_false & ~judged.two_false & shown) for bits in judged.false], np.int64),
            np.array([count(bits & judged.sole_doubt & shown) for bits in judged.unknown], np.int64),
        )

    def judge(self, lookups: Sequence[Lookup]) -> Judged:
        """The sets of rows that `verdicts` and `splits` are counted from."""
        no = [self.rows_where(criterion, table, FALSE) for criterion, table in enumerate(lookups)]
        doubt = [self.rows_where(criterion, table, UNKNOWN) for criterion, table in enumerate(lookups)]
        return Judged(no, doubt, *self._once_and_twice(no), *self._once_and_twice(doubt))

    def _once_and_twice(self, sets: Sequence[Bits]) -> tuple[Bits, Bits]:
        """The rows that are in at least one of the sets, and in at least two."""
        once, twice = self._none.copy(), self._none.copy()
        for bits in sets:
            if bits is not self._none:
                twice |= once & bits
                once |= bits
        return once, twice

    def splits(
        self,
        judged: Judged,
        answers: Mapping[int, Sequence[Lookup]],
        mask: NDArray[np.bool_] | None = None,
    ) -> dict[int, tuple[int, ...]]:
        """For each unknown criterion, and each answer that it could have (the lookup of that answer): how many rows of
        `mask` would get another verdict. A row that another rule already excludes never changes."""
        shown = (self._all if mask is None else pack(mask)) & ~judged.one_false
        found = {}
        for criterion, tables in answers.items():
            doubt = judged.unknown[criterion] & shown
            alone = doubt & judged.sole_doubt
            found[criterion] = tuple(
                count(doubt & self.rows_where(criterion, table, FALSE))
                + count(alone & self.rows_where(criterion, table, TRUE))
                for table in tables
            )
        return found


@dataclass(frozen=True, slots=True)
class Judged:
    """Sets of rows: per criterion those it excludes and those it leaves in doubt; over all criteria, once and twice."""

    false: Sequence[Bits]
    unknown: Sequence[Bits]
    one_false: Bits
    two_false: Bits
    one_unknown: Bits
    two_unknown: Bits

    @property
    def sole_doubt(self) -> Bits:
        """Rows that no criterion excludes and exactly one leaves in doubt."""
        return self.one_unknown & ~self.two_unknown & ~self.one_false

    def verdict(self, rows: int) -> NDArray[np.int8]:
        worst = unpack(self.one_false, rows)
        found: NDArray[np.int8] = (TRUE - np.maximum(unpack(self.one_unknown, rows), worst + worst)).view(np.int8)
        return found

    def false_count(self, rows: int) -> NDArray[np.uint8]:
        return unpack(self.one_false, rows) + unpack(self.two_false, rows)


def pack(rows: NDArray[np.bool_]) -> Bits:
    """A set of rows, padded with zeros to whole words of 64."""
    octets = np.packbits(rows, bitorder="little")
    return np.pad(octets, (0, -len(octets) % 8)).view(np.uint64)


def unpack(bits: Bits, rows: int) -> NDArray[np.uint8]:
    return np.unpackbits(bits.view(np.uint8), count=rows, bitorder="little")


def count(bits: Bits) -> int:
    return int(np.bitwise_count(bits).sum(dtype=np.int64))
