"""Reading what others send: packages, tables, documents, and values that may be anything."""
