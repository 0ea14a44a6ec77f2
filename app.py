"""SeedLab in the browser: the entry point of a Space. `seedlab app` does the same."""

import sys

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
