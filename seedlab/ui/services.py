"""What the page uses of the layers below. No gradio, no torch."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from seedlab.core.recipe import Recipe
from seedlab.ui.verifications import Verify
from seedlab.workflow.services import Services
from seedlab.workflow.session import Session
from seedlab.workflow.trail import Trail


@dataclass(frozen=True, kw_only=True)
class PageServices(Services):
    """The services of one page.

    Attributes:
        make_session: begins a visitor's session, with the trail from an earlier visit or a new one.
        verify: makes a picture again and compares; see `seedlab.workflow.verification`.
        write_script: writes recipes of one round as a diffusers script; raises SeedLabError.
        default_model: the id of the model that is selected at first.
        models: (label, model id) of the models that are offered.
        examples: prompts to try.
        unknown_words: (model id, prompt) to the words of the prompt that the model never saw in training.
        list_words: a model id to the phrases that the model knows, by kind; {} where there are too many to list.
        add_phrase: (prompt, phrase) to the prompt with one of these phrases in it.
        local: whether visitors may name files of this machine.
    """

    make_session: Callable[[Trail | None], Session]
    verify: Verify
    write_script: Callable[[Sequence[Recipe]], str]
    default_model: str
    models: tuple[tuple[str, str], ...]
    examples: tuple[str, ...]
    unknown_words: Callable[[str, str], tuple[str, ...]]
    list_words: Callable[[str], Mapping[str, tuple[str, ...]]]
    add_phrase: Callable[[str, str], str]
    local: bool = True

    @property
    def names(self) -> dict[str, str]:
        """The labels of the models, by model id."""
        return {model_id: label for label, model_id in self.models}
