"""Values of foreign records: cleaned, checked, never executed."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from maillage.directory.identifiers import check
from maillage.directory.ingest import Report
from maillage.standards.hsds.words import access_of, is_free, wheelchair_of
from maillage.standards.reading.languages import code_of, spoken
from maillage.standards.reading.values import Fields, clean, storable

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


def fields(**data: Any) -> Fields:
    report = Report()
    report.at("service", "1")
    return Fields(data, report)


def remarks(f: Fields) -> set[str]:
    return {code for _, _, code in f.report.issues}


@pytest.mark.parametrize(
    ("hostile", "plain"),
    [
        ("<script>alert(1)</script>Hello", "Hello"),
        ("&lt;script&gt;alert(1)&lt;/script&gt;Hello", "Hello"),
        ("<b>Hello</b> &amp; <a href='javascript:x'>you</a>", "Hello & you"),
        ("One<br>Two<p>Three</p>", "One\nTwoThree"),
        ("<img src=x onerror=alert(1)>Hello", "Hello"),
        ("5 < 6 & 7 > 3", "5 < 6 & 7 > 3"),
    ],
)
def test_hostile_html_becomes_text(hostile: str, plain: str) -> None:
    assert clean(hostile)[0] == plain


def test_broken_characters_and_markers_are_repaired_and_remarked() -> None:
    f = fields(name="SAINT PATRICKGÇÖS ###MON###", description="FranÃ§ais\\nici", other="a\x00b")
    assert f.line("name", 100) == "SAINT PATRICK’S"
    assert f.text("description") == "Français\nici"
    assert f.text("other") == "ab"
    assert remarks(f) == {"mojibake", "marker", "control-characters"}


@given(st.text())
def test_cleaning_never_raises_and_leaves_nothing_that_is_a_tag(text: str) -> None:
    cleaned, _ = clean(text)
    assert "<script" not in cleaned.lower()
    cleaned.encode("utf-8")
    assert "\x00" not in cleaned


@given(JSON)
def test_any_json_in_any_field_is_read_or_remarked_and_never_raises(value: Any) -> None:
    f = fields(x=value, latitude=value, longitude=value)
    for read in (f.text, f.url, f.email, f.number, f.age, f.day, f.moment, f.items, f.words, f.object):
        read("x")
    f.line("x", 40)
    f.integer("x", 0, 10)
    f.coordinates()
    f.choice("x", {"a"})


@given(JSON)
def test_any_json_can_be_stored(value: Any) -> None:
    kept = storable({"x": value})
    msgspec.json.decode(msgspec.json.encode(kept))
    assert b"\\u0000" not in msgspec.json.encode(kept)


@pytest.mark.parametrize(
    ("told", "url"),
    [
        ("www.example.org", "http://www.example.org"),
        ("https://example.org/a?b=c", "https://example.org/a?b=c"),
        ("pas une url !", ""),
        ("javascript:alert(1)", ""),
        ("see https://example.org or call", "https://example.org"),
        ("name@example.org", ""),
        ("releasethesilence", ""),
    ],
)
def test_a_web_address_is_one(told: str, url: str) -> None:
    assert fields(x=told).url("x") == url


@pytest.mark.parametrize(
    ("told", "day"),
    [
        ("2020-08-28", date(2020, 8, 28)),
        ("28/08/2020", date(2020, 8, 28)),
        ("28/08/20", date(2020, 8, 28)),
        ("01/02/99", date(1999, 2, 1)),
        ("2020-08-28T10:00:00Z", date(2020, 8, 28)),
        ("31/02/2020", None),
        ("9999-01-01", None),
        ("soon", None),
        (12, None),
    ],
)
def test_dates_are_read_days_first(told: Any, day: date | None) -> None:
    assert fields(x=told).day("x") == day


def test_a_moment_without_a_zone_is_utc() -> None:
    assert fields(x="2023-03-15T10:30:45").moment("x") == datetime(2023, 3, 15, 10, 30, 45, tzinfo=UTC)


@pytest.mark.parametrize("place", [(100, 4), (50, 200), (0, 0), (50, None), ("x", "y"), (float("nan"), 4), (True, 4)])
def test_a_place_that_is_not_on_earth_is_left_out(place: tuple[Any, Any]) -> None:
    f = fields(latitude=place[0], longitude=place[1])
    assert f.coordinates() == (None, None)
    assert remarks(f)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("Spanish", [("es", "")]),
        ("Spanish (limited)", [("es", "limited")]),
        ("English and Spanish", [("en", ""), ("es", "")]),
        ("other languages available upon request", [("", "on-request")]),
        ("Néerlandais", [("nl", "")]),
        ("Arabisch", [("ar", "")]),
        ("French and Creole", [("fr", ""), ("", "")]),
        ("ASL", [("ase", "")]),
        ("", []),
        ("fr", [("fr", "")]),
        ("Group Counseling: English", [("en", "")]),
        ("Haitian Creole", [("ht", "")]),
    ],
)
def test_languages_are_recognised_by_their_names(words: str, expected: list[tuple[str, str]]) -> None:
    assert [(one.code, one.level) for one in spoken(words)] == expected


@given(st.text())
def test_the_words_of_an_unknown_language_are_kept(words: str) -> None:
    for one in spoken(words):
        assert one.code or one.note
        assert not one.code or code_of(one.code)


def test_numbers_of_registers_are_checked() -> None:
    assert check("BCE", "0212.347.945") == ("BE-BCE_KBO", "0212347945", True)
    assert check("BE-BCE_KBO", "0212.347.946") == ("BE-BCE_KBO", "0212.347.946", False)
    assert check("XX-NUMBERS", " 12 ") == ("XX-NUMBERS", "12", None)


@pytest.mark.parametrize(
    ("text", "access"),
    [
        ("Call to register", ("phone",)),
        ("Sans rendez-vous", ("walk_in",)),
        ("Uniquement sur rendez-vous", ("appointment",)),
        ("Walk-in, no appointment required", ("walk_in",)),
        ("Op afspraak of telefonisch", ("appointment", "phone")),
        ("No referral needed", ()),
        ("Par e-mail", ("online",)),
        ("Varies", ()),
    ],
)
def test_how_to_come_is_read_when_it_is_plain(text: str, access: tuple[str, ...]) -> None:
    assert access_of(text) == access


def test_free_and_accessible_are_believed_only_when_said() -> None:
    assert is_free("Gratuit.")
    assert not is_free("Free for members, 5 euros for others")
    assert wheelchair_of("Handicap accessible") is True
    assert wheelchair_of("Not wheelchair accessible") is False
    assert wheelchair_of("Large door") is None


@pytest.mark.parametrize("code", ["yi", "ga", "fr", "YI"])
def test_a_code_is_itself_before_it_is_the_name_of_another_language(code: str) -> None:
    """“Yi” is also what Sichuan Yi is called, and “Ga” a language of Ghana."""
    assert code_of(code) == code.lower()
