"""Who stands at the desk and where: for views behind the gate, which always have both."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest

from maillage.people.models import User
from maillage.territory.models import Territory
from maillage.web.language import territory_of


def member(request: HttpRequest) -> User:
    """The gate lets nobody else in; asked again, so that a mistake in the table opens nothing."""
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user


def here(request: HttpRequest) -> Territory:
    territory = territory_of(request)
    if territory is None:
        raise Http404
    return territory
