from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from maillage.directory.search.engine import search
from maillage.directory.search.index import reindex
from maillage.directory.search.memory import forget
from maillage.directory.search.types import Query, Results
from maillage.territory.models import Territory
from tests.testland import NOW

Find = Callable[..., Results]


@pytest.fixture
def indexed(testland: Territory) -> Territory:
    forget()
    reindex(testland)
    return testland


@pytest.fixture
def find(indexed: Territory) -> Find:
    def ask(**fields: Any) -> Results:
        return search(replace(Query(territory=indexed.code, at=NOW), **fields))

    return ask


def names(results: Results) -> list[str]:
    return [hit.card.texts["name"]["en"] for hit in results.hits]
