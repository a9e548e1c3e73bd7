"""Who may do what

A person in need has no account. Those who keep the directory true, or use it for others, have a role that somebody gave them, that
ends, and that lets them do no more than their work. A list that a professional hands over says nothing about whom it is for.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from maillage.directory.models import Service
from maillage.orientation.actions import lists
from maillage.orientation.rules import Personal
from maillage.people import audit
from maillage.people.actions import members as actions
from maillage.people.models import Role
from maillage.people.rules import NotAllowed
from maillage.territory.models import Territory
from maillage.web.access import allowed
from tests.testland import NOW


def test_an_address_that_nobody_wrote_down_opens_to_nobody() -> None:
    assert allowed("desk-something-new") == frozenset()


def test_a_coordinator_brings_editors_in_and_makes_no_equal(cast: Any, testland: Territory) -> None:
    actions.add_member(cast.charlie, Role.COORDINATOR, territory=testland, by=cast.dora, at=NOW)
    here = {"territory": testland, "by": cast.charlie, "at": NOW}

    actions.invite("new@example.org", Role.EDITOR, organization=cast.organization, **here)
    with pytest.raises(NotAllowed, match="Your own role does not let you give, renew or end this one"):
        actions.invite("new@example.org", Role.COORDINATOR, **here)


def test_a_membership_ends_unless_somebody_renews_it(cast: Any, testland: Territory) -> None:
    member = actions.add_member(
        cast.charlie, Role.EDITOR, territory=testland, organization=cast.organization, by=cast.dora, at=NOW
    )  # fmt: skip
    assert member.ends_at == NOW.replace(year=2027)

    a_month_before = member.ends_at - timedelta(days=29)
    assert actions.remind_expiring(a_month_before) == 1  # a letter to the member, one to who may renew
    actions.renew(member, by=cast.dora, at=a_month_before)
    assert member.ends_at > a_month_before + timedelta(days=360)


def test_nobody_lets_themselves_see_confidential_places(cast: Any, testland: Territory) -> None:
    here = {"territory": testland, "organization": cast.organization, "by": cast.dora, "at": NOW}
    head = actions.add_member(cast.charlie, Role.ADMINISTRATOR, **here)

    with pytest.raises(NotAllowed, match="Nobody gives this right to themselves"):
        actions.open_confidential_places(head, by=cast.charlie, at=NOW)
    actions.open_confidential_places(head, by=cast.dora, at=NOW)
    assert list(audit.lines())[-1]["verb"] == "opened confidential places"


def test_a_list_says_nothing_about_a_person_and_its_link_ends(cast: Any, testland: Territory) -> None:
    shared = lists.start_list(testland, "Somewhere to sleep, November", by=cast.bob, at=NOW)
    service = Service.objects.earliest("pk")
    with pytest.raises(Personal, match="take the telephone number or other long number out"):
        lists.add_to_list(shared, service, note="Call her on 0470 12 34 56", by=cast.bob)
    lists.add_to_list(shared, service, note="Ring the bell on the left", by=cast.bob)

    link = lists.hand_over(shared, by=cast.bob, at=NOW)
    assert lists.handed_over(testland, link, at=NOW + timedelta(days=29)) == shared
    assert lists.handed_over(testland, link, at=NOW + timedelta(days=31)) is None
