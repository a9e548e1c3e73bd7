"""Differences as a person reads them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maillage.web.presenters import difference
from maillage.web.presenters.difference import GONE, NEW, SKIPPED, by_words

if TYPE_CHECKING:
    from maillage.territory.models import Territory
    from maillage.web.presenters.vocabulary import Vocabulary

texts = st.text(alphabet=st.sampled_from("ab \n.é"), max_size=120)


@given(texts, texts)
def test_the_pieces_hold_both_texts_where_nothing_is_skipped(old: str, new: str) -> None:
    pieces = by_words(old, new)
    if not any(piece.kind == SKIPPED for piece in pieces):
        assert "".join(piece.text for piece in pieces if piece.kind != NEW) == old
        assert "".join(piece.text for piece in pieces if piece.kind != GONE) == new


@given(texts, texts)
def test_no_word_that_came_or_went_is_ever_skipped(old: str, new: str) -> None:
    pieces = by_words(old, new)
    came = [word for piece in pieces if piece.kind == NEW for word in piece.text.split()]
    assert set(new.split()) - set(old.split()) <= set(came)


def test_a_long_text_shows_only_what_is_around_the_change() -> None:
    words = [f"w{number}" for number in range(100)]
    pieces = by_words(" ".join(words), " ".join([*words[:50], "new", *words[51:]]))
    assert [piece.kind for piece in pieces] == [SKIPPED, "same", GONE, NEW, "same", SKIPPED]
    assert pieces[2].text.strip() == "w50"


def test_a_text_of_thousands_of_words_is_shown_whole_before_and_after() -> None:
    assert [piece.kind for piece in by_words("a " * 5_000, "b")] == [GONE, NEW]


@pytest.fixture
def words(testland: Territory) -> Vocabulary:
    from maillage.web.presenters.vocabulary import kept, vocabulary

    kept.cache_clear()
    return vocabulary(testland)


@pytest.mark.parametrize(
    ("name", "old", "new", "shown"),
    [
        ("cost", "", "free", ("cost not known", "free")),
        ("has_interpreter", None, True, ("not known", "yes")),
        ("wheelchair", True, False, ("yes", "no")),
        ("minimum_age", None, 18.0, ("", "18")),
        ("minimum_age", 0.5, 18.0, ("0.5", "18")),
        ("email", "", "a@example.org", ("", "a@example.org")),
        ("name:fr", "", "Porte", ("", "Porte")),
        ("of an older version", "one", None, ("one", "")),
    ],
)
def test_a_value_is_said_in_words(words: Vocabulary, name: str, old: Any, new: Any, shown: tuple[str, str]) -> None:
    line = difference.line(name, old, new, words)
    assert (line.shape, line.old, line.new) == ("value", *shown)


def test_lists_show_what_came_and_what_went(words: Vocabulary) -> None:
    line = difference.line("languages", ["fr", "nl"], ["ar", "fr", "xx"], words)
    assert (line.removed, line.added, line.kept) == (("Dutch",), ("Arabic", "xx"), ("French",))
    line = difference.line("needs", ["emergency-shelter"], None, words)
    assert line.removed == (words.need_name("emergency-shelter"),)
    line = difference.line("served", [], ["north", "nowhere"], words)
    assert set(line.added) == {words.area_name("north"), "nowhere"}
    line = difference.line(
        "phones", [{"number": "1", "description": ""}], [{"number": "1", "description": "night"}], words
    )
    assert (line.removed, line.added) == (("1",), ("1 – night",))
    law = {
        "authority": "COCOM",
        "scheme": "Ordonnance",
        "number": "",
        "valid_from": "2026-01-01",
        "valid_to": "2028-12-31",
    }
    line = difference.line("accreditations", [], [law], words)
    assert line.added == ("COCOM, Ordonnance, from 2026-01-01, until 2028-12-31",)
    assert difference.line("documents", ["One"], ["One", "Two"], words).added == ("Two",)


def test_hours_are_a_week(words: Vocabulary) -> None:
    old = {"osm": "Mo-Fr 09:00-17:00", "raw": "Mo-Fr 09:00-17:00", "parse": "parsed"}
    new = {"osm": "Mo-Th 09:00-17:00", "raw": "lundi au jeudi 9h-17h", "parse": "partly"}
    line = difference.line("hours", old, new, words)
    assert [day.name for day in line.days if day.changed] == ["Friday"]
    assert [day.name for day in line.days] == ["Monday – Thursday", "Friday", "Saturday – Sunday"]
    friday = line.days[1]
    assert (friday.old, friday.new) == ("09:00 to 17:00", "closed")
    assert "only a part" in line.note
    assert line.new == "lundi au jeudi 9h-17h"
    unread = difference.line("hours", None, {"osm": "", "raw": "le soir", "parse": "unread"}, words)
    assert unread.days == ()
    assert "could not read" in unread.note
    gone = difference.line("hours", new, None, words)
    assert gone.days[0].new == "not known"


def test_what_stands_meanwhile_is_told_only_when_it_is_neither(words: Vocabulary) -> None:
    change = {"email": {"old": "a@example.org", "new": "b@example.org"}}
    for now, told in (
        ("a@example.org", ""),
        ("b@example.org", ""),
        ("c@example.org", "c@example.org"),
        ("", "nothing"),
    ):
        (line,) = difference.lines(change, words, now={"email": now})
        assert line.meanwhile == told
    (line,) = difference.lines(
        {"hours": {"old": None, "new": None}}, words, now={"hours": {"osm": "24/7", "raw": "24/7"}}
    )
    assert line.meanwhile == "day and night"


def test_lines_stand_in_the_order_of_the_form(words: Vocabulary) -> None:
    change = {name: {"old": "a", "new": "b"} for name in ("url", "of another age", "description:nl", "name:fr")}
    assert [line.name for line in difference.lines(change, words)] == [
        "name:fr",
        "description:nl",
        "url",
        "of another age",
    ]
    assert difference.label("description:nl", words) == "What you do (Dutch)"
    assert difference.label("nothing:nl", words) == "nothing:nl"
