"""The guides of a territory, kept in memory until its pack is loaded again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from maillage.directory.models import Guide
from maillage.territory.models import Labels, Territory, label_in


@dataclass(frozen=True, slots=True)
class Step:
    """`needs`: what is offered beside it; `sources`: ids of the pack's sources, in the order in which they are named."""

    code: str
    titles: Labels
    bodies: Labels
    needs: tuple[str, ...]
    sources: tuple[str, ...]

    def title(self) -> str:
        return label_in(self.titles, fallback=self.code)


@dataclass(frozen=True, slots=True)
class GuideNode:
    code: str
    titles: Labels
    summaries: Labels
    steps: tuple[Step, ...]
    sources: tuple[str, ...]
    checked_on: date | None
    needs: frozenset[str]  # needs that it answers, with those below them

    def title(self) -> str:
        return label_in(self.titles, fallback=self.code)

    def summary(self) -> str:
        return label_in(self.summaries)


def guides(territory: Territory) -> Mapping[str, GuideNode]:
    """By code, in the order of the pack."""
    return _read(territory.pk, f"{territory.pack_hash}:{territory.loaded_at.isoformat()}")


def answering(territory: Territory, needs: Iterable[str], lineage: Mapping[str, tuple[str, ...]]) -> list[GuideNode]:
    """The guides about one of these needs: `lineage` gives for each need itself and those above it."""
    asked = {above for need in needs for above in lineage.get(need, (need,))}
    return [guide for guide in guides(territory).values() if guide.needs & asked]


def forget() -> None:
    _read.cache_clear()


@lru_cache(maxsize=8)
def _read(territory: int, loaded: str) -> Mapping[str, GuideNode]:
    rows = Guide.objects.filter(territory_id=territory).prefetch_related("terms").order_by("order", "code")
    return {row.code: _node(row) for row in rows}


def _node(row: Guide) -> GuideNode:
    steps = tuple(
        Step(said["code"], said["titles"], said["bodies"], tuple(said["needs"]), tuple(said["sources"]))
        for said in row.steps
    )
    return GuideNode(
        row.code,
        row.titles,
        row.summaries,
        steps,
        tuple(row.sources),
        row.checked_on,
        frozenset(term.code for term in row.terms.all()),
    )
