"""The left panel: the fields, with a sentence under each."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import gradio as gr

from seedlab.rounds import GUIDE_SEEDS, GUIDE_SUFFIXES
from seedlab.ui.columns import make_sentence, make_words
from seedlab.ui.fields import list_schedulers
from seedlab.ui.studio import Studio

GUIDE_PROMPT = "Labrador in the style of Vermeer"


@dataclass(frozen=True)
class Panel:
    """The components that events read and write; `fields` by `form.FIELDS`, `sentences` by `form.PLACES`."""

    fields: dict[str, gr.components.Component]
    sentences: dict[str, gr.HTML]
    notice: gr.HTML
    about: gr.HTML
    generate: gr.Button
    stop: gr.Button
    fold: gr.Button
    examples: tuple[gr.Button, ...]
    tries: gr.Column
    words: gr.HTML
    lexicon: gr.Accordion
    advanced: gr.Accordion
    open: gr.UploadButton


class _Builder:
    """Collects the fields and sentences while the panel is built."""

    def __init__(self) -> None:
        self.fields: dict[str, gr.components.Component] = {}
        self.sentences: dict[str, gr.HTML] = {}

    def add(self, name: str, component: gr.components.Component) -> None:
        self.fields[name] = component
        self.sentences[name] = make_sentence(name, "wrong")

    def add_number(self, name: str, label: str) -> None:
        # gr.Number shows 0 where it has no value; an empty text stands for the model's default.
        with _field():
            self.add(name, gr.Textbox("", label=label, max_lines=1, elem_id=name, min_width=80))


@contextmanager
def _field() -> Iterator[None]:
    with gr.Column(elem_classes="field", min_width=80):
        yield


def build_panel(studio: Studio) -> Panel:
    """Build the panel into the page that is being built."""
    builder = _Builder()
    gr.HTML("<h1>Seed<span>Lab</span></h1>", elem_id="wordmark", apply_default_css=False)
    with _field():
        builder.add("prompt", gr.Textbox(GUIDE_PROMPT, label="Prompt", max_lines=8, elem_id="prompt"))
        notice = make_sentence("notice", "notice")
    with gr.Row(elem_id="go"):
        generate = gr.Button("Generate", variant="primary", elem_id="generate", min_width=80)
        stop = gr.Button("Stop", elem_id="stop", min_width=80)
    fold = gr.Button("Seeds, suffixes, model", elem_id="fold", size="sm")
    with gr.Column(elem_id="more"):
        _build_rounds(builder)
        about = _build_model(builder, studio)
        tries, examples = _build_examples(studio.examples)
        words = _build_words(studio)
        advanced = _build_advanced(builder, studio)
        opener = gr.UploadButton("Open a picture…", file_types=[".png"], size="sm", elem_id="open")
    return Panel(
        builder.fields,
        builder.sentences,
        notice,
        about,
        generate,
        stop,
        fold,
        examples,
        tries,
        *words,
        advanced,
        opener,
    )


def _build_rounds(builder: _Builder) -> None:
    with _field():
        builder.add("seeds", gr.Textbox(GUIDE_SEEDS, label="Seeds", max_lines=1, elem_id="seeds"))
    with _field():
        suffixes = "\n".join(GUIDE_SUFFIXES)
        label = "Suffixes for the locked seed"
        builder.add("suffixes", gr.Textbox(suffixes, label=label, lines=4, max_lines=16, elem_id="suffixes"))


def _build_model(builder: _Builder, studio: Studio) -> gr.HTML:
    """Add the field, and return the place under it for what to know of the model."""
    with _field():
        model = gr.Dropdown(
            list(studio.models), value=studio.default_model, label="Model", allow_custom_value=True, elem_id="model_id"
        )
        builder.add("model_id", model)
        return make_sentence("about", "about")


def _build_examples(examples: tuple[str, ...]) -> tuple[gr.Column, tuple[gr.Button, ...]]:
    with gr.Column(elem_id="try") as tries:
        gr.HTML('<p id="try-label">Try</p>', elem_id="try-title", apply_default_css=False)
        with gr.Row(elem_classes="chips"):
            chips = (gr.Button(example, size="sm", elem_classes="chip", min_width=0) for example in examples)
            return tries, tuple(chips)


def _build_words(studio: Studio) -> tuple[gr.HTML, gr.Accordion]:
    kinds = studio.list_words(studio.default_model)
    lexicon = gr.Accordion("Every word it knows", open=False, visible=bool(kinds), elem_id="lexicon")
    with lexicon:
        return make_words(kinds), lexicon


def _build_advanced(builder: _Builder, studio: Studio) -> gr.Accordion:
    advanced = gr.Accordion("Advanced", open=False, elem_id="advanced")
    with advanced:
        with _field():
            label = "Negative prompt"
            builder.add("negative_prompt", gr.Textbox("", label=label, max_lines=6, elem_id="negative_prompt"))
        with gr.Row(elem_classes="pair"):
            builder.add_number("num_inference_steps", "Steps")
            builder.add_number("guidance_scale", "Guidance")
        with _field():
            # Any value passes gradio: one that does not fit the model gets our sentence, where gradio's is not shown.
            scheduler: Any = gr.Dropdown(
                list_schedulers(), value="", label="Scheduler", allow_custom_value=True, elem_id="scheduler"
            )
            builder.add("scheduler", scheduler)
        with gr.Row(elem_classes="pair"):
            builder.add_number("width", "Width")
            builder.add_number("height", "Height")
        _build_noise(builder)
        _build_loras(builder, studio)
    return advanced


def _build_loras(builder: _Builder, studio: Studio) -> None:
    with _field():
        loras = gr.Textbox(
            "",
            label="LoRAs",
            info="One .safetensors file a line, and after it how much of it.",
            placeholder="/path/to/style.safetensors 0.8",
            max_lines=8,
            visible=studio.local,
            elem_id="loras",
        )
        builder.add("loras", loras)


def _build_noise(builder: _Builder) -> None:
    with _field():
        info = "The CPU's is the same on every machine. The guide's script takes the GPU's, which is another."
        noise: Any = gr.Dropdown(
            [("The CPU", "cpu"), ("The GPU (CUDA)", "cuda")],
            value="cpu",
            label="Noise from",
            info=info,
            allow_custom_value=True,
            elem_id="generator_device",
        )
        builder.add("generator_device", noise)
