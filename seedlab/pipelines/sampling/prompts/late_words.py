"""Late words, and the end of seed variety: the prompt that is read changes after some steps.

The plain script is `pipe(prompt, callback_on_step_end=...)` with a callback that returns other prompt embeddings. The
steps before are those of the picture without late words, bit for bit.
"""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from seedlab.core.errors import RecipeError
from seedlab.core.recipes.recipe import Recipe
from seedlab.pipelines.models.families import family_of
from seedlab.pipelines.sampling.steps import count_steps

if TYPE_CHECKING:
    from torch import Tensor

Encode = Callable[[Recipe], "tuple[Tensor, ...]"]
"""Returns the embeddings of a recipe's `later_prompt`, one row each."""


def swap_prompts(pipeline: Any, recipes: Sequence[Recipe], encode: Encode) -> dict[str, Any]:
    """Return the arguments of a call after some of whose steps the recipes' `later_prompt` is read.

    {} if their prompts do not change.

    Args:
        pipeline: with the scheduler that the call uses.
        recipes: of the call's images, whose prompts change after the same step.

    Raises:
        RecipeError: the pipeline cannot change its prompt between two steps.
    """
    import torch

    first = recipes[0]
    names = family_of(pipeline).step_embeddings
    if (first.late_step or first.seed_variety) and not names:
        raise RecipeError("late_prompt", "This model cannot change its prompt between two steps: vary it by suffixes.")
    if not first.changes_prompt_after:
        return {}
    rows = zip(*map(encode, recipes), strict=True)
    words = {name: torch.cat(each) for name, each in zip(names, rows, strict=False)}

    def swap(_: Any, index: int, _timestep: Any, tensors: "dict[str, Tensor]") -> "dict[str, Tensor]":
        if index + 1 != count_steps(pipeline.scheduler, first.changes_prompt_after):
            return {}
        # The rows of the negative prompts, if there are any, come first.
        return {name: torch.cat([tensors[name][: -len(late)], late]) for name, late in words.items()}

    return {"callback_on_step_end": swap, "callback_on_step_end_tensor_inputs": list(names)}
