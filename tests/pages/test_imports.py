"""Imports at the desk: tried before they are real, told row by row, and the record as it came."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from maillage.directory.models import (
    ImportIssue,
    ImportRun,
    ImportSchedule,
    Location,
    Service,
    ServiceAtLocation,
    SourceRecord,
)
from maillage.people.models import Membership, Trace
from maillage.standards import imports as standards
from maillage.standards import jobs
from maillage.territory.models import Territory
from tests.conftest import Cast
from tests.testland import NOW
from tests.unit.standards.test_documents import service

FIELDS = {"format": "hsds", "source": "Feed of the south", "licence": "CC BY 4.0"}


@pytest.fixture
def dora(land: Territory, cast: Cast, settings: LazySettings, tmp_path: Path) -> Client:
    settings.VAR = tmp_path / "var"
    settings.VAR.mkdir()
    client = Client(headers={"accept-language": "en"})
    client.force_login(cast.dora)
    return client


def upload(client: Client, *services: Any, name: str = "feed.json", **more: str) -> Any:
    file = SimpleUploadedFile(name, json.dumps(services).encode())
    return client.post("/desk/imports/new/", FIELDS | more | {"file": file})


def html(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return answer.content.decode()


def test_a_file_is_tried_then_imported_for_real(dora: Client) -> None:
    assert "Try it" in html(dora, "/desk/imports/new/")
    one = service(name="Soup", description="Warm soup")
    answer = upload(dora, one, {"id": "", "status": "active"})
    assert "waits for its turn" in html(dora, answer.url)
    assert "Cancel" in html(dora, answer.url)
    jobs.run_asked(NOW)
    page = html(dora, answer.url)
    for told in (
        "trial: nothing was changed",
        "Soup",
        "Import for real",
        "The record has no identifier.",
        "How often each field",
    ):
        assert told in page
    assert not Service.objects.filter(name="Soup").exists()
    real = dora.post(f"{answer.url}again/", {"how": "real"})
    jobs.run_asked(NOW)
    assert "Import for real" not in html(dora, real.url)
    assert Service.objects.filter(name="Soup").exists()
    again = upload(dora, one | {"description": "Hot soup", "email": "soup@example.org"})
    jobs.run_asked(NOW)
    page = html(dora, again.url)
    assert "1 service changes" in page
    assert "<del>Warm</del>" in page
    assert "<ins>soup@example.org</ins>" in page
    listed = html(dora, "/desk/imports/")
    assert listed.count("Feed of the south") == 3
    assert "by Dora" not in listed
    assert "Dora" in listed


def test_progress_is_told_to_the_page_that_looks_again(dora: Client) -> None:
    answer = upload(dora, service())
    run = ImportRun.objects.get()
    part = dora.get(answer.url, headers={"HX-Request": "true"})
    assert "<html" not in part.content.decode()
    assert 'hx-trigger="every 2s"' in part.content.decode()
    ImportRun.objects.update(state="running", progress={"phase": "write", "done": 1, "total": 4, "at": NOW.isoformat()})
    assert "25 %" in dora.get(answer.url, headers={"HX-Request": "true"}).content.decode()
    ImportRun.objects.update(state="done")
    assert dora.get(answer.url, headers={"HX-Request": "true"})["HX-Refresh"] == "true"
    assert str(run.uuid) in answer.url


def test_one_that_nobody_takes_says_so_and_can_be_cancelled(dora: Client) -> None:
    from datetime import timedelta

    answer = upload(dora, service())
    ImportRun.objects.update(started_at=NOW - timedelta(minutes=5))
    assert "maillage work" in html(dora, answer.url)
    dora.post(f"{answer.url}cancel/")
    assert "It was cancelled before it began." in html(dora, answer.url)
    assert "can no longer be cancelled" in dora.post(f"{answer.url}cancel/", follow=True).content.decode()
    assert dora.post(f"{answer.url}again/", {"how": "trial"}).status_code == 302


@pytest.mark.parametrize(
    ("name", "more", "sentence"),
    [("feed.exe", {}, "of one of these kinds"), ("feed.json", {"source": "desk"}, "a meaning of its own"),
     ("feed.json", {"source": ""}, "required"), ("feed.json", {"format": "word"}, "valid choice")],
)  # fmt: skip
def test_what_cannot_be_handed_in_is_told_and_leaves_no_file(
    dora: Client, settings: LazySettings, name: str, more: dict[str, str], sentence: str
) -> None:
    answer = upload(dora, service(), name=name, **more)
    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    assert not list((settings.VAR / "imports").glob("*/*"))


def test_a_file_that_is_too_large_is_refused(dora: Client, settings: LazySettings) -> None:
    settings.IMPORT_MOST_MB = 0
    assert "too large" in upload(dora, service()).content.decode()


def test_remarks_are_listed_row_by_row_and_leave_as_a_table(dora: Client, land: Territory) -> None:
    upload(
        dora, service(email="=cmd|'/c calc'!A1", url="nowhere"), *({"id": "", "status": "active"} for _ in range(60))
    )
    jobs.run_asked(NOW)
    run = ImportRun.objects.get()
    here = f"/desk/imports/{run.uuid}/remarks/"
    page = html(dora, f"{here}?code=id-missing")
    assert page.count('class="remark"') == 50
    following = ImportIssue.objects.filter(run=run, code="id-missing").order_by("pk")[49].pk
    assert f"after={following}" in page
    assert html(dora, f"{here}?code=id-missing&after={following}").count('class="remark"') == 10
    assert "This is not a web address." in html(dora, f"{here}?code=url-invalid")
    table = dora.get(f"/desk/imports/{run.uuid}/remarks.csv").content.decode("utf-8-sig")
    assert "'=cmd" in table
    assert ",=cmd" not in table
    assert "This is not an e-mail address." in table


def test_the_raw_record_is_one_click_away_and_its_contacts_leave_a_trace(dora: Client, land: Territory) -> None:
    one = service(url="nowhere", contacts=[{"id": "", "title": "Reception"}])
    real = upload(dora, one)
    dora.post(f"{real.url}again/", {"how": "real"})
    jobs.run_asked(NOW)
    run = ImportRun.objects.get(is_trial=False)
    page = html(dora, f"/desk/imports/{run.uuid}/remarks/?code=url-invalid")
    record = SourceRecord.objects.get(entity="service", external_id=one["id"])
    assert f"/desk/imports/records/{record.pk}/" in page
    shown = html(dora, f"/desk/imports/records/{record.pk}/")
    assert "&quot;title&quot;: &quot;Reception&quot;" in shown
    assert Trace.objects.filter(verb="read a raw record").count() == 1
    other = SourceRecord.objects.get(entity="organization")
    html(dora, f"/desk/imports/records/{other.pk}/")
    assert Trace.objects.filter(verb="read a raw record").count() == 1
    assert dora.get("/desk/imports/records/999999/").status_code == 404


def test_a_record_of_a_confidential_place_is_for_its_own_people(dora: Client, land: Territory, cast: Cast) -> None:
    one = service(
        service_at_locations=[{"id": "1", "location": {
            "id": "9", "location_type": "physical", "url": "12 Hidden Lane", "addresses": [{"address_1": "12 Hidden Lane"}]}}]
    )  # fmt: skip
    upload(dora, one)
    dora.post(f"/desk/imports/{ImportRun.objects.get().uuid}/again/", {"how": "real"})
    jobs.run_asked(NOW)
    run, place = ImportRun.objects.get(is_trial=False), Location.objects.get(addresses__address_1="12 Hidden Lane")
    here = f"/desk/imports/{run.uuid}/remarks/?code=url-invalid"
    assert "12 Hidden Lane" in html(dora, here)
    Location.objects.filter(pk=place.pk).update(is_confidential=True, organization=cast.organization)
    assert ServiceAtLocation.objects.filter(location=place).exists()
    assert "Hidden Lane" not in html(dora, here)
    assert "Hidden Lane" not in dora.get(f"/desk/imports/{run.uuid}/remarks.csv").content.decode()
    for record in SourceRecord.objects.filter(entity__in=["location", "service"]):
        answer = dora.get(f"/desk/imports/records/{record.pk}/")
        assert answer.status_code == 403
        assert "Hidden Lane" not in answer.content.decode()
    Membership.objects.create(
        user=cast.dora, territory=land, organization=cast.organization, role="editor", sees_confidential_places=True,
        starts_at=Membership.objects.filter(user=cast.dora)[0].starts_at,
    )  # fmt: skip
    record = SourceRecord.objects.get(entity="location")
    assert "Hidden Lane" in html(dora, f"/desk/imports/records/{record.pk}/")
    assert Trace.objects.filter(verb="read-confidential-place").exists()


def test_a_feed_is_scheduled_tried_paused_and_removed(dora: Client) -> None:
    assert "Add a feed" in html(dora, "/desk/imports/feeds/")
    bad = dora.post("/desk/imports/feeds/", FIELDS | {"location": "http://10.0.0.1/", "every": "24"})
    assert bad.status_code == 422
    assert "https://" in bad.content.decode()
    told = FIELDS | {"location": "https://example.org/feed.json", "every": "24"}
    assert dora.post("/desk/imports/feeds/", told).status_code == 302
    made = ImportSchedule.objects.get()
    here = f"/desk/imports/feeds/{made.uuid}/"
    assert "/desk/imports/" in dora.post(here, {"do": "try"}).url
    assert "being imported already" in dora.post(here, {"do": "now"}, follow=True).content.decode()
    ImportRun.objects.update(state="failed", error="unreachable:private")
    assert "private network" in html(dora, "/desk/imports/feeds/")
    dora.post(here, {"do": "pause"})
    assert "paused" in html(dora, "/desk/imports/feeds/")
    dora.post(here, {"do": "resume"})
    assert "every day" in html(dora, "/desk/imports/feeds/")
    dora.post(here, {"do": "remove"})
    assert not ImportSchedule.objects.exists()


def test_services_that_left_their_source_are_decided_about(dora: Client, land: Territory, tmp_path: Path) -> None:
    def take(*services: Any) -> None:
        path = tmp_path / "feed.json"
        path.write_text(json.dumps(services))
        standards.run(path, "hsds", land, source="feed")

    one, two, three = service(name="Soup"), service(name="Bread"), service(name="Beds")
    take(one, two, three)
    take(one)
    assert "Gone from their source: 2" in html(dora, "/desk/imports/")
    page = html(dora, "/desk/imports/gone/")
    assert "probably broken" in page
    assert "Bread" in page
    here = "/desk/imports/gone/"
    assert "Choose at least" in dora.post(here, {"do": "withdraw", "service": ["x"]}, follow=True).content.decode()
    said = {"do": "withdraw", "service": [two["id"]]}
    assert "looked at the feed" in dora.post(here, said, follow=True).content.decode()
    assert "1 service decided" in dora.post(here, said | {"sure": "yes"}, follow=True).content.decode()
    dora.post(here, {"do": "keep", "service": [three["id"]]})
    assert "None to decide" in html(dora, here)
    assert not Service.objects.visible().filter(name="Bread").exists()
    take(one, two, three)
    assert "Show them again" in html(dora, here)
    dora.post(here, {"do": "show", "service": [two["id"]]})
    assert Service.objects.visible().filter(name="Bread").exists()


def test_only_those_who_moderate_the_territory_see_imports(dora: Client, cast: Cast) -> None:
    upload(dora, service())
    run = ImportRun.objects.get()
    for user, status in ((cast.alice, 403), (cast.bob, 403), (cast.charlie, 403)):
        client = Client()
        client.force_login(user)
        for address in ("/desk/imports/", "/desk/imports/new/", f"/desk/imports/{run.uuid}/", "/desk/imports/gone/"):
            assert client.get(address).status_code == status
    assert Client().get("/desk/imports/").status_code == 302


def test_the_lists_take_few_queries(dora: Client, django_assert_max_num_queries: Any) -> None:
    for number in range(12):
        upload(dora, service(), {"id": "", "status": "active"}, source=f"Feed {number}")
    jobs.run_asked(NOW)
    run = ImportRun.objects.first()
    assert run is not None
    dora.get("/desk/imports/")
    frame = 4  # the session, the person, their seat, the territory
    for address in (
        "/desk/imports/",
        f"/desk/imports/{run.uuid}/",
        f"/desk/imports/{run.uuid}/remarks/",
        "/desk/imports/gone/",
        "/desk/imports/feeds/",
    ):
        with django_assert_max_num_queries(frame + 5):
            dora.get(address)
