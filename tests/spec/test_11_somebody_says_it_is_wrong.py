"""Somebody says it is wrong

Whoever stands before a closed door knows something that the directory does not. They say so without an account, the people of the
service and a moderator read it, somebody answers, and the address to answer to is gone.
"""

from __future__ import annotations

from typing import Any

import pytest
from django.core import mail

from maillage.directory.actions import decisions, editing, reports
from maillage.directory.models import ErrorReport, Service
from maillage.people.models import Membership, Role, User
from maillage.people.rules import NotAllowed
from maillage.territory.models import Territory
from tests.testland import NOW


@pytest.fixture
def open_door(cast: Any, testland: Territory) -> Service:
    """The night shelter of Alice's house. Mona moderates the territory."""
    mona = User.objects.create_user("mona@example.org", name="Mona", language="en")
    Membership.objects.create(user=mona, territory=testland, role=Role.MODERATOR, starts_at=NOW.replace(month=1))
    service = Service.objects.get(code="open-door")
    service.organization = cast.organization
    service.save()
    return service


def test_a_passer_by_says_that_the_hours_are_wrong(
    open_door: Service, cast: Any, django_capture_on_commit_callbacks: Any
) -> None:
    """The letter tells Alice and Mona that something waits. Neither what was written nor who wrote stands in it."""
    with django_capture_on_commit_callbacks(execute=True):
        reports.report(open_door, "hours", message="It opens at eight", email="me@example.net", language="en", at=NOW)
    assert sorted(letter.to[0] for letter in mail.outbox) == ["alice@example.org", "mona@example.org"]
    assert not any("eight" in letter.body or "me@example.net" in letter.body for letter in mail.outbox)


def test_she_mends_the_record_a_moderator_accepts_and_she_answers(
    open_door: Service, cast: Any, django_capture_on_commit_callbacks: Any
) -> None:
    told = reports.report(
        open_door, "hours", message="It opens at eight", email="me@example.net", language="en", at=NOW
    )
    mona = User.objects.get(email="mona@example.org")

    change = editing.propose(open_door, {"hours": {"raw": "Mo-Su 20:00-08:00"}}, by=cast.alice, at=NOW)
    assert change.state == "proposed"
    decisions.accept(change, by=mona, at=NOW)
    with django_capture_on_commit_callbacks(execute=True):
        reports.answer(told, "Thank you, we mended it.", by=cast.alice, at=NOW)

    assert mail.outbox[-1].to == ["me@example.net"]
    assert "Thank you, we mended it." in mail.outbox[-1].body
    assert ErrorReport.objects.get().email == ""


def test_nobody_else_answers_for_the_house(open_door: Service, cast: Any) -> None:
    told = reports.report(open_door, "hours", at=NOW)
    with pytest.raises(NotAllowed):
        reports.answer(told, "No", by=cast.charlie, at=NOW)
