"""The page on the fake studio: python -m tests.browser.fake_app PORT FOLDER [SECONDS A STEP]."""

import sys
from pathlib import Path

from seedlab.ui.layout import build_blocks, launch_options
from tests.ui.fakes import Painter, make_studio


def main() -> None:
    port, folder, pause = int(sys.argv[1]), Path(sys.argv[2]), float((*sys.argv, "0.1")[3])
    blocks = build_blocks(make_studio(Painter(folder, pause)))
    blocks.launch(server_port=port, **launch_options())


if __name__ == "__main__":
    main()
