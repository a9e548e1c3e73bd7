"""Search: stems in the database, facets in arrays, one ranking on both databases."""
