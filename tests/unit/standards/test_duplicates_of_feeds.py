"""Imports respect what people decided about duplicates: the real feeds, the real writing."""

from __future__ import annotations

from typing import Any

import pytest

from maillage.directory.actions import duplicates
from maillage.directory.models import DuplicatePair, SearchDocument, Service, SourceRecord
from maillage.people.models import Membership, Role, User
from maillage.territory.models import Territory
from tests.pages.desk import JANUARY
from tests.testland import NOW
from tests.unit.standards.conftest import Import

pytestmark = pytest.mark.django_db


def told(identifier: str, **more: Any) -> dict[str, Any]:
    """A service as HSDS tells it."""
    return {
        "id": identifier, "name": "Food parcels of the harbour", "status": "active", "url": "https://example.org/parcels",
        "organization": {"id": f"org-{identifier}", "name": "Harbour Kitchen", "description": "A kitchen."},
        "phones": [{"id": f"phone-{identifier}", "number": "02 000 00 07"}],
    } | more  # fmt: skip


@pytest.fixture
def moderator(bare: Territory) -> User:
    user = User.objects.create_user("mona@example.org", "a long enough sentence")
    Membership.objects.create(user=user, territory=bare, role=Role.MODERATOR, starts_at=JANUARY)
    return user


@pytest.fixture
def two(bare: Territory, take: Import, moderator: User) -> tuple[Service, Service]:
    """One service told by two feeds, merged by a person: the first is kept."""
    take(bare, [told("a")], source="one")
    take(bare, [told("b", email="parcels@example.org", description="Every Thursday.")], source="two")
    duplicates.search(bare, at=NOW, by="system:duplicates")
    first = Service.objects.get(code="one--a")
    duplicates.decide(DuplicatePair.objects.get(), same=True, keep=first, by=moderator, at=NOW)
    return first, Service.objects.get(code="two--b")


def open_pairs(territory: Territory) -> int:
    duplicates.search(territory, at=NOW, by="system:duplicates")
    return DuplicatePair.objects.filter(state=DuplicatePair.State.OPEN).count()


def test_a_merged_record_is_updated_silently_and_stays_merged(
    bare: Territory, take: Import, two: tuple[Service, Service]
) -> None:
    kept, merged = two
    take(bare, [told("b", name="Food parcels, harbour side", email="new@example.org")], source="two")
    merged.refresh_from_db()
    assert (merged.name, merged.merged_into) == ("Food parcels, harbour side", kept)
    assert not SearchDocument.objects.filter(service=merged).exists()
    assert open_pairs(bare) == 0


def test_what_the_kept_one_took_over_outlives_its_own_feed(
    bare: Territory, take: Import, two: tuple[Service, Service]
) -> None:
    kept, _ = two
    kept.refresh_from_db()
    assert kept.email == "parcels@example.org"
    take(bare, [told("a", name="Food parcels of the old harbour")], source="one")
    kept.refresh_from_db()
    assert (kept.name, kept.email) == ("Food parcels of the old harbour", "parcels@example.org")


def test_both_sources_stay(bare: Territory, two: tuple[Service, Service]) -> None:
    assert set(SourceRecord.objects.filter(entity="service").values_list("source", flat=True)) == {"one", "two"}


def test_a_record_that_goes_and_comes_back_stays_merged(
    bare: Territory, take: Import, two: tuple[Service, Service]
) -> None:
    kept, merged = two
    take(bare, [told("c", name="Something else entirely", url="", phones=[])], source="two")
    assert open_pairs(bare) == 0
    take(bare, [told("b")], source="two")
    merged.refresh_from_db()
    assert merged.merged_into == kept
    assert open_pairs(bare) == 0


def test_a_record_whose_row_was_deleted_is_merged_again_when_its_feed_brings_it_back(
    bare: Territory, take: Import, two: tuple[Service, Service]
) -> None:
    kept, merged = two
    SourceRecord.objects.filter(source="two").delete()
    merged.delete()
    take(bare, [told("b")], source="two")
    back = Service.objects.get(code="two--b")
    assert (back.uuid, back.merged_into) == (merged.uuid, kept)
    assert not SearchDocument.objects.filter(service=back).exists()
    assert open_pairs(bare) == 0


def test_two_different_services_stay_two_whatever_their_feeds_tell(
    bare: Territory, take: Import, moderator: User
) -> None:
    take(bare, [told("a")], source="one")
    take(bare, [told("b")], source="two")
    duplicates.search(bare, at=NOW, by="system:duplicates")
    duplicates.decide(DuplicatePair.objects.get(), same=False, by=moderator, at=NOW)
    take(bare, [told("a", email="same@example.org")], source="one")
    take(bare, [told("b", email="same@example.org")], source="two")
    assert open_pairs(bare) == 0
