"""Lines of log that say what happened and nothing about anybody: JSON, one event a line.

What a person typed, an address, a token, a name reach a log through the values of messages, through paths, and through the
text of exceptions ("Key (email)=(...) already exists"). So a line holds the message before its values were put in, the name of
the address asked and not its path, and of an exception its type and where it was raised. `DEBUG=true` says everything.
"""

from __future__ import annotations

import json
import logging
import traceback
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

SAFE = ("status_code", "job", "count", "seconds")  # what code may add with `extra`: numbers and codes
PACKAGE = Path(__file__).resolve().parent.parent


class Line(logging.Formatter):
    """`{"at", "level", "logger", "event", "page"?, "status_code"?, "error"?, "where"?}`"""

    def format(self, record: logging.LogRecord) -> str:
        said: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "event": record.msg if isinstance(record.msg, str) else type(record.msg).__name__,
        }
        if page := page_of(getattr(record, "request", None)):
            said["page"] = page
        said |= {name: value for name in SAFE if isinstance(value := getattr(record, name, None), int | float | str)}
        if record.exc_info and record.exc_info[0]:
            said["error"] = f"{record.exc_info[0].__module__}.{record.exc_info[0].__qualname__}"
            said["where"] = where(record.exc_info[2])
        return json.dumps(said, ensure_ascii=False)


def page_of(request: Any) -> str:
    """The method and the name of the address; never the path, which may hold a token."""
    match = getattr(request, "resolver_match", None)
    name = getattr(match, "view_name", "") or "no such address"
    return f"{request.method} {name}" if hasattr(request, "method") else ""


def where(trace: Any) -> list[str]:
    """Where an exception came from, the last call last: files and lines, no values."""
    frames = traceback.extract_tb(trace)[-8:]
    return [f"{_short(frame.filename)}:{frame.lineno} {frame.name}" for frame in frames]


def _short(filename: str) -> str:
    path = Path(filename)
    return str(path.relative_to(PACKAGE)) if path.is_relative_to(PACKAGE) else "/".join(path.parts[-2:])
