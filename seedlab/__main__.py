"""The `seedlab` command; `python -m seedlab` is the same. Its commands are in `seedlab.cli`."""

import os
import sys

from seedlab.cli.main import INTERRUPTED, main


def run() -> None:
    """Run the command line and end the process with its exit code."""
    code = main()
    if code == INTERRUPTED:
        # Exit at once: an orderly exit would wait for the worker thread, which may be downloading a model.
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    sys.exit(code)


if __name__ == "__main__":
    run()
