"""Static files in production: collected once, named after their content, compressed, cached for ever by browsers."""

from __future__ import annotations

from collections.abc import Callable
from re import Match
from typing import Any

from django.contrib.staticfiles.storage import HashedFilesMixin
from whitenoise.storage import CompressedManifestStaticFilesStorage


class CollectedFiles(CompressedManifestStaticFilesStorage):  # type: ignore[misc]  # whitenoise has no types
    """As whitenoise's, but the wheels' files may name maps and pictures that we do not serve: those names stay."""

    patterns = (("*.css", (HashedFilesMixin.patterns[0][1][0],)),)  # no sourceMappingURL: the wheels lack the maps

    def url_converter(
        self, name: str, hashed_files: dict[str, Any], template: str | None = None
    ) -> Callable[[Match[str]], str]:
        convert = super().url_converter(name, hashed_files, template)

        def lenient(match: Match[str]) -> str:
            try:
                return str(convert(match))
            except ValueError:
                if not name.startswith("vendor/"):
                    raise
                return match["matched"]

        return lenient
