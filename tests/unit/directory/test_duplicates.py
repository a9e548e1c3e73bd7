"""Candidates, decisions, merges and their undoing; what is never told of a confidential place."""

from __future__ import annotations

import json
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from maillage.directory import duplicates as reading
from maillage.directory import queries, sheet
from maillage.directory.actions import duplicates
from maillage.directory.models import (
    Address,
    DuplicatePair,
    FieldProvenance,
    Location,
    Merge,
    Phone,
    Revision,
    SearchDocument,
    Service,
    ServiceArea,
    ServiceAtLocation,
    SourceRecord,
    Text,
)
from maillage.directory.search.index import reindex
from maillage.people.models import Organization, OrganizationIdentifier, Trace
from maillage.people.rules import NotAllowed
from maillage.territory.models import Territory
from tests.conftest import Cast
from tests.testland import NOW, SECRET_STREET

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(hours=1)


def copied(service: Service, **values: Any) -> Service:
    """The same service once more, from another hand: its own organisation, its own place at the same address."""
    here = service.at_locations.select_related("location").first()
    name = service.organization.name if service.organization else ""
    organization = Organization.objects.create(territory=service.territory, code=f"copy-{service.code}", name=name)
    copy = Service.objects.create(
        **{
            "territory": service.territory,
            "code": f"copy-{service.code}",
            "organization": organization,
            "name": service.name,
        }
        | values
    )
    for text in Text.objects.filter(kind="service", object_id=service.pk, field="name"):
        Text.objects.create(
            territory=service.territory,
            kind="service",
            object_id=copy.pk,
            field="name",
            language=text.language,
            value=text.value,
        )
    if here:
        place = Location.objects.create(
            territory=service.territory, organization=organization, area=here.location.area, latitude=here.location.latitude,
            longitude=here.location.longitude, is_confidential=here.location.is_confidential,
        )  # fmt: skip
        for address in here.location.addresses.all():
            Address.objects.create(
                location=place, address_1=address.address_1, postal_code=address.postal_code, city=address.city
            )
        ServiceAtLocation.objects.create(service=copy, location=place)
    reindex(service.territory)
    return copy


@pytest.fixture
def door(testland: Territory, cast: Cast) -> Service:
    return Service.objects.select_related("territory", "organization").get(code="open-door")


@pytest.fixture
def copy(door: Service) -> Service:
    return copied(door, email="door@example.org")


@pytest.fixture
def pair(door: Service, copy: Service, cast: Cast) -> DuplicatePair:
    duplicates.search(door.territory, at=NOW, by=cast.dora)
    return DuplicatePair.objects.get()


def again(service: Service) -> Service:
    return Service.objects.select_related("territory", "merged_into").get(pk=service.pk)


def shown(service: Service) -> bool:
    return SearchDocument.objects.filter(service=service).exists()


def test_a_search_proposes_and_merges_nothing(door: Service, copy: Service, pair: DuplicatePair) -> None:
    assert {pair.left, pair.right} == {door.uuid, copy.uuid}
    assert pair.left < pair.right
    assert pair.state == DuplicatePair.State.OPEN
    assert pair.score > 0.8
    assert {"same-name", "same-address"} <= {reason["code"] for reason in pair.reasons}
    assert again(copy).merged_into is None
    assert Trace.objects.filter(verb="searched for duplicates").exists()


def test_a_second_search_changes_nothing(door: Service, pair: DuplicatePair, cast: Cast) -> None:
    said: list[str] = []
    found = duplicates.search(door.territory, at=LATER, by=cast.dora, progress=lambda phase, share: said.append(phase))
    assert (found.found, found.new, found.gone) == (1, 0, 0)
    assert {"read", "compare", "write"} <= set(said)
    assert DuplicatePair.objects.get().found_at == NOW


def test_an_open_pair_that_changes_is_judged_anew_and_one_that_no_longer_stands_goes(
    door: Service, copy: Service, pair: DuplicatePair, cast: Cast
) -> None:
    Service.objects.filter(pk__in=[door.pk, copy.pk]).update(url="https://example.org/door")
    duplicates.search(door.territory, at=LATER, by=cast.dora)
    again_ = DuplicatePair.objects.get()
    assert again_.pk == pair.pk
    assert again_.score > pair.score
    Service.objects.filter(pk=copy.pk).update(status=Service.Status.DEFUNCT)
    assert duplicates.search(door.territory, at=LATER, by=cast.dora).gone == 1
    assert not DuplicatePair.objects.exists()


def test_enterprise_numbers_that_differ_are_told_on_the_pair(door: Service, copy: Service, cast: Cast) -> None:
    for service, number in ((door, "0123"), (copy, "0456")):
        assert service.organization is not None
        OrganizationIdentifier.objects.create(organization=service.organization, scheme="BE-BCE_KBO", identifier=number)
    Service.objects.filter(pk__in=[door.pk, copy.pk]).update(url="https://example.org/door", email="door@example.org")
    duplicates.search(door.territory, at=NOW, by=cast.dora)
    assert DuplicatePair.objects.get().vetoes == ["enterprise-number"]


def test_only_a_moderator_decides(pair: DuplicatePair, door: Service, copy: Service, cast: Cast) -> None:
    with pytest.raises(NotAllowed):
        duplicates.decide(pair, same=False, by=cast.alice, at=NOW)
    with pytest.raises(NotAllowed):
        duplicates.merge(door, copy, by=cast.bob, at=NOW)


def test_two_different_services_are_never_asked_about_again(pair: DuplicatePair, door: Service, cast: Cast) -> None:
    assert duplicates.decide(pair, same=False, by=cast.dora, at=NOW, note="two floors") is None
    duplicates.search(door.territory, at=LATER, by=cast.dora)
    kept = DuplicatePair.objects.get()
    assert (kept.state, kept.decided_by, kept.note) == (DuplicatePair.State.DIFFERENT, cast.dora, "two floors")
    with pytest.raises(duplicates.DecidedAlready):
        duplicates.decide(pair, same=True, keep=door, by=cast.dora, at=NOW)


def test_the_one_that_is_kept_takes_over_what_it_lacks(
    pair: DuplicatePair, door: Service, copy: Service, cast: Cast
) -> None:
    before = sheet.read(door)
    merge = duplicates.decide(pair, same=True, keep=door, by=cast.dora, at=NOW)
    assert merge is not None
    assert merge.filled == {"email": {"old": "", "new": "door@example.org"}}
    assert sheet.read(again(door)) == before | {"email": "door@example.org"}
    assert queries.shown_as(again(copy)) == door
    assert shown(door)
    assert not shown(copy)
    assert Revision.objects.get().source == "merge"
    assert DuplicatePair.objects.get().keep == door.uuid
    assert Trace.objects.filter(verb="merged two services").exists()


def test_undoing_gives_everything_back_and_asks_again(
    pair: DuplicatePair, door: Service, copy: Service, cast: Cast
) -> None:
    before = sheet.read(door)
    merge = duplicates.decide(pair, same=True, keep=door, by=cast.dora, at=NOW)
    assert merge is not None
    assert duplicates.undo(merge, by=cast.dora, at=LATER) == []
    assert sheet.read(again(door)) == before
    assert again(copy).merged_into is None
    assert shown(copy)
    assert DuplicatePair.objects.get().state == DuplicatePair.State.OPEN
    merge.refresh_from_db()
    assert (merge.undone_at, merge.undone_by) == (LATER, cast.dora)
    with pytest.raises(duplicates.DecidedAlready):
        duplicates.undo(merge, by=cast.dora, at=LATER)


def test_what_was_changed_since_the_merge_stays(pair: DuplicatePair, door: Service, cast: Cast) -> None:
    merge = duplicates.decide(pair, same=True, keep=door, by=cast.dora, at=NOW)
    assert merge is not None
    Service.objects.filter(pk=door.pk).update(email="new@example.org")
    assert duplicates.undo(merge, by=cast.dora, at=LATER) == ["email"]
    assert again(door).email == "new@example.org"


def test_a_service_without_a_place_takes_over_the_places(door: Service, cast: Cast) -> None:
    bare = Service.objects.create(territory=door.territory, code="bare", name="Open Door")
    merge = duplicates.merge(bare, door, by=cast.dora, at=NOW)
    assert bare.at_locations.count() == 1
    assert "phones" in merge.filled
    duplicates.undo(merge, by=cast.dora, at=LATER)
    assert bare.at_locations.count() == 0
    assert door.at_locations.count() == 1
    assert DuplicatePair.objects.get().state == DuplicatePair.State.OPEN


def test_a_field_that_the_kept_one_cannot_have_is_left_out(door: Service, cast: Cast) -> None:
    """Accessible by wheelchair is said of a place; where there are two, of none."""
    bare = Service.objects.create(territory=door.territory, code="bare", name="Open Door", cost="free")
    for place in Location.objects.exclude(services_here__service=door)[:2]:
        ServiceAtLocation.objects.create(service=bare, location=place)
    Location.objects.filter(services_here__service=door).update(is_wheelchair_accessible=True)
    merge = duplicates.merge(bare, door, by=cast.dora, at=NOW)
    assert "wheelchair" not in merge.filled
    assert "hours" in merge.filled


def test_a_chain_of_merges_leads_to_its_end_and_is_undone_in_any_order(
    door: Service, copy: Service, cast: Cast
) -> None:
    third = Service.objects.create(territory=door.territory, code="third", name="Open Door")
    first = duplicates.merge(copy, third, by=cast.dora, at=NOW)
    second = duplicates.merge(door, copy, by=cast.dora, at=NOW)
    assert queries.shown_as(again(third)) == door
    fourth = Service.objects.create(territory=door.territory, code="fourth", name="Open Door")
    assert duplicates.merge(copy, fourth, by=cast.dora, at=NOW).kept == door  # copy is shown as door
    duplicates.undo(first, by=cast.dora, at=LATER)
    assert queries.shown_as(again(third)) == third
    duplicates.undo(second, by=cast.dora, at=LATER)
    assert queries.shown_as(again(copy)) == copy


def test_no_cycle_can_be_made(door: Service, copy: Service, cast: Cast) -> None:
    duplicates.merge(door, copy, by=cast.dora, at=NOW)
    for kept, merged in ((copy, door), (door, copy), (door, door)):
        with pytest.raises(duplicates.CannotMerge):
            duplicates.merge(kept, merged, by=cast.dora, at=NOW)
    other = Territory.objects.create(
        code="elsewhere", pack_version="", pack_hash="", country="", timezone="UTC", loaded_at=NOW
    )
    far = Service.objects.create(territory=other, name="Open Door")
    with pytest.raises(duplicates.CannotMerge):
        duplicates.merge(door, far, by=cast.dora, at=NOW)


def test_a_pair_whose_record_is_gone_cannot_be_merged(
    pair: DuplicatePair, door: Service, copy: Service, cast: Cast
) -> None:
    copy.delete()
    with pytest.raises(duplicates.CannotMerge):
        duplicates.decide(pair, same=True, keep=door, by=cast.dora, at=NOW)


def test_what_was_decided_of_a_merged_record_holds_for_the_one_that_stands_for_it(
    pair: DuplicatePair, door: Service, copy: Service, cast: Cast
) -> None:
    duplicates.decide(pair, same=False, by=cast.dora, at=NOW)
    third = copied(copy)
    duplicates.search(door.territory, at=NOW, by=cast.dora)
    assert DuplicatePair.objects.filter(state="open").count() == 2  # third with each of the two
    duplicates.merge(third, copy, by=cast.dora, at=NOW)
    duplicates.search(door.territory, at=LATER, by=cast.dora)
    assert not DuplicatePair.objects.filter(state="open").exists()
    fourth = Service.objects.create(territory=door.territory, code="fourth", name="Something else")
    duplicates.merge(fourth, third, by=cast.dora, at=NOW)  # the decision is followed along the chain
    duplicates.search(door.territory, at=LATER, by=cast.dora)


def test_a_merge_takes_the_open_pairs_of_the_merged_record_away(
    door: Service, copy: Service, pair: DuplicatePair, cast: Cast
) -> None:
    third = copied(copy)
    duplicates.search(door.territory, at=NOW, by=cast.dora)
    duplicates.merge(door, copy, by=cast.dora, at=NOW)
    assert not DuplicatePair.objects.filter(state="open", left=copy.uuid).exists()
    assert not DuplicatePair.objects.filter(state="open", right=copy.uuid).exists()
    duplicates.search(door.territory, at=LATER, by=cast.dora)
    (open_,) = DuplicatePair.objects.filter(state="open")
    assert {open_.left, open_.right} == {door.uuid, third.uuid}


def test_a_record_that_was_deleted_and_comes_back_is_merged_again(
    pair: DuplicatePair, door: Service, copy: Service, cast: Cast
) -> None:
    duplicates.decide(pair, same=True, keep=door, by=cast.dora, at=NOW)
    uuid = copy.uuid
    Service.objects.filter(pk=copy.pk).delete()
    back = Service.objects.create(territory=door.territory, uuid=uuid, name="Open Door")
    assert duplicates.remember(door.territory, [back.pk], at=LATER) == 1
    assert again(back).merged_into == door
    assert duplicates.remember(door.territory, [back.pk], at=LATER) == 0
    assert duplicates.remember(door.territory, [], at=LATER) == 0
    assert Merge.objects.filter(undone_at=None).count() == 1


def test_a_decision_stands_even_while_its_record_is_back_and_not_yet_merged(
    pair: DuplicatePair, door: Service, copy: Service, cast: Cast
) -> None:
    duplicates.decide(pair, same=True, keep=door, by=cast.dora, at=NOW)
    Service.objects.filter(pk=copy.pk).update(merged_into=None)
    duplicates.search(door.territory, at=LATER, by=cast.dora)
    assert DuplicatePair.objects.get().state == DuplicatePair.State.SAME


def test_a_merge_is_undone_when_its_pair_is_no_longer_known(door: Service, copy: Service, cast: Cast) -> None:
    merge = duplicates.merge(door, copy, by=cast.dora, at=NOW)
    DuplicatePair.objects.all().delete()
    merge.refresh_from_db()
    duplicates.undo(merge, by=cast.dora, at=LATER)
    assert again(copy).merged_into is None


# --- what is compared


def test_a_place_without_coordinates_is_compared_by_its_address(door: Service, copy: Service) -> None:
    Location.objects.filter(services_here__service=copy).update(latitude=None, longitude=None)
    uuids, entries = reading.entries(door.territory)
    assert list(entries[uuids.index(copy.uuid)].points) == []
    assert entries[uuids.index(copy.uuid)].addresses


def test_a_confidential_place_gives_nothing_to_compare(testland: Territory) -> None:
    safe = Service.objects.get(code="safe-house")
    place = Location.objects.get(services_here__service=safe)
    Phone.objects.create(location=place, number="+32 2 999 99 99")
    copied(safe)
    uuids, entries = reading.entries(testland)
    entry = entries[uuids.index(safe.uuid)]
    assert (list(entry.addresses), list(entry.points)) == ([], [])
    assert "999" not in "".join(entry.phones)
    assert SECRET_STREET not in repr(entries)


def test_two_records_of_a_confidential_place_say_nothing_of_places(testland: Territory, cast: Cast) -> None:
    safe = Service.objects.get(code="safe-house")
    Service.objects.filter(pk=safe.pk).update(url="https://example.org/safe", email="safe@example.org")
    copied(safe, url="https://example.org/safe", email="safe@example.org")
    duplicates.search(testland, at=NOW, by=cast.dora)
    pair = DuplicatePair.objects.get()
    assert not {"same-address", "near"} & {reason["code"] for reason in pair.reasons}


def test_everything_that_is_compared_is_read(door: Service, copy: Service) -> None:
    assert door.organization is not None
    record = SourceRecord.objects.create(
        territory=door.territory,
        source="feed",
        entity="service",
        external_id="1",
        payload={},
        sha256="",
        fetched_at=NOW,
    )
    FieldProvenance.objects.create(kind="service", object_id=door.pk, record=record, fields=["name"])
    OrganizationIdentifier.objects.create(organization=door.organization, scheme="BE", identifier="1")
    ServiceArea.objects.create(service=door, area=Location.objects.filter(services_here__service=door).get().area)
    Text.objects.create(
        territory=door.territory,
        kind="organization",
        object_id=door.organization.pk,
        field="name",
        language="nl",
        value="Deur",
    )
    Phone.objects.create(organization=copy.organization, number="02 111 11 11")
    alone = Service.objects.create(territory=door.territory, name="Nobody's")
    uuids, entries = reading.entries(door.territory)
    mine = entries[uuids.index(door.uuid)]
    assert mine.source == "feed"
    assert list(mine.enterprise) == ["BE:1"]
    assert mine.organization_names == {"nl": "Deur"}
    assert mine.phones == ["+32 2 000 00 00"]
    assert mine.served
    assert mine.terms
    assert mine.addresses == [("Example Street 1", "0000")]
    assert entries[uuids.index(copy.uuid)].phones == ["02 111 11 11"]
    assert entries[uuids.index(alone.uuid)].names == {door.territory.default_language: "Nobody's"}
    assert entries[uuids.index(alone.uuid)].organization_names == {}


# --- the command


def test_the_command_searches_and_lists(door: Service, copy: Service) -> None:
    out = StringIO()
    call_command("duplicates", "search", "--json", stdout=out)
    assert json.loads(out.getvalue())["new"] == 1
    out = StringIO()
    call_command("duplicates", "list", "--territory", door.territory.code, "--json", stdout=out)
    said = json.loads(out.getvalue())
    assert said["total"] == 1
    assert said["pairs"][0]["left_name"] == "Open Door"
    out = StringIO()
    call_command("duplicates", "list", stdout=out)
    call_command("duplicates", "search", stdout=out)
    assert "Open Door  =?  Open Door" in out.getvalue()
    assert "found: 1" in out.getvalue()
    with pytest.raises(CommandError):
        call_command("duplicates", "search", "--territory", "nowhere")
