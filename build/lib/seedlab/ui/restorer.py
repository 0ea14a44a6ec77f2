"""A picture that a visitor drops on the page: into the trail and the fields, as far as it can be believed."""

from pathlib import Path
from typing import Any

from seedlab.core.environment import Environment
from seedlab.core.errors import SeedLabError
from seedlab.core.recipe import Recipe
from seedlab.images.foreign import ForeignMetadata
from seedlab.images.restoring import Restored, restore
from seedlab.ui.form import ADVANCED
from seedlab.ui.remembered import write, write_advanced
from seedlab.ui.studio import Studio
from seedlab.workflow.session import Session

TOLD = {
    "prompt": "prompt",
    "negative_prompt": "negative prompt",
    "seed": "seed",
    "num_inference_steps": "steps",
    "guidance_scale": "guidance",
    "width": "size",
    "scheduler": "scheduler",
}
"""What another tool's picture may tell, and what we call it."""


class Restorer:
    """Takes up pictures, for a studio."""

    def __init__(self, studio: Studio) -> None:
        self._studio = studio

    def take_up(self, file: Path, session: Session, fields: dict[str, Any]) -> str:
        """Take up a picture; returns what to tell the visitor, and writes into `fields` what the panel is to show.

        Raises:
            SeedLabError: it cannot be read or believed, or its model cannot be used here. Nothing is changed then.
        """
        found = restore(file)
        if isinstance(found, ForeignMetadata):
            return self._borrow(found, fields)
        return self._restore(found, file, session, fields)

    def _restore(self, found: Restored, file: Path, session: Session, fields: dict[str, Any]) -> str:
        first = found.recipes[0]
        model = self._studio.settle(self._studio.describe(first.model_address))
        for recipe in found.recipes:
            model.check(recipe)
        sentence = self._compare(found.metadata.recipe, found.metadata.environment)
        session.restore(first, found.metadata.suffixes, file, sentence)
        fields |= {"prompt": first.prompt, "seeds": str(first.seed), "model_id": first.model_address}
        fields |= write_advanced(first, model, local=self._studio.local)
        return "Not taken over: the LoRAs." if first.loras and not self._studio.local else ""

    def _compare(self, recipe: Recipe, theirs: Environment) -> str:
        """Say whether the environment is that of the picture."""
        try:
            causes = self._studio.observe(recipe).differences(theirs)
        except SeedLabError:
            return "Opened from a file. Its model is not here yet: Verify loads it and tells whether the bytes agree."
        made = f"made elsewhere; here it is {', '.join(causes)}" if causes else "made in this environment"
        return f"Opened from a file, {made}. Verify tells whether the bytes agree."

    def _borrow(self, found: ForeignMetadata, fields: dict[str, Any]) -> str:
        told = {name: value for name, value in vars(found).items() if value not in (None, "")}
        for name in ("prompt", *ADVANCED):
            if name in told:
                fields[name] = write(told[name])
        if found.seed is not None:
            fields["seeds"] = str(found.seed)
        taken = [words for name, words in TOLD.items() if name in told]
        left = [f"model “{found.model}”"] if found.model else []
        left += [f"sampler “{found.sampler}”"] if found.sampler and not found.scheduler else []
        return _say_borrowed(taken, left)


def _say_borrowed(taken: list[str], left: list[str]) -> str:
    sentence = f"Taken over from the picture: {', '.join(taken)}."
    return f"{sentence} Not taken over: {', '.join(left)}." if left else sentence
