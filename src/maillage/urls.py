"""Every address of the site. Interchange and the API answer beside the pages."""

from django.urls import URLPattern, URLResolver, include, path

from maillage.web.api import api

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("maillage.web.public.urls")),
    path("desk/referrals/", include("maillage.standards.fhir.pages")),
    path("desk/", include("maillage.web.desk.urls")),
    path("desk/referrals/", include("maillage.standards.fhir.pages")),
    path("api/", api.urls),
    path("library/", include("maillage.standards.library")),
    path("hsds/", include("maillage.standards.hsds.urls")),
    path("accounts/", include("allauth.urls")),
]

handler400 = "maillage.web.public.errors.bad_request"
handler403 = "maillage.web.public.errors.forbidden"
handler404 = "maillage.web.public.errors.not_found"
handler429 = "maillage.web.public.errors.too_often"  # asked by allauth
handler500 = "maillage.web.public.errors.broken"
