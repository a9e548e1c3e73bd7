"""The flat record of one service: read and write are each other's inverse."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from maillage.directory import sheet
from maillage.directory.models import (
    Language,
    Location,
    Phone,
    Schedule,
    Service,
    ServiceArea,
    ServiceAtLocation,
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
        "address": st.sampled_from([
            None, {"street": "Rue de l'Essai 1", "postal_code": "", "city": "North End"},
            {"street": "Rue de l'Essai 1, box 2", "postal_code": "1000", "city": ""}, {"street": "", "postal_code": "", "city": ""},
        ]),
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


# --- what may stand in a field


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("email", "nobody"), ("url", "javascript:alert(1)"), ("url", "https://user:secret@example.org"), ("url", "http://[bad"),
        ("url", "http://exa mple.org"), ("phones", [{"number": "call us"}]), ("phones", ["12"]), ("phones", 3), ("phones", "x"),
        ("minimum_age", -1), ("minimum_age", "old"), ("minimum_age", float("nan")), ("minimum_age", [1]), ("cost", "gold"),
        ("languages", ["xx"]), ("needs", ["health", "gold"]), ("served", ["atlantis"]), ("has_interpreter", "perhaps"),
        ("has_interpreter", []), ("name__en", "x" * 401), ("alert__fr", "x" * 401), ("description__fr", "x" * 20_001),
        ("documents", ["x" * 401]), ("accreditations", ["COCOF"]), ("accreditations", [{"scheme": "decree"}]),
        ("accreditations", [{"authority": "A", "valid_from": "31/12/2026"}]), ("accreditations", [{"authority": "A", "number": "9" * 81}]),
        ("accreditations", [{"authority": "A", "valid_from": "2027-01-01", "valid_to": "2026-01-01"}]),
        ("phones", [{"number": f"02 {n:04}"} for n in range(61)]), ("colour", "red"), ("description", "x"), ("cost__fr", "free"),
    ],
)  # fmt: skip
def test_what_cannot_stand_there_is_said_in_a_sentence_about_its_field(door: Service, field: str, value: Any) -> None:
    errors = refused(door, **{field: value})
    assert list(errors) == [field.replace("__", ":")]
    assert next(iter(errors.values())).endswith(".")


def test_two_fields_that_contradict_each_other_are_told(door: Service) -> None:
    assert set(refused(door, minimum_age=20, maximum_age="10,5")) == {"maximum_age"}
    assert set(refused(door, name__en="", name__fr="", name__nl=" ")) == {"name:en"}
    assert cleaned(door, name__fr="", minimum_age="10,5") == {"name:fr": "", "minimum_age": 10.5}


def test_what_is_typed_comes_out_clean(door: Service) -> None:
    said = cleaned(
        door, phones=[" 02 123\x00 45 67 ", {"number": ""}, "02 123 45 67"], url="www.example.org/a", email=" A@example.org ",
        description__fr=" Un\r\nlit\x00 ", name__en=" Open \n door ", documents="a \n\na\nb", has_interpreter="no",
        hours={"osm": "not hours", "raw": ""}, accreditations=[{}, {"authority": " A "}],
    )  # fmt: skip
    assert said == {
        "phones": [{"number": "02 123 45 67", "description": ""}], "url": "https://www.example.org/a", "email": "A@example.org",
        "description:fr": "Un\nlit", "name:en": "Open door", "documents": ["a", "b"], "has_interpreter": False,
        "hours": {"osm": "", "raw": "not hours", "parse": "unread"},
        "accreditations": [
            {"authority": "A", "scheme": "", "number": "", "valid_from": "", "valid_to": "", "source": ""}
        ],
    }  # fmt: skip


def test_what_a_source_wrote_is_never_refused_while_it_stays(door: Service) -> None:
    Service.objects.filter(pk=door.pk).update(email="not an address")
    Phone.objects.filter(service=door).update(number="ask inside")
    door.refresh_from_db()
    said = cleaned(door, email="not an address", phones=[{"number": "ask inside"}, {"number": "112"}])
    assert [row["number"] for row in said["phones"]] == ["ask inside", "112"]


def test_hours_that_stay_as_they_were_told_are_not_read_again(door: Service) -> None:
    assert cleaned(door, hours={"raw": "Mo-Su 19:00-08:00"})["hours"] == sheet.read(door)["hours"]
    assert cleaned(door, hours={"osm": "24/7", "raw": "24/7"})["hours"] == {
        "osm": "24/7",
        "raw": "24/7",
        "parse": "parsed",
    }
    assert cleaned(door, hours="")["hours"] is None


# --- where rows hang


def test_the_hours_of_a_place_that_others_share_are_read_and_never_taken_away(
    testland: Territory, door: Service
) -> None:
    place = door.at_locations.get().location
    Schedule.objects.filter(service=door).delete()
    Schedule.objects.create(location=place, osm="24/7", raw="24/7")
    other = Service.objects.get(code="full-house")
    ServiceAtLocation.objects.create(service=other, location=place)
    assert sheet.read(door)["hours"]["osm"] == "24/7"
    with pytest.raises(sheet.SheetError, match="cannot be emptied here"):
        sheet.write(door, {"hours": None}, at=NOW)
    sheet.write(door, {"hours": {"osm": "Mo 10:00-12:00", "raw": ""}}, at=NOW)
    assert sheet.read(door)["hours"] == {"osm": "Mo 10:00-12:00", "raw": "Mo 10:00-12:00", "parse": "parsed"}
    assert Schedule.objects.get(location=place).osm == "24/7"
    done = sheet.write(door, {"wheelchair": False}, at=NOW)
    assert set(done.services) == {door.pk, other.pk}
    assert (done.only_place, done.own_place) == (place.pk, None)


def test_hours_without_a_reading_are_kept_as_told(door: Service) -> None:
    sheet.write(door, {"hours": {"osm": "", "raw": "le soir"}}, at=NOW)
    assert sheet.read(door)["hours"] == {"osm": "", "raw": "le soir", "parse": "unread"}
    sheet.write(door, {"hours": {"osm": "24/7", "raw": "toujours, presque"}}, at=NOW)
    assert sheet.read(door)["hours"]["parse"] == "partly"


def test_the_telephone_of_a_confidential_place_is_in_no_sheet(testland: Territory) -> None:
    safe = Service.objects.get(code="safe-house")
    place = safe.at_locations.get().location
    Phone.objects.create(location=place, number="02 777 77 77")
    Phone.objects.create(location=place, service=safe, number="02 888 88 88")
    assert [row["number"] for row in sheet.read(safe)["phones"]] == ["+32 2 000 00 00"]
    sheet.write(safe, {"phones": []}, at=NOW)
    assert Phone.objects.filter(location=place).count() == 2


def test_a_service_with_two_places_or_none_has_no_wheelchair_of_its_own(door: Service) -> None:
    ServiceAtLocation.objects.create(service=door, location=Location.objects.create(territory=door.territory))
    assert sheet.read(door)["wheelchair"] is None
    with pytest.raises(sheet.SheetError, match="no place of its own"):
        sheet.write(door, {"wheelchair": True, "cost": "paid"}, at=NOW)
    assert (door.cost, Service.objects.get(pk=door.pk).cost) == ("free", "free")
    with pytest.raises(sheet.SheetError):
        sheet.write(door, {"colour": "red"}, at=NOW)
    with pytest.raises(sheet.SheetError, match="atlantis"):
        sheet.write(door, {"needs": ["atlantis"]}, at=NOW)


def test_rows_that_stay_keep_their_identity(door: Service) -> None:
    phone = Phone.objects.get(service=door)
    Phone.objects.filter(pk=phone.pk).update(extension="12", type="voice")
    sheet.write(
        door,
        {"phones": [{"number": "112", "description": ""}, {"number": phone.number, "description": "desk"}]},
        at=NOW,
    )
    kept = Phone.objects.get(service=door, number=phone.number)
    assert (kept.uuid, kept.extension, kept.description) == (phone.uuid, "12", "desk")


def test_the_areas_that_an_editor_chooses_put_an_end_to_the_words_of_a_source(door: Service) -> None:
    ServiceArea.objects.filter(service=door).delete()
    ServiceArea.objects.create(service=door, name="the old town", extent="")
    assert sheet.read(door)["served_words"] == "the old town"
    assert cleaned(door, served=["north"]) == {"served": ["north"], "served_words": ""}


def test_a_service_of_one_name_keeps_it_when_another_language_is_written(door: Service) -> None:
    Text.objects.filter(kind="service", object_id=door.pk).delete()
    assert sheet.read(door)["name:fr"] == "Open Door"
    sheet.write(door, {"name:nl": "Open Deur"}, at=NOW)
    assert {sheet.read(door)[f"name:{code}"] for code in ("fr", "nl")} == {"Open Door", "Open Deur"}


# --- the table of fields


def test_every_field_has_a_label_and_what_can_be_chosen(testland: Territory) -> None:
    assert [field.name for field in sheet.FIELDS][:2] == ["phones", "hours"]
    assert all(sheet.label(name) for name in sheet.field_names(testland))
    assert sheet.label("description:fr") == "What you do (fr)"
    assert sheet.label("of-an-older-version") == "of-an-older-version"
    assert ("health", "Santé") in sheet.choices("needs", testland, "fr")
    assert ("north", "Noord") in sheet.choices("served", testland, "nl")
    assert ("ar", "Arabic") in sheet.choices("languages", testland, "en")
    assert dict(sheet.choices("access_modes", testland))["phone"] == "call first"


# --- the address


def move(service: Service, **said: str) -> None:
    address = {"street": "Rue de l'Essai 9", "postal_code": "", "city": ""} | said
    sheet.write(service, cleaned(service, address=address), at=NOW)


def test_a_service_moves_and_nobody_knows_yet_where_that_is_on_the_map(door: Service) -> None:
    move(door, city="South End")
    place = Location.objects.get(services_here__service=door)
    assert (place.area.code, place.latitude, place.longitude) == ("south", None, None)  # type: ignore[union-attr]
    assert sheet.read(door)["address"]["street"] == "Rue de l'Essai 9"


def test_a_service_without_a_place_has_one_from_now_on(door: Service) -> None:
    ServiceAtLocation.objects.filter(service=door).delete()
    assert sheet.read(door)["address"] is None
    move(door, city="North End")
    assert sheet.read(door)["address"]["city"] == "North End"


def test_the_address_of_a_confidential_place_is_neither_read_nor_written(door: Service) -> None:
    Location.objects.filter(services_here__service=door).update(is_confidential=True)
    assert sheet.read(door)["address"] is None
    with pytest.raises(sheet.SheetError, match="confidential"):
        move(door)


def test_a_place_is_not_moved_under_the_feet_of_others(door: Service) -> None:
    place = Location.objects.get(services_here__service=door)
    other = Service.objects.exclude(organization=door.organization).exclude(pk=door.pk).first()
    assert other is not None
    ServiceAtLocation.objects.create(service=other, location=place)
    with pytest.raises(sheet.SheetError, match="Other organisations"):
        move(door)
    Service.objects.filter(pk=other.pk).update(organization=door.organization)
    done = sheet.write(door, cleaned(door, address={"street": "x 1"}), at=NOW)
    assert other.pk in done.services  # it moved too: both are shown anew
    ServiceAtLocation.objects.create(service=door, location=Location.objects.create(territory=door.territory))
    with pytest.raises(sheet.SheetError, match="several places"):
        move(door)


@pytest.mark.parametrize(
    ("said", "sentence"),
    [({"street": "", "city": "x"}, "street and the number"), ({"postal_code": "1" * 30}, "At most 20"), ({"city": "x" * 201}, "At most 200")],
)  # fmt: skip
def test_an_address_that_cannot_be_is_refused(door: Service, said: dict[str, str], sentence: str) -> None:
    with pytest.raises(sheet.SheetError, match=sentence):
        move(door, **said)
