"""The flat record of one service: read and write are each other's inverse."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from maillage.directory import sheet
from maillage.directory.models import (
    Language,
    Phone,
    Schedule,
    Service,
    ServiceArea,
    ServiceTerm,
    Text,
)
from maillage.directory.sheet.checks import Known
from maillage.territory.models import Territory
from tests.testland import NOW

pytestmark = pytest.mark.django_db


@pytest.fixture
def door(testland: Territory) -> Service:
    return Service.objects.select_related("territory").get(code="open-door")


def cleaned(service: Service, **values: Any) -> dict[str, Any]:
    said = {name.replace("__", ":"): value for name, value in values.items()}
    return sheet.clean(said, sheet.read(service), sheet.known_codes(service))


def refused(service: Service, **values: Any) -> dict[str, str]:
    with pytest.raises(sheet.SheetError) as refusal:
        cleaned(service, **values)
    return refusal.value.errors


def snapshot(service: Service) -> list[Any]:
    rows: list[Any] = [Service.objects.filter(pk=service.pk).values().get()]
    for model in (Phone, Schedule, Language, ServiceArea, ServiceTerm):
        rows += list(model.objects.filter(service=service).order_by("id").values())
    return [*rows, *Text.objects.filter(kind="service", object_id=service.pk).order_by("id").values()]


def test_a_sheet_says_everything_that_a_form_shows(door: Service) -> None:
    read = sheet.read(door)
    assert list(read) == sheet.field_names(door.territory)
    assert read["name:nl"] == "Open Deur"
    assert read["description:nl"] == ""
    assert read["phones"] == [{"number": "+32 2 000 00 00", "description": ""}]
    assert read["hours"] == {"osm": "Mo-Su 19:00-08:00", "raw": "Mo-Su 19:00-08:00", "parse": "parsed"}
    assert read["languages"] == ["ar", "fr", "nl"]
    assert read["needs"] == ["emergency-shelter"]
    assert read["served"] == ["testland"]
    assert read["wheelchair"] is True
    assert read["access_modes"] == ["walk_in"]
    assert read["minimum_age"] is None


def test_a_sheet_is_read_in_at_most_eight_queries(door: Service, django_assert_max_num_queries: Any) -> None:
    found = Service.objects.get(pk=door.pk)
    with django_assert_max_num_queries(8):  # the territory's included
        sheet.read(found)


def test_writing_what_was_read_changes_nothing(testland: Territory) -> None:
    for service in Service.objects.filter(territory=testland):
        before = snapshot(service)
        done = sheet.write(service, sheet.read(service), at=NOW)
        assert (done.fields, snapshot(service)) == ({}, before)


def test_what_was_read_is_clean_already(testland: Territory) -> None:
    for service in Service.objects.filter(territory=testland):
        read = sheet.read(service)
        assert sheet.clean(read, read, Known()) == read


RECOGNISED = st.fixed_dictionaries({"authority": st.just("COCOF"), "valid_to": st.sampled_from(["", "2027-01-31"])})
TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=30)
VALUES = st.fixed_dictionaries(
    {},
    optional={
        "phones": st.lists(st.fixed_dictionaries({"number": st.sampled_from(["112", "+32 2 1", "02/33"]), "description": TEXT}), max_size=3),
        "hours": st.sampled_from([None, "lundi 9h-12h", "le soir", {"osm": "24/7", "raw": ""}, {"osm": "", "raw": "Mo-Fr 10:00-12:00"}]),
        "name:en": st.sampled_from(["Door", "The open door"]),
        "description:fr": TEXT,
        "description:nl": TEXT,
        "minimum_age": st.none() | st.integers(0, 60),
        "maximum_age": st.none() | st.floats(60, 130),
        "languages": st.lists(st.sampled_from(["fr", "nl", "ar"])),
        "served": st.lists(st.sampled_from(["north", "south", "testland"])),
        "needs": st.lists(st.sampled_from(["company", "health", "psychologist"])),
        "access_modes": st.lists(st.sampled_from(["walk_in", "phone"])),
        "cost": st.sampled_from(["", "free", "paid"]),
        "wheelchair": st.sampled_from([True, False, None, "yes", ""]),
        "has_interpreter": st.sampled_from([True, False, None]),
        "documents": st.lists(st.sampled_from(["identity card", "a letter", "payslip"])),
        "accreditations": st.lists(RECOGNISED, max_size=1),
        "email": st.sampled_from(["", "door@example.org"]),
        "url": st.sampled_from(["", "www.example.org", "http://example.org/a?b=c"]),
        "status": st.sampled_from(["active", "inactive"]),
        "served_words": TEXT,
    },
)  # fmt: skip


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(values=VALUES)
def test_what_is_written_is_what_is_read_back_and_the_old_sheet_can_be_written_again(
    door: Service, values: dict[str, Any]
) -> None:
    old = sheet.read(door)
    said = sheet.clean(values, old, sheet.known_codes(door))
    done = sheet.write(door, said, at=NOW)
    assert sheet.read(Service.objects.get(pk=door.pk)) == old | said
    assert set(done.fields) == {name for name in said if said[name] != old[name]}
    sheet.write(door, {name: entry["old"] for name, entry in done.fields.items()}, at=NOW)
    assert sheet.read(Service.objects.get(pk=door.pk)) == old
