"""A small pack that a test may change before it is read."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from maillage.packs.pack import Pack, read_valid
from maillage.packs.problems import Problem

SOURCE = Path(__file__).parent / "tinyland"
HOUSES = Path(__file__).parent / "houseland"
Change = Callable[..., Path]


@pytest.fixture
def tinyland(tmp_path: Path) -> Change:
    """`tinyland()` gives the folder of a copy; `tinyland(("needs.yaml", "old", "new"), ...)` changes the text first."""

    def copy(*changes: tuple[str, str, str]) -> Path:
        folder = tmp_path / "tinyland"
        if not folder.exists():
            shutil.copytree(SOURCE, folder)
        for name, old, new in changes:
            text = (folder / name).read_text(encoding="utf-8")
            assert old in text, f"{name} does not hold {old!r}"
            (folder / name).write_text(text.replace(old, new, 1), encoding="utf-8")
        return folder

    return copy


@pytest.fixture
def houseland(tinyland: Change) -> Change:
    """As `tinyland`, with houses and invented people."""

    def copy(*changes: tuple[str, str, str]) -> Path:
        folder = tinyland()
        for path in HOUSES.iterdir():
            if not (folder / path.name).exists():
                shutil.copy(path, folder)
        return tinyland(*changes)

    return copy


@pytest.fixture
def tiny(tinyland: Change) -> Pack:
    return read_valid(tinyland())


def said(problems: list[Problem]) -> str:
    return "\n".join(map(str, problems))
