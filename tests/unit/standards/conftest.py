"""An empty territory to import into, and short ways to import and export."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from maillage.standards import imports
from maillage.standards.hsds import export, paging
from maillage.territory.models import Territory

Import = Callable[..., imports.Outcome]


@pytest.fixture(autouse=True)
def _no_marks_from_another_test() -> Iterator[None]:
    paging.forget()
    yield
    paging.forget()


@pytest.fixture
def bare(db: None) -> Territory:
    return imports.bare_territory("en")


@pytest.fixture
def take(tmp_path: Path) -> Import:
    """`take(territory, objects or bytes or path, format, **options)`: import them; the source is "feed" unless told."""

    def import_(
        territory: Territory, what: Any, format_name: str = "hsds", name: str = "feed.json", **options: Any
    ) -> imports.Outcome:
        path = what
        if not isinstance(what, Path):
            path = tmp_path / name
            path.write_bytes(what if isinstance(what, bytes) else json.dumps(what, ensure_ascii=False).encode())
        return imports.run(path, format_name, territory, **({"source": "feed"} | options))

    return import_


@pytest.fixture
def package(tmp_path: Path) -> Callable[..., Path]:
    """`package(services="id,name\\n1,One", ...)`: a folder of tables."""

    def write(**tables: str | bytes) -> Path:
        folder = tmp_path / "package"
        folder.mkdir(exist_ok=True)
        for name, content in tables.items():
            (folder / f"{name}.csv").write_bytes(content if isinstance(content, bytes) else content.encode())
        return folder

    return write


def exported(territory: Territory, path: Path) -> dict[str, dict[str, Any]]:
    """Id -> object, of everything that is published."""
    with path.open("wb") as file:
        export.write_lines(territory, file, lambda done, total: None)
    return {one["id"]: one for one in map(json.loads, path.read_text(encoding="utf-8").splitlines())}


def codes(outcome: imports.Outcome) -> set[str]:
    return {code for _, _, code in outcome.report.issues}
