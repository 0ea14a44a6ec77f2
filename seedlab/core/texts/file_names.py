"""The names of local files in pictures: a picture says which files it needs, and not where they were."""

import re
from dataclasses import replace
from pathlib import PurePosixPath, PureWindowsPath

from seedlab.core.recipes.recipe import Recipe

ENDING = ".safetensors"
HERE = "./"
"""Begins the name of a local file, so that no folder is taken for a model on the Hub or for the built-in one."""


def is_path(text: str) -> bool:
    """Whether a model or LoRA is a file or folder by its absolute path, on any system."""
    return PurePosixPath(text).is_absolute() or PureWindowsPath(text).is_absolute()


def is_name(text: str) -> bool:
    """Whether a model or LoRA is a local file by its name alone, as `hide_folder` writes it."""
    return text.startswith(HERE)


def is_share(path: str) -> bool:
    """Whether a path is that of a network share. Windows logs in to its host as soon as the path is looked at."""
    return path.replace("\\", "/").startswith("//")


def name_file(path: str) -> str:
    """Return the name of a file or folder on any system, without the ending of a safetensors file."""
    name = re.split(r"[/\\]", path.rstrip("/\\"))[-1]
    return name[: -len(ENDING)] if name.lower().endswith(ENDING) else name


def hide_folder(text: str) -> str:
    """Return "./name" for an absolute path; anything else, such as a model's id on the Hub, unchanged."""
    if not is_path(text):
        return text
    path = PurePosixPath(text) if PurePosixPath(text).is_absolute() else PureWindowsPath(text)
    return HERE + path.name


def hide_folders(recipe: Recipe) -> Recipe:
    """Return a recipe that names its local files without their folders."""
    if not any(map(is_path, (recipe.model_id, *(lora.file for lora in recipe.loras)))):
        return recipe
    loras = tuple(replace(lora, file=hide_folder(lora.file)) for lora in recipe.loras)
    return recipe.replace_shared(model_id=hide_folder(recipe.model_id), loras=loras)
