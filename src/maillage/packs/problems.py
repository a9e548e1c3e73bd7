"""What is wrong with a pack: where it stands, and a sentence that tells how to put it right."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """`key` is the path to the value: `needs[3].labels.nl`, or the column of a CSV file. `line` counts from 1; 0: the whole file."""

    file: str
    line: int
    key: str
    sentence: str
    is_warning: bool = False

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}" if self.line else self.file
        return f"{where}: {self.key}: {self.sentence}" if self.key else f"{where}: {self.sentence}"


class Problems:
    """Collected, never raised one by one: a writer mends a whole file at once. Each is kept once; `len` counts errors, not warnings."""

    def __init__(self) -> None:
        self._found: dict[Problem, None] = {}

    def add(self, file: str, line: int, key: str, sentence: str, *, is_warning: bool = False) -> None:
        self._found[Problem(file, line, key, sentence, is_warning)] = None

    def __iter__(self) -> Iterator[Problem]:
        return iter(sorted(self._found))

    def __len__(self) -> int:
        return sum(not problem.is_warning for problem in self._found)

    def __bool__(self) -> bool:
        return len(self) > 0

    @property
    def warnings(self) -> list[Problem]:
        return [problem for problem in self if problem.is_warning]


class PackInvalid(Exception):
    """The pack has errors: nothing was written."""

    def __init__(self, problems: Problems) -> None:
        self.problems = problems
        super().__init__("\n".join(str(problem) for problem in problems if not problem.is_warning))


class PackNotFound(Exception):
    """No folder of that name or path holds a pack.yaml."""
