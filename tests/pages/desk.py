"""The cast at the desk: Alice edits her house's services, Eve another house's, Mona moderates the territory."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from django.test import Client

if TYPE_CHECKING:
    from maillage.directory.models import Service
    from maillage.people.models import User
    from maillage.territory.models import Territory
    from tests.conftest import Cast

JANUARY = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Desk:
    """`shelter` and the confidential `refuge` are of Alice's house; `other` is Eve's."""

    territory: Territory
    cast: Cast
    mona: User
    eve: User
    shelter: Service
    refuge: Service
    other: Service


def build(territory: Territory, cast: Cast) -> Desk:
    from maillage.directory.models import Location, Service
    from maillage.directory.search.index import reindex
    from maillage.people.models import Membership, Role, User

    shelter, refuge, other = (Service.objects.get(code=code) for code in ("open-door", "safe-house", "listening-post"))
    for one in (shelter, refuge):
        Location.objects.filter(services_here__service=one).update(organization=cast.organization)
        Service.objects.filter(pk=one.pk).update(organization=cast.organization)
        one.refresh_from_db()
    mona, eve = (
        User.objects.create_user(f"{name}@example.org", "a long enough sentence", name=name.title(), language="fr")
        for name in ("mona", "eve")
    )
    for user, role, organization in ((mona, Role.MODERATOR, None), (eve, Role.EDITOR, other.organization)):
        Membership.objects.create(
            user=user, territory=territory, organization=organization, role=role, starts_at=JANUARY
        )
    reindex(territory)
    return Desk(territory, cast, mona, eve, shelter, refuge, other)


def signed_in(user: User, language: str = "en") -> Client:
    client = Client(headers={"accept-language": language})
    client.force_login(user)
    return client
