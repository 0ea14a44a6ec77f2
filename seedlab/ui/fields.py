"""The fields of the panel as a model has them: its defaults shown, what it does not take hidden."""

from typing import Any

import gradio as gr

from seedlab.core.model import Model
from seedlab.core.schedulers import SCHEDULERS
from seedlab.rules.registry import VARIATIONS
from seedlab.ui.captions import label_scheduler

FITTED = (
    "num_inference_steps",
    "guidance_scale",
    "scheduler",
    "width",
    "height",
    "prompt",
    "rule",
    "negative_prompt",
    "loras",
    "examples",
)
"""What looks different for another model: fields, and the prompts to try."""

WORDLESS = ("num_inference_steps", "scheduler", "rule")
"""Those of them that a model without words takes."""


def fit_fields(model: Model, rule: str | None, *, local: bool) -> tuple[Any, ...]:
    """Return updates of `FITTED`: fields show the model's defaults, and what it does not take is hidden.

    Args:
        rule: the name of the rule that is selected.
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
    updates["rule"] = _fit_rules(list_rules(model), rule)
    return tuple(updates.values())


def _fit_rules(choices: list[tuple[str, str]], rule: str | None) -> dict[str, Any]:
    update: dict[str, Any] = gr.update(choices=choices, visible=True)
    if rule not in dict(choices).values():
        update["value"] = choices[0][1]
    return update


def list_rules(model: Model | None = None) -> list[tuple[str, str]]:
    """List (label, name) of the rules that can vary a tile of a model; of all, before the model is known."""
    wordless = model is not None and model.unconditional
    return [(rule.label, rule.name) for rule in VARIATIONS if not (wordless and rule.needs_prompt)]


def show_rule(rule: str | None) -> tuple[Any, ...]:
    """Return an update for the fields of each rule: those of the selected one are shown."""
    return tuple(gr.update(visible=each.name == rule) for each in VARIATIONS)


def list_schedulers(model: Model | None = None) -> list[tuple[str, str]]:
    """List (label, name) of the schedulers that work with a model, its own choice first; all, before it is known."""
    first = f"Default: {label_scheduler(model.scheduler)}" if model else "The model's default"
    offered = model.schedulers if model else SCHEDULERS
    return [(first, ""), *((scheduler.label, scheduler.name) for scheduler in offered)]
