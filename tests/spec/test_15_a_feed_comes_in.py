"""A feed comes in

Another directory sends its services. Nothing changes before somebody has seen what would; nothing disappears by itself.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings

from maillage.directory import incoming
from maillage.directory.actions import editing
from maillage.directory.actions import imports as asked
from maillage.directory.models import ImportRun, Revision, Service
from maillage.directory.watching import gone_services
from maillage.standards import jobs
from tests.testland import NOW

SOUP = {"id": "1", "name": "Soup", "status": "active", "description": "Warm soup", "email": "soup@example.org"}
BEDS = {"id": "2", "name": "Beds", "status": "active", "description": "Ten beds"}


@pytest.fixture
def feed(cast: Any, settings: LazySettings, tmp_path: Path) -> Any:
    """`feed(SOUP, is_trial=False)`: the feed of the south comes in, with these services."""
    settings.VAR = tmp_path

    def comes(*services: dict[str, Any], is_trial: bool) -> ImportRun:
        file = incoming.keep("feed.json", [json.dumps(services).encode()])
        run = asked.ask(
            cast.organization.territory, format_name="hsds", source="Directory of the south", file=file, is_trial=is_trial,
            by=cast.dora, at=NOW,
        )  # fmt: skip
        jobs.run_asked(NOW)
        run.refresh_from_db()
        return run

    return comes


def test_it_is_tried_before_anything_changes(feed: Any) -> None:
    trial = feed(SOUP, BEDS, is_trial=True)

    assert trial.preview["created"] == ["Soup", "Beds"]
    assert not Service.objects.filter(name="Soup").exists()


def test_what_it_changes_is_shown_first_and_stays_in_the_history(feed: Any) -> None:
    feed(SOUP, is_trial=False)
    trial = feed(SOUP | {"email": "new@example.org"}, is_trial=True)

    assert trial.preview["changed"][0]["fields"] == {"email": {"old": "soup@example.org", "new": "new@example.org"}}

    feed(SOUP | {"email": "new@example.org"}, is_trial=False)
    line = Revision.objects.get(field="email")
    assert (line.old, line.new, line.source) == ("soup@example.org", "new@example.org", "Directory of the south")


def test_what_somebody_wrote_at_the_desk_is_held(feed: Any, cast: Any) -> None:
    feed(SOUP, is_trial=False)
    soup = Service.objects.get(name="Soup")
    editing.propose(soup, {"email": "desk@example.org"}, by=cast.dora, at=NOW)

    run = feed(SOUP | {"email": "new@example.org", "description": "Hot soup"}, is_trial=False)

    soup.refresh_from_db()
    assert soup.email == "desk@example.org"
    assert run.issues.get(code="held-desk").field == "email"


def test_a_service_that_left_the_feed_waits_for_a_decision(feed: Any, cast: Any) -> None:
    feed(SOUP, BEDS, is_trial=False)
    feed(SOUP, is_trial=False)

    (beds,) = gone_services(cast.organization.territory)
    assert Service.objects.visible().contains(beds)

    asked.withdraw([beds], cast.organization.territory, by=cast.dora, at=NOW)
    assert not Service.objects.visible().contains(beds)
