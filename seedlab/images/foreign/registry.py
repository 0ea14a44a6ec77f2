"""The tools whose settings are read. The order matters: several write into the same place."""

from collections.abc import Callable, Mapping

from seedlab.images.foreign.metadata import ForeignMetadata, UnreadableError
from seedlab.images.foreign.tools import (
    automatic1111,
    civitai,
    comfyui,
    drawthings,
    easydiffusion,
    fooocus,
    invokeai,
    novelai,
    swarmui,
)

Read = Callable[[Mapping[str, str]], ForeignMetadata | None]

TOOLS: dict[str, Read] = {
    "SwarmUI": swarmui.read,
    "Fooocus": fooocus.read,
    "AUTOMATIC1111": automatic1111.read,
    "InvokeAI": invokeai.read,
    "NovelAI": novelai.read,
    "Civitai": civitai.read,
    "ComfyUI": comfyui.read,
    "Draw Things": drawthings.read,
    "Easy Diffusion": easydiffusion.read,
}


def read_foreign(texts: Mapping[str, str]) -> ForeignMetadata | None:
    """Read another tool's settings from the untrusted texts of a picture; None if there are none.

    Raises:
        UnreadableError: the tool is known, but its settings cannot be read.
    """
    failure: UnreadableError | None = None
    for read in TOOLS.values():
        try:
            found = read(texts)
        except UnreadableError as error:
            failure = failure or error
            continue
        if found is not None:
            return found
    if failure is not None:
        raise failure
    return None
