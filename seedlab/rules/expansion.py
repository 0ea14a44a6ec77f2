"""Choosing words: `{oil|ink}` and `__medium__` in a text, as the dynamicprompts library reads them.

Only what stands in braces or between double underscores is handed to the library, piece by piece; the rest of the text
means itself. Its variables, its wrapping and its templates are not used.
"""

import logging
import os
import re
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random
from typing import Any

from seedlab.core.errors import RecipeError
from seedlab.core.texts.text import quote

VARIABLE = "SEEDLAB_WILDCARDS"
"""The environment variable that names the operator's folder of wildcards: text files, a choice a line."""

MAX_MARKS, MAX_DEPTH = 200, 5
"""Braces, bars and underscores of one text, and braces within braces: the library takes time for each."""

MAX_READS = 100
"""Wildcards that are read for one text; files may name each other."""

MAX_FILES, MAX_FILE_BYTES = 10_000, 2**20
WILDCARD = r"__[^\W_][\w\-/* ]{0,100}?__"
OPENING = re.compile(rf"\{{|{WILDCARD}")
MARKS = re.compile(r"[{}|]|__")

LOGGER = logging.getLogger(__name__)


def find_choice(text: str) -> str:
    """Return the first choice in a text; "" if there is none, or more than can be read."""
    try:
        return next(iter(split_choices(text)[1::2]), "")
    except RecipeError:
        return ""


def split_choices(text: str) -> tuple[str, ...]:
    """Split a text: what means itself, and at the odd places what has to be chosen, such as "{oil|ink}".

    Raises:
        RecipeError: it has more marks than can be read.
    """
    if len(MARKS.findall(text)) > MAX_MARKS:
        sentence = f"This text has more than {MAX_MARKS} braces, bars and wildcards: shorten it."
        raise RecipeError("template", sentence)
    pieces, start = [], 0
    for match in OPENING.finditer(text):
        if match.start() < start:
            continue
        end = _find_end(text, match.start()) if match[0] == "{" else match.end()
        # Braces without a choice are characters, as NovelAI writes them.
        if end is not None and (match[0] != "{" or re.search(rf"\||{WILDCARD}", text[match.start() : end])):
            pieces += [text[start : match.start()], text[match.start() : end]]
            start = end
    return (*pieces, text[start:])


def _find_end(text: str, start: int) -> int | None:
    """Return where the brace at `start` is closed; None if it is not."""
    depth = 0
    for match in re.compile(r"[{}]").finditer(text, start):
        depth += 1 if match[0] == "{" else -1
        if depth > MAX_DEPTH:
            raise RecipeError("template", f"Braces within braces are read {MAX_DEPTH} deep: write fewer.")
        if depth == 0:
            return match.end()
    return None


def choose(choices: Sequence[str], word_seed: int, folder: Path | None = None) -> tuple[str, ...]:
    """Return what a word seed chooses.

    Args:
        choices: the odd pieces of `split_choices`.
        word_seed: decides what is chosen.
        folder: of the wildcards; None for the one that `SEEDLAB_WILDCARDS` names.

    Raises:
        RecipeError: a choice cannot be read, or there is no such wildcard.
    """
    random = Random(word_seed)
    found = folder or find_folder()
    return tuple(_choose(piece, random, found) for piece in choices)


def fill_in(text: str, chosen: Sequence[str]) -> str:
    """Return a text with what was chosen.

    Raises:
        RecipeError: there are more or fewer choices in it.
    """
    pieces = list(split_choices(text))
    if len(chosen) != len(pieces[1::2]):
        raise RecipeError("template", "These choices do not fit the text: make the round again.")
    pieces[1::2] = chosen
    return "".join(pieces)


def find_folder() -> Path | None:
    """Return the operator's folder of wildcards; None if there is none."""
    name = os.environ.get(VARIABLE, "")
    return Path(name) if name else None


def _choose(piece: str, random: Random, folder: Path | None) -> str:
    from dynamicprompts.enums import SamplingMethod
    from dynamicprompts.sampling_context import SamplingContext

    manager = _make_manager(folder)
    context = SamplingContext(default_sampling_method=SamplingMethod.RANDOM, wildcard_manager=manager, rand=random)
    unreadable = f"{quote(piece, 80)} cannot be read: write choices as {{oil|ink}}, and wildcards as __medium__."
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # "!" in braces asks for all combinations, which only warns here
            return str(next(iter(context.sample_prompts(piece, 1))))
    except RecipeError:
        raise
    except Exception as error:  # the library raises whatever its parser or a hostile text gives rise to
        LOGGER.info("A text with choices cannot be read.", exc_info=True)
        raise RecipeError("template", unreadable) from error


def _make_manager(folder: Path | None) -> Any:
    from dynamicprompts.wildcards import WildcardManager
    from dynamicprompts.wildcards.collection import WildcardTextFile
    from dynamicprompts.wildcards.values import WildcardValues

    class Wildcards(WildcardManager):
        """Finds the text files of one folder, and refuses what is not there."""

        reads = 0

        def get_values(self, wildcard: str) -> WildcardValues:
            self.reads += 1
            if self.reads > MAX_READS:
                raise RecipeError("template", f"These wildcards name each other more than {MAX_READS} times.")
            values = super().get_values(wildcard)
            if len(values) == 0:
                raise RecipeError("template", _describe_missing(wildcard, folder))
            return values

    files: dict[str, Any] = {name: WildcardTextFile(file) for name, file in list_wildcards(folder)}
    return Wildcards(root_map={"": [files]})


def _describe_missing(wildcard: str, folder: Path | None) -> str:
    name = quote(wildcard, 80)
    if folder is None:
        return f"There is no wildcard {name}: this server has no wildcard files. Write the choices as {{oil|ink}}."
    return f"There is no wildcard {name}: write the name of a text file in the folder of wildcards."


def list_wildcards(folder: Path | None) -> Iterator[tuple[str, Path]]:
    """Yield the names and files of the wildcards in a folder, none of which leads out of it."""
    if folder is None or not folder.is_dir():
        return
    root = folder.resolve()
    for number, file in enumerate(sorted(root.rglob("*.txt"))):
        if number >= MAX_FILES:
            return
        if file.resolve().is_relative_to(root) and file.is_file() and file.stat().st_size <= MAX_FILE_BYTES:
            yield file.relative_to(root).with_suffix("").as_posix(), file
