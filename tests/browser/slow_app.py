"""app.py on a device that tests can slow down: a picture of many steps then takes its time.

Tests can act in the midst of the work, also where a machine computes quickly or has much else to do. The processor is
not kept busy, and once they have acted they end the slowness: see `tests.browser.server.Slowness`.
"""

import os
import time
from pathlib import Path

import app
from seedlab.pipelines.sampling.steps import Follower, Step

SLOW = Path(os.environ["SLOW_WHILE_EXISTS"])
"""As long as this file is there, the device is slow."""
QUICK_STEPS = 3
"""Steps that take no longer than they need."""
SECONDS = 0.2
"""How much longer each of the others takes."""

finish = Follower._finish


def finish_slowly(self: Follower, step: Step) -> None:
    if step.number > QUICK_STEPS and SLOW.exists():
        time.sleep(SECONDS)
    finish(self, step)


if __name__ == "__main__":
    Follower._finish = finish_slowly
    app.main()
