"""The write side of imports knows every column of the tables it writes."""

from __future__ import annotations

import pytest

from maillage.directory.ingest.areas import AreaFinder
from maillage.directory.ingest.children import TABLES
from maillage.directory.ingest.reasons import REASONS, sentence
from maillage.directory.ingest.things import COLUMNS, MODELS
from maillage.territory.models import Area, Territory

OWNERS = {
    "id",
    "uuid",
    "territory_id",
    "parent_id",
    "organization_id",
    "service_id",
    "location_id",
    "service_at_location_id",
    "contact_id",
    "merged_into_id",  # a person's decision, which no feed takes back
}


@pytest.mark.parametrize("kind", COLUMNS)
def test_every_column_of_a_thing_is_written(kind: str) -> None:
    columns = {field.attname for field in MODELS[kind]._meta.concrete_fields}
    assert columns - OWNERS <= COLUMNS[kind].keys() <= columns


@pytest.mark.parametrize("name", TABLES)
def test_every_column_of_what_hangs_on_it_is_written(name: str) -> None:
    columns = {field.attname for field in TABLES[name].model._meta.concrete_fields}
    assert columns - OWNERS <= TABLES[name].columns.keys() | ({"location_id"} if name == "activities" else set())


def test_every_reason_is_a_sentence() -> None:
    assert all(str(text).endswith((".", ")")) for text in REASONS.values())
    assert sentence("something-newer") == "something-newer"


def test_the_smallest_area_that_holds_a_point_is_found(testland: Territory) -> None:
    def square(side: float) -> dict[str, object]:
        return {"type": "Polygon", "coordinates": [[[0, 0], [side, 0], [side, side], [0, side], [0, 0]]]}

    Area.objects.filter(code="testland").update(boundary=square(10), postal_codes=["1"])
    Area.objects.filter(code="north").update(boundary=square(1), postal_codes=["1", "2"])
    Area.objects.filter(code="south").update(postal_codes=["2"])
    areas = {area.code: area.pk for area in Area.objects.all()}
    finder = AreaFinder(testland)
    assert finder.locate(0.5, 0.5, ()) == areas["north"]
    assert finder.locate(5, 5, ()) == areas["testland"]
    assert finder.locate(50, 50, ("", "2", "Zuid")) == areas["south"]
    assert finder.locate(None, None, ("2",)) is None  # two communes share it
    assert finder.locate(None, None, ("1",)) == areas["testland"]  # the one that holds the other
    assert finder.locate(None, None, ("harbour", "2")) == areas["harbour"]
    assert finder.named("le nord") == areas["north"]
    assert finder.named("Atlantis") is None
