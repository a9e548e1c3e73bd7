"""Two databases that hold the same services show them in the same order, whatever the order in which they were indexed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from maillage.directory.models import SearchDocument, Service
from maillage.directory.search.index import mark_deleted, reindex
from maillage.directory.search.memory import forget
from maillage.directory.search.types import Results
from maillage.territory.models import Territory
from tests.testland import NOW

Find = Callable[..., Results]


def test_the_order_among_equals_does_not_hang_on_when_each_was_indexed(find: Find, indexed: Territory) -> None:
    days = [NOW + timedelta(days=day) for day in range(7)]
    before = [[hit.card.service for hit in find(at=day, limit=100).hits] for day in days]

    SearchDocument.objects.filter(territory=indexed).delete()
    mark_deleted(indexed)
    for service in Service.objects.filter(territory=indexed).order_by("-id"):
        reindex(indexed, [service.pk])
    forget()

    assert [[hit.card.service for hit in find(at=day, limit=100).hits] for day in days] == before
    assert len({tuple(codes) for codes in before}) > 1
