"""Custom HTML components: the columns of rounds, the message under a field, the list of a model's words.

Gradio evaluates HTML templates as code, so all templates are static and user text is only set through `textContent`.
These are functions, not subclasses of gr.HTML: Gradio writes a .pyi file next to the module of each subclass on import.
"""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import Any

import gradio as gr
from gradio import processing_utils
from gradio.utils import get_upload_folder

from seedlab.ui.theme import STATIC

SCRIPTS = ("elements.js", "tile.js", "script.js", "inspector.js", "drop.js", "sheet.js")


def make_columns() -> gr.HTML:
    """Make the columns of rounds and the inspector below them.

    The value is a view (see `seedlab.ui.view`). Events: tile, revisit, wake, verify, script.
    """
    return gr.HTML(
        html_template='<div class="sheet"></div>',
        js_on_load="\n".join((STATIC / name).read_text("utf-8") for name in SCRIPTS),
        apply_default_css=False,
        elem_id="columns",
    )


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


MAX_COPIES = 2_000
"""Pictures kept in Gradio's cache."""


class ServedFiles:
    """Copies finished pictures, byte for byte, into Gradio's cache, where the browser can fetch them.

    The store itself is not in `allowed_paths`. Each picture is copied once; Gradio's own postprocessing would read
    every picture again at each step. Beyond `MAX_COPIES` the least recently shown copies are deleted; they are
    copied again on demand. Methods may be called from any thread.
    """

    def __init__(self) -> None:
        self._copies: OrderedDict[str, Path] = OrderedDict()
        self._lock = Lock()

    def serve(self, view: dict[str, Any]) -> dict[str, Any]:
        """Replace the file paths in a view with Gradio file data."""
        rounds = [round_ | {"tiles": [self._serve_tile(tile) for tile in round_["tiles"]]} for round_ in view["rounds"]]
        return view | {"rounds": rounds}

    def _serve_tile(self, tile: dict[str, Any]) -> dict[str, Any]:
        if tile["file"] is None:
            return tile
        try:
            path = self._copy(tile["file"])
        except OSError:
            return tile | {
                "file": None,
                "state": "failed",
                "sentence": "The picture's file is not in the store any more.",
            }
        return tile | {"file": gr.FileData(path=str(path), mime_type="image/png").model_dump()}

    def _copy(self, file: str) -> Path:
        with self._lock:
            copy = self._copies.get(file)
            if copy is None or not copy.exists():
                copy = Path(processing_utils.save_file_to_cache(file, cache_dir=get_upload_folder()))
            self._copies[file] = copy
            self._copies.move_to_end(file)
            self._evict()
            return copy

    def _evict(self) -> None:
        while len(self._copies) > MAX_COPIES:
            _, copy = self._copies.popitem(last=False)
            copy.unlink(missing_ok=True)
            with suppress(OSError):  # not empty, or already deleted
                copy.parent.rmdir()
