"""Custom HTML components: the columns of rounds, the message under a field, the list of a model's words.

Gradio evaluates HTML templates as code, so all templates are static. What is in them is rendered by the modules in
static/js/, which set user text only as text.

These are functions, not subclasses of gr.HTML: Gradio writes a .pyi file next to the module of each subclass on import.
"""

from collections.abc import Mapping, Sequence

import gradio as gr

from seedlab.core.storage.uploads import PUBLIC_UPLOAD
from seedlab.ui.static_files import write_loader
from seedlab.ui.views.browser_state import STORAGE_KEYS
from seedlab.workflow.trails.trail_json import VERSION

EVENTS = (
    "tile",
    "likely",
    "vary_all",
    "larger",
    "finish",
    "differ",
    "compare",
    "mark",
    "revisit",
    "wake",
    "reopen",
    "follow",
    "unlock",
    "refuse",
    "verify",
    "script",
)


def make_columns(*, makes_ahead: bool = False, max_upload: int = PUBLIC_UPLOAD) -> gr.HTML:
    """Make the columns of rounds and the inspector beside them.

    The value is an update (see `seedlab.ui.views.updates`). Its events are `EVENTS`.

    Args:
        makes_ahead: whether the event "likely" is sent.
        max_upload: how many bytes a file may have that is opened.
    """
    settings = {"version": VERSION, "keys": STORAGE_KEYS, "makes_ahead": makes_ahead, "max_upload": max_upload}
    return gr.HTML(
        html_template='<div class="sheet"></div>',
        js_on_load=write_loader("sheet.js", EVENTS, settings),
        apply_default_css=False,
        elem_id="columns",
    )


LIVE_EVENTS = ("typed", "hush")


def make_live() -> gr.HTML:
    """Make what carries the events of live words, `LIVE_EVENTS`, and their answers. It shows nothing itself."""
    return _make_carrier("live-words", "live/server.js", LIVE_EVENTS)


GALLERY_EVENTS = (
    "search",
    "rate",
    "show_picture",
    "receive",
    "copy_link",
    "pack",
    "list_seeds",
    "name_seed",
    "forget_seed",
    "rank",
)


def make_gallery() -> gr.HTML:
    """Make what carries the gallery's events, `GALLERY_EVENTS`, and their answers. It shows nothing itself."""
    return _make_carrier("gallery", "gallery/server.js", GALLERY_EVENTS)


def _make_carrier(name: str, module: str, events: Sequence[str]) -> gr.HTML:
    return gr.HTML(
        html_template="<div></div>", js_on_load=write_loader(module, events), apply_default_css=False, elem_id=name
    )


def make_message(name: str, kind: str) -> gr.HTML:
    """Make the message under a field. `kind` is its CSS class: "wrong", "notice" or "about"."""
    return gr.HTML(
        "",
        html_template='<p aria-live="polite"></p>',
        js_on_load=write_loader("sentence.js"),
        apply_default_css=False,
        elem_id=f"sentence-{name}",
        elem_classes=["sentence", kind],
    )


def make_word_list(kinds: Mapping[str, Sequence[str]]) -> gr.HTML:
    """Make a list of buttons with the words a model knows. The value maps kinds to phrases. Event: word."""
    return gr.HTML(
        {kind: list(phrases) for kind, phrases in kinds.items()},
        html_template='<dl class="lexicon"></dl>',
        js_on_load=write_loader("words.js", ("word",)),
        apply_default_css=False,
        elem_id="words",
    )
