"""What the page needs from below, handed to it by app.py. Pure data: no gradio, no torch."""

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Event

from seedlab.core.environment import Environment
from seedlab.core.model import Model
from seedlab.core.recipe import Lora, Recipe
from seedlab.core.reports import Report
from seedlab.workflow.session import Session
from seedlab.workflow.trail import Trail
from seedlab.workflow.verification import VerificationResult


@dataclass(frozen=True, kw_only=True)
class Studio:
    """The models and the way to work with them.

    Attributes:
        make_session: begins a visitor's session, anew or with a trail from earlier.
        describe: tells what is known of a model id; may raise SeedLabError, and may take a moment.
        settle: fills in what depends on the device, before a recipe is made; may raise SeedLabError, and takes
            seconds while torch is not imported yet.
        check: refuses a recipe that this machine cannot make, before any work starts; raises RecipeError.
        read_loras: reads LoRAs as people write them, a file a line; raises RecipeError.
        observe: tells the environment that a recipe's picture would be made in; raises SeedLabError.
        verify: makes a recipe's picture again, alone, and holds it against the file.
        write_script: writes a diffusers script of recipes that differ in seed and prompt alone.
        default_model: the id of the model that is chosen at first.
        models: (label, model id) of the models that are offered.
        examples: prompts to try.
        local: whether visitors may name files of this machine.
        unknown_words: (model id, prompt) to the words of the prompt that the model never saw.
        list_words: a model id to all phrases that the model knows, by kind; {} where there are too many to list.
        add_phrase: (prompt, phrase) to the prompt with one of these phrases in it.
    """

    make_session: Callable[[Trail | None], Session]
    describe: Callable[[str], Model]
    settle: Callable[[Model], Model]
    check: Callable[[Recipe], None]
    read_loras: Callable[[str], tuple[Lora, ...]]
    observe: Callable[[Recipe], Environment]
    verify: Callable[[Recipe, Path, Event], Generator[Report | VerificationResult, None, None]]
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
        """What people call the models, by model id."""
        return {model_id: label for label, model_id in self.models}
