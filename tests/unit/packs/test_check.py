"""A mistake of a pack's writer is told with its file, its line, its key and a sentence."""
# ruff: noqa: E501 - the table reads better in one line a mistake

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from maillage.packs import pack as packs
from maillage.packs.problems import PackInvalid, PackNotFound

Change = Callable[..., Path]
SOURCE = Path(__file__).parent / "tinyland"

# file, what stands there, what a hand in a hurry writes, and how the error begins
MISTAKES = [
    ("pack.yaml", 'version: "2026.1"', "version: 2026.1", "pack.yaml:3: version: 2026.1 is read as a number"),
    ("pack.yaml", "timezone: Europe/Brussels", "timezone: Europe/Bruxelles", "pack.yaml:7: timezone: “Europe/Bruxelles” is not a time zone"),
    ("pack.yaml", "country: BE", "country: Belgium", "pack.yaml:5: country: “Belgium” is not a country code"),
    ("pack.yaml", "languages: [fr, nl, en]", "languages: [fr, nl]", "pack.yaml:9: languages: must hold “en”"),
    ("pack.yaml", "default_language: fr", "default_language: de", "pack.yaml:8: default_language: must be one of the languages"),
    ("pack.yaml", "root_area: tinyland", "root_area: tinylnd", "pack.yaml:11: root_area: there is no area “tinylnd”"),
    ("pack.yaml", "tile_level: commune", "tile_level: city", "pack.yaml:12: tile_level: no area has the level “city”"),
    ("pack.yaml", "smallest_cell: 5", "smallest_cell: 5\nmembership_months: 0", "pack.yaml:14: membership_months: 0 is not between 1 and 120"),
    ("pack.yaml", "smallest_cell: 5", "smallest_cell: five", "pack.yaml:13: smallest_cell: “five” is not a whole number"),
    ("pack.yaml", "organisation_cap: 2", "organization_cap: 2", "pack.yaml:22: organization_cap: this key is not known: did you mean “organisation_cap”?"),
    ("pack.yaml", "from: 18:00", "from: 6 pm", "pack.yaml:17: windows.tonight.from: “6 pm” is not a time"),
    ("pack.yaml", ", to: 08:00", "", "pack.yaml:17: windows.tonight.from: “from” and “to” go together"),
    ("pack.yaml", "nl: Vannacht, ", "", "pack.yaml:17: windows.tonight.labels: has no text in the language “nl”"),
    ("pack.yaml", "nl: Vannacht", "nl: ~", "pack.yaml:17: windows.tonight.labels.nl: is empty"),
    ("pack.yaml", "nl: Vannacht", "nl: <b>Vannacht</b>", "pack.yaml:17: windows.tonight.labels.nl: holds HTML"),
    ("pack.yaml", "nl: Vannacht", "de: Heute, nl: Vannacht", "pack.yaml:17: windows.tonight.labels.de: “de” is not one of the languages"),
    ("pack.yaml", "default: 12", "defualt: 12", "pack.yaml:21: freshness_months.defualt: is neither “default” nor the code of a need"),
    ("pack.yaml", "rtl: true", "rtl: yes", "pack.yaml:27: spoken_languages[3].rtl: “yes” is neither true nor false"),
    ("pack.yaml", "date: 2025-03-04", "date: 2025-02-30", "pack.yaml:30: sources[1].date: “2025-02-30” is not a date that exists"),
    ("pack.yaml", "id: page,", "id: report,", "pack.yaml:30: sources[1].id: “report” is already used on line 29"),
    ("pack.yaml", "https://www.wikipedia.org/", "wikipedia", "pack.yaml:14: quick_exit_url: “wikipedia” is not a web address"),
    ("areas.csv", "north,commune,west-basin", "north,commune,east-basin", "areas.csv:4: parent: there is no area “east-basin”"),
    ("areas.csv", "west-basin,basin,tinyland", "west-basin,basin,north", "areas.csv:3: parent: “west-basin” would be its own ancestor"),
    ("areas.csv", "south,commune,tinyland", "north,commune,tinyland", "areas.csv:5: code: “north” is already used on line 4"),
    ("areas.csv", "south,commune,tinyland", "south,commune,", "areas.csv:5: parent: only the root area has no parent"),
    ("areas.csv", "Noord", "", "areas.csv:4: name_nl: has no text in the language “nl”"),
    ("areas.csv", "50.6,4.5", "95.6,4.5", "areas.csv:4: latitude: 95.6 is not between -90 and 90"),
    ("areas.csv", "50.6,4.5", "50.6,", "areas.csv:4: latitude: “latitude” and “longitude” go together"),
    ("areas.csv", "50.6,4.5", "50°36',4.5", "areas.csv:4: latitude: “50°36'” is not a number"),
    ("areas.csv", "50.6,4.5", "nan,4.5", "areas.csv:4: latitude: “nan” is not a number"),
    ("areas.csv", "4.5,0,1,", "4.5,0,0,", "areas.csv:5: tile_x: this tile is already that of “north”"),
    ("areas.csv", "4.5,0,1,", "4.5,,,", "areas.csv:5: tile_x: has no tile"),
    ("areas.csv", "2025,,true", "2025,,", "areas.csv:6: source: has no source"),
    ("areas.csv", "2025,,true", "2025,,perhaps", "areas.csv:6: assume: “perhaps” is neither true nor false"),
    ("areas.csv", "0,0,2025,report", "0,0,2025,rapport", "areas.csv:4: source: there is no source “rapport”"),
    ("areas.csv", "code,level", "code,rank", "areas.csv:1: level: this column is missing"),
    ("area_links.csv", "south,west-basin,part_of,0.4", "south,west-basin,part_of,40%", "area_links.csv:2: weight: “40%” is not a share"),
    ("area_links.csv", "south,west-basin,part_of,0.4", "south,west-basin,part_of,0", "area_links.csv:2: weight: “0” is not a share"),
    ("area_links.csv", "north,south,adjacent", "north,east,adjacent", "area_links.csv:3: to_code: there is no area “east”"),
    ("area_links.csv", "north,south,adjacent", "north,north,adjacent", "area_links.csv:3: to_code: an area is not linked to itself"),
    ("area_links.csv", "north,south,adjacent", "north,south,near", "area_links.csv:3: kind: “near” is not one of"),
    ("area_links.csv", "adjacent,1,2025,,true,\nsouth,north,adjacent,1", "adjacent,1,2025,,true,\nsouth,north,adjacent,0.5", "area_links.csv:4: weight: the weight of a neighbourhood link is 1"),
    ("area_links.csv", "north,south,adjacent,1,2025,,true,", "south,tinyland,part_of,1,2025,,true,\nsouth,north,part_of,1,2025,,true,\nsouth,nowhere,part_of,0.5,2025,,true,", "area_links.csv:5: weight: the shares of “south” in areas of the level “commune” add up to 1.5"),
    ("criteria.yaml", "kind: number", "kind: figure", "criteria.yaml:5: criteria[0].kind: “figure” is not one of: boolean, number, choice"),
    ("criteria.yaml", "kind: choice", "kind: boolean", "criteria.yaml:15: criteria[1].options: a criterion of kind “choice”, and only that"),
    ("criteria.yaml", "facts: {children: true}", "facts: {children: yes}", "criteria.yaml:24: publics[0].facts.children: “yes” is neither true nor false"),
    ("criteria.yaml", "facts: {gender: woman}", "facts: {gender: lady}", "criteria.yaml:25: publics[1].facts.gender: “lady” is not one of: woman, man"),
    ("criteria.yaml", "facts: {age: 65}", "facts: {old: true}", "criteria.yaml:27: publics[3].facts.old: there is no criterion “old”"),
    ("criteria.yaml", ", facts: {age: 65}", "", "criteria.yaml:27: publics[3].facts: a public needs facts, or rules"),
    ("criteria.yaml", "assume: true", "assume: yes", "criteria.yaml:2: assume: “yes” is neither true nor false"),
    ("needs.yaml", "ask: [children, gender]", "ask: [children, sex]", "needs.yaml:14: needs[0].children[0].ask: there is no criterion “sex”"),
    ("needs.yaml", "window: tonight", "window: night", "needs.yaml:15: needs[0].children[0].window: there is no window “night”"),
    ("needs.yaml", "red_flag: danger", "red_flag: fire", "needs.yaml:16: needs[0].children[0].red_flag: there is no red flag “fire”"),
    ("needs.yaml", "also: [bed]", "also: [beds]", "needs.yaml:21: needs[0].children[1].also: there is no need “beds”"),
    ("needs.yaml", "code: refuge", "code: bed", "needs.yaml:19: needs[0].children[1].code: “bed” is already used on line 10"),
    ("needs.yaml", "code: ride", "code: Ride Home", "needs.yaml:25: needs[1].children[0].code: “Ride Home” is not a code"),
    ("needs.yaml", "    question: {fr: De quoi ?, nl: Wat?, en: What?}\n", "", "needs.yaml:5: needs[0]: has children: the key “question”"),
    ("needs.yaml", "relation: broad", "relation: similar", "needs.yaml:18: needs[0].children[0].mappings[0].relation: “similar” is not one of"),
    ("needs.yaml", "nl: [slaapplaats]", "nl: slaapplaats", "needs.yaml:13: needs[0].children[0].synonyms.nl: must be a list"),
    ("needs.yaml", "source: report\nassume: true\n", "", "needs.yaml:3: needs[0].source: has no source"),
    ("obstacles.yaml", "need: ride", "need: taxi", "obstacles.yaml:9: obstacles[0].lifted_by[0].need: there is no need “taxi”"),
    ("obstacles.yaml", "wheelchair: [no, unknown]", "wheelchair: [false]", "obstacles.yaml:7: obstacles[0].when.service.wheelchair[0]: “False” is not one of: yes, no, unknown"),
    ("obstacles.yaml", "[woman, man]", "[woman, child]", "obstacles.yaml:7: obstacles[0].when.person.gender: “child” is not one of"),
    ("red_flags.yaml", "hours: 24/7", "hours: always", "red_flags.yaml:9: red_flags[0].contacts[0].hours: “always” cannot be read as OpenStreetMap"),
    ("red_flags.yaml", ", source: page", "", "red_flags.yaml:9: red_flags[0].contacts[0].source: a contact must have a source of its own"),
    ("red_flags.yaml", 'number: "112"', "number: 112", "red_flags.yaml:9: red_flags[0].contacts[0].number: 112 is read as a number"),
    ("red_flags.yaml", ', number: "112"', "", "red_flags.yaml:9: red_flags[0].contacts[0].number: a contact must have a number"),
    ("organizations.yaml", "needs: [bed]", "needs: [couch]", "organizations.yaml:12: organizations[0].services[0].needs: there is no need “couch”"),
    ("organizations.yaml", "area: north", "area: nord", "organizations.yaml:14: organizations[0].services[0].area: there is no area “nord”"),
    ("organizations.yaml", "hours: Mo-Su 18:00-08:00", "hours: every night", "organizations.yaml:17: organizations[0].services[0].hours: “every night” cannot be read"),
    ("organizations.yaml", "op: eq, value: woman", "op: gte, value: woman", "organizations.yaml:22: organizations[0].services[1].rules[0].op: “gte” compares numbers"),
    ("organizations.yaml", "op: eq, value: woman", "op: in, value: woman", "organizations.yaml:22: organizations[0].services[1].rules[0].value: “in” needs a list"),
    ("rights.yaml", "needs: [bed]", "needs: [beds]", "rights.yaml:7: rights[0].needs: there is no need “beds”"),
    ("rights.yaml", "ask: [children]", "ask: [child]", "rights.yaml:8: rights[0].ask: there is no criterion “child”"),
    ("rights.yaml", "ask: [children]", "ask: [gender]", "rights.yaml:8: rights[0].ask: “gender” is asked for nothing"),
    ("rights.yaml", "{criterion: children, op: eq", "{criterion: kids, op: eq", "rights.yaml:12: rights[0].conditions[0].value: there is no criterion “kids”"),
    ("rights.yaml", "children, op: eq, value: true", "children, op: gte, value: true", "rights.yaml:12: rights[0].conditions[0].op: “gte” compares numbers"),
    ("rights.yaml", "value: 18", "value: adult", "rights.yaml:14: rights[0].conditions[1].any[0].value: “adult” is not a number"),
    ("rights.yaml", "value: 100", "value: old", "rights.yaml:10: rights[0].used_when[0].value: “old” is not a number"),
    ("rights.yaml", "value: true}", "value: true, supports: false}", "rights.yaml:11: rights[0].conditions: nothing that is known of a person could ever lead"),
    ("rights.yaml", "      need: bed", "      organization: nobody", "rights.yaml:18: rights[0].claim.organization: there is no organisation “nobody”"),
    ("rights.yaml", "      need: bed", "      need: beds", "rights.yaml:18: rights[0].claim.need: there is no need “beds”"),
    ("rights.yaml", "P60D", "60 days", "rights.yaml:22: rights[0].time_limit.period: “60 days” is not a period"),
    ("rights.yaml", "    law:\n      - {title: Law of Tinyland, article: '3', date: 2020-01-31}\n", "", "rights.yaml:4: rights[0].law: no law is named"),
    ("rights.yaml", "    checked_on: 2026-11-01\n", "", "rights.yaml:4: rights[0]: the key “checked_on” is missing"),
    ("rights.yaml", "source: report\nassume: true\n", "", "rights.yaml:2: rights[0].source: has no source"),
    ("demo.yaml", "value: [18, 60]", "value: [60, 18]", "demo.yaml:17: offers[0].rules[0][1].value: must be two numbers, the smallest first"),
    ("demo.yaml", "maximum: [10, 40]", "maximum: [40, 10]", "demo.yaml:19: offers[0].capacity.maximum: must be two numbers, the smallest first"),
    ("demo.yaml", "nl: [Opvang, Overnachting]", "nl: [Opvang]", "demo.yaml:14: offers[0].names: the texts are paired by place"),
    ("demo.yaml", "rrule: FREQ=WEEKLY;BYDAY=WE", "rrule: every week", "demo.yaml:44: offers[2].activity.rrule: “every week” cannot be read as a recurrence rule"),
    ("demo.yaml", "publics: [[women]]", "publics: [[ladies]]", "demo.yaml:28: offers[1].publics[0].publics: there is no public “ladies”"),
    ("demo.yaml", "languages: [ar]", "languages: [xx]", "demo.yaml:23: offers[0].languages: there is no spoken language “xx”"),
]  # fmt: skip


def test_the_small_pack_is_correct(tinyland: Change) -> None:
    _, problems = packs.read(tinyland())
    assert [str(problem) for problem in problems] == []


@pytest.mark.parametrize(("file", "old", "new", "said"), MISTAKES, ids=[f"{m[0]}: {m[2]}"[:60] for m in MISTAKES])
def test_a_mistake_is_told_with_its_place(tinyland: Change, file: str, old: str, new: str, said: str) -> None:
    _, problems = packs.read(tinyland((file, old, new)))
    told = [str(problem) for problem in problems if not problem.is_warning]
    assert any(line.startswith(said) for line in told), "\n".join(told)


def test_every_mistake_of_a_pack_is_told_at_once(tinyland: Change) -> None:
    changes = [(file, old, new) for file, old, new, _said in MISTAKES if file == "red_flags.yaml"][:1]
    changes += [("needs.yaml", "window: tonight", "window: night"), ("areas.csv", "Noord", "")]
    _, problems = packs.read(tinyland(*changes))
    assert {problem.file for problem in problems} == {"red_flags.yaml", "needs.yaml", "areas.csv"}


@pytest.mark.parametrize("name", ["pack.yaml", "areas.csv", "needs.yaml"])
def test_a_file_that_is_missing_is_told(tinyland: Change, name: str) -> None:
    folder = tinyland()
    (folder / name).unlink()
    _, problems = packs.read(folder)
    assert any(problem.file == name for problem in problems if not problem.is_warning)


@pytest.mark.parametrize("path", sorted(path.name for path in SOURCE.iterdir()))
def test_a_file_that_is_empty_is_told(tinyland: Change, path: str) -> None:
    folder = tinyland()
    (folder / path).write_text("")
    _, problems = packs.read(folder)
    assert any(problem.file == path for problem in problems if not problem.is_warning)


def test_a_pack_may_begin_with_three_files(tinyland: Change) -> None:
    folder = tinyland(
        ("needs.yaml", "        ask: [children, gender]\n", ""), ("needs.yaml", "        red_flag: danger\n", "")
    )
    for name in (
        "area_links.csv",
        "criteria.yaml",
        "rights.yaml",
        "obstacles.yaml",
        "red_flags.yaml",
        "organizations.yaml",
        "demo.yaml",
    ):
        (folder / name).unlink()
    _, problems = packs.read(folder)
    assert [str(p) for p in problems if not p.is_warning] == []
    assert "red_flags.yaml: is missing: nobody in danger will be shown whom to call" in map(str, problems.warnings)


@pytest.mark.parametrize("name", ["area_links.csv", "organizations.yaml", "demo.yaml"])
def test_what_a_territory_has_not_may_be_left_out(tinyland: Change, name: str) -> None:
    folder = tinyland()
    (folder / name).unlink()
    _, problems = packs.read(folder)
    assert not problems


@pytest.mark.parametrize(
    "content", ["pack: [", "[1]", "code: [1, 2]\nversion: {}\nnames: no\nlanguages: {a: b}\nwindows: 3\nsources: 1"]
)
@pytest.mark.parametrize(
    "name",
    ["pack.yaml", "criteria.yaml", "needs.yaml", "obstacles.yaml", "red_flags.yaml", "demo.yaml", "organizations.yaml"],
)
def test_nonsense_in_any_file_is_told_and_never_raised(tinyland: Change, name: str, content: str) -> None:
    folder = tinyland()
    (folder / name).write_text(content)
    _, problems = packs.read(folder)
    assert any(problem.file == name for problem in problems)


def test_a_source_that_nothing_cites_is_a_warning_only(tinyland: Change) -> None:
    _, problems = packs.read(
        tinyland(("pack.yaml", "sources:\n", "sources:\n  - {id: idle, title: Cited by nobody}\n"))
    )
    assert not problems
    assert [str(problem) for problem in problems.warnings] == [
        "pack.yaml:29: sources[0]: nothing comes from the source “idle”"
    ]


def test_an_invalid_pack_is_refused_whole(tinyland: Change) -> None:
    with pytest.raises(PackInvalid, match=r"needs\.yaml:15: .*night"):
        packs.read_valid(tinyland(("needs.yaml", "window: tonight", "window: night")))


def test_a_pack_is_found_by_name_or_by_path(tinyland: Change) -> None:
    assert packs.find(packs.default_name()).name == packs.default_name()
    assert packs.find(str(tinyland())) == tinyland()
    with pytest.raises(PackNotFound, match="there is no pack “atlantis”"):
        packs.find("atlantis")
    with pytest.raises(PackNotFound):
        packs.find("../packs")


def test_the_fingerprint_changes_with_any_file(tinyland: Change) -> None:
    before = packs.fingerprint(tinyland())
    assert packs.fingerprint(tinyland()) == before
    assert packs.fingerprint(tinyland(("red_flags.yaml", "he hits me", "she hits me"))) != before
