"""The quality of a record: what it says counts, what does not apply does not, and length never does."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maillage.directory import quality
from maillage.directory.quality import Record

FIXES: dict[str, dict[str, Any]] = {
    "contact": {"has_contact": True},
    "hours": {"hours": "parsed"},
    "conditions": {"conditions": True},
    "access": {"access": ("walk_in",)},
    "confirmed": {"confirmed": True},
    "room": {"room": True},
    "needs": {"needs": True},
    "cost": {"cost": True},
    "spoken": {"spoken": True},
    "wheelchair": {"wheelchair": True},
    "reach": {"reach": True},
}
some = st.lists(st.sampled_from(["walk_in", "phone", "appointment", "referral", "online"]), unique=True).map(tuple)
where = st.lists(st.sampled_from(["on_site", "remote", "home", "outreach"]), unique=True).map(tuple)
records = st.builds(
    Record,
    languages=st.lists(st.sampled_from(["fr", "nl", "en"]), unique=True).map(tuple),
    descriptions=st.dictionaries(st.sampled_from(["fr", "nl", "en"]), st.booleans()),
    has_contact=st.booleans(),
    hours=st.sampled_from(["parsed", "partly", "unread", ""]),
    cost=st.booleans(),
    access=some,
    delivery=where,
    spoken=st.booleans(),
    needs=st.booleans(),
    confirmed=st.booleans(),
    wheelchair=st.booleans(),
    has_place=st.booleans(),
    reach=st.booleans(),
    conditions=st.booleans(),
    room=st.booleans(),
    asks_room=st.booleans(),
)


def fixed(record: Record, code: str) -> Record:
    if code.startswith("text:"):
        return replace(record, descriptions={**record.descriptions, code[5:]: True})
    return replace(record, **FIXES[code])


@given(record=records)
def test_the_score_stays_between_nothing_and_all(record: Record) -> None:
    assert 0 <= quality.score(record) <= 1


@given(record=records)
def test_doing_what_is_proposed_raises_the_score_by_what_was_said(record: Record) -> None:
    for action in quality.best_actions(record, most=99):
        after = quality.score(fixed(record, action.code))
        assert after - quality.score(record) == pytest.approx(action.points / 100)


@given(record=records)
def test_the_three_actions_are_those_that_raise_it_most(record: Record) -> None:
    best, all_of_them = quality.best_actions(record), quality.best_actions(record, most=99)
    assert best == all_of_them[:3]
    assert [a.points for a in all_of_them] == sorted((a.points for a in all_of_them), reverse=True)


@given(record=records)
def test_what_does_not_apply_changes_nothing(record: Record) -> None:
    silent = {one.code for one in quality.measures(record) if one.value is None}
    assert not silent & {action.code for action in quality.best_actions(record, most=99)}
    for code in silent - {"room"}:  # who says room without being asked is asked from then on
        assert quality.score(fixed(record, code)) == quality.score(record)


@given(record=records)
def test_nothing_is_left_to_do_when_the_score_is_full(record: Record) -> None:
    assert bool(quality.best_actions(record)) == (quality.score(record) < 1)


def by_code(record: Record) -> dict[str, float | None]:
    return {one.code: one.value for one in quality.measures(record)}


def test_what_is_done_online_only_has_no_opening_hours_and_needs_no_ramp() -> None:
    online = by_code(Record(delivery=("remote",), access=("online",), has_place=True))
    assert online["hours"] is None
    assert online["wheelchair"] is None


def test_a_telephone_line_has_hours() -> None:
    assert by_code(Record(delivery=("remote",), access=("phone",)))["hours"] == 0


def test_hours_that_no_machine_reads_are_worth_half() -> None:
    assert by_code(Record(hours="unread"))["hours"] == 0.5


def test_room_is_asked_where_one_goes_for_a_place() -> None:
    assert by_code(Record())["room"] is None
    assert by_code(Record(asks_room=True))["room"] == 0


def test_a_translation_of_an_older_text_is_to_be_done_again() -> None:
    record = Record(languages=("fr", "nl"), descriptions={"fr": True, "nl": False})
    assert (by_code(record)["text:fr"], by_code(record)["text:nl"]) == (1, 0)
