"""Opens a picture that was dropped or uploaded: restores its trail, or imports the settings another tool saved."""

from contextlib import suppress
from pathlib import Path
from typing import Any

from seedlab.core.errors import SeedLabError
from seedlab.core.machine.environment import Environment
from seedlab.core.models.model import Model
from seedlab.core.recipes.recipe import Recipe
from seedlab.core.texts.file_names import name_file
from seedlab.core.texts.text import quote
from seedlab.images.foreign.metadata import ForeignMetadata
from seedlab.images.index.search import NOBODY
from seedlab.images.restoring import Restored, SilentPictureError, restore
from seedlab.rules.kinds.seeds import GUIDE_SEEDS
from seedlab.ui.blocks.form import ADVANCED, write_start
from seedlab.ui.handlers.start import can_start
from seedlab.ui.views.browser_state import write, write_advanced
from seedlab.workflow.export.trail_file import import_trail
from seedlab.workflow.page_services import PageServices
from seedlab.workflow.pictures.borrowing import borrow, is_named
from seedlab.workflow.pictures.local_files import Places
from seedlab.workflow.pictures.own import describe_inputs, list_recipes
from seedlab.workflow.sessions.session import Session
from seedlab.workflow.trails.trail import Trail, count_tiles


def format_dropped(file: Path, count: int) -> str:
    """Return a notice about files that were dropped together with a picture and not opened; "" for none."""
    return f"Of {count:,} files only the first was opened: {quote(file.name, 80)}." if count > 1 else ""


def format_added(trail: Trail, source: str) -> str:
    """Return a notice about a trail that was opened from a link or a file."""
    return " ".join(filter(None, (_count_added(trail, source), describe_inputs(list_recipes(trail)))))


def _count_added(trail: Trail, source: str) -> str:
    count = count_tiles(trail.visible)
    if any(tile.file is not None for round_ in trail.rounds for tile in round_.tiles):
        return f"Opened from a {source}: {'1 picture' if count == 1 else f'{count:,} pictures'}."
    if count == 1:
        return f"Opened from a {source}: the recipe of 1 picture. Click it to make it."
    return f"Opened from a {source}: the recipes of {count:,} pictures. Click one to make them."


def is_trail(file: Path) -> bool:
    """Whether an uploaded file is a trail rather than a picture."""
    return file.suffix.casefold() == ".zip"


OFFER = "Or start from this picture: the button is under the prompt."


def _restore_or_offer(file: Path) -> Restored | ForeignMetadata:
    try:
        return restore(file)
    except SilentPictureError as error:
        raise SeedLabError(f"{error} {OFFER}" if can_start(file) else str(error)) from error


class PictureOpener:
    """Opens pictures in sessions of one page."""

    def __init__(self, services: PageServices) -> None:
        self._services = services

    def open(self, file: Path, session: Session, model_id: str, fields: dict[str, Any], owner: str = NOBODY) -> str:
        """Open a picture.

        Args:
            file: an untrusted file, as a rule a PNG, JPEG or WebP picture, or a trail as a ZIP file.
            session: gets the picture's rounds, if SeedLab made the picture.
            model_id: of the model that is chosen.
            fields: gets the new values of the panel's fields, by name.
            owner: who gets the users' own pictures that come with a trail.

        Returns:
            A notice, or "".

        Raises:
            SeedLabError: the file or its metadata is invalid, or the model cannot be used. Nothing is changed.
        """
        if is_trail(file):
            return self._import(file, session, owner)
        found = _restore_or_offer(file)
        if isinstance(found, ForeignMetadata):
            return self._borrow(found, model_id, fields)
        return self._restore(self._locate(found, session), file, session, fields)

    def _import(self, file: Path, session: Session, owner: str) -> str:
        """Add a trail that was exported. Its pictures stay where uploaded files are kept."""
        imported = import_trail(file, file.parent)
        if not imported.trail.path:
            raise SeedLabError(f"{quote(file.name, 80)} is a trail without rounds: export one with pictures.")
        for each in imported.inputs:
            with suppress(SeedLabError):  # making the pictures says what is missing
                self._services.take_input(each, owner)
        session.add(imported.trail)
        left = f" {imported.left_out} rounds of a newer SeedLab are left out." if imported.left_out else ""
        return format_added(imported.trail, "file") + left

    def _locate(self, found: Restored, session: Session) -> Restored:
        """Find the local files that the picture names. On the page, a user names them in the fields of the panel."""
        recipes = [tile.recipe for round_ in session.trail.rounds for tile in round_.tiles]
        places = Places(
            models=tuple(dict.fromkeys(recipe.model_id for recipe in recipes)),
            loras="\n".join(dict.fromkeys(lora.file for recipe in recipes for lora in recipe.loras)),
            model_advice="choose its path as the model, and open the picture again",
            lora_advice="make a picture with it once, and open this one again",
        )
        return Restored(metadata=self._services.locate(found.metadata, places))

    def _restore(self, found: Restored, file: Path, session: Session, fields: dict[str, Any]) -> str:
        first = found.recipes[0]
        model = self._services.resolve_model(self._services.find_model(first.model_address))
        for recipe in found.recipes:
            model.check(recipe)
        sentence = self._compare(found.metadata.recipe, found.metadata.environment)
        metadata = found.metadata
        session.restore(metadata.recipe, metadata.lineage, file, sentence, metadata.draft_steps)
        fields |= {"prompt": first.write_prompt("prompt"), "seeds": str(first.seed), "model_id": first.model_address}
        fields |= write_advanced(first, model, local=self._services.local) | write_start(first)
        return "" if self._services.local else _list_left(first)

    def _compare(self, recipe: Recipe, theirs: Environment) -> str:
        """Format whether the picture was made in the present environment."""
        try:
            causes = self._services.observe(recipe).differences(theirs)
        except SeedLabError:
            return "Opened from a file. Its model is not loaded yet: Verify loads it and compares the bytes."
        made = f"made in another environment (here: {', '.join(causes)})" if causes else "made in this environment"
        return f"Opened from a file, {made}. Verify compares the bytes."

    def _borrow(self, found: ForeignMetadata, model_id: str, fields: dict[str, Any]) -> str:
        """Take over another tool's settings. Fields that it does not name get their defaults."""
        model_id = self._find_offered(found.model) or model_id
        model = self._find_model(model_id)
        borrowed = borrow(found, model, self._services.find_lora, self._services.read_loras)
        fields |= {"model_id": model_id, "prompt": borrowed.prompt}
        fields |= {name: write(borrowed.settings.get(name, "")) for name in ADVANCED if name != "generator_device"}
        # Not the seeds that are in the field: they may be those of the picture before.
        fields["seeds"] = GUIDE_SEEDS if borrowed.seed is None else str(borrowed.seed)
        return borrowed.describe()

    def _find_offered(self, name: str | None) -> str | None:
        """Return the id of the model in the list that a picture names; None if it is none of them."""
        offered = self._services.models
        return next((model_id for label, model_id in offered if is_named(name, model_id, label.split(" (")[0])), None)

    def _find_model(self, model_id: str) -> Model:
        model = self._services.find_model(model_id)
        # Listed models are known; for others the pipeline has to be inspected.
        return model if model_id in self._services.names else self._services.resolve_model(model)


def _list_left(recipe: Recipe) -> str:
    """Name the LoRAs of a recipe, which a public server does not use; "" if there are none."""
    named = ", ".join(quote(f"{name_file(lora.file)} {lora.weight:g}", 80) for lora in recipe.loras)
    return f"Not imported: LoRA {named} (this server uses no LoRAs)." if named else ""
