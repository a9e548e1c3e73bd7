"""`maillage pack`, `maillage demo`, `maillage territory`: what they print, what they refuse, how they end."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from maillage.directory.models import Location, SearchDocument, Service, ServiceAtLocation
from maillage.packs import pack as packs
from maillage.packs.fiction import actions as fiction
from maillage.packs.management.commands import demo
from maillage.packs.management.commands.pack import Command as Pack
from maillage.people.models import Trace
from maillage.territory.models import Area, Territory

Change = Callable[..., Path]
pytestmark = pytest.mark.django_db


def _run(*words: Any) -> str:
    out = StringIO()
    call_command(*map(str, words), stdout=out)
    return out.getvalue()


def test_the_list_names_the_packs_and_what_is_loaded(tinyland: Change) -> None:
    name = packs.shelf()[-1]
    _run("pack", "load", name)
    listed = _run("pack", "list")
    assert all(name in listed for name in packs.shelf())
    assert listed.count(Territory.objects.get().pack_version) > len(packs.shelf())


def test_a_correct_pack_is_said_to_be(tinyland: Change) -> None:
    assert "tinyland 2026.1 is correct: 5 areas, 3 links between areas, 5 needs" in _run("pack", "check", tinyland())


def test_the_check_of_a_broken_pack_ends_with_one(tinyland: Change, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tinyland(("needs.yaml", "window: tonight", "window: night"), ("areas.csv", "Noord", ""))
    out = StringIO()
    with pytest.raises(CommandError, match="2 errors") as refusal:
        call_command("pack", "check", str(folder), stdout=out)
    assert refusal.value.returncode == 1
    assert "needs.yaml:15: needs[0].children[0].window: there is no window “night” in this pack" in out.getvalue()


@pytest.mark.parametrize(
    "words", [("pack", "check", "atlantis"), ("pack", "load", "/nowhere"), ("demo", "--no-serve", "--pack", "atlantis")]
)
def test_a_pack_that_is_not_there_is_a_sentence(words: tuple[str, ...]) -> None:
    with pytest.raises(CommandError, match="there is no pack"):
        _run(*words)


def test_a_file_that_cannot_be_read_is_the_only_thing_said(
    tinyland: Change, capsys: pytest.CaptureFixture[str]
) -> None:
    """Not fifty codes that seem to be missing because of it."""
    folder = tinyland(("areas.csv", "code,level", "code,rank"))
    with pytest.raises(CommandError):
        call_command("pack", "check", str(folder))
    assert "there is no area" not in capsys.readouterr().out


def test_the_line_of_a_mistake_is_never_drawn_as_a_picture() -> None:
    """“needs.yaml:100:” would be shown as an emoji."""
    out = StringIO()
    command = Pack(stdout=out)
    command.console().print("needs.yaml:100: label")
    assert out.getvalue() == "needs.yaml:100: label\n"


def test_a_first_load_shows_what_comes_and_asks_nothing(tinyland: Change) -> None:
    printed = _run("pack", "load", tinyland())
    assert "tinyland 2026.1: first load" in printed
    assert "+ needs (5): housing, bed, refuge, support, ride" in printed
    assert "Loaded: tinyland 2026.1" in printed


def test_loading_again_says_that_it_is_loaded(tinyland: Change) -> None:
    _run("pack", "load", tinyland())
    assert _run("pack", "load", tinyland()).strip() == "tinyland 2026.1 is already loaded"


def test_a_change_is_shown_and_waits_for_a_yes(tinyland: Change) -> None:
    _run("pack", "load", tinyland())
    folder = tinyland(("pack.yaml", '"2026.1"', '"2026.2"'), ("needs.yaml", "en: A ride", "en: A lift"))
    assert "~ needs (1): ride" in _run("pack", "load", folder, "--dry-run")
    with pytest.raises(CommandError, match="nothing was written; add --yes"):
        _run("pack", "load", folder)
    assert Territory.objects.get().pack_version == "2026.1"
    printed = _run("pack", "load", folder, "--yes")
    assert "tinyland: version 2026.1 is loaded, this is 2026.2" in printed
    assert Territory.objects.get().pack_version == "2026.2"


def test_a_broken_pack_is_not_loaded(tinyland: Change) -> None:
    with pytest.raises(CommandError, match="the pack has errors: nothing was written"):
        _run("pack", "load", tinyland(("needs.yaml", "window: tonight", "window: night")))
    assert not Territory.objects.exists()


def test_a_demonstration_is_prepared_and_found_again(tinyland: Change, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tinyland()
    assert "30 fictional services (seed 3)" in _run(
        "demo", "--no-serve", "--pack", folder, "--services", 30, "--seed", 3
    )
    documents = SearchDocument.objects.count()
    assert documents > 25
    monkeypatch.setattr(packs, "read_valid", _not_again)  # started again, it reads no file
    assert "30 fictional services (seed 3)" in _run("demo", "--no-serve", "--pack", folder)
    assert SearchDocument.objects.count() == documents
    assert [line.verb for line in Trace.objects.order_by("sequence")] == ["loaded-pack", "generated-fiction"]


def _not_again(_folder: Path) -> None:
    raise AssertionError("the pack was read again")


def test_a_demonstration_grows_and_never_shrinks(tinyland: Change) -> None:
    folder = tinyland()
    _run("demo", "--no-serve", "--pack", folder, "--services", 10)
    _run("demo", "--no-serve", "--pack", folder, "--services", 25)
    printed = _run("demo", "--no-serve", "--pack", folder, "--services", 5)
    assert "25 fictional services (seed 1)" in printed
    assert Service.objects.filter(is_fictional=True).count() == 25


def test_a_demonstration_with_another_seed_keeps_the_one_that_is_there(tinyland: Change) -> None:
    folder = tinyland()
    _run("demo", "--no-serve", "--pack", folder, "--services", 10)
    printed = _run("demo", "--no-serve", "--pack", folder, "--services", 10, "--seed", 9)
    assert "An offer drawn with the seed 1 is there and stays" in printed


def test_a_demonstration_that_was_stopped_while_indexing_goes_on(tinyland: Change) -> None:
    folder = tinyland()
    _run("demo", "--no-serve", "--pack", folder, "--services", 10)
    territory = Territory.objects.get()
    documents = SearchDocument.objects.count()
    territory.content["fiction"]["indexed"] = False
    territory.save()
    SearchDocument.objects.filter(service__is_fictional=True).delete()
    _run("demo", "--no-serve", "--pack", folder)
    assert SearchDocument.objects.count() == documents


def test_room_is_said_again_when_a_demonstration_starts_another_day(tinyland: Change) -> None:
    folder = tinyland()
    _run("demo", "--no-serve", "--pack", folder, "--services", 30)
    territory = Territory.objects.get()
    told = territory.content["fiction"]
    told["refreshed_at"] = (timezone.now() - timezone.timedelta(days=2)).isoformat()
    territory.save()
    assert fiction.is_stale(territory, at=timezone.now())
    _run("demo", "--no-serve", "--pack", folder)
    assert not fiction.is_stale(Territory.objects.get(), at=timezone.now())


def test_after_a_migration_everything_is_indexed_again(tinyland: Change, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tinyland()
    _run("demo", "--no-serve", "--pack", folder, "--services", 10)
    documents = SearchDocument.objects.count()
    SearchDocument.objects.all().delete()
    monkeypatch.setattr(demo.Command, "create_database", lambda _self: True)  # as after a migration
    _run("demo", "--no-serve", "--pack", folder)
    assert SearchDocument.objects.count() == documents


def test_a_port_that_is_taken_is_said_before_any_work() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        with pytest.raises(CommandError, match="choose another with --port"):
            _run("demo", "--port", other.getsockname()[1])
    assert not Territory.objects.exists()


def _square(west: float, south: float, side: float = 0.1) -> dict[str, Any]:
    ring = [[west, south], [west + side, south], [west + side, south + side], [west, south + side], [west, south]]
    return {"type": "Polygon", "coordinates": [ring]}


def _geojson(folder: Path, *features: tuple[dict[str, Any], Any]) -> Path:
    path = folder / "map.geojson"
    drawn = [{"type": "Feature", "properties": p, "geometry": g} for p, g in features]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": drawn}))
    return path


def test_boundaries_are_imported_and_places_find_their_area(tinyland: Change, tmp_path: Path) -> None:
    _run("pack", "load", tinyland())
    territory = Territory.objects.get()
    service = Service.objects.create(territory=territory, name="Real")
    place = Location.objects.create(territory=territory, latitude=50.65, longitude=4.55)
    ServiceAtLocation.objects.create(service=service, location=place)
    path = _geojson(
        tmp_path, ({"nis": "1"}, _square(4.5, 50.6)), ({"nis": "9"}, _square(4.6, 50.6)), ({"nis": "2"}, None)
    )
    printed = _run("territory", "import", path, "--level", "commune", "--code-field", "nis")
    assert (
        "3 features: 1 boundaries stored, 0 unchanged, 0 areas created, 2 left out; 1 places found their area"
        in printed
    )
    assert "feature 2 (9): no area of this level is called so" in printed
    assert "feature 3 (2): it draws nothing" in printed
    assert "Without a boundary still: nowhere, south" in printed
    place.refresh_from_db()
    assert place.area is not None
    assert place.area.code == "north"
    assert SearchDocument.objects.filter(service=service).exists()
    assert Trace.objects.order_by("-sequence")[0].verb == "imported-boundaries"
    assert "1 unchanged" in _run("territory", "import", path, "--level", "commune", "--code-field", "nis")


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"\xff\xfe", "is not in UTF-8"),
        (b"{", "is not JSON"),
        (b"[" * 100_000, "is not JSON"),
        (b"[]", "is not a GeoJSON FeatureCollection"),
        (b'{"features": {}}', "is not a GeoJSON FeatureCollection"),
        (
            b'{"features": [], "crs": {"properties": {"name": "urn:ogc:def:crs:EPSG::31370"}}}',
            "is not in longitude and latitude",
        ),
    ],
)
def test_a_file_that_is_no_map_is_a_sentence(tinyland: Change, tmp_path: Path, content: bytes, sentence: str) -> None:
    _run("pack", "load", tinyland())
    (tmp_path / "map.geojson").write_bytes(content)
    with pytest.raises(CommandError, match=sentence):
        _run("territory", "import", tmp_path / "map.geojson", "--level", "commune", "--code-field", "nis")


def test_an_import_needs_a_file_a_field_and_a_territory(tinyland: Change, tmp_path: Path) -> None:
    path = _geojson(tmp_path)
    with pytest.raises(CommandError, match="No territory is loaded"):
        _run("territory", "import", path, "--level", "commune", "--code-field", "nis")
    _run("pack", "load", tinyland())
    with pytest.raises(CommandError, match="Say which property"):
        _run("territory", "import", path, "--level", "commune")
    with pytest.raises(CommandError, match="cannot be read"):
        _run("territory", "import", tmp_path / "absent", "--level", "commune", "--code-field", "nis")
    with pytest.raises(CommandError, match="No territory “atlantis”"):
        _run("territory", "import", path, "--level", "commune", "--code-field", "nis", "--territory", "atlantis")


def test_a_property_that_no_feature_has_is_named_with_those_they_have(tinyland: Change, tmp_path: Path) -> None:
    _run("pack", "load", tinyland())
    square = {"type": "Polygon", "coordinates": [[[4, 50], [5, 50], [5, 51], [4, 50]]]}
    features = [{"type": "Feature", "properties": {"nis": "21004", "name": "North"}, "geometry": square}]
    path = tmp_path / "map.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    with pytest.raises(CommandError, match="“F”; they have: name, nis"):
        _run("territory", "import", path, "--level", "commune", "--code-field", "F")


def test_real_boundaries_find_the_areas_of_the_pack(shared_data: Path) -> None:
    _run("pack", "load", packs.default_name())
    folder = shared_data / "observatory"
    printed = _run(
        "territory", "import", folder / "brussels_communes_19.geojson", "--level", "commune", "--code-field", "nis"
    )
    assert "19 features: 19 boundaries stored, 0 unchanged, 0 areas created, 0 left out" in printed
    assert not Area.objects.filter(level="commune", boundary=None).exists()
    words = ("--level", "quarter", "--code-field", "mdrc", "--name-field", "name_fr", "--create", "--simplify", 5)
    printed = _run("territory", "import", folder / "brussels_quartiers_145.geojson", *words)
    assert "145 features: 145 boundaries stored, 0 unchanged, 145 areas created, 0 left out" in printed
    quarter = Area.objects.get(level="quarter", alternative_names=["41"])
    assert quarter.labels == {"fr": "Berckmans - hotel des monnaies", "nl": "Berckmans - munthof"}
    assert quarter.parent is not None
    assert quarter.parent.code == "saint-gilles"
