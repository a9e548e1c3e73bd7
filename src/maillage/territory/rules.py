"""What a boundary must be, and which area a feature of a map means. Pure."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from shapely.geometry import mapping, shape
from shapely.validation import explain_validity

METRES_IN_A_DEGREE = 111_320
DECIMALS = 6  # a tenth of a metre
LONG_LAT = {"urn:ogc:def:crs:OGC:1.3:CRS84", "urn:ogc:def:crs:EPSG::4326", "EPSG:4326", "urn:ogc:def:crs:OGC::CRS84"}


class BoundaryInvalid(Exception):
    """Not a boundary. `reason` is a stable code, `detail` what a machine says of it."""

    def __init__(self, reason: str, detail: str = "") -> None:
        self.reason, self.detail = reason, detail
        super().__init__(f"{reason}: {detail}" if detail else reason)


@dataclass(frozen=True, slots=True)
class Boundary:
    geometry: dict[str, Any]  # GeoJSON, WGS 84
    bounds: list[float]  # west, south, east, north
    latitude: float  # of a point inside: the centre of gravity when it is one
    longitude: float
    repaired: str = ""  # what was wrong with it as given


def read_boundary(geometry: object, *, simplify_metres: float = 0) -> Boundary:
    """The boundary that a GeoJSON geometry draws: polygons in degrees that do not cross themselves.

    One that crosses itself is repaired when that keeps its surface within 1 %; else BoundaryInvalid says why not.
    """
    if not isinstance(geometry, Mapping) or not geometry.get("type"):
        raise BoundaryInvalid("no-geometry")
    if str(geometry["type"]) not in {"Polygon", "MultiPolygon"}:
        raise BoundaryInvalid("not-a-surface", str(geometry["type"])[:40])
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # NumPy's, for NaN: told below
            drawn = shape(geometry)
    except (ValueError, TypeError, AttributeError, IndexError, KeyError, shapely.errors.ShapelyError) as error:
        raise BoundaryInvalid("unreadable", str(error)[:200]) from None
    if drawn.is_empty:
        raise BoundaryInvalid("no-geometry")
    drawn = shapely.force_2d(drawn)
    west, south, east, north = drawn.bounds
    finite = bool(np.isfinite(shapely.get_coordinates(drawn)).all())  # the edges pass over a NaN in the middle
    if not (finite and -180 <= west <= east <= 180 and -90 <= south <= north <= 90):
        raise BoundaryInvalid("not-in-degrees", f"{west:.6g} {south:.6g} {east:.6g} {north:.6g}")
    try:
        drawn, repaired = _repair(drawn)
        if simplify_metres > 0:
            drawn = drawn.simplify(simplify_metres / METRES_IN_A_DEGREE, preserve_topology=True)
    except shapely.errors.GEOSException as error:
        raise BoundaryInvalid("unreadable", str(error)[:200]) from None
    centre = drawn.centroid if drawn.contains(drawn.centroid) else drawn.representative_point()
    return Boundary(
        geometry=_rounded(mapping(drawn)),
        bounds=[round(edge, DECIMALS) for edge in drawn.bounds],
        latitude=round(centre.y, 5),
        longitude=round(centre.x, 5),
        repaired=repaired,
    )


def _repair(drawn: Any) -> tuple[Any, str]:
    if drawn.is_valid:
        return drawn, ""
    reason = explain_validity(drawn)[:200]
    mended = shapely.make_valid(drawn)
    parts = [part for part in getattr(mended, "geoms", [mended]) if part.geom_type in {"Polygon", "MultiPolygon"}]
    surface = shapely.union_all(parts) if parts else None
    if (
        surface is None
        or surface.is_empty
        or not surface.is_valid
        or abs(surface.area - drawn.area) > 0.01 * surface.area
    ):
        raise BoundaryInvalid("crosses-itself", reason)
    return surface, reason


def _rounded(geometry: Mapping[str, Any]) -> dict[str, Any]:
    def walk(value: Any) -> Any:
        return [walk(part) for part in value] if isinstance(value, list | tuple) else round(float(value), DECIMALS)

    return {"type": geometry["type"], "coordinates": walk(geometry["coordinates"])}


def is_in_degrees(collection: Mapping[str, Any]) -> bool:
    """Whether the file says coordinates are longitude and latitude (it need not say so: RFC 7946 has no other)."""
    crs = collection.get("crs")
    name = (
        crs.get("properties", {}).get("name")
        if isinstance(crs, Mapping) and isinstance(crs.get("properties"), Mapping)
        else None
    )
    return crs is None or name in LONG_LAT


def code_text(value: object) -> str:
    """A code as text: 41.0 and "41" are the same code."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return "" if value is None or isinstance(value, bool | list | dict) else str(value).strip()


def slug(text: str) -> str:
    """A code made of a name whose accents are folded already."""
    return "-".join(re.findall(r"[a-z0-9]+", text.lower()))[:80].strip("-")


def in_every_language(properties: Mapping[str, Any], name_field: str, languages: Iterable[str]) -> dict[str, str]:
    """Labels from `name_field`, and from its twins in other languages when it ends like `name_fr`."""
    languages = list(languages)
    base, _, ending = name_field.rpartition("_")
    found = {}
    if ending in languages:
        found = {language: code_text(properties.get(f"{base}_{language}")) for language in languages}
    elif languages:
        found = {languages[0]: code_text(properties.get(name_field))}
    return {language: name for language, name in found.items() if name}
