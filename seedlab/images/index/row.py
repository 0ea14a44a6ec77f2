"""One picture of the store, as the index describes it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from seedlab.core.recipes.recipe import Recipe
from seedlab.core.texts.file_names import hide_folders
from seedlab.images.index.words import fold


@dataclass(frozen=True, kw_only=True)
class Row:
    """A picture.

    Attributes:
        name: of its file in the store, without the ending.
        recipe: it names local files without their folders, as the picture does.
        draft_steps: after how many steps a draft was paused; None for a finished picture.
        made: when, in seconds since 1970.
        mark: "keep", "reject", or "" for neither.
        stars: 0...5.
    """

    name: str
    recipe: Recipe
    draft_steps: int | None = None
    made: float = 0.0
    mark: str = ""
    stars: int = 0

    def to_columns(self) -> dict[str, Any]:
        """Return the columns of `pictures`."""
        recipe = hide_folders(self.recipe)
        return {
            "name": self.name,
            "fingerprint": recipe.fingerprint,
            "seed": str(recipe.seed),
            "model": recipe.model_id,
            "words": fold(f"{recipe.prompt}\n{recipe.late_prompt}"),
            "draft_steps": self.draft_steps,
            "made": self.made,
            "recipe": recipe.to_json(),
        }

    @classmethod
    def from_columns(cls, columns: Mapping[str, Any]) -> Self:
        """Read what a search selects.

        Raises:
            SeedLabError, ValueError: the database was changed by somebody else.
        """
        return cls(
            name=columns["name"],
            recipe=Recipe.from_dict(json.loads(columns["recipe"])),
            draft_steps=columns["draft_steps"],
            made=columns["date"],
            mark=columns["mark"],
            stars=columns["stars"],
        )
