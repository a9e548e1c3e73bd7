"""Our HSDS profile: what the property `maillage` holds, as JSON Merge Patch (RFC 7396) files over the schemas of HSDS 3.1."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse

from maillage.standards.hsds.losses import LOSSES
from maillage.standards.hsds.words import VERSION

FOLDER = Path(__file__).parent / "profile"


@lru_cache(maxsize=1)
def patches() -> dict[str, Any]:
    """Name of the schema -> its merge patch."""
    return {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(FOLDER.glob("*.json"))}


def profile(request: HttpRequest) -> HttpResponse:
    """The profile: its name, its canonical address, its patches, and what a round trip through it loses."""
    here = request.build_absolute_uri(reverse("hsds:profile"))
    told = {
        "name": "maillage",
        "title": "Maillage profile of HSDS",
        "description": "HSDS with one more property, maillage, on most objects: what HSDS has no word for. Everything else is HSDS as it is.",
        "hsds_version": VERSION,
        "uri": here,
        "schema": {f"{name}.json": f"{here}{name}.json" for name in patches()},
        "losses": [{"object": name, "lost": lost} for name, lost in LOSSES],
    }
    return HttpResponse(json.dumps(told, ensure_ascii=False, indent=1), content_type="application/json")


def patch(request: HttpRequest, name: str) -> HttpResponse:
    """One merge patch."""
    if name not in patches():
        raise Http404
    return HttpResponse(
        json.dumps(patches()[name], ensure_ascii=False, indent=1), content_type="application/merge-patch+json"
    )
