"""What a boundary must be."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import Point, shape

from maillage.territory import rules

SQUARE = [[4.0, 50.0], [4.2, 50.0], [4.2, 50.2], [4.0, 50.2], [4.0, 50.0]]
BOW_TIE = [[4.0, 50.0], [4.2, 50.2], [4.2, 50.0], [4.0, 50.2], [4.0, 50.0]]
SPIKE = [[4.0, 50.0], [4.2, 50.0], [4.2, 50.2], [4.2, 50.3], [4.2, 50.2], [4.0, 50.2], [4.0, 50.0]]
CRESCENT = [
    [4.0, 50.0],
    [4.2, 50.0],
    [4.2, 50.02],
    [4.02, 50.02],
    [4.02, 50.18],
    [4.2, 50.18],
    [4.2, 50.2],
    [4.0, 50.2],
    [4.0, 50.0],
]


def _polygon(ring: Any) -> dict[str, Any]:
    return {"type": "Polygon", "coordinates": [ring]}


def test_a_boundary_knows_its_edges_and_its_centre() -> None:
    read = rules.read_boundary(_polygon(SQUARE))
    assert read.bounds == [4.0, 50.0, 4.2, 50.2]
    assert (read.latitude, read.longitude, read.repaired) == (50.1, 4.1, "")


def test_the_centre_of_a_crescent_is_inside_it() -> None:
    read = rules.read_boundary(_polygon(CRESCENT))
    assert shape(read.geometry).covers(Point(read.longitude, read.latitude))


def test_a_spike_is_repaired_and_said() -> None:
    read = rules.read_boundary(_polygon(SPIKE))
    assert read.bounds == [4.0, 50.0, 4.2, 50.2]
    assert read.repaired


@pytest.mark.parametrize(
    ("geometry", "reason"),
    [
        (None, "no-geometry"),
        ("POLYGON", "no-geometry"),
        ({}, "no-geometry"),
        ({"type": "Polygon", "coordinates": []}, "no-geometry"),
        ({"type": "Point", "coordinates": [4, 50]}, "not-a-surface"),
        ({"type": "LineString", "coordinates": SQUARE}, "not-a-surface"),
        (_polygon([[4, 50], [5, 50]]), "unreadable"),
        (_polygon([["a", "b"], ["c", "d"], ["e", "f"], ["a", "b"]]), "unreadable"),
        ({"type": "Polygon", "coordinates": 3}, "unreadable"),
        ({"type": "Polygon"}, "unreadable"),
        (_polygon([[149000, 170000], [150000, 170000], [150000, 171000], [149000, 170000]]), "not-in-degrees"),
        (_polygon([[4.0, 50], [4.2, math.nan], [4.2, 50.2], [4.0, 50]]), "not-in-degrees"),
        (_polygon(BOW_TIE), "crosses-itself"),
        (_polygon([[4, 50], [5, 50], [4, 50], [4, 50]]), "crosses-itself"),
    ],
)
def test_what_is_no_boundary_is_refused_with_a_reason(geometry: Any, reason: str) -> None:
    with pytest.raises(rules.BoundaryInvalid) as refusal:
        rules.read_boundary(geometry)
    assert refusal.value.reason == reason


def test_small_details_can_be_left_out() -> None:
    ring = [[4.0 + n / 1000, 50.0 + (n % 2) * 1e-6] for n in range(200)] + [[4.2, 50.2], [4.0, 50.2], [4.0, 50.0]]
    plain = rules.read_boundary(_polygon(ring), simplify_metres=10)
    assert len(plain.geometry["coordinates"][0]) < 10


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["type", "coordinates"]), inner, max_size=2)
    ),
    max_leaves=12,
)


@given(
    st.one_of(
        JSON,
        st.builds(lambda kind, c: {"type": kind, "coordinates": c}, st.sampled_from(["Polygon", "MultiPolygon"]), JSON),
    )
)
def test_any_geometry_is_read_or_refused(geometry: Any) -> None:
    try:
        read = rules.read_boundary(geometry)
    except rules.BoundaryInvalid:
        return
    assert len(read.bounds) == 4


@given(
    st.floats(-170, 160), st.floats(-80, 70), st.floats(0.001, 5), st.floats(0.001, 5),
)  # fmt: skip
def test_a_rectangle_holds_its_centre_and_fits_its_bounds(west: float, south: float, wide: float, high: float) -> None:
    ring = [[west, south], [west + wide, south], [west + wide, south + high], [west, south + high], [west, south]]
    read = rules.read_boundary(_polygon(ring))
    assert read.bounds[0] - 1e-5 <= read.longitude <= read.bounds[2] + 1e-5
    assert read.bounds[1] - 1e-5 <= read.latitude <= read.bounds[3] + 1e-5


@pytest.mark.parametrize(
    ("value", "text"),
    [(41.0, "41"), (41, "41"), ("  x ", "x"), (None, ""), (True, ""), ([1], ""), (1.5, "1.5")],
)
def test_a_code_is_a_text_whatever_the_file_made_of_it(value: object, text: str) -> None:
    assert rules.code_text(value) == text


def test_a_name_field_stands_for_its_twins() -> None:
    properties = {"name_fr": "Nord", "name_nl": "Noord", "name_en": None, "NAME": "North"}
    assert rules.in_every_language(properties, "name_fr", ["fr", "nl", "en"]) == {"fr": "Nord", "nl": "Noord"}
    assert rules.in_every_language(properties, "NAME", ["fr", "nl"]) == {"fr": "North"}
    assert rules.in_every_language(properties, "NAME", []) == {}


def test_what_the_geometry_library_refuses_is_a_reason_too(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_given: Any) -> None:
        raise rules.shapely.errors.GEOSException("TopologyException")

    monkeypatch.setattr(rules.shapely, "make_valid", refuse)
    with pytest.raises(rules.BoundaryInvalid, match="unreadable: TopologyException"):
        rules.read_boundary(_polygon(BOW_TIE))
