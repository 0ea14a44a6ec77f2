"""What the page needs from below, handed to it by app.py. Pure data: no gradio, no torch."""

from collections.abc import Callable
from dataclasses import dataclass

from seedlab.model import Model
from seedlab.trail import Trail
from seedlab.workflow import Session


@dataclass(frozen=True, kw_only=True)
class Studio:
    """The models and the way to work with them.

    Attributes:
        make_session: begins a visitor's session, anew or with a trail from earlier.
        describe: tells what is known of a model id; may raise SeedLabError, and may take a moment.
        settle: fills in what depends on the device, before a recipe is made; may raise SeedLabError, and takes
            seconds while torch is not imported yet.
        default_model: the id of the model that is chosen at first.
        models: (label, model id) of the models that are offered.
        examples: prompts to try.
        unknown_words: (model id, prompt) to the words of the prompt that the model never saw.
    """

    make_session: Callable[[Trail | None], Session]
    describe: Callable[[str], Model]
    settle: Callable[[Model], Model]
    default_model: str
    models: tuple[tuple[str, str], ...]
    examples: tuple[str, ...]
    unknown_words: Callable[[str, str], tuple[str, ...]]

    @property
    def names(self) -> dict[str, str]:
        """What people call the models, by model id."""
        return {model_id: label for label, model_id in self.models}
