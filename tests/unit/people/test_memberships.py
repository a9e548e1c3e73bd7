"""Memberships that come and go: invited, come in, reminded, renewed, ended; and the right to see confidential places."""

from __future__ import annotations

import re
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core import mail, signing
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from maillage.people import accounts, audit, queries
from maillage.people import mail as post
from maillage.people.actions import members as actions
from maillage.people.models import Membership, Organization, Role, Trace, User
from maillage.people.rules import NotAllowed
from maillage.territory.models import Territory
from tests.testland import NOW

GOOD = "a sentence nobody knows"
ENGLISH = {"accept-language": "en"}


@pytest.fixture
def house(cast: Any) -> Organization:
    Membership.objects.update(starts_at=NOW - timedelta(days=30))
    organization: Organization = cast.organization
    return organization


@pytest.fixture
def sent(django_capture_on_commit_callbacks: Any) -> Any:
    """Does something, and gives the letters that left when it was written."""

    def do(verb: Any, *args: Any, **more: Any) -> list[mail.EmailMessage]:
        mail.outbox.clear()
        with django_capture_on_commit_callbacks(execute=True):
            verb(*args, **more)
        return list(mail.outbox)

    return do


def give(user: User, role: Role, territory: Territory, place: Organization | None = None, **more: Any) -> Membership:
    fields = {"starts_at": NOW - timedelta(days=30), "accepted_at": NOW} | more
    return Membership.objects.create(user=user, territory=territory, organization=place, role=role, **fields)


def link_in(letter: mail.EmailMessage) -> str:
    return next(word for word in str(letter.body).split() if word.startswith("http"))


def test_the_invited_chooses_a_password_by_the_link_and_the_link_serves_once(
    cast: Any, house: Organization, testland: Territory, sent: Any
) -> None:
    (letter,) = sent(
        actions.invite,
        " New@Example.org ",
        Role.EDITOR,
        territory=testland,
        organization=house,
        by=cast.dora,
        language="en",
    )
    assert letter.to == ["new@example.org"]
    assert "Dora invites you to Maillage as: Service editor, Alice's house." in letter.body
    client, link = Client(headers=ENGLISH), link_in(letter).removeprefix("http://127.0.0.1:8000")
    page = client.get(link, follow=True)
    answer = client.post(page.redirect_chain[-1][0], {"password1": GOOD, "password2": GOOD})
    assert answer.status_code == 302
    assert User.objects.get(email="new@example.org").check_password(GOOD)
    again = Client(headers=ENGLISH).get(link)
    assert again.status_code == 410
    assert "This invitation no longer serves" in again.content.decode()


def test_an_invitation_ends_after_seven_days_and_a_made_up_one_opens_nothing(
    testland: Territory, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = User.objects.create_user("x@example.org")
    token = accounts.welcome_link(user).rstrip("/").rpartition("/")[2]
    assert accounts.invited(token) == user
    assert accounts.invited(token[:-1]) is None
    now = signing.time.time()
    monkeypatch.setattr(signing.time, "time", lambda: now + 7 * 24 * 3600 + 60)
    assert accounts.invited(token) is None


def test_a_closed_account_is_invited_nowhere(testland: Territory) -> None:
    user = User.objects.create_user("x@example.org", is_active=False)
    assert accounts.invited(accounts.welcome_link(user).rstrip("/").rpartition("/")[2]) is None


def test_invited_twice_is_a_member_once_and_two_letters(
    cast: Any, house: Organization, testland: Territory, sent: Any
) -> None:
    here = {"territory": testland, "organization": house, "by": cast.dora, "at": NOW}
    assert len(sent(actions.invite, "new@example.org", Role.EDITOR, **here)) == 1
    assert len(sent(actions.invite, "NEW@example.org", Role.EDITOR, **here)) == 1
    assert User.objects.get(email="new@example.org").memberships.count() == 1
    assert User.objects.filter(email__iexact="new@example.org").count() == 1


def test_who_invites_sees_the_same_whether_there_was_an_account_or_not(
    cast: Any, house: Organization, testland: Territory, sent: Any
) -> None:
    here = {"territory": testland, "organization": house, "by": cast.dora, "at": NOW}
    (known,) = sent(actions.invite, "charlie@example.org", Role.EDITOR, **here)
    (fresh,) = sent(actions.invite, "nobody@example.org", Role.EDITOR, **here)
    assert known.subject == fresh.subject
    assert "/desk/" in link_in(known)
    assert "/welcome/" in link_in(fresh)
    rows = list(Membership.objects.filter(user__email__in=["charlie@example.org", "nobody@example.org"]))
    assert [(row.accepted_at, row.starts_at, row.ends_at) for row in rows[:1]] == [
        (row.accepted_at, row.starts_at, row.ends_at) for row in rows[1:]
    ]


def test_who_may_not_invite_is_refused_before_anything_is_looked_up(
    cast: Any, house: Organization, testland: Territory, sent: Any
) -> None:
    for email in ("alice@example.org", "nobody@example.org", "not an address"):
        with pytest.raises(NotAllowed, match="Your own role"):
            actions.invite(email, Role.EDITOR, territory=testland, organization=house, by=cast.charlie)
    assert not User.objects.filter(email="nobody@example.org").exists()


def test_a_coordinator_brings_in_editors_and_no_equal(cast: Any, house: Organization, testland: Territory) -> None:
    give(cast.charlie, Role.COORDINATOR, testland)
    here = {"territory": testland, "by": cast.charlie, "at": NOW}
    assert actions.invite("e@example.org", Role.EDITOR, organization=house, **here).role == Role.EDITOR
    for role, place in ((Role.COORDINATOR, None), (Role.ADMINISTRATOR, house), (Role.ADMINISTRATOR, None)):
        with pytest.raises(NotAllowed):
            actions.invite("e@example.org", role, organization=place, **here)


def test_a_role_of_the_territory_is_held_in_no_organisation(
    cast: Any, house: Organization, testland: Territory
) -> None:
    with pytest.raises(NotAllowed, match="held in the whole territory"):
        actions.add_member(cast.charlie, Role.MODERATOR, territory=testland, organization=house, by=cast.dora)


@pytest.mark.parametrize(("content", "month"), [({}, 11), ({"membership_months": 3}, 2)])
def test_a_membership_lasts_as_long_as_the_pack_says(
    cast: Any, house: Organization, testland: Territory, content: dict[str, int], month: int
) -> None:
    testland.content = testland.content | content
    one = actions.add_member(cast.charlie, Role.EDITOR, territory=testland, organization=house, by=cast.dora, at=NOW)
    assert one.ends_at
    assert (one.ends_at.year, one.ends_at.month, one.ends_at.day) == (2027, month, 20)


def test_coming_to_the_desk_shows_a_name_to_who_invited(cast: Any, testland: Territory) -> None:
    Membership.objects.update(starts_at=NOW + timedelta(days=1))
    assert actions.come_in(cast.alice, testland, at=NOW) == 0
    Membership.objects.update(starts_at=NOW - timedelta(days=1))
    assert actions.come_in(cast.alice, testland, at=NOW) == 1
    assert actions.come_in(cast.alice, testland, at=NOW) == 0
    assert Trace.objects.filter(verb="came in").count() == 1


def test_a_member_is_told_thirty_days_before_and_so_is_who_may_renew(
    cast: Any, house: Organization, testland: Territory
) -> None:
    give(cast.charlie, Role.ADMINISTRATOR, testland, house)
    Membership.objects.filter(user=cast.alice).update(ends_at=NOW + timedelta(days=29))
    Membership.objects.filter(user=cast.bob).update(ends_at=NOW + timedelta(days=31))
    assert actions.remind_expiring(NOW) == 1
    told, renewer = mail.outbox
    assert told.to == ["alice@example.org"]
    assert "Charlie <charlie@example.org>" in told.body or "charlie@example.org" in told.body
    assert renewer.to == ["charlie@example.org"]
    assert "Alice" in renewer.body
    assert "http://127.0.0.1:8000/desk/members/" in renewer.body
    assert actions.remind_expiring(NOW + timedelta(hours=1)) == 0


def test_one_letter_tells_of_all_that_end(cast: Any, house: Organization, testland: Territory) -> None:
    Membership.objects.filter(organization=house).update(ends_at=NOW + timedelta(days=3))
    cast.dora.language, cast.dora.name = "en", ""
    cast.dora.save()
    assert actions.remind_expiring(NOW) == 2
    (letter,) = [one for one in mail.outbox if one.to == ["dora@example.org"]]
    assert "Alice (Service editor, Alice's house): Nov. 23, 2026" in letter.body
    assert "Bob (Professional" in letter.body
    assert "- dora@example.org" in mail.outbox[0].body


def test_a_letter_that_no_server_took_is_written_again(
    cast: Any, house: Organization, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    Membership.objects.filter(user=cast.alice).update(ends_at=NOW + timedelta(days=3))

    def refuse(*args: Any, **more: Any) -> int:
        raise OSError("no route to alice@example.org")

    with monkeypatch.context() as patch:
        patch.setattr(post, "send_mail", refuse)
        assert actions.remind_expiring(NOW) == 0
    assert "OSError" in caplog.text
    assert "alice" not in caplog.text
    assert actions.remind_expiring(NOW) == 1


def test_two_clocks_remind_once(cast: Any, house: Organization, monkeypatch: pytest.MonkeyPatch) -> None:
    Membership.objects.filter(user=cast.alice).update(ends_at=NOW + timedelta(days=3))
    rows = Membership.objects.expiring(at=NOW, days=30)
    found = list(rows.select_related("user", "organization", "territory"))

    class Stale:
        """What the slower clock had read before the faster one wrote."""

        def filter(self, **_: Any) -> Stale:
            return self

        def select_related(self, *_: str) -> Stale:
            return self

        def order_by(self, *_: str) -> list[Membership]:
            return found

    assert actions.remind_expiring(NOW) == 1
    monkeypatch.setattr(Membership.objects, "expiring", lambda **_: Stale())
    assert actions.remind_expiring(NOW) == 0


@pytest.mark.parametrize(
    ("role", "inside", "others", "expected"),
    [
        (Role.EDITOR, True, ["head", "coordinator", "administrator"], ["head"]),
        (Role.EDITOR, True, ["coordinator", "administrator"], ["coordinator"]),
        (Role.EDITOR, True, ["administrator"], ["administrator"]),
        (Role.MODERATOR, False, ["head", "coordinator", "administrator"], ["administrator"]),
        (Role.ADMINISTRATOR, False, [], ["member"]),
        (Role.ADMINISTRATOR, True, ["coordinator", "administrator"], ["administrator"]),
    ],
)
def test_the_nearest_are_asked_to_renew(
    testland: Territory, role: Role, inside: bool, others: list[str], expected: list[str]
) -> None:
    house = Organization.objects.create(territory=testland, name="A house")
    held = {
        "head": (Role.ADMINISTRATOR, house),
        "coordinator": (Role.COORDINATOR, None),
        "administrator": (Role.ADMINISTRATOR, None),
    }
    for name in others:
        give(User.objects.create_user(f"{name}@example.org"), held[name][0], testland, held[name][1])
    one = give(User.objects.create_user("member@example.org"), role, testland, house if inside else None)
    asked = queries.who_may_renew(one, at=NOW)
    assert [user.email.partition("@")[0] for user in asked] == expected


def test_a_renewal_begins_today_and_the_reminder_is_forgotten(
    cast: Any, house: Organization, testland: Territory
) -> None:
    one = cast.alice.memberships.get()
    one.ends_at, one.reminded_at, one.sees_confidential_places = NOW + timedelta(days=3), NOW, True
    one.save()
    with pytest.raises(NotAllowed):
        actions.renew(one, by=cast.bob, at=NOW)
    actions.renew(one, by=cast.dora, at=NOW)
    one.refresh_from_db()
    assert one.ends_at.date().isoformat() == "2027-11-20"
    assert one.reminded_at is None
    assert one.sees_confidential_places


def test_what_was_over_starts_again_without_the_rights_it_had(cast: Any, house: Organization) -> None:
    one = cast.alice.memberships.get()
    one.ends_at, one.sees_confidential_places = NOW - timedelta(days=3), True
    one.save()
    actions.renew(one, by=cast.dora, at=NOW)
    one.refresh_from_db()
    assert one.starts_at == NOW
    assert not one.sees_confidential_places


def test_ending_takes_the_right_away(cast: Any, house: Organization) -> None:
    one = cast.alice.memberships.get()
    Membership.objects.filter(pk=one.pk).update(sees_confidential_places=True)
    actions.end_membership(one, by=cast.dora, at=NOW)
    assert not Membership.objects.get(pk=one.pk).sees_confidential_places


def test_the_right_is_given_by_name_told_and_taken_back(
    cast: Any, house: Organization, testland: Territory, sent: Any
) -> None:
    give(cast.charlie, Role.ADMINISTRATOR, testland, house)
    one = cast.alice.memberships.select_related("user", "organization", "territory").get()
    with pytest.raises(NotAllowed, match="Only an administrator"):
        actions.open_confidential_places(one, by=cast.bob, at=NOW)
    told = sent(actions.open_confidential_places, one, by=cast.charlie, at=NOW)
    assert sorted(letter.to[0] for letter in told) == ["alice@example.org", "charlie@example.org"]
    assert all("Alice" in letter.subject for letter in told) or "Alice" in told[0].body
    assert sent(actions.open_confidential_places, one, by=cast.charlie, at=NOW) == []
    with pytest.raises(NotAllowed, match="Only an administrator"):
        actions.close_confidential_places(one, by=cast.bob, at=NOW)
    actions.close_confidential_places(one, by=cast.alice, at=NOW)
    actions.close_confidential_places(one, by=cast.charlie, at=NOW)
    verbs = Trace.objects.order_by("sequence").values_list("verb", flat=True)
    assert list(verbs) == ["opened confidential places", "closed confidential places"]


def test_nobody_gives_it_to_themselves_nor_to_a_role_without_an_organisation(
    cast: Any, house: Organization, testland: Territory
) -> None:
    head = give(cast.charlie, Role.ADMINISTRATOR, testland, house)
    with pytest.raises(NotAllowed, match="to themselves"):
        actions.open_confidential_places(head, by=cast.charlie, at=NOW)
    whole = give(cast.charlie, Role.MODERATOR, testland)
    with pytest.raises(NotAllowed, match="active member of an organisation"):
        actions.open_confidential_places(whole, by=cast.dora, at=NOW)
    over = cast.alice.memberships.get()
    over.ends_at = NOW - timedelta(days=1)
    with pytest.raises(NotAllowed, match="active member of an organisation"):
        actions.open_confidential_places(over, by=cast.dora, at=NOW)


def test_everyone_changes_their_own_account_and_no_other(cast: Any) -> None:
    actions.change_account(cast.alice, name=" Alice A. ", language="nl", by=cast.alice)
    cast.alice.refresh_from_db()
    assert (cast.alice.name, cast.alice.language) == ("Alice A.", "nl")
    with pytest.raises(NotAllowed):
        actions.change_account(cast.alice, name="Eve", language="fr", by=cast.dora)


def test_a_letter_is_in_the_readers_language_else_in_the_territorys(cast: Any, house: Organization) -> None:
    one = cast.alice.memberships.get()
    cast.alice.language = "nl"
    assert post.language_of(cast.alice, one.territory) == "nl"
    cast.alice.language = "xx"
    assert post.language_of(cast.alice, one.territory) == one.territory.languages[0]


def test_a_name_cannot_add_a_header_to_a_letter(cast: Any, house: Organization) -> None:
    assert post.post("x@example.org", "en", "%(who)s", "%(who)s", {"who": "Eve\nBcc: all@example.org"})
    assert mail.outbox[0].subject == "Eve Bcc: all@example.org"


def test_members_are_listed_by_organisation_page_by_page(cast: Any, house: Organization, testland: Territory) -> None:
    other = Organization.objects.create(territory=testland, name="Zebra")
    for number in range(5):
        give(User.objects.create_user(f"z{number}@example.org"), Role.EDITOR, testland, other)
    everyone = queries.Scope(everyone=True)
    seen: list[int] = []
    after = 0
    while page := list(queries.members(testland, everyone, at=NOW, after=after)[:2]):
        seen += [one.pk for one in page]
        after = page[-1].pk
    rows = {one.pk: one for one in Membership.objects.select_related("organization")}
    assert len(seen) == len(set(seen)) == Membership.objects.count()
    names = [rows[pk].organization.name if rows[pk].organization else "" for pk in seen]
    assert names == sorted(names)
    own = queries.members(testland, queries.Scope(organizations=(house.pk,)), at=NOW)
    assert {one.user for one in own} == {cast.alice, cast.bob}
    assert cast.dora not in {one.user for one in queries.members(testland, queries.Scope(inside=True), at=NOW)}
    assert queries.members(testland, everyone, at=NOW, words="zeb").count() == 5
    assert queries.members(testland, everyone, at=NOW, state="ended").count() == 0
    assert queries.members(testland, everyone, at=NOW, state="waiting").count() == 3
    assert queries.members(testland, everyone, at=NOW, state="expiring").count() == 0


def test_the_letters_say_nothing_before_what_they_tell_is_written(
    cast: Any, house: Organization, testland: Territory
) -> None:
    actions.invite("new@example.org", Role.EDITOR, territory=testland, organization=house, by="system:test")
    assert mail.outbox == []
    assert re.fullmatch(r"http://127.0.0.1:8000/welcome/[\w:-]+/", accounts.welcome_link(cast.alice))


def test_the_command_renews_when_nobody_is_left_who_may(cast: Any, house: Organization, testland: Territory) -> None:
    Membership.objects.update(ends_at=NOW - timedelta(days=1))
    out = StringIO()
    call_command("user", "renew", "Dora@example.org", stdout=out)
    assert "dora@example.org is Administrator of Testland until 2" in out.getvalue()
    assert cast.dora.memberships.get().ends_at > timezone.now()
    with pytest.raises(CommandError, match=r"charlie@example\.org holds no role in Testland"):
        call_command("user", "renew", "charlie@example.org")


def test_the_trail_is_read_backwards_page_by_page_and_narrowed(cast: Any, testland: Territory) -> None:
    for who in (cast.alice, cast.bob, cast.alice):
        audit.record("kept", testland, by=who)
    assert [line.sequence for line in queries.trail()] == [3, 2, 1]
    assert [line.sequence for line in queries.trail(before=3)] == [2, 1]
    assert [line.sequence for line in queries.trail(actor=audit.actor(cast.alice))] == [3, 1]
    assert queries.trail(kind="people.user").count() == 0
    assert queries.trail(kind="territory.territory", target=str(testland.pk)).count() == 3
