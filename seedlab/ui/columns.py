"""Custom HTML components: the columns of rounds, the message under a field, the list of a model's words.

Gradio evaluates HTML templates as code, so all templates are static and user text is only set through `textContent`.
These are functions, not subclasses of gr.HTML: Gradio writes a .pyi file next to the module of each subclass on import.
"""

import json
from collections.abc import Mapping, Sequence

import gradio as gr

from seedlab.ui.browser_state import STORAGE_KEYS
from seedlab.ui.theme import STATIC
from seedlab.workflow.trail_json import VERSION

SCRIPTS = (
    "elements.js",
    "tile.js",
    "matrix.js",
    "script.js",
    "inspector.js",
    "drop.js",
    "drafts.js",
    "saved.js",
    "updates.js",
    "arrange.js",
    "look.js",
    "sheet.js",
)


def make_columns() -> gr.HTML:
    """Make the columns of rounds and the inspector beside them.

    The value is an update (see `seedlab.ui.updates`). Events: tile, larger, finish, differ, revisit, wake, reopen,
    refuse, verify, script.
    """
    return gr.HTML(
        html_template='<div class="sheet"></div>',
        js_on_load="\n".join((_write_constants(), *((STATIC / name).read_text("utf-8") for name in SCRIPTS))),
        apply_default_css=False,
        elem_id="columns",
    )


def _write_constants() -> str:
    """Write what saved.js has to know of trails, and the event that makes a picture larger."""
    trails = f"const TRAIL_VERSION = {VERSION};\nconst SAVED_KEYS = {json.dumps(STORAGE_KEYS)};"
    return f"{trails}\nconst LARGER = 'larger';"  # Gradio takes events whose quoted names are in the JavaScript


def make_message(name: str, kind: str) -> gr.HTML:
    """Make the message under a field. `kind` is its CSS class: "wrong", "notice" or "about"."""
    return gr.HTML(
        "",
        html_template='<p aria-live="polite"></p>',
        js_on_load=(STATIC / "sentence.js").read_text("utf-8"),
        apply_default_css=False,
        elem_id=f"sentence-{name}",
        elem_classes=["sentence", kind],
    )


def make_word_list(kinds: Mapping[str, Sequence[str]]) -> gr.HTML:
    """Make a list of buttons with the words a model knows. The value maps kinds to phrases. Event: word."""
    return gr.HTML(
        {kind: list(phrases) for kind, phrases in kinds.items()},
        html_template='<dl class="lexicon"></dl>',
        js_on_load=(STATIC / "words.js").read_text("utf-8"),
        apply_default_css=False,
        elem_id="words",
    )
