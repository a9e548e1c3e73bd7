from django.urls import path

from maillage.web.desk import home, unmet

# one block for each flow; every name stands in web/access.py
urlpatterns = [
    path("", home.home, name="desk"),
    # what was missing
    path("unmet/", unmet.page, name="desk-unmet"),
    path("unmet.csv", unmet.table, name="desk-unmet-csv"),
]
