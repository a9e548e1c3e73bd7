"""What people type when they are in danger is heard in every pack, in French, Dutch and English."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from maillage.orientation.queries import Vocabulary
from maillage.orientation.understanding import read
from maillage.packs import pack as packs
from maillage.territory.models import Territory

HEARD = {
    "violence": (
        "mon mari me bat", "mon mari me tape dessus", "mon copain m'a frappée hier", "je me fais battre par mon compagnon", "il m'a étranglée",
        "j'ai peur de lui, il casse tout à la maison", "mon père me frappe", "mijn vriend slaat me", "mijn man heeft me geslagen",
        "ik ben bang van mijn ex", "mijn partner mishandelt mij", "hij heeft mij gewurgd", "my boyfriend hit me", "my husband is beating me",
        "I am being abused by my husband", "my ex is stalking me", "he threatened to kill me", "my father beats my mother",
    ),
    "suicide": (
        "je ne veux plus vivre", "je veux en finir", "j'ai envie de me tuer", "j'ai pris trop de médicaments", "ma fille parle de suicide",
        "ik wil niet meer leven", "ik wil dood", "ik zie het niet meer zitten", "ik heb te veel pillen geslikt", "I want to kill myself",
        "I dont want to live anymore", "I don't want to be alive", "my son wants to end his life", "I took too many pills",
    ),
    "medical-emergency": ("mon enfant a avalé de la javel", "mijn kind ademt niet", "she is not breathing"),
}  # fmt: skip
ORDINARY = (
    "cours de boxe", "deuil de mon mari, il est mort", "my husband died", "mijn man is gestorven", "se battre pour ses droits",
    "my back is killing me", "cours de violon", "self-defence course", "hit the gym", "slagen voor mijn examen", "bed bugs", "end my lease",
    "I beat cancer and look for a support group", "mettre fin à mon bail", "een einde maken aan mijn huurcontract", "peur de l'avion",
    "bang van honden", "partir en vacances avec mon mari", "prendre mes médicaments", "company for my father who no longer goes out",
)  # fmt: skip


@pytest.fixture(params=packs.shelf())
def words(request: Any) -> Vocabulary:
    """A vocabulary that knows nothing but the signs of danger of one pack."""
    content = yaml.safe_load(Path(packs.find(request.param), "red_flags.yaml").read_text("utf-8"))
    territory = Territory(code="land", labels={"en": "Land"})
    return Vocabulary(territory, {}, {}, {}, red_flags={flag["code"]: flag for flag in content["red_flags"]})


@pytest.mark.parametrize(("code", "text"), [(code, text) for code, texts in HEARD.items() for text in texts])
def test_danger_is_heard(words: Vocabulary, code: str, text: str) -> None:
    assert code in read(text, words, "en").red_flags


@pytest.mark.parametrize("text", ORDINARY)
def test_an_ordinary_sentence_raises_no_alarm(words: Vocabulary, text: str) -> None:
    assert read(text, words, "en").red_flags == ()
