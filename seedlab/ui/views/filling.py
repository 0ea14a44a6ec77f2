"""What the panel has filled into its fields, so that it knows which of them the user edited."""

import time
from collections.abc import Mapping
from typing import Any

ANSWER_SECONDS = 2.0
"""How long an answer may take to reach the page. Until then its fields have the values that it replaces."""


class Filling:
    """The values that the panel filled in last, by the names of the fields. A field with another one was edited."""

    def __init__(self) -> None:
        self._filled: dict[str, Any] = {}
        self._replaced: dict[str, Any] = {}
        self._due = 0.0

    def adopt(self, values: Mapping[str, Any]) -> None:
        """Take all values as the panel's own."""
        self._filled, self._replaced = dict(values), {}

    def choose(self, wanted: Mapping[str, Any], present: Mapping[str, Any], *, overwrite: bool) -> dict[str, Any]:
        """Return the fields to fill in when the panel follows the sheet, with their new values, and remember these.

        Args:
            wanted: the values of the fields, by name.
            present: their present values.
            overwrite: fill in fields that were edited, too.
        """
        updates = {
            name: value
            for name, value in wanted.items()
            if not _is_same(present.get(name), value) and (overwrite or self._is_own(name, present.get(name)))
        }
        self._replaced, self._due = {name: present.get(name) for name in updates}, time.monotonic() + ANSWER_SECONDS
        self._filled |= updates | {name: value for name, value in wanted.items() if present.get(name) == value}
        return updates

    def _is_own(self, name: str, value: Any) -> bool:
        # Of two quick clicks, the second comes from a page that has not got the answer to the first.
        is_late = time.monotonic() < self._due and name in self._replaced and _is_same(value, self._replaced[name])
        return is_late or _is_same(value, self._filled.get(name))


def _is_same(value: Any, other: Any) -> bool:
    return (value or "") == (other or "")
