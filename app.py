"""SeedLab in the browser: the entry point of a Space. `seedlab app` does the same."""

import os
import sys

if os.environ.get("SPACES_ZERO_GPU"):
    # Once it has its own copy of downloaded weights, it would delete the files, which SeedLab goes on looking at.
    os.environ.setdefault("ZEROGPU_MMAP_AUTOPRUNE_PATTERN", os.devnull)
    import spaces  # noqa: F401 (it has to come before torch and gradio, which it patches)

from seedlab.core.errors import SeedLabError
from seedlab.server.main import run
from seedlab.settings import read_settings


def main() -> None:
    """Serve the page until the process ends."""
    try:
        run(read_settings(sys.argv[1:]))
    except SeedLabError as error:
        sys.exit(f"SeedLab cannot start: {error}")


if __name__ == "__main__":
    main()
