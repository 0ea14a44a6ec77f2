"""The pieces of the page that are our own: the sheet of columns, the sentence under a field, a model's words.

Each has a static template: gradio runs templates as code, so text from visitors goes only through `textContent`.
They are functions and not subclasses: for a subclass gradio writes a stub file beside the module at import.
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
    """Make the rounds side by side, with the inspector under them.

    Its value is a view; events: tile, revisit, wake, verify, script.
    """
    return gr.HTML(
        html_template='<div class="sheet"></div>',
        js_on_load="\n".join((STATIC / name).read_text("utf-8") for name in SCRIPTS),
        apply_default_css=False,
        elem_id="columns",
    )


def make_sentence(name: str, kind: str) -> gr.HTML:
    """Make the sentence under a field; kind is "wrong", "notice" or "about"."""
    return gr.HTML(
        "",
        html_template='<p aria-live="polite"></p>',
        js_on_load=(STATIC / "sentence.js").read_text("utf-8"),
        apply_default_css=False,
        elem_id=f"sentence-{name}",
        elem_classes=["sentence", kind],
    )


def make_words(kinds: Mapping[str, Sequence[str]]) -> gr.HTML:
    """Make the words of a model as buttons; its value is phrases by kind; event: word."""
    return gr.HTML(
        {kind: list(phrases) for kind, phrases in kinds.items()},
        html_template='<dl class="lexicon"></dl>',
        js_on_load=(STATIC / "words.js").read_text("utf-8"),
        apply_default_css=False,
        elem_id="words",
    )


MAX_COPIES = 2_000


class Shelf:
    """Puts the pictures of a view where the browser can fetch them, byte for byte.

    The copies are in gradio's cache, so the store need not be open to everybody; and each is made once, where gradio
    would read every picture anew at every step. Beyond 2,000 the least recently shown go; one that is wanted again is
    copied again.
    """

    def __init__(self) -> None:
        self._copies: OrderedDict[str, Path] = OrderedDict()
        self._lock = Lock()

    def serve(self, view: dict[str, Any]) -> dict[str, Any]:
        """Replace the files' paths in a view by what gradio serves."""
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
            self._make_room()
            return copy

    def _make_room(self) -> None:
        while len(self._copies) > MAX_COPIES:
            _, copy = self._copies.popitem(last=False)
            copy.unlink(missing_ok=True)
            with suppress(OSError):  # not empty, or gone
                copy.parent.rmdir()
