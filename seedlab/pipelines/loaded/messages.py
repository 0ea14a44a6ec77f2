"""What the warnings of diffusers and transformers mean for a picture, in words for users."""

import logging
import re
from collections.abc import Callable, Iterable

from seedlab.core.errors import SeedLabError
from seedlab.core.text import quote

LOGGER = logging.getLogger(__name__)

MISSING = re.compile(r"newly initialized|\bMISSING\b|\bMISMATCH\b")
"""transformers has drawn weights at random because the files have none for them."""

UNUSED = re.compile(r"were not used when|\bUNEXPECTED\b")
IGNORED_SETTINGS = re.compile(r"config attributes (\{.*?\}) were passed to (\w+)", re.DOTALL)
SETTING = re.compile(r"'(\w+)':")


def translate_warnings(model: str, messages: Iterable[str], notify: Callable[[str], None]) -> None:
    """Turn the libraries' warnings while a model was loaded into notices, those that change its pictures.

    Args:
        model: its name.
        notify: called with each notice.

    Raises:
        SeedLabError: the model is incomplete, and its pictures would be noise.
    """
    for message in messages:
        LOGGER.info("%s: %s", model, message)
        if MISSING.search(message):
            raise SeedLabError(f"{quote(model, 80)} lacks weights of its text encoder: download it again.")
        if match := IGNORED_SETTINGS.search(message):
            names = ", ".join(quote(name) for name in SETTING.findall(match[1]))
            notify(f"The model has settings that this version of diffusers does not know, and ignores: {names}.")
        elif UNUSED.search(message):
            notify("The model has weights that are not used.")
