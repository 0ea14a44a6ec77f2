"""The part of the panel with the user's own picture, from which a round of seeds starts."""

from dataclasses import dataclass
from typing import Any

import gradio as gr

from seedlab.rules.own_picture import DEFAULT_STRENGTH
from seedlab.ui.blocks.columns import make_message
from seedlab.ui.blocks.form import START_STRENGTH

LABEL = "Strength: subtle, strong, or 0 to 1 (more changes more)"


@dataclass(frozen=True)
class Starting:
    """Its components. The stylesheet hides them until a picture is opened that a round of seeds may start from.

    Attributes:
        about: says which picture it is.
        use: starts from the picture that was opened.
        forget: starts from noise again.
        fields: by the names in `form.STARTING`.
        errors: the error under the strength.
    """

    about: gr.HTML
    use: gr.Button
    forget: gr.Button
    fields: dict[str, gr.components.Component]
    errors: dict[str, gr.HTML]

    @property
    def shown(self) -> list[Any]:
        """The components that `StartHandlers.show_start` updates, in its order."""
        return [self.about, self.use, self.forget]


def build_start() -> Starting:
    """Build it inside the current Blocks context."""
    with gr.Column(elem_id="starting", min_width=80):
        about = make_message("starting", "about")
        with gr.Column(elem_classes="field", min_width=80):
            number = gr.Textbox(f"{DEFAULT_STRENGTH:g}", label=LABEL, max_lines=1, elem_id=START_STRENGTH)
            error = make_message(START_STRENGTH, "wrong")
        use = gr.Button("Start from this picture", size="sm", elem_id="start_use", visible="hidden")
        forget = gr.Button("Start from noise again", size="sm", elem_id="start_forget", visible="hidden")
        picture = gr.Textbox("", elem_id="start", visible="hidden")
    fields: dict[str, gr.components.Component] = {"start": picture, START_STRENGTH: number}
    return Starting(about, use, forget, fields, {START_STRENGTH: error})
