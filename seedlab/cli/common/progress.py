"""The progress of a command, as one line on the terminal."""

import sys

from seedlab.workflow.trails.trail import Round, State


class ProgressLine:
    """One line on stderr, where that is a terminal."""

    def __init__(self) -> None:
        self._is_shown = sys.stderr.isatty()

    def show(self, round_: Round) -> None:
        """Show how many pictures are done, and the progress of the next one."""
        done = sum(tile.state in (State.DONE, State.DRAFT) for tile in round_.tiles)
        running = [tile for tile in round_.tiles if tile.state in (State.RUNNING, State.WAITING)]
        parts = [f"{done} of {len(round_.tiles)}"]
        if running:
            parts += [f"{round(100 * running[0].fraction)} %", running[0].sentence]
        self.write("  ".join(part for part in parts if part))

    def clear(self) -> None:
        """Remove the line."""
        self.write("")

    def write(self, text: str) -> None:
        """Show a text in place of the line."""
        if self._is_shown:
            sys.stderr.write(f"\r\x1b[K{text}")
            sys.stderr.flush()
