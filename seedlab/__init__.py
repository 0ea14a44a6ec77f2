"""SeedLab: walk among recipes by clicking on pictures."""

__version__ = "0.2.0.dev0"
