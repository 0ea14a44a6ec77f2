"""What the page and the commands use of the layers below. `seedlab.application` fills it in; tests replace it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from seedlab.core.errors import SeedLabError
from seedlab.core.machine.environment import Environment
from seedlab.core.models.model import Model
from seedlab.core.recipes.additions import Lora
from seedlab.core.recipes.recipe import Recipe
from seedlab.core.recipes.start import InputPicture
from seedlab.core.reports import Generate
from seedlab.images.inputs.reading import ReadPicture
from seedlab.images.metadata import Metadata
from seedlab.workflow.gallery.gallery import Gallery
from seedlab.workflow.known.shares import KnownShares
from seedlab.workflow.pictures.local_files import Places


def _refuse_gallery(_cookies: Mapping[str, str]) -> Gallery:
    raise SeedLabError("There is no gallery here.")


def _refuse_input(_file: Path, _owner: str) -> ReadPicture:
    raise SeedLabError("Pictures cannot start from your own here.")


@dataclass(frozen=True, kw_only=True)
class Services:
    """The services of one pipeline manager.

    Attributes:
        find_model: returns what is known about a model without asking the device or the network; raises SeedLabError.
        resolve_model: returns a model with its commit, and its dtype on this device; raises SeedLabError. The first
            call takes seconds.
        check: raises RecipeError for a recipe that this machine cannot make.
        read_loras: reads LoRAs as people write them, one file a line; raises RecipeError.
        find_lora: returns the file of a LoRA on this machine by its name and the start of its hash; None for none.
        locate: returns a picture's metadata with the paths of its local files on this machine; raises SeedLabError.
        observe: returns the environment in which a recipe would be made now; raises SeedLabError.
        unknown_words: maps (model id, prompt) to the words of the prompt that the model was not trained on.
        list_words: maps a model id to the phrases the model knows, by kind; {} if they are too many to list.
        generate: makes the pictures of recipes.
        take_input: reads a picture of the user's own, which is untrusted, and keeps it for a visitor; raises
            SeedLabError.
        find_input: returns the file of a visitor's own picture; None if they have none such.
        shares: the seed shares that were measured on this machine.
        is_short: returns whether there is too little memory here to decode the picture of a recipe as a whole.
        open_gallery: returns the gallery of the visitor with these cookies.
        close: ends all work.
    """

    find_model: Callable[[str], Model]
    resolve_model: Callable[[Model], Model]
    check: Callable[[Recipe], None]
    read_loras: Callable[[str], tuple[Lora, ...]]
    locate: Callable[[Metadata, Places], Metadata]
    observe: Callable[[Recipe], Environment]
    unknown_words: Callable[[str, str], tuple[str, ...]]
    list_words: Callable[[str], Mapping[str, tuple[str, ...]]]
    generate: Generate
    find_lora: Callable[[str, str], Path | None] = lambda _name, _digest: None
    take_input: Callable[[Path, str], ReadPicture] = _refuse_input
    find_input: Callable[[InputPicture, str], Path | None] = lambda _picture, _owner: None
    shares: KnownShares = field(default_factory=lambda: KnownShares(None))
    is_short: Callable[[Recipe], bool] = lambda _: False
    open_gallery: Callable[[Mapping[str, str]], Gallery] = _refuse_gallery
    close: Callable[[], None] = lambda: None

    def find_gallery(self, cookies: Mapping[str, str]) -> Gallery | None:
        """Return the gallery of the visitor with these cookies; None where there is none."""
        try:
            return self.open_gallery(cookies)
        except SeedLabError:
            return None
