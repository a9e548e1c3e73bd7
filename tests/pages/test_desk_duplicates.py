"""The desk of duplicates: the queue, a pair side by side, the decision, merges and their undoing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.urls import reverse

from tests.pages import desk
from tests.testland import NOW, SECRET_STREET

if TYPE_CHECKING:
    from pytest_django import DjangoAssertNumQueries

    from maillage.directory.models import DuplicatePair, Service
    from maillage.territory.models import Territory
    from tests.conftest import Cast


@pytest.fixture
def at_desk(land: Territory, cast: Cast) -> desk.Desk:
    return desk.build(land, cast)


def pair_of(
    one: Service, other: Service, *, reasons: tuple[str, ...] = ("same-name", "same-address"), score: float = 0.95
) -> DuplicatePair:
    from maillage.directory.models import DuplicatePair

    left, right = sorted((one.uuid, other.uuid))
    said = [{"code": "near", "metres": 12} if code == "near" else {"code": code} for code in reasons]
    return DuplicatePair.objects.create(
        territory_id=one.territory_id, left=left, right=right, score=score, reasons=said, vetoes=["enterprise-number"]
    )


@pytest.mark.parametrize("who", ["alice", "bob", "charlie"])
def test_only_moderators_see_them(at_desk: desk.Desk, who: str) -> None:
    pair = pair_of(at_desk.shelter, at_desk.other)
    client = desk.signed_in(getattr(at_desk.cast, who))
    for url in (reverse("desk-duplicates"), reverse("desk-duplicate", args=[pair.uuid]), reverse("desk-merges")):
        assert client.get(url).status_code == 403


def test_the_queue_shows_the_most_probable_first_and_goes_on(
    at_desk: desk.Desk, monkeypatch: pytest.MonkeyPatch, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    from maillage.web.desk import duplicates

    monkeypatch.setattr(duplicates, "PAGE", 1)
    low = pair_of(at_desk.shelter, at_desk.other, score=0.6)
    high = pair_of(at_desk.refuge, at_desk.other)
    client = desk.signed_in(at_desk.mona)
    client.get("/desk/")
    with django_assert_max_num_queries(7):  # two of them for the session and its user
        first = client.get(reverse("desk-duplicates"))
    page = first.content.decode()
    assert str(high.uuid) in page
    assert str(low.uuid) not in page
    assert "the same name" in page
    following = client.get(reverse("desk-duplicates"), {"after": high.uuid}).content.decode()
    assert str(low.uuid) in following
    assert client.get(reverse("desk-duplicates"), {"after": "nonsense"}).status_code == 200


def test_a_pair_is_read_side_by_side_with_its_reasons_and_vetoes(at_desk: desk.Desk) -> None:
    pair = pair_of(at_desk.shelter, at_desk.other)
    page = desk.signed_in(at_desk.mona).get(reverse("desk-duplicate", args=[pair.uuid])).content.decode()
    for words in (
        "the same address",
        "The enterprise numbers are different",
        "Open Door",
        "Listening Post",
        "different",
        "Example Street 1",
    ):
        assert words in page


def test_nothing_of_a_confidential_place_is_shown(at_desk: desk.Desk) -> None:
    pair = pair_of(at_desk.refuge, at_desk.other, reasons=("same-name", "same-address", "near"))
    client = desk.signed_in(at_desk.mona)
    for url in (reverse("desk-duplicate", args=[pair.uuid]), reverse("desk-duplicates")):
        page = client.get(url).content.decode()
        assert SECRET_STREET not in page
        assert "metres" not in page
        assert "the same address" not in page
    assert "Confidential place: Harbour" in client.get(reverse("desk-duplicate", args=[pair.uuid])).content.decode()


def test_merging_leads_to_the_next_pair_and_can_be_undone(at_desk: desk.Desk) -> None:
    from maillage.directory.models import Merge, Service

    pair = pair_of(at_desk.shelter, at_desk.other)
    following = pair_of(
        at_desk.refuge, at_desk.shelter if pair.left == at_desk.shelter.uuid else at_desk.other, score=0.6
    )
    client = desk.signed_in(at_desk.mona)
    answer = client.post(
        reverse("desk-duplicate-decide", args=[pair.uuid]), {"do": "same", "keep": "left", "note": "one door"}
    )
    assert answer.url == reverse("desk-duplicate", args=[following.uuid])  # type: ignore[attr-defined]
    merge = Merge.objects.get()
    assert merge.kept.uuid == pair.left
    merges = client.get(reverse("desk-merges")).content.decode()
    assert merge.kept.name in merges
    assert merge.merged.name in merges
    kept = Service.objects.get(pk=merge.kept_id)
    field = next(iter(merge.filled), "")
    if field == "email":
        kept.email = "other@example.org"
        kept.save()
    answer = client.post(reverse("desk-merge-undo", args=[merge.uuid]), follow=True)
    assert "two services again" in answer.content.decode()
    assert "undone before" in client.post(reverse("desk-merge-undo", args=[merge.uuid]), follow=True).content.decode()
    assert "undone" in client.get(reverse("desk-merges"), {"after": "x"}).content.decode()
    assert client.get(reverse("desk-merges"), {"after": merge.uuid}).status_code == 200


def test_what_was_changed_since_is_told_when_a_merge_is_undone(at_desk: desk.Desk) -> None:
    from maillage.directory.actions import duplicates
    from maillage.directory.models import Service

    Service.objects.filter(pk=at_desk.other.pk).update(email="post@example.org")
    merge = duplicates.merge(at_desk.shelter, at_desk.other, by=at_desk.mona, at=NOW)
    Service.objects.filter(pk=at_desk.shelter.pk).update(email="door@example.org")
    page = (
        desk.signed_in(at_desk.mona).post(reverse("desk-merge-undo", args=[merge.uuid]), follow=True).content.decode()
    )
    assert "left as it is" in page


def test_two_different_services_are_noted_and_the_queue_is_empty(at_desk: desk.Desk) -> None:
    pair = pair_of(at_desk.shelter, at_desk.other)
    client = desk.signed_in(at_desk.mona)
    assert (
        client.post(reverse("desk-duplicate-decide", args=[pair.uuid]), {"do": "nonsense", "note": "kept"}).status_code
        == 422
    )
    answer = client.post(reverse("desk-duplicate-decide", args=[pair.uuid]), {"do": "different"}, follow=True)
    assert "No pair waits." in answer.content.decode()
    again = client.post(
        reverse("desk-duplicate-decide", args=[pair.uuid]), {"do": "same", "keep": "right", "note": "kept"}
    )
    assert again.status_code == 409
    assert "already decided" in again.content.decode()
    page = client.get(reverse("desk-duplicate", args=[pair.uuid])).content.decode()
    assert "decided by Mona" in page


def test_a_pair_whose_record_is_gone_says_so(at_desk: desk.Desk) -> None:
    pair = pair_of(at_desk.shelter, at_desk.other)
    at_desk.other.delete()
    client = desk.signed_in(at_desk.mona)
    assert "no longer in the directory" in client.get(reverse("desk-duplicate", args=[pair.uuid])).content.decode()
    assert client.get(reverse("desk-duplicates")).status_code == 200
    keep = "left" if pair.left == at_desk.shelter.uuid else "right"
    assert (
        client.post(reverse("desk-duplicate-decide", args=[pair.uuid]), {"do": "same", "keep": keep}).status_code == 409
    )


def test_the_first_page_of_the_desk_counts_them(at_desk: desk.Desk) -> None:
    from maillage.web.desk import duplicates
    from maillage.web.seat import Seat

    mona = Seat(at_desk.mona, frozenset({"moderator"}))
    assert duplicates.waiting(mona, at_desk.territory) == []
    pair_of(at_desk.shelter, at_desk.other)
    ((label, count, url),) = duplicates.waiting(mona, at_desk.territory)
    assert (str(label), count, url) == ("pair that may be one service", 1, reverse("desk-duplicates"))
    assert duplicates.waiting(Seat(at_desk.eve), at_desk.territory) == []
