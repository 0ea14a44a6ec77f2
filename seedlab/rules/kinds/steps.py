"""The same recipe at several numbers of denoising steps, as SeedLab 0.2 made such rounds. New ones are sweeps."""

from dataclasses import dataclass

from seedlab.core.recipes.recipe import Recipe
from seedlab.rules.kinds.sweep import Sweep
from seedlab.rules.rule import Rule, Value


@dataclass(frozen=True)
class Steps(Rule):
    """One tile for each number of steps. It is only read, from old pictures and trails."""

    name = "steps"
    label = "Steps"
    from_tile = False

    @classmethod
    def apply(cls, parent: Recipe, value: Value) -> Recipe:
        """Replace the number of steps."""
        return Sweep.apply(parent, ("steps", value))

    @classmethod
    def caption(cls, parent: Recipe, value: Value) -> str:
        """Return "12 steps"."""
        return Sweep.caption(parent, ("steps", value))
