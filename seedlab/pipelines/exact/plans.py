"""The results of calibration, cached on disk: a plan for each kind of denoiser call on a batch."""

from dataclasses import asdict, dataclass
from pathlib import Path

from seedlab.core.storage.files import find_cache
from seedlab.core.storage.json_file import read_json, write_json

VERSION = 11
"""Grows when calibration checks more, or plans mean something else; plans of other versions are computed again."""


class NotExactError(Exception):
    """This batch cannot give the bits of single images: they have to be generated one by one."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How a batch gives each image the bits of its own call.

    Attributes:
        exact: whether it does; if not, images are generated one by one.
        pays: whether it is also faster than that, where this was measured.
        per_image: names of the modules that run image by image.
        chunks: names of the modules that run on a few images at a time, each with how many.
        constant: names of the modules whose input is the same at every step, so that each is called only once.
        prepacked: names of the layers that give the same bits with prepacked weights (see `exact.kernels.prepack`).
        upcast: names of the group norms that give the same bits in float32 (see `exact.kernels.group_norm`).
        shapes: of the tensors inside the denoiser that have parts for all images (see `exact.search.shapes`).
    """

    exact: bool
    pays: bool = True
    per_image: tuple[str, ...] = ()
    chunks: tuple[tuple[str, int], ...] = ()
    constant: tuple[str, ...] = ()
    prepacked: tuple[str, ...] = ()
    upcast: tuple[str, ...] = ()
    shapes: tuple[tuple[int, ...], ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all modules in the plan."""
        return (*self.per_image, *dict(self.chunks), *self.constant, *self.prepacked, *self.upcast)


class Plans:
    """Plans by the fingerprint of their call; in memory, and in a folder if there is one."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._plans: dict[str, Plan] = {}
        self._unverified: set[str] = set()

    def is_unverified(self, fingerprint: str) -> bool:
        """Whether a plan was read from disk and has not been verified in this process."""
        return fingerprint in self._unverified

    def mark_verified(self, fingerprint: str) -> None:
        """Record that a plan from disk was verified in this process."""
        self._unverified.discard(fingerprint)

    def find(self, fingerprint: str) -> Plan | None:
        """Return the plan for a call; None if there is none, or it cannot be read."""
        if fingerprint not in self._plans and self._folder is not None:
            plan = _read(self._folder / f"{fingerprint}.json")
            if plan is not None:
                self._plans[fingerprint] = plan
                self._unverified.add(fingerprint)
        return self._plans.get(fingerprint)

    def keep(self, fingerprint: str, plan: Plan) -> None:
        """Store a plan. If the folder is not writable, the next process calibrates again."""
        self._plans[fingerprint] = plan
        self._unverified.discard(fingerprint)
        if self._folder is not None:
            write_json(self._folder / f"{fingerprint}.json", {"version": VERSION, **asdict(plan)})


def find_folder() -> Path | None:
    """Return the folder for plans, in the cache; None if there is no cache."""
    return find_cache("exactness")


def _read(file: Path) -> Plan | None:
    try:
        data = read_json(file)
        if data.pop("version") != VERSION:
            return None
        names = {field: _read_names(data[field]) for field in ("per_image", "constant", "prepacked", "upcast")}
        chunks, shapes = _read_chunks(data["chunks"]), _read_shapes(data["shapes"])
        pays = data["pays"] is True
        return Plan(exact=data["exact"] is True, pays=pays, chunks=chunks, shapes=shapes, **names)
    except (ValueError, TypeError, KeyError, AttributeError):
        return None


def _read_names(names: object) -> tuple[str, ...]:
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise TypeError("not a list of module names")
    return tuple(names)


def _read_chunks(chunks: object) -> tuple[tuple[str, int], ...]:
    if not isinstance(chunks, list) or not all(isinstance(images, int) and images > 0 for _, images in chunks):
        raise TypeError("not a list of names and numbers")
    return tuple(zip(_read_names([name for name, _ in chunks]), (images for _, images in chunks), strict=True))


def _read_shapes(shapes: object) -> tuple[tuple[int, ...], ...]:
    if not isinstance(shapes, list) or not all(isinstance(side, int) for shape in shapes for side in shape):
        raise TypeError("not a list of shapes")
    return tuple(tuple(shape) for shape in shapes)
