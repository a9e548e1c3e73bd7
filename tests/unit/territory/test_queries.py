"""Areas and their links: what lies in what, and which area a typed name means."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from maillage.territory.models import Area, AreaLink, Territory
from maillage.territory.queries import Tile, comparable, descendants, find_area, tiles

pytestmark = pytest.mark.django_db


@pytest.fixture
def land() -> Territory:
    territory = Territory.objects.create(code="land", languages=["fr"], loaded_at=datetime(2026, 1, 1, tzinfo=UTC))
    rows = [
        ("land", "region", "", "Le Pays", [], []),
        ("west", "basin", "land", "Bassin ouest", [], []),
        ("saint-gilles", "commune", "west", "Saint-Gilles", ["nis:21013", "Sint-Gillis"], ["1060"]),
        ("city", "commune", "land", "Bruxelles", ["Brussel"], ["1000", "1020"]),
        ("laeken", "quarter", "city", "Laeken", ["Laken"], ["1020"]),
        ("centre", "quarter", "saint-gilles", "Centre", [], []),
        ("centre-basin", "basin", "land", "Centre", [], []),
    ]
    areas: dict[str, Area] = {}
    for x, (code, level, parent, name, other, postal) in enumerate(rows):
        areas[code] = Area.objects.create(
            territory=territory, code=code, level=level, parent=areas.get(parent), labels={"fr": name}, alternative_names=other,
            postal_codes=postal, tile_x=x if level == "commune" else None, tile_y=0 if level == "commune" else None,
        )  # fmt: skip
    for origin, target, weight in (
        ("city", "west", 0.3),
        ("city", "centre-basin", 0.7),
        ("laeken", "saint-gilles", 0.005),
    ):
        AreaLink.objects.create(origin=areas[origin], target=areas[target], kind="part_of", weight=weight)
    AreaLink.objects.create(origin=areas["laeken"], target=areas["centre"], kind="adjacent")
    return territory


def test_an_area_holds_what_is_below_it_through_parents_and_links(land: Territory) -> None:
    below = descendants(land)
    assert below["west"] == {"saint-gilles", "centre", "city", "laeken"}
    assert below["city"] == {"laeken"}
    assert below["centre"] == set()
    assert below["land"] == set(below) - {"land"}


def test_a_circle_of_links_ends(land: Territory) -> None:
    west, city = Area.objects.get(code="west"), Area.objects.get(code="city")
    AreaLink.objects.create(origin=west, target=city, kind="part_of", weight=0.5)
    assert "west" not in descendants(land)["west"]


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("saint-gilles", "saint-gilles"), ("SAINT GILLES", "saint-gilles"), ("st-gilles", "saint-gilles"), ("sint-gillis", "saint-gilles"),
        ("nis:21013", "saint-gilles"), ("1060", "saint-gilles"), ("  Brussel ", "city"), ("1000", "city"), ("1020", "laeken"),
        ("Centre", "centre"), ("centre-basin", "centre-basin"), ("bassin ouest", "west"), ("atlantis", None), ("", None), ("-", None),
    ],
)  # fmt: skip
def test_an_area_is_found_as_people_type_it(land: Territory, typed: str, code: str | None) -> None:
    found = find_area(land, typed)
    assert (found.code if found else None) == code


def test_names_compare_without_accents_capitals_and_hyphens() -> None:
    assert comparable("Woluwé-Saint-Pierre") == comparable("woluwe st pierre")


def test_the_tile_map_gives_the_areas_of_its_level_in_their_place(land: Territory) -> None:
    assert tiles(land, "commune") == [Tile("saint-gilles", 2, 0), Tile("city", 3, 0)]
    assert tiles(land, "quarter") == []
