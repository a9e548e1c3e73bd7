"""Who did what

A person in need has no account. Those who look after the data have one, with a role, and what they do leaves a trace that cannot be rewritten.
"""

from __future__ import annotations

from typing import Any

import pytest

from maillage.people import audit
from maillage.people.actions import members as actions
from maillage.people.models import Role
from maillage.people.rules import NotAllowed
from maillage.territory.models import Territory


def test_an_administrator_gives_a_role_and_the_trail_says_so(cast: Any, testland: Territory) -> None:
    actions.add_member(
        cast.charlie, Role.EDITOR, territory=testland, organization=cast.organization, by=cast.dora
    )  # fmt: skip

    line = list(audit.lines())[-1]
    assert (line["verb"], line["actor"]) == ("added a member", f"user:{cast.dora.uuid}")
    assert line["data"]["role"] == "editor"
    assert audit.verify().broken is None


def test_who_may_not_is_told_so_in_a_sentence(cast: Any, testland: Territory) -> None:
    with pytest.raises(NotAllowed, match="Your own role does not let you give, renew or end this one"):
        actions.add_member(cast.charlie, Role.MODERATOR, territory=testland, by=cast.alice)
