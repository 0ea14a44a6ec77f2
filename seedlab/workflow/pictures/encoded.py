"""A picture that a program sends as text."""

import re
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from seedlab.core.errors import RecipeError

NAME = "picture"
"""What it is called: its sender names none."""

HEAD = re.compile(r"(data:image/[a-z+.-]+;base64)?")


@contextmanager
def write_encoded(text: str) -> Iterator[Path | None]:
    """Write a caller's picture into a file of its own inside the context; None for "".

    Args:
        text: the bytes of a file in Base64, with or without "data:image/png;base64," before them.

    Raises:
        RecipeError: it is not that.
    """
    if not text:
        yield None
        return
    head, _, body = text.rpartition(",")
    try:
        if not HEAD.fullmatch(head):
            raise ValueError
        data = b64decode(body.encode("ascii").translate(None, b" \t\r\n"), validate=True)
    except ValueError as error:
        raise RecipeError("start", "A picture to start from is a file in Base64: encode its bytes.") from error
    with TemporaryDirectory(prefix="seedlab-") as folder:
        file = Path(folder) / NAME
        file.write_bytes(data)
        yield file
