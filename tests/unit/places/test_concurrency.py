"""Six processes book forty places at once: no place is given twice, by whatever program. `--attack-seconds` makes it longer."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from maillage.directory.models import Service
from maillage.places.actions import claims
from tests import attack, testland


@pytest.fixture
def seconds(request: pytest.FixtureRequest) -> float:
    return float(request.config.getoption("--attack-seconds"))


@pytest.fixture
def here(transactional_db: None) -> attack.Ground:
    territory = testland.build()
    return attack.ground(territory, Service.objects.get(code="open-door"))


def test_no_place_is_given_twice_when_six_processes_book(here: attack.Ground, seconds: float) -> None:
    told: Counter[str] = Counter()
    for _ in range(10):  # a slow machine needs longer until they meet
        told.update(attack.storm("ours", here, seconds=seconds))
        if told["conflict"] + told["full"]:
            break
    assert told["failed"] == 0, told
    assert told["booked"] > 0
    assert told["conflict"] + told["full"] > 0  # they did meet
    assert attack.doubles() == 0


def test_not_even_when_nobody_waits_for_a_turn(
    here: attack.Ground, seconds: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(claims, "take_turn", lambda territory: None)
    told = attack.storm("ours", here, seconds=seconds)
    assert told["failed"] == 0, told
    assert told["booked"] > 0
    assert attack.doubles() == 0


def test_a_careless_program_is_refused_by_the_database(here: attack.Ground, seconds: float) -> None:
    told = attack.storm("careless", here, seconds=seconds)
    assert told["failed"] == 0, told
    assert told["conflict"] > 0
    assert attack.doubles() == 0


def test_without_the_constraints_the_careless_program_sells_twice(here: attack.Ground, seconds: float) -> None:
    """The control: were this to pass without doubles, the three tests above would prove nothing."""
    found = 0
    with attack.constraints_off():
        for _ in range(5):
            attack.storm("careless", here, seconds=seconds)
            found = attack.doubles()
            if found:
                break
            attack.clear()
    assert found > 0


def test_the_refusals_are_back_after_the_control(here: attack.Ground) -> None:
    with attack.constraints_off():
        pass
    told: Any = attack.storm("careless", here, processes=2, seconds=0.3)
    assert attack.doubles() == 0, told
