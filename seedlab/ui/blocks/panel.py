"""The left panel: the fields, and under each the place for its error."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from html import escape
from typing import Any

import gradio as gr

from seedlab.rules.kinds.seeds import GUIDE_SEEDS
from seedlab.rules.kinds.wordings.suffixes import Suffixes
from seedlab.rules.parameter import Parameter
from seedlab.rules.registry import VARIATIONS
from seedlab.rules.rule import Rule
from seedlab.ui.blocks.columns import make_message, make_word_list
from seedlab.ui.blocks.fields import list_rules, list_schedulers
from seedlab.ui.blocks.starting import Starting, build_start
from seedlab.workflow.page_services import PageServices

GUIDE_PROMPT = "Labrador in the style of Vermeer"
DRAFTS_INFO = (
    "To look at many seeds: a draft shows composition, light and colours; eyes, hands and letters come later. Click "
    "one that you like to finish it."
)
LIVE_INFO = "A draft of the locked picture follows your typing."


@dataclass(frozen=True)
class Panel:
    """The components that events read and write.

    Attributes:
        fields: by the names in `form.FIELDS`.
        errors: the error under each field; the layout adds "page".
        rule: selects the rule that varies a locked tile.
        rules: one container of fields per rule in `VARIATIONS`.
        notice: notes about the prompt and the size.
        about: notes about the model.
        measure: measures how much the model leaves to the seed.
        try_suffixes: measures what each suffix changes.
        tried: what is known of that.
        generate: makes a round of seeds, or varies the locked picture.
        live: whether a draft follows what is typed, with a picture locked.
        anew: makes a round of seeds while a picture is locked; the stylesheet hides it while none is.
        examples_group: contains `examples`.
        word_accordion: contains `word_list`.
    """

    fields: dict[str, gr.components.Component]
    errors: dict[str, gr.HTML]
    rule: gr.Dropdown
    rules: tuple[gr.Column, ...]
    notice: gr.HTML
    about: gr.HTML
    measure: gr.Button
    try_suffixes: gr.Button
    tried: gr.HTML
    generate: gr.Button
    anew: gr.Button
    live: gr.Checkbox
    stop: gr.Button
    examples: tuple[gr.Button, ...]
    examples_group: gr.Column
    word_list: gr.HTML
    word_accordion: gr.Accordion
    advanced: gr.Accordion
    open: gr.UploadButton
    starting: Starting


class _Builder:
    """Collects the fields and their errors while the panel is built."""

    def __init__(self) -> None:
        self.fields: dict[str, gr.components.Component] = {}
        self.errors: dict[str, gr.HTML] = {}

    def add(self, name: str, component: gr.components.Component) -> None:
        self.fields[name] = component
        self.errors[name] = make_message(name, "wrong")

    def add_number(self, name: str, label: str) -> None:
        # gr.Number shows 0 when empty; here an empty field means the model's default.
        with _field():
            self.add(name, gr.Textbox("", label=label, max_lines=1, elem_id=name, min_width=80))


@contextmanager
def _field() -> Iterator[None]:
    with gr.Column(elem_classes="field", min_width=80):
        yield


def build_panel(services: PageServices) -> Panel:
    """Build the panel inside the current Blocks context."""
    builder = _Builder()
    gr.HTML("<h1>Seed<span>Lab</span></h1>", elem_id="wordmark", apply_default_css=False)
    with _field():
        builder.add("prompt", gr.Textbox(GUIDE_PROMPT, label="Prompt", max_lines=8, elem_id="prompt"))
    starting = build_start()
    builder.fields |= starting.fields
    builder.errors |= starting.errors
    with gr.Row(elem_id="go"):
        generate = gr.Button("Generate", variant="primary", elem_id="generate", min_width=80)
        stop = gr.Button("Stop", elem_id="stop", min_width=80)
    anew = gr.Button("New round of seeds", elem_id="anew", size="sm")
    # Below the buttons: it may come while someone types, and must not move them away from the pointer.
    notice = make_message("notice", "notice")
    with gr.Column(elem_classes="field", elem_id="live", min_width=80):
        live = gr.Checkbox(False, label="Live words", info=LIVE_INFO)
    # Expands the panel on small screens; see static/js/page/fold.js.
    gr.Button("Seeds, variations, model", elem_id="fold", size="sm")
    with gr.Column(elem_id="more"):
        rule, rules = _build_rounds(builder)
        with rules[VARIATIONS.index(Suffixes)]:
            try_suffixes, tried = _build_trial()
        about, measure = _build_model(builder, services)
        examples_group, examples = _build_examples(services.examples)
        word_list, word_accordion = _build_words(services)
        advanced = _build_advanced(builder, services)
        opener = _build_opener()
    return Panel(
        builder.fields,
        builder.errors,
        rule,
        rules,
        notice,
        about,
        measure,
        try_suffixes,
        tried,
        generate,
        anew,
        live,
        stop,
        examples,
        examples_group,
        word_list,
        word_accordion,
        advanced,
        opener,
        starting,
    )


def _build_opener() -> gr.UploadButton:
    # Without `file_types`: Gradio would refuse other files with a message of its own. drop.js sets what the browser
    # offers to choose.
    return gr.UploadButton("Open a picture…", size="sm", elem_id="open")


def _build_rounds(builder: _Builder) -> tuple[gr.Dropdown, tuple[gr.Column, ...]]:
    """Add the fields of all rules. Returns the rule selector and one container per rule."""
    with _field():
        builder.add("seeds", gr.Textbox(GUIDE_SEEDS, label="Seeds", max_lines=1, elem_id="seeds"))
    _build_drafts(builder)
    with _field():
        choices = list_rules()
        rule = gr.Dropdown(choices, value=choices[0][1], label="Vary a locked picture by", elem_id="rule")
    return rule, tuple(_build_rule(builder, each, visible=each.name == choices[0][1]) for each in VARIATIONS)


def _build_drafts(builder: _Builder) -> None:
    """Add the fields for drafts. The stylesheet shows the second one while the first is checked."""
    with gr.Column(elem_classes="field", elem_id="drafting", min_width=80):
        builder.fields["drafts"] = gr.Checkbox(False, label="Drafts first", info=DRAFTS_INFO, elem_id="drafts")
        builder.add("draft_steps", gr.Textbox("", label="Stop each picture after", max_lines=1, elem_id="draft_steps"))


def _build_rule(builder: _Builder, rule: type[Rule], *, visible: bool) -> gr.Column:
    container = gr.Column(elem_classes="rule", min_width=80, visible=visible)
    with container:
        gr.HTML(f"<p>{escape(rule.help)}</p>", elem_classes="about", apply_default_css=False)
        for each in rule.parameters:
            with _field():
                builder.add(each.name, _make_field(each))
    return container


def _build_trial() -> tuple[gr.Button, gr.HTML]:
    """Add the button that puts the suffixes on trial, and the place for what it finds."""
    button = gr.Button("Measure what these words change", size="sm", elem_id="try_suffixes")
    return button, make_message("tried", "about")


def _make_field(parameter: Parameter) -> gr.components.Component:
    if parameter.percentages is not None:
        return gr.Slider(
            *parameter.percentages,
            value=float(parameter.default.rstrip("%")),
            step=5,
            buttons=[],
            label=parameter.label,
            elem_id=parameter.name,
        )
    if parameter.choices is None:
        return gr.Textbox(
            parameter.default,
            label=parameter.label,
            placeholder=parameter.example,
            lines=parameter.lines,
            max_lines=max(16, parameter.lines) if parameter.lines > 1 else 1,
            elem_id=parameter.name,
        )
    choices: Any = [(choice.label, choice.name) for choice in parameter.choices()]
    # Custom values are allowed so that an unknown one gets our error; the page does not show Gradio's.
    return gr.Dropdown(
        choices, value=parameter.default, label=parameter.label, allow_custom_value=True, elem_id=parameter.name
    )


def _build_model(builder: _Builder, services: PageServices) -> tuple[gr.HTML, gr.Button]:
    """Add the model field. Returns the place for the model notes under it, and the button that measures."""
    with _field():
        model = gr.Dropdown(
            list(services.models),
            value=services.default_model,
            label="Model",
            allow_custom_value=True,
            elem_id="model_id",
        )
        builder.add("model_id", model)
        return make_message("about", "about"), gr.Button("Measure what the seed decides", size="sm", elem_id="measure")


def _build_examples(examples: tuple[str, ...]) -> tuple[gr.Column, tuple[gr.Button, ...]]:
    with gr.Column(elem_id="try") as examples_group:
        gr.HTML('<p id="try-label">Try</p>', elem_id="try-title", apply_default_css=False)
        with gr.Row(elem_classes="chips"):
            chips = (gr.Button(example, size="sm", elem_classes="chip", min_width=0) for example in examples)
            return examples_group, tuple(chips)


def _build_words(services: PageServices) -> tuple[gr.HTML, gr.Accordion]:
    kinds = services.list_words(services.default_model)
    word_accordion = gr.Accordion("All known words", open=False, visible=bool(kinds), elem_id="lexicon")
    with word_accordion:
        return make_word_list(kinds), word_accordion


def _build_advanced(builder: _Builder, services: PageServices) -> gr.Accordion:
    advanced = gr.Accordion("Advanced", open=False, elem_id="advanced")
    with advanced:
        with _field():
            label = "Negative prompt"
            builder.add("negative_prompt", gr.Textbox("", label=label, max_lines=6, elem_id="negative_prompt"))
        with gr.Row(elem_classes="pair"):
            builder.add_number("num_inference_steps", "Steps")
            builder.add_number("guidance_scale", "Guidance")
        with _field():
            # Custom values are allowed so that an unsupported one gets our error; the page does not show Gradio's.
            scheduler: Any = gr.Dropdown(
                list_schedulers(), value="", label="Scheduler", allow_custom_value=True, elem_id="scheduler"
            )
            builder.add("scheduler", scheduler)
        with gr.Row(elem_classes="pair"):
            builder.add_number("width", "Width")
            builder.add_number("height", "Height")
        _build_noise(builder)
        _build_variety(builder)
        _build_loras(builder, services)
    return advanced


def _build_loras(builder: _Builder, services: PageServices) -> None:
    with _field():
        loras = gr.Textbox(
            "",
            label="LoRAs",
            info="One .safetensors file or PEFT folder per line, followed by its weight.",
            placeholder="/path/to/style.safetensors 0.8",
            max_lines=8,
            visible=services.local,
            elem_id="loras",
        )
        builder.add("loras", loras)


def _build_variety(builder: _Builder) -> None:
    with _field():
        info = "For few-step models, whose seeds differ little: noise of the seed in the prompt, 0 to 2. Try 0.5."
        variety = gr.Textbox("", label="Seed variety", info=info, placeholder="0", max_lines=1, elem_id="seed_variety")
        builder.add("seed_variety", variety)


def _build_noise(builder: _Builder) -> None:
    with _field():
        info = "CPU noise is the same on every machine. The diffusers guide uses GPU noise, which differs."
        noise: Any = gr.Dropdown(
            [("The CPU", "cpu"), ("The GPU (CUDA)", "cuda")],
            value="cpu",
            label="Noise from",
            info=info,
            allow_custom_value=True,
            elem_id="generator_device",
        )
        builder.add("generator_device", noise)
