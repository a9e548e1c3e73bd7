"""How the stories speak: `tell(...)` says what is known of a situation, and gives what Maillage answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from maillage.directory.search.index import reindex
from maillage.directory.search.memory import forget
from maillage.orientation.engine import orient
from maillage.orientation.types import ObstacleFound, Orientation, Situation, Suggestion
from maillage.territory.models import Territory
from tests.testland import NOW

Tell = Callable[..., Orientation]


@pytest.fixture
def tell(testland: Territory) -> Tell:
    forget()
    reindex(testland)

    def say(text: str = "", **known: Any) -> Orientation:
        return orient(Situation(territory="testland", text=text, **known), at=NOW)

    return say


def names(answer: Orientation) -> list[str]:
    return [name(suggestion) for suggestion in answer.suggestions]


def name(suggestion: Suggestion) -> str:
    return suggestion.card.texts["name"]["en"]


def of(answer: Orientation, wanted: str) -> Suggestion:
    """The suggestion with this name, whether it fits or is a near miss."""
    return next(s for s in (*answer.suggestions, *answer.near_misses) if name(s) == wanted)


def lifting(obstacle: ObstacleFound) -> list[str]:
    return [lift.card.texts["name"]["en"] for lift in obstacle.lifts]
