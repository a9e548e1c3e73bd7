"""Loading a pack: the difference first, then one transaction; twice changes nothing; what others said stays."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from maillage.directory import sheet
from maillage.directory.actions import editing
from maillage.directory.models import (
    FieldProvenance,
    LiftingResource,
    Location,
    Obstacle,
    SearchDocument,
    Service,
    ServiceArea,
    ServiceCapacity,
    ServiceTerm,
    SourceRecord,
    TaxonomyTerm,
    TermMapping,
    Text,
)
from maillage.orientation.models import Need
from maillage.packs import actions, content
from maillage.packs.difference import compare
from maillage.packs.pack import Pack, read_valid
from maillage.people import audit
from maillage.people.models import Organization, Trace
from maillage.territory.models import Area, AreaLink, Territory

Change = Callable[..., Path]
AT = datetime(2026, 11, 22, 12, tzinfo=UTC)
pytestmark = pytest.mark.django_db


def _load(folder: Path) -> actions.Loaded:
    return actions.load(read_valid(folder), at=AT)


def _next(tinyland: Change, *changes: tuple[str, str, str]) -> Path:
    """The next version of the pack, with these changes."""
    return tinyland(("pack.yaml", 'version: "2026.1"', 'version: "2026.2"'), *changes)


def _everything() -> dict[str, Any]:
    """Every row that a load writes, without what says when."""
    models = (
        Area,
        AreaLink,
        Need,
        TaxonomyTerm,
        TermMapping,
        Obstacle,
        Organization,
        Service,
        Text,
        Location,
        ServiceArea,
        SourceRecord,
    )
    return {model.__name__: list(model.objects.order_by("pk").values()) for model in models}


def test_the_territory_says_what_the_pack_says(tiny: Pack) -> None:
    territory = actions.load(tiny, at=AT).territory
    assert (territory.code, territory.pack_version, territory.country, territory.timezone) == (
        "tinyland",
        "2026.1",
        "BE",
        "Europe/Brussels",
    )
    assert territory.languages == ["fr", "nl", "en"]
    assert territory.has_fiction is False
    kept = territory.content
    assert kept["windows"]["tonight"]["from"] == "18:00"
    assert kept["ranking"]["text"] == 3
    assert kept["smallest_cell"] == 5
    assert [entry["code"] for entry in kept["spoken_languages"]] == ["fr", "nl", "no", "ar"]
    assert [entry["code"] for entry in kept["criteria"]] == ["age", "gender", "children"]
    assert kept["publics"][0]["facts"] == {"children": True}
    assert kept["red_flags"][0]["contacts"][0]["number"] == "112"
    assert kept["obstacles"][0]["when"]["service"]["wheelchair"] == ["no", "unknown"]  # texts, never false
    assert kept["criteria"][0]["source"] == "report"  # inherited from the file
    assert "names" not in kept


def test_areas_links_and_tiles_are_kept(tiny: Pack) -> None:
    actions.load(tiny, at=AT)
    north = Area.objects.get(code="north")
    assert (north.parent and north.parent.code, north.level, north.postal_codes) == (
        "west-basin",
        "commune",
        ["1000", "1001"],
    )
    assert (north.latitude, north.longitude, north.tile_x, north.tile_y) == (50.6, 4.5, 0, 0)
    nowhere = Area.objects.get(code="nowhere")
    assert (nowhere.latitude, nowhere.is_assumed, nowhere.note) == (None, True, "Centre not known, and said so")
    link = AreaLink.objects.get(origin__code="south", target__code="west-basin")
    assert (link.kind, link.weight) == ("part_of", 0.4)


def test_every_need_is_a_category_with_a_stable_uuid(tiny: Pack) -> None:
    actions.load(tiny, at=AT)
    bed = Need.objects.get(code="bed")
    assert bed.parent is not None
    assert bed.parent.code == "housing"
    assert (bed.window, bed.red_flag, bed.ask, bed.hints["en"]) == (
        "tonight",
        "danger",
        ["children", "gender"],
        "Tonight",
    )
    assert bed.term.synonyms == {"fr": ["abri"], "nl": ["slaapplaats"], "en": ["shelter"]}
    assert bed.term.uuid == content.stable("tinyland", "term/needs/bed")
    assert list(bed.term.mappings.values_list("scheme", "relation")) == [("data-inclusion", "broad")]
    assert [term.code for term in Need.objects.get(code="refuge").also.all()] == ["bed"]
    assert list(Need.objects.order_by("order").values_list("code", flat=True)) == [
        "housing",
        "bed",
        "refuge",
        "support",
        "ride",
    ]


def test_organisations_come_with_exactly_what_the_source_says(tiny: Pack) -> None:
    actions.load(tiny, at=AT)
    house = Organization.objects.get(code="pack:tinyland--shelter-house")
    assert (house.name, house.kind, house.website, house.is_fictional) == (
        "La Maison",
        "public",
        "https://example.org/house",
        False,
    )
    beds = Service.objects.get(code="pack:tinyland--house-beds")
    assert beds.is_fictional is False
    assert (beds.cost, beds.access, beds.delivery, beds.has_interpreter, beds.confirmed_on) == (
        "",
        [],
        [],
        None,
        None,
    )  # not said: unknown
    assert beds.confirmed_by == "The report of Tinyland"
    texts = Text.objects.filter(kind="service", object_id=beds.pk, field="description").order_by("language")
    assert [(text.language, text.status) for text in texts] == [("en", "human"), ("fr", "original"), ("nl", "human")]
    assert set(beds.service_terms.values_list("term__taxonomy__code", "term__code")) == {
        ("needs", "bed"),
        ("publics", "families"),
    }
    assert list(beds.rules.values_list("criterion", "op", "value", "effect")) == [("children", "eq", True, "require")]
    assert not beds.conditions_known  # a public was named, no rule: others may come, nobody said
    assert Service.objects.get(code="pack:tinyland--house-refuge").conditions_known
    place = Location.objects.get(services_here__service=beds)
    assert (place.area and place.area.code, place.latitude, place.addresses.count()) == ("north", None, 0)
    assert [row.area.code for row in beds.service_areas.all() if row.area] == ["tinyland"]
    assert beds.schedules.get().osm == "Mo-Su 18:00-08:00"


def test_places_said_in_a_report_are_unknown_tonight(tiny: Pack) -> None:
    actions.load(tiny, at=AT)
    room = ServiceCapacity.objects.get()
    assert (room.maximum, room.available, room.status) == (40, None, "")
    assert room.updated_at == room.expires_at == datetime(2025, 1, 1, tzinfo=UTC)


def test_a_day_of_a_source_is_a_confirmation_a_year_is_not(tiny: Pack) -> None:
    actions.load(tiny, at=AT)
    refuge = Service.objects.get(code="pack:tinyland--house-refuge")
    assert refuge.confirmed_on == date(2025, 3, 4)
    assert Location.objects.get(services_here__service=refuge).is_confidential


def test_every_field_knows_its_source(tiny: Pack) -> None:
    actions.load(tiny, at=AT)
    beds = Service.objects.get(code="pack:tinyland--house-beds")
    record = SourceRecord.objects.get(source="pack:tinyland", entity="service", external_id="house-beds")
    assert (record.licence, record.payload["source"]) == ("CC0", "report")
    provenance = FieldProvenance.objects.get(kind="service", object_id=beds.pk)
    assert provenance.record == record
    assert {"name", "description", "needs", "publics", "rules", "served", "area", "capacity", "hours"} <= set(
        provenance.fields
    )
    assert "cost" not in provenance.fields


def test_search_finds_what_was_loaded(tiny: Pack) -> None:
    actions.load(tiny, at=AT)
    assert SearchDocument.objects.count() == 2


def test_the_trail_says_that_a_pack_was_loaded(tiny: Pack) -> None:
    actions.load(tiny, at=AT)
    line = Trace.objects.get()
    assert (line.verb, line.actor, line.data["version"]) == ("loaded-pack", "system:pack", "2026.1")
    assert audit.verify().broken is None


def test_loading_again_writes_nothing(tiny: Pack) -> None:
    actions.load(tiny, at=AT)
    before = _everything()
    again = actions.load(tiny, at=timezone.now())
    assert again.difference.is_loaded
    assert _everything() == before
    assert Trace.objects.count() == 1
    assert Territory.objects.get().loaded_at == AT


def test_a_new_version_that_says_the_same_changes_no_row(tinyland: Change) -> None:
    _load(tinyland())
    before = _everything()
    loaded = _load(_next(tinyland))
    assert not any(loaded.difference.sections.values())
    assert _everything() == before
    assert Territory.objects.get().pack_version == "2026.2"


def test_the_first_difference_is_everything(tiny: Pack) -> None:
    difference = compare(tiny)
    assert difference.is_first
    assert difference.sections["areas"].added == ("tinyland", "west-basin", "north", "south", "nowhere")
    assert difference.sections["services"].added == ("house-beds", "house-refuge")
    assert not Territory.objects.exists()  # comparing writes nothing


def test_the_difference_names_what_was_added_changed_and_removed(tinyland: Change) -> None:
    _load(tinyland())
    changed = _next(
        tinyland,
        ("needs.yaml", "code: refuge", "code: safe-place"),
        ("needs.yaml", "en: [shelter]", "en: [shelter, hostel]"),
        ("criteria.yaml", "en: Older people", "en: Seniors"),
        ("pack.yaml", "smallest_cell: 5", "smallest_cell: 10"),
        ("areas.csv", "1002", "1003"),
        ("area_links.csv", "0.4", "0.5"),
        ("organizations.yaml", "needs: [refuge]", "needs: [safe-place]"),
        ("demo.yaml", "need: refuge", "need: safe-place"),
    )
    difference = compare(read_valid(changed))
    told = {name: (s.added, s.changed, s.removed) for name, s in difference.sections.items() if s}
    assert told == {
        "settings": ((), ("smallest_cell",), ()),
        "publics": ((), ("seniors",), ()),
        "areas": ((), ("south",), ()),
        "links": ((), (("south", "west-basin", "part_of", "2025"),), ()),
        "needs": (("safe-place",), ("bed",), ("refuge",)),
        "services": ((), ("house-refuge",), ()),
    }
    assert (difference.loaded_version, difference.version) == ("2026.1", "2026.2")
    loaded = actions.load(read_valid(changed), at=AT)
    assert loaded.kept == ()
    assert not TaxonomyTerm.objects.filter(code="refuge").exists()
    assert [t.term.code for t in Service.objects.get(code="pack:tinyland--house-refuge").service_terms.all()] == [
        "safe-place"
    ]
    assert not any(compare(read_valid(_next_again(changed))).sections.values())


def _next_again(folder: Path) -> Path:
    text = (folder / "pack.yaml").read_text()
    (folder / "pack.yaml").write_text(text.replace('"2026.2"', '"2026.3"'))
    return folder


def test_a_change_under_the_same_version_is_said(tinyland: Change) -> None:
    _load(tinyland())
    difference = compare(read_valid(tinyland(("needs.yaml", "fr: Aide", "fr: Appui"))))
    assert difference.same_version
    assert not difference.is_loaded
    assert difference.sections["needs"].changed == ("support",)


def test_a_line_that_only_moved_is_written_and_is_no_news(tinyland: Change) -> None:
    _load(tinyland())
    moved = _next(tinyland, ("needs.yaml", "needs:\n", "needs:\n  - {code: first, labels: {fr: a, nl: b, en: c}}\n"))
    difference = compare(read_valid(moved))
    assert (difference.sections["needs"].added, difference.sections["needs"].changed) == (("first",), ())
    _load(moved)
    assert Need.objects.order_by("order").first() == Need.objects.get(code="first")


def test_what_left_the_pack_goes(tinyland: Change) -> None:
    _load(tinyland())
    folder = tinyland()
    text = (folder / "organizations.yaml").read_text()
    (folder / "organizations.yaml").write_text(text[: text.index("      - code: house-refuge")])
    loaded = _load(_next(tinyland))
    assert loaded.difference.sections["services"].removed == ("house-refuge",)
    assert loaded.difference.sections["organizations"].removed == ("no-service",)
    assert list(Service.objects.values_list("code", flat=True)) == ["pack:tinyland--house-beds"]
    assert Location.objects.count() == 1
    assert not Organization.objects.filter(code="pack:tinyland--no-service").exists()
    assert SearchDocument.objects.count() == 1
    assert not SourceRecord.objects.filter(external_id__in=["house-refuge", "no-service"]).exists()


def _said_by_others(service: Service, *fields: str) -> None:
    record = SourceRecord.objects.create(
        territory=service.territory,
        source="desk",
        entity="service",
        external_id="1",
        payload={},
        sha256="",
        fetched_at=AT,
    )
    FieldProvenance.objects.create(kind="service", object_id=service.pk, record=record, fields=list(fields))


def test_what_others_have_said_since_stays(tinyland: Change) -> None:
    _load(tinyland())
    beds = Service.objects.get(code="pack:tinyland--house-beds")
    Service.objects.filter(pk=beds.pk).update(url="https://example.org/by-the-desk", cost="free")
    _said_by_others(beds, "url", "cost", "hours")
    beds.schedules.all().update(osm="24/7")
    _load(
        _next(
            tinyland, ("organizations.yaml", "hours: Mo-Su", "website: https://example.org/pack\n        hours: Mo-Fr")
        )
    )
    beds.refresh_from_db()
    assert (beds.url, beds.cost, beds.schedules.get().osm) == ("https://example.org/by-the-desk", "free", "24/7")


def test_a_load_keeps_what_was_decided_at_the_desk(tinyland: Change) -> None:
    _load(tinyland())
    beds = Service.objects.get(code="pack:tinyland--house-beds")
    said = {"hours": {"raw": "24/7"}, "languages": [], "cost": "paid", "description:fr": "Des lits."}
    editing.propose(beds, said, by="system:test", at=AT)
    beds.refresh_from_db()
    before = sheet.read(beds)
    _load(
        _next(
            tinyland, ("organizations.yaml", "hours: Mo-Su", "website: https://example.org/pack\n        hours: Mo-Fr")
        )
    )
    beds.refresh_from_db()
    assert sheet.read(beds) == before | {"url": "https://example.org/pack"}


def test_a_service_that_others_describe_is_not_deleted(tinyland: Change) -> None:
    _load(tinyland())
    _said_by_others(Service.objects.get(code="pack:tinyland--house-refuge"), "url")
    folder = tinyland()
    text = (folder / "organizations.yaml").read_text()
    start = text.index("      - code: house-refuge")
    (folder / "organizations.yaml").write_text(text[:start])
    loaded = _load(_next(tinyland))
    assert loaded.kept == ("pack:tinyland--house-refuge",)
    assert Service.objects.filter(code="pack:tinyland--house-refuge").exists()


def test_rows_that_came_from_elsewhere_are_never_deleted(tinyland: Change) -> None:
    territory = _load(tinyland()).territory
    service = Service.objects.create(territory=territory, code="elsewhere--1", name="Real")
    ServiceArea.objects.create(service=service, area=Area.objects.get(code="nowhere"))
    ServiceTerm.objects.create(service=service, term=TaxonomyTerm.objects.get(code="refuge"))
    LiftingResource.objects.create(service=service, obstacle=Obstacle.objects.get(code="distance"))
    changed = _next(
        tinyland,
        (
            "areas.csv",
            'nowhere,commune,tinyland,Nulle part,Nergens,Nowhere,nis:3,,,,1,1,2025,,true,"Centre not known, and said so"\n',
            "",
        ),
        ("needs.yaml", "code: refuge", "code: safe-place"),
        ("organizations.yaml", "needs: [refuge]", "needs: [safe-place]"),
        ("demo.yaml", "need: refuge", "need: safe-place"),
        ("obstacles.yaml", "code: distance", "code: too-far"),
        ("demo.yaml", "lifts: [distance]", "lifts: [too-far]"),
    )
    loaded = _load(changed)
    assert set(loaded.kept) == {"nowhere", "refuge", "distance"}
    service.refresh_from_db()
    assert (service.service_areas.count(), service.service_terms.count(), service.lifts.count()) == (1, 1, 1)
    assert not Need.objects.filter(code="refuge").exists()  # it left the tree; the category stays for the service


def test_a_centre_from_a_boundary_stays_when_the_pack_gives_none(tinyland: Change) -> None:
    _load(tinyland())
    Area.objects.filter(code="nowhere").update(latitude=50.1, longitude=4.1, boundary={"type": "Polygon"})
    loaded = _load(_next(tinyland))
    assert not loaded.difference.sections["areas"]
    nowhere = Area.objects.get(code="nowhere")
    assert (nowhere.latitude, nowhere.longitude, nowhere.boundary) == (50.1, 4.1, {"type": "Polygon"})


def test_an_area_that_an_import_made_is_not_the_packs_to_take_away(tinyland: Change) -> None:
    territory = _load(tinyland()).territory
    Area.objects.create(territory=territory, code="quarter", level="quarter", source="import:map.geojson")
    loaded = _load(_next(tinyland))
    assert not loaded.difference.sections["areas"]
    assert loaded.kept == ()
    assert Area.objects.filter(code="quarter").exists()


@pytest.mark.parametrize(
    ("publics", "rules"),
    [
        ([], []),
        (["families"], [("children", "eq", True, "require")]),
        (["women", "men"], [("gender", "in", ["woman", "man"], "require")]),
        (["women", "families"], [("gender", "eq", "woman", "prefer"), ("children", "eq", True, "prefer")]),
        (["seniors"], []),  # 65 is an example, not a limit
    ],
)
def test_publics_become_rules(tiny: Pack, publics: list[str], rules: list[tuple[Any, ...]]) -> None:
    made = content.rules_for(publics, tiny.criteria["publics"], tiny.criteria["criteria"])
    assert [(rule["criterion"], rule["op"], rule["value"], rule["effect"]) for rule in made] == rules


def test_a_public_may_have_rules_of_its_own(tinyland: Change) -> None:
    folder = tinyland(
        ("criteria.yaml", "facts: {age: 65}", "facts: {age: 65}, rules: [{criterion: age, op: gte, value: 60}]")
    )
    pack = read_valid(folder)
    assert content.rules_for(["seniors"], pack.criteria["publics"], pack.criteria["criteria"]) == [
        {"criterion": "age", "op": "gte", "value": 60}
    ]


@pytest.mark.parametrize("name", ["organizations.yaml", "demo.yaml", "obstacles.yaml", "area_links.csv"])
def test_a_territory_that_has_no_such_file_loads(tinyland: Change, name: str) -> None:
    folder = tinyland(("demo.yaml", "    lifts: [distance]\n", ""))
    (folder / name).unlink()
    assert not _load(folder).difference.is_loaded
