"""Two kinds of rounds at once: one picture for each pair of values, in columns and rows."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Self

from seedlab.core.errors import RecipeError, blame
from seedlab.core.recipes.recipe import Recipe
from seedlab.rules.parameter import Choice, Parameter
from seedlab.rules.rule import Rule, Table, Value, check_count, unique

FIELDS = ("matrix_column_values", "matrix_row_values")
"""The parameters that errors of the columns and of the rows are about."""

UNKNOWN = "This matrix has columns or rows of an unknown kind: update SeedLab."


def list_kinds() -> tuple[Choice, ...]:
    """List what columns and rows can be."""
    return tuple(choice for rule in _list_rules().values() for choice in rule.list_axes())


def _list_rules() -> Mapping[str, type[Rule]]:
    from seedlab.rules.registry import RULES  # which imports this module

    return RULES


def _make_axis_parameters(name: str, label: str, kind: str, text: str, lines: int) -> tuple[Parameter, Parameter]:
    kinds, values = f"matrix_{name}s", f"matrix_{name}_values"
    return (
        Parameter(name=kinds, label=label, flag="", help="", default=kind, choices=list_kinds, fills=values),
        Parameter(name=values, label=f"Values of the {name}s", flag="", help="", default=text, lines=lines),
    )


@dataclass(frozen=True)
class Matrix(Rule):
    """One tile for each pair of values of two rules, row by row.

    Attributes:
        values: pairs (column, row); each is a pair of the name of a rule and its value.
    """

    name = "matrix"
    label = "Matrix"
    help = "Two kinds of variations at once, in columns and rows. Each line is a picture."
    parameters = (
        *_make_axis_parameters("column", "Columns", "seeds", "0-3", 2),
        *_make_axis_parameters("row", "Rows", "suffixes", ", highly realistic\n, artsy\n, trending\n, colorful", 2),
    )

    @classmethod
    def parse(cls, texts: Mapping[str, str]) -> Self:
        """Read the columns and the rows, each as its own kind of round is read."""
        columns, column_values, rows, row_values = cls.parameters
        return cls.of(cls._parse_axis(columns, column_values, texts), cls._parse_axis(rows, row_values, texts))

    @classmethod
    def _parse_axis(cls, kind: Parameter, values: Parameter, texts: Mapping[str, str]) -> Rule:
        name = kind.read_choice(texts[kind.name]).name
        rules = _list_rules().values()
        rule = next(rule for rule in rules if name in (choice.name for choice in rule.list_axes()))
        with blame(values.name):
            return rule.read_axis(name, texts[values.name])

    @classmethod
    def of(cls, columns: Rule, rows: Rule) -> Self:
        """Make the matrix of two rules.

        Raises:
            RecipeError: one cannot be an axis, or there are more than 256 pictures.
        """
        for rule in (columns, rows):
            if not rule.list_axes():
                raise RecipeError(FIELDS[0], f"{rule.label} cannot be the columns or rows of a matrix.")
        width, height = len(columns.values), len(rows.values)
        check_count(FIELDS[0], width * height, f"pictures ({width}×{height})")
        return cls(
            tuple(((columns.name, column), (rows.name, row)) for row in rows.values for column in columns.values)
        )

    @classmethod
    def list_axes(cls) -> tuple[Choice, ...]:
        """Return (): a matrix has two axes."""
        return ()

    @classmethod
    def apply(cls, parent: Recipe, value: Value) -> Recipe:
        """Apply both values. One that replaces the prompt comes before one that extends it."""
        for field, rule, axis_value in _order(value):
            with blame(field):
                parent = rule.apply(parent, axis_value)
        return parent

    @classmethod
    def apply_as_before(cls, parent: Recipe, value: Value) -> Recipe:
        """Apply both values as earlier versions did."""
        for _, rule, axis_value in _order(value):
            parent = rule.apply_as_before(parent, axis_value)
        return parent

    @classmethod
    def settle(cls, parent: Recipe, value: Value) -> Value:
        """Settle both values, as for the parent itself."""
        settled = []
        for field, (rule, axis_value) in zip(FIELDS, _split(value), strict=True):
            with blame(field):
                settled.append((rule.name, rule.settle(parent, axis_value)))
        return tuple(settled)

    def make(self, parent: Recipe) -> dict[Recipe, Value]:
        """Return the recipes of the round with their values, as each axis names them for this parent.

        Raises:
            RecipeError: a value does not fit, or two places would have the same picture.
        """
        # A picture that comes back alone may have, say, the parent's own prompt, of which no round of words is made.
        values = self._name_values(parent) if len(self.values) > 1 and self._is_whole() else self.values
        made = super(Matrix, replace(self, values=values)).make(parent)
        if len(made) < len(values):
            raise RecipeError(FIELDS[0], "Two places of this matrix have the same picture: change the columns or rows.")
        return made

    def fit_memory(self, parent: Recipe, is_short: Callable[[Recipe], bool]) -> Self:
        """Fit each value, as for the parent itself."""

        def fit(field: str, axis: tuple[type[Rule], Value]) -> Value:
            rule, value = axis
            with blame(field):
                return rule.name, rule((value,)).fit_memory(parent, is_short).values[0]

        return replace(self, values=tuple(tuple(map(fit, FIELDS, _split(value))) for value in self.values))

    def _is_whole(self) -> bool:
        """Whether these are the values of a whole matrix, row by row. Those of a picture alone are."""
        columns, rows = self._list_axes()
        return [(column, row) for row in rows for column in columns] == [_split(value) for value in self.values]

    def _list_axes(self) -> Iterator[tuple[tuple[type[Rule], Value], ...]]:
        return (unique(axis) for axis in zip(*map(_split, self.values), strict=True))

    def _name_values(self, parent: Recipe) -> tuple[Value, ...]:
        """Return the values with those that depend on the parent, such as other seeds, the same for all places."""
        columns, rows = (_name_axis(parent, axis, field) for axis, field in zip(self._list_axes(), FIELDS, strict=True))
        return tuple((column, row) for row in rows for column in columns)

    @classmethod
    def caption(cls, parent: Recipe, value: Value) -> str:
        """Return both captions: "guidance 2 · artsy"."""
        captions = (rule.caption(parent, axis_value) for rule, axis_value in _split(value))
        return " · ".join(filter(None, captions))

    @property
    def subject(self) -> str:
        """Both axes: "guidance × suffixes"."""
        columns, rows = zip(*map(_split, self.values), strict=True)
        return " × ".join(axis[0][0](tuple(value for _, value in axis)).subject for axis in (columns, rows))

    def title(self, recipes: Sequence[Recipe]) -> str:
        """Return "Guidance × suffixes"."""
        return self.subject[:1].upper() + self.subject[1:]

    def tabulate(self, parent: Recipe) -> Table | None:
        """Return the headings of the columns and rows; None if the values are not those of a whole matrix."""
        if not self._is_whole():
            return None
        columns, rows = self._list_axes()
        return Table(
            columns=tuple(rule.heading(parent, value) for rule, value in columns),
            rows=tuple(rule.heading(parent, value) for rule, value in rows),
        )


def _name_axis(parent: Recipe, axis: Sequence[tuple[type[Rule], Value]], field: str) -> list[Value]:
    rule = axis[0][0]
    with blame(field):
        made = rule(tuple(value for _, value in axis)).make(parent)
    return [(rule.name, value) for value in made.values()]


def _order(value: Value) -> list[tuple[str, type[Rule], Value]]:
    """Return the field, the rule and the value of each axis, in the order in which they are applied."""
    axes = [(field, rule, axis_value) for field, (rule, axis_value) in zip(FIELDS, _split(value), strict=True)]
    return sorted(axes, key=lambda axis: axis[1].precedence)


def _split(value: Value) -> tuple[tuple[type[Rule], Value], tuple[type[Rule], Value]]:
    """Return the rule and the value of the column, and of the row.

    Raises:
        RecipeError: it is no value of a matrix.
    """
    if not isinstance(value, tuple) or len(value) != 2:
        raise RecipeError("rule", UNKNOWN)
    return _read_axis(value[0]), _read_axis(value[1])


def _read_axis(axis: Value) -> tuple[type[Rule], Value]:
    name, value = axis if isinstance(axis, tuple) and len(axis) == 2 else ("", "")
    rule = _list_rules().get(name) if isinstance(name, str) else None
    if rule is None or not rule.list_axes():
        raise RecipeError("rule", UNKNOWN)
    return rule, value
