"""What a moderator decides and what somebody reports: told to whom it concerns, and to nobody else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.core import mail

from maillage.directory.actions import decisions, editing, reports
from maillage.directory.models import Change, ErrorReport
from maillage.people.rules import NotAllowed
from tests.pages import desk as house
from tests.pages.desk import Desk
from tests.testland import NOW

if TYPE_CHECKING:
    from maillage.territory.models import Territory
    from tests.conftest import Cast


@pytest.fixture
def desk(testland: Territory, cast: Cast) -> Desk:
    return house.build(testland, cast)


def proposed(desk: Desk) -> Change:
    return editing.propose(desk.shelter, {"email": "door@example.org"}, by=desk.cast.alice, at=NOW)


def test_an_author_is_told_in_their_language(desk: Desk, django_capture_on_commit_callbacks: Any) -> None:
    desk.cast.alice.language = "en"
    desk.cast.alice.save()
    with django_capture_on_commit_callbacks(execute=True):
        decisions.accept(proposed(desk), by=desk.mona, at=NOW, reason="Thank you")
    (letter,) = mail.outbox
    assert letter.subject == "Your change of “Open Door” is accepted"
    assert "Thank you" in letter.body


@pytest.mark.parametrize("why", ["left", "gone"])
def test_who_has_left_is_not_written_to(desk: Desk, why: str, django_capture_on_commit_callbacks: Any) -> None:
    change = proposed(desk)
    if why == "left":
        desk.cast.alice.is_active = False
        desk.cast.alice.save()
    else:
        change.author = None
        change.save()
    with django_capture_on_commit_callbacks(execute=True):
        decisions.send_back(Change.objects.get(), "Why?", by=desk.mona, at=NOW)
    assert mail.outbox == []


def test_a_moderator_is_not_told_of_their_own_decision(desk: Desk, django_capture_on_commit_callbacks: Any) -> None:
    change = Change.objects.create(
        territory=desk.territory,
        service=desk.shelter,
        author=desk.mona,
        fields={"email": {"old": "", "new": "a@example.org"}},
    )
    with django_capture_on_commit_callbacks(execute=True):
        decisions.accept(change, by=desk.mona, at=NOW)
    assert mail.outbox == []


def test_only_who_edits_the_service_answers(desk: Desk) -> None:
    told = reports.report(desk.shelter, "closed", at=NOW)
    for stranger in (desk.eve, desk.cast.bob, desk.cast.charlie):
        with pytest.raises(NotAllowed):
            reports.answer(told, "No", by=stranger, at=NOW)
    assert ErrorReport.objects.get().state == "open"
    reports.answer(told, "", by=desk.cast.alice, at=NOW)
    with pytest.raises(reports.AnsweredAlready):
        reports.answer(told, "Twice", by=desk.cast.alice, at=NOW)
    assert reports.deliver(told) is False, "nobody left an address"
