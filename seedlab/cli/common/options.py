"""What several commands share: the device, numbers and sizes as people write them, and output."""

import argparse
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from seedlab.core.errors import RecipeError
from seedlab.core.machine.workers import THREADS_HELP, WORKERS_HELP
from seedlab.core.texts import numbers
from seedlab.flags import DEVICES, MEMORY_FORMAT_HELP, MEMORY_FORMATS
from seedlab.workflow.pictures.local_files import Places
from seedlab.workflow.services import Services

T = TypeVar("T")


@dataclass(frozen=True)
class Compute:
    """How pictures are computed.

    Attributes:
        device: "cpu", "cuda" or "mps"; None for the best one available.
        memory_format: of the weights, "contiguous_format" or "channels_last"; None for the device's default.
        workers: other processes that make the pictures, as "local:2" or "10.0.0.1:6379"; None for this one.
        threads: of one operation on the CPU; None for torch's own choice, and 1 with workers.
    """

    device: str | None = None
    memory_format: str | None = None
    workers: str | None = None
    threads: int | None = None


MakeServices = Callable[[Compute], Services]


def add_compute(parser: argparse.ArgumentParser) -> None:
    """Add the flags that `read_compute` reads."""
    parser.add_argument("--device", choices=DEVICES, default="auto", help="where to compute (%(default)s)")
    words = f"{MEMORY_FORMAT_HELP} (%(default)s)"
    parser.add_argument("--memory-format", choices=MEMORY_FORMATS, default="auto", help=words)
    parser.add_argument("--workers", metavar="WHERE", help=WORKERS_HELP)
    parser.add_argument("--threads", metavar="N", type=parse_whole, help=THREADS_HELP)


def read_compute(given: argparse.Namespace) -> Compute:
    """Return what the flags say."""
    device = None if given.device == "auto" else given.device
    return Compute(device, MEMORY_FORMATS[given.memory_format], given.workers, given.threads)


def add_places(parser: argparse.ArgumentParser) -> None:
    """Add the flags that `make_places` reads."""
    words = "where the picture's model is, if it is a local one that is not found"
    parser.add_argument("--model", metavar="PATH", default="", help=words)
    words = "path of a LoRA of the picture, if it is not found; may be repeated"
    parser.add_argument("--lora", metavar="FILE", action="append", default=[], dest="lora_files", help=words)
    words = "path of your picture that it starts from, if it is not found"
    parser.add_argument("--from", metavar="FILE", type=Path, dest="start", help=words)


def make_places(given: argparse.Namespace, picture: Path) -> Places:
    """Return where a picture's local files may be: where the flags say, next to the picture, or in this folder."""
    return Places(
        model=given.model,
        loras="\n".join(given.lora_files),
        folders=(picture.absolute().parent, Path.cwd()),
        model_advice="give its path with --model",
        lora_advice="give its path with --lora",
        picture=given.start,
        picture_advice="put it next to this picture, or give its path with --from",
    )


def parse_whole(text: str) -> int:
    """Read a whole number, as the page does."""
    return _read_option(numbers.read_whole, text)


def parse_number(text: str) -> float:
    """Read a number, as the page does."""
    return _read_option(numbers.read_number, text)


def parse_size(text: str) -> tuple[int, int]:
    """Read width and height in pixels: "256" or "320x256"."""
    return _read_option(numbers.read_size, text)


def _read_option(read: Callable[[str, str], T], text: str) -> T:
    try:
        return read("", text)
    except RecipeError as error:
        # argparse puts the name of the option before it.
        raise argparse.ArgumentTypeError(str(error)) from error


def write_json(data: dict[str, Any]) -> None:
    """Print data as JSON."""
    # Consoles that are not Unicode cannot print every character.
    write_line(json.dumps(data, indent=2, ensure_ascii=not _is_unicode()))


def write_line(text: str) -> None:
    """Print a line, in ASCII where the console is not Unicode."""
    plain = text.replace("∞", "-infinity").encode("ascii", "replace").decode()
    sys.stdout.write((text if _is_unicode() else plain) + "\n")


def _is_unicode() -> bool:
    return (sys.stdout.encoding or "").lower().startswith("utf")
