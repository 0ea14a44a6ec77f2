"""Fake services without a model: pictures depend on seed and prompt, and are stored as PNGs in a folder."""

import hashlib
from collections.abc import Generator, Sequence
from dataclasses import replace
from pathlib import Path
from threading import Event

from PIL import Image, ImageDraw

from seedlab.core.errors import RecipeError, SeedLabError
from seedlab.core.machine.environment import Environment
from seedlab.core.models.model import Model
from seedlab.core.picture import Picture
from seedlab.core.recipes.additions import Lora
from seedlab.core.recipes.recipe import Recipe
from seedlab.core.reports import Failed, Finished, Progress, Report, Waiting
from seedlab.workflow.known.shares import KnownShares
from seedlab.workflow.measuring import measure_model, try_suffixes
from seedlab.workflow.page_services import PageServices
from seedlab.workflow.scripts.script import write_script
from seedlab.workflow.sessions.session import Session
from seedlab.workflow.trails.trail import Trail
from seedlab.workflow.verification import read_original, verify
from tests.examples import MODEL

ENVIRONMENT = Environment(
    torch="1",
    diffusers="1",
    transformers="1",
    device="cpu",
    isa="",
    threads=1,
    memory_format="",
    attention="",
    weights="",
)
SKETCH = replace(MODEL, dtype="float32")


class Painter:
    """Fakes the pipeline and the store. Records what it generated.

    Args:
        folder: the store.
        pause: seconds per step.
    """

    def __init__(self, folder: Path, pause: float = 0.0) -> None:
        self.folder, self.pause = folder, pause
        self.painted: list[Recipe] = []
        self.drafted: list[Recipe] = []
        self.steps = 0
        self.failing_seed: int | None = None

    def generate(
        self, recipes: Sequence[Recipe], stop: Event, *, draft_steps: int | None = None, resume: bool = True
    ) -> Generator[Report, None, None]:
        for index, recipe in enumerate(recipes):
            if not self.painted and not self.drafted:
                yield Waiting(index, "Loading Sketch…")
            picture = paint(recipe)
            steps = draft_steps or recipe.num_inference_steps
            for step in range(1, steps + 1):
                if stop.wait(self.pause) or stop.is_set():
                    return
                self.steps += 1
                yield Progress(index, step, steps, picture.resize((16, 16)))
            if recipe.seed == self.failing_seed:
                yield Failed(index, "Out of memory: choose a smaller size.")
                continue
            (self.painted if draft_steps is None else self.drafted).append(recipe)
            yield Finished(index, picture, ENVIRONMENT, "", draft_steps=draft_steps)

    def find(self, recipe: Recipe, draft_steps: int | None = None) -> Picture | None:
        for steps in (None, draft_steps):
            file = self._name(recipe, steps)
            if file.exists():
                return Picture(file, draft_steps=steps)
        return None

    def keep(self, recipe, finished, lineage) -> Picture:
        self.folder.mkdir(parents=True, exist_ok=True)
        file = self._name(recipe, finished.draft_steps)
        finished.image.save(file)
        return Picture(file, finished.notice, finished.draft_steps)

    def _name(self, recipe: Recipe, draft_steps: int | None) -> Path:
        return self.folder / f"{recipe.fingerprint}{'' if draft_steps is None else f'-draft-{draft_steps}'}.png"

    def make_session(self, trail: Trail | None = None, visitor: str = "", owner: str = "") -> Session:
        return Session(self.generate, self.find, self.keep, trail)


def paint(recipe: Recipe) -> Image.Image:
    """Paint a picture: the prompt sets the background and the seed the position of a disc."""
    ground = hashlib.sha256(recipe.prompt.encode()).digest()
    place = hashlib.sha256(str(recipe.seed).encode()).digest()
    image = Image.new("RGB", (recipe.width, recipe.height), tuple(ground[:3]))
    side = min(image.size)
    x, y = place[0] * side // 400, place[1] * side // 400
    ImageDraw.Draw(image).ellipse((x, y, x + side // 2, y + side // 2), fill=tuple(ground[3:6]))
    return image


def find_model(model_id: str) -> Model:
    if model_id != "sketch":
        raise SeedLabError(f"There is no model “{model_id[:40]}”: choose one of the list.")
    return SKETCH


def find_unknown_words(model_id: str, prompt: str) -> tuple[str, ...]:
    return tuple(word for word in prompt.split() if word == "quantum")


def check_device(recipe: Recipe) -> None:
    if recipe.generator_device != "cpu":
        raise RecipeError("generator_device", "There is no GPU here: choose the CPU.")


def read_loras(text: str) -> tuple[Lora, ...]:
    if text.strip() == "banana":
        raise RecipeError("loras", "There is no LoRA “banana”.")
    parts = [line.rsplit(" ", 1) for line in text.splitlines()]
    return tuple(Lora(file=file, sha256="ab" * 32, weight=float(weight)) for file, weight in parts)


def make_services(painter: Painter) -> PageServices:
    shares = KnownShares(None)
    return PageServices(
        make_session=painter.make_session,
        find_model=find_model,
        resolve_model=lambda model: model,
        check=check_device,
        read_loras=read_loras,
        locate=lambda metadata, places: metadata,
        observe=lambda recipe: ENVIRONMENT,
        generate=painter.generate,
        verify=lambda recipe, file, stop, visitor, owner, draft_steps: verify(
            read_original(file, recipe, draft_steps), painter.generate, stop
        ),
        measure=lambda model, stop, visitor: measure_model(painter.generate, shares, model, stop),
        try_suffixes=lambda model, recipe, suffixes, stop, visitor: try_suffixes(
            painter.generate, recipe, suffixes, 3, stop
        ),
        draft=lambda recipe, draft_steps, stop, visitor: painter.generate([recipe], stop, draft_steps=draft_steps),
        shares=shares,
        write_script=write_script,
        default_model="sketch",
        models=(("Sketch (built in)", "sketch"),),
        examples=("a red boat by Hokusai", "house in the snow", "cat, Van Gogh"),
        unknown_words=find_unknown_words,
        list_words=lambda model_id: {"things": ("boat", "cat")} if model_id == "sketch" else {},
        add_phrase=lambda prompt, phrase: f"{prompt} {phrase}",
    )
