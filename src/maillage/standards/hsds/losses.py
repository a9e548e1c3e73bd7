"""What a round trip through HSDS 3.1 loses, declared: `import(export(x))` keeps everything else (tests/unit/standards)."""

LOSSES: tuple[tuple[str, str], ...] = (
    ("location (confidential)", "its id, name, coordinates, addresses, external identifier, contacts, phones: they never leave the system"),
    ("location", "locations where no service is offered"),
    ("service", "services that are hidden or defunct: they are not published"),
    ("service.maillage.obstacles", "which obstacles a service lifts: obstacles belong to the territory's pack"),
    ("activity.location", "the location of a dated activity, when the service has several"),
    ("contact.name", "the name of a contact person, unless the import is told to keep names (--with-names)"),
    ("phone.languages", "languages of a phone line"),
    ("phone.extension", "extensions that are not a whole number: HSDS wants a number"),
    ("schedule", "dtstart, until, count, wkst, byweekno, byyearday, bymonthday, interval, timezone, attending_type, schedule_link, notes of rows "
                 "that OpenStreetMap hours say otherwise or cannot say; the rows of one period become one schedule"),
    ("schedule.opens_at", "HSDS rows (not the OpenStreetMap string beside them) cannot say public holidays, months, dates and comments"),
    ("service_area", "service areas of a service at a location become those of the service"),
    ("service_area.description", "kept only when there is no name"),
    ("attribute", "attributes of anything but services, organisations and locations; metadata of every object (kept in the raw record)"),
    ("taxonomy_term.term_uri", "the address of a term"),
    ("id", "of an object that a feed repeats under several owners: the first keeps it, the others get one made from it"),
    ("organization_identifier.id", "ids of identifiers are made from the register and the number"),
    ("unit", "scheme, identifier and address of a unit of capacity; the unit is its name"),
    ("cost_option.amount", "below one cent"),
    ("source", "raw records, provenance and history of changes"),
)  # fmt: skip
