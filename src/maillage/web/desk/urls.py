from django.urls import path

from maillage.web.desk import (
    account,
    closures,
    duplicates,
    feeds,
    health,
    history,
    home,
    imports,
    lists,
    members,
    moderation,
    people,
    refer,
    referrals,
    reports,
    room,
    service_edit,
    service_new,
    services,
    tonight,
    trail,
    unmet,
)

# one block for each flow; every name stands in web/access.py
urlpatterns = [
    path("", home.home, name="desk"),
    # people: my account, members, the trail
    path("account/", account.account, name="desk-account"),
    path("members/", members.members, name="desk-members"),
    path("members/invite/", members.invite, name="desk-invite"),
    path("trail/", trail.trail, name="desk-trail"),
    path("readings/", trail.readings, name="desk-readings"),
    # lists to hand over
    path("lists/", lists.lists, name="desk-lists"),
    path("lists/add/", lists.add, name="desk-list-add"),
    path("lists/<uuid:uuid>/", lists.one, name="desk-list"),
    # the people who are helped
    path("people/", people.people, name="desk-people"),
    path("people/new/", people.new, name="desk-person-new"),
    path("people/<uuid:uuid>/", people.person, name="desk-person"),
    path("people/<uuid:uuid>/edit/", people.edit, name="desk-person-edit"),
    path("people/<uuid:uuid>/join/", people.join, name="desk-person-join"),
    path("people/<uuid:uuid>/household/", people.household, name="desk-person-household"),
    # where they are sent, and what was answered
    path("referrals/", referrals.boxes, name="desk-referrals"),
    path("referrals/<uuid:uuid>/", referrals.referral, name="desk-referral"),
    path("services/<uuid:uuid>/refer/", refer.refer, name="desk-refer"),
    # how fresh and how complete the directory is
    path("health/", health.page, name="desk-health"),
    path("health/records/", health.records, name="desk-health-records"),
    path("health/records.csv", health.table, name="desk-health-csv"),
    # what was missing
    path("unmet/", unmet.page, name="desk-unmet"),
    path("unmet.csv", unmet.table, name="desk-unmet-csv"),
    # tonight: the dispatch
    path("tonight/", tonight.page, name="desk-tonight"),
    path("tonight/live/", tonight.live, name="desk-tonight-live"),
    path("tonight/<uuid:uuid>/", tonight.place, name="desk-tonight-place"),
    path("tonight/held/<uuid:uuid>/", tonight.hold, name="desk-tonight-hold"),
    # services: kept true by their own people
    path("services/", services.services, name="desk-services"),
    path("services/<uuid:uuid>/still-true/", services.still_true, name="desk-still-true"),
    path("services/<uuid:uuid>/room/", room.room, name="desk-room"),
    path("services/<uuid:uuid>/close/", closures.close, name="desk-close"),
    path("services/<uuid:uuid>/close/<uuid:closure>/end/", closures.reopen, name="desk-reopen"),
    path("services/<uuid:uuid>/place/", services.place, name="desk-place"),
    path("services/new/", service_new.new, name="desk-service-new"),
    path("services/<uuid:uuid>/edit/", service_edit.edit, name="desk-service-edit"),
    path("services/<uuid:uuid>/history/", history.history, name="desk-history"),
    # proposals, and their decision
    path("changes/", moderation.changes, name="desk-changes"),
    path("changes/<uuid:uuid>/", moderation.change, name="desk-change"),
    path("changes/<uuid:uuid>/withdraw/", moderation.withdraw, name="desk-change-withdraw"),
    path("changes/<uuid:uuid>/undo/", moderation.undo, name="desk-change-undo"),
    path("changes/<uuid:uuid>/decide/", moderation.decide, name="desk-change-decide"),
    path("changes/<uuid:uuid>/edit/", service_edit.edit_then_accept, name="desk-change-edit"),
    path("moderation/", moderation.queue, name="desk-moderation"),
    # two records that may be one
    path("duplicates/", duplicates.queue, name="desk-duplicates"),
    path("duplicates/<uuid:uuid>/", duplicates.pair, name="desk-duplicate"),
    path("duplicates/<uuid:uuid>/decide/", duplicates.decide, name="desk-duplicate-decide"),
    path("merges/", duplicates.merges, name="desk-merges"),
    path("merges/<uuid:uuid>/undo/", duplicates.undo, name="desk-merge-undo"),
    # what people report as wrong
    path("reports/", reports.reports, name="desk-reports"),
    path("reports/<uuid:uuid>/", reports.report, name="desk-report"),
    path("reports/<uuid:uuid>/again/", reports.again, name="desk-report-again"),
    # imports, the feeds that come again, the services that left their source
    path("imports/", imports.runs, name="desk-imports"),
    path("imports/new/", imports.new, name="desk-import-new"),
    path("imports/feeds/", feeds.feeds, name="desk-feeds"),
    path("imports/feeds/<uuid:uuid>/", feeds.feed, name="desk-feed"),
    path("imports/gone/", feeds.gone, name="desk-gone"),
    path("imports/records/<int:key>/", imports.record, name="desk-import-record"),
    path("imports/<uuid:uuid>/", imports.one, name="desk-import"),
    path("imports/<uuid:uuid>/remarks/", imports.remarks, name="desk-import-remarks"),
    path("imports/<uuid:uuid>/remarks.csv", imports.table, name="desk-import-csv"),
    path("imports/<uuid:uuid>/again/", imports.again, name="desk-import-again"),
    path("imports/<uuid:uuid>/cancel/", imports.cancel, name="desk-import-cancel"),
]
