"""The order and the path of a trail's rounds, and what a page is sent of them: only what moved."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Any, Self

from seedlab.ui.views.view import find_focus
from seedlab.workflow.trails.trail import Trail

KEPT = 8
"""How many trees are remembered. A page that has an older one gets the whole tree."""


@dataclass(frozen=True)
class Tree:
    """How the rounds of a trail are ordered. It changes only when a round is requested.

    Attributes:
        order: ids of all rounds, the one requested last at the end.
        path: ids of the rounds on the screen.
        focus: id of the round to scroll to; None for an empty trail.
    """

    order: tuple[int, ...] = ()
    path: tuple[int, ...] = ()
    focus: int | None = None

    @classmethod
    def of(cls, trail: Trail) -> Self:
        """Return the tree of a trail."""
        return cls(tuple(each.id for each in trail.rounds), trail.path, find_focus(trail))


class SentTrees:
    """The trees that were sent to a page, by the version of the update that had them first."""

    def __init__(self) -> None:
        self._trees = deque([(0, Tree())], maxlen=KEPT)

    def put(self, tree: Tree, version: int) -> bool:
        """Add the present tree. Returns whether it is another one."""
        if tree == self._trees[-1][1]:
            return False
        self._trees.append((version, tree))
        return True

    def build_changes(self, base: int) -> dict[str, Any]:
        """Build what makes the present tree from that of any version since `base`; {} if it is the present one.

        Returns:
            `kept` (the number of rounds at the start of the path that stay), `path` (those that follow them), `moved`
            (rounds that are now the last ones, in order), `gone` (rounds that are no more; None for all but those
            that moved), and `focus`.
        """
        newest = self._trees[-1][1]
        if self._trees[-1][0] <= base:
            return {}
        before = [tree for version, tree in self._trees if version <= base]
        if base == 0 or not before:
            return {"kept": 0, "path": newest.path, "moved": newest.order, "gone": None, "focus": newest.focus}
        trees = [before[-1], *(tree for version, tree in self._trees if version > base)]
        kept = min(_count_common(tree.path, newest.path) for tree in trees)
        stay = min(_count_in_order(tree.order, newest.order) for tree in trees)
        gone = {each for tree in trees for each in tree.order}.difference(newest.order)
        moved = {"moved": newest.order[stay:], "gone": sorted(gone)}
        return {"kept": kept, "path": newest.path[kept:], **moved, "focus": newest.focus}


def _count_common(old: Sequence[int], new: Sequence[int]) -> int:
    """Count how many items at the start are the same."""
    pairs = zip(old, new, strict=False)
    return len(list(takewhile(lambda pair: pair[0] == pair[1], pairs)))


def _count_in_order(old: Sequence[int], new: Sequence[int]) -> int:
    """Count how many items at the start of `new` are in `old`, in the same order, with others between them."""
    left = iter(old)
    return len(list(takewhile(lambda each: each in left, new)))
