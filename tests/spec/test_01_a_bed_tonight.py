"""A bed tonight

She calls at half past eight on a Friday evening, from the north of the town. Two children, no roof, and she speaks Arabic. Testland has five
shelters; the manual uses it throughout, since it is small enough to know by heart.
"""

from __future__ import annotations

from tests.spec.conftest import Tell, name, names, of


def test_one_sentence_is_enough(tell: Tell) -> None:
    """What was understood is told back, with the words it was read from, so that a mistake can be taken off."""
    answer = tell("a bed tonight, two children, North End, she speaks Arabic")

    understood = {(item.kind, item.code) for item in answer.understood}
    assert understood >= {
        ("need", "emergency-shelter"),
        ("window", "tonight"),
        ("public", "families"),
        ("area", "north"),
        ("language", "ar"),
    }


def test_it_is_the_same_in_french_and_in_dutch(tell: Tell) -> None:
    french = tell("un lit ce soir avec deux enfants au Nord, elle parle arabe", language="fr")
    dutch = tell("slaapplaats vanavond, Noord, met kinderen", language="nl")

    assert ("need", "emergency-shelter") in {(item.kind, item.code) for item in french.understood}
    assert ("window", "tonight") in {(item.kind, item.code) for item in dutch.understood}
    assert names(french)[0] in {"Women's Haven", "Open Door"}


def test_a_full_shelter_is_never_recommended_first(tell: Tell) -> None:
    """Full House takes everybody, so it would fit; but it said twenty minutes ago that it is full."""
    answer = tell("a bed tonight, two children, North End, she speaks Arabic")

    assert names(answer)[-1] == "Full House"
    assert of(answer, "Full House").room_status == "no-capacity"
    assert answer.suggestions[0].room_status == "capacity"


def test_knowing_more_puts_the_one_that_fits_first(tell: Tell) -> None:
    answer = tell("a bed tonight, North End", facts={"children": True, "gender": "woman"}, languages=("ar",))

    first = answer.suggestions[0]
    assert (name(first), first.verdict) == ("Women's Haven", "fits")
    assert "For: a woman" in first.why
    assert "Spoken here: Arabic" in first.why
    assert first.room == "2 beds free, said 20 minutes ago"


def test_a_service_that_does_not_fit_says_what_would_have_to_be_different(tell: Tell) -> None:
    answer = tell(needs=("emergency-shelter",), facts={"gender": "man"})

    assert "Women's Haven" not in names(answer)
    assert of(answer, "Women's Haven").would_fit_if == ("Would fit if: a woman",)


def test_every_place_in_the_list_can_be_explained(tell: Tell) -> None:
    """The parts of each score are shown with their weights, which are the territory's."""
    answer = tell("a bed tonight, North End", languages=("ar",))

    parts = {part.code: part for part in answer.suggestions[0].parts}
    assert {"distance", "open", "language", "capacity", "freshness"} <= set(parts)
    assert all(0 <= part.value <= 1 for part in parts.values())


def test_the_same_question_has_the_same_answer(tell: Tell) -> None:
    assert names(tell("a bed tonight, North End")) == names(tell("a bed tonight, North End"))
