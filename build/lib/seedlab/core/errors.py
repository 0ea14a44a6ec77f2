"""The one family of errors that SeedLab raises."""


class SeedLabError(Exception):
    """The one family of errors that SeedLab raises; its text is a sentence that can be shown to a visitor."""


class RecipeError(SeedLabError):
    """A recipe that cannot be made. `field` names the field that it is about; the text says what to do."""

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(sentence)
        self.field = field
