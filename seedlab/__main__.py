"""`python -m seedlab`: see seedlab/cli.py."""

import os
import sys

from seedlab.cli.main import INTERRUPTED, main

if __name__ == "__main__":
    code = main()
    if code == INTERRUPTED:
        # At once: an orderly end would first wait for what the working thread does, and that may be a download.
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    sys.exit(code)
