"""The words of a territory, as orientation needs them: read in four queries, kept until the pack is loaded again."""

from __future__ import annotations

import hashlib
import json
import threading
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from maillage.directory import guides
from maillage.directory.models import Obstacle
from maillage.directory.search import library
from maillage.orientation.models import Need
from maillage.territory.models import Area, Labels, Territory, label_in

Words = Mapping[str, Iterable[str]]  # language -> what people type

# of a territory that was imported without a pack
WINDOWS: Mapping[str, Mapping[str, Any]] = {
    "now": {"labels": {"fr": "maintenant", "nl": "nu", "en": "now"}},
    "tonight": {"from": "18:00", "to": "08:00", "labels": {"fr": "ce soir", "nl": "vanavond", "en": "tonight"}},
    "evening": {"from": "17:00", "to": "22:00", "labels": {"fr": "en soirée", "nl": "'s avonds", "en": "evening"}},
    "sunday": {"labels": {"fr": "dimanche", "nl": "zondag", "en": "Sunday"}},
    "weekend": {"labels": {"fr": "week-end", "nl": "weekend", "en": "weekend"}},
    "weekday": {"labels": {"fr": "en semaine", "nl": "op weekdagen", "en": "weekdays"}},
}


@dataclass(frozen=True, slots=True)
class NeedNode:
    """A node of the tree of needs."""

    code: str
    parent: str
    labels: Labels
    synonyms: Words
    question: Labels
    ask: tuple[str, ...]
    window: str
    red_flag: str
    also: tuple[str, ...]  # codes of other categories whose services answer it
    hints: Labels
    icon: str
    term: int  # key of its category

    def name(self) -> str:
        return label_in(self.labels, fallback=self.code)

    def hint(self) -> str:
        return label_in(self.hints)


@dataclass(frozen=True, slots=True)
class AreaNode:
    """An area, with every name and postal code by which people call it."""

    code: str
    level: str
    parent: str
    labels: Labels
    names: tuple[str, ...]
    postal_codes: tuple[str, ...]
    point: tuple[float, float] | None
    id: int
    tile: tuple[int, int] | None

    def name(self) -> str:
        return label_in(self.labels, fallback=self.code)


@dataclass(frozen=True, slots=True)
class ObstacleNode:
    """What may stand between a person and a service, as the pack defines it."""

    code: str
    labels: Labels
    when: Mapping[str, Mapping[str, Any]]
    sentence: Labels
    lifted_by: tuple[tuple[str, Labels], ...]  # need code of the services that lift it, with the sentence that says so

    def name(self) -> str:
        return label_in(self.labels, fallback=self.code)


@dataclass(frozen=True, eq=False)
class Vocabulary:
    """All that a territory's pack says, by code. Compared by identity: what is compiled from it is kept with it."""

    territory: Territory
    needs: Mapping[str, NeedNode]
    areas: Mapping[str, AreaNode]
    obstacles: Mapping[str, ObstacleNode]
    criteria: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    publics: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    languages: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    windows: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    red_flags: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    rights: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    @cached_property
    def children(self) -> Mapping[str, tuple[str, ...]]:
        """Codes of the nodes right below a node; below "" stand the first questions."""
        found: dict[str, list[str]] = defaultdict(list)
        for need in self.needs.values():
            found[need.parent].append(need.code)
        return {code: tuple(below) for code, below in found.items()}

    @cached_property
    def below(self) -> Mapping[str, frozenset[str]]:
        """Each need with all those below it, itself included."""
        found: dict[str, set[str]] = defaultdict(set)
        for code in self.needs:
            for above in self.lineage(code):
                found[above].add(code)
        return {code: frozenset(codes) for code, codes in found.items()}

    @cached_property
    def lifting_needs(self) -> frozenset[str]:
        """The categories that lift an obstacle."""
        return frozenset(need for obstacle in self.obstacles.values() for need, _ in obstacle.lifted_by)

    @cached_property
    def tree_hash(self) -> str:
        """What a verdict depends on in the pack: the tree, the criteria, the publics."""
        tree = [[n.code, n.parent, list(n.ask), list(n.also), n.window, n.red_flag] for n in self.needs.values()]
        said = [
            tree,
            {c: _shape(v) for c, v in self.criteria.items()},
            {c: v.get("facts") for c, v in self.publics.items()},
        ]
        return hashlib.sha256(json.dumps(said, sort_keys=True, default=str).encode()).hexdigest()

    def lineage(self, code: str) -> tuple[str, ...]:
        """The need and those above it, the nearest first; nothing when the code is none of ours."""
        line: list[str] = []
        while code in self.needs and code not in line:
            line.append(code)
            code = self.needs[code].parent
        return tuple(line)

    def area_line(self, code: str) -> tuple[str, ...]:
        """The area and those that hold it by their main line, the nearest first."""
        line: list[str] = []
        while code in self.areas and code not in line:
            line.append(code)
            code = self.areas[code].parent
        return tuple(line)

    def label(self, kind: str, code: str, language: str) -> str:
        """The label of a code of `needs`, `areas`, `languages`, `windows`, `publics`, `criteria`, `obstacles`."""
        item = getattr(self, kind).get(code)
        labels = item.get("labels") if isinstance(item, Mapping) else getattr(item, "labels", None)
        return label_in(labels or {}, language, fallback=code)

    def options(self, criterion: str) -> list[Mapping[str, Any]]:
        return list(self.criteria.get(criterion, {}).get("options") or ())

    def option_label(self, criterion: str, value: object, language: str) -> str:
        for option in self.options(criterion):
            if str(option.get("code")) == str(value):
                return label_in(option.get("labels") or {}, language, fallback=str(value))
        return str(value)


def _shape(criterion: Mapping[str, Any]) -> list[Any]:
    return [criterion.get("kind"), [option.get("code") for option in criterion.get("options") or ()]]


_kept: dict[int, tuple[str, Vocabulary]] = {}
_lock = threading.Lock()


def vocabulary(territory: Territory) -> Vocabulary:
    """The vocabulary of this territory as its pack was last loaded."""
    version = f"{territory.pack_hash}:{territory.pack_version}:{territory.loaded_at.isoformat()}"
    kept = _kept.get(territory.pk)
    if kept is None or kept[0] != version:
        with _lock:
            kept = _kept[territory.pk] = (version, _read(territory))
    return kept[1]


def forget() -> None:
    """Read every vocabulary again (boundaries were imported; tests change the database under it)."""
    _kept.clear()
    guides.forget()
    library.forget()


def _read(territory: Territory) -> Vocabulary:
    content: Mapping[str, Any] = territory.content
    return Vocabulary(
        territory,
        needs={need.code: need for need in _needs(territory)},
        areas={area.code: area for area in _areas(territory)},
        obstacles={obstacle.code: obstacle for obstacle in _obstacles(territory)},
        criteria=_items(content.get("criteria")),
        publics=_items(content.get("publics")),
        languages=_items(content.get("spoken_languages")),
        windows=_items(content.get("windows")) or WINDOWS,
        red_flags=_items(content.get("red_flags")),
        rights=_items(content.get("rights")),
    )


def _items(found: object) -> dict[str, Mapping[str, Any]]:
    """A vocabulary of the pack by code, whether written as a list of {code, ...} or as a map."""
    if isinstance(found, Mapping):
        return {str(code): item for code, item in found.items() if isinstance(item, Mapping)}
    rows = found if isinstance(found, list | tuple) else ()
    return {str(item["code"]): item for item in rows if isinstance(item, Mapping) and item.get("code")}


def _needs(territory: Territory) -> Iterator[NeedNode]:
    rows = Need.objects.filter(territory=territory).select_related("parent").prefetch_related("also")
    for need in rows.order_by("order", "id"):
        yield NeedNode(
            need.code,
            need.parent.code if need.parent else "",
            need.labels,
            need.synonyms,
            need.question,
            tuple(need.ask),
            need.window,
            need.red_flag,
            tuple(term.code for term in need.also.all()),
            need.hints,
            need.icon,
            need.term_id,
        )


def _areas(territory: Territory) -> Iterator[AreaNode]:
    rows = Area.objects.filter(territory=territory).order_by("id")
    fields = (
        "code", "level", "parent__code", "labels", "alternative_names", "postal_codes", "latitude", "longitude", "id",
        "tile_x", "tile_y",
    )  # fmt: skip
    for code, level, parent, labels, others, postal_codes, latitude, longitude, pk, x, y in rows.values_list(*fields):
        names = tuple(dict.fromkeys(str(name) for name in (*labels.values(), *others) if name and ":" not in str(name)))
        point = None if latitude is None or longitude is None else (latitude, longitude)
        tile = None if x is None or y is None else (x, y)
        yield AreaNode(code, level, parent or "", labels, names, tuple(map(str, postal_codes)), point, pk, tile)


def _obstacles(territory: Territory) -> Iterator[ObstacleNode]:
    for row in Obstacle.objects.filter(territory=territory).order_by("order", "id"):
        said: Mapping[str, Any] = row.definition
        lifted_by = [
            (str(lift["need"]), lift.get("sentence") or {}) for lift in said.get("lifted_by") or () if lift.get("need")
        ]
        yield ObstacleNode(row.code, row.labels, said.get("when") or {}, said.get("sentence") or {}, tuple(lifted_by))
