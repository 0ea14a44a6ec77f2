"""The functions that look at finished pictures, as `seedlab recipe`, `verify` and `script` do."""

from collections.abc import Sequence

from seedlab.api.arguments import File, Picture, find_file, make_places
from seedlab.core.errors import SeedLabError
from seedlab.core.recipes.recipe import Recipe
from seedlab.core.reports import Failed
from seedlab.workflow.jobs.inspection import (
    UNSCRIPTABLE,
    UNVERIFIABLE,
    locate_original,
    read_own,
    run_again,
    script_pictures,
)
from seedlab.workflow.services import Services
from seedlab.workflow.verification import VerificationResult


class Inspection:
    """Looks at finished pictures."""

    _services: Services

    def recipe(self, picture: Picture) -> Recipe:
        """Return a picture's recipe.

        Raises:
            SeedLabError: the picture cannot be read, or another tool made it: `refine` takes its settings.
        """
        return read_own(find_file(picture), "it has no exact recipe. Vary it with refine").recipe

    def verify(
        self, picture: Picture, *, model: str = "", loras: Sequence[str] = (), start: File | None = None
    ) -> VerificationResult:
        """Make a picture again from the recipe inside it, alone, and compare the bytes.

        Args:
            model, loras, start: as for `refine`.

        Raises:
            SeedLabError: the picture has no recipe, or cannot be made here.
        """
        file = find_file(picture)
        metadata = read_own(file, UNVERIFIABLE)
        original = locate_original(file, metadata, make_places(file, model, loras, start), self._services)
        outcome = run_again(original, self._services.generate)
        if isinstance(outcome, Failed):
            raise SeedLabError(outcome.sentence)
        return outcome

    def script(self, *pictures: Picture, model: str = "", loras: Sequence[str] = (), start: File | None = None) -> str:
        """Return a script that makes the pictures of one round byte for byte, with diffusers alone.

        Args:
            model, loras, start: as for `refine`.

        Raises:
            SeedLabError: they are not of one round and one environment.
        """
        files = list(map(find_file, pictures))
        if not files:
            raise SeedLabError("No picture was given.")
        found = [read_own(file, UNSCRIPTABLE) for file in files]
        places = [make_places(file, model, loras, start) for file in files]
        return script_pictures(found, places, self._services)[0]
