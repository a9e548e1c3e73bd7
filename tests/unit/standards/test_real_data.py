"""Real feeds, which are kept beside the repository."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from django.core.management import call_command
from django.test import Client

from maillage.directory.models import ImportIssue, Schedule, Service
from maillage.territory.models import Territory
from tests.unit.standards.conftest import Import, codes, exported
from tests.unit.standards.test_api import validators


@pytest.mark.slow
def test_miami_is_imported_whole_and_a_second_time_changes_nothing(
    shared_data: Path, db: None, client: Client, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = str(shared_data / "directory" / "miami211_hsds11")
    call_command("import", "hsds", folder, "--json")
    first = json.loads(capsys.readouterr().out)
    assert first["counts"]["service"] == {
        "read": 4089,
        "created": 4089,
        "updated": 0,
        "unchanged": 0,
        "held": 0,
        "attached": 0,
        "rejected": 0,
    }
    assert first["counts"]["eligibility"]["rejected"] == 2244  # a broken export: no row says whose it is
    assert first["fill_rates"]["service"]["application_process"] > 0.99
    assert first["fill_rates"]["service"]["email"] == 0
    assert Schedule.objects.filter(parse="parsed").count() > 2_400
    assert not ImportIssue.objects.filter(code="record-failed").exists()
    call_command("import", "hsds", folder, "--json")
    second = json.loads(capsys.readouterr().out)
    assert second["counts"]["service"]["unchanged"] == 4089
    assert second["indexed"] == 0
    found = client.get("/hsds/services", {"search": "food pantry", "per_page": 5}).json()
    assert found["total_items"] > 5
    schema = validators(shared_data / "directory" / "hsds31_schema")["service"]
    for one in client.get("/hsds/services", {"full": "true", "per_page": 200}).json()["contents"]:
        assert not [error.message for error in schema.iter_errors(one)]
    assert Territory.objects.get().code == "imported"


def test_the_workbook_with_deliberate_mistakes_is_read(shared_data: Path, bare: Territory, take: Import) -> None:
    outcome = take(bare, shared_data / "directory" / "data_inclusion" / "dataset.xlsx", "data-inclusion")
    assert outcome.report.counts["structure"]["created"] == 1
    assert outcome.report.counts["service"]["created"] == 2
    assert {
        "column-missing",
        "column-repeated",
        "column-unknown",
        "url-invalid",
        "email-invalid",
        "number-invalid",
        "owner-unknown",
    } <= codes(outcome)


def test_the_record_of_social_brussels_is_read(shared_data: Path, bare: Territory, take: Import) -> None:
    take(bare, shared_data / "directory" / "social_brussels_record_shape.json", "social-brussels")
    service = Service.objects.get()
    assert service.schedules.get().osm == "Mo-Fr 08:30-16:00"
    assert service.organization is not None
    assert service.organization.identifiers.get().is_valid


@pytest.mark.parametrize(
    "name",
    [
        "service_full",
        "service_list",
        "organization_full",
        "organization_list",
        "service_at_location_full",
        "taxonomy_term_list",
    ],
)
def test_the_examples_of_the_standard_are_read_and_given_back_valid(
    shared_data: Path, bare: Territory, take: Import, tmp_path: Path, name: str
) -> None:
    outcome = take(bare, shared_data / "directory" / "hsds_examples" / f"{name}.json")
    assert not codes(outcome) & {"record-failed", "file-unknown", "file-broken"}
    schemas = validators(shared_data / "directory" / "hsds31_schema")
    for one in exported(bare, tmp_path / "feed.ndjson").values():
        entity = (
            "service"
            if "status" in one
            else "organization"
            if "taxonomy_id" not in one and "code" not in one["maillage"]
            else ""
        )
        if entity:
            assert not [error.message for error in schemas[entity].iter_errors(one)]
