"""What calibration found out, kept on disk: a plan for each way to call a denoiser on a batch."""

import json
import logging
import os
import uuid
from dataclasses import asdict, dataclass
from pathlib import Path

LOGGER = logging.getLogger(__name__)
VERSION = 6
"""Grows when calibration looks at more than before, so that plans of earlier versions are made anew."""


class NotExactError(Exception):
    """This batch gives other bits than its images alone, whatever we do: make them one by one."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How a batch gives each image the bits that it has alone.

    Attributes:
        exact: whether it can; if not, images are made one a call.
        alone: names of the modules that run image by image.
        constant: names of the modules whose input is the same at every step, so that one call of each is enough.
        packed: names of the layers that give the same bits by weights in blocks (see `exact.prepack`).
        widened: names of the group norms that give the same bits in float32 (see `exact.group_norm`).
    """

    exact: bool
    alone: tuple[str, ...] = ()
    constant: tuple[str, ...] = ()
    packed: tuple[str, ...] = ()
    widened: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Names of all the modules that it speaks of."""
        return (*self.alone, *self.constant, *self.packed, *self.widened)


class Plans:
    """Plans by the fingerprint of the call that they are for; in memory, and in a folder if there is one."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._plans: dict[str, Plan] = {}
        self._read: set[str] = set()

    def is_unverified(self, fingerprint: str) -> bool:
        """Whether a plan was read from the disk, and nothing was made by it yet in this process."""
        return fingerprint in self._read

    def trust(self, fingerprint: str) -> None:
        """Note that a plan that was read holds here."""
        self._read.discard(fingerprint)

    def find(self, fingerprint: str) -> Plan | None:
        """Return the plan for a call; None if it has not been made, or cannot be read."""
        if fingerprint not in self._plans and self._folder is not None:
            plan = _read(self._folder / f"{fingerprint}.json")
            if plan is not None:
                self._plans[fingerprint] = plan
                self._read.add(fingerprint)
        return self._plans.get(fingerprint)

    def keep(self, fingerprint: str, plan: Plan) -> None:
        """Keep a plan; a folder that cannot be written to costs the time of another calibration, no more."""
        self._plans[fingerprint] = plan
        self._read.discard(fingerprint)
        if self._folder is None:
            return
        temporary = self._folder / f".{uuid.uuid4().hex}.tmp"
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            temporary.write_text(json.dumps({"version": VERSION, **asdict(plan)}), encoding="utf-8")
            temporary.replace(self._folder / f"{fingerprint}.json")
        except OSError as error:
            LOGGER.info("The plan for exact batches could not be kept: %s", error)


def find_folder() -> Path | None:
    """Return the folder for plans: in SEEDLAB_CACHE, or where this system keeps such things; None for nowhere."""
    base = os.environ.get("XDG_CACHE_HOME") or os.environ.get("LOCALAPPDATA")
    try:
        cache = Path(base) if base else Path.home() / ".cache"
    except RuntimeError:  # a user without a home
        return None
    return Path(os.environ.get("SEEDLAB_CACHE") or cache / "seedlab") / "exactness"


def _read(file: Path) -> Plan | None:
    try:
        data = json.loads(file.read_text(encoding="utf-8"))
        if data.pop("version") != VERSION:
            return None
        names = {field: _read_names(data[field]) for field in ("alone", "constant", "packed", "widened")}
        return Plan(exact=data["exact"] is True, **names)
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None


def _read_names(names: object) -> tuple[str, ...]:
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise TypeError("these are no names of modules")
    return tuple(names)
