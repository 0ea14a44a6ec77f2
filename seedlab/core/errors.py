"""The errors that SeedLab raises."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


class SeedLabError(Exception):
    """Base class of all errors that SeedLab raises. The message is a sentence for the user."""


class RecipeError(SeedLabError):
    """A recipe is not valid. `field` names the wrong field; the message says what to do."""

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(sentence)
        self.field = field

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle both arguments: by default only the text would be passed to `__init__`."""
        return type(self), (self.field, str(self))


@contextmanager
def blame(field: str) -> Iterator[None]:
    """Let a `RecipeError` that is raised inside the context be about this field."""
    try:
        yield
    except RecipeError as error:
        raise RecipeError(field, str(error)) from error
