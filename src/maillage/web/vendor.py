"""Front-end files that live inside installed wheels, served as `vendor/NAME`: no npm, no copy of them in the repository."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from django.contrib.staticfiles.finders import BaseFinder
from django.core.files.storage import FileSystemStorage

# name under vendor/ -> (package, file inside it)
FILES = {
    "vendor/htmx.min.js": ("django_htmx", "static/django_htmx/htmx-2.min.js"),
    "vendor/leaflet.js": ("js_lib_leaflet", "static/js_lib_leaflet/leaflet.js"),
    "vendor/leaflet.css": ("js_lib_leaflet", "static/js_lib_leaflet/leaflet.css"),
}


def file_of(name: str) -> Path | None:
    """The installed file behind a vendor name, or None."""
    package, inside = FILES.get(name, ("", ""))
    spec = find_spec(package) if package else None
    if spec is None or spec.origin is None:
        return None
    return Path(spec.origin).parent / inside


class VendorStorage(FileSystemStorage):
    """Knows where each vendor file is; holds nothing itself."""

    def path(self, name: str) -> str:
        found = file_of(name)
        if found is None:
            raise FileNotFoundError(name)
        return str(found)


class VendorFinder(BaseFinder):
    storage = VendorStorage()

    def find(self, path: str, find_all: bool = False, **kwargs: Any) -> Any:
        found = file_of(path)
        every = find_all or bool(kwargs.get("all"))
        if found is None:
            return []
        return [str(found)] if every else str(found)

    def list(self, ignore_patterns: Any) -> Iterator[tuple[str, VendorStorage]]:
        return ((name, self.storage) for name in FILES)
