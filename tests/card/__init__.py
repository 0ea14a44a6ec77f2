"""A CUDA card made of memory, and what SeedLab does on it: see `tests.card.card`."""
