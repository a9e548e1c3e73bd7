"""The links of a person to an offer and to a request: signed (people.tokens), so that a message can be said again. Kept: a hash."""

from __future__ import annotations

import secrets
from typing import Final

from maillage.people import tokens
from maillage.places.models import Offer, Request

MOST: Final = 500  # links of one request, one after the other, that can be told again; those after it cannot


def of_offer(offer: Offer) -> str:
    """The secret of its link; an offer has one, and ends soon."""
    return tokens.token("offer", offer.uuid.hex)


def of_request(request: Request) -> str:
    """The secret of the link that opens now; "" when there is none, or nobody can tell it again."""
    number = _number(request)
    return "" if number is None else _secret(request, number)


def following(request: Request) -> str:
    """The secret of a link that this request never had. The caller keeps its hash: the one before opens nothing any more."""
    number = _number(request)
    if request.token and (number is None or number + 1 >= MOST):
        return secrets.token_urlsafe(32)
    return _secret(request, 0 if number is None else number + 1)


def _number(request: Request) -> int | None:
    """Which of its links opens now."""
    if not request.token:
        return None
    return next((n for n in range(MOST) if tokens.hashed(_secret(request, n)) == request.token), None)


def _secret(request: Request, number: int) -> str:
    return tokens.token("request", f"{request.uuid.hex}:{number}")
