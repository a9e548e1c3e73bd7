"""The links to a referral: 256 bits signed with the secret of this site, so that a letter can be written again. Kept: a hash."""

from __future__ import annotations

from typing import Final

from maillage.orientation.models import Referral
from maillage.orientation.rules.referrals import PERSON, RECIPIENT
from maillage.people import tokens

FIELDS: Final = {RECIPIENT: "token", PERSON: "person_token"}
ANEW: Final = {RECIPIENT: "relinked", PERSON: "relinked-person"}  # codes of the timeline: each ends the links before it


def token(referral: Referral, side: str) -> str:
    """The secret of this side's link as it stands now; 43 characters."""
    generation = referral.events.filter(code=ANEW[side]).count()
    return tokens.token("referral", f"{side}:{referral.uuid.hex}:{generation}")


def keep(referral: Referral, side: str) -> str:
    """Let this side's link open from now on, and no other one. Its secret."""
    made = token(referral, side)
    setattr(referral, FIELDS[side], tokens.hashed(made))
    referral.save(update_fields=[FIELDS[side]])
    return made
