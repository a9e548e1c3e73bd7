"""Somebody referred: what a test says in one line. Greta of the street team refers Amina to the Open Door, where Bob works."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from tests.testland import NOW

if TYPE_CHECKING:
    from maillage.directory.models import Service
    from maillage.orientation.models import Referral
    from maillage.people.models import Consent, Organization, Person
    from tests.beds import Beds

WORDS = "Amina and her son need a bed from tonight on. The street team sends: her name, her language."


def agreed(
    person: Person, to: Organization | None, what: tuple[str, ...] = (), *, shown: str = WORDS, by: Any = "system:test",
    at: datetime = NOW, **more: Any,
) -> Consent:  # fmt: skip
    from maillage.people.actions import persons

    return persons.agree(
        person, "referral", organization=to, what=what, shown=shown, language="en", how="said", by=by, at=at, **more
    )


def refer(
    beds: Beds, person: Person | None = None, service: Service | None = None, *, at: datetime = NOW, agrees: tuple[str, ...] = (),
    **more: Any,
) -> tuple[Referral, str]:  # fmt: skip
    """As Greta sends it, with leave for what it carries; what differs is given."""
    from maillage.orientation.actions import referrals
    from maillage.orientation.models import Need

    person, service = person or beds.amina, service or beds.shelter
    said: dict[str, Any] = {
        "sender": beds.street, "need": Need.objects.get(territory=beds.territory, code="emergency-shelter"), "area": "north",
        "what": {"called": person.called()}, "message": "need a bed from tonight on", "by": beds.greta, "at": at,
    }  # fmt: skip
    said |= more
    if "consent" not in said:
        said["consent"] = agreed(person, service.organization, agrees, at=at)
    return referrals.send(person, service, **said)
