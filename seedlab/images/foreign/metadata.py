"""What a picture of another tool says about how it was made, in SeedLab's terms."""

from dataclasses import asdict, dataclass, replace
from typing import Any, Self

from seedlab.core.errors import SeedLabError

MAX_DETAILS = 200


class UnreadableError(SeedLabError):
    """A tool was recognised, but its settings cannot be read. The message is a part of a sentence: the reason."""

    def __init__(self, tool: str, reason: str) -> None:
        super().__init__(reason)
        self.tool = tool


@dataclass(frozen=True)
class Detail:
    """A setting that is not taken over.

    Attributes:
        name, value: as the tool calls and writes them; the value is one line of printable text.
        reason: why it is not taken over, "" if SeedLab has no such setting.
    """

    name: str
    value: str
    reason: str = ""


@dataclass(frozen=True)
class ForeignLora:
    """A LoRA that a picture names.

    Attributes:
        name: its file's name; the ending may be missing.
        weight: its scale.
        digest: the start of a SHA-256 of its file or of the weights in it, in lower-case hex; "" if unknown.
    """

    name: str
    weight: float
    digest: str = ""


@dataclass(frozen=True, kw_only=True)
class ForeignMetadata:
    """The settings in another tool's picture; None where it says nothing that SeedLab can take over.

    Every detail that the picture names is either in one of these fields or in `left`.

    Attributes:
        tool: its name, with its version if known.
        seed, num_inference_steps, guidance_scale: as in `Recipe`, and in the same ranges.
        distilled_guidance: the guidance that is given to a distilled model such as Flux.1-dev.
        width, height: pixels; any number.
        sampler, schedule: the tool's names; "" for unknown ones.
        scheduler: the name in `seedlab.core.recipes.schedulers.SCHEDULERS` that does the same.
        model: the tool's name of the model.
        model_hash: the start of the SHA-256 of its file; "" if unknown.
        has_other_weights: whether brackets in its prompts have another meaning than AUTOMATIC1111 gives them.
        has_other_noise: whether its noise comes from a generator that SeedLab does not have, such as a GPU's.
    """

    tool: str
    prompt: str = ""
    negative_prompt: str = ""
    seed: int | None = None
    num_inference_steps: int | None = None
    guidance_scale: float | None = None
    distilled_guidance: float | None = None
    width: int | None = None
    height: int | None = None
    sampler: str = ""
    schedule: str = ""
    scheduler: str | None = None
    model: str | None = None
    model_hash: str = ""
    loras: tuple[ForeignLora, ...] = ()
    has_other_weights: bool = False
    has_other_noise: bool = False
    left: tuple[Detail, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return what is known as JSON data."""
        data = asdict(self) | {"left": [asdict(each) for each in self.left]}
        del data["has_other_weights"]  # for the notice about them
        return {name: value for name, value in data.items() if value not in (None, "", ())}

    def leave(self, *details: Detail) -> Self:
        """Return this metadata with more details that are not taken over."""
        return replace(self, left=(*self.left, *details)[:MAX_DETAILS])
