"""Opening hours: from what people write, in English, French and Dutch, to the opening_hours strings of OpenStreetMap.

Pure: text in, text out. Nothing is guessed: what is not understood is said (`partly`, `unread`), and the raw text stays.
"""

from maillage.directory.hours.reading import Hours, is_osm, read, read_osm, read_table
from maillage.directory.hours.week import DAYS, Week

__all__ = ["DAYS", "Hours", "Week", "is_osm", "read", "read_osm", "read_table"]
