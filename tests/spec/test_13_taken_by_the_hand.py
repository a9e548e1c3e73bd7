"""Taken by the hand

Some situations are too much for a list of services. A guide says what to do first, and beside each step stands what is offered
now, near the place that the reader names. Every fact says where it comes from.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from maillage.directory import guides
from maillage.directory.models import Guide, TaxonomyTerm
from maillage.directory.search.index import reindex
from maillage.directory.search.memory import forget
from maillage.orientation.engine import offers
from maillage.orientation.queries import vocabulary
from maillage.orientation.types import Situation
from maillage.packs import pack as packs
from maillage.territory.models import Territory
from tests.testland import NOW, labels


@pytest.fixture
def home_lost(testland: Territory) -> Guide:
    forget()
    guides.forget()
    reindex(testland)
    step = {
        "code": "tonight",
        "titles": labels("Cette nuit", "Vannacht", "Tonight"),
        "bodies": labels("", "", "Ask for [[need:emergency-shelter|a bed]].[^page]"),
        "needs": ["emergency-shelter"],
        "sources": ["page"],
    }
    guide = Guide.objects.create(
        territory=testland, code="home-lost", titles=labels("Sans toit", "Zonder dak", "Without a roof"), steps=[step]
    )
    guide.terms.set(TaxonomyTerm.objects.filter(taxonomy__territory=testland, code="emergency-shelter"))
    return guide


def test_a_step_stands_beside_what_is_offered_now(testland: Territory, home_lost: Guide) -> None:
    """The needs that a step names choose the services; a full shelter says that it is full."""
    step = guides.guides(testland)["home-lost"].steps[0]
    (offer,) = offers([Situation("testland", "en", needs=step.needs, area="north", limit=3)], testland, at=NOW)

    assert len(offer.suggestions) == 3
    assert offer.total > 3
    assert all("emergency-shelter" in suggestion.card.needs for suggestion in offer.suggestions)


def test_a_guide_is_offered_to_those_who_search_for_what_it_is_about(testland: Territory, home_lost: Guide) -> None:
    words = vocabulary(testland)

    def offered(need: str) -> list[str]:
        found = guides.answering(testland, [need], {need: words.lineage(need)})
        return [guide.title() for guide in found]

    assert offered("emergency-shelter") == ["Without a roof"]
    assert offered("psychologist") == []


def test_a_fact_without_a_source_is_refused_with_its_line(tmp_path: Path) -> None:
    """The writer of a guide is told the file, the line and the sentence."""
    import shutil

    folder = tmp_path / "pack"
    shutil.copytree(packs.find(packs.default_name()), folder)
    guide = next((folder / "guides").glob("*.fr.md"))
    text = guide.read_text("utf-8")
    guide.write_text(f"{text}\nIl y a 12 places.\n", "utf-8")

    said = [str(problem) for problem in packs.read(folder)[1] if not problem.is_warning]

    assert len(said) == 1
    assert said[0].startswith(f"guides/{guide.name}:{text.count(chr(10)) + 2}: ")
    assert said[0].endswith(
        "says no source: end with [^source], or with [^assume] when it is advice of yours: “Il y a 12 places.”"
    )
