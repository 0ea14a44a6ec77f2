"""Marks: what a visitor thinks of a picture. Frozen."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from seedlab.core.errors import SeedLabError

MOST_STARS = 5


@dataclass(frozen=True, kw_only=True)
class Mark:
    """What a visitor thinks of a picture.

    Attributes:
        kept: whether it is kept (True) or rejected (False); None while that is not decided. Nothing is deleted.
        stars: 0...5.

    Raises:
        SeedLabError: a value has the wrong type or is out of range.
    """

    kept: bool | None = None
    stars: int = 0

    def __post_init__(self) -> None:
        is_stars = type(self.stars) is int and 0 <= self.stars <= MOST_STARS
        if not is_stars or not (self.kept is None or isinstance(self.kept, bool)):
            raise SeedLabError(f"A picture is kept, rejected or neither, and has up to {MOST_STARS} stars.")

    def to_dict(self) -> dict[str, Any]:
        """Return the mark as JSON data, without values that say nothing."""
        return {name: value for name, value in (("kept", self.kept), ("stars", self.stars)) if value or value is False}

    @classmethod
    def from_dict(cls, data: object) -> Self:
        """Make a mark from untrusted data.

        Raises:
            SeedLabError: it is not a mark.
        """
        if not isinstance(data, Mapping) or not set(data) <= {"kept", "stars"}:
            raise SeedLabError("This is not a mark of a picture.")
        return cls(**data)


UNMARKED = Mark()
