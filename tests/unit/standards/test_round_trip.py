"""What goes out comes back the same, except what the declared list says; and what is confidential never goes out."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from maillage.directory.models import Attribute, Location, Service, ServiceCapacity, SourceRecord, Taxonomy, Text
from maillage.people.models import Organization
from maillage.standards.hsds.losses import LOSSES
from maillage.territory.models import Territory
from tests import testland as land
from tests.unit.standards.conftest import Import, codes, exported


def empty(territory: Territory) -> None:
    from maillage.orientation.models import Need

    Need.objects.all().delete()
    for model in (Service, Organization, Location, Taxonomy, SourceRecord, Text, Attribute):
        model.objects.all().delete()


def without(told: Any, *names: str) -> Any:
    if isinstance(told, dict):
        return {key: without(value, *names) for key, value in told.items() if key not in names}
    return [without(one, *names) for one in told] if isinstance(told, list) else told


@pytest.fixture
def round_trip(take: Import, tmp_path: Path) -> Any:
    def go(territory: Territory) -> tuple[dict[str, Any], dict[str, Any]]:
        before = exported(territory, tmp_path / "before.ndjson")
        empty(territory)
        take(territory, tmp_path / "before.ndjson", with_names=True)
        return before, exported(territory, tmp_path / "after.ndjson")

    return go


def test_a_whole_territory_comes_back_except_what_is_declared(testland: Territory, round_trip: Any) -> None:
    before, after = round_trip(testland)
    lost = {
        "id",
        "location_id",
        "confirmed_by",
        "last_modified",
    }  # of the confidential place; and the feed's own name and moment
    assert before.keys() == after.keys()
    for key, told in before.items():
        again = after[key]
        if "confidential" in json.dumps(told):
            told, again = without(told, *lost), without(again, *lost)
        told, again = without(told, "confirmed_by", "last_modified"), without(again, "confirmed_by", "last_modified")
        told, again = without(told, "link_id"), without(again, "link_id")
        assert list(differences(told, again)) == []


@pytest.mark.parametrize("name", ["service_full", "organization_full"])
def test_the_examples_of_the_standard_come_back(
    shared_data: Path, bare: Territory, take: Import, round_trip: Any, name: str
) -> None:
    take(bare, shared_data / "directory" / "hsds_examples" / f"{name}.json", with_names=True)
    before, after = round_trip(bare)
    assert list(differences(before, after)) == []
    assert len(before) == 3


WORDS = st.text(
    st.characters(codec="utf-8", categories=["L", "N", "P", "Zs"], exclude_characters="<&\\#GÃâ"),
    min_size=1,
    max_size=30,
).map(lambda t: " ".join(t.split()) or "x")


@settings(
    max_examples=25,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    names=st.dictionaries(st.sampled_from(["fr", "nl", "en"]), WORDS, min_size=1),
    ages=st.lists(st.integers(0, 120), min_size=2, max_size=2).map(sorted),
    cost=st.sampled_from(["", "free", "paid", "means-tested"]),
    room=st.none() | st.integers(0, 50),
)
def test_any_service_comes_back(
    bare: Territory, round_trip: Any, names: dict[str, str], ages: list[int], cost: str, room: int | None
) -> None:
    empty(bare)
    service = Service.objects.create(
        territory=bare,
        name=next(iter(names.values())),
        minimum_age=ages[0],
        maximum_age=ages[1],
        cost=cost,
        confirmed_by="x",
    )
    for language, value in names.items():
        Text.objects.create(
            territory=bare, kind="service", object_id=service.pk, field="name", language=language, value=value
        )
    ServiceCapacity.objects.create(service=service, unit="bed", available=room, status="waitlist")
    before, after = round_trip(bare)
    assert list(differences(before, after)) == []


def differences(one: Any, other: Any, path: str = "") -> Iterator[str]:
    """Where two documents differ, a line each: what pytest shows of large ones says nothing."""
    if isinstance(one, dict) and isinstance(other, dict):
        for key in one.keys() | other.keys():
            yield from differences(one.get(key, "-"), other.get(key, "-"), f"{path}/{key}")
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for number, (mine, theirs) in enumerate(zip(one, other, strict=True)):
            yield from differences(mine, theirs, f"{path}/{number}")
    elif one != other and not (one == "-" and str(other).startswith("feed--")):  # declared: what has no code gets one
        yield f"{path}: {one!r} {other!r}"


def test_a_confidential_place_never_leaves(testland: Territory, tmp_path: Path) -> None:
    place = Location.objects.get(is_confidential=True)
    Location.objects.filter(pk=place.pk).update(
        name="House of Quiet",
        transportation="Tram 7",
        external_identifier="21015A77-",
        latitude=50.8711117,
        longitude=4.3722227,
    )
    place.refresh_from_db()
    told = exported(testland, tmp_path / "feed.ndjson")
    text = json.dumps(told, ensure_ascii=False)
    for secret in (
        land.SECRET_STREET,
        "House of Quiet",
        "Tram 7",
        "21015A77-",
        str(place.uuid),
        str(place.latitude),
        str(place.longitude),
    ):
        assert secret not in text
    hidden = [
        s["location"]
        for one in told.values()
        for s in one.get("service_at_locations", ())
        if s["location"]["maillage"].get("is_confidential")
    ]
    assert hidden
    assert hidden[0].keys() <= {"id", "location_type", "name", "attributes", "schedules", "languages", "maillage"}
    assert hidden[0]["maillage"]["area"]


def test_a_confidential_place_stays_confidential_in_another_system(testland: Territory, round_trip: Any) -> None:
    round_trip(testland)
    place = Location.objects.get(is_confidential=True)
    assert (place.latitude, place.addresses.exists()) == (None, False)
    assert place.area is not None


def test_the_document_is_a_page_with_everything_in_it(testland: Territory, tmp_path: Path, take: Import) -> None:
    path = tmp_path / "export.json"
    call_command("export", "hsds", str(path), verbosity=0)
    told = json.loads(path.read_text())
    assert told["total_items"] == len(told["contents"]) == Service.objects.visible().count()
    assert told["taxonomy_terms"]
    empty(testland)
    assert not codes(take(testland, path)) & {"file-broken", "file-unknown", "record-failed"}
    assert Service.objects.count() == told["total_items"]


def test_an_empty_directory_is_exported_too(bare: Territory, tmp_path: Path) -> None:
    call_command("export", "hsds", str(tmp_path / "export.json"), verbosity=0)
    assert json.loads((tmp_path / "export.json").read_text())["contents"] == []
    call_command("export", "hsds", str(tmp_path / "export.ndjson"), "--ndjson", verbosity=0)
    assert (tmp_path / "export.ndjson").read_text() == ""


def test_hidden_services_are_not_published(testland: Territory, tmp_path: Path) -> None:
    one = Service.objects.first()
    assert one is not None
    Service.objects.filter(pk=one.pk).update(visibility="hidden")
    assert str(one.uuid) not in exported(testland, tmp_path / "feed.ndjson")


def test_every_loss_is_a_sentence() -> None:
    assert all(name and len(lost) > 10 for name, lost in LOSSES)


def test_the_declared_losses_stand_in_the_documentation() -> None:
    documented = (Path(__file__).parents[3] / "docs" / "reference" / "hsds.md").read_text(encoding="utf-8")
    assert all(f"| {name} | {lost} |" in documented for name, lost in LOSSES)


def test_our_own_export_finds_everything_again_and_changes_nothing(
    testland: Territory, take: Import, tmp_path: Path
) -> None:
    exported(testland, tmp_path / "feed.ndjson")
    before = (Location.objects.count(), Service.objects.count(), Organization.objects.count())
    outcome = take(testland, tmp_path / "feed.ndjson")
    assert (Location.objects.count(), Service.objects.count(), Organization.objects.count()) == before
    assert not outcome.report.counts["service"]["created"]
    place = Location.objects.get(is_confidential=True)
    assert place.latitude is not None
    assert place.addresses.exists()
