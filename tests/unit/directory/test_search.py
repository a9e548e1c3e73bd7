from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from maillage.directory.models import EligibilityRule, Schedule, Service, ServiceCapacity
from maillage.directory.search.engine import BadCursor, UnknownTerritory
from maillage.directory.search.index import mark_deleted, reindex
from maillage.directory.search.types import Window
from maillage.territory.models import Territory
from tests.testland import NOW
from tests.unit.directory.conftest import Find, names

NORTH = (50.871, 4.351)
TONIGHT = Window("tonight", NOW, NOW + timedelta(hours=11))


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "emergency shelter"),
        ("fr", "hébergement d'urgence"),
        ("fr", "hebergement urgence"),
        ("fr", "hébergements d'urgences"),
        ("nl", "noodopvang"),
        ("nl", "nachtopvang"),
        ("en", "emergancy sheltr"),  # typing mistakes
        ("en", "noodopvang"),  # the reader's language is not the only one searched
    ],
)
def test_the_same_need_is_found_in_every_language_and_spelling(find: Find, language: str, text: str) -> None:
    assert {"Open Door", "Women's Haven", "Full House"} <= set(names(find(text=text, language=language)))


def test_a_correction_is_told(find: Find) -> None:
    assert find(text="psychologst").corrected[0][0] == "psychologst"
    assert find(text="psychologist").corrected == ()


def test_a_category_finds_what_is_below_it(find: Find) -> None:
    assert set(names(find(needs=("housing",)))) == {
        "Open Door", "Women's Haven", "Full House", "Old Word", "Safe House", "Tenants' Desk",
    }  # fmt: skip


def test_a_full_shelter_is_not_recommended_first_and_an_expired_word_is_unknown(find: Find) -> None:
    found = find(
        needs=("emergency-shelter",), facts={"age": 30, "gender": "woman", "children": True, "violence": False}
    )
    assert names(found)[:2] in (["Open Door", "Women's Haven"], ["Women's Haven", "Open Door"])
    assert {hit.card.texts["name"]["en"]: hit.capacity for hit in found.hits} == {
        "Open Door": "capacity", "Women's Haven": "capacity", "Full House": "no-capacity", "Old Word": "",
    }  # fmt: skip


def test_room_asked_for_leaves_out_what_is_full_and_keeps_what_nobody_knows(find: Find) -> None:
    found = find(needs=("emergency-shelter",), has_room=True)
    assert "Full House" not in names(found)
    assert "Old Word" in names(found)
    assert next(hit for hit in found.hits if hit.card.texts["name"]["en"] == "Old Word").verdict == "verify"


def test_an_unknown_fact_never_excludes_and_is_to_verify(find: Find) -> None:
    found = {hit.card.texts["name"]["en"]: hit for hit in find(needs=("emergency-shelter",)).hits}
    assert found["Women's Haven"].verdict == "verify"
    assert dict(found["Women's Haven"].facts) == {"children": None, "gender": None}
    assert found["Full House"].verdict == "fits"


def test_a_known_fact_excludes_with_a_near_miss(find: Find) -> None:
    found = find(needs=("emergency-shelter",), facts={"gender": "man", "children": True})
    assert "Women's Haven" not in names(found)
    assert [hit.card.texts["name"]["en"] for hit in found.near_misses] == ["Women's Haven"]
    assert found.near_misses[0].verdict == "no"
    assert dict(found.near_misses[0].facts) == {"children": True, "gender": False}


def test_the_next_question_is_weighed_by_what_it_would_change(find: Find) -> None:
    splits = find(needs=("emergency-shelter",)).splits
    assert set(splits) == {"age", "children", "gender", "violence"}
    assert "gender" not in find(needs=("emergency-shelter",), facts={"gender": "woman"}).splits


def test_hours_unknown_are_kept_and_closed_is_left_out(find: Find) -> None:
    sunday = Window("sunday", NOW + timedelta(days=1, hours=13), NOW + timedelta(days=1, hours=15))
    assert "Open Door" not in names(find(window=sunday))
    found = {hit.card.texts["name"]["en"]: hit for hit in find(window=sunday, limit=50).hits}
    assert found["Old Word"].is_open is None
    assert "window" in found["Old Word"].unknowns
    assert {"Open Door", "Old Word"} <= set(names(find(window=TONIGHT, limit=50)))
    assert "Tenants' Desk" not in names(find(window=TONIGHT, limit=50))


def test_a_language_can_leave_out_or_only_rank(find: Find) -> None:
    hard = find(needs=("emergency-shelter",), languages=("ar",))
    assert "Safe House" not in names(hard)
    assert "Old Word" in names(hard)  # nobody said which languages are spoken there
    soft = find(needs=("emergency-shelter",), languages=("ar",), soft=frozenset({"languages"}))
    assert next(hit for hit in soft.hits if hit.card.texts["name"]["en"] == "Safe House").against == ("languages",)


def test_distance_ranks_and_a_radius_leaves_out(find: Find) -> None:
    ranked = find(needs=("psychologist",), near=NORTH, facts={"papers": "resident"})
    assert names(ranked) == ["City Practice", "Listening Post"]
    assert ranked.hits[0].distance_km == pytest.approx(0.0, abs=0.05)
    assert names(find(needs=("psychologist",), near=NORTH, radius_km=2.0)) == ["City Practice"]


def test_the_area_served_counts_not_the_address(find: Find) -> None:
    assert "The Ride" in names(find(needs=("support",), served="harbour"))


def test_filters_are_explained_when_nothing_is_found(find: Find) -> None:
    found = find(needs=("psychologist",), cost=("free",), near=NORTH, radius_km=2.0)
    assert found.total == 0
    assert [(r.code, r.count) for r in found.relaxations] == [("cost", 1), ("near", 1)]


def test_free_text_beyond_the_need_only_raises(find: Find) -> None:
    known = {"gender": "woman", "children": True, "age": 30, "violence": False}
    assert names(find(needs=("emergency-shelter",), boost="haven", facts=known))[0] == "Women's Haven"
    assert find(needs=("emergency-shelter",), boost="haven").total == 5


def test_pages_follow_each_other_without_loss_or_repeat(find: Find) -> None:
    whole = names(find(limit=50))
    paged: list[str] = []
    after = ""
    while True:
        page = find(limit=3, after=after)
        paged += names(page)
        if not (after := page.next):
            break
    assert paged == whole
    assert len(whole) == 11


def test_a_cursor_that_is_not_ours_or_of_another_day_is_refused(find: Find) -> None:
    with pytest.raises(BadCursor):
        find(after="not a cursor")
    cursor = find(limit=3).next
    with pytest.raises(BadCursor):
        find(after=cursor, at=NOW + timedelta(days=1))


def test_equals_are_drawn_by_day_and_stay_all_day(find: Find) -> None:
    orders = {tuple(names(find(at=NOW + timedelta(days=day), limit=50))) for day in range(6)}
    assert len(orders) > 1
    assert names(find(limit=50)) == names(find(limit=50))


def test_an_organisation_takes_few_of_the_first_places(indexed: Territory, find: Find) -> None:
    owner = Service.objects.get(code="open-door").organization
    Service.objects.filter(code__in=["women-haven", "full-house", "old-word"]).update(organization=owner)
    reindex(indexed)
    found = [hit for hit in find(needs=("emergency-shelter",)).hits if hit.verdict == "fits"]
    assert len(found) == 2
    verify = [hit.card.organization for hit in find(needs=("emergency-shelter",)).hits if hit.verdict == "verify"]
    assert owner is not None
    assert verify.index(str(owner.uuid)) <= 1


def test_a_search_is_few_queries(find: Find) -> None:
    find(text="shelter", facts={"age": 30})
    with CaptureQueriesContext(
        connection,
    ) as queries:
        find(text="shelter", facts={"age": 30}, near=NORTH, window=TONIGHT)
    assert len(queries) <= 3


def test_a_change_is_found_at_once(indexed: Territory, find: Find) -> None:
    assert find(text="zeppelin").total == 0
    service = Service.objects.get(code="tea-hour")
    EligibilityRule.objects.create(service=service, criterion="age", op="gte", value=65)
    ServiceCapacity.objects.create(service=service, unit="seat", available=0, updated_at=NOW)
    assert reindex(indexed, [service.pk]) == 1
    assert reindex(indexed, [service.pk]) == 0
    assert "Tea Hour" not in names(find(needs=("company",), facts={"age": 30}))
    service.delete()
    mark_deleted(indexed)
    assert find(needs=("company",)).total == 0


def test_a_hidden_or_defunct_service_is_not_found(indexed: Territory, find: Find) -> None:
    Service.objects.filter(code="tea-hour").update(visibility="hidden")
    Service.objects.filter(code="the-ride").update(status="defunct")
    reindex(indexed)
    assert not {"Tea Hour", "The Ride"} & set(names(find(limit=50)))


def test_an_unknown_territory_is_said(db: None, find: Find) -> None:
    with pytest.raises(UnknownTerritory):
        find(territory="nowhere")


def test_odd_texts_are_only_texts(find: Find) -> None:
    for text in ('"; DROP TABLE', "a" * 10_000, "''' OR a:*", "العربية", "\x00", "1 2 3", "NEAR(x)", "(" * 500):
        assert find(text=text).total >= 0


def test_a_service_of_which_nobody_said_who_may_come_is_to_verify_and_never_before_one_that_fits(
    indexed: Territory, find: Find
) -> None:
    Service.objects.filter(code="full-house").update(conditions_known=False)
    reindex(indexed)
    found = {hit.card.texts["name"]["en"]: hit for hit in find(needs=("emergency-shelter",)).hits}
    assert found["Full House"].verdict == "verify"
    assert "conditions" in found["Full House"].unknowns
    assert "conditions" not in found["Open Door"].unknowns  # its rules say who may come


def test_hours_read_in_part_say_open_but_never_closed(indexed: Territory, find: Find) -> None:
    Schedule.objects.filter(service__code="tenants-desk").update(parse=Schedule.Parse.PARTLY, raw="by appointment too")
    reindex(indexed)
    assert "Tenants' Desk" in names(find(window=TONIGHT, limit=50))
    desk = next(h for h in find(window=TONIGHT, limit=50).hits if h.card.texts["name"]["en"] == "Tenants' Desk")
    assert desk.is_open is None
    assert "window" in desk.unknowns
