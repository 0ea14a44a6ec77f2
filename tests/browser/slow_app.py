"""app.py on a slow device: a picture of many steps takes its time without keeping the processor busy.

Tests can then act in the midst of the work, also where a machine computes quickly or has much else to do.
"""

import time

import app
from seedlab.pipelines.sampling.steps import Follower, Step

QUICK_STEPS = 3
"""Steps that take no longer than they need."""
SECONDS = 0.2
"""How much longer each of the others takes."""

finish = Follower._finish


def finish_slowly(self: Follower, step: Step) -> None:
    if step.number > QUICK_STEPS:
        time.sleep(SECONDS)
    finish(self, step)


if __name__ == "__main__":
    Follower._finish = finish_slowly
    app.main()
