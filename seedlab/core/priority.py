"""Whose work comes first."""

from enum import IntEnum


class Priority(IntEnum):
    """Which work waits for which. All but requests gives way to what comes before it at the end of a step."""

    REQUEST = 0
    """Somebody asked for it, and waits."""

    LIVE = 1
    """A draft of what somebody is typing."""

    IDLE = 2
    """What somebody will probably ask for. No model is loaded for it, and it may be left unmade."""
