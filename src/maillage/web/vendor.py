from django.contrib.staticfiles.finders import BaseFinder
from typing import Any


class VendorFinder(BaseFinder):
    def find(self, path: str, find_all: bool = False, **kwargs: Any) -> Any:
        return []

    def list(self, ignore_patterns: Any) -> Any:
        return []
