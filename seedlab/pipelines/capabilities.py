"""What a pipeline's call takes, read from its signature."""

import inspect
from dataclasses import dataclass, fields
from typing import Any, Self


@dataclass(frozen=True)
class Capabilities:
    """Which arguments a pipeline's `__call__` takes. (PixArt, for one, has no callback at the end of a step.)"""

    prompt: bool
    negative_prompt: bool
    guidance_scale: bool
    height: bool
    width: bool
    num_inference_steps: bool
    callback_on_step_end: bool

    @classmethod
    def read(cls, pipeline: Any) -> Self:
        """Read them from a pipeline or a pipeline class."""
        names = inspect.signature(pipeline.__call__).parameters
        return cls(**{field.name: field.name in names for field in fields(cls)})
