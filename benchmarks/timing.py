"""How long something takes, measured alike in every benchmark."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import TypeVar

Result = TypeVar("Result")


def cpu(work: Callable[[], Result], times: int) -> tuple[float, Result]:
    """Median CPU seconds of all threads, and the last result; the one before has left before the next comes."""
    taken = []
    for left in reversed(range(times)):
        started = time.process_time()
        result = work()
        taken.append(time.process_time() - started)
        if left:
            del result
    return statistics.median(taken), result
