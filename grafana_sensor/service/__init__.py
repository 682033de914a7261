"""Use cases: what the doors and the library do with users, records and questions."""
