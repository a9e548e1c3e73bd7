from django.urls import path

from maillage.web.desk import health, home, unmet

# one block for each flow; every name stands in web/access.py
urlpatterns = [
    path("", home.home, name="desk"),
    # how fresh and how complete the directory is
    path("health/", health.page, name="desk-health"),
    path("health/records/", health.records, name="desk-health-records"),
    path("health/records.csv", health.table, name="desk-health-csv"),
    # what was missing
    path("unmet/", unmet.page, name="desk-unmet"),
    path("unmet.csv", unmet.table, name="desk-unmet-csv"),
]
