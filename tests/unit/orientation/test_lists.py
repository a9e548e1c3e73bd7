"""Lists to hand over: they say nothing about a person, their link is a secret that is kept nowhere, and they end."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.be import nn

from maillage.directory.models import Service
from maillage.orientation import rules
from maillage.orientation.actions import lists as actions
from maillage.orientation.models import SharedList, SharedListItem
from maillage.people import audit
from maillage.people.rules import NotAllowed
from maillage.territory.models import Territory
from tests.testland import NOW

SEPARATORS = st.sampled_from(["", " ", ".", "-", "/"])


def started(cast: Any, testland: Territory, title: str = "Somewhere to sleep") -> SharedList:
    return actions.start_list(testland, title, language="nl", by=cast.bob, at=NOW)


def says_nobody(text: str, country: str) -> bool:
    try:
        rules.check_says_nobody(text, country)
    except rules.Personal:
        return False
    return True


def services(count: int) -> list[Service]:
    return list(Service.objects.order_by("pk")[:count])


def test_a_list_is_added_to_noted_put_in_order_and_emptied(cast: Any, testland: Territory) -> None:
    shared = started(cast, testland)
    first, second, third = (actions.add_to_list(shared, one, by=cast.bob) for one in services(3))
    actions.note_in_list(second, "Ring the bell on the left", by=cast.bob)
    actions.move_in_list(third, -1, by=cast.bob)
    actions.move_in_list(first, -1, by=cast.bob)
    assert list(shared.items.order_by("order").values_list("pk", flat=True)) == [first.pk, third.pk, second.pk]
    actions.remove_from_list(first, by=cast.bob)
    again = actions.add_to_list(shared, services(2)[1], by=cast.bob)
    assert (again.pk, again.note) == (second.pk, "Ring the bell on the left")
    assert shared.items.count() == 2
    assert actions.add_to_list(shared, services(2)[1], note="Before nine", by=cast.bob).note == "Before nine"


def test_nobody_else_changes_it(cast: Any, testland: Territory) -> None:
    shared = started(cast, testland)
    item = actions.add_to_list(shared, services(1)[0], by=cast.bob)
    by = {"by": cast.dora}
    for verb in (
        lambda: actions.add_to_list(shared, services(2)[1], **by),
        lambda: actions.note_in_list(item, "x", **by),
        lambda: actions.move_in_list(item, 1, **by),
        lambda: actions.remove_from_list(item, **by),
        lambda: actions.describe_list(shared, title="x", language="", **by),
        lambda: actions.hand_over(shared, at=NOW, **by),
        lambda: actions.end_list(shared, **by),
    ):
        with pytest.raises(NotAllowed, match="Only the person who made this list"):
            verb()
    assert shared.items.count() == 1


def test_the_link_is_a_secret_of_256_bits_of_which_only_a_hash_is_kept(cast: Any, testland: Territory) -> None:
    shared = started(cast, testland)
    token = actions.hand_over(shared, by=cast.bob, at=NOW)
    assert re.fullmatch(r"[\w-]{43}", token)
    shared.refresh_from_db()
    assert token not in str(SharedList.objects.values().get())
    assert token not in str(list(audit.lines()))
    assert actions.handed_over(testland, token, at=NOW) == shared
    assert actions.handed_over(testland, shared.token, at=NOW) is None  # what is stored opens nothing
    another = actions.hand_over(shared, by=cast.bob, at=NOW)
    assert actions.handed_over(testland, token, at=NOW) is None
    assert actions.handed_over(testland, another, at=NOW) == shared


def test_it_ends_by_itself_after_thirty_days_or_at_once(cast: Any, testland: Territory) -> None:
    shared, other = started(cast, testland), started(cast, testland)
    token = actions.hand_over(shared, by=cast.bob, at=NOW + timedelta(days=10))
    assert actions.handed_over(testland, token, at=NOW + timedelta(days=39))
    assert actions.handed_over(testland, token, at=NOW + timedelta(days=40)) is None
    actions.add_to_list(shared, services(1)[0], by=cast.bob)
    assert actions.forget_lists(NOW + timedelta(days=30)) == 1
    assert list(SharedList.objects.all()) == [shared]
    actions.end_list(shared, by=cast.bob)
    assert not SharedListItem.objects.exists()
    assert actions.forget_lists(NOW + timedelta(days=300)) == 0
    assert other.pk


def test_the_trail_says_that_a_list_changed_and_never_which_service_it_was(cast: Any, testland: Territory) -> None:
    shared = started(cast, testland)
    service = services(1)[0]
    actions.note_in_list(actions.add_to_list(shared, service, by=cast.bob), "Ask for Ann", by=cast.bob)
    actions.describe_list(shared, title="Another title", language="en", by=cast.bob)
    told = str(list(audit.lines()))
    assert "noted in a list" in told
    assert str(service.uuid) not in told
    assert "Ann" not in told
    assert "title" not in told


def test_a_list_holds_what_somebody_can_read(cast: Any, testland: Territory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "MOST_IN_A_LIST", 2)
    monkeypatch.setattr(rules, "MOST_LISTS", 1)
    shared = started(cast, testland)
    for one in services(2):
        actions.add_to_list(shared, one, by=cast.bob)
    with pytest.raises(actions.ListFull):
        actions.add_to_list(shared, services(3)[2], by=cast.bob)
    with pytest.raises(actions.ListFull):
        started(cast, testland)


@pytest.mark.parametrize(
    "text",
    [
        "Call eve@example.org", "02/512.34.56", "0470/12.34.56", "+32 2 511 22 33", "her number: 85.07.30-033 28",
        "85073003328", "née le 12.05.1987", "call 22 24 12 34", "٠٤٧٠١٢٣٤٥٦",
    ],
)  # fmt: skip
def test_what_says_who_somebody_is_is_refused_with_a_sentence(cast: Any, testland: Territory, text: str) -> None:
    shared = started(cast, testland)
    item = actions.add_to_list(shared, services(1)[0], by=cast.bob)
    with pytest.raises(rules.Personal, match=r"^A list says nothing about a person: .*\.$"):
        actions.note_in_list(item, text, by=cast.bob)
    with pytest.raises(rules.Personal):
        started(cast, testland, title=text)
    assert not says_nobody(text, "BE")


@pytest.mark.parametrize(
    "text",
    ["", "Tuesday 12/05 at 14:30", "05/12/2026 14:30, then 06/12/2026 at 9", "open 9:00-12:00 13:00-17:00", "2025-2026", "Bus 59; 1030 North"],
)  # fmt: skip
def test_an_appointment_may_be_written(text: str) -> None:
    assert says_nobody(text, "BE")


@given(st.emails())
def test_no_address_passes(email: str) -> None:
    assert not says_nobody(f"write to {email} please", "BE") or "." not in email.rpartition("@")[2]


@given(
    st.integers(0, 99),
    st.integers(1, 12),
    st.integers(1, 28),
    st.integers(1, 998),
    st.lists(SEPARATORS, min_size=4, max_size=4),
)
def test_no_national_number_passes_however_it_is_written(
    year: int, month: int, day: int, serial: int, between: list[str]
) -> None:
    start = f"{year:02}{month:02}{day:02}{serial:03}"
    number = f"{start}{97 - int(start) % 97:02}"
    assert nn.is_valid(number) or year == 0
    parts = (number[:2], number[2:4], number[4:6], number[6:9], number[9:])
    written = "".join(f"{part}{sign}" for part, sign in zip(parts, [*between, ""], strict=True))
    assert not says_nobody(f"for {written}", "BE")


@given(st.lists(st.integers(0, 9), min_size=8, max_size=15), SEPARATORS)
def test_no_telephone_number_passes(digits: list[int], sign: str) -> None:
    number = "".join(map(str, digits))
    pairs = sign.join(number[start : start + 2] for start in range(0, len(number), 2)) if sign in " ." else number
    written = f"+{pairs}" if sign else number
    assert not says_nobody(written, "BE")


@given(st.text(alphabet=st.characters(categories=["L", "Z", "P"], exclude_characters="@"), max_size=80))
def test_words_alone_always_pass(text: str) -> None:
    assert says_nobody(text, "BE")
