from django.urls import path

from maillage.web.public import about, activities, areas, home, language, machine, missing, results, service, wizard

urlpatterns = [
    path("", home.home, name="home"),
    path("help/", home.help_now, name="help"),
    path("questions/", wizard.questions, name="questions"),
    path("questions/left/", missing.left, name="questions-left"),
    path("results/", results.results, name="results"),
    path("service/<uuid:uuid>/", service.service, name="service"),
    path("activities/", activities.activities, name="activities"),
    path("activities/feed.ics", activities.feed, name="activities-feed"),
    path("activities/<uuid:uuid>.ics", activities.one, name="activity-feed"),
    path("areas/", areas.areas, name="areas"),
    path("areas/<str:code>/", areas.area, name="area"),
    path("about/", about.about, name="about"),
    path("accessibility/", about.accessibility, name="accessibility"),
    path("privacy/", about.privacy, name="privacy"),
    path("language/", language.choose, name="language"),
    path("favicon.ico", machine.favicon, name="favicon"),
    path("robots.txt", machine.robots, name="robots"),
    path("sitemap.xml", machine.sitemap, name="sitemap"),
    path("manifest.webmanifest", machine.manifest, name="manifest"),
]
