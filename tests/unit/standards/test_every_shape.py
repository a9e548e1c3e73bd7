"""Every shape that a feed may have, in records that we invented: what the real feeds hold is tried where they are at hand."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from maillage.directory.ingest import Report
from maillage.directory.models import Attribute, Contact, DirectoryState, Service, Text
from maillage.people.models import Organization, OrganizationIdentifier
from maillage.standards.hsds import paging, schedules
from maillage.standards.hsds.documents import without_persons
from maillage.standards.reading import files
from maillage.standards.reading.values import Fields, clean, storable
from maillage.standards.reading.workbooks import value
from maillage.territory.models import Territory
from tests.unit.standards.conftest import Import, codes, exported
from tests.unit.standards.invented import AIDE, LOCATION, ORGANIZATION, PLACED, SERVICE, STRUCTURE, TABLES, TERM, uid
from tests.unit.standards.test_round_trip import differences, empty


def test_a_service_with_everything_is_read_and_what_is_wrong_in_it_is_told(bare: Territory, take: Import) -> None:
    outcome = take(bare, [SERVICE])
    one = Service.objects.get()
    assert one.program is not None
    assert (one.program.name, one.cost) == ("Summer", "paid")
    assert sorted(one.cost_options.values_list("amount_cents", "currency")) == [(150, "EUR"), (200, "")]
    assert sorted(one.capacities.values_list("unit", "available", "maximum")) == [("bowl", 3, 5), ("spoon", None, None)]
    assert [c.phones.get().number for c in Contact.objects.all()] == ["02 000 00 02"]
    assert one.activities.get().excluded == ["2026-12-08"]
    assert set(OrganizationIdentifier.objects.values_list("identifier", "is_valid")) == {
        ("0212347945", True), ("0212.347.946", False), ("1", None),
    }  # fmt: skip
    assert {row.term.code for row in one.service_terms.all()} == {"I-1", "I-2", "I-3"}
    assert "record-failed" not in codes(outcome)
    assert {
        "language-unknown", "language-inferred", "country-unknown", "currency-unknown", "capacity-invalid", "value-unknown",
        "identifier-invalid", "identifier-unchecked", "location-unknown", "term-unknown", "id-missing", "value-contradicts", "hours-unread",
    } <= codes(outcome)  # fmt: skip


def test_a_service_with_everything_comes_back_from_its_export(bare: Territory, take: Import, tmp_path: Path) -> None:
    weeks = [row for row in SERVICE["schedules"] if row["id"] != uid("backwards")]  # its period is left out
    take(bare, [SERVICE | {"schedules": weeks}], with_names=True)
    before = exported(bare, tmp_path / "before.ndjson")
    told = before[SERVICE["id"]]
    assert told["program"]["name"] == "Summer"
    assert told["additional_urls"][0]["url"] == "https://example.org/soup"
    assert told["wait_time"] == "two weeks"
    empty(bare)
    take(bare, tmp_path / "before.ndjson", with_names=True)
    assert list(differences(before, exported(bare, tmp_path / "after.ndjson"))) == []


def test_objects_that_stand_on_their_own_are_read(bare: Territory, take: Import) -> None:
    service = {k: v for k, v in SERVICE.items() if k not in ("service_at_locations", "organization", "program")}
    placing = {"id": uid("placing"), "location": LOCATION, "service": service}
    house = {
        "id": uid("other"),
        "name": "House",
        "website": "https://example.org",
        "locations": [{"id": uid("shed"), "name": "Shed"}],
    }
    take(bare, [placing, LOCATION | {"id": uid("alone")}, house, {"description": "nameless", "website": "x"}])
    assert Service.objects.get().at_locations.get().location.name == "The invented hall"
    assert Organization.objects.get(name="House").locations.get().name == "Shed"
    take(bare, {"taxonomies": [TERM["taxonomy_detail"], {"name": "no id"}], "taxonomy_terms": [TERM]})
    outcome = take(bare, [{"id": uid("nameless"), "website": "https://example.org"}])
    assert "name-missing" in codes(outcome)
    assert Organization.objects.filter(name="?").exists()


def test_a_service_may_refer_to_its_organisation_and_contradict_itself(bare: Territory, take: Import) -> None:
    one = SERVICE | {"organization": {"id": ORGANIZATION["id"]}, "minimum_age": 9, "maximum_age": 3, "name": ""}
    outcome = take(bare, {"organizations": [ORGANIZATION], "services": [one]})
    held = Service.objects.get()
    assert (held.organization, held.minimum_age) == (Organization.objects.get(), None)
    assert {"value-contradicts", "name-missing"} <= codes(outcome)


def test_tables_with_everything_are_read(bare: Territory, take: Import, package: Callable[..., Path]) -> None:
    folder = package(**TABLES)
    (folder / "notes.txt").write_text("not a table")
    outcome = take(bare, folder)
    pantry = Service.objects.get(name="Invented pantry")
    placing = pantry.at_locations.get()
    assert placing.schedules.get().osm == "Mo 09:00-17:00"
    assert placing.location.addresses.get().address_type == "postal"
    assert (pantry.cost_options.get().option, pantry.capacities.get().available) == ("Cash", 4)
    assert {row.term.code for row in pantry.service_terms.all()} == {"T1"}
    assert set(Attribute.objects.values_list("value", flat=True)) == {"plain", "https://example.org"}
    assert {"owner-missing", "hours-contradict"} <= codes(outcome)


def test_structures_and_services_with_everything_are_read(bare: Territory, take: Import) -> None:
    feed = {"structures": [STRUCTURE, PLACED], "services": [AIDE, AIDE | {"id": "s2", "structure_id": PLACED["id"]}]}
    outcome = take(bare, feed, "data-inclusion", with_names=True)
    one = Service.objects.get(code__endswith="s1")
    assert one.organization is not None
    assert (one.access, one.conditions_known, one.contacts.get().name) == (["referral"], True, "Personne Inventée")
    assert one.organization.schedules.get().osm == "Mo-Fr 09:00-12:00"
    assert (
        Service.objects.get(code__endswith="s2").at_locations.get().location.accessibility.get().url
        == "https://example.org/access"
    )
    assert set(Attribute.objects.values_list("label", flat=True)) == {
        "reseaux_porteurs",
        "lien_source",
        "nombre_semaines",
        "type",
    }
    assert {"identifier-invalid", "value-unknown"} <= codes(outcome)
    again = take(bare, b"id;nom;date_maj\n9;Une autre maison;2026-01-02\n", "data-inclusion", name="structures.csv")
    assert again.report.counts["structure"]["created"] == 1


def test_hours_that_contradict_each_other_and_files_of_something_else(
    testland: Territory, take: Import, tmp_path: Path
) -> None:
    record = {"id": 1, "nameOfficialFr": "Inventée", "permanencyFr": "lu-ve 9h-17h", "permanencyNl": "ma-vr 9u-12u"}
    vague = {"id": 2, "nameOfficialFr": "Vague", "permanencyFr": "quand on veut", "websiteOfficialFr": "rien"}
    assert {"value-contradicts", "hours-unread", "url-invalid"} <= codes(
        take(testland, [record, vague], "social-brussels")
    )
    assert "file-broken" in codes(take(testland, b"[{", "social-brussels"))
    assert "file-unknown" in codes(take(testland, b"a,b\n", "social-brussels", name="feed.csv"))
    (tmp_path / "two").mkdir()
    (tmp_path / "two" / "a.txt").write_text("nothing")
    (tmp_path / "two" / "b.txt").write_text("nothing")
    assert "file-unknown" in codes(take(testland, tmp_path / "two"))


def test_what_cannot_be_opened_is_refused(tmp_path: Path) -> None:
    with pytest.raises(files.Refused):
        files.members(tmp_path / "nowhere")

    def broken() -> Any:
        raise OSError("gone")

    class Gone:
        def __enter__(self) -> Gone:
            return self

        def __exit__(self, *exception: object) -> None: ...

        def read(self, size: int = -1) -> bytes:
            if size == 4:
                return b"id,n"
            raise OSError("gone")

    with pytest.raises(files.Refused, match="file-unreadable"):
        files.encoding_of(files.Member("x", 1, lambda: Gone()))  # type: ignore[arg-type, return-value]
    with pytest.raises(OSError, match="gone"):
        broken()


def test_a_table_that_breaks_off_is_read_up_to_there(tmp_path: Path) -> None:
    path = tmp_path / "services.csv"
    path.write_text("id,name\n1,One\n\n,\n2," + "x" * 200, encoding="utf-8")
    report = Report()
    (member,) = files.members(path)
    longest, files.LONGEST_LINE = files.LONGEST_LINE, 100
    try:
        found = list(files.rows(member, "services", report, lambda n: None))
    finally:
        files.LONGEST_LINE = longest
    assert found == [(2, {"id": "1", "name": "One"})]
    assert ("services", "", "line-too-long") in report.issues


def test_odd_values_are_read_or_remarked() -> None:
    report = Report()
    f = Fields(
        {"mail": "write to a@example.org", "none": " ", "on": date(2026, 1, 2), "at": datetime(2026, 1, 2, 3, 4), "bad": "2026-13-45T00:00:00",
         "far": "3000-01-01T00:00:00", "words": "a, b;c", "impossible": "31/02/2026"},
        report,
    )  # fmt: skip
    assert (f.email("mail"), f.number("none"), f.words("words")) == ("a@example.org", None, ["a", "b", "c"])
    assert (f.day("on"), f.day("at")) == (date(2026, 1, 2), date(2026, 1, 2))
    assert (f.moment("bad"), f.moment("far"), f.day("impossible")) == (None, None, None)
    assert clean("Â\u00a0Ã\u00a9 ☃")[0] == "Â\u00a0Ã\u00a9 ☃"  # not whole when read back: left as it is
    held = storable({"a": ("x", float("inf"), 2**70, date(2026, 1, 2), b"\x00", "\ud800")})
    assert held == {"a": ["x", None, str(2**70), "2026-01-02", "b'\\x00'", "?"]}
    assert without_persons([{"contacts": [{"name": "x"}, "y"]}]) == [{"contacts": [{}, "y"]}]


@pytest.mark.parametrize(
    ("cell", "held"),
    [(2.0, 2), (datetime(2026, 1, 2), "2026-01-02"), (datetime(2026, 1, 2, 3), "2026-01-02T03:00:00"), (time(9), "09:00:00"), ("  ", None)],
)  # fmt: skip
def test_cells_of_a_workbook_are_as_json_has_them(cell: Any, held: Any) -> None:
    assert value(cell) == held


def test_a_workbook_that_repeats_a_column_takes_the_first_that_is_filled(
    bare: Territory, take: Import, tmp_path: Path
) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "structures"
    sheet.append(["id", "nom", "nom", "date_maj"])
    sheet.append([None, None, None, None])
    sheet.append(["1", None, "La Maison", datetime(2026, 1, 2)])
    book.save(tmp_path / "data.xlsx")
    take(bare, tmp_path / "data.xlsx", "data-inclusion")
    assert Organization.objects.get().name == "La Maison"


def test_numbered_days_leave_as_monthly_rows() -> None:
    rows, whole = schedules.write("Mo[1],Mo[-1] 09:00-12:00")
    assert whole
    assert rows == [{"freq": "MONTHLY", "byday": "1MO,-1MO", "opens_at": "09:00", "closes_at": "12:00"}]


@pytest.mark.django_db
def test_the_commands_tell_what_they_did(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(CommandError, match="No territory is loaded"):
        call_command("export", "hsds", str(tmp_path / "out.json"))
    feed = tmp_path / "feed.json"
    feed.write_text(json.dumps([SERVICE]), encoding="utf-8")
    call_command("import", "hsds", str(feed), "--dry-run")
    assert "nothing was changed" in capsys.readouterr().out
    call_command("import", "hsds", str(feed), "--language", "fr")
    told = capsys.readouterr().out
    assert "Import of feed" in told
    assert "language" in told
    call_command("import", "hsds", str(feed), "--json", "--language", "fr", "--territory", "imported")
    assert json.loads(capsys.readouterr().out)["counts"]["service"]["unchanged"] == 1
    with pytest.raises(CommandError, match="no file"):
        call_command("import", "hsds", str(tmp_path / "nowhere"))
    for command in (("import", "hsds", str(feed)), ("export", "hsds", str(feed))):
        with pytest.raises(CommandError, match="No territory atlantis"):
            call_command(*command, "--territory", "atlantis")
    with pytest.raises(CommandError, match="cannot be written"):
        call_command("export", "hsds", str(tmp_path / "no" / "folder" / "out.json"))


@pytest.mark.django_db
def test_an_older_database_is_left_to_its_operator(monkeypatch: pytest.MonkeyPatch) -> None:
    from importlib import import_module

    command = import_module("maillage.standards.management.commands.import")
    called: list[str] = []

    class Executor:
        applied: dict[str, str] = {"one": "one"}

        def __init__(self, connection: object) -> None:
            self.loader = self
            self.graph = self
            self.applied_migrations = self.applied

        def leaf_nodes(self) -> list[str]:
            return ["two"]

        def migration_plan(self, leaves: list[str]) -> list[str]:
            return leaves

    monkeypatch.setattr(command, "MigrationExecutor", Executor)
    monkeypatch.setattr(command, "call_command", lambda name, **options: called.append(name))
    with pytest.raises(CommandError, match="older"):
        command.prepare_database()
    Executor.applied = {}
    command.prepare_database()
    assert called == ["migrate"]


def test_the_api_answers_every_question_in_its_own_words(
    testland: Territory, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert client.get("/hsds/services?" + "a" * 8_001).status_code == 414
    assert client.get("/hsds/profile/nothing.json").status_code == 404
    DirectoryState.objects.all().delete()
    told = client.get("/hsds/taxonomies").json()
    key = told["contents"][0]["id"]
    assert client.get("/hsds/taxonomy_terms", {"taxonomy_id": key}).json()["total_items"] > 0
    monkeypatch.setattr(paging, "KEPT", 1)
    for word in ("soup", "bread", "bed"):
        assert client.get("/hsds/services", {"search": word}).status_code == 200


def test_an_export_without_services_is_whole(bare: Territory, take: Import, tmp_path: Path) -> None:
    take(bare, [ORGANIZATION])
    path = tmp_path / "export.json"
    call_command("export", "hsds", str(path), verbosity=0)
    told = json.loads(path.read_text())
    assert (told["contents"], len(told["organizations"])) == ([], 1)
    assert Text.objects.filter(kind="organization").exists()


def test_holidays_of_tables_are_read_after_the_usual_hours(
    bare: Territory, take: Import, package: Callable[..., Path]
) -> None:
    holidays = (
        "id,service_id,service_at_location_id,closed,opens_at,closes_at,start_date,end_date\n1,10,,true,,,2026-12-24,2027-01-02\n"
        "2,10,,false,10:00,12:00,2026-12-31,\n3,11,,t,,,2026-12-25,2026-12-25\n4,,30,yes,,,2026-12-26,\n5,10,,,,,2026-12-27,\n"
        "6,10,,true,,,never,\n7,10,,true,,,2026-12-28,2026-12-01\n"
    )
    week = "id,service_id,service_at_location_id,weekday,opens_at,closes_at\n1,10,,Monday,9:00am,5:00pm\n2,,30,Monday,9:00am,5:00pm\n"
    outcome = take(bare, package(**(TABLES | {"schedule": week, "holiday_schedules": holidays})))
    pantry = Service.objects.get(name="Invented pantry")
    assert pantry.schedules.get().osm == "Mo 09:00-17:00; 2026 Dec 24-2027 Jan 02 off; 2026 Dec 31 10:00-12:00"
    assert pantry.at_locations.get().schedules.get().osm == "Mo 09:00-17:00; 2026 Dec 26 off"
    closed = Service.objects.get(name="Invented wardrobe").schedules.get()  # of its other days nobody told us anything
    assert (closed.osm, closed.valid_from, closed.valid_to) == ("Mo-Su off", date(2026, 12, 25), date(2026, 12, 25))
    assert outcome.report.issues["service", "schedules.start_date", "hours-unread"] == 3
    many = "".join(f"{n},10,,true,,,2027-01-{n + 1:02d},2027-02-{n + 1:02d}\n" for n in range(28))
    head = holidays.split("\n", 1)[0]
    outcome = take(bare, package(**(TABLES | {"schedule": week, "holiday_schedules": f"{head}\n{many * 2}"})))
    assert "hours-partly" in codes(outcome)
    assert len(Service.objects.get(name="Invented pantry").schedules.get().osm) <= 1_000


@pytest.mark.parametrize(
    ("applied", "sentence"), [({}, "no directory here yet"), ({"one": "one"}, "older than this version")]
)
@pytest.mark.django_db
def test_an_export_from_no_database_is_a_sentence(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, applied: dict[str, str], sentence: str
) -> None:
    from maillage.standards.management.commands import export

    class Executor:
        def __init__(self, connection: object) -> None:
            self.loader = self.graph = self
            self.applied_migrations = applied

        def leaf_nodes(self) -> list[str]:
            return ["two"]

        def migration_plan(self, leaves: list[str]) -> list[str]:
            return leaves

    monkeypatch.setattr(export, "MigrationExecutor", Executor)
    with pytest.raises(CommandError, match=sentence):
        call_command("export", "hsds", str(tmp_path / "out.json"))
