"""How complete a record is, at the desk: what to do next, in words, with what it brings."""

from __future__ import annotations

import re
from typing import Any

from django.test import Client

from maillage.directory.models import Service
from maillage.directory.search.cards import cards
from maillage.directory.search.index import reindex
from maillage.directory.search.memory import memory
from maillage.territory.models import Territory
from maillage.web.presenters.quality import SENTENCES, completeness
from maillage.web.presenters.vocabulary import vocabulary


def test_the_desk_says_what_would_raise_it_most_and_where_to_do_it(land: Territory, cast: Any) -> None:
    service = Service.objects.get(code="tea-hour")
    service.organization = cast.organization
    service.save()
    client = Client(headers={"accept-language": "en"})
    client.force_login(cast.alice)
    page = re.sub(r"\s+", " ", client.get("/desk/services/").content.decode())
    assert "of what readers need" in page
    link = re.search(r'href="(/desk/services/[^"]+/edit/\?part=(\w+))#part-\2"', page)
    assert link
    form = client.get(link[1]).content.decode()
    assert re.search(rf'id="part-{link[2]}" open', form)


def test_search_ranks_by_the_same_score(land: Territory) -> None:
    here, words = memory(land), vocabulary(land)
    for service in Service.objects.all():
        found = completeness(cards(service.uuid), words)
        assert found is not None
        ids = [row for row, facets in enumerate(here.records.values()) if facets.service == service.pk]
        assert found.score == min(round(100 * float(here.quality[row])) for row in ids)


def test_a_description_in_dutch_brings_what_was_said(land: Territory) -> None:
    from maillage.directory.models import Text

    service, words = Service.objects.get(code="city-practice"), vocabulary(land)
    before = completeness(cards(service.uuid), words)
    Text.objects.create(
        territory=land, kind="service", object_id=service.pk, field="description", language="nl", value="Gesprekken."
    )
    reindex(land, [service.pk])
    after = completeness(cards(service.uuid), words)
    assert before is not None
    assert after is not None
    said = {step.text: step.gain for step in before.steps}
    gain = int(said.get("Say in Dutch what the service does", "+8"))
    assert abs(after.score - before.score - gain) <= 1  # each is rounded


def test_a_service_that_is_shown_nowhere_has_no_score(land: Territory) -> None:
    assert completeness((), vocabulary(land)) is None


def test_every_criterion_has_its_sentence() -> None:
    from maillage.directory import quality

    assert set(SENTENCES) == {code for code, _, _ in quality.CRITERIA}
