"""The command line: the same engine, for people and for programs."""

from __future__ import annotations

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from maillage.orientation import shape
from tests.rights import bestow
from tests.testland import NOW, SECRET_STREET


@pytest.fixture(autouse=True)
def _friday_evening(monkeypatch, land):
    monkeypatch.setattr(timezone, "now", lambda: NOW)
    monkeypatch.delenv("LC_ALL", raising=False)
    monkeypatch.setenv("LANG", "C")


def run(*words):
    out = StringIO()
    call_command("find", *words, stdout=out)
    return out.getvalue()


def test_an_emergency_shelter_is_found_from_the_command_line():
    printed = run(
        "logement d'urgence", "--near", "Noord", "--language", "ar", "--with", "families", "--tonight", "--lang", "en"
    )
    assert printed.index("Open Door") < printed.index("Safe House")
    assert "2 beds free, said 20 minutes ago" in printed
    assert "? To check: a woman" in printed
    assert "! Arabic is not spoken there." in printed
    assert "→ An interpreter comes. The Voice" in printed
    assert SECRET_STREET not in printed


def test_json_has_the_shape_of_the_api(orienting, words):
    answer = json.loads(run("a bed tonight, two children, North End", "--json", "--lang", "en", "--limit", "20"))
    expected = shape.as_mapping(orienting("a bed tonight, two children, North End", limit=20), words, at=NOW)
    assert answer == json.loads(json.dumps(expected))


def test_words_and_codes_are_both_understood():
    by_words = run("psychologist", "--with", "sans papiers", "--language", "Arabic,fr", "--json")
    by_codes = run("psychologist", "--with", "without-papers", "--language", "ar", "--language", "fr", "--json")
    assert json.loads(by_words)["suggestions"] == json.loads(by_codes)["suggestions"]
    with_children = json.loads(run("--need", "emergency-shelter", "--with", "children", "--fact", "age=34", "--json"))
    assert with_children["situation"]["facts"] == {"age": 34.0, "children": True}
    assert json.loads(run("--with", "78 ans", "--json"))["situation"]["facts"] == {"age": 78.0}


def test_what_is_printed_says_danger_near_misses_and_what_to_say_next():
    printed = run(
        "il me frappe, un lit ce soir", "--lang", "en", "--limit", "1", "--within", "30", "--near", "South End"
    )
    assert printed.startswith("Danger\nYou are not alone.\n  112  Emergency")
    assert "Understood: Violence, Emergency shelter, Tonight" in printed
    assert "More: --after " in printed
    assert "How old?" in printed
    assert "--fact age=N" in printed
    printed = run("psychologist", "sans", "papiers", "--lang", "en")
    assert "Does not fit, but nearly\n✗ City Practice" in printed
    assert "→ Without “Papers: no”: 2 services" in printed
    assert "“psycholgist” was read as “psychologist”." in run("psycholgist", "--lang", "en")
    assert "Housing  --need housing" in run("--lang", "en")


def test_the_language_is_the_terminals_else_the_territorys(monkeypatch):
    assert json.loads(run("--json"))["language"] == "fr"
    monkeypatch.setenv("LANG", "nl_BE.UTF-8")
    assert json.loads(run("--json"))["language"] == "nl"


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--near", "atlantis"], "near: No place called “atlantis” is known here."),
        (["--with", "martians"], "--with martians: not known here. Known: families, without-papers, women."),
        (["--fact", "age"], "--fact age: write criterion=value, as age=78."),
        (["--language", "xx"], "languages: “xx” is not known here."),
        (["--limit", "many"], "limit: Write a number from 1 to 100."),
        (["--territory", "nowhere"], "No territory is loaded"),
    ],
)
def test_bad_input_is_a_sentence(words, sentence):
    with pytest.raises(CommandError, match="^" + sentence.replace(".", r"\.").replace("?", r"\?")):
        run(*words, "--lang", "en")


def test_an_imported_territory_without_a_tree_is_searched_by_words(land):
    from maillage.directory.models import Service
    from maillage.directory.search.index import reindex
    from maillage.territory.models import Territory

    bare = Territory.objects.create(
        code="imported", labels={"en": "Imported"}, pack_version="", pack_hash="", languages=["en"], country="US",
        timezone="America/New_York", content={}, loaded_at=NOW,
    )  # fmt: skip
    Service.objects.create(territory=bare, name="Food pantry of the harbour")
    reindex(bare)
    answer = json.loads(run("food pantry", "--territory", "imported", "--tonight", "--language", "so", "--json"))
    assert [one["service"]["name"] for one in answer["suggestions"]] == ["Food pantry of the harbour"]
    assert answer["question"] is None
    assert "Food pantry" in run("food pantry", "--territory", "imported")


def test_rights_are_said_with_where_to_claim_them(land):
    bestow(land)
    printed = run("--need", "psychologist", "--fact", "papers=none", "--lang", "en")
    assert "Rights you may have" in printed
    assert "Care for all: Care that is paid for. · Within 60 days." in printed
    assert "? With a certificate" in printed
    assert "→ The practice · +32 2 000 00 01" in printed
