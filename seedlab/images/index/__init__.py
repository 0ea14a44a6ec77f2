"""The index of the store: what its pictures are made of, searchable, and what visitors marked."""
