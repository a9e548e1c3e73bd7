"""HSDS packages of tables, as dirty as real ones."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from maillage.directory.models import ImportIssue, Service, SourceRecord, Text
from maillage.people.models import Organization
from maillage.standards.reading import packed
from maillage.territory.models import Territory
from tests.unit.standards.conftest import Import, codes

TABLES = {
    "organizations": "id,name,description,url\n1,House,About,www.example.org\n,Nobody,,\n",
    "services": "id,organization_id,name,description,fees,application_process\n10,1,Food pantry,Bags of food,Free,Walk-ins welcomed\n"
    "11,99,Clothes,,,\n",
    "locations": "id,organization_id,name,latitude,longitude\n20,1,The hall,50.85,4.35\n21,1,Nowhere,500,4\n",
    "services_at_location": "id,service_id,location_id\n30,10,20\n31,10,77\n",
    "phones": "id,service_id,number,language\n40,10,02 000 00 00,fr\n41,10,,\n42,88,1,\n",
    "languages": "id,service_id,language\n50,10,Spanish (limited)\n51,10,other languages available upon request\n",
    "regular_schedules": 'service_id,weekday,opens_at,closes_at,original_text\n10,Monday,9:00am,5:00pm,"9:00am-5:00pm, Mon-Fri"\n',
    "eligibility": "id,service_id,eligibility\n60,10,Everybody\n61,,Nobody knows for whom\n",
    "accessibility_for_disabilities": "id,location_id,accessibility,details\n70,20,Handicap accessible,\n",
    "physical_addresses": "id,location_id,address_1,city,postal_code,country\n80,20,Long Street 1,Town,1000,BE\n",
    "services_taxonomy": "id,service_id,taxonomy_id\n90,10,BD-1800\n",
}


def test_a_package_becomes_services_with_all_that_belongs_to_them(
    bare: Territory, take: Import, package: Callable[..., Path]
) -> None:
    outcome = take(bare, package(**TABLES))
    service = Service.objects.get(name="Food pantry")
    place = service.at_locations.get().location
    assert service.organization is not None
    assert (service.organization.name, service.organization.website) == ("House", "http://www.example.org")
    assert (place.latitude, place.is_wheelchair_accessible, place.addresses.get().address_1) == (
        50.85,
        True,
        "Long Street 1",
    )
    assert service.schedules.get().osm == "Mo-Fr 09:00-17:00"
    assert [(one.code, one.level) for one in service.languages.order_by("id")] == [
        ("es", "limited"),
        ("", "on-request"),
    ]
    assert (service.cost, service.access, service.has_interpreter) == ("free", ["walk_in"], True)
    assert [row.term.code for row in service.service_terms.all()] == ["BD-1800"]
    assert Text.objects.get(kind="service", object_id=service.pk, field="eligibility_description").value == "Everybody"
    assert outcome.indexed == 2


def test_every_row_that_was_left_out_is_told_with_its_reason(
    bare: Territory, take: Import, package: Callable[..., Path]
) -> None:
    outcome = take(bare, package(**TABLES))
    told = set(ImportIssue.objects.filter(run=outcome.report.run).values_list("entity", "row", "field", "code"))
    assert ("eligibility", "eligibility.csv 3", "service_id", "owner-missing") in told
    assert ("phones", "phones 4", "contact_id", "owner-unknown") in told
    assert ("organizations", "organizations.csv 3", "id", "id-missing") in told
    assert ("location", "locations.csv 3", "latitude", "coordinates-impossible") in told
    assert {"phone-missing", "organization-unknown", "location-unknown"} <= codes(outcome)
    assert Service.objects.count() == 2
    assert outcome.report.counts["eligibility"] == {
        "read": 2,
        "created": 0,
        "updated": 0,
        "unchanged": 0,
        "held": 0,
        "attached": 1,
        "rejected": 1,
    }
    assert outcome.report.fill_rates["service"]["description"] == 0.5


def test_a_second_import_changes_nothing(bare: Territory, take: Import, package: Callable[..., Path]) -> None:
    take(bare, package(**TABLES))
    before = list(Service.objects.order_by("id").values())
    again = take(bare, package(**TABLES))
    assert list(Service.objects.order_by("id").values()) == before
    assert {k: v for k, v in again.report.counts["service"].items() if v} == {"read": 2, "unchanged": 2}
    assert again.indexed == 0


def test_a_changed_row_updates_its_service_only(bare: Territory, take: Import, package: Callable[..., Path]) -> None:
    take(bare, package(**TABLES))
    again = take(bare, package(**TABLES | {"phones": "id,service_id,number\n40,10,02 999 99 99\n"}))
    assert [p.number for p in Service.objects.get(name="Food pantry").phones.all()] == ["02 999 99 99"]
    assert again.report.counts["service"]["updated"] == 1
    assert again.report.counts["service"]["unchanged"] == 1


def test_the_raw_record_is_kept_with_every_row(bare: Territory, take: Import, package: Callable[..., Path]) -> None:
    take(bare, package(**TABLES), licence="CC BY 4.0")
    record = SourceRecord.objects.get(entity="service", external_id="10")
    assert record.payload["services"]["name"] == "Food pantry"
    assert record.payload["languages"][0]["language"] == "Spanish (limited)"
    assert record.licence == "CC BY 4.0"


def test_a_dry_run_reports_and_changes_nothing(bare: Territory, take: Import, package: Callable[..., Path]) -> None:
    outcome = take(bare, package(**TABLES), dry_run=True)
    assert outcome.report.counts["service"]["created"] == 2
    assert not Service.objects.exists()
    assert not ImportIssue.objects.exists()


def test_another_encoding_separator_and_extra_cells_are_read_and_remarked(
    bare: Territory, take: Import, package: Callable[..., Path]
) -> None:
    table = "id;name;name;description\n1;Été;;Accueil – écoute;too;much\n".encode("cp1252")
    outcome = take(bare, package(services=table))
    assert Service.objects.get().name == "Été"
    assert {"encoding", "cells-extra", "column-repeated"} <= codes(outcome)


def test_a_zip_is_read_like_a_folder_and_a_bomb_is_refused(
    bare: Territory, take: Import, package: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = package(**TABLES)
    path = tmp_path / "feed.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for table in folder.iterdir():
            file.write(table, f"inside/{table.name}")
        file.writestr("../../evil.csv", "x")
    assert take(bare, path).report.counts["service"]["created"] == 2
    monkeypatch.setattr(packed, "SMALL", 1_000)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("services.csv", "id,name\n" + "1,a\n" * 500_000)
    assert "file-refused" in codes(take(bare, path))


def test_a_huge_cell_is_shortened_and_kept_whole_in_the_raw_record(
    bare: Territory, take: Import, package: Callable[..., Path]
) -> None:
    outcome = take(bare, package(services=f'id,name,description\n1,One,"{"long " * 300_000}"\n'))
    assert {"field-huge", "too-long"} <= codes(outcome)
    assert len(Text.objects.get(field="description").value) <= 100_000
    assert len(SourceRecord.objects.get().payload["services"]["description"]) == 1_500_000


def test_two_territories_may_import_the_same_feed(db: None, take: Import, package: Callable[..., Path]) -> None:
    from maillage.standards import imports

    one = imports.bare_territory("en")
    take(one, package(**TABLES))
    other = Territory.objects.create(
        code="other",
        pack_version="",
        pack_hash="",
        languages=["en"],
        country="",
        timezone="UTC",
        loaded_at=one.loaded_at,
    )
    take(other, package(**TABLES))
    assert Service.objects.filter(territory=one).count() == Service.objects.filter(territory=other).count() == 2
    assert Organization.objects.count() == 2
    again = take(other, package(**TABLES))
    assert again.report.counts["service"]["unchanged"] == 2
