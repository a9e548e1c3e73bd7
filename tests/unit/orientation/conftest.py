"""The small territory, searchable; and the vocabulary of its words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from maillage.orientation.queries import Vocabulary
    from maillage.territory.models import Territory


@pytest.fixture
def land(testland: Territory) -> Iterator[Territory]:
    """Testland with its search documents; nothing is remembered from one test to the next."""
    from maillage.directory.search import memory
    from maillage.directory.search.index import reindex
    from maillage.orientation import queries

    memory.forget()
    queries.forget()
    reindex(testland)
    yield testland
    memory.forget()
    queries.forget()


@pytest.fixture
def words(land: Territory) -> Vocabulary:
    from maillage.orientation.queries import vocabulary

    return vocabulary(land)


@pytest.fixture
def orienting(land: Territory) -> Any:
    """orienting("text", language="en", at=..., **fields as sent) -> Orientation"""
    from maillage.orientation.engine import orient
    from maillage.orientation.situation import from_mapping
    from tests.testland import NOW

    def ask(text: str = "", *, language: str = "en", at: Any = NOW, **given: Any) -> Any:
        return orient(from_mapping({"text": text, **given}, land, language), at=at)

    return ask
