"""The Python interface: what the commands do, for scripts.

    with seedlab.SeedLab() as lab:
        grid = lab.grid("Labrador in the style of Vermeer", seeds="0-3", out="pictures")
        more = lab.refine(grid.pictures[2], suffix=[", artsy", ", colorful"])

Importing it does no work; torch is imported by the first picture.
"""

from seedlab.api.lab import SeedLab

__all__ = ["SeedLab"]
