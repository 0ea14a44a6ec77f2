"""Updates of the panel for a model: its defaults as placeholders, unsupported fields hidden."""

from typing import Any

import gradio as gr

from seedlab.core.errors import RecipeError
from seedlab.core.models.model import Model
from seedlab.core.recipes.schedulers import SCHEDULERS
from seedlab.rules.parameter import Parameter
from seedlab.rules.registry import VARIATIONS
from seedlab.ui.views.captions import label_scheduler

MODEL_DEPENDENT = (
    "num_inference_steps",
    "guidance_scale",
    "scheduler",
    "width",
    "height",
    "prompt",
    "rule",
    "negative_prompt",
    "seed_variety",
    "loras",
    "examples",
)
"""The components that depend on the model."""

UNCONDITIONAL = ("num_inference_steps", "scheduler", "rule")
"""Those that apply to unconditional models."""


def update_fields(model: Model, rule: str | None, *, local: bool) -> tuple[Any, ...]:
    """Return updates of `MODEL_DEPENDENT`: defaults as placeholders, unsupported fields hidden.

    Args:
        rule: the name of the rule that is selected.
        local: whether users may name files on this machine.
    """
    supported = UNCONDITIONAL if model.unconditional else MODEL_DEPENDENT
    hidden = (*model.ignores, *(() if local else ("loras",)), *(() if model.step_embeddings else ("seed_variety",)))
    updates = {name: gr.update(visible=name in supported and name not in hidden) for name in MODEL_DEPENDENT}
    # Placeholders, not values: user input survives a change of model, and an empty field means the model's default.
    for name in ("num_inference_steps", "guidance_scale", "width", "height"):
        updates[name]["placeholder"] = f"{getattr(model, name):g}"
    is_guided = model.guidance_scale > model.neutral_guidance
    condition = "" if is_guided else f"Used only with guidance above {model.neutral_guidance:g}"
    updates["negative_prompt"]["placeholder"] = condition
    updates["scheduler"] = gr.update(choices=list_schedulers(model))
    updates["rule"] = _update_rules(list_rules(model), rule)
    return tuple(updates.values())


def _update_rules(choices: list[tuple[str, str]], rule: str | None) -> dict[str, Any]:
    update: dict[str, Any] = gr.update(choices=choices, visible=True)
    if rule not in dict(choices).values():
        update["value"] = choices[0][1]
    return update


def list_rules(model: Model | None = None) -> list[tuple[str, str]]:
    """Return (label, name) of the rules that can vary a tile of a model, or of all rules without one."""
    return [(rule.label, rule.name) for rule in VARIATIONS if model is None or not rule.refuse(model)]


def show_rule(rule: str | None) -> tuple[Any, ...]:
    """Return one visibility update per rule: only the fields of the selected rule are shown."""
    return tuple(gr.update(visible=each.name == rule) for each in VARIATIONS)


def start_with_prompt(prompt: str | None, *texts: str | None) -> tuple[Any, ...]:
    """Return the texts of the fields that start with the prompt: what users wrote into them stays.

    Args:
        texts: their present texts.
    """
    return tuple(gr.skip() if (text or "").strip() else prompt or "" for text in texts)


def fill_field(parameter: Parameter, choice: str | None) -> Any:
    """Return an update of the text field that belongs to a dropdown, for the choice that was made."""
    try:
        chosen = parameter.read_choice(choice or "")
    except RecipeError:
        return gr.skip()  # making the round will say so
    return chosen.text


def list_schedulers(model: Model | None = None) -> list[tuple[str, str]]:
    """Return (label, name) of the schedulers for a model, its default first, or of all schedulers without one."""
    first = f"Default: {label_scheduler(model.scheduler)}" if model else "The model's default"
    offered = model.schedulers if model else SCHEDULERS
    return [(first, ""), *((scheduler.label, scheduler.name) for scheduler in offered)]
