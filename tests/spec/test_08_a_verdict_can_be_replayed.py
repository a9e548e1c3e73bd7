"""A verdict can be replayed

A professional may keep the verdict on a service: the facts without a name, the rules as they stood, and their hashes. Years later it is made again.
"""

from __future__ import annotations

from typing import Any

import pytest

from maillage.directory.models import EligibilityRule, Service
from maillage.orientation.actions import matches
from maillage.orientation.models import Match
from maillage.people.models import Trace
from tests.spec.conftest import Tell, of
from tests.testland import NOW


def test_it_gives_the_same_verdict_when_the_service_has_changed_since(tell: Tell, cast: Any) -> None:
    answer = tell(needs=("psychologist",), facts={"papers": "none"})
    match = matches.keep(answer.situation, of(answer, "City Practice"), at=NOW, by=cast.bob)

    EligibilityRule.objects.filter(service__code="city-practice").delete()
    Service.objects.filter(code="city-practice").delete()

    assert matches.replay(match).is_same
    assert matches.replay(match).verdict == "no"


def test_nobody_is_named_in_what_is_kept_and_the_trail_holds_no_fact(tell: Tell, cast: Any) -> None:
    answer = tell(needs=("psychologist",), facts={"papers": "none"})
    match = matches.keep(answer.situation, of(answer, "Listening Post"), at=NOW, by=cast.bob)

    assert match.facts == {"papers": "none"}
    assert "papers" not in str(Trace.objects.get(target=str(match.uuid)).data)


def test_rules_that_were_changed_afterwards_are_not_replayed(tell: Tell, cast: Any) -> None:
    answer = tell(needs=("psychologist",), facts={"papers": "none"})
    match = matches.keep(answer.situation, of(answer, "City Practice"), at=NOW, by=cast.bob)

    match.rules = [{**match.rules[0], "value": "none"}]
    with pytest.raises(matches.RulesChanged):
        matches.replay(match)


def test_asking_alone_keeps_nothing(tell: Tell) -> None:
    """No row is written by an orientation: the audit trail stays empty, and so does the table of matches."""
    tell("a bed tonight, two children", facts={"violence": True})

    assert not Trace.objects.exists()
    assert not Match.objects.exists()
