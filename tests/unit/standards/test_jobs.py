"""Imports that wait: asked for, done by one worker, failed with a reason, asked again; feeds that come again and again."""

from __future__ import annotations

import io
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings
from django.db import connection

from maillage.directory import incoming, outward
from maillage.directory.actions import imports as asked
from maillage.directory.models import ImportIssue, ImportRun, ImportSchedule, Revision, Service, SourceRecord
from maillage.directory.watching import gone_services, returned_services
from maillage.people.models import User
from maillage.people.rules import NotAllowed
from maillage.standards import imports, jobs
from maillage.territory.models import Territory
from tests.conftest import Cast
from tests.testland import NOW
from tests.unit.standards.conftest import Import
from tests.unit.standards.test_documents import service


@pytest.fixture(autouse=True)
def _folder(settings: LazySettings, tmp_path: Path) -> None:
    settings.VAR = tmp_path / "var"
    settings.VAR.mkdir()


def kept(*services: dict[str, Any], name: str = "feed.json") -> str:
    return incoming.keep(name, [json.dumps(services).encode()])


def ask(territory: Territory, by: User, file: str, **more: Any) -> ImportRun:
    return asked.ask(territory, **({"format_name": "hsds", "source": "Feed", "file": file, "by": by, "at": NOW} | more))


@pytest.mark.django_db
def test_the_formats_of_the_desk_are_those_that_are_read() -> None:
    assert incoming.FORMATS.keys() == imports.FORMATS.keys()


def test_a_trial_tells_what_would_change_and_changes_nothing(testland: Territory, cast: Cast, take: Import) -> None:
    one, two, three = service(name="Soup"), service(name="Bread"), service(name="Beds")
    take(testland, [one, two], source="Feed")
    before = list(Service.objects.order_by("pk").values())
    changed = one | {"email": "soup@example.org", "description": "Hot"}
    run = ask(testland, cast.dora, kept(changed, three, {"id": "", "status": "active"}))
    assert jobs.run_asked(NOW) == 1
    run.refresh_from_db()
    assert (run.state, run.is_trial, run.error) == ("done", True, "")
    assert list(Service.objects.order_by("pk").values()) == before
    assert not Revision.objects.exists()
    assert not SourceRecord.objects.filter(gone_at__isnull=False).exists()
    assert ImportIssue.objects.filter(run=run, code="id-missing").exists()
    assert run.preview["created"] == ["Beds"]
    assert run.preview["gone_names"] == ["Bread"]
    assert run.preview["changed"][0]["fields"] == {
        "email": {"old": "", "new": "soup@example.org"}, "description:fr": {"old": "Warm", "new": "Hot"},
    }  # fmt: skip
    again = asked.ask_again(run, is_trial=False, by=cast.dora, at=NOW)
    jobs.run_asked(NOW)
    again.refresh_from_db()
    assert again.state == "done"
    assert Service.objects.filter(name="Beds").exists()
    history = {(row.field, row.old, row.new, row.source) for row in Revision.objects.all()}
    assert history == {("email", "", "soup@example.org", "Feed"), ("description:fr", "Warm", "Hot", "Feed")}


@pytest.mark.django_db(transaction=True)
def test_a_trial_leaves_the_database_to_others(tmp_path: Path) -> None:
    territory = imports.bare_territory("en")
    user = User.objects.create_superuser("root@example.org", "a long enough sentence")
    run = ask(territory, user, kept(*(service(name=f"Soup {n}") for n in range(5))))
    jobs.run_asked(NOW)
    run.refresh_from_db()
    assert (run.state, run.counts["service"]["created"]) == ("done", 5)
    assert not Service.objects.exists()
    assert run.progress["phase"] in ("begin", "write")
    assert connection.settings_dict["NAME"] != "copy.sqlite3"
    real = asked.ask_again(run, is_trial=False, by=user, at=NOW)
    jobs.run_asked(NOW)
    real.refresh_from_db()
    assert (real.state, Service.objects.count()) == ("done", 5)


def test_two_workers_never_do_the_same_import(testland: Territory, cast: Cast) -> None:
    run = ask(testland, cast.dora, kept(service()))
    mine = asked.claim(at=NOW)
    assert mine == run
    assert asked.claim(at=NOW) is None
    with pytest.raises(asked.Refusal, match="can no longer"):
        asked.cancel(run, by=cast.dora, at=NOW)


def test_a_worker_that_was_killed_leaves_a_failure_that_can_be_asked_again(testland: Territory, cast: Cast) -> None:
    run = ask(testland, cast.dora, kept(service()))
    asked.claim(at=NOW - timedelta(hours=1))
    asked.progressed(run, "read", 1, 2, at=NOW - timedelta(minutes=20))
    jobs.run_asked(NOW)
    run.refresh_from_db()
    assert (run.state, run.error) == ("failed", "worker-stopped")
    assert asked.ask_again(run, is_trial=True, by=cast.dora, at=NOW).state == "asked"


def test_one_that_waits_is_cancelled(testland: Territory, cast: Cast) -> None:
    run = ask(testland, cast.dora, kept(service()))
    asked.cancel(run, by=cast.dora, at=NOW)
    assert jobs.run_asked(NOW) == 0
    run.refresh_from_db()
    assert (run.state, run.error) == ("failed", "cancelled")


def test_whatever_goes_wrong_the_next_import_goes_on(
    testland: Territory, cast: Cast, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    first, second, third = (ask(testland, cast.dora, kept(service()), is_trial=False) for _ in range(3))
    original = imports.run

    def run(path: Path, *args: Any, **options: Any) -> Any:
        if options["asked"].pk == first.pk:
            raise RuntimeError("Jane Doe, 1 Hidden Street")
        return original(path, *args, **options)

    monkeypatch.setattr(imports, "run", run)
    incoming.forget(second.file)
    assert jobs.run_asked(NOW) == 3
    assert [ImportRun.objects.get(pk=one.pk).error for one in (first, second, third)] == [
        "failed:RuntimeError", "file-forgotten", "",
    ]  # fmt: skip
    assert "Jane" not in caplog.text


def test_only_moderators_ask(testland: Territory, cast: Cast) -> None:
    for user in (cast.alice, cast.bob, cast.charlie):
        with pytest.raises(NotAllowed):
            ask(testland, user, kept(service()))


@pytest.mark.parametrize(
    "wrong", [{"source": " "}, {"source": "Desk"}, {"format_name": "word"}, {"file": ""}, {"file": "../../etc/passwd"}]
)
def test_what_cannot_be_asked_is_refused_with_a_sentence(
    testland: Territory, cast: Cast, wrong: dict[str, str]
) -> None:
    with pytest.raises(asked.Refusal, match=r"\.|:"):
        ask(testland, cast.dora, **({"file": kept(service())} | wrong))


def test_many_waiting_imports_are_enough(testland: Territory, cast: Cast) -> None:
    file = kept(service())
    for _ in range(asked.MOST_WAITING):
        ask(testland, cast.dora, file)
    with pytest.raises(asked.Refusal, match="wait already"):
        ask(testland, cast.dora, file)


def test_a_file_is_kept_under_a_name_that_nobody_guesses_and_forgotten(
    testland: Territory, cast: Cast, settings: LazySettings
) -> None:
    file = incoming.keep("../../évil name.json", [b"[]"])
    assert file.endswith("/vil-name.json")
    path = incoming.path_of(file)
    assert path is not None
    assert path.is_relative_to(incoming.folder())
    run = ask(testland, cast.dora, file)
    jobs.run_asked(NOW)
    assert jobs.forget_files(NOW) == 0
    ImportRun.objects.filter(pk=run.pk).update(ended_at=NOW - timedelta(days=31))
    assert jobs.forget_files(NOW) == 1
    assert not path.exists()
    with pytest.raises(asked.Refusal, match="no longer here"):
        asked.ask_again(ImportRun.objects.get(pk=run.pk), is_trial=True, by=cast.dora, at=NOW)
    settings.IMPORT_MOST_MB = 0
    with pytest.raises(incoming.TooLarge):
        incoming.keep("feed.json", [b"[]"])
    assert list(incoming.folder().iterdir()) == []


# --- feeds that come again ------------------------------------------------------------------------------------------------------------


def plan(territory: Territory, by: User, **more: Any) -> ImportSchedule:
    told = {"format_name": "hsds", "source": "Feed", "location": "https://example.org/feed", "by": by, "at": NOW} | more
    return asked.schedule(territory, **told)


@pytest.fixture
def web(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the world answers."""
    told: dict[str, Any] = {"status": 200, "body": [service()], "type": "application/json"}

    def ask(url: str, *, into: io.BytesIO, **options: Any) -> outward.Answer:
        assert options["https_only"]
        if told.get("trouble"):
            raise outward.Unreachable(told["trouble"])
        into.write(json.dumps(told["body"]).encode())
        return outward.Answer(told["status"], url, 1, {"content-type": told["type"]})

    monkeypatch.setattr(outward, "ask", ask)
    return told


def test_a_feed_is_fetched_when_its_hour_has_come(testland: Territory, cast: Cast, web: dict[str, Any]) -> None:
    made = plan(testland, cast.dora, every_hours=6)
    assert str(made) == "Feed"
    assert (jobs.ask_due(NOW), jobs.ask_due(NOW)) == (1, 0)
    assert jobs.run_asked(NOW) == 1
    run = ImportRun.objects.get()
    assert (run.state, run.schedule, run.file.endswith("/feed.json")) == ("done", made, True)
    assert Service.objects.filter(name="Soup").exists()
    assert jobs.ask_due(NOW + timedelta(hours=5)) == 0
    asked.pause(made, is_active=False, by=cast.dora, at=NOW)
    assert jobs.ask_due(NOW + timedelta(hours=7)) == 0
    asked.pause(made, is_active=True, by=cast.dora, at=NOW)
    made.refresh_from_db()
    asked.run_now(made, by=cast.dora, at=NOW)
    with pytest.raises(asked.Refusal, match="already"):
        asked.run_now(made, by=cast.dora, at=NOW)
    assert jobs.ask_due(NOW + timedelta(hours=7)) == 0  # one waits
    asked.unschedule(made, by=cast.dora, at=NOW)
    assert not ImportSchedule.objects.exists()
    jobs.run_asked(NOW)
    assert ImportRun.objects.order_by("-pk")[0].error == "file-forgotten"


@pytest.mark.parametrize(
    ("trouble", "error"), [("private", "unreachable:private"), ("timeout", "unreachable:timeout"), ("", "status:503")]
)
def test_a_feed_that_cannot_be_fetched_says_why(
    testland: Territory, cast: Cast, web: dict[str, Any], trouble: str, error: str
) -> None:
    web |= {"trouble": trouble, "status": 503}
    asked.run_now(plan(testland, cast.dora), by=cast.dora, at=NOW)
    jobs.run_asked(NOW)
    assert ImportRun.objects.get().error == error
    assert list(incoming.folder().iterdir()) == []


def test_a_feed_may_be_a_file_that_the_operator_allowed(
    testland: Territory, cast: Cast, settings: LazySettings, tmp_path: Path
) -> None:
    (tmp_path / "feeds").mkdir()
    (tmp_path / "feeds" / "one.json").write_text(json.dumps([service()]))
    (tmp_path / "secret.json").write_text("[]")
    with pytest.raises(asked.Refusal, match="https"):
        plan(testland, cast.dora, location="one.json")
    settings.IMPORT_FOLDER = str(tmp_path / "feeds")
    for location in ("../secret.json", str(tmp_path / "secret.json"), "", ".", "nothing.json", "http://example.org/"):
        with pytest.raises(asked.Refusal):
            plan(testland, cast.dora, location=location)
    asked.run_now(plan(testland, cast.dora, location="one.json"), by=cast.dora, at=NOW)
    jobs.run_asked(NOW)
    assert ImportRun.objects.get().state == "done"


@pytest.mark.parametrize(
    "wrong", [{"every_hours": 0}, {"every_hours": 10_000}, {"format_name": "word"}, {"source": "desk"}]
)
def test_what_cannot_be_scheduled_is_refused(testland: Territory, cast: Cast, wrong: dict[str, Any]) -> None:
    with pytest.raises(asked.Refusal):
        plan(testland, cast.dora, **wrong)
    plan(testland, cast.dora)
    with pytest.raises(asked.Refusal, match="already"):
        plan(testland, cast.dora)


# --- services that left their source --------------------------------------------------------------------------------------------------


def test_a_service_that_left_its_source_waits_for_a_person(testland: Territory, cast: Cast, take: Import) -> None:
    one, two, three = service(name="Soup"), service(name="Bread"), service(name="Beds")
    take(testland, [one, two, three])
    take(testland, [one], partial=True)
    assert not gone_services(testland).exists()  # a part says nothing about the rest
    take(testland, b"[{", name="feed.json")
    assert not gone_services(testland).exists()  # nor does a broken file
    outcome = take(testland, [one])
    assert "feed-shrunk" in {code for _, _, code in outcome.report.issues}
    bread, beds = gone_services(testland).order_by("-name")
    assert Service.objects.visible().filter(name="Bread").exists()
    with pytest.raises(NotAllowed):
        asked.withdraw([bread], testland, by=cast.alice, at=NOW)
    assert asked.withdraw([bread], testland, by=cast.dora, at=NOW) == 1
    assert asked.keep([beds, bread], testland, by=cast.dora, at=NOW) == 1
    assert not gone_services(testland).exists()
    assert set(Service.objects.visible().filter(organization__name="House").values_list("name", flat=True)) == {
        "Soup",
        "Beds",
    }
    assert Revision.objects.filter(field="visibility", source="gone").count() == 1
    take(testland, [one, two, three])
    assert list(returned_services(testland).values_list("name", flat=True)) == ["Bread"]
    assert asked.show_again([bread], testland, by=cast.dora, at=NOW) == 1
    assert not returned_services(testland).exists()
    take(testland, [one])
    assert gone_services(testland).count() == 2  # what was kept is asked again when it goes again


def test_what_the_desk_says_is_no_source_that_keeps_a_service(testland: Territory, cast: Cast, take: Import) -> None:
    from maillage.directory.actions import editing

    one, two = service(name="Soup"), service(name="Bread")
    take(testland, [one, two])
    editing.propose(Service.objects.get(name="Bread"), {"email": "bread@example.org"}, by=cast.dora, at=NOW)
    take(testland, [one])
    assert list(gone_services(testland).values_list("name", flat=True)) == ["Bread"]
    assert list(gone_services(testland, "feed").values_list("name", flat=True)) == ["Bread"]
    assert not gone_services(testland, "other").exists()


def test_of_two_who_claim_at_once_one_has_it(testland: Territory, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    run = ask(testland, cast.dora, kept(service()))
    original = asked._move

    def slow(one: ImportRun, state: str, **more: Any) -> bool:
        ImportRun.objects.filter(pk=one.pk).update(state="running")  # somebody else was faster
        return original(one, state, **more)

    monkeypatch.setattr(asked, "_move", slow)
    assert asked.claim(at=NOW) is None
    run.refresh_from_db()
    assert run.state == "running"
    assert asked.give_up_on_the_silent(at=NOW) == 0


def test_a_file_of_two_imports_is_kept_until_both_are_old(testland: Territory, cast: Cast) -> None:
    run = ask(testland, cast.dora, kept(service()))
    again = asked.ask_again(run, is_trial=True, by=cast.dora, at=NOW)
    jobs.run_asked(NOW)
    ImportRun.objects.filter(pk=run.pk).update(ended_at=NOW - timedelta(days=31))
    assert jobs.forget_files(NOW) == 0
    again.refresh_from_db()
    assert incoming.path_of(again.file) is not None


@pytest.mark.parametrize(
    ("type_", "ending"), [("text/csv; charset=utf-8", ".csv"), ("application/zip", ".zip"), ("text/plain", ".json")]
)
def test_a_feed_whose_address_has_no_ending_gets_one(
    testland: Territory, cast: Cast, web: dict[str, Any], type_: str, ending: str
) -> None:
    web["type"] = type_
    asked.run_now(plan(testland, cast.dora, location="https://example.org/api/export"), by=cast.dora, at=NOW)
    jobs.run_asked(NOW)
    assert ImportRun.objects.get().file.endswith(f"/export{ending}")


def test_a_chunk_that_is_tried_again_is_counted_once(
    testland: Territory, take: Import, monkeypatch: pytest.MonkeyPatch
) -> None:
    from maillage.directory.ingest import links

    original = links.write

    def refuse(feed: Any, kind: str, placed: Any) -> None:
        if any(one.thing.values.get("name") == "Poison" for one in placed):
            raise RuntimeError("no")
        original(feed, kind, placed)

    monkeypatch.setattr(links, "write", refuse)
    one = service(url="nowhere")
    outcome = take(testland, [one, one, service(name="Poison"), service()])
    assert outcome.report.counts["service"] == {
        "read": 4, "created": 2, "updated": 0, "unchanged": 0, "held": 0, "attached": 0, "rejected": 2,
    }  # fmt: skip
    assert outcome.report.issues["service", "url", "url-invalid"] == 1
    assert ImportIssue.objects.filter(code="url-invalid").count() == 1


def test_a_place_that_a_feed_changes_is_history_of_the_service_there(testland: Territory, take: Import) -> None:
    place = {"id": "9", "location_type": "physical", "phones": [{"id": "", "number": "1"}]}
    one = service(service_at_locations=[{"id": "8", "location": place}])
    take(testland, [one])
    take(
        testland,
        [one | {"service_at_locations": [{"id": "8", "location": place | {"phones": [{"id": "", "number": "2"}]}}]}],
    )
    assert [(row.field, row.old, row.new) for row in Revision.objects.all()] == [
        ("phones", [{"number": "1", "description": ""}], [{"number": "2", "description": ""}])
    ]


def test_a_long_text_is_shortened_in_a_preview(testland: Territory, cast: Cast, take: Import) -> None:
    one = service()
    take(testland, [one], source="Feed")
    run = ask(testland, cast.dora, kept(one | {"description": "x" * 5_000}))
    jobs.run_asked(NOW)
    run.refresh_from_db()
    assert run.preview["changed"][0]["fields"]["description:fr"]["new"] == "x" * 600 + " …"
