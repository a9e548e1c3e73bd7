"""Two addresses of the desk: one referral as a FHIR document, and such a document taken in. Who may knock: web/access.py."""

from __future__ import annotations

import json
from typing import cast
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from maillage.directory.models import Service
from maillage.directory.queries import served
from maillage.orientation import referring
from maillage.orientation.actions.referrals import ConsentMissing, NotPossible
from maillage.people import audit
from maillage.people.actions.persons import Impossible
from maillage.people.models import User
from maillage.people.queries import carer_in
from maillage.people.rules import NotAllowed
from maillage.standards.fhir import rows
from maillage.standards.fhir.reading import MOST_BYTES, from_bundle
from maillage.standards.fhir.said import Refused
from maillage.standards.fhir.writing import to_bundle
from maillage.territory.models import Territory


@require_safe
def out(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """To those who sent it or received it; somebody else's is not there. Every document that leaves is traced."""
    at, user = timezone.now(), cast(User, request.user)
    found = referring.visible(user, _territory(request), at=at).filter(uuid=uuid).first()
    if found is None:
        raise Http404
    text = json.dumps(to_bundle(rows.said(found)), ensure_ascii=False, indent=2)
    audit.record("exported a referral", found, by=user, at=at)
    headers = {"Content-Disposition": 'attachment; filename="referral.json"'}
    return HttpResponse(text, content_type="application/fhir+json; charset=utf-8", headers=headers)


@require_POST
def taken(request: HttpRequest) -> HttpResponse:
    """`file`: the document; `service`: which of one's own services it is for, when it does not say. A refusal is a sentence."""
    at, user, territory = timezone.now(), cast(User, request.user), _territory(request)
    file = request.FILES.get("file")
    try:
        data = file.read(MOST_BYTES + 1) if isinstance(file, UploadedFile) else b""
        referral = rows.take_in(from_bundle(data), territory, service=_service(request, territory), by=user, at=at)
    except Refused as refusal:
        messages.error(request, _(str(refusal)) % refusal.values)
    except (NotAllowed, NotPossible, ConsentMissing, Impossible) as refusal:
        messages.error(request, _(str(refusal)))
    else:
        messages.success(request, _("The referral was taken in."))
        return redirect("desk-referral", uuid=referral.uuid)
    return redirect("desk-referrals")


def _service(request: HttpRequest, territory: Territory) -> Service | None:
    """One of their own; any other is none."""
    mine = carer_in(cast(User, request.user), territory, at=timezone.now())
    try:
        uuid = request.POST.get("service") or None
        return (
            Service.objects.visible().filter(territory=territory, organization__in=mine, uuid=uuid).first()
            if uuid
            else None
        )
    except ValidationError:
        return None


def _territory(request: HttpRequest) -> Territory:
    if (territory := served(request)) is None:
        raise Http404
    return territory


urlpatterns = [
    path("fhir", taken, name="desk-referral-fhir-in"),
    path("<uuid:uuid>/fhir", out, name="desk-referral-fhir"),
]
