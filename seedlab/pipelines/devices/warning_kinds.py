"""What the warnings of diffusers, transformers and peft mean for a picture, in words for users.

The table has the kinds that can occur for what SeedLab accepts. A warning that is in none of the tables may mean
anything, so users see its first line.
"""

import logging
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from seedlab.core.errors import SeedLabError
from seedlab.core.texts.text import quote

LOGGER = logging.getLogger(__name__)
LISTED = 5
"""How many names of settings or weights a notice lists."""

MAX_CHARACTERS = 160
"""The length of an unknown warning in a notice."""


@dataclass(frozen=True)
class Kind:
    """A kind of warnings.

    Attributes:
        pattern: searched in the message; its group `names` is where the names of settings or weights are.
        sentence: for users. {subject} is the model or LoRA, {names} the names, and {part} the part of the model.
        name: the pattern of one name; its group is the name.
        refused: whether the model or LoRA cannot be used.
    """

    pattern: str
    sentence: str
    name: str = r"(.+)"
    refused: bool = False


KINDS = (
    Kind(
        r"newly initialized|\bMISSING\b|\bMISMATCH\b",
        "{subject} lacks weights of its {part}: download it again.",
        refused=True,
    ),
    Kind(
        r"checkpoint seem corrupted",
        "{subject} lacks weights that its text encoder needs: download it again.",
        refused=True,
    ),
    Kind(
        r"(?P<names>.*\bUNEXPECTED\b.*)",
        "{subject} has weights that are not used: {names}.",
        # These weights of text encoders are not needed for pictures.
        name=r"^(?!.*(?:position_ids|logit_scale|_projection|vision_model|lm_head|decoder)\b)(\S+)\s*\|.*UNEXPECTED(?!:)",
    ),
    Kind(
        r"(?:config attributes|Keyword arguments) (?P<names>\{.*?\}) (?:were passed|are not expected)",
        "{subject} has settings that this version of diffusers does not know, and ignores: {names}.",
        name=r"'(\w+)': (?!None\b|[\[(]None, None[\])])",
    ),
    Kind(
        r"\"timestep_spacing\": \"leading\".*`steps_offset` should be set to 1",  # without effect for other spacings
        "{subject} has an outdated setting, which diffusers changes: “steps_offset” becomes 1.",
    ),
    Kind(
        r"has not set the configuration `clip_sample`",
        "{subject} has an outdated setting, which diffusers changes: “clip_sample” is turned off.",
    ),
    Kind(
        r"`norm_type` is either not set or incorrectly set",
        "{subject} has an outdated setting, which diffusers changes: “norm_type” becomes “ada_norm”.",
    ),
    Kind(
        r"to have `lower_order_final` set to True",
        "{subject} sets “lower_order_final” to false, which the scheduler cannot do with these steps: it used true.",
    ),
    Kind(
        r"using a model of type `(?P<names>\w+)` to instantiate",
        "The configuration of a text encoder of {subject} is of another kind than the text encoder ({names}): the "
        "picture may not follow the prompt.",
    ),
    Kind(
        r"Model config: (?P<names>\w+) must be `None` or an integer within the vocabulary",
        "{subject} names a token that its text encoder does not have ({names}): the picture may not follow the prompt.",
    ),
    Kind(
        r"have to be divisible by \d+ but are",
        "{subject} does not make this size: the picture has the next smaller one that it makes.",
    ),
    Kind(
        r"unexpected keys found in the model|missing keys in the model|did not match any targeted module"
        r"|were set but no module was matched",
        "Some weights of {subject} could not be used with this model: the picture may lack them.",
    ),
)

SAID = re.compile(
    r"The following part of your input was truncated|Token indices sequence length is longer"
    r"|You have disabled the safety checker|Potential NSFW content was detected|Some weights of the model checkpoint at"
)
"""How warnings begin of which users read in another notice. The first quotes the prompt, which may have any words."""

HARMLESS = re.compile(
    # Several LoRAs, and LoRAs that do not change all parts of a model.
    r"Already found a `peft_config`|No LoRA keys associated to"
    # The pictures are the same.
    r"|^(?!.*ignored).*\bdeprecated\b|`steps_offset` should be set to 1|default `sample_size` to smaller than"
    r"|Expected types for|filenames will be loaded|cannot run with `cpu` device|clean_up_tokenization_spaces"
    r"|attention_head_dim|tie_word_embeddings|should be kept in float32: \[\]"
    # What is not needed for text-to-image.
    r"|torchvision|[Nn]ot installed"
    # How torch computes, which is part of a picture's environment.
    r"|Triggered internally|[Ff]lash attention|cu(DNN|dnn|BLAS)|MPS backend|deterministic",
    re.DOTALL,
)
"""Warnings that change no picture: they go to the log alone."""

PARTS = (
    ("SafetyChecker", "safety checker"),
    ("Vision|ImageEncoder", "image encoder"),
    ("Autoencoder|VQModel", "autoencoder (VAE)"),
    ("UNet|Transformer", "denoiser"),
)
"""Words in the names of classes, and what users call these parts; all others are text encoders."""

ESCAPES = re.compile(r"\x1b\[[0-9;]*m")
OBJECT = re.compile(r"<class '(?:\w+\.)*(\w+)'>")
PATH = re.compile(r"(?:[A-Za-z]:)?(?:[\\/][^\s\\/'\"`,;:]+){2,}[\\/]?")


def translate_warnings(
    subject: str, messages: Iterable[str], notify: Callable[[str], None], during: str = "was loaded", name: str = ""
) -> None:
    """Turn the libraries' warnings into notices: those that may mean another picture than was asked for.

    Args:
        subject: the model or LoRA, such as "the model".
        notify: called with each notice; never twice with the same one.
        during: what was done with the subject.
        name: what an error calls the subject; "" for the same words.

    Raises:
        SeedLabError: the model or LoRA cannot be used.
    """
    notices: dict[str, None] = {}
    for message in (ESCAPES.sub("", each) for each in messages):
        LOGGER.info("%s: %s", subject, message)
        if SAID.match(message):
            continue
        kind = next((kind for kind in KINDS if re.search(kind.pattern, message, re.DOTALL)), None)
        sentence = _fill(kind, subject, message) if kind else _describe_unknown(subject, message, during)
        if kind and kind.refused:
            raise SeedLabError(_fill(kind, name or subject, message))
        if sentence:
            notices[sentence] = None
    for notice in notices:
        notify(notice)


def _fill(kind: Kind, subject: str, message: str) -> str:
    """Return the sentence about a warning; "" if it names nothing that the sentence could list."""
    found = re.search(kind.pattern, message, re.DOTALL)
    text = (found and found.groupdict().get("names")) or ""
    names = list(dict.fromkeys(match[1] for match in re.finditer(kind.name, text, re.MULTILINE)))
    if "{names}" in kind.sentence and not names:
        return ""
    more = f" and {len(names) - LISTED:,} more" if len(names) > LISTED else ""
    listed = ", ".join(quote(name, 80) for name in names[:LISTED]) + more
    sentence = kind.sentence.format(subject=subject, names=listed, part=_name_part(message))
    return sentence[0].upper() + sentence[1:]


def _name_part(message: str) -> str:
    return next((part for words, part in PARTS if re.search(words, message)), "text encoder")


def _describe_unknown(subject: str, message: str, during: str) -> str:
    if HARMLESS.search(message):
        return ""
    LOGGER.warning("%s: %s", subject, message)
    first = message.strip().partition("\n")[0]
    text = PATH.sub("…", OBJECT.sub(r"\1", first)).rstrip(". ")
    return f"There was a warning while {subject} {during}, so the picture may differ: {quote(text, MAX_CHARACTERS)}."
