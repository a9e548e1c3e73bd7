"""Whether a group of places is for a household, as far as is known: one judgment for the engine, for the dispatch at night, and for
whoever holds a place by hand. Pure.

Unknown is not no: only what is known to go against a group excludes; the rest is asked at the door. A group and a household are plain
rows (`of_group`, `household`): the engine keeps them in its snapshots.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any, Final, Protocol

from maillage.methods.eligibility import FALSE, TRUE, Value, holds, signature
from maillage.methods.eligibility import UNKNOWN as NOT_KNOWN
from maillage.places.rules import Somebody

Row = Mapping[str, Any]
Facts = Mapping[str, Value]
EXCLUDED, UNKNOWN, FITS = 0, 1, 2


class Group(Protocol):
    """What a group says of those for whom it is; `places.models.PlaceGroup` is one."""

    @property
    def public(self) -> str: ...
    @property
    def genders(self) -> Sequence[str]: ...
    @property
    def minimum_age(self) -> int | None: ...
    @property
    def maximum_age(self) -> int | None: ...
    @property
    def care_level(self) -> int: ...
    @property
    def is_wheelchair_accessible(self) -> bool | None: ...
    @property
    def rules(self) -> Sequence[Row]: ...


def public_facts(content: Row) -> dict[str, Facts]:
    """For what each public of a territory stands: `content` is that of the territory."""
    return {one["code"]: one.get("facts") or {} for one in content.get("publics") or ()}


def of_group(group: Group, publics: Mapping[str, Facts]) -> dict[str, Any]:
    return {
        "public": group.public, "public_facts": publics.get(group.public, {}), "genders": sorted(group.genders),
        "minimum_age": group.minimum_age, "maximum_age": group.maximum_age, "care_level": group.care_level,
        "wheelchair": group.is_wheelchair_accessible,
        "rules": [{key: rule.get(key) for key in ("criterion", "op", "value", "effect")} for rule in group.rules],
    }  # fmt: skip


def household(
    known: Sequence[Somebody], public: str, facts: Facts, publics: Mapping[str, Facts], *, on: date
) -> dict[str, Any]:
    """`known`: the first one answers for it. What somebody said (`facts`) goes before the record, the record before the public."""
    ages = [age for one in known if (age := one.ages(on))]
    return {
        "public": public, "gender": known[0].gender, "age": known[0].ages(on), "oldest": max((low for low, _ in ages), default=None),
        "facts": {**_sure(publics.get(public, {})), **_recorded(known[0], on), **facts},
    }  # fmt: skip


def _sure(facts: Facts) -> dict[str, Value]:
    return {code: value for code, value in facts.items() if not _is_example(value)}


def _recorded(one: Somebody, on: date) -> dict[str, Value]:
    """What a record says without being asked, as facts."""
    ages = one.ages(on)
    found: dict[str, Value] = {"gender": one.gender} if one.gender else {}
    return found | ({"age": ages[0]} if ages and ages[0] == ages[1] else {})


def against(group: Row, household: Row) -> str:
    """The first cause for which this group is none for them; "" when nothing known excludes them. The public only when nothing else
    does: what it stands for says more."""
    found = [cause for cause, (asked, judge) in JUDGES.items() if judge(group, asked(household)) == EXCLUDED]
    return min(found, key=lambda cause: cause == PUBLIC, default="")


# ---- one cause after the other: what it asks of a household, and what a group says to that


def _public(group: Row, said: tuple[str, Facts]) -> int:
    """A public stands for facts: one that is known to be otherwise excludes. One that stands for none is a word: another excludes."""
    public, facts = said
    if not group["public"] or group["public"] == public:
        return FITS
    if not group["public_facts"]:
        return EXCLUDED if public else UNKNOWN
    return _verdict(min(_stands_for(value, facts.get(code)) for code, value in group["public_facts"].items()))


def _stands_for(value: Value, known: Value | None) -> int:
    """A number is an example (65 for the elderly): another one says nothing. The ages of a group are its own bounds."""
    held = holds(signature([("eq", value, "require")]), known)
    return max(held, NOT_KNOWN) if _is_example(value) else held


def _is_example(value: Value) -> bool:
    return not isinstance(value, bool | str)


def _gender(group: Row, gender: str) -> int:
    if not group["genders"] or gender in group["genders"]:
        return FITS
    return EXCLUDED if gender else UNKNOWN


def _age(group: Row, said: tuple[Sequence[int] | None, int | None]) -> int:
    """The least age is that of who answers for the household, children come with them; the most is everybody's."""
    (age, oldest), low, high = said, group["minimum_age"], group["maximum_age"]
    if age and low is not None and age[1] < low:
        return EXCLUDED
    if oldest is not None and high is not None and oldest > high:
        return EXCLUDED
    return UNKNOWN if age is None and (low is not None or high is not None) else FITS


def _care(group: Row, level: Value | None) -> int:
    """0 none, 1 support by day, 2 staff day and night, 3 nursing: more than they need is no obstacle, less is."""
    needs = level if isinstance(level, int | float) and not isinstance(level, bool) else 0
    return FITS if needs <= group["care_level"] else EXCLUDED


def _wheelchair(group: Row, is_needed: bool) -> int:
    if not is_needed or group["wheelchair"]:
        return FITS
    return UNKNOWN if group["wheelchair"] is None else EXCLUDED


def _in_wheelchair(household: Row) -> bool:
    facts = household["facts"]
    return facts.get("wheelchair") is True or facts.get("mobility") == "wheelchair"


def _rule(group: Row, facts: Facts) -> int:
    """Every rule of the house; those that say how it is run ("house:...") are nobody's."""
    rules = [rule for rule in group["rules"] if not str(rule["criterion"]).startswith("house:")]
    told = [
        holds(signature([(rule["op"], rule["value"], rule["effect"])]), facts.get(rule["criterion"])) for rule in rules
    ]
    return _verdict(min(told, default=TRUE))


def _verdict(held: int) -> int:
    return EXCLUDED if held == FALSE else FITS if held == TRUE else UNKNOWN


# why a group of places is none for a household, in the order in which they are told
PUBLIC, GENDER, AGE, CARE, WHEELCHAIR, RULE = "public", "gender", "age", "care", "wheelchair", "rule"
JUDGES: Final[Mapping[str, tuple[Callable[[Row], Any], Callable[[Row, Any], int]]]] = {
    PUBLIC: (lambda one: (one["public"], one["facts"]), _public),
    GENDER: (lambda one: one["gender"], _gender),
    AGE: (lambda one: (one["age"], one["oldest"]), _age),
    CARE: (lambda one: one["facts"].get("care_level"), _care),
    WHEELCHAIR: (_in_wheelchair, _wheelchair),
    RULE: (lambda one: one["facts"], _rule),
}


# ---- quotas of a list: of which places, and of which households


def in_scope(quota: Row, group: str, site: str) -> bool:
    """Codes of a group and of its site."""
    return bool(group and quota.get("group") == group) or bool(site and quota.get("site") == site)


def of_class(quota: Row, public: str, facts: Facts) -> bool:
    if "public" in quota:
        return bool(quota["public"] == public)
    return bool(facts.get("care_level") == quota.get("care_level"))
