"""The page: the panel at the left, the sheet of columns at the right, and what happens on each event."""

from typing import Any

import gradio as gr

from seedlab.ui.columns import make_columns, make_sentence
from seedlab.ui.fields import FITTED
from seedlab.ui.form import ADVANCED, FORM, PLACES
from seedlab.ui.handlers import Handlers, end_visit
from seedlab.ui.panel import Panel, build_panel
from seedlab.ui.studio import Studio
from seedlab.ui.theme import launch_options

__all__ = ["build_blocks", "launch_options"]

STORAGE_KEY = "seedlab-trail"
STORAGE_SECRET = "seedlab-trail-1"
"""Not a secret: gradio wants one, and a fixed one lets a trail outlive a restart. What comes back is not trusted."""

FOLD = "() => { if (document.documentElement.hasAttribute('data-unfolded')) document.querySelector('#fold').click(); }"
UNFOLD = """() => {
  const unfolded = document.documentElement.toggleAttribute('data-unfolded');
  document.querySelector('#fold').setAttribute('aria-expanded', unfolded);
}"""

DAY = 24 * 60 * 60

QUICK: dict[str, Any] = {
    # Never behind a stream, and never dropped because one of its kind is under way.
    "queue": False,
    "trigger_mode": "multiple",
    "show_progress": "hidden",
    "api_visibility": "private",
}

STREAM: dict[str, Any] = {
    # Visitors take turns in the pipeline manager, not here: a place in this queue is only a connection.
    "concurrency_id": "develop",
    "concurrency_limit": 64,
    "trigger_mode": "multiple",
    "show_progress": "hidden",
    "api_visibility": "private",
}


def build_blocks(studio: Studio) -> gr.Blocks:
    """Build the page. Nothing is loaded and nothing runs before a visitor comes."""
    handlers = Handlers(studio)
    blocks = gr.Blocks(title="SeedLab", fill_width=True, analytics_enabled=False, delete_cache=(3600, DAY))
    with blocks:
        visit = gr.State(None, time_to_live=DAY, delete_callback=end_visit)
        saved = gr.BrowserState("", storage_key=STORAGE_KEY, secret=STORAGE_SECRET)
        with gr.Row(elem_id="app"):
            with gr.Column(elem_id="panel"):
                panel = build_panel(studio)
            with gr.Column(elem_id="sheet"):
                panel.sentences["page"] = make_sentence("page", "wrong")
                columns = make_columns()
        _wire_page(blocks, handlers, panel, visit, saved, columns)
        _wire_work(handlers, panel, visit, saved, columns)
        _wire_columns(handlers, panel, visit, saved, columns)
        _wire_panel(handlers, panel)
    return blocks


def _wire_page(
    blocks: gr.Blocks, handlers: Handlers, panel: Panel, visit: gr.State, saved: gr.BrowserState, columns: gr.HTML
) -> None:
    root = [panel.fields[name] for name in ("prompt", "seeds", "model_id")]
    served = [field.value for field in root]

    def restore_root(visit: Any, *values: str | None) -> Any:
        return handlers.restore_root(visit, served, values)

    opened = blocks.load(handlers.open, [saved], [visit, columns], **QUICK)
    opened.then(handlers.develop, [visit], [columns], **STREAM)
    # An event of its own, as it tells what was typed until the trail was there: that stays.
    restored = opened.then(restore_root, [visit, *root], root, **QUICK)
    restored.then(handlers.restore_advanced, [visit], [panel.fields[name] for name in ADVANCED], **STREAM)
    restored.then(handlers.choose_model, [panel.fields["model_id"]], _list_fitted(panel), **STREAM)
    blocks.unload(handlers.leave)


def _wire_work(handlers: Handlers, panel: Panel, visit: gr.State, saved: gr.BrowserState, columns: gr.HTML) -> None:
    sentences = [panel.sentences[place] for place in PLACES]
    form = [panel.fields[name] for name in FORM]

    def explore(trigger: Any) -> None:
        outputs = [visit, columns, saved, panel.notice, panel.advanced, *sentences]
        _stream(handlers, trigger(handlers.explore, [visit, saved, *form], outputs, **QUICK), visit, columns)

    explore(panel.generate.click)
    for name in ("prompt", "seeds", "negative_prompt", "num_inference_steps", "guidance_scale", "width", "height"):
        explore(panel.fields[name].submit)  # type: ignore[attr-defined]
    for button in panel.examples:
        explore(_fill(button, panel.fields["prompt"]).then)
    # Then the work: it takes from the store what the picture's parents have there.
    opened = [visit, columns, saved, panel.notice, *form, *sentences]
    asked = panel.open.upload(handlers.open_picture, [visit, saved, panel.open], opened, **QUICK)
    _stream(handlers, asked, visit, columns)
    asked.then(handlers.choose_model, [panel.fields["model_id"]], _list_fitted(panel), **STREAM)


def _wire_columns(handlers: Handlers, panel: Panel, visit: gr.State, saved: gr.BrowserState, columns: gr.HTML) -> None:
    sentences = [panel.sentences[place] for place in PLACES]
    outputs = [visit, columns, saved, *sentences]
    chosen = [visit, saved, panel.fields["suffixes"]]
    for asked in (
        columns.tile(handlers.choose_tile, chosen, outputs, **QUICK),
        columns.revisit(handlers.revisit, [visit, saved], outputs, **QUICK),
        columns.wake(handlers.wake, [visit, saved], [visit, columns], **QUICK),
    ):
        _stream(handlers, asked, visit, columns)
    columns.verify(handlers.verify, [visit, saved], [visit, columns], **STREAM)
    columns.script(handlers.write_script, [visit, saved], [visit, columns, panel.sentences["page"]], **QUICK)
    panel.stop.click(handlers.stop, [visit], [columns], **QUICK)


def _stream(handlers: Handlers, asked: Any, visit: gr.State, columns: gr.HTML) -> None:
    """After what was asked for, the work on it."""
    asked.then(handlers.develop, [visit], [columns], **STREAM)


def _fill(button: gr.Button, prompt: gr.components.Component) -> Any:
    return button.click(lambda text: text, [button], [prompt], **QUICK)


def _wire_panel(handlers: Handlers, panel: Panel) -> None:
    model = panel.fields["model_id"]
    # One look at a time, and then at the last that was chosen: a slow one must not come after it.
    last = STREAM | {"trigger_mode": "always_last"}
    model.input(handlers.choose_model, [model], _list_fitted(panel), **last)  # type: ignore[attr-defined]
    # The words are the model's, whichever way it was chosen: by the visitor, or restored with a trail.
    model.change(handlers.list_words, [model], [panel.words, panel.lexicon], **QUICK)  # type: ignore[attr-defined]
    panel.words.word(handlers.add_phrase, [panel.fields["prompt"]], [panel.fields["prompt"]], **QUICK)
    panel.fold.click(None, js=UNFOLD)
    # On a phone the pictures would begin below what is unfolded.
    panel.generate.click(None, js=FOLD)


def _list_fitted(panel: Panel) -> list[Any]:
    places = panel.fields | {"examples": panel.tries}
    return [*(places[name] for name in FITTED), panel.sentences["model_id"], panel.about]
