"""Importing boundaries: every feature finds its area or is reported."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from maillage.territory.actions import import_boundaries
from maillage.territory.boundaries import Finder, Order
from maillage.territory.models import Area, Territory

pytestmark = pytest.mark.django_db
BY_CODE = Order("commune", code_field="nis", name_field="name_fr")


def _feature(west: float, side: float = 0.1, **properties: Any) -> dict[str, Any]:
    ring = [[west, 50.0], [west + side, 50.0], [west + side, 50.0 + side], [west, 50.0 + side], [west, 50.0]]
    return {"type": "Feature", "properties": properties, "geometry": {"type": "Polygon", "coordinates": [ring]}}


@pytest.fixture
def land() -> Territory:
    territory = Territory.objects.create(
        code="land", languages=["fr", "nl"], content={"root_area": "land"}, loaded_at=datetime(2026, 1, 1, tzinfo=UTC)
    )
    root = Area.objects.create(territory=territory, code="land", level="region")
    for code, name, nis, latitude in (
        ("one", "L'Un", "nis:1", None),
        ("two", "Le Deux", "nis:2", 49.0),
        ("twin", "Le Deux", "", None),
    ):
        Area.objects.create(
            territory=territory, code=code, level="commune", parent=root, labels={"fr": name}, latitude=latitude,
            longitude=latitude and 4.0, alternative_names=[nis] if nis else [],
        )  # fmt: skip
    return territory


def test_a_feature_finds_its_area_by_code_other_name_or_name(land: Territory) -> None:
    features = [_feature(4.0, nis="twin"), _feature(4.2, nis=2.0), _feature(4.4, nis="?", name_fr="l’un")]
    report = import_boundaries(land, features, BY_CODE)
    assert report.stored == ["twin", "two", "one"]
    assert report.refused == []
    assert report.without == []


def test_a_centre_that_was_known_stays(land: Territory) -> None:
    import_boundaries(land, [_feature(4.0, nis="1"), _feature(4.2, nis="2")], BY_CODE)
    one, two = Area.objects.get(code="one"), Area.objects.get(code="two")
    assert (one.latitude, one.longitude, one.bounds) == (50.05, 4.05, [4.0, 50.0, 4.1, 50.1])
    assert (two.latitude, two.longitude) == (49.0, 4.0)


def test_importing_again_changes_nothing(land: Territory) -> None:
    features = [_feature(4.0, nis="1")]
    import_boundaries(land, features, BY_CODE)
    before = list(Area.objects.order_by("pk").values())
    assert import_boundaries(land, features, BY_CODE).unchanged == ["one"]
    assert list(Area.objects.order_by("pk").values()) == before


def test_what_finds_no_area_is_reported_and_stops_nothing(land: Territory) -> None:
    features: list[Any] = [
        "nonsense", None, {"properties": None}, _feature(4.0, nis="404"), _feature(4.0, name_fr="Le Deux"), _feature(4.0, nis="1"),
        _feature(4.0, nis="1"),
    ]  # fmt: skip
    report = import_boundaries(land, features, BY_CODE)
    assert [(refused.number, refused.reason) for refused in report.refused] == [
        (1, "no-geometry"), (2, "no-geometry"), (3, "no-geometry"), (4, "unmatched"), (5, "ambiguous"), (7, "twice"),
    ]  # fmt: skip
    assert report.refused[4].detail == "twin, two"
    assert report.stored == ["one"]
    assert report.read == 7


def test_unknown_features_can_become_areas_of_the_area_that_holds_them(land: Territory) -> None:
    import_boundaries(land, [_feature(4.0, 1.0, nis="1")], BY_CODE)
    quarters = [
        _feature(4.1, nis=7.0, name_fr="La Gare", name_nl="Station"),
        _feature(8.0, nis="8", name_fr="Ailleurs"),
    ]
    order = Order("quarter", code_field="nis", name_field="name_fr", create=True, source="map.geojson", vintage="2024")
    report = import_boundaries(land, quarters, order)
    assert report.created == ["la-gare", "ailleurs"]
    station = Area.objects.get(code="la-gare")
    assert (station.labels, station.alternative_names) == ({"fr": "La Gare", "nl": "Station"}, ["7"])
    assert (station.source, station.vintage) == ("import:map.geojson", "2024")
    assert station.parent is not None
    assert station.parent.code == "one"
    assert import_boundaries(land, quarters, order).unchanged == ["la-gare", "ailleurs"]


def test_a_boundary_that_was_repaired_is_said(land: Territory) -> None:
    feature = _feature(4.0, nis="1")
    ring = feature["geometry"]["coordinates"][0]
    feature["geometry"]["coordinates"][0] = [*ring[:3], [4.1, 50.3], *ring[2:]]  # a spike
    report = import_boundaries(land, [feature], BY_CODE)
    assert [code for code, _reason in report.repaired] == ["one"]
    assert report.stored == ["one"]


def test_a_new_area_never_takes_a_code_that_is_taken(land: Territory) -> None:
    order = Order("quarter", code_field="nis", name_field="name_fr", create=True)
    features = [
        _feature(4.0, nis="7", name_fr="One"),
        _feature(4.2, nis="7", name_fr="!"),
        _feature(4.4, name_fr="One"),
        _feature(4.6),
    ]
    report = import_boundaries(land, features, order)
    assert report.created == ["quarter-one-7"]
    assert [(refused.number, refused.reason) for refused in report.refused] == [
        (2, "twice"),
        (3, "twice"),
        (4, "unmatched"),
    ]


def test_a_point_is_in_the_smallest_area_that_holds_it(land: Territory) -> None:
    assert Finder(land).all_at(4.05, 50.05) == []
    import_boundaries(land, [_feature(4.0, 1.0, nis="1"), _feature(4.0, 0.1, nis="2")], BY_CODE)
    one, two = Area.objects.get(code="one").pk, Area.objects.get(code="two").pk
    finder = Finder(land)
    assert finder.all_at(4.05, 50.05) == [two, one]
    assert finder.all_at(4.5, 50.5) == [one]
    assert finder.all_at(4.0, 50.0) == [two, one]  # on the line is inside
    assert finder.all_at(9.0, 9.0) == []
