"""The fields from which a rule is made, in the page and on the command line."""

from collections.abc import Callable
from dataclasses import dataclass

from seedlab.core.errors import RecipeError
from seedlab.core.texts.text import quote


@dataclass(frozen=True)
class Choice:
    """One of several options of a parameter, or one kind of axis of a matrix.

    Attributes:
        name: the text that stands for it.
        label: its name in the page.
        text: what the field named by `Parameter.fills` starts with when this is chosen.
        lines: the height of that field in the page.
    """

    name: str
    label: str
    text: str = ""
    lines: int = 1


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """One field of a rule: a text field, a dropdown if it has choices, or a slider for percentages.

    Attributes:
        name: unique among the parameters of all rules. Errors about it name it in `RecipeError.field`.
        label: the label of its field in the page.
        flag: the option on the command line; "" if it has none. Each use adds a line.
        help: a line of help for the command line.
        default: the text that the field starts with.
        example: what to write, if there is no default.
        lines: the height of the field in the page.
        choices: lists the options of a dropdown; None for a text field.
        fills: the name of the text field that a choice fills, "" for none.
        starts_with_prompt: whether the field starts with the page's prompt.
        percentages: the least and the greatest percentage of a slider; None for another field.
    """

    name: str
    label: str
    flag: str
    help: str
    default: str
    example: str = ""
    lines: int = 1
    choices: Callable[[], tuple[Choice, ...]] | None = None
    fills: str = ""
    starts_with_prompt: bool = False
    percentages: tuple[int, int] | None = None

    def read_choice(self, text: str) -> Choice:
        """Return the choice with this name or label.

        Raises:
            RecipeError: there is none.
        """
        choices = self.choices() if self.choices else ()
        for each in choices:
            if text.strip().casefold() in (each.name.casefold(), each.label.casefold()):
                return each
        listed = ", ".join(each.label for each in choices)
        raise RecipeError(self.name, f"{quote(text)} is not one of the choices: {listed}.")
