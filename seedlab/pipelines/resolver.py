"""Resolves models: from an address to what is known about it, and on to its commit, pipeline and dtype."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from threading import Lock

from seedlab.core.errors import RecipeError, SeedLabError
from seedlab.core.models.model import Model, ResolvedModel
from seedlab.core.texts.file_names import hide_folder
from seedlab.pipelines.devices.libraries import import_libraries
from seedlab.pipelines.hub.cache import COMMIT, find_commit, find_downloaded_configurations
from seedlab.pipelines.loaded.completeness import check_weights
from seedlab.pipelines.loaded.files import ModelFiles, refuse_unreadable
from seedlab.pipelines.loaded.sources import KNOWN, is_on_hub
from seedlab.pipelines.models.addresses import find_model
from seedlab.pipelines.models.folders import check_folder
from seedlab.pipelines.models.introspection import inspect_pipeline

LOGGER = logging.getLogger(__name__)


def hide_path(model: Model) -> Model:
    """Return a local model whose id does not say where it is; any other unchanged."""
    hidden = hide_folder(model.model_id)
    return model if hidden == model.model_id else replace(model, model_id=hidden, path=model.model_id)


class ModelResolver:
    """Finds and resolves models. The Hub is asked once per process for the commit of each revision.

    A branch may move in the middle of a grid, and asking takes time. Configurations are read again only when their
    files have changed.
    """

    def __init__(
        self,
        files: ModelFiles,
        choose_dtype: Callable[[str], str],
        allowed: tuple[str, ...] | None = None,
        paths: Mapping[str, str] | None = None,
    ) -> None:
        """Make a resolver; nothing is imported yet.

        Args:
            files: where the files of models are.
            choose_dtype: returns the default dtype of models that were trained for a half precision; may raise
                SeedLabError.
            allowed: the addresses of the models that may be used; None for any.
            paths: the paths of allowed models by their addresses, where these hide the folder.
        """
        self._files, self._choose_dtype, self._allowed = files, choose_dtype, allowed
        self._paths = dict(paths or {})
        self._commits: dict[str, str] = {}
        self._asking = Lock()

    def find(self, address: str) -> Model:
        """Return what is known about the model at an address, without a device.

        The network is used only where `allowed` restricts the models, to compare a commit with theirs.

        Raises:
            RecipeError: there is no such model, or it is not allowed here.
        """
        address = self._find_allowed_name(address)
        if not self._is_allowed(address):
            offered = ", ".join(map(self._name_offered, self._allowed or ()))
            raise RecipeError("model_id", f"This server offers only: {offered}.")
        return self._find(address)

    def _find(self, address: str) -> Model:
        path = self._paths.get(address)
        return find_model(address) if path is None else hide_path(find_model(path))

    def _name_offered(self, address: str) -> str:
        """Return what strangers may read of an allowed address: of the operator's own files only the name."""
        is_local = address in self._paths or Path(address).is_absolute()
        return self._find(address).name if is_local else address

    def resolve(self, model: Model) -> ResolvedModel:
        """Return a model with its commit, what its pipeline takes, and its dtype on the device.

        The first call takes seconds: torch is imported, and the Hub may be asked.

        Raises:
            RecipeError: the model cannot be found, or not be used.
            SeedLabError: the requested device does not exist.
        """
        model = self._fetch_commit(model)
        try:
            model = self._inspect(model)
        except SeedLabError:
            raise
        except Exception as error:  # the edge: configurations are made by anybody, and the page waits for an answer
            LOGGER.exception("%s could not be looked at.", model.address)
            raise refuse_unreadable(model) from error
        return ResolvedModel.of(model, model.dtype or self._choose_dtype(model.half_dtype))

    def _inspect(self, model: Model) -> Model:
        folder = self._find_configurations(model)
        if folder is None:
            return model
        import_libraries()
        model = inspect_pipeline(model, folder)
        if not self._files.is_here(model):
            return model
        source = self._files.find(model)
        check_weights(source)
        return model if source.config else replace(model, reading=check_folder(source.path).arguments)

    def use_known_commit(self, model: Model) -> Model:
        """Return a model with the commit that its revision was resolved to in this process, if it was."""
        return replace(model, revision=self._commits.get(model.address, model.revision))

    def needs_hub(self, model: Model) -> bool:
        """Whether resolving this model asks the Hub."""
        if not is_on_hub(model.model_id):
            return not self._files.is_here(model)
        return COMMIT.fullmatch(self.use_known_commit(model).revision or "") is None

    def _find_allowed_name(self, address: str) -> str:
        """Return the address of the allowed model that is asked for by its display name; all others unchanged."""
        if self._allowed is None or address in self._allowed:
            return address
        named = (each for each in self._allowed if self._find(each).name.casefold() == address.strip().casefold())
        return next(named, address)

    def _is_allowed(self, address: str) -> bool:
        """Whether a model may be used: at an allowed address, or at the commit that one stands for, as in recipes."""
        if self._allowed is None or address in self._allowed:
            return True
        model_id, _, commit = address.partition("@")
        allowed = [each for each in self._allowed if each.partition("@")[0] == model_id]
        return bool(COMMIT.fullmatch(commit)) and address in [
            self._fetch_commit(self._find(each)).address for each in allowed
        ]

    def _fetch_commit(self, model: Model) -> Model:
        if not is_on_hub(model.model_id):
            return model
        if model.address not in self._commits:
            with self._asking:  # or two visitors could be given two commits of one branch
                if model.address not in self._commits:
                    self._commits[model.address] = find_commit(model.model_id, model.revision, KNOWN)
        return self.use_known_commit(model)

    def _find_configurations(self, model: Model) -> Path | None:
        """Return the folder with a model's configurations; None if there is none, or the catalogue knows the model."""
        if is_on_hub(model.model_id):
            return None if model.card else find_downloaded_configurations(model.model_id, model.revision or "")
        source = self._files.download(model)  # the configurations of a single-file checkpoint may have to be downloaded
        return None if model.card else source.config or source.path
