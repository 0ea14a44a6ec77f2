"""Addresses of models, as people type and paste them, and the models that they name."""

import logging
import re
from dataclasses import replace
from pathlib import Path, PurePosixPath
from urllib.parse import unquote

from seedlab.core.errors import RecipeError, SeedLabError
from seedlab.core.models.model import Model
from seedlab.core.texts.file_names import is_share
from seedlab.core.texts.text import quote
from seedlab.pipelines.models.catalog import ALIASES, CATALOG, NAMES
from seedlab.pipelines.models.folders import check_folder, find_pipeline, read_folder
from seedlab.pipelines.models.single_files.checkpoints import find_checkpoint, read_checkpoint
from seedlab.pipelines.models.weights import PICKLES, refuse_pickle

LOGGER = logging.getLogger(__name__)

HUB_ID = re.compile(
    r"(?P<id>[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95})(?:@(?P<revision>(?!.*\.\.)[\w./-]{1,100}))?"
)
"""A Hub id, and an optional revision. Git allows no ".." in the names of branches and tags."""

PAGE = re.compile(
    r"(?:https?://)?(?:www\.)?(?:huggingface\.co|hf\.co)/(?P<id>[\w.-]+/[\w.-]+)"
    r"(?:/(?:tree|blob|resolve|commit)/(?P<revision>refs/pr/\d+|[\w.-]+)(?P<file>/[^?#]*)?)?(?:[/?#].*)?"
)
"""The URL of a model's page on the Hub, of a page of one revision, or of a file."""

HUB_FILE = re.compile(r"[\w-][\w.-]*/(?:[^/\\?#]+/)*[^/\\?#]+")
"""A relative path of a file, or a file in a repository of the Hub, as in "owner/name/model.safetensors"."""

WEIGHTS = (".safetensors", ".gguf", ".onnx", *PICKLES)
"""Endings of files that are weights. Other files of a repository, such as its README, stand for the repository."""

CIVITAI = re.compile(
    r"(?:https?://)?(?:[\w-]+\.)*civitai\.\w+(?:[/?#].*)?|(?:urn:)?air:.*|civitai:\d+@\d+", re.IGNORECASE
)
"""An address of Civitai, or an AIR (https://github.com/civitai/civitai/wiki/AIR), which names a model there."""

URL = re.compile(r"[a-z][a-z0-9+.-]*://.*", re.IGNORECASE | re.DOTALL)


def find_model(address: str) -> Model:
    """Return what is known about a model, without the network.

    Args:
        address: an id or name of the catalogue or a former id, the path of a diffusers folder or of a .safetensors
            file, a Hub id ("owner/name" or "owner/name@revision"), or the URL of its page on the Hub.

    Raises:
        RecipeError: it is none of these, or the files at that path cannot be used.
    """
    try:
        return _find(tidy_address(address))
    except SeedLabError:
        raise
    except Exception as error:  # the edge: configurations are made by anybody, and the page waits for an answer
        LOGGER.exception("%s could not be looked at.", address)
        name = quote(Path(address.strip()).name or address, 80)
        sentence = f"The files of {name} cannot be read: download it again, or choose another model."
        raise RecipeError("model_id", sentence) from error


def _find(address: str) -> Model:
    known = {model.model_id: model for model in CATALOG}
    if address in known:
        return known[address]
    check_address(address)
    if (folder := find_pipeline(address)) is not None:
        return replace(read_folder(folder), reading=check_folder(folder).arguments)
    if (file := find_checkpoint(address)) is not None:
        return read_checkpoint(file, known)
    check_hub_file(address)
    if match := HUB_ID.fullmatch(address):
        name = ALIASES.get(match["id"], match["id"])
        return replace(known.get(name) or NAMES.get(name.casefold()) or _guess(name), revision=match["revision"])
    if (model := NAMES.get(address.casefold())) is not None:
        return model
    _check_path(address)
    raise RecipeError(
        "model_id",
        f"There is no model {quote(address, 80)}. Use sketch, the id of a model on the Hub such as "
        "stable-diffusion-v1-5/stable-diffusion-v1-5, or the path of a diffusers folder or .safetensors file.",
    )


def _guess(model_id: str) -> Model:
    """Describe an unknown model of the Hub, with the defaults of the diffusers guide for Stable Diffusion 1.5."""
    return Model(
        model_id=model_id,
        name=model_id,
        num_inference_steps=50,
        guidance_scale=7.5,
        height=512,
        width=512,
        scheduler="PNDMScheduler",
        any_scheduler=True,
    )


def tidy_address(text: str) -> str:
    """Return the id or path in a pasted text, which may be the URL of a model's page or in quotes."""
    text = text.strip()
    if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'":
        text = text[1:-1]
    page = PAGE.fullmatch(unquote(text))
    if page is None or (page["file"] or "").lower().rstrip("/").endswith(WEIGHTS):
        return text
    return page["id"] if page["revision"] in (None, "main") else f"{page['id']}@{page['revision']}"


def check_address(address: str) -> None:
    """Refuse addresses of models that must be downloaded by hand, and paths of network shares.

    Raises:
        RecipeError: it is one; the message says what to do.
    """
    if is_share(address):
        raise _refuse(address, "is the path of a network share: copy the model to this machine, or give the share a "
                      "drive letter or folder of its own")  # fmt: skip
    if CIVITAI.fullmatch(address):
        raise _refuse(address, "is on Civitai: download its .safetensors file there, and give the path of that file")
    page = PAGE.fullmatch(unquote(address))
    if page is not None and page["file"]:
        raise _refuse_hub_file(page["id"], page["file"])
    if URL.fullmatch(address):
        raise _refuse(address, "is not on the Hugging Face Hub: download the model, and give its path")


def check_hub_file(address: str) -> None:
    """Refuse the address of one file in a repository of the Hub; call it where no such file is on this machine.

    Raises:
        RecipeError: it is one.
    """
    if HUB_FILE.fullmatch(address) and address.lower().endswith(WEIGHTS):
        raise _refuse(address, "is not a file on this machine: if it is on the Hub, download it, and give its path")


def _check_path(address: str) -> None:
    """Refuse what is on this machine and is no model by what it is.

    Raises:
        RecipeError: there is a file, folder or link with this path.
    """
    try:
        path = Path(address).expanduser()
        is_link, is_there, is_folder = path.is_symlink(), path.exists(), path.is_dir()
    except (OSError, ValueError, RuntimeError):  # too long, contains a null byte, or the home of an unknown user
        return
    name = path.name or address
    if not address or not (is_link or is_there):
        return
    if not is_there:
        raise _refuse(name, "is a link to a file that is not there: download the model again, or choose another")
    if is_folder:
        raise _refuse(name, "is a folder without a diffusers pipeline, which has a model_index.json: choose the folder "
                      "that has it, or a .safetensors file")  # fmt: skip
    raise _refuse(name, "is not a file of a model that SeedLab reads: use a .safetensors file or a diffusers folder")


def _refuse_hub_file(model_id: str, path: str) -> RecipeError:
    name = PurePosixPath(path).name
    if name.lower().endswith(PICKLES):
        return refuse_pickle("model_id", name)
    return _refuse(name, f"is one file of {model_id} on the Hub: download it, and give its path. If {model_id} is a "
                   f"diffusers pipeline, “{model_id}” uses all of it")  # fmt: skip


def _refuse(name: str, reason: str) -> RecipeError:
    return RecipeError("model_id", f"{quote(name, 80)} {reason}.")
