"""Proposals, their decision, their undoing; what the history says."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from maillage.directory import queries, rules, sheet
from maillage.directory.actions import editing
from maillage.directory.ingest.texts import source_hash
from maillage.directory.models import Change, FieldProvenance, Revision, Service, SourceRecord, Text
from maillage.directory.search.cards import card
from maillage.directory.search.index import reindex
from maillage.people.models import Membership, Role, Trace, User
from maillage.people.rules import NotAllowed, Standing
from maillage.territory.models import Territory
from tests.conftest import Cast
from tests.testland import NOW

pytestmark = pytest.mark.django_db
PHONE = [{"number": "02 123 45 67", "description": "reception"}]
LATER = NOW + timedelta(hours=1)


@pytest.fixture
def door(testland: Territory, cast: Cast) -> Service:
    """Alice's house offers it."""
    found = Service.objects.select_related("territory", "organization").get(code="open-door")
    found.organization = cast.organization
    found.save()
    reindex(testland, at=NOW)
    return found


def again(service: Service) -> dict[str, Any]:
    return sheet.read(Service.objects.select_related("territory").get(pk=service.pk))


# --- propose


def test_what_an_editor_proposes_waits_and_changes_nothing(door: Service, cast: Cast) -> None:
    before = again(door)
    change = editing.propose(door, {"phones": PHONE, "cost": "free"}, by=cast.alice, note=" new line\x00 ", at=NOW)
    assert (change.state, change.author, change.note) == (Change.State.PROPOSED, cast.alice, "new line")
    assert change.fields == {"phones": {"old": [{"number": "+32 2 000 00 00", "description": ""}], "new": PHONE}}
    assert again(door) == before
    assert not Revision.objects.exists()


def test_a_moderators_own_change_is_accepted_at_once(door: Service, cast: Cast) -> None:
    change = editing.propose(door, {"phones": PHONE}, by=cast.dora, at=NOW)
    assert (change.state, change.decided_by) == (Change.State.ACCEPTED, cast.dora)
    assert again(door)["phones"] == PHONE
    found = card(door.uuid)
    assert found is not None
    assert found.phones == ["02 123 45 67"]


def test_nothing_different_is_said(door: Service, cast: Cast) -> None:
    with pytest.raises(editing.NothingChanges):
        editing.propose(door, {"phones": again(door)["phones"]}, by=cast.alice, at=NOW)


def test_who_does_not_belong_there_proposes_nothing(door: Service, cast: Cast) -> None:
    for stranger in (cast.bob, cast.charlie):
        with pytest.raises(NotAllowed):
            editing.propose(door, {"phones": PHONE}, by=stranger, at=NOW)
    assert not Change.objects.exists()


def test_what_is_wrong_is_said_field_by_field(door: Service, cast: Cast) -> None:
    wrong = {
        "email": "nobody",
        "url": "javascript:alert(1)",
        "minimum_age": 20,
        "maximum_age": 10,
        "colour": "red",
        "cost": "gold",
    }
    with pytest.raises(sheet.SheetError) as refusal:
        editing.propose(door, wrong, by=cast.alice, at=NOW)
    assert set(refusal.value.errors) == {"email", "url", "maximum_age", "colour", "cost"}


# --- decide


def test_a_moderator_accepts_and_the_history_says_who(door: Service, cast: Cast) -> None:
    change = editing.propose(door, {"phones": PHONE, "description:fr": "Un lit."}, by=cast.alice, at=NOW)
    editing.accept(change, by=cast.dora, at=LATER)
    assert again(door)["phones"] == PHONE
    lines = queries.history(door)
    assert {line.field for line in lines} == {"phones", "description:fr"}
    assert all((line.by, line.source, line.at, line.change) == (cast.dora, "desk", LATER, change) for line in lines)
    assert queries.history(door, field="phones")[0].new == PHONE
    verbs = list(Trace.objects.order_by("sequence").values_list("verb", "data"))
    assert [verb for verb, _ in verbs][-2:] == ["proposed a change", "accepted a change"]
    assert "02 123" not in str(verbs)  # the trail says which fields, not what they hold


def test_a_moderator_edits_while_accepting_and_the_author_sees_both(door: Service, cast: Cast) -> None:
    change = editing.propose(door, {"description:fr": "Un lit", "phones": PHONE}, by=cast.alice, at=NOW)
    editing.accept(change, by=cast.dora, at=LATER, edited={"description:fr": "Un lit."}, reason="a full stop")
    change.refresh_from_db()
    assert change.fields["description:fr"] | {"statuses": 0} == {
        "old": "",
        "new": "Un lit.",
        "proposed": "Un lit",
        "statuses": 0,
    }
    assert change.reason == "a full stop"
    assert again(door)["phones"] == PHONE


def test_an_editor_does_not_decide(door: Service, cast: Cast) -> None:
    change = editing.propose(door, {"phones": PHONE}, by=cast.alice, at=NOW)
    for someone in (cast.alice, cast.bob, cast.charlie):
        with pytest.raises(NotAllowed):
            editing.accept(change, by=someone, at=LATER)
        with pytest.raises(NotAllowed):
            editing.send_back(change, "no", by=someone, at=LATER)
    assert not Revision.objects.exists()


def test_a_proposal_is_decided_once(door: Service, cast: Cast) -> None:
    change = editing.propose(door, {"phones": PHONE}, by=cast.alice, at=NOW)
    editing.accept(change, by=cast.dora, at=LATER)
    for decide in (
        lambda: editing.accept(change, by=cast.dora, at=LATER),
        lambda: editing.send_back(change, "no", by=cast.dora, at=LATER),
        lambda: editing.withdraw(change, by=cast.alice, at=LATER),
    ):
        with pytest.raises(editing.DecidedAlready):
            decide()


def test_a_field_that_changed_in_between_is_a_conflict_that_names_it(door: Service, cast: Cast) -> None:
    change = editing.propose(door, {"phones": PHONE, "cost": "paid"}, by=cast.alice, at=NOW)
    editing.propose(door, {"phones": [{"number": "112", "description": ""}]}, by=cast.dora, at=NOW)
    with pytest.raises(editing.Conflict, match="Telephone") as conflict:
        editing.accept(change, by=cast.dora, at=LATER)
    assert conflict.value.fields == ("phones",)
    change.refresh_from_db()
    assert change.state == Change.State.PROPOSED
    assert again(door)["cost"] == "free"
    editing.accept(change, by=cast.dora, at=LATER, force=True)
    assert again(door)["phones"] == PHONE


def test_a_proposal_goes_back_with_a_reason(door: Service, cast: Cast) -> None:
    change = editing.propose(door, {"phones": PHONE}, by=cast.alice, at=NOW)
    with pytest.raises(editing.ReasonMissing):
        editing.send_back(change, " \x00", by=cast.dora, at=LATER)
    editing.send_back(change, "Which line is it?", by=cast.dora, at=LATER)
    assert (change.state, change.reason, change.decided_by) == ("returned", "Which line is it?", cast.dora)


def test_its_author_takes_it_back_and_nobody_else_does(door: Service, cast: Cast) -> None:
    change = editing.propose(door, {"phones": PHONE}, by=cast.alice, at=NOW)
    other = User.objects.create_user("eve@example.org", "a long enough sentence")
    Membership.objects.create(
        user=other, territory=door.territory, organization=cast.organization, role=Role.EDITOR, starts_at=NOW - timedelta(days=1)
    )  # fmt: skip
    for someone in (other, cast.bob, cast.charlie):
        with pytest.raises(NotAllowed):
            editing.withdraw(change, by=someone, at=LATER)
    assert editing.withdraw(change, by=cast.alice, at=LATER).state == "withdrawn"


def test_what_cannot_be_written_leaves_the_proposal_waiting(door: Service, cast: Cast) -> None:
    change = editing.propose(door, {"served": ["north"]}, by=cast.alice, at=NOW)
    Change.objects.filter(pk=change.pk).update(fields={"served": {"old": ["testland"], "new": ["atlantis"]}})
    change.refresh_from_db()
    with pytest.raises(sheet.SheetError, match="atlantis"):
        editing.accept(change, by=cast.dora, at=LATER)
    change.refresh_from_db()
    assert change.state == "proposed"
    assert again(door)["served"] == ["testland"]


# --- undo


def test_a_moderator_undoes_a_change(door: Service, cast: Cast) -> None:
    before = again(door)
    change = editing.propose(door, {"phones": PHONE, "hours": {"raw": "lundi de 9h à 12h"}}, by=cast.dora, at=NOW)
    assert again(door)["hours"]["osm"] == "Mo 09:00-12:00"
    editing.undo(change, by=cast.dora, at=LATER)
    assert (again(door), change.state) == (before, "undone")
    assert [line.source for line in queries.history(door, field="phones")] == ["undo", "desk"]


def test_a_change_that_another_one_followed_cannot_be_undone(door: Service, cast: Cast) -> None:
    change = editing.propose(door, {"phones": PHONE, "cost": "paid"}, by=cast.dora, at=NOW)
    editing.propose(door, {"cost": "means-tested"}, by=cast.dora, at=NOW)
    with pytest.raises(editing.Conflict, match="Price"):
        editing.undo(change, by=cast.dora, at=LATER)
    assert again(door)["phones"] == PHONE


def test_an_editor_undoes_nothing(door: Service, cast: Cast) -> None:
    change = editing.propose(door, {"phones": PHONE}, by=cast.alice, at=NOW)
    editing.accept(change, by=cast.dora, at=LATER)
    with pytest.raises(NotAllowed):
        editing.undo(change, by=cast.alice, at=LATER)


FIELDS = st.fixed_dictionaries(
    {},
    optional={
        "phones": st.just(PHONE),
        "hours": st.sampled_from([None, {"raw": "lundi de 9h à 12h"}, {"raw": "quand il pleut"}]),
        "name:en": st.sampled_from(["Open gate", "Gate"]),
        "name:fr": st.sampled_from(["", "Portail"]),
        "description:nl": st.just("Een bed."),
        "languages": st.lists(st.sampled_from(["fr", "ar", "nl"])),
        "served": st.lists(st.sampled_from(["north", "south"])),
        "wheelchair": st.sampled_from([True, False, None]),
        "documents": st.lists(st.sampled_from(["a", "b"])),
        "status": st.sampled_from(["active", "inactive", "defunct"]),
    },
)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(fields=FIELDS)
def test_propose_accept_and_undo_give_back_the_sheet(door: Service, cast: Cast, fields: dict[str, Any]) -> None:
    before = again(door)
    statuses = sorted(
        Text.objects.filter(kind="service", object_id=door.pk).values_list("field", "language", "value", "status")
    )
    try:
        change = editing.propose(door, fields, by=cast.alice, at=NOW)
    except editing.NothingChanges:
        assert again(door) | sheet.clean(fields, before, sheet.known_codes(door)) == before
        return
    editing.accept(change, by=cast.dora, at=NOW)
    assert again(door) != before
    editing.undo(change, by=cast.dora, at=LATER)
    assert again(door) == before
    assert statuses == sorted(
        Text.objects.filter(kind="service", object_id=door.pk).values_list("field", "language", "value", "status")
    )


def test_a_translation_of_a_changed_original_is_stale_until_the_change_is_undone(door: Service, cast: Cast) -> None:
    for language, value, status, mark in (
        ("fr", "Un lit", "original", ""),
        ("nl", "Een bed", "machine", source_hash("Un lit")),
    ):
        Text.objects.create(
            territory=door.territory, kind="service", object_id=door.pk, field="description", language=language, value=value,
            status=status, source_hash=mark,
        )  # fmt: skip
    dutch = Text.objects.filter(kind="service", object_id=door.pk, field="description", language="nl")
    change = editing.propose(door, {"description:fr": "Un lit et une soupe"}, by=cast.dora, at=NOW)
    assert dutch.get().status == "stale"
    editing.undo(change, by=cast.dora, at=LATER)
    assert dutch.get().status == "machine"


# --- still true, sources, history


def test_one_tap_says_that_all_of_it_is_still_true(door: Service, cast: Cast) -> None:
    editing.still_true(door, by=cast.alice, at=NOW)
    door.refresh_from_db()
    assert (door.confirmed_on.isoformat(), door.confirmed_by) == ("2026-11-20", "Alice's house")
    assert queries.history(door)[0].by == cast.alice
    editing.still_true(door, by=None, source="link", at=NOW + timedelta(days=1))
    assert queries.history(door)[0].source == "link"
    assert Trace.objects.order_by("-sequence")[0].actor == "system:link"
    with pytest.raises(NotAllowed):
        editing.still_true(door, by=cast.bob, at=NOW)
    with pytest.raises(ValueError, match="nobody"):
        editing.still_true(door, by=None, at=NOW)


def test_history_comes_page_by_page(door: Service, cast: Cast) -> None:
    lines = editing.record_many(
        door, {f"f{n}": {"old": None, "new": n} for n in range(5)}, by=cast.alice, source="desk", at=NOW
    )
    first = queries.history(door, limit=2)
    second = queries.history(door, after=first[-1].pk, limit=2)
    assert [line.new for line in (*first, *second)] == [4, 3, 2, 1]
    assert editing.record(door, "cost", "", "free", by="system:merge", source="merge", at=NOW).by is None
    assert len(lines) == 5


def test_each_field_knows_its_last_source(door: Service, cast: Cast, django_assert_max_num_queries: Any) -> None:
    record = SourceRecord.objects.create(
        territory=door.territory,
        source="guide",
        entity="service",
        external_id="1",
        payload={},
        sha256="",
        fetched_at=NOW,
    )
    FieldProvenance.objects.create(
        kind="service", object_id=door.pk, record=record, fields=["schedules", "phones", "description", "cost"]
    )
    editing.record(door, "cost", "", "free", by=None, source="merge", at=NOW - timedelta(days=9))
    editing.propose(door, {"phones": PHONE}, by=cast.dora, at=NOW - timedelta(days=1))
    with django_assert_max_num_queries(3):
        found = queries.field_sources(door)
    assert (found["hours"].source, found["hours"].record) == ("guide", record)
    assert (found["phones"].source, found["phones"].by) == ("desk", cast.dora)  # the desk holds it
    assert found["description:nl"].source == "guide"
    assert found["cost"].source == "guide"  # said since
    assert "email" not in found


# --- rules


def test_each_rule_and_its_sentence() -> None:
    editor, moderator, outsider = (
        Standing(here=frozenset({"editor"})),
        Standing(territory=frozenset({"moderator"})),
        Standing(),
    )
    coordinator = Standing(territory=frozenset({"coordinator"}))
    assert rules.can_edit_service(editor)
    assert not rules.can_edit_service(coordinator)
    assert rules.can_moderate(moderator)
    assert not rules.can_moderate(Standing(here=frozenset({"moderator", "administrator"})))
    assert rules.can_see_history(coordinator)
    assert rules.can_withdraw(editor, is_author=True)
    assert not rules.can_withdraw(outsider, is_author=True)
    for check in (
        rules.check_can_edit_service,
        rules.check_can_moderate,
        rules.check_can_see_history,
        lambda who: rules.check_can_decide(who, is_author=False),
        lambda who: rules.check_can_decide(who, is_author=True),
        lambda who: rules.check_can_withdraw(who, is_author=True),
        lambda who: rules.check_can_undo(who, is_author=False),
    ):
        check(moderator)
        with pytest.raises(NotAllowed, match=r"\w+\.$|\w+:"):
            check(outsider)


def test_the_sentences_of_rules_are_found_for_the_catalogues() -> None:
    from maillage.web.catalogues import found

    texts = {text.id for text in found() if text.place.endswith("rules.py")}
    assert "Only a moderator of the territory decides this." in texts


def test_every_state_says_what_may_follow() -> None:
    assert set(editing.NEXT) == set(Change.State.values)
    assert all(following <= set(Change.State.values) for following in editing.NEXT.values())
