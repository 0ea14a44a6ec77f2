"""SeedLab: walk among recipes by clicking on pictures."""

__version__ = "0.1.0"
