"""Finds the local models and LoRAs of a picture, which names them without their folders."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from seedlab.core.errors import SeedLabError
from seedlab.core.models.model import Model
from seedlab.core.recipes.additions import Lora
from seedlab.core.recipes.recipe import Recipe
from seedlab.core.recipes.start import InputPicture
from seedlab.core.texts.file_names import HERE, hide_folder, is_name, is_path, is_share
from seedlab.core.texts.text import quote
from seedlab.images.index.search import OPERATOR
from seedlab.images.inputs.store import InputStore, describe_missing
from seedlab.images.metadata import Metadata

PICTURES = (".png", ".jpg", ".jpeg", ".webp")
MOST_LOOKED_AT = 500
"""Files of a folder among which a picture is looked for."""

SHOWN_DIGITS = 12
"""Hex digits of a hash that users see: websites show 10 or 12."""


@dataclass(frozen=True, kw_only=True)
class Places:
    """Where a picture's local files may be.

    Attributes:
        model: the address of its model, by the user's word; "" to look for it.
        models: addresses of models, of which one may be the picture's.
        loras: LoRAs as people write them, one a line, of which some may be the picture's.
        folders: folders to look in.
        picture: the user's own picture that it starts from, by the user's word; None to look for it.
        model_advice, lora_advice: what to do if a file is not found; the end of a sentence.
        picture_advice: the same for the user's own picture; "" where that is not needed yet.
    """

    model: str = ""
    models: tuple[str, ...] = ()
    loras: str = ""
    folders: tuple[Path, ...] = ()
    picture: Path | None = None
    model_advice: str
    lora_advice: str
    picture_advice: str = ""


@dataclass(frozen=True, kw_only=True)
class LocalFiles:
    """The models and LoRAs of this machine, found by name and by hash.

    Attributes:
        find_model, read_loras: as in `seedlab.workflow.services.Services`.
        list_known: returns paths that were used here before.
        inputs: where the users' own pictures are kept.
        offered: on a public host, the addresses of its models; then no other file is looked for. Otherwise None.
    """

    find_model: Callable[[str], Model]
    read_loras: Callable[[str], tuple[Lora, ...]]
    list_known: Callable[[], tuple[str, ...]]
    inputs: InputStore = field(default_factory=lambda: InputStore(None))
    offered: tuple[str, ...] | None = None

    def locate(self, metadata: Metadata, places: Places) -> Metadata:
        """Return a picture's metadata with the paths of its local files on this machine.

        The user's own picture that it starts from is kept where generating finds it.

        Raises:
            SeedLabError: a file is not here; the message names it and says what to do.
        """
        recipes = (metadata.recipe, *(change.parent for change in metadata.lineage))
        models = {each: self._locate_model(each, metadata, places) for each in {each.model_id for each in recipes}}
        if metadata.recipe.input_picture is not None and places.picture_advice:
            self._find_input(metadata.recipe.input_picture, places)
        wanted = {lora for recipe in recipes for lora in recipe.loras}
        loras = {lora: self._locate_lora(lora, places) for lora in wanted}

        def relocate(recipe: Recipe) -> Recipe:
            found = tuple(loras[lora] for lora in recipe.loras)
            return recipe.replace_shared(model_id=models[recipe.model_id], loras=found)

        lineage = tuple(replace(change, parent=relocate(change.parent)) for change in metadata.lineage)
        return replace(metadata, recipe=relocate(metadata.recipe), lineage=lineage)

    def _locate_model(self, model_id: str, metadata: Metadata, places: Places) -> str:
        if not is_path(model_id) and not is_name(model_id):
            if places.model:
                sentence = f"This picture was made with {quote(model_id, 80)}, whose files need no path: leave it out."
                raise SeedLabError(sentence)
            return model_id
        if self.offered is not None:
            return hide_folder(model_id)
        if places.model:
            return self.find_model(places.model).model_id
        if _is_usable(model_id):  # the path in a picture of an earlier version
            return model_id
        candidates = (*places.models, *self.list_known(), *(str(each / _bare(model_id)) for each in places.folders))
        for path in _list_same(model_id, candidates):
            with suppress(SeedLabError):
                return self.find_model(path).model_id
        known = _format_hash(metadata.hashes.checkpoint)
        name = quote(_bare(model_id), 80)
        raise SeedLabError(f"This picture needs the model {name}{known}, which is not here: {places.model_advice}.")

    def _locate_lora(self, lora: Lora, places: Places) -> Lora:
        if self.offered is not None:
            return replace(lora, file=hide_folder(lora.file))
        given = [each.file for each in self.read_loras(places.loras)] if places.loras else []
        named = (*self.list_known(), *(str(each / _bare(lora.file)) for each in places.folders))
        own = [lora.file] if _is_usable(lora.file) else []
        paths = (*given, *own, *_list_same(lora.file, named))
        for path in paths:
            if (file := self._find_same(path, lora)) is not None:
                return replace(lora, file=file)
        name = quote(_bare(lora.file), 80) + _format_hash(lora.sha256)
        state = "and the file of that name here is another one" if paths else "which is not here"
        raise SeedLabError(f"This picture needs the LoRA {name}, {state}: {places.lora_advice}.")

    def _find_input(self, picture: InputPicture, places: Places) -> None:
        if self.offered is not None or self.inputs.has(picture, OPERATOR):
            return
        if places.picture is not None:
            self.inputs.take(places.picture, OPERATOR)
        else:
            found = self.inputs.find_among(picture, _list_pictures(picture, places.folders))
            if found is not None:
                self.inputs.keep(found, OPERATOR)
        if not self.inputs.has(picture, OPERATOR):
            raise SeedLabError(describe_missing(picture, places.picture_advice))

    def _find_same(self, path: str, wanted: Lora) -> str | None:
        """Return the file of the LoRA at a path if it is the wanted one."""
        try:
            found = self.read_loras(path)
        except SeedLabError:
            return None
        return next((each.file for each in found if each.sha256 == wanted.sha256), None)


def _list_pictures(picture: InputPicture, folders: Iterable[Path]) -> Iterator[Path]:
    """Yield the file of the picture's name in each folder, and the others, one of which may be the picture renamed."""
    for folder in folders:
        if (named := folder / picture.file).is_file():
            yield named
    for folder in folders:
        with suppress(OSError):
            others = sorted(each for each in folder.iterdir() if each.suffix.casefold() in PICTURES)
            yield from others[:MOST_LOOKED_AT]


def _list_same(wanted: str, candidates: Iterable[str]) -> list[str]:
    """Return those of the candidates that have the wanted name and exist."""
    return [each for each in candidates if hide_folder(each) == hide_folder(wanted) and is_path(each) and _exists(each)]


def _is_usable(path: str) -> bool:
    # Pictures come from strangers.
    return is_path(path) and not is_share(path) and _exists(path)


def _exists(path: str) -> bool:
    try:
        return Path(path).exists()
    except (OSError, ValueError):
        return False


def _bare(path: str) -> str:
    return hide_folder(path).removeprefix(HERE)


def _format_hash(sha256: str) -> str:
    return f" (SHA-256 {sha256[:SHOWN_DIGITS]}…)" if sha256 else ""
