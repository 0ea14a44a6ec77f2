"""A visitor's session: what may be asked of it, what the store has already, what is reported, and how long it takes."""
