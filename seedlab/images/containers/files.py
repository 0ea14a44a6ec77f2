"""Opens untrusted picture files: regular files of a bounded size."""

import stat
import struct
import zlib
from pathlib import Path
from threading import Lock
from typing import BinaryIO

from seedlab.core.errors import SeedLabError
from seedlab.core.texts.text import quote

MAX_FILE_BYTES = 50 * 2**20

BROKEN = (OSError, SyntaxError, ValueError, EOFError, IndexError, struct.error, zlib.error)
"""What Pillow and the readers raise for invalid files."""

DECODING = Lock()
"""Held while the pixels of a stranger's picture are in memory: many at a time need the memory of one."""


def make_damage_error(file: Path) -> SeedLabError:
    """Return the error for a file that is not what it has to be."""
    return SeedLabError(f"{quote(file.name, 80)} is damaged or truncated: copy or download it again.")


def open_file(file: Path) -> BinaryIO:
    """Open a file for reading.

    Raises:
        SeedLabError: it does not exist, is not a regular file, is too large or cannot be opened.
    """
    name = file.name[:80]
    try:
        status = file.stat()
        # Checked before opening: a pipe would wait for a writer for ever.
        if not stat.S_ISREG(status.st_mode):
            raise SeedLabError(f"“{name}” is not a file: choose a PNG, JPEG or WebP file.")
        if status.st_size > MAX_FILE_BYTES:
            raise SeedLabError(f"“{name}” is larger than {MAX_FILE_BYTES // 2**20} MB: choose a smaller picture.")
        return file.open("rb")
    except FileNotFoundError as error:
        raise SeedLabError(f"There is no file “{name}”: check its name.") from error
    except (OSError, ValueError) as error:
        raise SeedLabError(f"“{name}” cannot be opened: check its name, and that you may read it.") from error
