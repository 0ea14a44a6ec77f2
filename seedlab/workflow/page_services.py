"""The services that the page needs. No gradio, no torch."""

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Event

from seedlab.core.models.fit import Fit
from seedlab.core.models.model import Model
from seedlab.core.models.seed_share import SeedShare
from seedlab.core.recipes.recipe import Recipe
from seedlab.core.reports import Report
from seedlab.workflow.ahead import Suggest
from seedlab.workflow.live import DraftFor
from seedlab.workflow.measuring import Made, Tried
from seedlab.workflow.services import Services
from seedlab.workflow.sessions.session import Session
from seedlab.workflow.trails.trail import Trail
from seedlab.workflow.verification import VerificationResult

MeasureFor = Callable[[Model, Event, str], Generator[Made, None, SeedShare | None]]
TrySuffixesFor = Callable[[Model, Recipe, Sequence[str], Event, str], Generator[Made | Tried, None, None]]
VerifyFor = Callable[[Recipe, Path, Event, str, str, int | None], Generator[Report | VerificationResult, None, None]]


@dataclass(frozen=True, kw_only=True)
class PageServices(Services):
    """The services of one page.

    Attributes:
        make_session: starts a user's session from a saved trail, or a new one; the name of a visitor says whose turns
            its work takes, and that of an owner whose gallery its pictures go to on a public host.
        verify: regenerates a picture and compares it, in a visitor's turns; see `seedlab.workflow.verification`. The
            last arguments are the visitor, the owner of the pictures that it may start from, and the number of steps
            of a draft, None for a finished picture.
        measure: measures a model's seed share, in a visitor's turns, and keeps it; see `seedlab.workflow.measuring`.
        try_suffixes: measures what each suffix changes, in a visitor's turns; see `seedlab.workflow.measuring`.
        draft: makes the draft of a recipe in the background, one at a time for a visitor; see `seedlab.workflow.live`.
        write_script: exports recipes of one round as a diffusers script; raises SeedLabError.
        default_model: the id of the initially selected model.
        models: (label, model id) of the models in the list.
        examples: example prompts.
        add_phrase: maps (prompt, phrase) to the prompt with the phrase added, or removed if it was there.
        local: whether users may name files on this machine.
        is_here: whether a resolved model's files are on this machine.
        find_seconds: returns how many seconds a picture of a model takes on this machine; None if that is not known.
        suggest: makes pictures that a visitor will probably ask for, while nobody waits; None if that is not wanted.
        rate_model: returns whether a model fits this machine. The first call takes seconds.
    """

    make_session: Callable[[Trail | None, str, str], Session]
    verify: VerifyFor
    measure: MeasureFor
    try_suffixes: TrySuffixesFor
    draft: DraftFor
    write_script: Callable[[Sequence[Recipe]], str]
    default_model: str
    models: tuple[tuple[str, str], ...]
    examples: tuple[str, ...]
    add_phrase: Callable[[str, str], str]
    local: bool = True
    is_here: Callable[[Model], bool] = lambda _: True
    rate_model: Callable[[Model], Fit] = lambda _: Fit.HERE
    find_seconds: Callable[[Model], float | None] = lambda _: None
    suggest: Suggest | None = None

    @property
    def names(self) -> dict[str, str]:
        """The labels of the models, by model id."""
        return {model_id: label for label, model_id in self.models}
