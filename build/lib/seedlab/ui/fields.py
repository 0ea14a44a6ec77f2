"""The fields of the panel as a model has them: its defaults shown, what it does not take hidden."""

from typing import Any

import gradio as gr

from seedlab.core.model import Model
from seedlab.core.schedulers import SCHEDULERS
from seedlab.ui.captions import label_scheduler

FITTED = (
    "num_inference_steps",
    "guidance_scale",
    "scheduler",
    "width",
    "height",
    "prompt",
    "suffixes",
    "negative_prompt",
    "loras",
    "examples",
)
"""What looks different for another model: fields, and the prompts to try."""

WORDLESS = ("num_inference_steps", "scheduler")
"""Those of them that a model without words takes."""


def fit_fields(model: Model, *, local: bool) -> tuple[Any, ...]:
    """Return updates of `FITTED`: fields show the model's defaults, and what it does not take is hidden.

    Args:
        local: whether visitors may name files of this machine.
    """
    taken = WORDLESS if model.unconditional else FITTED
    hidden = model.ignores if local else (*model.ignores, "loras")
    updates = {name: gr.update(visible=name in taken and name not in hidden) for name in FITTED}
    # As placeholders: what a visitor has typed stays, whichever model is chosen, and what is empty is the model's.
    for name in ("num_inference_steps", "guidance_scale", "width", "height"):
        updates[name]["placeholder"] = f"{getattr(model, name):g}"
    is_read = model.guidance_scale > model.neutral_guidance
    needed = "" if is_read else f"Read only with guidance above {model.neutral_guidance:g}"
    updates["negative_prompt"]["placeholder"] = needed
    updates["scheduler"] = gr.update(choices=list_schedulers(model))
    return tuple(updates.values())


def list_schedulers(model: Model | None = None) -> list[tuple[str, str]]:
    """List (label, name) of the schedulers that work with a model, its own choice first; all, before it is known."""
    first = f"Default: {label_scheduler(model.scheduler)}" if model else "The model's default"
    offered = model.schedulers if model else SCHEDULERS
    return [(first, ""), *((scheduler.label, scheduler.name) for scheduler in offered)]
