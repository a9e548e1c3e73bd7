from django.urls import path

from maillage.web.desk import home

# one block for each flow; every name stands in web/access.py
urlpatterns = [
    path("", home.home, name="desk"),
]
