"""The errors that SeedLab raises."""


class SeedLabError(Exception):
    """Base class of all errors that SeedLab raises. The message is a sentence for the user."""


class RecipeError(SeedLabError):
    """A recipe is not valid. `field` names the wrong field; the message says what to do."""

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(sentence)
        self.field = field
