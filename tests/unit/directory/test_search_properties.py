from __future__ import annotations

from datetime import timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from maillage.directory.search.types import Results, Window
from tests.testland import NOW
from tests.unit.directory.conftest import Find

FACTS: dict[str, st.SearchStrategy[Any]] = {
    "age": st.integers(0, 100),
    "gender": st.sampled_from(["woman", "man", "other"]),
    "children": st.booleans(),
    "violence": st.booleans(),
    "papers": st.sampled_from(["resident", "none", "asylum"]),
}
FILTERS: dict[str, st.SearchStrategy[Any]] = {
    "needs": st.sampled_from([("housing",), ("emergency-shelter",), ("health",), ("support",)]),
    "languages": st.sampled_from([("ar",), ("fr",), ("nl", "ar")]),
    "window": st.integers(0, 400).map(lambda h: Window("w", NOW + timedelta(hours=h), NOW + timedelta(hours=h + 6))),
    "served": st.sampled_from(["north", "harbour", "testland"]),
    "area": st.sampled_from(["north", "south"]),
    "cost": st.just(("free",)),
    "wheelchair": st.just(True),
    "has_room": st.just(True),
    "text": st.sampled_from(["shelter", "opvang", "house maison", "psychologue"]),
}
facts = st.fixed_dictionaries({}, optional=FACTS)
filters = st.fixed_dictionaries({}, optional=FILTERS)
calm = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def found(results: Results) -> set[str]:
    return {hit.card.service for hit in results.hits}


@calm
@given(asked=filters, known=facts, more=st.sampled_from(sorted(FILTERS)), data=st.data())
def test_one_more_filter_never_adds_a_service(
    find: Find, asked: dict[str, Any], known: dict[str, Any], more: str, data: st.DataObject
) -> None:
    if more in asked:
        return
    wide = find(**asked, facts=known, limit=50)
    narrow = find(**asked, **{more: data.draw(FILTERS[more])}, facts=known, limit=50)
    assert found(narrow) <= found(wide)


@calm
@given(asked=filters, known=facts, more=st.sampled_from(sorted(FACTS)), data=st.data())
def test_one_more_fact_never_brings_back_a_service_that_was_excluded(
    find: Find, asked: dict[str, Any], known: dict[str, Any], more: str, data: st.DataObject
) -> None:
    if more in known:
        return
    before = find(**asked, facts=known, limit=50)
    after = find(**asked, facts={**known, more: data.draw(FACTS[more])}, limit=50)
    assert found(after) <= found(before)


@calm
@given(asked=filters, known=facts)
def test_the_figures_agree_with_the_list_and_every_relaxation_tells_the_truth(
    find: Find, asked: dict[str, Any], known: dict[str, Any]
) -> None:
    results = find(**asked, facts=known, limit=50)
    assert results.total == len(results.hits) == results.fits + results.verify
    assert sorted(hit.verdict for hit in results.hits) == ["fits"] * results.fits + ["verify"] * results.verify
    shown = [(hit.capacity == "no-capacity", hit.verdict) for hit in results.hits]
    assert shown == sorted(shown)  # what is full last; before it what fits, then what is to verify
    for relaxation in results.relaxations:
        if relaxation.code in asked and relaxation.code != "near":
            without = {name: value for name, value in asked.items() if name != relaxation.code}
            assert find(**without, facts=known, limit=50).total == relaxation.count > results.total
