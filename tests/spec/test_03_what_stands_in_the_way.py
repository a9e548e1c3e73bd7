"""What stands in the way, and what lifts it

A service that fits on paper may be out of reach. What stands in the way is part of the answer, and so is what lifts it.
"""

from __future__ import annotations

from tests.spec.conftest import Tell, lifting, of


def test_company_for_my_father_who_hardly_walks(tell: Tell) -> None:
    """Tea Hour fits. One has to go there; The Ride fetches people. Both are offered together."""
    answer = tell("company for my father", facts={"mobility": "reduced"})

    obstacle = of(answer, "Tea Hour").obstacles[0]
    assert obstacle.code == "mobility"
    assert obstacle.sentence == "One has to go there."
    assert lifting(obstacle) == ["The Ride"]
    assert obstacle.lifts[0].sentence == "You are fetched."


def test_whoever_walks_is_not_offered_a_ride(tell: Tell) -> None:
    assert of(tell("company", facts={"mobility": "walks"}), "Tea Hour").obstacles == ()


def test_an_interpreter_for_a_psychologist_who_does_not_speak_arabic(tell: Tell) -> None:
    answer = tell(needs=("psychologist",), languages=("ar",))

    obstacle = of(answer, "Listening Post").obstacles[0]
    assert obstacle.sentence == "Arabic is not spoken there."
    assert lifting(obstacle) == ["The Voice"]


def test_a_language_that_nobody_asked_for_is_no_obstacle(tell: Tell) -> None:
    assert all(not suggestion.obstacles for suggestion in tell(needs=("psychologist",)).suggestions)
